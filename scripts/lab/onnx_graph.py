"""Writes a tagger as an ONNX graph: standard operators, plain named initializers.

The graph is written by hand instead of traced, so that names and structure stay the same from one library
version to the next: the gateway's own compressor reads these names. Matrices are [in, out] as MatMul takes
them:

    embeddings.{word,position,type}           tables, one row an id
    embeddings.norm.{weight,bias}
    layer.N.attention.{query,key,value,output}.{weight,bias}
    layer.N.attention.norm.{weight,bias}
    layer.N.ffn.{up,down}.{weight,bias}
    layer.N.ffn.norm.{weight,bias}
    classifier.{weight,bias}

Sizes that the weights do not tell stand in the file's metadata under `entier.*`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

if TYPE_CHECKING:
    from transformers import BertForTokenClassification

OPSET = 20  # the first with Gelu
IR_VERSION = 9
MASKED = -10000.0  # added to attention scores of padding; large enough that exp() gives 0


class GraphWriter:
    """Collects nodes and initializers; every helper returns the name of the value that it makes."""

    def __init__(self, storage: str) -> None:
        if storage not in ("fp16", "fp32"):
            raise ValueError(f"storage {storage!r}: expected fp16 or fp32")
        self.storage = storage
        self.nodes: list[onnx.NodeProto] = []
        self.initializers: list[onnx.TensorProto] = []
        self._known: set[str] = set()

    def constant(self, name: str, value: np.ndarray) -> str:
        if name not in self._known:
            self._known.add(name)
            self.initializers.append(numpy_helper.from_array(np.ascontiguousarray(value), name))
        return name

    def weight(self, name: str, value: np.ndarray) -> str:
        """Matrices are stored as fp16 and widened by a Cast, which the runtime folds when it loads; vectors
        are fp32.
        """
        value = value.astype(np.float32)
        if self.storage == "fp32" or value.ndim < 2:
            return self.constant(name, value)
        self.constant(name, value.astype(np.float16))
        return self.node("Cast", [name], f"{name}.fp32", to=TensorProto.FLOAT)

    def node(
        self, operator: str, inputs: list[str], output: str, domain: str = "", **attributes: object
    ) -> str:
        self.nodes.append(
            helper.make_node(operator, inputs, [output], name=output, domain=domain, **attributes)
        )
        return output


def weights_of(model: BertForTokenClassification) -> dict[str, np.ndarray]:
    """The model's weights under the names of the graph."""
    state = {name: tensor.detach().float().numpy() for name, tensor in model.state_dict().items()}
    found: dict[str, np.ndarray] = {}

    def linear(target: str, source: str) -> None:
        found[f"{target}.weight"] = state[f"{source}.weight"].T
        found[f"{target}.bias"] = state[f"{source}.bias"]

    def norm(target: str, source: str) -> None:
        found[f"{target}.weight"] = state[f"{source}.weight"]
        found[f"{target}.bias"] = state[f"{source}.bias"]

    for kind, source in (
        ("word", "word_embeddings"),
        ("position", "position_embeddings"),
        ("type", "token_type_embeddings"),
    ):
        found[f"embeddings.{kind}"] = state[f"bert.embeddings.{source}.weight"]
    norm("embeddings.norm", "bert.embeddings.LayerNorm")
    for index in range(model.config.num_hidden_layers):
        layer, source = f"layer.{index}", f"bert.encoder.layer.{index}"
        for part in ("query", "key", "value"):
            linear(f"{layer}.attention.{part}", f"{source}.attention.self.{part}")
        linear(f"{layer}.attention.output", f"{source}.attention.output.dense")
        norm(f"{layer}.attention.norm", f"{source}.attention.output.LayerNorm")
        linear(f"{layer}.ffn.up", f"{source}.intermediate.dense")
        linear(f"{layer}.ffn.down", f"{source}.output.dense")
        norm(f"{layer}.ffn.norm", f"{source}.output.LayerNorm")
    linear("classifier", "classifier")
    return found


