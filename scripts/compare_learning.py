"""Trains and measures one student for every way of distilling, and what pretraining is worth, for the report.

    python -m scripts.compare_learning --data ../shared/data/conll2003
    python -m scripts.compare_learning --data FOLDER --only soft-t2 hidden
    python -m scripts.compare_learning --smoke

Every row is a command of its own (scripts.distill or scripts.finetune) with the same number of steps; rows that need
new text or a language model make them first (scripts.generate, scripts.pretrain). Writes CHECKPOINTS/learning/ROW.json
with the F1 of validation and test, and ROW.npz with what it is counted from. Rows that are there are left as they are,
so that a run which was interrupted goes on where it was.
"""

from __future__ import annotations

import argparse
import json
import os
from pathlib import Path

import numpy as np

from scripts.lab.arguments import (
    Places,
    clear,
    over_zero,
    parser_for,
    positive,
    resolve_places,
    run_script,
    show_config,
)
from scripts.lab.aside import written_aside
from scripts.lab.bootstrap import f1_of
from scripts.lab.learning_rows import GENERATED, STUDENT_LAYERS, Budget, Row, base_rows, student_rows
from scripts.lab.other_script import run_other
from scripts.lab.processor import processor_name
from scripts.lab.records import now, sha256_of, write_json
from scripts.lab.versions import library_versions

SPLITS = ("validation", "test")


def parse() -> argparse.Namespace:
    parser = parser_for(__doc__)
    group = parser.add_argument_group("comparison")
    group.add_argument("--teacher", default="full", help="checkpoint to learn from (%(default)s)")
    group.add_argument(
        "--ensemble",
        nargs="+",
        default=["full", "elastic"],
        metavar="NAME",
        help="checkpoints whose mean is learnt in one row (%(default)s)",
    )
    group.add_argument("--pretrained", default="pretrained", help="language model (%(default)s)")
    group.add_argument("--only", nargs="+", metavar="ROW", help="these rows (all)")
    group.add_argument("--epochs", type=positive, default=2, help="of every row (%(default)s)")
    group.add_argument("--steps-per-epoch", type=positive, default=150, help="(%(default)s)")
    group.add_argument("--batch-size", type=positive, default=32, help="texts a step (%(default)s)")
    group.add_argument("--lr", type=over_zero, default=3e-4, help="peak learning rate (%(default)s)")
    return parser.parse_args()


def main() -> None:
    # 1. Settings and rows.
    args = parse()
    places = resolve_places(args)
    places.need_data()
    if args.smoke:
        from scripts.lab.smoke_products import smoke_checkpoint

        args.epochs, args.steps_per_epoch = 1, 2
        for name in {args.teacher, *args.ensemble}:
            smoke_checkpoint(places, name)
        clear(places.checkpoints / "learning")
    show_config(args)
    budget = Budget(args.epochs, args.steps_per_epoch, args.batch_size)
    rows = chosen_rows(args)
    if any(row.script == "distill" for row in rows):
        for name in (args.teacher, *args.ensemble):
            if not (places.checkpoints / name / "config.json").is_file():
                raise FileNotFoundError(
                    f"{places.checkpoints / name}: no checkpoint there; train it, make it with scripts.restore, "
                    "or pass other --teacher and --ensemble"
                )

    # 2. One after the other, each in a process of its own.
    for index, row in enumerate(rows, start=1):
        product = places.measurement("learning", row.name)
        if product.is_file() and not args.force:
            print(f"== {row.name} ({index}/{len(rows)}): {product} is there", flush=True)
            continue
        print(f"== {row.name} ({index}/{len(rows)})", flush=True)
        for need in row.needs:
            make(need, args, places)
        arguments = arguments_of(row, args, places, budget)
        target = places.checkpoints / row.checkpoint
        if not target.is_dir():
            run_other(row.script, arguments, places, args.seed)
        measure(row, target, arguments, budget, args, places)
        clear(target)
    print(f"{len(rows)} rows in {places.checkpoints / 'learning'}; scripts.report shows them")


def chosen_rows(args: argparse.Namespace) -> list[Row]:
    rows = [*student_rows(args.teacher, tuple(args.ensemble)), *base_rows(args.pretrained)]
    unknown = sorted(set(args.only or ()) - {row.name for row in rows})
    if unknown:
        raise ValueError(
            f"--only {' '.join(unknown)}: no such row; there are {', '.join(row.name for row in rows)}"
        )
    return [row for row in rows if args.only is None or row.name in args.only]


