"""The comparison of ways to quantize: its chain on tiny data, and what the report makes of it."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import numpy as np
import onnx
import pytest
from onnx import numpy_helper

from scripts import compare_quantization
from scripts.lab.arguments import Places
from scripts.lab.bootstrap import f1_of
from scripts.lab.cards import count_parameters, recipe_of
from scripts.lab.kept_records import Records
from scripts.lab.onnx_graph import tagger_graph
from scripts.lab.onnx_quantize import quantize
from scripts.lab.quantization_methods import (
    METHODS,
    Feeds,
    compute_in_halves,
    quantize_statically,
    quantize_weights,
)
from scripts.lab.quantization_rows import ROWS, chosen_rows
from scripts.lab.reporting.made_up import made_up_places, write_made_up
from scripts.lab.reporting.made_up_quantization import MADE_UP, write_made_up_quantization
from scripts.lab.reporting.quantization import plot_quantization, read_quantization, sections
from scripts.lab.reporting.style import plot_style
from scripts.lab.reporting.wording import figure
from scripts.lab.runtime import shape_feeds
from scripts.lab.smoke import small_model
from scripts.write_card import describe

VOCABULARY = 60


def call(*arguments: str | Path) -> None:
    """As a user would from the command line, but without loading everything once more."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sys, "argv", ["compare_quantization", *map(str, arguments)])
        compare_quantization.main()


@pytest.fixture(scope="module")
def compared(tmp_path_factory: pytest.TempPathFactory) -> Path:
    checkpoints = tmp_path_factory.mktemp("quantization")
    call("--smoke", "--checkpoints", checkpoints, "--only", "int8", "int8-static-naive-padded")
    return checkpoints / "smoke"


def test_each_row_is_made_measured_and_timed(compared: Path) -> None:
    folder = compared / "quantization"
    found = {path.stem: json.loads(path.read_text()) for path in folder.glob("*.json")}
    times = found.pop("times")
    assert sorted(found) == sorted(times["rows"]) == ["fp32", "int8", "int8-static-naive-padded"]
    for name, row in found.items():
        assert str(compared) not in json.dumps(row)
        with np.load(folder / f"{name}.npz") as counts:
            for split in ("validation", "test"):
                assert float(f1_of(counts[split].sum(axis=0))) == pytest.approx(row["f1"][split], abs=1e-5)
        assert times["rows"][name]["sha256"] == row["sha256"]
        assert times["rows"][name]["ms"]["1x32"]["median"] > 0
    assert found["fp32"]["agreement"]["f1"] == 1
    assert found["fp32"]["command"] is None
    assert found["int8-static-naive-padded"]["command"].endswith("--calibration-padded --data DATA")
    assert times["rows"]["fp32"]["speedup"]["8x32"] == {"median": 1, "min": 1, "max": 1}


