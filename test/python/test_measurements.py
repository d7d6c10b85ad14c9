from __future__ import annotations

import json
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from scripts.lab.calibration import calibrate
from scripts.lab.cards import RELEASED, check_card
from scripts.lab.measurements import MEASURED_BY, ONLY_ELASTIC, read_measurements
from scripts.lab.smoke_evaluation import made_up_splits

DIGEST = "a" * 64


def write_all(checkpoints: Path, name: str, **digests: str) -> None:
    for folder in MEASURED_BY:
        (checkpoints / folder).mkdir(exist_ok=True)
        content = {"sha256": digests.get(folder, DIGEST), "of": folder}
        (checkpoints / folder / f"{name}.json").write_text(json.dumps(content))


def test_all_measurements_of_a_model_file_are_read(tmp_path: Path) -> None:
    write_all(tmp_path, "full")
    found = read_measurements(tmp_path, "full", DIGEST)
    assert found == {folder: {"of": folder} for folder in MEASURED_BY}


OF_EVERY_RELEASED = [each for each in MEASURED_BY.items() if each[0] not in ONLY_ELASTIC]


@pytest.mark.parametrize(("folder", "step"), OF_EVERY_RELEASED)
def test_a_released_variant_needs_every_measurement_of_its_own_file(
    tmp_path: Path, folder: str, step: str
) -> None:
    write_all(tmp_path, "full", **{folder: "b" * 64})
    with pytest.raises(
        ValueError, match=rf"{folder}.full\.json: .* another model file; run scripts\.{step} "
    ):
        read_measurements(tmp_path, "full", DIGEST)
    (tmp_path / folder / "full.json").unlink()
    with pytest.raises(
        FileNotFoundError, match=rf"{folder}.full\.json: no such file; run scripts\.{step} first"
    ):
        read_measurements(tmp_path, "full", DIGEST)


def test_only_an_elastic_variant_has_cuts_and_they_are_of_its_own_file(tmp_path: Path) -> None:
    write_all(tmp_path, "full", cuts="b" * 64)
    with pytest.raises(ValueError, match=r"cuts.full\.json: .* another model file"):
        read_measurements(tmp_path, "full", DIGEST)
    (tmp_path / "cuts" / "full.json").unlink()
    assert read_measurements(tmp_path, "full", DIGEST)["cuts"] is None


def test_another_variant_may_lack_calibration_and_robustness(tmp_path: Path) -> None:
    assert "mine" not in RELEASED
    write_all(tmp_path, "mine")
    for folder in ("calibration", "robustness"):
        (tmp_path / folder / "mine.json").unlink()
    found = read_measurements(tmp_path, "mine", DIGEST)
    assert (found["calibration"], found["robustness"], found["latency"]) == (None, None, {"of": "latency"})
    (tmp_path / "latency" / "mine.json").unlink()
    with pytest.raises(FileNotFoundError, match="profile_latency"):
        read_measurements(tmp_path, "mine", DIGEST)


def test_the_card_takes_a_calibration_and_cards_without_one_stay_valid(root: Path) -> None:
    cards = sorted((root / "models").glob("*/card.json"))
    assert cards
    calibration = calibrate(made_up_splits())
    del calibration["reliability"]
    for path in cards:
        card = json.loads(path.read_text(encoding="utf-8"))
        check_card(card)
        check_card({**card, "calibration": calibration})
        with pytest.raises(ValueError, match="calibration"):
            check_card({**card, "calibration": {**calibration, "temperature": 0}})


def test_write_card_puts_calibration_and_robustness_on_the_card(
    run_script: Callable[..., subprocess.CompletedProcess[str]], tmp_path: Path
) -> None:
    done = run_script("write_card", "--smoke", "--checkpoints", tmp_path)
    assert done.returncode == 0, done.stderr
    smoke = tmp_path / "smoke"
    card = json.loads((smoke / "models" / "full" / "card.json").read_text(encoding="utf-8"))
    calibration = json.loads((smoke / "calibration" / "full.json").read_text())
    robustness = json.loads((smoke / "robustness" / "full.json").read_text())
    assert card["calibration"] == {k: v for k, v in calibration.items() if k not in ("sha256", "reliability")}
    assert card["evaluation"]["robustness"] == {k: v for k, v in robustness.items() if k != "sha256"}
