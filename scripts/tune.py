"""Searches the settings of fine-tuning with Optuna: learning rate, epochs, batch, dropout and layer decay.

    python -m scripts.tune --data ../shared/data/conll2003 --trials 20
    python -m scripts.tune --data FOLDER --base bert-base-cased --sentences 4000 --name tuned-cased
    python -m scripts.tune --smoke

Each trial fine-tunes the base on the same sample of the corpus' training sentences and is worth its served F1 on
validation; the test split is never read. Trials are kept in CHECKPOINTS/tuning/NAME.db (sqlite); a search that is
started again goes on where it was, within a trial after its last whole epoch. With more --trials it goes on further.
Writes CHECKPOINTS/tuning/NAME.json, which scripts.report shows with its plots, after every trial.
"""

from __future__ import annotations

import argparse
import json
import random
import time
from pathlib import Path

import optuna
import torch
from transformers import BertForTokenClassification

from scripts.lab.arguments import (
    add_precision_argument,
    clear,
    command_line,
    parser_for,
    positive,
    resolve_places,
    run_script,
    show_config,
)
from scripts.lab.augmentation import Augmentation, epoch_sentences, mentions_by_type
from scripts.lab.batches import Batch, training_batches
from scripts.lab.compute import device_for
from scripts.lab.corpus import Sentence
from scripts.lab.dropout import set_dropout
from scripts.lab.model import DEFAULT_BASE, load_base
from scripts.lab.processor import processor_name
from scripts.lab.records import now, write_json
from scripts.lab.smoke_products import smoke_base
from scripts.lab.training import TrainingSettings, train
from scripts.lab.tuning import finished, key_of, open_study, suggest
from scripts.lab.versions import library_versions


def parse() -> argparse.Namespace:
    parser = parser_for(__doc__)
    group = parser.add_argument_group("search")
    group.add_argument(
        "--base", default=DEFAULT_BASE, help="folder or name of a BERT-like encoder (%(default)s)"
    )
    group.add_argument("--name", default="tuning", help="of the search (%(default)s)")
    group.add_argument("--trials", type=positive, default=20, help="in all (%(default)s)")
    group.add_argument(
        "--sentences", type=positive, default=2000, help="that a trial is trained on (%(default)s)"
    )
    group.add_argument("--device", choices=("auto", "cpu", "cuda"), default="auto", help="(%(default)s)")
    add_precision_argument(group)
    return parser.parse_args()


def main() -> None:
    # 1. Settings, data, and the search as far as it went.
    args = parse()
    places = resolve_places(args)
    folder = places.checkpoints / "tuning"
    database, product = folder / f"{args.name}.db", folder / f"{args.name}.json"
    if args.smoke:
        args.base, args.trials, args.sentences = smoke_base(places), 2, 24
    if args.force:
        for old in (database, product, folder / f"{args.name}.trials"):
            clear(old)
    show_config(args)
    device = device_for(args.device)
    training = places.read_split("train")
    validation = places.read_split("validation")
    sentences = sample(training, args.sentences, args.seed)
    settings = {
        "base": args.base if args.base == DEFAULT_BASE else Path(args.base).name,
        "sentences": len(sentences),
        "seed": args.seed,
        "bf16": args.bf16,
    }
    load_base(args.base)  # an error now rather than as the failure of a trial
    study = open_study(database, args.name, settings, args.seed)
    done = len(finished(study))
    if done:
        print(f"goes on after {done} of {args.trials} trials", flush=True)

    # 2. Trial by trial.
    def worth(trial: optuna.Trial) -> float:
        chosen = suggest(trial)
        print(f"trial {trial.number}: {json.dumps(chosen)}", flush=True)
        began = time.monotonic()
        history = fine_tune(
            args, chosen, sentences, validation, device, folder / f"{args.name}.trials" / key_of(chosen)
        )
        trial.set_user_attr("seconds", round(time.monotonic() - began, 1))
        trial.set_user_attr("history", history)
        return max(entry["validationF1"] for entry in history)

    while len(finished(study)) < args.trials:
        study.optimize(worth, n_trials=1)
        write_json(product, record_of(study, settings, args))
        last = finished(study)[-1]
        print(
            f"{len(finished(study))} of {args.trials}: F1 {last.value:.4f}; best {study.best_value:.4f}",
            flush=True,
        )

    # 3. What was found.
    write_json(product, record_of(study, settings, args))
    clear(folder / f"{args.name}.trials")
    print(f"best of {len(finished(study))}: F1 {study.best_value:.4f} with {json.dumps(study.best_params)}")
    print(f"in {product}; scripts.report shows it")


def sample(sentences: list[Sentence], count: int, seed: int) -> list[Sentence]:
    """Some of the sentences in their order, the same for every trial."""
    if count >= len(sentences):
        return sentences
    picked = sorted(random.Random(seed).sample(range(len(sentences)), count))
    return [sentences[index] for index in picked]


def fine_tune(
    args: argparse.Namespace,
    chosen: dict[str, float | int],
    sentences: list[Sentence],
    validation: list[Sentence],
    device: torch.device,
    directory: Path,
) -> list[dict[str, object]]:
    """The history of the training; what it trained is thrown away."""
    torch.manual_seed(args.seed)
    model, tokenizer, case_types = load_base(args.base)
    set_dropout(model, chosen["dropout"])
    model.to(device)
    mentions = mentions_by_type(sentences)

    def epoch_batches(epoch: int) -> list[Batch]:
        rng = random.Random(args.seed * 1000 + epoch)
        texts = epoch_sentences(sentences, mentions, Augmentation(), rng)
        return training_batches(
            texts, tokenizer, batch_size=chosen["batchSize"], case_types=case_types, rng=rng
        )

    def loss(tagger: BertForTokenClassification, batch: Batch) -> torch.Tensor:
        return tagger(**batch.inputs(), labels=batch.labels).loss

    record = train(
        model,
        tokenizer,
        case_types=case_types,
        settings=TrainingSettings(
            epochs=chosen["epochs"],
            learning_rate=chosen["learningRate"],
            batch_size=chosen["batchSize"],
            layer_decay=chosen["layerDecay"],
            ema=0.99,  # a trial has few steps
            seed=args.seed,
            bf16=args.bf16,
        ),
        epoch_batches=epoch_batches,
        loss=loss,
        validation=validation,
        directory=directory,
        meta={},
    )
    clear(directory)
    return record["history"]


def record_of(
    study: optuna.Study, settings: dict[str, object], args: argparse.Namespace
) -> dict[str, object]:
    best = study.best_trial
    return {
        "command": command_line("tune"),
        "settings": settings,
        "trials": [
            {"number": trial.number, "f1": trial.value, "parameters": trial.params, **trial.user_attrs}
            for trial in finished(study)
        ],
        "best": {"number": best.number, "f1": best.value, "parameters": best.params},
        "sampler": type(study.sampler).__name__,
        "cpu": processor_name(),
        "measuredAt": now(),
        "versions": {**library_versions(), "optuna": optuna.__version__},
    }


if __name__ == "__main__":
    run_script(main, resumes_after="its last whole trial, and within a trial after its last whole epoch")
