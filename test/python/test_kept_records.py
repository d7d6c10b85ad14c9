"""The report can be written again where there is no CHECKPOINTS, from the records that it kept."""

from __future__ import annotations

import json
import shutil
import subprocess
import zipfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from scripts.lab.arguments import Places
from scripts.lab.kept_records import Records, packed
from scripts.lab.learning_rows import base_rows, student_rows
from scripts.lab.quantization_rows import ROWS as QUANTIZATION_ROWS
from scripts.lab.reporting.inputs import read_inputs, read_row_counts
from scripts.lab.reporting.learning import read_learning
from scripts.lab.reporting.made_up import write_made_up, write_made_up_cuts
from scripts.lab.reporting.made_up_learning import write_made_up_learning
from scripts.lab.reporting.made_up_quantization import MADE_UP, write_made_up_quantization
from scripts.lab.reporting.made_up_weight_pruning import write_made_up_weight_pruning
from scripts.lab.reporting.quantization import read_quantization
from scripts.lab.reporting.weight_pruning import read_weight_pruning
from scripts.lab.weight_pruning_rows import ROWS as PRUNING_ROWS

Run = Callable[..., subprocess.CompletedProcess[str]]
VARIANTS = ("full", "distilled-3l-int8")
COUNTED = {  # kinds with arrays beside each record, and their rows
    "evaluations": VARIANTS,
    "quantization": tuple(row.name for row in QUANTIZATION_ROWS),
    "weight-pruning": tuple(row.name for row in PRUNING_ROWS),
    "learning": tuple(row.name for row in (*student_rows("full", ("full",)), *base_rows("pretrained"))),
}


def made_up(root: Path) -> Places:
    places = Places(None, root / "checkpoints", root / "models")
    write_made_up(places, VARIANTS)
    write_made_up_cuts(places, VARIANTS)
    write_made_up_learning(places)
    write_made_up_quantization(places)
    write_made_up_weight_pruning(places)
    return places


def keep_all(places: Places) -> Records:
    """What scripts.report reads and keeps, without its plots."""
    records = Records(places)
    for read in (read_inputs, read_learning, read_quantization, read_weight_pruning):
        read(records, resamples=10, seed=1)
    records.keep()
    return records


@pytest.fixture
def clone(tmp_path: Path) -> Places:
    """Kept records of everything, and no CHECKPOINTS."""
    places = made_up(tmp_path)
    keep_all(places)
    shutil.rmtree(places.checkpoints)
    return places


def kept_files(places: Places) -> list[str]:
    kept = Records(places).kept
    return sorted(str(path.relative_to(kept)) for path in kept.rglob("*") if path.is_file())


def edit(path: Path, **values: object) -> None:
    path.write_text(json.dumps({**json.loads(path.read_text()), **values}))


def test_the_report_and_its_records_are_the_same_bytes_without_checkpoints(
    run_script: Run, tmp_path: Path
) -> None:
    places = made_up(tmp_path)
    written = []
    for _ in range(2):
        done = run_script("report", "--checkpoints", places.checkpoints, "--models", places.models)
        assert done.returncode == 0, done.stderr
        written.append({path: path.read_bytes() for path in places.models.rglob("*") if path.is_file()})
        shutil.rmtree(places.checkpoints, ignore_errors=True)
    assert written[0] == written[1]
    names = {path.relative_to(places.models).as_posix() for path in written[0]}
    assert {"REPORT.md", "report/learning.svg", "report/records/latency/full.json"} <= names
    assert "](report/records)" in (places.models / "REPORT.md").read_text(encoding="utf-8")