def arguments_of(row: Row, args: argparse.Namespace, places: Places, budget: Budget) -> list[str]:
    own = [text.replace("CHECKPOINTS", str(places.checkpoints), 1) for text in row.arguments]
    shared = ["--name", row.checkpoint, "--lr", f"{args.lr:g}", "--adversarial", "0", "--replace-share", "0"]
    shared += ["--lower-share", "0", "--upper-share", "0", *budget.arguments()]
    if row.script == "distill":
        shared += ["--teacher", args.teacher, "--layers", STUDENT_LAYERS, "--freeze-embeddings"]
        if args.smoke:
            shared += ["--relation-heads", "4"]
    elif args.smoke and "--base" not in own:
        from scripts.lab.smoke_products import smoke_base

        shared += ["--base", smoke_base(places)]
    return [*own, *shared]


def make(need: str, args: argparse.Namespace, places: Places) -> None:
    """What a row needs, where a script can make it."""
    product = places.checkpoints / need
    if product.exists():
        return
    stem = Path(need).stem
    if stem in GENERATED:
        if GENERATED[stem] == "infill":
            make(args.pretrained, args, places)
        kind = ["--kind", GENERATED[stem], "--name", stem, "--teacher", args.teacher]
        run_other("generate", [*kind, "--lm", args.pretrained], places, args.seed)
    elif need == args.pretrained:
        small = ["--head-steps", "4", "--steps", "4"] if args.smoke else []
        if args.smoke:
            from scripts.lab.smoke_products import smoke_base

            small += ["--base", smoke_base(places)]
        run_other("pretrain", ["--name", need, *small], places, args.seed)
    else:
        raise FileNotFoundError(f"{product}: no such product; train it, or pass other names")


def measure(
    row: Row,
    checkpoint: Path,
    arguments: list[str],
    budget: Budget,
    args: argparse.Namespace,
    places: Places,
) -> None:
    """Served F1 of the trained checkpoint: one sentence a text, in fp32, in padded batches."""
    from scripts.lab.model import load_checkpoint
    from scripts.lab.serving import served_counts, torch_runner

    model, tokenizer, case_types = load_checkpoint(checkpoint)
    model.eval()
    counts = {
        split: served_counts(
            torch_runner(model, bf16=False),
            tokenizer,
            places.read_split(split),
            case_types=case_types,
            batch_size=64,
            what=f"measure {split}",
        )
        for split in SPLITS
    }
    f1 = {split: round(float(f1_of(found.sum(axis=0))), 5) for split, found in counts.items()}
    record = json.loads((checkpoint / "training.json").read_text(encoding="utf-8"))
    path = places.measurement("learning", row.name)
    with written_aside(path.with_suffix(".npz")) as aside:
        np.savez_compressed(aside, **counts)
    write_json(
        path,
        {
            "name": row.name,
            "group": row.group,
            "technique": row.technique,
            "what": row.what,
            "command": f"python -m scripts.{row.script} " + " ".join(without_places(arguments, places)),
            "steps": budget.steps,
            "textsPerStep": budget.batch_size,
            "trainSentences": record["trainSentences"],
            "parameters": sum(weight.numel() for weight in model.parameters()),
            "layers": model.config.num_hidden_layers,
            "f1": f1,
            "history": record["history"],
            "trainSeconds": round(sum(epoch["trainSeconds"] for epoch in record["history"]), 1),
            "threads": int(os.environ.get("OMP_NUM_THREADS", 0)) or None,
            "seed": args.seed,
            "checkpointSha256": sha256_of(checkpoint / "model.safetensors"),
            "cpu": processor_name(),
            "measuredAt": now(),
            "versions": library_versions(),
        },
    )
    print(f"{row.name}: F1 {f1['validation']:.4f} on validation, {f1['test']:.4f} on test", flush=True)


def without_places(arguments: list[str], places: Places) -> list[str]:
    return [text.replace(str(places.checkpoints), "CHECKPOINTS") for text in arguments]


if __name__ == "__main__":
    run_script(main, resumes_after="its last whole row, and within a row after its last whole epoch")
