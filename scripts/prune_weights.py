"""Sets single weights of a trained tagger to zero, and lets it recover by distillation from the dense one.

    python -m scripts.prune_weights --data ../shared/data/conll2003                  (half, by magnitude)
    python -m scripts.prune_weights --data FOLDER --method movement --share 0.9 --steps-per-epoch 150
    python -m scripts.prune_weights --data FOLDER --share 0.7 --epochs 0             (at once, without training)
    python -m scripts.prune_weights --smoke

--share of each linear weight of the encoder becomes zero; embeddings and the head stay as they are. By magnitude the
smallest go, by movement those that training moves towards zero (scripts/lab/weight_masks.py). They go within --ramp
of the first epoch, more and more slowly; those that stay recover. The matrices keep their shapes: ONNX Runtime
multiplies by zeros as by other numbers, so nothing becomes faster (scripts.prune cuts whole channels and heads, which
does). Writes CHECKPOINTS/NAME. An interrupted run goes on after its last whole epoch.
"""

from __future__ import annotations

import argparse
import random

import torch

from scripts.lab.ancestry import shape_in_ancestor
from scripts.lab.arguments import (
    clear,
    command_line,
    not_negative,
    over_zero,
    parser_for,
    refuse_overwrite,
    resolve_places,
    run_script,
    show_config,
)
from scripts.lab.aside import written_aside
from scripts.lab.compute import device_for
from scripts.lab.distillation import even_matches
from scripts.lab.model import load_checkpoint, save_checkpoint
from scripts.lab.records import write_json
from scripts.lab.serving import served_f1
from scripts.lab.smoke_products import smoke_checkpoint
from scripts.lab.student import add_student_arguments, add_teaching_arguments, train_student
from scripts.lab.versions import library_versions
from scripts.lab.weight_masks import METHODS, WeightPruning


def parse() -> argparse.Namespace:
    parser = parser_for(__doc__)
    model = parser.add_argument_group("model")
    model.add_argument(
        "--teacher", default="full", help="checkpoint to prune and to learn from (%(default)s)"
    )
    model.add_argument("--name", help="name of the checkpoint (METHOD-PERCENT, such as magnitude-50)")
    pruning = parser.add_argument_group("pruning")
    pruning.add_argument(
        "--method", choices=METHODS, default="magnitude", help="which weights go (%(default)s)"
    )
    pruning.add_argument(
        "--share", type=float, default=0.5, help="of each linear weight of the encoder (%(default)s)"
    )
    pruning.add_argument(
        "--ramp",
        type=float,
        default=WeightPruning.ramp,
        help="of the first epoch, at whose end all are gone that go (%(default)s)",
    )
    pruning.add_argument(
        "--score-lr",
        type=over_zero,
        default=WeightPruning.score_lr,
        help="by movement: peak learning rate of the scores (%(default)s)",
    )
    pruning.add_argument(
        "--score-start",
        type=not_negative,
        default=WeightPruning.score_start,
        help="by movement: scores begin at this x weight / mean weight; 0 = alike (%(default)s)",
    )
    add_student_arguments(parser, epochs=2, learning_rate=2e-4)
    add_teaching_arguments(parser)
    return parser.parse_args()


def main() -> None:
    # 1. Settings.
    args = parse()
    places = resolve_places(args)
    pruning = WeightPruning(
        args.share, args.method, args.ramp, score_lr=args.score_lr, score_start=args.score_start
    )
    if args.epochs < 0:
        raise ValueError(f"--epochs {args.epochs}: expected 0 (without training) or more")
    if args.epochs == 0:
        pruning.require_no_training()
    args.name = args.name or f"{args.method}-{100 * args.share:g}"
    if args.smoke:
        args.epochs, args.lr = min(args.epochs, 1), 2e-3
        smoke_checkpoint(places, args.teacher)
    show_config(args)
    target = places.checkpoints / args.name
    refuse_overwrite(target, args.force)
    if args.smoke:
        clear(target.with_name(target.name + ".training"))
    random.seed(args.seed)
    torch.manual_seed(args.seed)

    # 2. Teacher and data.
    teacher, tokenizer, case_types = load_checkpoint(places.checkpoints / args.teacher)
    teacher.to(device_for(args.device))
    validation = places.read_split("validation")
    layers = list(range(teacher.config.num_hidden_layers))
    meta = {
        "command": command_line("prune_weights"),
        "parent": args.teacher,
        **shape_in_ancestor(places.checkpoints / args.teacher, layers, 1.0),
    }

    # 3. Prune at once, or while it trains.
    if args.epochs == 0:
        pruned = pruning.at_once(teacher)
        f1 = served_f1(pruned, tokenizer, validation, case_types, args.bf16)
        record = {**meta, "versions": library_versions(), "settings": pruning.settings}
        with written_aside(target) as aside:
            save_checkpoint(pruned, tokenizer, aside)
            write_json(
                aside / "training.json",
                {**record, "caseTypes": case_types, "history": [], "validationF1": f1},
            )
    else:
        f1 = train_student(
            pruning.masked(teacher),
            teacher,
            even_matches(layers, len(layers)),
            args=args,
            tokenizer=tokenizer,
            case_types=case_types,
            sentences=places.read_split("train"),
            validation=validation,
            directory=target,
            meta=meta,
            constraint=pruning,
        )
    print(
        f"{args.name}: {args.share:.0%} of the encoder's linear weights are zero; served F1 on validation {f1:.4f}"
    )
    print(f"in {target}")


if __name__ == "__main__":
    run_script(main, resumes_after="its last whole epoch")
