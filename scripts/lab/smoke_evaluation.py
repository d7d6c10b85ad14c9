"""Made-up logits and a made-up WNUT-17, for scripts that are tried by themselves."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from scripts.lab.arguments import Places
from scripts.lab.corpus import WNUT17_FILES
from scripts.lab.decoding import best_path, log_softmax
from scripts.lab.evaluated import SPLITS, EvaluatedSplit
from scripts.lab.evaluation_dump import write_dump
from scripts.lab.labels import LABELS, spans_from_tags
from scripts.lab.records import sha256_of, write_json
from scripts.lab.smoke_products import smoke_variant


def made_up_splits(temperature: float = 2.0, seed: int = 1) -> dict[str, EvaluatedSplit]:
    """Splits of 60 sentences whose labels are drawn from softmax(logits / temperature)."""
    rng = np.random.default_rng(seed)
    splits = {}
    for split in SPLITS:
        lengths = rng.integers(0, 9, 60).astype(np.int32)
        logits = rng.normal(0, 4, (int(lengths.sum()), len(LABELS))).astype(np.float32)
        chance = np.exp(log_softmax(logits / temperature)).cumsum(axis=1)
        drawn = (chance < rng.random((len(logits), 1))).sum(axis=1)
        gold = np.minimum(drawn, len(LABELS) - 1).astype(np.int8)
        splits[split] = EvaluatedSplit(logits, gold, lengths, counts_of(logits, gold, lengths))
    return splits


def counts_of(logits: np.ndarray, gold: np.ndarray, lengths: np.ndarray) -> np.ndarray:
    """Right, answered and gold entities of each sentence, as scripts.evaluate counts them."""
    counts = []
    for first, end in zip(np.cumsum(lengths) - lengths, np.cumsum(lengths), strict=True):
        path = best_path(log_softmax(logits[first:end])) if end > first else []
        answer, truth = (
            set(spans_from_tags([LABELS[label] for label in labels])) for labels in (path, gold[first:end])
        )
        counts.append((len(answer & truth), len(answer), len(truth)))
    return np.array(counts, dtype=np.int32)


SMOKE_WNUT17 = """\
nobody\tO
likes\tO
ada\tB-person
lovelace\tI-person
more\tO

New\tB-product
phone\tI-product
by\tO
Acme\tB-corporation
in\tO
Lima\tB-location
!\tO

the\tO
rovers\tB-group
sang\tO
Spring\tB-creative-work
Song\tI-creative-work
"""


def write_smoke_wnut17(directory: Path) -> None:
    """A test split of three sentences with all six types, as the published file has them."""
    directory.mkdir(parents=True, exist_ok=True)
    (directory / WNUT17_FILES["test"]).write_text(SMOKE_WNUT17, encoding="utf-8")


def write_where_missing(path: Path, content: dict[str, object]) -> None:
    if not path.is_file():
        path.parent.mkdir(parents=True, exist_ok=True)
        write_json(path, content)


def smoke_evaluation(places: Places, name: str) -> None:
    """Figures and logits as scripts.evaluate leaves them; those of a real smoke step are left as they are."""
    smoke_variant(places, name)
    path = places.checkpoints / "evaluations" / f"{name}.json"
    digest = sha256_of(places.models / name / "model.onnx")
    write_where_missing(
        path, {"sha256": digest, "runtime": "none", "validation": {"f1": 0.5}, "test": {"f1": 0.5}}
    )
    if not path.with_suffix(".npz").is_file():
        arrays = {
            f"{split}_{part}": getattr(found, part)
            for split, found in made_up_splits().items()
            for part in ("logits", "gold", "lengths", "counts")
        }
        write_dump(path.with_suffix(".npz"), digest, arrays)
