"""Averages the weights of checkpoints that were trained from one another into one checkpoint.

    python -m scripts.average_weights --data ../shared/data/conll2003 --names full-taught full-seed1 --name full
    python -m scripts.average_weights --smoke

Weights that lie in one valley of the loss, as those of a model and of what was trained on from it do, have a mean that
is often better than each ("model soups", Wortsman et al. 2022, arXiv 2203.05482), at no cost when it runs. Checkpoints
that began apart have no such mean: the F1 on validation, which is printed for each and for the mean, tells.
Writes CHECKPOINTS/NAME.
"""

from __future__ import annotations

import argparse
import json

import torch

from scripts.lab.arguments import (
    add_precision_argument,
    command_line,
    parser_for,
    refuse_overwrite,
    resolve_places,
    run_script,
    show_config,
)
from scripts.lab.aside import written_aside
from scripts.lab.model import load_checkpoint, save_checkpoint
from scripts.lab.records import write_json
from scripts.lab.serving import served_f1
from scripts.lab.smoke_products import smoke_checkpoint
from scripts.lab.versions import library_versions

KEPT_FACTS = ("base", "trainSentences", "settings", "layers", "ffn")  # of the first checkpoint's training


def parse() -> argparse.Namespace:
    parser = parser_for(__doc__)
    group = parser.add_argument_group("average")
    group.add_argument(
        "--names",
        nargs="+",
        default=["full-taught", "full-seed1"],
        help="checkpoints (full-taught full-seed1)",
    )
    group.add_argument("--name", default="full", help="name of the mean (%(default)s)")
    add_precision_argument(group)
    args = parser.parse_args()
    if len(set(args.names)) < 2 or len(set(args.names)) < len(args.names):
        parser.error(f"--names {' '.join(args.names)}: expected two or more, each once")
    return args


def mean_of(models: list[torch.nn.Module], names: list[str]) -> dict[str, torch.Tensor]:
    """The mean of each weight. Raises ValueError where the models are not of one shape."""
    states = [model.state_dict() for model in models]
    for name, state in zip(names[1:], states[1:], strict=True):
        other = {key for key in state.keys() | states[0].keys() if not same_shape(state, states[0], key)}
        if other:
            raise ValueError(
                f"{name} and {names[0]} are not of one shape: {sorted(other)[0]} differs; "
                "expected checkpoints that were trained from one another"
            )
    return {
        key: torch.stack([state[key] for state in states]).mean(dim=0) if first.is_floating_point() else first
        for key, first in states[0].items()
    }


def same_shape(one: dict[str, torch.Tensor], other: dict[str, torch.Tensor], key: str) -> bool:
    return key in one and key in other and one[key].shape == other[key].shape


def main() -> None:
    # 1. Settings and checkpoints.
    args = parse()
    places = resolve_places(args)
    if args.smoke:
        for name in args.names:
            smoke_checkpoint(places, name)
    show_config(args)
    target = places.checkpoints / args.name
    refuse_overwrite(target, args.force)
    for name in args.names:
        if (places.checkpoints / name / "label-bias.json").is_file():
            raise ValueError(
                f"{name} has a label bias: average first, then run scripts.fit_label_bias on the mean"
            )
    models, tokenizers, case_types = zip(
        *(load_checkpoint(places.checkpoints / name) for name in args.names), strict=True
    )
    if len({tokenizer.to_str() for tokenizer in tokenizers}) > 1 or len(set(case_types)) > 1:
        raise ValueError(
            f"{', '.join(args.names)}: their tokenizers differ; expected the same inputs for all"
        )

    # 2. What each is worth, then the mean in the place of the first.
    validation = places.read_split("validation")

    def f1_of(model: torch.nn.Module) -> float:
        return served_f1(model, tokenizers[0], validation, case_types[0], args.bf16)

    found = {name: f1_of(model) for name, model in zip(args.names, models, strict=True)}
    mean = models[0]
    mean.load_state_dict(mean_of(list(models), args.names))
    of_mean = f1_of(mean)
    for name, f1 in found.items():
        print(f"{name}: served F1 on validation {f1:.4f}", flush=True)

    # 3. Written with what is known of the first, from which the rest follows.
    record_file = places.checkpoints / args.names[0] / "training.json"
    known = json.loads(record_file.read_text(encoding="utf-8")) if record_file.is_file() else {}
    with written_aside(target) as aside:
        save_checkpoint(mean, tokenizers[0], aside)
        write_json(
            aside / "training.json",
            {
                **{key: value for key, value in known.items() if key in KEPT_FACTS},
                "command": command_line("average_weights"),
                "parent": args.names[0],
                "caseTypes": case_types[0],
                "history": [{"averaged": args.names, "validationF1": of_mean, "validationF1Of": found}],
                "versions": library_versions(),
            },
        )
    print(f"{args.name}: their mean {of_mean:.4f}, in {target}")


if __name__ == "__main__":
    run_script(main)
