"""The comparison of ways to teach: its chain on tiny data, and what the report makes of it."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from scripts.lab.arguments import Places
from scripts.lab.bootstrap import f1_of
from scripts.lab.corpus import read_columns
from scripts.lab.kept_records import Records
from scripts.lab.learning_rows import Budget, base_rows, student_rows
from scripts.lab.reporting.learning import read_learning, sections
from scripts.lab.reporting.made_up import made_up_places
from scripts.lab.reporting.made_up_learning import write_made_up_learning, write_made_up_row
from scripts.lab.reporting.wording import figure
from scripts.lab.soft_labels import require_same_input

ROWS = student_rows("full", ("full", "elastic"))
Run = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture(scope="module")
def compared(root: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    checkpoints = tmp_path_factory.mktemp("learning")
    command = [sys.executable, "-m", "scripts.compare_learning", "--smoke", "--checkpoints", checkpoints]
    done = subprocess.run(
        [*command, "--only", "labels", "generated-infill", "base-pretrained"],
        cwd=root,
        capture_output=True,
        text=True,
        timeout=600,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return checkpoints / "smoke"


def test_each_row_is_trained_alike_and_measured(compared: Path) -> None:
    found = {path.stem: json.loads(path.read_text()) for path in (compared / "learning").glob("*.json")}
    assert sorted(found) == ["base-pretrained", "generated-infill", "labels"]
    for name, row in found.items():
        assert row["steps"] == sum(1 for _ in row["history"]) * 2
        assert (row["layers"], row["textsPerStep"]) == (6 if name == "base-pretrained" else 3, 32)
        assert str(compared) not in json.dumps(row)
        with np.load(compared / "learning" / f"{name}.npz") as counts:
            for split in ("validation", "test"):
                assert float(f1_of(counts[split].sum(axis=0))) == pytest.approx(row["f1"][split], abs=1e-5)
    assert "--target none" in found["labels"]["command"]
    assert found["generated-infill"]["trainSentences"] > found["labels"]["trainSentences"]
    assert not list(compared.glob("learning-*")), "the weights of rows are not kept"
    learning = read_learning(Records(Places(None, compared, compared / "models")), resamples=50, seed=1)
    assert learning.groups["student"][0].name == "labels"
    assert "fine-tuned" not in learning.groups, "without the base as it is there is nothing to compare with"


def test_generated_text_is_a_column_file_of_new_sentences(compared: Path) -> None:
    made = read_columns(compared / "generated" / "generated-infill.txt", scheme="bio")
    record = json.loads((compared / "generated" / "generated-infill.json").read_text())
    assert len(made) == record["sentences"] > 10
    old = {sentence.tokens for sentence in read_columns(compared / "data" / "eng.train")}
    assert sum(sentence.tokens in old for sentence in made) == 0
    assert not (compared / "generated" / "generated-infill.parts").exists()


def test_rows_that_are_there_are_left_and_wrong_ones_refused(compared: Path, run_script: Run) -> None:
    arguments = ("--data", compared / "data", "--checkpoints", compared)
    done = run_script("compare_learning", *arguments, "--only", "labels")
    assert done.returncode == 0, done.stderr
    assert "labels.json is there" in done.stdout
    for wrong, message in (
        (("--only", "labels", "warm"), "--only warm: no such row; there are labels, hard"),
        (("--ensemble", "full", "none"), "no checkpoint there; train it"),
        (("--epochs", "0"), "--epochs: 0: expected 1 or more"),
    ):
        refused = run_script("compare_learning", *arguments, *wrong)
        assert (refused.returncode, message in refused.stderr) == (2, True), refused.stderr
        assert "Traceback" not in refused.stderr


def test_teachers_that_read_texts_in_another_way_are_refused(compared: Path) -> None:
    require_same_input([compared / "full", compared / "elastic"])
    with pytest.raises(ValueError, match="has another tokenizer or other case classes than"):
        require_same_input([compared / "full", compared / "base"])


def test_rows_differ_in_what_they_are_about_alone() -> None:
    assert len({row.arguments for row in ROWS}) == len(ROWS)
    assert Budget(2, 100, 16).steps == 200
    names = [row.name for row in (*ROWS, *base_rows("pretrained"))]
    assert len(set(names)) == len(names)
    techniques = {row.technique for row in ROWS}
    assert {f"{kind} distillation" for kind in ("label", "feature", "generative", "network")} <= techniques


def test_the_report_has_each_row_and_what_can_be_told(tmp_path: Path) -> None:
    places = made_up_places(tmp_path)
    assert read_learning(Records(places), resamples=50, seed=1).empty
    assert sections(read_learning(Records(places), resamples=50, seed=1)) == []
    write_made_up_learning(places)
    learning = read_learning(Records(places), resamples=200, seed=1)
    text = "\n\n".join(sections(learning))
    for rows in learning.groups.values():
        for row in rows:
            line = next(line for line in text.splitlines() if line.startswith(f"| `{row.name}`"))
            assert f"| {figure(row.test.value)} |" in line
            with np.load(places.checkpoints / "learning" / f"{row.name}.npz") as counts:
                f1 = float(f1_of(counts["validation"].sum(axis=0)))
            assert figure(f1) in line
    assert "| base, head trained | 90.0 |" in text
    tuning = learning.tuning
    assert (
        f"The best, number {tuning['best']['number']}, has validation F1 {figure(tuning['best']['f1'])}"
        in text
    )
    told = next(line for line in text.splitlines() if line.startswith("Better than `labels` at 95 %"))
    assert "`ensemble`" in told

    assert "Not measured" not in text

    for name in ("base-as-it-is", "relations", "ensemble"):
        (places.checkpoints / "learning" / f"{name}.json").unlink()
    (places.checkpoints / "tuning" / "tuning.json").unlink()
    parts = sections(read_learning(Records(places), resamples=50, seed=1))
    assert "What it does to F1 was not measured." in parts
    assert "Not measured for this report: `relations` and `ensemble`." in parts
    assert parts[-1] == "Not measured: `python -m scripts.tune` was not run for this report."


def test_rows_of_other_budgets_and_damaged_ones_are_refused(tmp_path: Path) -> None:
    places = made_up_places(tmp_path)
    for row in ROWS[:2]:
        write_made_up_row(places, row, right=0.8, seed=1)
    path = write_made_up_row(places, ROWS[2], right=0.8, seed=1, steps=99)
    with pytest.raises(
        ValueError, match=r"soft-t1\.json: of other steps, batch or layers than \S+labels\.json"
    ):
        read_learning(Records(places), resamples=50, seed=1)
    write_made_up_row(places, ROWS[2], right=0.8, seed=1)
    path.with_suffix(".npz").write_bytes(b"torn")
    with pytest.raises(ValueError, match=r"soft-t1\.npz: damaged \(.*remove \S+soft-t1\.json and run"):
        read_learning(Records(places), resamples=50, seed=1)