def test_rows_that_are_there_are_left_and_wrong_ones_refused(
    compared: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    arguments = ("--data", compared / "data", "--checkpoints", compared, "--models", compared / "models")
    before = (compared / "quantization" / "int8.json").read_bytes()
    call(*arguments, "--only", "int8")
    said = capsys.readouterr().out
    assert "int8.json is there" in said and "times.json is there" in said
    assert (compared / "quantization" / "int8.json").read_bytes() == before
    for wrong, message in (
        (("--only", "int8", "int2"), "--only int2: no such row; there are fp32, int8"),
        (("--variant", "none"), "run scripts.export --names none first"),
        (("--checkpoints", compared / "empty", "--parts", "times"), "run with --parts f1 first"),
    ):
        with pytest.raises((ValueError, FileNotFoundError), match=message):
            call(*arguments, *wrong)
    with pytest.raises(SystemExit, match="2"):
        call(*arguments, "--rounds", "0")
    assert "--rounds: 0: expected 1 or more" in capsys.readouterr().err

    for file, part, message in (
        (compared / "quantization" / "models" / "int8" / "model.onnx", "times", "missing, or another than"),
        (compared / "models" / "full" / "model.onnx", "f1", "of another full; pass --force"),
    ):
        kept = file.read_bytes()
        file.write_bytes(kept + b"\0")
        with pytest.raises(ValueError, match=message):
            call(*arguments, "--parts", part)
        file.write_bytes(kept)


def test_the_report_reads_what_the_comparison_wrote(compared: Path) -> None:
    places = Places(None, compared, compared / "models")
    source = json.loads((compared / "quantization" / "fp32.json").read_text())["sourceSha256"]
    card = places.models / "full" / "card.json"
    card.write_text(json.dumps({"sha256": source}))
    found = read_quantization(Records(places), resamples=50, seed=1)
    card.unlink()
    assert [row.name for row in found.rows] == ["fp32", "int8", "int8-static-naive-padded"]
    missing = "`int8-static`, `int8-static-percentile`, `int8-static-naive`, `w8`, `w4` and `fp16-compute`"
    assert f"Not measured for this report: {missing}." in sections(found)


def test_every_method_has_a_row() -> None:
    made = {row.arguments[1] for row in ROWS if row.arguments}
    assert made == set(METHODS)
    assert [row.name for row in chosen_rows(["w4"])] == ["fp32", "w4"]


def test_the_report_says_which_rows_lose(tmp_path: Path) -> None:
    places = made_up_places(tmp_path)
    assert read_quantization(Records(places), resamples=50, seed=1) is None
    write_made_up(places, ("full",))
    write_made_up_quantization(places)
    found = read_quantization(Records(places), resamples=200, seed=1)
    text = "\n\n".join(sections(found))
    for row in found.rows:
        line = next(line for line in text.splitlines() if line.startswith(f"| `{row.name}`"))
        with np.load(places.checkpoints / "quantization" / f"{row.name}.npz") as counts:
            f1 = float(f1_of(counts["test"].sum(axis=0)))
        assert figure(f1) in line
        assert f"| {8 / MADE_UP[row.name][1]:.2f} (" in line
    assert "- Broken: `int8-static-naive-padded`, with test F1" in text
    worse = next(line for line in text.splitlines() if line.startswith("- Surely worse than `fp32`"))
    assert "`w4`" in worse and "`int8-static-naive`" in worse
    assert "- Slower than `fp32` at 1x32, in the median: `w4` and `fp16-compute`." in text
    assert "- `w4` loses: " in text and "`fp16-compute` loses" not in text
    assert "Not measured" not in text and "did other work" not in text
    write_made_up_quantization(places, load_before=9.0)
    busy = sections(read_quantization(Records(places), resamples=50, seed=1))[1]
    assert "The 2 cores did other work meanwhile (load average 9.0 before)" in busy

    with plot_style():
        plot_quantization(found, tmp_path / "plot.svg")
    drawn = (tmp_path / "plot.svg").read_text(encoding="utf-8")
    assert "far below: int8-static-naive-padded" in drawn


@pytest.mark.parametrize(
    ("file", "change", "message"),
    [
        ("int8.json", {"sourceSha256": "0"}, "of another model file than the card of full"),
        ("times.json", {"rows": {}}, "--parts times --force"),
        ("w8.json", {"together": {}}, "expected 'together.f1' in it"),
    ],
)
def test_stale_rows_are_refused(tmp_path: Path, file: str, change: dict, message: str) -> None:
    places = made_up_places(tmp_path)
    write_made_up(places, ("full",))
    write_made_up_quantization(places)
    path = tmp_path / "quantization" / file
    path.write_text(json.dumps({**json.loads(path.read_text()), **change}))
    with pytest.raises(ValueError, match=message):
        read_quantization(Records(places), resamples=50, seed=1)


@pytest.fixture(scope="module")
def graph() -> onnx.ModelProto:
    return tagger_graph(small_model(VOCABULARY, layers=2).eval())


def feeds_of(lengths: tuple[int, ...]) -> list[Feeds]:
    """A batch of texts that are padded to 12 tokens."""
    feeds = shape_feeds(len(lengths), 12, VOCABULARY, seed=1)
    for row, length in enumerate(lengths):
        feeds["attention_mask"][row, length:] = 0
    return [feeds]


def test_padding_stretches_the_range_of_scores_where_everything_is_quantized(graph: onnx.ModelProto) -> None:
    def steps(lengths: tuple[int, ...]) -> float:
        made = quantize_statically(graph, feeds_of(lengths), naive=True)
        stored = {tensor.name: numpy_helper.to_array(tensor) for tensor in made.graph.initializer}
        return float(stored["layer.0.attention.masked_scale"].reshape(-1)[0])

    assert steps((12, 12)) < 1
    assert steps((12, 5)) > 10_000 / 256


@pytest.mark.parametrize(
    ("method", "precision", "embeddings", "storage", "words"),
    [
        ("none", "fp32", "fp16", "fp16", "fp32, stored as fp16"),
        ("int8", "int8-dynamic", "int8-per-row", "int8", "dynamic int8"),
        ("int8-static", "int8-static", "int8-per-row", "int8", "static int8"),
        ("int8-static-naive", "int8-static", "int8-per-tensor", "int8", "static int8"),
        ("w8", "int8-weights", "int8-per-row", "int8", "weights in int8 blocks"),
        ("w4", "int4-weights", "int8-per-row", "int4", "weights in int4 blocks"),
        ("fp16-compute", "fp16", "fp16", "fp16", "fp16"),
    ],
)
def test_a_card_tells_how_a_file_computes(
    graph: onnx.ModelProto, method: str, precision: str, embeddings: str, storage: str, words: str
) -> None:
    made = {
        "none": lambda: graph,
        "int8": lambda: quantize(graph),
        "int8-static": lambda: quantize_statically(graph, feeds_of((12, 12)), naive=False),
        "int8-static-naive": lambda: quantize_statically(graph, feeds_of((12, 12)), naive=True),
        "w8": lambda: quantize_weights(graph, 8),
        "w4": lambda: quantize_weights(graph, 4),
        "fp16-compute": lambda: compute_in_halves(graph),
    }[method]()
    recipe = recipe_of(made, layers=[0, 1], ffn=1)
    assert (recipe["precision"], recipe["embeddings"], recipe["storage"]) == (precision, embeddings, storage)
    assert describe(recipe, 2) == f"Entity tagger with all 2 layers, {words}."
    assert count_parameters(made) == count_parameters(graph)