def test_some_sections_are_written_anew_and_the_others_stay_whose_records_are_gone(
    run_script: Run, tmp_path: Path
) -> None:
    places = made_up(tmp_path)
    where = ("--checkpoints", places.checkpoints, "--models", places.models)
    assert run_script("report", *where).returncode == 0
    report, kept = places.models / "REPORT.md", Records(places).kept
    whole, records = report.read_text(encoding="utf-8"), kept_files(places)
    for folder in ("evaluations", "latency", "learning"):
        shutil.rmtree(places.checkpoints / folder)
        shutil.rmtree(kept / folder)
    left = kept_files(places)
    card_file = places.models / "elastic" / "card.json"
    card = json.loads(card_file.read_text())
    card["evaluation"]["cuts"]["cuts"][0]["int8"]["f1"]["validation"] = 0.1234
    card_file.write_text(json.dumps(card))

    done = run_script("report", *where, "--only", "cuts", "weight-pruning")

    assert done.returncode == 0, done.stderr
    again = report.read_text(encoding="utf-8")
    old, new = (dict.fromkeys(text.split("\n## ")) for text in (whole, again))
    assert [part.splitlines()[0] for part in new] == [part.splitlines()[0] for part in old]
    (changed,) = [part for part in new if part not in old]
    assert changed.startswith("Cuts of `elastic`") and "| .1234 |" in changed
    assert kept_files(places) == left != records

    for folder in ("tuning", "pretrained"):
        shutil.rmtree(places.checkpoints / folder)
        shutil.rmtree(kept / folder)
    write_made_up_learning(places)
    for folder in ("tuning", "pretrained"):  # learning rows are there again, and these are not
        shutil.rmtree(places.checkpoints / folder)
    done = run_script("report", *where, "--only", "learning")
    assert done.returncode == 0, done.stderr
    assert report.read_text(encoding="utf-8") == again, "what is not at hand stays"

    shutil.rmtree(places.checkpoints / "quantization")
    shutil.rmtree(kept / "quantization")
    done = run_script("report", *where, "--only", "quantization")
    assert done.returncode == 2 and "--only quantization: nothing was measured, in" in done.stderr
    report.write_text(again.replace("## Weight pruning", "## Weights"), encoding="utf-8")
    done = run_script("report", *where, "--only", "weight-pruning")
    assert done.returncode == 2 and "has no section '## Weight pruning'" in done.stderr


def test_what_the_report_used_is_kept_and_no_more(tmp_path: Path) -> None:
    places = made_up(tmp_path)
    (places.checkpoints / "calibration" / "elastic.json").write_text("{}")  # not on the report
    records = keep_all(places)
    expected = [
        f"{kind}/{name}.{end}" for kind in COUNTED for name in COUNTED[kind] for end in ("json", "npz")
    ]
    expected += [
        f"{kind}/{name}.json" for kind in ("latency", "calibration", "robustness") for name in VARIANTS
    ]
    expected += ["encoder-only.json", "frozen-head.json", "quantization/times.json"]
    expected += ["pretrained/pretraining.json", "tuning/tuning.json"]
    assert kept_files(places) == sorted(expected)
    for file in expected:
        made, kept = places.checkpoints / file, records.kept / file
        if file.endswith(".json"):
            assert kept.read_bytes() == made.read_bytes()
            continue
        names = {"validation", "test"}
        if file.startswith("evaluations"):
            names = {"validation_counts", "test_counts", "sha256"}
        with np.load(kept) as found, np.load(made) as whole:
            assert set(found) == names
            assert all((found[name] == whole[name]).all() for name in names)
        with zipfile.ZipFile(kept) as members:
            assert {member.date_time[0] for member in members.infolist()} == {1980}


def test_a_record_in_checkpoints_comes_before_the_kept_one(clone: Places) -> None:
    records = Records(clone)
    kept = records.kept / "robustness" / "full.json"
    made = clone.checkpoints / "robustness" / "full.json"
    assert records.find("robustness/full.json") == kept
    made.parent.mkdir(parents=True)
    shutil.copy(kept, made)
    edit(made, wnut17={"f1": 0.123})
    keep_all(clone)
    assert kept.read_bytes() == made.read_bytes()


def test_records_of_what_is_gone_go_and_those_of_other_kinds_stay(clone: Places) -> None:
    before = kept_files(clone)
    manifest = clone.models / "manifest.json"
    edit(manifest, variants=["full", "elastic"])
    edit(clone.models / "elastic" / "card.json", parent="full")
    (Records(clone).kept / "learning" / "no-such-row.json").write_text("{}")
    keep_all(clone)
    assert kept_files(clone) == [file for file in before if "/distilled-3l-int8." not in file]


def test_nothing_is_kept_where_a_record_is_refused(clone: Places) -> None:
    before = kept_files(clone)
    path = Records(clone).kept / "tuning" / "tuning.json"
    path.write_text("{}")
    with pytest.raises(ValueError, match="expected 'trials' in it"):
        keep_all(clone)
    assert kept_files(clone) == before