def tagger_graph(model: BertForTokenClassification, storage: str = "fp16") -> onnx.ModelProto:
    config = model.config
    if config.hidden_act != "gelu":
        raise ValueError(f"activation {config.hidden_act!r}: expected 'gelu'")
    weights = weights_of(model)
    writer = GraphWriter(storage)
    heads, head_size = config.num_attention_heads, config.hidden_size // config.num_attention_heads

    def weight(name: str) -> str:
        return writer.weight(name, weights[name])

    def linear(value: str, name: str) -> str:
        product = writer.node("MatMul", [value, weight(f"{name}.weight")], f"{name}.product")
        return writer.node("Add", [product, weight(f"{name}.bias")], f"{name}.result")

    def norm(value: str, name: str) -> str:
        inputs = [value, weight(f"{name}.weight"), weight(f"{name}.bias")]
        return writer.node(
            "LayerNormalization", inputs, f"{name}.result", axis=-1, epsilon=config.layer_norm_eps
        )

    # Embeddings.
    zero = writer.constant("constant.zero", np.array([0], dtype=np.int64))
    shape = writer.node("Shape", ["input_ids"], "length", start=1, end=2)
    positions = writer.node(
        "Slice", [weight("embeddings.position"), zero, shape, zero], "embeddings.position.rows"
    )
    words = writer.node("Gather", [weight("embeddings.word"), "input_ids"], "embeddings.word.rows", axis=0)
    types = writer.node(
        "Gather", [weight("embeddings.type"), "token_type_ids"], "embeddings.type.rows", axis=0
    )
    summed = writer.node("Add", [words, types], "embeddings.words_and_types")
    hidden = norm(writer.node("Add", [summed, positions], "embeddings.sum"), "embeddings.norm")

    # 0 for tokens, a large negative number for padding, as [batch, 1, 1, length].
    axes = writer.constant("constant.mask_axes", np.array([1, 2], dtype=np.int64))
    mask = writer.node("Cast", ["attention_mask"], "mask.float", to=TensorProto.FLOAT)
    mask = writer.node("Unsqueeze", [mask, axes], "mask.broadcast")
    mask = writer.node(
        "Sub", [writer.constant("constant.one", np.array(1, dtype=np.float32)), mask], "mask.padding"
    )
    mask = writer.node(
        "Mul", [mask, writer.constant("constant.masked", np.array(MASKED, dtype=np.float32))], "mask.bias"
    )

    scale = writer.constant("constant.score_scale", np.array(np.sqrt(head_size), dtype=np.float32))
    split = writer.constant("constant.split_heads", np.array([0, 0, heads, head_size], dtype=np.int64))
    merge = writer.constant("constant.merge_heads", np.array([0, 0, heads * head_size], dtype=np.int64))
    for index in range(config.num_hidden_layers):
        layer = f"layer.{index}"
        attention = f"{layer}.attention"

        def per_head(part: str, order: list[int], value: str, attention: str = attention) -> str:
            projected = linear(value, f"{attention}.{part}")
            parted = writer.node("Reshape", [projected, split], f"{attention}.{part}.heads")
            return writer.node("Transpose", [parted], f"{attention}.{part}.per_head", perm=order)

        queries = per_head("query", [0, 2, 1, 3], hidden)
        keys = per_head("key", [0, 2, 3, 1], hidden)
        values = per_head("value", [0, 2, 1, 3], hidden)
        scores = writer.node("MatMul", [queries, keys], f"{attention}.scores")
        scores = writer.node("Div", [scores, scale], f"{attention}.scaled")
        scores = writer.node("Add", [scores, mask], f"{attention}.masked")
        shares = writer.node("Softmax", [scores], f"{attention}.shares", axis=-1)
        context = writer.node("MatMul", [shares, values], f"{attention}.context")
        context = writer.node("Transpose", [context], f"{attention}.context.per_token", perm=[0, 2, 1, 3])
        context = writer.node("Reshape", [context, merge], f"{attention}.context.merged")
        attended = linear(context, f"{attention}.output")
        hidden = norm(writer.node("Add", [attended, hidden], f"{attention}.sum"), f"{attention}.norm")
        inner = writer.node("Gelu", [linear(hidden, f"{layer}.ffn.up")], f"{layer}.ffn.activated")
        outer = linear(inner, f"{layer}.ffn.down")
        hidden = norm(writer.node("Add", [outer, hidden], f"{layer}.ffn.sum"), f"{layer}.ffn.norm")

    product = writer.node("MatMul", [hidden, weight("classifier.weight")], "classifier.product")
    writer.node("Add", [product, weight("classifier.bias")], "logits")

    axes_of = ["batch", "length"]
    graph = helper.make_graph(
        writer.nodes,
        "tagger",
        [
            helper.make_tensor_value_info(name, TensorProto.INT64, axes_of)
            for name in ("input_ids", "attention_mask", "token_type_ids")
        ],
        [helper.make_tensor_value_info("logits", TensorProto.FLOAT, [*axes_of, config.num_labels])],
        writer.initializers,
    )
    made = helper.make_model(graph, opset_imports=[helper.make_opsetid("", OPSET)], ir_version=IR_VERSION)
    made.producer_name = "entier"
    helper.set_model_props(
        made,
        {
            "entier.layers": str(config.num_hidden_layers),
            "entier.hidden": str(config.hidden_size),
            "entier.heads": str(heads),
            "entier.ffn": str(config.intermediate_size),
            "entier.storage": storage,
        },
    )
    onnx.checker.check_model(made)
    return made
