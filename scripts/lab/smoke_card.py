"""What a card is written from, made up where a smoke run has not come to it yet."""

from __future__ import annotations

from scripts.lab.arguments import Places
from scripts.lab.calibration import calibrate
from scripts.lab.cards import build_card, write_card_file, write_manifest
from scripts.lab.records import sha256_of, write_json
from scripts.lab.smoke_evaluation import made_up_splits, smoke_evaluation, write_where_missing
from scripts.lab.smoke_products import smoke_checkpoint, smoke_variant


def write_smoke_card_inputs(places: Places, name: str, checkpoint: str) -> None:
    """Figures of real smoke steps are left as they are."""
    smoke_checkpoint(places, checkpoint)
    training = places.checkpoints / checkpoint / "training.json"
    if not training.is_file():
        record = {"command": "none", "base": "smoke", "parent": None, "caseTypes": True, "trainSentences": 0}
        write_json(training, {**record, "settings": {"seed": 1}, "history": []})

    smoke_evaluation(places, name)  # with the model itself
    model = places.models / name / "model.onnx"
    figures = {"precision": 0.5, "recall": 0.5, "f1": 0.5}
    for path, content in (
        (places.checkpoints / "latency" / f"{name}.json", {"ms": {}}),
        (places.checkpoints / "calibration" / f"{name}.json", calibrate(made_up_splits())),
        (places.checkpoints / "robustness" / f"{name}.json", {"lowerCased": figures, "upperCased": figures}),
        (places.checkpoints / "frozen-head.json", {"validation": figures, "test": figures}),
    ):
        write_where_missing(path, {"sha256": sha256_of(model), **content})


def write_smoke_card(places: Places) -> None:
    """A variant with a card, and a manifest that lists it, where no smoke run has made any."""
    if (places.models / "manifest.json").is_file():
        return
    name = "full"
    smoke_variant(places, name)
    model_file = places.models / name / "model.onnx"
    card = build_card(
        name=name,
        description="Random weights.",
        parent=None,
        model_file=model_file,
        tokenizer_file=places.models / "tokenizer" / "tokenizer.json",
        recipe={"precision": "fp32"},
        case_types=True,
        providers=["cpu"],
        quality=0.5,
        evaluation={},
        reference=[{"text": "Nobody has asked it yet.", "entities": []}],
        latency=None,
        provenance={"command": "none"},
    )
    write_card_file(model_file.parent / "card.json", card)
    write_manifest(places.models)