@pytest.mark.parametrize(
    ("file", "values", "message"),
    [
        (
            "card.json",
            {"sha256": "f" * 64},
            r"records/evaluations/full\.json: it is of another model file than the",
        ),
        (
            "latency/full.json",
            {"measuredAt": "1971"},
            r"records/latency/full\.json of 1971; \S+records/latency/dist",
        ),
        ("learning/hard.json", {"steps": 5}, r"records/learning/hard\.json: of other steps, .*/labels\.json"),
        (
            "quantization/w8.json",
            {"sourceSha256": "0"},
            r"records/quantization/w8\.json: of another model file",
        ),
        (
            "quantization/w8.json",
            {"sha256": "0"},
            r"times of \S+records/quantization/w8\.json; .* --only w8 and",
        ),
        (
            "weight-pruning/movement-50.json",
            {"steps": 9},
            r"records/weight-pruning/movement-50\.json: of another num",
        ),
    ],
)
def test_a_stale_kept_record_is_refused_by_name(clone: Places, file: str, values: dict, message: str) -> None:
    edit((clone.models / "full" if file == "card.json" else Records(clone).kept) / file, **values)
    with pytest.raises(ValueError, match=message):
        keep_all(clone)


def test_arrays_of_another_model_file_are_refused_by_name(clone: Places) -> None:
    path = Records(clone).kept / "evaluations" / "full.npz"
    with np.load(path) as arrays:
        path.write_bytes(packed({**arrays, "sha256": np.array("f" * 64)}))
    with pytest.raises(ValueError, match=r"records/evaluations/full\.npz: it is of another model file"):
        keep_all(clone)


def test_new_rows_stand_beside_kept_ones_of_the_same_file_with_their_own_times(clone: Places) -> None:
    """As after `compare_quantization --only int8` in a clone."""
    some = {name: MADE_UP[name] for name in ("fp32", "int8")}
    write_made_up_quantization(clone, made_up=some)
    with pytest.raises(
        ValueError, match=r"checkpoints/quantization/times\.json: it has no run times of \S+records/"
    ):
        keep_all(clone)
    for row in QUANTIZATION_ROWS:
        if row.name not in some:
            (Records(clone).kept / "quantization" / f"{row.name}.json").unlink()
    keep_all(clone)
    assert [file for file in kept_files(clone) if file.startswith("quantization")] == [
        f"quantization/{file}" for file in ("fp32.json", "fp32.npz", "int8.json", "int8.npz", "times.json")
    ]


def test_arrays_lie_beside_the_record_that_is_read(clone: Places) -> None:
    """Arrays that were kept are not taken for those of a row that was measured again."""
    made = clone.checkpoints / "learning" / "hard.json"
    made.parent.mkdir(parents=True)
    shutil.copy(Records(clone).kept / "learning" / "hard.json", made)
    with pytest.raises(
        FileNotFoundError, match=r"checkpoints/learning/hard\.npz: no such file; remove \S+hard\.json"
    ):
        keep_all(clone)


def test_no_damage_of_arrays_passes_unseen(tmp_path: Path) -> None:
    records = Records(Places(None, tmp_path, tmp_path / "models"))
    counts = {split: np.arange(30, dtype=np.int32).reshape(10, 3) for split in ("validation", "test")}
    (tmp_path / "row.json").write_text("{}")
    file, whole = tmp_path / "row.npz", packed(counts)
    damaged = [whole[:size] for size in range(0, len(whole), 7)] + [packed({**counts, "test": np.arange(3)})]
    for at in range(len(whole)):
        damaged.append(whole[:at] + bytes([whole[at] ^ 0x41]) + whole[at + 1 :])
    refused = 0
    for content in damaged:
        file.write_bytes(content)
        try:
            found = read_row_counts(records, "row.json", "compare_learning")
        except ValueError as error:
            assert str(error).startswith(f"{file}: damaged (") and f"remove {tmp_path / 'row.json'}" in str(
                error
            )
            refused += 1
        else:  # the damage was in what nobody reads, such as a date
            assert all((found[split] == counts[split]).all() for split in counts)
    assert refused > 0.6 * len(damaged)


def test_a_card_takes_the_kept_frozen_head(run_script: Run, tmp_path: Path) -> None:
    done = run_script("write_card", "--smoke", "--checkpoints", tmp_path)
    assert done.returncode == 0, done.stderr
    smoke = tmp_path / "smoke"
    places = Places(None, smoke, smoke / "models")
    card_file = places.models / "full" / "card.json"
    before = json.loads(card_file.read_text())["evaluation"]["frozenEncoder"]
    kept = Records(places).kept / "frozen-head.json"
    kept.parent.mkdir(parents=True)
    arguments = ("write_card", "--checkpoints", smoke, "--models", places.models, "--force")
    (smoke / "frozen-head.json").rename(kept)
    card_file.unlink()
    done = run_script(*arguments)
    assert done.returncode == 0, done.stderr
    assert json.loads(card_file.read_text())["evaluation"]["frozenEncoder"] == before
    kept.unlink()
    missing = run_script(*arguments).stderr
    assert f"{smoke / 'frozen-head.json'}: no such file; run scripts.frozen_head first" in missing
