from __future__ import annotations

from collections import Counter

import numpy as np
import onnx
import onnxruntime
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from onnx import numpy_helper

from scripts.lab.layer_shapes import LayerShape, ShapedTagger, set_shapes
from scripts.lab.onnx_graph import tagger_graph, weights_of
from scripts.lab.onnx_quantize import quantize, quantize_columns, quantize_rows
from scripts.lab.smoke import small_model

VOCABULARY = 60


def run(model: onnx.ModelProto, feeds: dict[str, np.ndarray]) -> np.ndarray:
    options = onnxruntime.SessionOptions()
    # Products of int8 exact on CPUs without VNNI too: the graph is tested, not the CPU.
    options.add_session_config_entry("session.x64quantprecision", "1")
    return onnxruntime.InferenceSession(model.SerializeToString(), options).run(None, feeds)[0]


def feeds_of(lengths: list[int], seed: int = 1) -> dict[str, np.ndarray]:
    rng = np.random.default_rng(seed)
    shape = (len(lengths), max(lengths))
    return {
        "input_ids": rng.integers(0, VOCABULARY, shape),
        "attention_mask": np.array([[int(i < length) for i in range(shape[1])] for length in lengths]),
        "token_type_ids": rng.integers(0, 5, shape),
    }


@pytest.fixture(scope="module")
def tagger() -> torch.nn.Module:
    return small_model(VOCABULARY, layers=2).eval()


def test_the_graph_answers_as_the_model_does(tagger: torch.nn.Module) -> None:
    feeds = feeds_of([9, 4])
    kept = feeds["attention_mask"] == 1
    with torch.no_grad():
        expected = tagger(**{name: torch.from_numpy(value) for name, value in feeds.items()}).logits.numpy()
    assert np.allclose(run(tagger_graph(tagger, "fp32"), feeds)[kept], expected[kept], atol=1e-4)
    assert np.allclose(run(tagger_graph(tagger, "fp16"), feeds)[kept], expected[kept], atol=0.02)


def test_padding_changes_nothing(tagger: torch.nn.Module) -> None:
    model = tagger_graph(tagger)
    feeds = feeds_of([9, 4])
    alone = {name: value[1:, :4] for name, value in feeds.items()}
    assert np.allclose(run(model, feeds)[1, :4], run(model, alone)[0], atol=1e-5)


def test_the_compressor_finds_every_weight_by_its_name(tagger: torch.nn.Module) -> None:
    model = tagger_graph(tagger)
    stored = {tensor.name: numpy_helper.to_array(tensor) for tensor in model.graph.initializer}
    for name, value in weights_of(tagger).items():
        assert stored[name].dtype == (np.float16 if value.ndim == 2 else np.float32)
        assert np.allclose(stored[name].astype(np.float32), value, atol=1e-3)
    assert {item.key: item.value for item in model.metadata_props} == {
        "entier.layers": "2",
        "entier.hidden": "32",
        "entier.heads": "4",
        "entier.ffn": "64",
        "entier.storage": "fp16",
    }


def test_int8_stays_close_to_float_and_says_the_same(tagger: torch.nn.Module) -> None:
    model = tagger_graph(tagger)
    feeds = feeds_of([24, 24, 24])
    expected, got = run(model, feeds), run(quantize(model), feeds)
    assert np.abs(expected - got).mean() < 0.05 * expected.std()
    assert (expected.argmax(-1) == got.argmax(-1)).mean() > 0.9


def test_query_key_and_value_share_one_quantized_activation(tagger: torch.nn.Module) -> None:
    quantized = quantize(tagger_graph(tagger))
    count = Counter(node.op_type for node in quantized.graph.node)
    # Per layer: six products; four activations (layer input, context, attention output, inner).
    assert (count["MatMulInteger"], count["DynamicQuantizeLinear"]) == (12, 8)
    types = {tensor.name: tensor.data_type for tensor in quantized.graph.initializer}
    assert types["embeddings.word.int8"] == onnx.TensorProto.INT8
    assert "embeddings.word" not in types
    assert types["classifier.weight"] == onnx.TensorProto.FLOAT


def test_a_quantized_model_is_not_quantized_again(tagger: torch.nn.Module) -> None:
    with pytest.raises(ValueError, match="quantized already"):
        quantize(quantize(tagger_graph(tagger)))


@given(st.integers(0, 10_000), st.integers(1, 12), st.integers(1, 12), st.sampled_from([7, 8]))
def test_rounding_is_at_most_half_a_step(seed: int, rows: int, columns: int, bits: int) -> None:
    weight = np.random.default_rng(seed).normal(0, 1, (rows, columns)).astype(np.float32)
    weight[:, 0] = 0
    rounded, scale = quantize_columns(weight, bits)
    assert np.abs(rounded * scale - weight).max() <= scale.max() / 2 + 1e-6
    assert np.abs(rounded.astype(int)).max(initial=0) <= 2 ** (bits - 1) - 1
    rounded, scale = quantize_rows(weight)
    assert (np.abs(rounded * scale - weight) <= scale / 2 + 1e-6).all()


@pytest.mark.parametrize(
    "shapes",
    [
        [(3, 10), (0, 64), (4, 0)],
        [(0, 0), (1, 7)],
        [(2, 64), (2, 31)],
        [(0, 20), (0, 20)],
        [(4, 64), (4, 64)],
    ],
)
def test_layers_of_different_shapes_answer_as_the_model_does(shapes: list[tuple[int, int]]) -> None:
    config = small_model(VOCABULARY, layers=1).config
    set_shapes(config, [LayerShape(*shape) for shape in shapes])
    model, feeds = ShapedTagger(config).eval(), feeds_of([9, 4])
    with torch.no_grad():
        for weight in model.parameters():
            weight += 0.05 * torch.randn_like(weight)  # biases and norms of a fresh model are trivial
        expected = model(**{name: torch.from_numpy(value) for name, value in feeds.items()}).logits.numpy()
    kept = feeds["attention_mask"] == 1
    graph = tagger_graph(model, "fp32")
    assert np.allclose(run(graph, feeds)[kept], expected[kept], atol=1e-3)
    got = run(quantize(tagger_graph(model)), feeds)[kept]
    assert np.abs(got - expected[kept]).mean() < 0.05 * expected.std()
    stored = {tensor.name: tensor for tensor in graph.graph.initializer}
    assert {
        (name.split(".")[1], *tensor.dims) for name, tensor in stored.items() if "query.weight" in name
    } == {(str(index), 32, 8 * heads) for index, (heads, _) in enumerate(shapes) if heads}
    properties = {item.key: item.value for item in graph.metadata_props}
    for key, sizes in zip(("heads", "ffn"), zip(*shapes, strict=True), strict=True):
        assert properties[f"entier.{key}"] in (",".join(map(str, sizes)), str(sizes[0]))
        assert len(properties[f"entier.{key}"].split(",")) == (1 if len(set(sizes)) == 1 else len(sizes))
