"""Distils a trained tagger, or an ensemble of them, into one whose layers begin as copies of the teacher's.

    python -m scripts.distill --data ../shared/data/conll2003
    python -m scripts.distill --data FOLDER --layers 0,1,3,5 --name distilled-4l
    python -m scripts.distill --data FOLDER --teacher seed2 --layers 0,1,2,3,4,5 --ensemble seed1 seed2 \\
        --hidden-weight 0 --name full
    python -m scripts.distill --data FOLDER --target hard --hidden-weight 0 --relation-weight 1 --name student
    python -m scripts.distill --smoke

Loss: KL divergence of the logits at temperature 2, mean squared error of the hidden states, and .3 of the
cross entropy. --target hard learns the teacher's most probable labels instead of its logits, --relation-weight adds
how the tokens of the last layer look at each other (MiniLMv2), --layer-map says which hidden state learns which
(TinyBERT). With --ensemble the logits are the mean of several taggers', asked once and kept in
CHECKPOINTS/soft-labels. Writes CHECKPOINTS/NAME. An interrupted run goes on after its last whole epoch.
"""

from __future__ import annotations

import argparse
import random

import torch

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
from scripts.lab.compute import device_for
from scripts.lab.distillation import matches_of
from scripts.lab.model import load_checkpoint
from scripts.lab.progress import progress
from scripts.lab.shrink import keep_channels, keep_layers, unit_importance
from scripts.lab.smoke_products import smoke_checkpoint
from scripts.lab.student import add_student_arguments, add_teaching_arguments, train_student


def parse() -> argparse.Namespace:
    parser = parser_for(__doc__)
    model = parser.add_argument_group("model")
    model.add_argument("--teacher", default="full", help="checkpoint to learn from (%(default)s)")
    model.add_argument(
        "--layers", default="0,2,4", help="the teacher's layers that the student begins with (%(default)s)"
    )
    model.add_argument(
        "--ffn-share", type=float, default=1.0, help="share of their channels that stays (%(default)s)"
    )
    model.add_argument(
        "--layer-map",
        default="even",
        help="which hidden state of the student learns which of the teacher's: even, or pairs such as 0:0,3:6 "
        "(%(default)s)",
    )
    model.add_argument("--name", default="distilled-3l", help="name of the checkpoint (%(default)s)")
    add_student_arguments(parser, epochs=10, learning_rate=3e-4)
    add_teaching_arguments(parser)
    return parser.parse_args()


def layer_numbers(text: str) -> list[int]:
    if not all(part.strip().isdecimal() for part in text.split(",")):
        raise ValueError(f"--layers {text!r}: expected numbers with commas between them, such as 0,2,4")
    return [int(number) for number in text.split(",")]


def main() -> None:
    # 1. Settings.
    args = parse()
    places = resolve_places(args)
    if args.smoke:
        args.epochs, args.lr = 2, 2e-3
        args.adversarial, args.relation_heads = 0.05, 4  # the tiny model has few units
        smoke_checkpoint(places, args.teacher)
    show_config(args)
    target = places.checkpoints / args.name
    refuse_overwrite(target, args.force)
    if args.smoke:
        clear(target.with_name(target.name + ".training"))
    random.seed(args.seed)
    torch.manual_seed(args.seed)

    # 2. Teacher, student and data.
    layers = layer_numbers(args.layers)
    teacher, tokenizer, case_types = load_checkpoint(places.checkpoints / args.teacher)
    teacher.to(device_for(args.device))
    matched = matches_of(args.layer_map, layers, teacher.config.num_hidden_layers)
    sentences = places.read_split("train")
    validation = places.read_split("validation")
    student = keep_layers(teacher, layers)
    if args.ffn_share < 1:
        ranking = training_batches(
            validation,
            tokenizer,
            batch_size=args.batch_size,
            case_types=case_types,
            rng=random.Random(args.seed),
        )
        importance = unit_importance(teacher, progress(ranking, "rank channels"))
        student = keep_channels(student, [importance[layer] for layer in layers], args.ffn_share)

    # 3. Train.
    best = train_student(
        student,
        teacher,
        matched,
        args=args,
        tokenizer=tokenizer,
        case_types=case_types,
        sentences=sentences,
        validation=validation,
        directory=target,
        meta={
            "command": command_line("distill"),
            "parent": args.teacher,
            **shape_in_ancestor(places.checkpoints / args.teacher, layers, args.ffn_share),
        },
    )
    print(f"{args.name}: served F1 on validation {best:.4f}, in {target}")


if __name__ == "__main__":
    run_script(main, resumes_after="its last whole epoch")
