"""Writes a variant's card.json from what the earlier steps left, and lists it in the manifest.

    python -m scripts.write_card --name full
    python -m scripts.write_card --name full-int8 --checkpoint full --parent full
    python -m scripts.write_card --smoke

Reads CHECKPOINTS/{evaluations,latency,calibration,robustness}/NAME.json, CHECKPOINTS/frozen-head.json (where it is not
there, the one that scripts.report kept) and the checkpoint's training.json. The figures must be of the very model file
that is there. Calibration and robustness may be missing for a variant that is not released. The card is checked
against models/card.schema.json.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path

import onnx
from safetensors import safe_open

from scripts.lab.arguments import parser_for, refuse_overwrite, resolve_places, run_script, show_config
from scripts.lab.cards import (
    build_card,
    check_enough,
    elastic_of,
    graph_properties,
    read_reference_sentences,
    recipe_of,
    reference_of,
    tokenizer_of,
    write_card_file,
    write_manifest,
)
from scripts.lab.encoding import load_tokenizer
from scripts.lab.kept_records import Records
from scripts.lab.measurements import read_measurements
from scripts.lab.records import now, read_made_by, sha256_of
from scripts.lab.smoke_card import write_smoke_card_inputs
from scripts.lab.versions import library_versions

ARITHMETIC = {
    "int8-dynamic": "dynamic int8",
    "int8-static": "static int8",
    "int8-weights": "weights in int8 blocks",
    "int4-weights": "weights in int4 blocks",
    "fp16": "fp16",
}


def parse() -> argparse.Namespace:
    parser = parser_for(__doc__)
    group = parser.add_argument_group("card")
    group.add_argument("--name", default="full", help="variant (%(default)s)")
    group.add_argument("--checkpoint", help="checkpoint that it was made from (NAME)")
    group.add_argument("--parent", help="released variant that it was made from")
    group.add_argument("--description", help="one plain sentence (made from the recipe)")
    return parser.parse_args()


def describe(recipe: dict[str, object], base_layers: int) -> str:
    layers, precision = recipe["layers"], recipe["precision"]
    shape = (
        f"{len(layers)} of {base_layers} layers" if len(layers) < base_layers else f"all {base_layers} layers"
    )
    if recipe["heads"] != 1:
        shape += f", {recipe['heads']:.0%} of the attention heads"
    if recipe["ffn"] != 1:
        shape += f", {recipe['ffn']:.0%} of the feed-forward channels"
    arithmetic = ARITHMETIC.get(precision) or f"fp32, stored as {recipe['storage']}"
    return f"Entity tagger with {shape}, {arithmetic}."


def main() -> None:
    # 1. What the earlier steps found.
    args = parse()
    places = resolve_places(args)
    checkpoint_name = args.checkpoint or args.name
    if args.smoke:
        write_smoke_card_inputs(places, args.name, checkpoint_name)
    show_config(args)
    model_file = places.models / args.name / "model.onnx"
    if not model_file.is_file():
        raise FileNotFoundError(f"{model_file}: no such file; run scripts.export or scripts.quantize first")
    refuse_overwrite(model_file.parent / "card.json", args.force)
    found = read_measurements(places.checkpoints, args.name, sha256_of(model_file))
    evaluation, calibration = found["evaluations"], found["calibration"]
    frozen = Records(places).read("frozen-head.json", "frozen_head", "validation", "test")
    training = read_made_by(places.checkpoints / checkpoint_name / "training.json", "finetune")

    # 2. The recipe, relative to the fine-tuned model that all descend from.
    root, ancestor = training, checkpoint_name
    ancestors: list[dict[str, object]] = []
    while root["parent"] is not None:
        ancestor = str(root["parent"])
        root = read_made_by(places.checkpoints / ancestor / "training.json", "finetune")
        ancestors.append({"checkpoint": ancestor, "command": root["command"]})
    base_layers = json.loads((places.checkpoints / ancestor / "config.json").read_text())["num_hidden_layers"]
    model = onnx.load(model_file)
    layers = training.get("layers") or list(range(int(graph_properties(model)["layers"])))
    recipe = recipe_of(model, layers=layers, ffn=training.get("ffn", 1), heads=training.get("heads", 1))

    # 3. Its own answers on the project's sentences.
    tokenizer_file = tokenizer_of(places.models, args.name)
    case_types = bool(training["caseTypes"])
    reference = reference_of(
        model_file, load_tokenizer(tokenizer_file), read_reference_sentences(), case_types=case_types
    )
    check_enough(args.name, reference, smoke=args.smoke)

    # 4. The card, checked and written.
    in_floats = recipe["precision"] in ("fp32", "fp16")
    command = training["command"]
    card = build_card(
        name=args.name,
        description=args.description or describe(recipe, base_layers),
        parent=args.parent,
        model_file=model_file,
        tokenizer_file=tokenizer_file,
        recipe=recipe,
        case_types=case_types,
        # Integers are for CPUs; on CUDA their operators would fall back to the CPU one by one.
        providers=["cpu", "cuda"] if in_floats else ["cpu"],
        quality=evaluation["validation"]["f1"],
        evaluation={
            "runtime": evaluation["runtime"],
            "validation": evaluation["validation"],
            "test": evaluation["test"],
            "frozenEncoder": {split: frozen[split] for split in ("validation", "test")},
            **({"robustness": found["robustness"]} if found["robustness"] else {}),
            **({"cuts": found["cuts"]} if found["cuts"] else {}),
        },
        reference=reference,
        latency=found["latency"],
        # The reliability curves are for the report, which draws them.
        calibration=calibration
        and {key: value for key, value in calibration.items() if key != "reliability"},
        elastic=elastic_of(training["elastic"]) if "elastic" in training and in_floats else None,
        provenance={
            "command": command,
            "ancestors": ancestors,
            "seed": training["settings"]["seed"],
            "settings": training["settings"],
            "history": training["history"],
            **({"startedFrom": training["startedFrom"]} if "startedFrom" in training else {}),
            **label_bias_of(places.checkpoints / checkpoint_name),
            "versions": library_versions(),
            "createdAt": now(),
            "data": {"name": "conll2003", "trainSentences": training["trainSentences"]},
            "base": root["base"],
            "checkpointSha256": sha256_of(places.checkpoints / checkpoint_name / "model.safetensors"),
        },
    )
    parameters = checkpoint_parameters(places.checkpoints / checkpoint_name)
    if card["parameters"] != parameters:
        raise RuntimeError(f"{args.name} has {card['parameters']} parameters, its checkpoint {parameters}")
    write_card_file(model_file.parent / "card.json", card)
    listed = write_manifest(places.models)
    print(f"{model_file.parent / 'card.json'}; the manifest lists {', '.join(listed)}")


def label_bias_of(checkpoint: Path) -> dict[str, object]:
    """What scripts.fit_label_bias left in the checkpoint, if it was run."""
    file = checkpoint / "label-bias.json"
    return {"labelBias": json.loads(file.read_text(encoding="utf-8"))} if file.is_file() else {}


def checkpoint_parameters(directory: Path) -> int:
    with safe_open(directory / "model.safetensors", framework="pt") as weights:
        return sum(weights.get_tensor(name).numel() for name in weights.keys())  # noqa: SIM118


if __name__ == "__main__":
    run_script(main)
