from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from scripts.lab.bootstrap import f1_of, interval, resampled_f1
from scripts.lab.reporting.front import pareto_front
from scripts.lab.reporting.statistics import qualities

POINTS = st.lists(
    st.tuples(st.integers(1, 9).map(float), st.integers(0, 9).map(float)), min_size=1, max_size=12
)


def made_up_counts(sentences: int, share_right: float, seed: int) -> np.ndarray:
    """Two entities a sentence, each found with the given probability, and nothing answered beside them."""
    right = np.random.default_rng(seed).binomial(2, share_right, sentences)
    return np.stack([right, right, np.full(sentences, 2)], axis=1)


@given(POINTS)
def test_the_front_is_what_nothing_dominates(points: list[tuple[float, float]]) -> None:
    def dominated(point: tuple[float, float]) -> bool:
        return any(other[0] <= point[0] and other[1] >= point[1] and other != point for other in points)

    expected = {index for index, point in enumerate(points) if not dominated(point)}
    assert set(pareto_front(points)) == expected


def test_intervals_cover_the_truth_as_often_as_they_say() -> None:
    truth = 2 * 0.8 / (0.8 + 1)  # recall .8 at precision 1
    covered = 0
    for seed in range(100):
        moved = resampled_f1([made_up_counts(200, 0.8, seed)], resamples=400, seed=seed)
        low, high = interval(moved[0])
        covered += low <= truth <= high
    assert 85 <= covered <= 100


def test_the_same_seed_gives_the_same_interval() -> None:
    counts = [made_up_counts(50, 0.7, 1)]
    same = [resampled_f1(counts, resamples=100, seed=seed) for seed in (1, 1, 2)]
    assert (same[0] == same[1]).all()
    assert (same[0] != same[2]).any()


def test_a_paired_difference_is_signed_and_narrower_than_the_intervals() -> None:
    better = made_up_counts(500, 0.8, 1)
    worse = better.copy()
    worse[:25, :2] = 0  # the same answers but for a few sentences
    splits = [{"validation": each, "test": each} for each in (better, worse)]
    found = qualities({"full": splits[0], "small": splits[1]}, "full", resamples=500, seed=1)
    assert found["full"].difference.value == found["full"].difference.high == 0
    small = found["small"]
    assert small.difference.value == pytest.approx(small.test.value - found["full"].test.value)
    assert small.difference.excludes_zero and small.difference.high < 0
    assert small.difference.high - small.difference.low < small.test.high - small.test.low


@pytest.mark.parametrize("sizes", [(3, 4), (0, 0)])
def test_counts_of_other_sentences_are_refused(sizes: tuple[int, int]) -> None:
    with pytest.raises(ValueError, match="expected the same number, one or more"):
        resampled_f1([made_up_counts(size, 0.5, 1) for size in sizes])


@pytest.fixture(scope="module")
def report(root: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    checkpoints = tmp_path_factory.mktemp("report")
    for _ in range(2):  # the second time over the first one's products
        done = subprocess.run(
            [sys.executable, "-m", "scripts.report", "--smoke", "--checkpoints", str(checkpoints)],
            cwd=root,
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )
        assert done.returncode == 0, done.stderr
    (found,) = checkpoints.rglob("REPORT.md")
    return found


def test_the_table_has_the_figures_of_its_inputs(report: Path) -> None:
    text = report.read_text(encoding="utf-8")
    for evaluation in report.parent.parent.rglob("evaluations/*.npz"):
        with np.load(evaluation) as saved:
            f1 = float(f1_of(saved["test_counts"].sum(axis=0)))
        row = next(line for line in text.splitlines() if line.startswith(f"| `{evaluation.stem}`"))
        assert f"{f1:.4f}".removeprefix("0") in row
        latency = json.loads((evaluation.parents[1] / "latency" / f"{evaluation.stem}.json").read_text())
        assert latency["ms"]["1x32"] > 0


def test_every_plot_is_shown_and_is_there(report: Path) -> None:
    text = report.read_text(encoding="utf-8")
    plots = sorted((report.parent / "report").glob("*.svg"))
    assert [plot.stem for plot in plots] == ["f1-latency", "f1-size", "ladder", "per-tag", "reliability"]
    for plot in plots:
        assert f"](report/{plot.name})" in text
        assert 1_000 < plot.stat().st_size < 150_000
