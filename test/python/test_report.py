from __future__ import annotations

import itertools
import json
import subprocess
from collections.abc import Callable
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from matplotlib.text import Text
from matplotlib.transforms import Bbox

from scripts.lab.bootstrap import f1_of, interval, resampled_f1
from scripts.lab.kept_records import Records
from scripts.lab.reporting.cuts import plot_cuts
from scripts.lab.reporting.document import document
from scripts.lab.reporting.front import pareto_front
from scripts.lab.reporting.inputs import read_inputs
from scripts.lab.reporting.made_up import made_up_places, write_made_up, write_made_up_cuts
from scripts.lab.reporting.sections import lineage_notes
from scripts.lab.reporting.statistics import qualities
from scripts.lab.reporting.style import label_points, plot_style
from scripts.lab.reporting.wording import figure, signed
from scripts.report import DRAWN_BY

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


def test_a_variant_that_is_older_than_its_parent_is_said_to_descend_from_another(tmp_path: Path) -> None:
    places = made_up_places(tmp_path)
    names = ["full", "distilled-3l", "full-int8"]
    write_made_up(places, names)
    days = {"full": "2026-02-02", "distilled-3l": "2026-01-01", "full-int8": "2026-02-03"}
    for name, day in days.items():
        file = places.models / name / "card.json"
        card = json.loads(file.read_text())
        card |= {
            "parent": None if name == "full" else "full",
            "provenance": {"createdAt": f"{day}T00:00:00Z"},
        }
        file.write_text(json.dumps(card))
    (note,) = lineage_notes(read_inputs(Records(places), resamples=20, seed=1))
    assert note.startswith("`distilled-3l` (made 2026-01-01) is older than its parent `full` (2026-02-02)")


@pytest.mark.parametrize("sizes", [(3, 4), (0, 0)])
def test_counts_of_other_sentences_are_refused(sizes: tuple[int, int]) -> None:
    with pytest.raises(ValueError, match="expected the same number, one or more"):
        resampled_f1([made_up_counts(size, 0.5, 1) for size in sizes])


@pytest.fixture(scope="module")
def report(
    run_script: Callable[..., subprocess.CompletedProcess[str]], tmp_path_factory: pytest.TempPathFactory
) -> Path:
    checkpoints = tmp_path_factory.mktemp("report")
    for _ in range(2):  # the second time over the first one's products
        done = run_script("report", "--smoke", "--checkpoints", checkpoints)
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
    assert [plot.stem for plot in plots] == [
        "cuts",
        "f1-latency",
        "f1-size",
        "ladder",
        "learning",
        "per-tag",
        "quantization",
        "reliability",
        "tuning-history",
        "tuning-parameters",
    ]
    for plot in plots:
        assert f"](report/{plot.name})" in text
        assert 1_000 < plot.stat().st_size < 150_000


def test_variants_that_a_build_made_are_left_out_until_they_are_evaluated(tmp_path: Path) -> None:
    places = made_up_places(tmp_path)
    write_made_up(places, ("full", "distilled-3l-int8", "full-w8"))
    card_file = places.models / "full-w8" / "card.json"
    card = json.loads(card_file.read_text())
    card["provenance"] = {"builtBy": "entier"}
    card["recipe"] |= {"precision": "int8-weights", "storage": "int8"}
    card_file.write_text(json.dumps(card))

    evaluated = read_inputs(Records(places), resamples=10, seed=1).variants
    assert [variant.name for variant in evaluated] == ["full", "distilled-3l-int8", "full-w8"]
    assert [variant.int8 for variant in evaluated] == [False, True, True]

    (places.checkpoints / "evaluations" / "full-w8.json").unlink()
    left = read_inputs(Records(places), resamples=10, seed=1).variants
    assert [variant.name for variant in left] == ["full", "distilled-3l-int8"]


def test_cuts_stand_beside_variants_of_their_shape_and_need_their_figures(tmp_path: Path) -> None:
    places = made_up_places(tmp_path)
    write_made_up(places, ("full", "distilled-3l-int8"))
    assert read_inputs(Records(places), resamples=10, seed=1).elastic is None
    write_made_up_cuts(places, ("full", "distilled-3l-int8"))
    inputs = read_inputs(Records(places), resamples=10, seed=1)
    assert [variant.name for variant in inputs.variants] == ["full", "distilled-3l-int8"]
    text = document(inputs)
    cut = next(cut for cut in inputs.elastic.cuts if cut["name"] == "5x1")["int8"]["f1"]["validation"]
    own = inputs.variants[1].quality.validation.value
    row = next(
        line
        for line in text.splitlines()
        if line.startswith("| `distilled-3l-int8` | 0, 1, 2, 3, 4 | 0, 1, 2, 4, 5")
    )
    assert row.endswith(f"| {figure(own)} | {figure(cut)} | {signed(cut - own)} |")
    assert "It is worse than `distilled-3l-int8` by more than that." in text

    card_file = places.models / "elastic" / "card.json"
    card = json.loads(card_file.read_text())
    del card["evaluation"]["cuts"]
    card_file.write_text(json.dumps(card))
    with pytest.raises(ValueError, match=r"run scripts\.elastic_cuts"):
        read_inputs(Records(places), resamples=10, seed=1)


