"""Distils a trained tagger into one with fewer layers, which begin as copies of the teacher's.

    python -m scripts.distill --data ../shared/data/conll2003
    python -m scripts.distill --data FOLDER --layers 0,1,3,5 --name distilled-4l
    python -m scripts.distill --smoke

Loss: KL divergence of the logits at temperature 2, mean squared error of the hidden states, and .3 of the
cross entropy. Writes CHECKPOINTS/NAME. An interrupted run goes on after its last whole epoch.
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
from scripts.lab.augmentation import Augmentation, epoch_sentences, mentions_by_type
from scripts.lab.batches import Batch, training_batches
from scripts.lab.corpus import read_split
from scripts.lab.distillation import DistillationSettings, distillation_loss, even_matches
from scripts.lab.model import load_checkpoint
from scripts.lab.shrink import keep_layers
from scripts.lab.smoke_products import smoke_checkpoint
from scripts.lab.training import TrainingSettings, train
from scripts.lab.versions import library_versions


def parse() -> argparse.Namespace:
    parser = parser_for(__doc__)
    model = parser.add_argument_group("model")
    model.add_argument("--teacher", default="full", help="checkpoint to learn from (%(default)s)")
    model.add_argument(
        "--layers", default="0,2,4", help="the teacher's layers that the student begins with (%(default)s)"
    )
    model.add_argument("--name", default="distilled-3l", help="name of the checkpoint (%(default)s)")
    training = parser.add_argument_group("training")
    training.add_argument("--epochs", type=int, default=8)
    training.add_argument("--lr", type=float, default=2e-4, help="peak learning rate (%(default)s)")
    training.add_argument("--ema", type=float, default=0.998, help="0 = keep the last weights (%(default)s)")
    training.add_argument("--batch-size", type=int, default=32)
    training.add_argument("--bf16", action=argparse.BooleanOptionalAction, default=True)
    training.add_argument(
        "--replace-share", type=float, default=0.3, help="sentences whose mentions are replaced"
    )
    loss = parser.add_argument_group("loss")
    loss.add_argument("--temperature", type=float, default=2.0)
    loss.add_argument("--hidden-weight", type=float, default=1.0)
    loss.add_argument("--label-weight", type=float, default=0.3)
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

    # 2. Teacher, student and data.
    layers = [int(number) for number in args.layers.split(",")]
    teacher, tokenizer, case_types = load_checkpoint(places.checkpoints / args.teacher)
    matched = even_matches(layers, teacher.config.num_hidden_layers)
    student = keep_layers(teacher, layers)
    sentences = read_split(places.need_data(), "train")
    validation = read_split(places.need_data(), "validation")
    mentions = mentions_by_type(sentences)
    # The teacher labels whatever it is shown, so more replacement is safe here.
    augmentation = Augmentation(replace_share=args.replace_share)

    def epoch_batches(epoch: int) -> list[Batch]:
        rng = random.Random(args.seed * 1000 + epoch)
        texts = epoch_sentences(sentences, mentions, augmentation, rng)
        return training_batches(texts, tokenizer, batch_size=args.batch_size, case_types=case_types, rng=rng)

    # 3. Train.
    weights = DistillationSettings(args.temperature, args.hidden_weight, args.label_weight)
    record = train(
        student,
        tokenizer,
        case_types=case_types,
        settings=TrainingSettings(
            epochs=args.epochs,
            learning_rate=args.lr,
            batch_size=args.batch_size,
            ema=args.ema,
            seed=args.seed,
            bf16=args.bf16,
        ),
        epoch_batches=epoch_batches,
        loss=distillation_loss(teacher, matched, weights),
        validation=validation,
        directory=target,
        meta={
            "command": command_line("distill"),
            "parent": args.teacher,
            "layers": layers,
            "trainSentences": len(sentences),
            "versions": library_versions(),
        },
    )
    best = max(entry["validationF1"] for entry in record["history"])
    print(f"{args.name}: served F1 on validation {best:.4f}, in {target}")


if __name__ == "__main__":
    run_script(main)
