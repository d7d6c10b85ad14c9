"""Cuts feed-forward channels of a trained tagger and lets it recover by distillation from the uncut one.

    python -m scripts.prune --data ../shared/data/conll2003
    python -m scripts.prune --data FOLDER --share 0.75 --name pruned-ffn75
    python -m scripts.prune --smoke

Channels are ranked in each layer by first-order importance on the validation split. Writes CHECKPOINTS/NAME.
An interrupted run goes on after its last whole epoch.
"""

from __future__ import annotations

import argparse
import random

import torch

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
from scripts.lab.corpus import read_split
from scripts.lab.distillation import even_matches
from scripts.lab.model import load_checkpoint
from scripts.lab.progress import progress
from scripts.lab.serving import served_f1
from scripts.lab.shrink import channel_importance, keep_channels
from scripts.lab.smoke_products import smoke_checkpoint
from scripts.lab.student import add_student_arguments, train_student


def parse() -> argparse.Namespace:
    parser = parser_for(__doc__)
    model = parser.add_argument_group("model")
    model.add_argument("--teacher", default="full", help="checkpoint to cut and to learn from (%(default)s)")
    model.add_argument(
        "--share", type=float, default=0.5, help="share of the channels that stays (%(default)s)"
    )
    model.add_argument("--name", default="pruned-ffn50", help="name of the checkpoint (%(default)s)")
    add_student_arguments(parser, epochs=4, learning_rate=1e-4)
    return parser.parse_args()


def main() -> None:
    # 1. Settings.
    args = parse()
    places = resolve_places(args)
    if args.smoke:
        args.epochs, args.lr = 2, 2e-3
        smoke_checkpoint(places, args.teacher)
    show_config(args)
    target = places.checkpoints / args.name
    refuse_overwrite(target, args.force)
    if args.smoke:
        clear(target.with_name(target.name + ".training"))
    random.seed(args.seed)
    torch.manual_seed(args.seed)

    # 2. Rank the channels on validation, and cut.
    teacher, tokenizer, case_types = load_checkpoint(places.checkpoints / args.teacher)
    sentences = read_split(places.need_data(), "train")
    validation = read_split(places.need_data(), "validation")
    ranking = training_batches(
        validation, tokenizer, batch_size=args.batch_size, case_types=case_types, rng=random.Random(args.seed)
    )
    with torch.autocast("cpu", dtype=torch.bfloat16, enabled=args.bf16):
        scores = channel_importance(teacher, progress(ranking, "rank channels"))
    pruned = keep_channels(teacher, scores, args.share)
    cut_f1 = served_f1(pruned, tokenizer, validation, case_types, args.bf16)
    print(
        f"{pruned.config.intermediate_size} channels a layer stay; served F1 before recovery {cut_f1:.4f}",
        flush=True,
    )

    # 3. Recover.
    layers = teacher.config.num_hidden_layers
    best = train_student(
        pruned,
        teacher,
        even_matches(range(layers), layers),
        args=args,
        tokenizer=tokenizer,
        case_types=case_types,
        sentences=sentences,
        validation=validation,
        directory=target,
        meta={
            "command": command_line("prune"),
            "parent": args.teacher,
            "ffn": args.share,
            "validationF1BeforeRecovery": cut_f1,
        },
    )
    print(f"{args.name}: served F1 on validation {best:.4f}, in {target}")


if __name__ == "__main__":
    run_script(main)
