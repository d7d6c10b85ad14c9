"""Trains a linear head on the frozen encoder: what the base model knows before fine-tuning.

    python -m scripts.frozen_head --data ../shared/data/conll2003
    python -m scripts.frozen_head --smoke

Writes CHECKPOINTS/frozen-head.json with served figures on both splits, which the cards show beside those
after fine-tuning. The encoder is run once over the training split; the head then learns from the stored
features.
"""

from __future__ import annotations

import argparse
import copy
import random

import torch
from torch.nn import functional

from scripts.lab.arguments import (
    add_precision_argument,
    command_line,
    parser_for,
    refuse_overwrite,
    resolve_places,
    run_script,
    show_config,
)
from scripts.lab.batches import IGNORED_LABEL, training_batches
from scripts.lab.corpus import as_text
from scripts.lab.model import DEFAULT_BASE, load_base
from scripts.lab.progress import progress
from scripts.lab.records import write_json
from scripts.lab.scoring import entity_f1, report
from scripts.lab.serving import answer_texts, as_triples, served_f1, torch_runner
from scripts.lab.smoke_products import smoke_base
from scripts.lab.versions import library_versions


def parse() -> argparse.Namespace:
    parser = parser_for(__doc__)
    model = parser.add_argument_group("model")
    model.add_argument(
        "--base", default=DEFAULT_BASE, help="folder or name of a BERT-like encoder (%(default)s)"
    )
    training = parser.add_argument_group("training")
    training.add_argument("--epochs", type=int, default=15)
    training.add_argument("--lr", type=float, default=1e-2, help="peak learning rate (%(default)s)")
    training.add_argument("--batch-tokens", type=int, default=2048)
    add_precision_argument(training)
    return parser.parse_args()


def main() -> None:
    # 1. Settings, data, model.
    args = parse()
    places = resolve_places(args)
    if args.smoke:
        args.base, args.epochs = smoke_base(places), 2
    show_config(args)
    target = places.checkpoints / "frozen-head.json"
    refuse_overwrite(target, args.force)
    torch.manual_seed(args.seed)
    splits = {split: places.read_split(split) for split in ("train", "validation", "test")}
    model, tokenizer, case_types = load_base(args.base)
    model.eval()

    # 2. Features of every token, once.
    rng = random.Random(args.seed)
    batches = training_batches(splits["train"], tokenizer, batch_size=64, case_types=case_types, rng=rng)
    features, labels = [], []
    for batch in progress(batches, "encode"):
        with torch.no_grad(), torch.autocast("cpu", dtype=torch.bfloat16, enabled=args.bf16):
            hidden = model.bert(**batch.inputs()).last_hidden_state
        kept = batch.labels != IGNORED_LABEL
        features.append(hidden[kept].float())
        labels.append(batch.labels[kept])
    inputs, targets = torch.cat(features), torch.cat(labels)

    # 3. The head alone; the epoch that serves best on validation is kept.
    optimizer = torch.optim.AdamW(model.classifier.parameters(), lr=args.lr)
    best_f1, best_head = -1.0, copy.deepcopy(model.classifier.state_dict())
    for epoch in range(args.epochs):
        for group in optimizer.param_groups:
            group["lr"] = args.lr * (1 - epoch / args.epochs)
        for rows in torch.randperm(len(targets)).split(args.batch_tokens):
            functional.cross_entropy(model.classifier(inputs[rows]), targets[rows]).backward()
            optimizer.step()
            optimizer.zero_grad()
        if (epoch + 1) % 5 and epoch + 1 != args.epochs:
            continue  # validating takes longer than an epoch
        f1 = served_f1(model, tokenizer, splits["validation"], case_types, args.bf16)
        print(f"epoch {epoch + 1}: served F1 on validation {f1:.4f}", flush=True)
        if f1 > best_f1:
            best_f1, best_head = f1, copy.deepcopy(model.classifier.state_dict())
    model.classifier.load_state_dict(best_head)

    # 4. Both splits, as they are served.
    figures: dict[str, object] = {}
    for split in ("validation", "test"):
        texts, gold, _ = zip(*(as_text(sentence) for sentence in splits[split]), strict=True)
        answers = answer_texts(
            torch_runner(model, False), tokenizer, texts, case_types=case_types, batch_size=32, what=split
        )
        argmax = entity_f1(gold, [as_triples(answer.argmax) for answer in answers])
        figures[split] = {
            **report(splits[split], [as_triples(answer.viterbi) for answer in answers]),
            "argmaxF1": argmax,
        }
    record = {"command": command_line("frozen_head"), "base": args.base, "seed": args.seed, **figures}
    write_json(target, {**record, "versions": library_versions()})
    print(
        f"frozen encoder: served F1 {figures['validation']['f1']:.4f} on validation; all figures in {target}"
    )


if __name__ == "__main__":
    run_script(main)
