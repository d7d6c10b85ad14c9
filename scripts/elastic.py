"""Trains one tagger of which every cut is a tagger: fewer layers, and of each only the first heads and channels.

    python -m scripts.elastic --data ../shared/data/conll2003
    python -m scripts.elastic --data FOLDER --depths 0,1,2,4,5 0,2,4,5 --widths 1 0.5 --name elastic-small
    python -m scripts.elastic --data FOLDER --start elastic --shallow-power 2 --epochs 4 --name elastic-longer
    python -m scripts.elastic --smoke

The heads and channels of the teacher's layers are sorted by importance (first order, on training texts). Then each
step trains the smallest shape, one between and, in a quarter of the steps, the largest (sandwich rule) on what the
teacher says of the texts: KL divergence of the logits at temperature 2, mean squared error of the last hidden state,
and .3 of the cross entropy. With --start the weights of an earlier elastic checkpoint learn on, by another rule or
with other sets of layers for instance.
Writes CHECKPOINTS/NAME, a checkpoint of the full shape. An interrupted run goes on where its state was last
saved, every few minutes, also with another --epochs.
`python -m scripts.elastic_cuts` measures what the cuts are worth.
"""

from __future__ import annotations

import argparse
import copy
import json
import random
from collections.abc import Sequence
from pathlib import Path

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
from scripts.lab.augmentation import Augmentation, epoch_sentences, mentions_by_type
from scripts.lab.batches import Batch, training_batches
from scripts.lab.compute import autocast, device_for
from scripts.lab.distillation import DistillationSettings
from scripts.lab.dropout import set_dropout
from scripts.lab.elastic_shapes import WIDTHS, ElasticShape, Sandwich, all_shapes, importance_of, sort_units
from scripts.lab.elastic_training import ElasticLoss, judge_of
from scripts.lab.labels import LABELS
from scripts.lab.model import load_checkpoint
from scripts.lab.progress import progress
from scripts.lab.records import read_made_by, sha256_of, write_json
from scripts.lab.smoke_products import smoke_checkpoint
from scripts.lab.student import add_student_arguments
from scripts.lab.training import TrainingSettings, saved_state, train
from scripts.lab.versions import library_versions

# Of six layers. Few layers and many do different work: if a layer is the second of two here and the sixth of six
# there, neither does it well. So two and three layers share only layer 0 with four, and 1 and 3 are theirs but for the
# shapes of five and six, which can do without. Five and four lack the layers whose absence costs the teacher the least
# loss on training texts.
DEPTHS = ("0,1,2,4,5", "0,2,4,5", "0,1,3", "1,3")
RANKING_BATCHES = 32


def parse() -> argparse.Namespace:
    parser = parser_for(__doc__)
    model = parser.add_argument_group("model")
    model.add_argument("--teacher", default="full", help="checkpoint to sort and to learn from (%(default)s)")
    model.add_argument(
        "--start",
        metavar="NAME",
        help="elastic checkpoint to go on from, of the same teacher (the teacher, sorted)",
    )
    model.add_argument("--name", default="elastic", help="name of the checkpoint (%(default)s)")
    model.add_argument(
        "--depths",
        nargs="+",
        default=list(DEPTHS),
        metavar="LAYERS",
        help=f"layers that stay, beside all of them ({' '.join(DEPTHS)})",
    )
    model.add_argument(
        "--widths",
        nargs="+",
        type=float,
        default=list(WIDTHS),
        metavar="SHARE",
        help="shares of heads and channels that stay (1 0.75 0.5 0.25)",
    )
    rule = parser.add_argument_group("shapes of a step")
    rule.add_argument(
        "--between", type=int, default=1, help="shapes beside the largest and the smallest (%(default)s)"
    )
    rule.add_argument(
        "--untied-share",
        type=float,
        default=0.5,
        help="of these: shapes whose heads and channels have shares of their own (%(default)s)",
    )
    rule.add_argument(
        "--largest-share", type=float, default=0.25, help="steps that train the largest (%(default)s)"
    )
    rule.add_argument(
        "--shallow-power",
        type=float,
        default=1.0,
        help="shapes between are drawn with the weight 1 / layers^this (%(default)s; 0 = all alike)",
    )
    add_student_arguments(parser, epochs=22, learning_rate=6e-4)
    # Slices of weights are cast anew at each product, which costs more than bf16 gains at our size.
    parser.set_defaults(bf16=False)
    return parser.parse_args()


def depths_of(texts: Sequence[str], layers: int) -> dict[int, list[int]]:
    """Layers that stay, by their number; all of them are one depth more. Raises ValueError."""
    found = {layers: list(range(layers))}
    for text in texts:
        try:
            kept = [int(part) for part in text.split(",")]
        except ValueError:
            raise ValueError(
                f"--depths {text}: expected numbers of layers with commas, such as 0,2,4"
            ) from None
        if sorted(set(kept)) != kept or not 0 <= kept[0] <= kept[-1] < layers:
            raise ValueError(f"--depths {text}: expected increasing numbers of 0 to {layers - 1}")
        if found.setdefault(len(kept), kept) != kept:
            raise ValueError(
                f"--depths {text}: {len(kept)} layers are named already; expected one set a depth"
            )
    return found


def checked_widths(widths: Sequence[float]) -> list[float]:
    """Raises ValueError where one is no share, or all of it is missing."""
    for width in widths:
        if not 0 < width <= 1:
            raise ValueError(f"--widths {width:g}: expected shares above 0 and at most 1")
    return sorted({1.0, *widths}, reverse=True)


