"""Made-up results of scripts.compare_weight_pruning, for a smoke report."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from scripts.lab.arguments import Places
from scripts.lab.aside import written_aside
from scripts.lab.records import write_json
from scripts.lab.reporting.made_up import SHAPES
from scripts.lab.reporting.made_up_learning import made_up_counts_of
from scripts.lab.weight_pruning_rows import ROWS, PruningRow

DENSE_BYTES = 45_000_000


def write_made_up_weight_pruning(places: Places, seed: int = 1) -> None:
    """All rows: more zeros cost F1, training gives some of it back, and time does not change."""
    for row in ROWS:
        right = 0.94 - 0.2 * row.share**3 * (1 if row.is_trained else 3)
        write_made_up_sparse_row(places, row, right=right, seed=seed)


def write_made_up_sparse_row(
    places: Places, row: PruningRow, *, right: float, seed: int, teacher: str = "0" * 64, steps: int = 4
) -> Path:
    path = places.measurement("weight-pruning", row.name)
    with written_aside(path.with_suffix(".npz")) as aside:
        np.savez(aside, **made_up_counts_of(row.name, right=right, seed=seed))
    ms = {shape: {"median": 4 * share, "min": 4 * share, "max": 4 * share} for shape, share in SHAPES.items()}
    write_json(
        path,
        {
            "name": row.name,
            "what": row.what,
            "method": row.method,
            "share": row.share,
            "command": None if row.method is None else "python -m scripts.prune_weights",
            "steps": steps if row.is_trained else 0,
            "textsPerStep": 32 if row.is_trained else 0,
            "trainSentences": 100,
            "trainSeconds": 60.0,
            "teacherSha256": teacher,
            "zeros": {"encoder": row.share, "all": round(0.47 * row.share, 5)},
            "storage": "fp16",
            "sizeBytes": DENSE_BYTES,
            "gzipBytes": round(DENSE_BYTES * (0.92 - 0.4 * row.share)),
            "gzipLevel": 6,
            "ms": {"row": ms, "dense": ms},
            "speedup": {shape: {"median": 1.0, "min": 0.99, "max": 1.01} for shape in SHAPES},
            "rounds": 3,
            "runtime": "none",
            "cpu": "made up",
            "measuredAt": "1970-01-01T00:00:00Z",
        },
    )
    return path
