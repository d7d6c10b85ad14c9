"""What a card is written from, made up where a smoke run has not come to it yet."""

from __future__ import annotations

import json
import random
from pathlib import Path

from scripts.lab.arguments import Places
from scripts.lab.calibration import calibrate
from scripts.lab.records import sha256_of, write_json
from scripts.lab.smoke_corpus import generated_sentences
from scripts.lab.smoke_evaluation import made_up_splits, smoke_evaluation, write_where_missing
from scripts.lab.smoke_products import smoke_checkpoint


def write_smoke_card_inputs(places: Places, name: str, checkpoint: str) -> Path:
    """Returns a file of sentences; figures of real smoke steps are left as they are."""
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

    sentences = places.checkpoints / "sentences.jsonl"
    texts = generated_sentences(80, random.Random(1))
    sentences.write_text(
        "".join(json.dumps({"text": text, "entities": []}) + "\n" for text in texts), encoding="utf-8"
    )
    return sentences