def checked_rule(args: argparse.Namespace) -> Sandwich:
    """Raises ValueError."""
    if args.between < 0:
        raise ValueError(f"--between {args.between}: expected 0 or more")
    for option in ("untied_share", "largest_share"):
        if not 0 <= getattr(args, option) <= 1:
            name = option.replace("_", "-")
            raise ValueError(f"--{name} {getattr(args, option):g}: expected 0 to 1")
    if not 0 <= args.shallow_power <= 8:
        raise ValueError(f"--shallow-power {args.shallow_power:g}: expected 0 to 8")
    return Sandwich(args.between, args.untied_share, args.largest_share, args.shallow_power)


def started_from(checkpoint: Path, *, parent: str) -> tuple[BertForTokenClassification, dict[str, object]]:
    """The weights of an earlier elastic checkpoint and what stands of it in the new record. Raises ValueError.

    Its units are in their order, so that it may learn on with other sets of layers and other widths.
    """
    training = read_made_by(checkpoint / "training.json", "elastic")
    if training.get("parent") != parent or "elastic" not in training:
        raise ValueError(
            f"--start {checkpoint.name}: expected an elastic checkpoint of the teacher {parent}, "
            f"found {'one' if 'elastic' in training else 'no elastic one'}, of {training.get('parent')}"
        )
    record = {
        "command": training["command"],
        "sha256": sha256_of(checkpoint / "model.safetensors"),
        "elastic": training["elastic"],
        "epochs": len(training["history"]),
        "validationF1": max(entry["validationF1"] for entry in training["history"]),
    }
    return load_checkpoint(checkpoint)[0], record


def label_bias_of(checkpoint: Path) -> dict[str, object] | None:
    """What scripts.fit_label_bias added to the classifier of the teacher."""
    file = checkpoint / "label-bias.json"
    return json.loads(file.read_text(encoding="utf-8")) if file.is_file() else None


def main() -> None:
    # 1. Settings.
    args = parse()
    places = resolve_places(args)
    if args.smoke:
        args.epochs, args.lr = 2, 2e-3
        smoke_checkpoint(places, args.teacher)
    if args.ensemble or args.adversarial:
        raise ValueError(
            "--ensemble and --adversarial are not for elastic models: they learn from one teacher"
        )
    rule = checked_rule(args)
    show_config(args)
    target = places.checkpoints / args.name
    refuse_overwrite(target, args.force)
    if args.smoke:
        clear(target.with_name(target.name + ".training"))
    random.seed(args.seed)
    torch.manual_seed(args.seed)

    # 2. Teacher, shapes and texts.
    teacher, tokenizer, case_types = load_checkpoint(places.checkpoints / args.teacher)
    teacher.to(device_for(args.device))
    layers = teacher.config.num_hidden_layers
    depths, widths = depths_of(args.depths, layers), checked_widths(args.widths)
    shapes = all_shapes(depths, widths)
    if len(shapes) < 2:
        raise ValueError("--depths and --widths leave the full shape only; expected another one")
    sentences = places.read_split("train")
    mentions = mentions_by_type(sentences)
    augmentation = Augmentation(args.replace_share, args.invent_share, args.lower_share, args.upper_share)

    def texts_of(epoch: int) -> list[Batch]:
        rng = random.Random(args.seed * 1000 + epoch)
        texts = epoch_sentences(sentences, mentions, augmentation, rng)
        return training_batches(texts, tokenizer, batch_size=args.batch_size, case_types=case_types, rng=rng)

    # 3. Heads and channels in falling order of importance.
    elastic = {"depths": {str(depth): kept for depth, kept in depths.items()}, "widths": widths}
    started = {}
    if args.start:
        model, earlier = started_from(places.checkpoints / args.start, parent=args.teacher)
        model.to(teacher.device)
        started = {"startedFrom": earlier}
    elif saved_state(target) is not None:
        model = copy.deepcopy(teacher)  # the sorted weights are in the state
    else:
        ranking = texts_of(-1)[:RANKING_BATCHES]
        with autocast(teacher, args.bf16):
            importance = importance_of(teacher, progress(ranking, "rank units"))
        model = sort_units(teacher, importance)
    set_dropout(model, args.dropout)

    # 4. Train.
    bias = label_bias_of(places.checkpoints / args.teacher)
    added = [0.0 if bias is None else bias["bias"][label] for label in LABELS]
    loss = ElasticLoss(
        teacher,
        shapes,
        rule=rule,
        settings=DistillationSettings(args.temperature, args.hidden_weight, args.label_weight),
        bias=torch.tensor(added, device=teacher.device),
    )

    record = train(
        model,
        tokenizer,
        case_types=case_types,
        settings=TrainingSettings.of(args),
        epoch_batches=texts_of,
        loss=loss,
        validation=places.read_split("validation"),
        judge=judge_of(
            judged(shapes), tokenizer, places.read_split("validation"), case_types=case_types, bf16=args.bf16
        ),
        directory=target,
        meta={
            "command": command_line("elastic"),
            "parent": args.teacher,
            **shape_in_ancestor(places.checkpoints / args.teacher, range(layers), 1),
            "elastic": elastic,
            **started,
            "trainSentences": len(sentences),
            "versions": library_versions(),
        },
    )
    if bias is not None:
        write_json(target / "label-bias.json", bias)
    best = max(record["history"], key=lambda entry: entry["validationF1"])
    print(
        f"{args.name}: served F1 on validation {best['validationF1']:.4f}, the mean of "
        f"{', '.join(f'{name} {f1:.4f}' for name, f1 in best['validationF1Of'].items())}; in {target}"
    )


def judged(shapes: Sequence[ElasticShape]) -> list[ElasticShape]:
    """The ends of the range and two of between: what an epoch is chosen by."""
    third = len(shapes) // 3
    return [shapes[index] for index in sorted({0, third, 2 * third, len(shapes) - 1})]


if __name__ == "__main__":
    run_script(main, resumes_after="the state that it saved last")
