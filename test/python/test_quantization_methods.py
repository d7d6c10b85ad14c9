from __future__ import annotations

import sys
from collections import Counter
from pathlib import Path

import numpy as np
import onnx
import onnxruntime
import pytest
from hypothesis import given
from hypothesis import strategies as st

from scripts import quantize as quantize_script
from scripts.lab.onnx_graph import tagger_graph
from scripts.lab.quantization_methods import (
    BLOCK,
    METHODS,
    compute_in_halves,
    equal_windows,
    pack_blocks,
    quantize_statically,
    quantize_weights,
)
from scripts.lab.runtime import shape_feeds
from scripts.lab.smoke import small_model

VOCABULARY = 60


def run(model: onnx.ModelProto, feeds: dict[str, np.ndarray]) -> np.ndarray:
    return onnxruntime.InferenceSession(model.SerializeToString()).run(None, feeds)[0]


@pytest.fixture(scope="module")
def graph() -> onnx.ModelProto:
    return tagger_graph(small_model(VOCABULARY, layers=2).eval())


def operators(model: onnx.ModelProto) -> Counter[str]:
    return Counter(node.op_type for node in model.graph.node)


@pytest.mark.parametrize(("bits", "most"), [(8, 0.05), (4, 0.4)])
def test_weights_in_blocks_stay_close_to_float(graph: onnx.ModelProto, bits: int, most: float) -> None:
    feeds = shape_feeds(2, 16, VOCABULARY, seed=1)
    made = quantize_weights(graph, bits)
    expected, got = run(graph, feeds), run(made, feeds)
    assert np.abs(expected - got).mean() < most * expected.std()
    assert operators(made)["MatMulNBits"] == 12
    stored = {tensor.name: tensor for tensor in made.graph.initializer}
    assert stored["embeddings.word.int8"].data_type == onnx.TensorProto.INT8
    assert "embeddings.word" not in stored
    # 32 rows and 64 columns: a block a column.
    assert list(stored["layer.0.ffn.up.weight.blocks"].dims) == [64, 1, BLOCK * bits // 8]


@given(st.integers(0, 10_000), st.integers(1, 3), st.integers(1, 5), st.sampled_from([4, 8]))
def test_a_packed_block_is_at_most_a_step_off(seed: int, blocks: int, columns: int, bits: int) -> None:
    weight = np.random.default_rng(seed).normal(0, 1, (blocks * BLOCK, columns)).astype(np.float32)
    levels, scales = pack_blocks(weight, bits)
    if bits == 4:
        levels = np.stack([levels & 15, levels >> 4], axis=-1).reshape(columns, blocks, BLOCK)
    steps = scales.reshape(columns, blocks, 1)
    back = (levels.astype(np.float32) - 2 ** (bits - 1)) * steps
    assert (np.abs(back - weight.T.reshape(columns, blocks, BLOCK)) <= np.abs(steps) * 1.001).all()


def test_a_weight_that_no_block_fits_is_refused_by_its_name() -> None:
    with pytest.raises(ValueError, match="31 rows"):
        pack_blocks(np.ones((31, 2), dtype=np.float32), 8)


def test_static_int8_with_care_rounds_products_only_and_the_naive_one_all(graph: onnx.ModelProto) -> None:
    feeds = [shape_feeds(1, 16, VOCABULARY, seed=seed) for seed in range(8)]
    careful = quantize_statically(graph, feeds, naive=False)
    naive = quantize_statically(graph, feeds, naive=True)
    expected = run(graph, feeds[0])
    errors = [float(np.abs(run(made, feeds[0]) - expected).mean()) for made in (careful, naive)]
    assert errors[0] < errors[1]
    assert operators(careful)["QuantizeLinear"] < operators(naive)["QuantizeLinear"]


def test_fp16_compute_keeps_its_inputs_and_outputs(graph: onnx.ModelProto) -> None:
    made = compute_in_halves(graph)
    feeds = shape_feeds(2, 16, VOCABULARY, seed=1)
    got = run(made, feeds)
    assert got.dtype == np.float32
    assert np.allclose(got, run(graph, feeds), atol=0.05)
    floats = [tensor for tensor in made.graph.initializer if tensor.data_type == onnx.TensorProto.FLOAT]
    assert sum(np.prod(tensor.dims) for tensor in floats) < 10
    onnx.checker.check_model(made)


def test_a_quantized_model_is_not_quantized_again(graph: onnx.ModelProto) -> None:
    with pytest.raises(ValueError, match="quantized already"):
        quantize_weights(quantize_weights(graph, 8), 4)


def test_sentences_to_calibrate_with_become_windows_of_one_length() -> None:
    sentences = [{"input_ids": np.array([[1, *range(10, 10 + length), 2]])} for length in (40, 5, 20)]
    windows = equal_windows(sentences)
    assert [window["input_ids"].shape for window in windows] == [(1, 32), (1, 32)]
    assert [window["input_ids"][0, [0, 1, -1]].tolist() for window in windows] == [[1, 10, 2], [1, 40, 2]]
    assert equal_windows(sentences[1:2])[0]["input_ids"].tolist() == [[1, 10, 11, 12, 13, 14, 2]]


def call(monkeypatch: pytest.MonkeyPatch, *arguments: str) -> None:
    monkeypatch.setattr(sys, "argv", ["quantize", *arguments])
    quantize_script.main()


@pytest.mark.parametrize("method", METHODS)
def test_each_method_works_from_the_command_line(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, method: str
) -> None:
    call(monkeypatch, "--smoke", "--checkpoints", str(tmp_path), "--method", method, "--name", "made")
    assert (tmp_path / "smoke" / "models" / "made" / "model.onnx").is_file()


@pytest.mark.parametrize(
    "wrong",
    [
        ["--weight-bits", "7"],
        ["--calibration-sentences", "5"],
        ["--calibration-padded"],
        ["--calibration-percentile", "99.9"],
    ],
)
def test_arguments_that_a_method_does_not_have_are_refused(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], wrong: list[str]
) -> None:
    with pytest.raises(SystemExit, match="2"):
        call(monkeypatch, "--method", "w8", *wrong)
    assert wrong[0] in capsys.readouterr().err
