"""Made-up results of scripts.compare_learning, scripts.pretrain and scripts.tune, for a smoke report."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from scripts.lab.arguments import Places
from scripts.lab.aside import written_aside
from scripts.lab.learning_rows import Row, base_rows, student_rows
from scripts.lab.records import write_json

SENTENCES = 300


def write_made_up_learning(places: Places, seed: int = 1) -> None:
    """All rows, each a little better than the one before."""
    for index, row in enumerate([*student_rows("full", ("full", "elastic")), *base_rows("pretrained")]):
        write_made_up_row(places, row, right=0.8 + 0.01 * index, seed=seed)
    write_json(
        places.checkpoints / "pretrained" / "pretraining.json",
        {
            "base": "made up",
            "text": "made up",
            "texts": 100,
            "settings": {"head_steps": 2, "steps": 4, "batchSize": 32},
            "perplexity": {"newHead": 400.0, "trainedHead": 90.0, "pretrained": 30.5},
            "hiddenTokens": 150,
        },
    )
    rng = np.random.default_rng(seed)
    trials = [
        {
            "number": number,
            "f1": round(float(rng.uniform(0.7, 0.9)), 5),
            "seconds": 12.0,
            "parameters": {
                "learningRate": float(rng.uniform(1e-4, 1e-3)),
                "epochs": int(rng.integers(1, 5)),
                "batchSize": int(rng.choice([8, 16, 32])),
                "dropout": float(rng.uniform(0, 0.3)),
                "layerDecay": float(rng.uniform(0.6, 1)),
            },
        }
        for number in range(8)
    ]
    best = max(trials, key=lambda trial: trial["f1"])
    write_json(
        places.checkpoints / "tuning" / "tuning.json",
        {
            "settings": {"base": "made up", "sentences": 24},
            "trials": trials,
            "best": best,
            "sampler": "TPESampler",
        },
    )


def made_up_counts_of(name: str, *, right: float, seed: int) -> dict[str, np.ndarray]:
    """Gold is the same in every row, as if all had answered the same sentences."""
    own = np.random.default_rng([seed, len(name), round(1000 * right)])
    gold = np.random.default_rng(seed).integers(0, 4, SENTENCES)
    counts = {}
    for split in ("validation", "test"):
        found = own.binomial(gold, right)
        counts[split] = np.stack([found, found + own.binomial(gold, 1 - right), gold], axis=1).astype(
            np.int32
        )
    return counts


def write_made_up_row(places: Places, row: Row, *, right: float, seed: int, steps: int = 4) -> Path:
    path = places.measurement("learning", row.name)
    with written_aside(path.with_suffix(".npz")) as aside:
        np.savez(aside, **made_up_counts_of(row.name, right=right, seed=seed))
    write_json(
        path,
        {
            "name": row.name,
            "group": row.group,
            "technique": row.technique,
            "what": row.what,
            "command": f"python -m scripts.{row.script}",
            "steps": steps,
            "textsPerStep": 32,
            "layers": 3 if row.group == "student" else 6,
            "f1": {},
            "trainSeconds": 60.0,
            "cpu": "made up",
        },
    )
    return path
