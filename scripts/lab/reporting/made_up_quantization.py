"""Made-up results of scripts.compare_quantization, for a smoke report."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from scripts.lab.arguments import Places
from scripts.lab.aside import written_aside
from scripts.lab.quantization_rows import FLOAT_ROW, ROWS
from scripts.lab.records import write_json
from scripts.lab.reporting.made_up import SHAPES, made_up_counts

# Share of entities that a row gets right, and its run time at 1x32; worse and slower, faster, useless, and so on.
MADE_UP = {
    "fp32": (0.9, 8.0),
    "int8": (0.9, 2.0),
    "int8-static": (0.88, 3.0),
    "int8-static-percentile": (0.85, 3.0),
    "int8-static-naive": (0.8, 4.0),
    "int8-static-naive-padded": (0.05, 4.0),
    "w8": (0.9, 6.0),
    "w4": (0.7, 9.0),
    "fp16-compute": (0.9, 20.0),
}


def write_made_up_quantization(
    places: Places,
    source_sha256: str = f"{0:064x}",
    seed: int = 1,
    made_up: Mapping[str, tuple[float, float]] = MADE_UP,
    load_before: float = 0.1,
) -> None:
    """The rows that `made_up` names, of the first variant of write_made_up."""
    times = {}
    baseline = made_up[FLOAT_ROW][1]
    for index, row in enumerate(row for row in ROWS if row.name in made_up):
        right, ms = made_up[row.name]
        counts = {
            split: made_up_counts(
                np.random.default_rng(len(split)), right, np.random.default_rng([seed, index])
            )
            for split in ("validation", "test")
        }
        path = places.measurement("quantization", row.name)
        with written_aside(path.with_suffix(".npz")) as aside:
            np.savez(aside, **counts)
        digest = f"{index + 100:064x}"
        together = counts["validation"].sum(axis=0)
        write_json(
            path,
            {
                "name": row.name,
                "kind": row.kind,
                "what": row.what,
                "forGpus": row.for_gpus,
                "variant": "full",
                "sourceSha256": source_sha256,
                "sha256": digest,
                "sizeBytes": 45_000_000 - 4_000_000 * index,
                "together": {
                    "texts": 16,
                    "split": "validation",
                    "f1": round(2 * together[0] / (together[1] + together[2]), 5),
                },
                "agreement": {"sentences": 300, "f1": right},
            },
        )
        times[row.name] = {
            "sha256": digest,
            "ms": {
                shape: {"median": ms * by, "min": 0.9 * ms * by, "max": 1.1 * ms * by}
                for shape, by in SHAPES.items()
            },
            "speedup": {
                shape: {"median": baseline / ms, "min": 0.9 * baseline / ms, "max": 1.1 * baseline / ms}
                for shape in SHAPES
            },
        }
    write_json(
        places.measurement("quantization", "times"),
        {
            "rounds": 3,
            "cpu": "made up",
            "cores": 2,
            "loadBefore": load_before,
            "runtime": "none",
            "measuredAt": "1970-01-01T00:00:00Z",
            "rows": times,
        },
    )
