from __future__ import annotations

from pathlib import Path

import numpy as np
import onnx
import pytest

from scripts.lab import latency_rounds
from scripts.lab.arguments import Places
from scripts.lab.fused_graph import fused, fused_operators
from scripts.lab.latency_rounds import fastest, measure_rounds, rotated, speedup
from scripts.lab.layer_shapes import LayerShape, ShapedTagger, set_shapes
from scripts.lab.onnx_graph import tagger_graph
from scripts.lab.onnx_quantize import quantize
from scripts.lab.resident import STATUS, resident_mb
from scripts.lab.runtime import LATENCY_SHAPES, open_session, shape_feeds
from scripts.lab.smoke import small_model, small_tokenizer
from scripts.profile_latency import fused_forms

SHAPES = ("1x8", "1x32", "1x128", "8x32")
VOCABULARY = small_tokenizer().get_vocab_size()


@pytest.fixture(scope="module")
def graph() -> onnx.ModelProto:
    return tagger_graph(small_model(VOCABULARY, layers=3))


@pytest.mark.parametrize(
    ("shapes", "forms"),
    [
        ([(4, 64), (4, 8)], 2),
        ([(4, 64), (2, 64)], 0),
        ([(2, 64), (2, 64)], 0),
        ([(4, 64), (0, 64)], 0),
    ],
)
def test_only_models_with_all_their_heads_are_fused(
    tmp_path: Path, shapes: list[tuple[int, int]], forms: int
) -> None:
    config = small_model(VOCABULARY, layers=1).config
    set_shapes(config, [LayerShape(*shape) for shape in shapes])
    (tmp_path / "cut").mkdir()
    onnx.save(tagger_graph(ShapedTagger(config)), tmp_path / "cut" / "model.onnx")
    assert len(fused_forms(Places(None, tmp_path, tmp_path), "cut")) == forms


@pytest.mark.parametrize("normalization", [True, False])
def test_the_fused_baseline_answers_as_the_served_file(graph: onnx.ModelProto, normalization: bool) -> None:
    made = fused(graph, normalization=normalization)
    operators = fused_operators(made)
    assert (operators["Attention"], operators["BiasGelu"]) == (3, 3)
    assert ("SkipLayerNormalization" in operators) == normalization
    feeds = shape_feeds(3, 12, VOCABULARY, seed=1)
    feeds["attention_mask"][1, 7:] = 0
    feeds["token_type_ids"][:] = 2
    served, found = (
        open_session(model.SerializeToString(), threads=1).run(["logits"], feeds)[0]
        for model in (graph, made)
    )
    attended = feeds["attention_mask"] == 1
    assert np.abs(served - found)[attended].max() < 1e-4


def test_only_floating_point_is_fused(graph: onnx.ModelProto) -> None:
    with pytest.raises(ValueError, match=r"storage 'int8': expected a model of scripts\.export"):
        fused(quantize(graph), normalization=True)


def test_every_round_visits_all_and_begins_elsewhere(monkeypatch: pytest.MonkeyPatch) -> None:
    visited: list[str] = []

    def run(session: str, feeds: dict[str, np.ndarray], seconds: float) -> list[float]:
        visited.append(session)
        return [1.0, 9.0, 2.0]

    monkeypatch.setattr(latency_rounds, "run_times_ms", run)
    names = ["a", "b", "c"]
    found = measure_rounds(
        {name: name for name in names}, dict.fromkeys(names, 10), rounds=4, seconds=0.0, seed=1
    )
    orders = [visited[start : start + 3] for start in range(0, len(visited), 3)]
    per_round = len(LATENCY_SHAPES)
    assert all(order == orders[0] for order in orders[:per_round])
    assert [orders[number * per_round] for number in range(4)] == [rotated(names, by) for by in range(4)]
    assert {order[0] for order in orders} == set(names)
    assert found == {name: {shape: [2.0] * 4 for shape in SHAPES} for name in names}


def test_the_ratio_is_taken_within_each_round() -> None:
    """A machine that slows down by half in the second round changes no ratio."""
    baseline = {shape: [10.0, 20.0, 10.0] for shape in SHAPES}
    variant = {shape: [2.0, 4.0, 2.5] for shape in SHAPES}
    assert speedup(variant, baseline)["1x32"] == {"median": 5.0, "min": 4.0, "max": 5.0}
    assert fastest({"as served": baseline, "fused": variant}, "1x32") == "fused"
    assert fastest({"as served": baseline, "fused": baseline}, "1x32") == "as served"


@pytest.mark.skipif(not STATUS.is_file(), reason="there is no /proc here")
def test_memory_grows_with_the_weights(tmp_path: Path) -> None:
    found = []
    for hidden in (32, 512):
        path = tmp_path / f"{hidden}.onnx"
        onnx.save(tagger_graph(small_model(VOCABULARY, layers=2, hidden=hidden)), path)
        found.append((path.stat().st_size / 1e6, resident_mb(path, VOCABULARY)))
    (small_file, small), (large_file, large) = found
    assert 0 < small < large
    assert large - small > large_file - small_file  # fp16 on disk is fp32 in memory
