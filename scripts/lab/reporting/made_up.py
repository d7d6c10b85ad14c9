"""Made-up results of all earlier steps, so that the report can be tried by itself."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from scripts.lab.arguments import Places
from scripts.lab.bootstrap import f1_of
from scripts.lab.evaluation_dump import write_dump
from scripts.lab.labels import ENTITY_TYPES, LABELS
from scripts.lab.records import write_json

SHAPES = {"1x8": 0.4, "1x32": 1.0, "1x128": 3.6, "8x32": 7.0}  # relative to 1x32
SENTENCES = 200


def made_up_places(root: Path) -> Places:
    """A folder of its own, so that nothing that a real or smoke step made is touched."""
    return Places(None, root, root / "models")


def write_made_up(places: Places, names: Sequence[str], seed: int = 1) -> None:
    """All that scripts.report reads, of variants that get faster and worse one by one."""
    for folder in ("evaluations", "latency", "calibration", "robustness"):
        (places.checkpoints / folder).mkdir(parents=True, exist_ok=True)
    for index, name in enumerate(names):
        rng = np.random.default_rng([seed, index])
        _write_variant(places, name, index, list(names), rng)
    for rung, f1 in (("encoder-only", 0.35), ("frozen-head", 0.6)):
        figures = {"validation": {"f1": f1 + 0.02}, "test": {"f1": f1}, "similarity": "cosine"}
        write_json(places.checkpoints / f"{rung}.json", figures)
    write_json(places.models / "manifest.json", {"schemaVersion": 1, "variants": list(names)})


def _write_variant(places: Places, name: str, index: int, names: list[str], rng: np.random.Generator) -> None:
    digest = f"{index:064x}"
    int8 = name.endswith("int8")
    right = 0.93 - 0.015 * index
    arrays, evaluation = (
        {},
        {"sha256": digest, "runtime": "none", "cpu": "made up", "measuredAt": "1970-01-01"},
    )
    for split in ("validation", "test"):
        counts = made_up_counts(np.random.default_rng(len(split)), right, rng)
        arrays |= {
            f"{split}_logits": rng.normal(size=(SENTENCES, len(LABELS))).astype(np.float32),
            f"{split}_gold": rng.integers(0, len(LABELS), SENTENCES).astype(np.int8),
            f"{split}_lengths": np.ones(SENTENCES, dtype=np.int32),
            f"{split}_counts": counts,
        }
        f1 = round(float(f1_of(counts.sum(axis=0))), 5)
        evaluation[split] = {
            "f1": f1,
            "perTag": {
                label: {"f1": round(float(f1 + rng.normal(0, 0.02)), 5), "support": 100} for label in LABELS
            },
            "microWithO": {"f1": 0.98},
            "microWithoutO": {"f1": f1},
            "sentences": SENTENCES,
        }
    f1 = evaluation["test"]["f1"]
    write_dump(places.checkpoints / "evaluations" / f"{name}.npz", digest, arrays)
    write_json(places.checkpoints / "evaluations" / f"{name}.json", evaluation)

    ms = {shape: round(8.0 * share * 0.6**index, 3) for shape, share in SHAPES.items()}
    faster = 0.9 * 0.6**-index
    served = {shape: 8.0 * share for shape, share in SHAPES.items()}
    forms = {
        "as served": {"ms": served, "fusedOperators": None},
        "fused offline": {
            "ms": {shape: round(0.9 * value, 3) for shape, value in served.items()},
            "fusedOperators": {"Attention": 6},
        },
    }
    latency = {
        "sha256": digest,
        "cpu": "made up",
        "runtime": "none",
        "threads": 1,
        "measuredAt": "1970-01-01T00:00:00Z",
        "measuredTogether": names,
        "rounds": 5,
        "ms": ms,
        "msRange": {shape: [0.95 * value, 1.05 * value] for shape, value in ms.items()},
        "speedup": {shape: {"median": faster, "min": faster, "max": faster} for shape in SHAPES},
        "baseline": {"variant": names[0], "form": "fused offline", "chosenAt": "1x32", "forms": forms},
        "residentMb": 100.0 * 0.8**index,
    }
    write_json(places.checkpoints / "latency" / f"{name}.json", latency)
    both = {"validation": {"before": 0.03, "after": 0.01}, "test": {"before": 0.05, "after": 0.02}}
    centres = (np.arange(15) + 0.5) / 15
    curve = [{"confidence": x, "accuracy": x**2, "count": int(n)} for n, x in enumerate(centres.tolist())]
    straight = [{**item, "accuracy": item["confidence"]} for item in curve]
    write_json(
        places.checkpoints / "calibration" / f"{name}.json",
        {
            "sha256": digest,
            "temperature": 1.5,
            "expectedCalibrationError": {"token": both, "entity": both},
            "reliability": {"test": {"before": curve, "after": straight}},
        },
    )
    write_json(
        places.checkpoints / "robustness" / f"{name}.json",
        {
            "sha256": digest,
            "lowerCased": {"f1": f1 - 0.03},
            "upperCased": {"f1": f1 - 0.05},
            "typos": {"f1": f1 - 0.08, "rate": 0.1},
            "wnut17": {"f1": 0.4},
        },
    )
    layers = [0, 1, 2, 3, 4, 5][: 6 - index % 4]
    (places.models / name).mkdir(parents=True, exist_ok=True)
    write_json(
        places.models / name / "card.json",
        {
            "name": name,
            "sha256": digest,
            "sizeBytes": round((45e6 - 4e6 * index) * (0.6 if int8 else 1)),
            "parameters": 12_000_000 + 1_770_000 * len(layers),
            "recipe": {
                "layers": layers,
                "heads": 1,
                "ffn": 0.5 if "ffn50" in name else 1,
                "precision": "int8-dynamic" if int8 else "fp32",
                "storage": "int8" if int8 else "fp16",
            },
            "evaluation": {split: {"f1": evaluation[split]["f1"]} for split in ("validation", "test")},
        },
    )


def made_up_counts(shared: np.random.Generator, right: float, own: np.random.Generator) -> np.ndarray:
    """Gold from the shared generator, so that all variants answer the same sentences."""
    gold = shared.integers(0, len(ENTITY_TYPES), SENTENCES)
    found = own.binomial(gold, right)
    answered = found + own.binomial(gold, 1 - right)
    return np.stack([found, answered, gold], axis=1).astype(np.int32)


def write_made_up_cuts(places: Places, names: Sequence[str]) -> None:
    """An elastic model that is not loaded, with cuts that get faster and worse one by one."""
    manifest = {"schemaVersion": 1, "variants": [*names, "elastic"], "retired": ["elastic"]}
    write_json(places.models / "manifest.json", manifest)

    def times(ms: float) -> dict[str, object]:
        return {
            "ms": {shape: {"median": round(ms * by, 4)} for shape, by in SHAPES.items()},
            "speedup": {shape: {"median": round(8.0 / ms, 2)} for shape in SHAPES},
        }

    cuts = []
    for layers in ([0, 1, 2, 3, 4, 5], [0, 1, 2, 4, 5], [0, 2, 5]):
        for width in (1, 0.5):
            f1 = round(0.5 + 0.06 * len(layers) + 0.05 * width, 5)
            of_split = {"validation": f1, "test": round(f1 - 0.04, 5)}
            ms = 0.5 * len(layers) * width
            cuts.append(
                {
                    "name": f"{len(layers)}x{width:g}",
                    "layers": layers,
                    "heads": width,
                    "ffn": width,
                    "trained": True,
                    "parameters": 12_000_000 + 1_000_000 * len(layers),
                    "fp32": {"sizeBytes": 40_000_000, "f1": of_split, **times(2 * ms)},
                    "int8": {"sizeBytes": 20_000_000, "f1": of_split, **times(ms)},
                }
            )
    beside = {name: times(4.0 * 0.6**index) for index, name in enumerate(names)}
    measured = {
        "rounds": 2,
        "cpu": "made up",
        "measuredAt": "1970-01-01",
        "baseline": names[0],
        "beside": beside,
        "cuts": cuts,
    }
    card = {"name": "elastic", "parent": names[0], "elastic": {}, "evaluation": {"cuts": measured}}
    write_json(places.models / "elastic" / "card.json", card)