def test_the_plots_are_the_same_bytes_again(tmp_path: Path) -> None:
    places = made_up_places(tmp_path)
    write_made_up(places, ("full", "distilled-3l-int8"))
    write_made_up_cuts(places, ("full", "distilled-3l-int8"))
    inputs = read_inputs(Records(places), resamples=100, seed=1)
    draws = {name: (draw, inputs) for name, draw in DRAWN_BY.items()} | {"cuts": (plot_cuts, inputs.elastic)}
    for name, (draw, found) in draws.items():
        drawn = []
        for target in (tmp_path / "one.svg", tmp_path / "other.svg"):
            with plot_style():
                draw(found, target)
            drawn.append(target.read_text(encoding="utf-8"))
        assert drawn[0] == drawn[1], name
        assert "<text" in drawn[0] and "dc:date" not in drawn[0]


def test_labels_of_crowded_points_do_not_overlap() -> None:
    points = [(1.0, 0.9), (1.02, 0.9), (1.0, 0.902), (1.05, 0.899), (3.0, 0.85), (1.0, 0.9), (1.03, 0.901)]
    with plot_style():
        figure, axes = plt.subplots(figsize=(8, 5))
        axes.set(xlim=(0, 4), ylim=(0.8, 0.95))
        texts = [f"distilled-{index}l-int8" for index in range(len(points))]
        notes = label_points(axes, points, texts, [])
        figure.canvas.draw()
        boxes = [Text.get_window_extent(note, figure.canvas.get_renderer()) for note in notes]
        limits = axes.get_window_extent()
        plt.close(figure)
    for one, other in itertools.combinations(boxes, 2):
        assert Bbox.intersection(one, other) is None
    assert all(limits.x0 <= box.x0 and box.x1 <= limits.x1 for box in boxes)


@pytest.mark.parametrize(
    ("lost", "step"),
    [
        ("models/full/card.json", "write_card"),
        ("evaluations/full.npz", "evaluate"),
        ("latency/full.json", "profile_latency"),
        ("calibration/full.json", "calibrate"),
        ("robustness/full.json", "robustness"),
        ("frozen-head.json", "frozen_head"),
        ("encoder-only.json", "encoder_only"),
    ],
)
def test_a_missing_input_names_its_script(tmp_path: Path, lost: str, step: str) -> None:
    places = made_up_places(tmp_path)
    write_made_up(places, ("full", "small-int8"))
    (tmp_path / lost).unlink()
    with pytest.raises(FileNotFoundError, match=rf"run scripts\.{step}"):
        read_inputs(Records(places), resamples=100, seed=1)


@pytest.mark.parametrize(
    ("folder", "change", "message"),
    [
        ("latency", {"measuredAt": "1971-01-01T00:00:00Z"}, "of different runs and cannot be compared"),
        (
            "calibration",
            {"sha256": "0"},
            r"of another model file than the card of full; run scripts\.calibrate",
        ),
        ("robustness", {"typos": {}}, r"expected 'typos.f1' in it; run scripts\.robustness again"),
    ],
)
def test_stale_inputs_are_refused(tmp_path: Path, folder: str, change: dict, message: str) -> None:
    places = made_up_places(tmp_path)
    write_made_up(places, ("full", "small-int8"))
    path = tmp_path / folder / "full.json"
    path.write_text(json.dumps({**json.loads(path.read_text()), **change}))
    with pytest.raises(ValueError, match=message):
        read_inputs(Records(places), resamples=100, seed=1)


@pytest.mark.parametrize("share", [0.0, 1.0])
def test_the_text_holds_for_extreme_figures(tmp_path: Path, share: float) -> None:
    """One variant; all tags below the reference, or all above it; not one right answer on test, or all."""
    places = made_up_places(tmp_path)
    write_made_up(places, ("full",))
    path = tmp_path / "evaluations" / "full.json"
    evaluation = json.loads(path.read_text())
    for found in evaluation["test"]["perTag"].values():
        found["f1"] = share
    path.write_text(json.dumps(evaluation))
    with np.load(tmp_path / "evaluations" / "full.npz") as saved:
        arrays = dict(saved)
    counts = arrays["test_counts"]
    counts[:, :2] = counts[:, 2:] * int(share)
    np.savez(tmp_path / "evaluations" / "full.npz", **arrays)
    text = document(read_inputs(Records(places), resamples=100, seed=1))
    behind = "; not at `B-LOC`" if share == 0 else "."
    assert f"`full` beats the reference at {8 if share else 0} of 8 tags{behind}" in text
    assert "cannot be told from" not in text and "surely another" not in text
    assert "`small" not in text
