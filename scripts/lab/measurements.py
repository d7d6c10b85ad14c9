"""What scripts measured of a variant's model file, which its card is written from."""

from __future__ import annotations

from pathlib import Path

from scripts.lab.cards import NOT_LOADED, RELEASED
from scripts.lab.records import read_made_by

# Folder of CHECKPOINTS with a file per variant, and the script that writes it.
MEASURED_BY = {
    "evaluations": "evaluate",
    "latency": "profile_latency",
    "calibration": "calibrate",
    "robustness": "robustness",
    "cuts": "elastic_cuts",
}
ONLY_RELEASED = ("calibration", "robustness")
ONLY_ELASTIC = ("cuts",)


def read_measurements(checkpoints: Path, name: str, digest: str) -> dict[str, dict[str, object] | None]:
    """The files of MEASURED_BY without their digest; None for one that is missing, and that not every variant has.

    Raises FileNotFoundError or ValueError that names the script to run.
    """
    found: dict[str, dict[str, object] | None] = {}
    for folder, step in MEASURED_BY.items():
        path = checkpoints / folder / f"{name}.json"
        optional = (
            folder in ONLY_ELASTIC
            or (folder in ONLY_RELEASED and name not in RELEASED)
            or (folder == "latency" and name in NOT_LOADED)
        )
        if optional and not path.is_file():
            found[folder] = None
            continue
        found[folder] = read_made_by(path, step)
        if found[folder].pop("sha256", None) != digest:
            what = f"the {folder.removesuffix('s')} of {name}"
            raise ValueError(f"{path}: {what} is of another model file; run scripts.{step} again")
    return found
