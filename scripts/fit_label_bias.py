"""Fits on validation how willing a checkpoint should be to name each label, and adds that to its classifier.

    python -m scripts.fit_label_bias --data ../shared/data/conll2003 --names full distilled-3l
    python -m scripts.fit_label_bias --smoke

The bias has the greatest likelihood of the gold label paths among all legal ones (see scripts/lab/label_bias.py). It
is part of the checkpoint from then on, and so of every file that is exported from it. What it is worth is measured
on halves of validation that it was not fitted on, and where the median of that is no gain, none is added (a student of
soft labels may need none). All of it goes into CHECKPOINTS/NAME/label-bias.json.

A checkpoint that has a bias already is left alone; with --force it is fitted anew, from the classifier without it.
"""

from __future__ import annotations

import argparse
import json
import shutil
import statistics
from pathlib import Path

import numpy as np
import torch
from safetensors.torch import load_file, save_file

from scripts.lab.arguments import (
    Places,
    command_line,
    parser_for,
    refuse_overwrite,
    resolve_places,
    run_script,
    show_config,
)
from scripts.lab.aside import written_aside
from scripts.lab.corpus import as_text
from scripts.lab.encoding import encode_texts
from scripts.lab.evaluation_dump import pre_token_gold
from scripts.lab.label_bias import LabelledLogits, choose_label_bias, path_f1
from scripts.lab.labels import LABELS
from scripts.lab.model import load_checkpoint
from scripts.lab.records import write_json
from scripts.lab.serving import answer_texts, torch_runner
from scripts.lab.smoke_products import smoke_checkpoint

REPEATS = 4  # of the split into halves
CLASSIFIER = "classifier.bias"
RECORD = "label-bias.json"


def parse() -> argparse.Namespace:
    parser = parser_for(__doc__)
    group = parser.add_argument_group("label bias")
    group.add_argument("--names", nargs="+", default=["full"], help="checkpoints (full)")
    return parser.parse_args()


def main() -> None:
    args = parse()
    places = resolve_places(args)
    if args.smoke:
        for name in args.names:
            smoke_checkpoint(places, name)
    show_config(args)
    for name in args.names:
        refuse_overwrite(places.checkpoints / name / RECORD, args.force)
    for name in args.names:
        add_label_bias(args, places, name)


def earlier_bias(checkpoint: Path) -> np.ndarray:
    """What an earlier run added to the classifier [labels]; zeros where there was none."""
    record = checkpoint / RECORD
    found = json.loads(record.read_text(encoding="utf-8"))["bias"] if record.is_file() else {}
    return np.array([found.get(label, 0.0) for label in LABELS])


def by_label(values: np.ndarray) -> dict[str, float]:
    return {label: round(float(value), 5) for label, value in zip(LABELS, values, strict=True)}


def add_label_bias(args: argparse.Namespace, places: Places, name: str) -> None:
    """Fits the bias of one checkpoint, and puts a copy that has it in its place."""
    # 1. Logits without the bias of an earlier run.
    checkpoint = places.checkpoints / name
    model, tokenizer, case_types = load_checkpoint(checkpoint)
    known = earlier_bias(checkpoint)
    sentences = places.read_split("validation")
    texts, entities, _ = zip(*(as_text(sentence) for sentence in sentences), strict=True)
    answers = answer_texts(
        torch_runner(model.eval(), False),
        tokenizer,
        texts,
        case_types=case_types,
        batch_size=64,
        what=f"{name} validation",
    )
    encoded = encode_texts(tokenizer, texts, case_types)
    gold = [pre_token_gold(item, spans) for item, spans in zip(encoded, entities, strict=True)]
    labelled = LabelledLogits(
        logits=np.concatenate([answer.logits for answer in answers]).astype(np.float64) - known,
        gold=np.array([label for row in gold for label in row], dtype=np.int64),
        lengths=np.array([len(row) for row in gold]),
    )

    # 2. Fit, and judge by halves.
    choice = choose_label_bias(labelled, repeats=REPEATS, seed=args.seed)
    bias, gains = choice.bias, choice.gains
    before, after = path_f1(labelled, np.zeros(len(LABELS))), path_f1(labelled, bias)
    found = {
        "command": command_line("fit_label_bias"),
        "fittedOn": "validation",
        "bias": by_label(bias),
        "fitted": by_label(choice.fitted),
        "validationF1": {"before": round(before, 5), "after": round(after, 5)},
        "gainOnOtherHalves": {
            "median": round(statistics.median(gains), 5),
            "min": round(min(gains), 5),
            "max": round(max(gains), 5),
            "positive": sum(gain > 0 for gain in gains),
            "of": len(gains),
        },
    }

    # 3. A copy with the other classifier takes the checkpoint's place.
    with written_aside(checkpoint) as aside:
        shutil.copytree(checkpoint, aside)
        weights = load_file(aside / "model.safetensors")
        change = [found["bias"][label] - value for label, value in zip(LABELS, known, strict=True)]
        weights[CLASSIFIER] = weights[CLASSIFIER] + torch.tensor(change, dtype=weights[CLASSIFIER].dtype)
        save_file(weights, aside / "model.safetensors", metadata={"format": "pt"})
        write_json(aside / RECORD, found)
    halves = found["gainOnOtherHalves"]
    print(
        f"{name}: F1 on validation {before:.4f}, "
        f"{f'{after:.4f} with the bias' if bias.any() else 'no bias added'}; on halves that it was not fitted on "
        f"{halves['median']:+.4f} ({halves['min']:+.4f} to {halves['max']:+.4f}, {halves['positive']} of "
        f"{halves['of']} positive)",
        flush=True,
    )


if __name__ == "__main__":
    run_script(main)
