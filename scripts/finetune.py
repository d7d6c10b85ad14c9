"""Fine-tunes an encoder for NER as it is served: raw text, labels per pre-token, case classes.

    python -m scripts.finetune --data ../shared/data/conll2003
    python -m scripts.finetune --data FOLDER --base bert-base-cased --name full-cased --epochs 4 --lr 5e-5
    python -m scripts.finetune --smoke

Writes CHECKPOINTS/NAME (averaged weights of the epoch that serves best on validation). A run that was
interrupted goes on after its last whole epoch when it is started again. An epoch takes 5 to 6
minutes on two cores with AVX2, and 10 s on an H100.
"""

from __future__ import annotations

import argparse
import random

import torch
from transformers import BertForTokenClassification

from scripts.lab.arguments import (
    add_training_arguments,
    clear,
    command_line,
    parser_for,
    positive,
    refuse_overwrite,
    resolve_places,
    run_script,
    show_config,
)
from scripts.lab.augmentation import Augmentation, epoch_sentences, mentions_by_type
from scripts.lab.batches import Batch, training_batches
from scripts.lab.compute import device_for
from scripts.lab.dropout import set_dropout
from scripts.lab.model import DEFAULT_BASE, load_base
from scripts.lab.smoke_products import smoke_base
from scripts.lab.training import TrainingSettings, train
from scripts.lab.versions import library_versions


def parse() -> argparse.Namespace:
    parser = parser_for(__doc__)
    model = parser.add_argument_group("model")
    model.add_argument(
        "--base", default=DEFAULT_BASE, help="folder or name of a BERT-like encoder (%(default)s)"
    )
    model.add_argument("--name", default="full", help="name of the checkpoint (%(default)s)")
    training = parser.add_argument_group("training")
    training.add_argument("--epochs", type=int, default=10)
    training.add_argument(
        "--steps-per-epoch", type=positive, metavar="N", help="this many batches an epoch, drawn (all)"
    )
    training.add_argument(
        "--lr", type=float, default=3e-4, help="peak learning rate of the head (%(default)s)"
    )
    training.add_argument(
        "--layer-decay", type=float, default=0.8, help="1 = all layers learn alike (%(default)s)"
    )
    training.add_argument("--ema", type=float, default=0.998, help="0 = keep the last weights (%(default)s)")
    training.add_argument("--batch-size", type=int, default=32)
    add_training_arguments(training, adversarial=1.0, dropout=0.1)
    text = parser.add_argument_group("training text")
    text.add_argument(
        "--replace-share", type=float, default=0.15, help="sentences whose mentions are replaced"
    )
    text.add_argument(
        "--invent-share", type=float, default=0.0, help="of these mentions: blended ones (%(default)s)"
    )
    text.add_argument(
        "--lower-share", type=float, default=0.08, help="sentences that are lower-cased (%(default)s)"
    )
    text.add_argument(
        "--upper-share", type=float, default=0.05, help="sentences that are upper-cased (%(default)s)"
    )
    text.add_argument("--max-joined", type=int, default=4, help="neighbours joined into one text, at most")
    return parser.parse_args()


def main() -> None:
    # 1. Settings.
    args = parse()
    places = resolve_places(args)
    if args.smoke:
        args.base, args.epochs, args.lr = smoke_base(places), 2, 2e-3
        args.adversarial = 0.05
    show_config(args)
    target = places.checkpoints / args.name
    refuse_overwrite(target, args.force)
    if args.smoke:
        clear(target.with_name(target.name + ".training"))
    random.seed(args.seed)
    torch.manual_seed(args.seed)

    # 2. Data and model.
    sentences = places.read_split("train")
    validation = places.read_split("validation")
    model, tokenizer, case_types = load_base(args.base)
    set_dropout(model, args.dropout)
    model.to(device_for(args.device))
    print(
        f"{len(sentences)} training and {len(validation)} validation sentences; case classes: {case_types}",
        flush=True,
    )

    # 3. Every epoch sees other neighbours, replacements and lower-casings.
    mentions = mentions_by_type(sentences)
    augmentation = Augmentation(
        args.replace_share, args.invent_share, args.lower_share, args.upper_share, args.max_joined
    )

    def epoch_batches(epoch: int) -> list[Batch]:
        rng = random.Random(args.seed * 1000 + epoch)
        texts = epoch_sentences(sentences, mentions, augmentation, rng)
        batches = training_batches(
            texts, tokenizer, batch_size=args.batch_size, case_types=case_types, rng=rng
        )
        return batches[: args.steps_per_epoch]

    def loss(tagger: BertForTokenClassification, batch: Batch) -> torch.Tensor:
        return tagger(**batch.inputs(), labels=batch.labels).loss

    # 4. Train.
    settings = TrainingSettings.of(args)
    record = train(
        model,
        tokenizer,
        case_types=case_types,
        settings=settings,
        epoch_batches=epoch_batches,
        loss=loss,
        validation=validation,
        directory=target,
        meta={
            "command": command_line("finetune"),
            "base": args.base,
            "parent": None,
            "trainSentences": len(sentences),
            "versions": library_versions(),
        },
    )
    best = max(entry["validationF1"] for entry in record["history"])
    print(f"{args.name}: served F1 on validation {best:.4f}, in {target}")


if __name__ == "__main__":
    run_script(main, resumes_after="its last whole epoch")
