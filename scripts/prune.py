"""Cuts units of a trained tagger and lets it recover by distillation from the uncut one.

    python -m scripts.prune --data ../shared/data/conll2003                    (half of all channels)
    python -m scripts.prune --data FOLDER --share 0.75 --name pruned-ffn75
    python -m scripts.prune --data FOLDER --target-share 0.6 --name pruned     (for a time)
    python -m scripts.prune --data FOLDER --candidates 0.4 0.5 0.6 0.7         (only looks, trains nothing)
    python -m scripts.prune --smoke

With --share every layer keeps the same number of feed-forward channels. With --target-share or --max-ms each
layer keeps its own number of heads and of channels, and is dropped where it keeps neither: the choice that
keeps the most first-order importance within the time, by a table of what layers take in int8 (see
scripts/lab/prune_search.py; measured where CHECKPOINTS has none of this CPU and runtime). Units are ranked
and choices made on the validation split. Writes CHECKPOINTS/NAME. An interrupted run goes on after its last
whole epoch.
"""

from __future__ import annotations

import argparse
import random
from collections.abc import Sequence

import torch
from transformers import BertForTokenClassification

from scripts.lab.ancestry import shape_in_ancestor
from scripts.lab.arguments import (
    clear,
    command_line,
    parser_for,
    refuse_overwrite,
    resolve_places,
    run_script,
    show_config,
)
from scripts.lab.batches import training_batches
from scripts.lab.compute import autocast, device_for
from scripts.lab.distillation import even_matches
from scripts.lab.layer_shapes import LayerShape, shapes_of
from scripts.lab.layer_timing import SMOKE_ROUNDS, add_timing_arguments
from scripts.lab.model import load_checkpoint
from scripts.lab.progress import progress
from scripts.lab.serving import served_f1
from scripts.lab.shrink import keep_channels, keep_units, unit_importance
from scripts.lab.smoke_products import smoke_checkpoint
from scripts.lab.student import add_student_arguments, add_teaching_arguments, train_student
from scripts.lab.time_search import TimeSearch

LOSS_EVERY = 8  # of the validation batches, what shapes are compared on


def parse() -> argparse.Namespace:
    parser = parser_for(__doc__)
    model = parser.add_argument_group("model")
    model.add_argument("--teacher", default="full", help="checkpoint to cut and to learn from (%(default)s)")
    model.add_argument("--name", help="name of the checkpoint (pruned, with --share pruned-ffn50)")
    goal = model.add_mutually_exclusive_group()
    goal.add_argument(
        "--share", type=float, default=0.5, help="share of each layer's channels that stays (%(default)s)"
    )
    goal.add_argument("--target-share", type=float, help="time of the pruned model, as a share of the uncut")
    goal.add_argument("--max-ms", type=float, help="the same in ms of this machine")
    goal.add_argument(
        "--candidates", type=float, nargs="+", metavar="SHARE", help="print the choice for these, train none"
    )
    search = parser.add_argument_group("search for a time")
    add_timing_arguments(search)
    search.add_argument(
        "--trials", type=int, default=40, help="searches with other weights, by measured loss (%(default)s)"
    )
    add_student_arguments(parser, epochs=5, learning_rate=2e-4)
    add_teaching_arguments(parser)
    return parser.parse_args()


def main() -> None:
    # 1. Settings.
    args = parse()
    places = resolve_places(args)
    by_time = args.target_share is not None or args.max_ms is not None or args.candidates is not None
    args.name = args.name or ("pruned" if by_time else "pruned-ffn50")
    if args.smoke:
        args.epochs, args.lr, args.rounds, args.trials = 2, 2e-3, SMOKE_ROUNDS, 2
        args.adversarial = 0.05
        smoke_checkpoint(places, args.teacher)
    show_config(args)
    target = places.checkpoints / args.name
    if args.candidates is None:
        refuse_overwrite(target, args.force)
        if args.smoke:
            clear(target.with_name(target.name + ".training"))
    random.seed(args.seed)
    torch.manual_seed(args.seed)

    # 2. Rank the units on validation.
    teacher, tokenizer, case_types = load_checkpoint(places.checkpoints / args.teacher)
    teacher.to(device_for(args.device))
    validation = places.read_split("validation")
    ranking = training_batches(
        validation, tokenizer, batch_size=args.batch_size, case_types=case_types, rng=random.Random(args.seed)
    )
    with autocast(teacher, args.bf16):
        importance = unit_importance(teacher, progress(ranking, "rank units"))

    # 3. Choose and cut.
    def cut_to(shapes: Sequence[LayerShape]) -> BertForTokenClassification:
        return keep_units(teacher, importance, shapes)

    def f1_of(model: BertForTokenClassification) -> float:
        return served_f1(model, tokenizer, validation, case_types, args.bf16)

    meta: dict[str, object] = {}
    kept = list(range(teacher.config.num_hidden_layers))
    if by_time:
        search = TimeSearch(args, teacher, importance, places.checkpoints, ranking[::LOSS_EVERY])
        if args.candidates is not None:
            for share in args.candidates:
                shapes = search.shapes(share * search.uncut_ms)
                print(
                    f"{share:.0%} of the time: {search.describe(shapes, f1_of(cut_to(shapes)))}", flush=True
                )
            return
        by_share = args.max_ms is None
        shapes = search.shapes(args.target_share * search.uncut_ms if by_share else args.max_ms)
        pruned = cut_to(shapes)
        cut_f1 = f1_of(pruned)
        print(search.describe(shapes, cut_f1), flush=True)
        kept = [index for index, shape in enumerate(shapes) if any(shape)]
        meta = search.record(shapes)
    else:
        pruned = keep_channels(teacher, importance, args.share)
        cut_f1 = f1_of(pruned)
        print(
            f"{pruned.config.intermediate_size} channels a layer stay; F1 before recovery {cut_f1:.4f}",
            flush=True,
        )
    ffn_share = sum(shape.ffn for shape in shapes_of(pruned)) / (len(kept) * teacher.config.intermediate_size)

    # 4. Recover.
    best = train_student(
        pruned,
        teacher,
        even_matches(kept, teacher.config.num_hidden_layers),
        args=args,
        tokenizer=tokenizer,
        case_types=case_types,
        sentences=places.read_split("train"),
        validation=validation,
        directory=target,
        meta={
            "command": command_line("prune"),
            "parent": args.teacher,
            **shape_in_ancestor(places.checkpoints / args.teacher, kept, ffn_share),
            **meta,
            "validationF1BeforeRecovery": cut_f1,
        },
    )
    print(f"{args.name}: served F1 on validation {best:.4f}, in {target}")


if __name__ == "__main__":
    run_script(main, resumes_after="its last whole epoch")
