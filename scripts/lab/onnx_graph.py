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

Of a sublayer with 0 heads or 0 channels only the output's bias and the norm are there. Sizes that the weights
do not tell stand in the file's metadata under `entier.*`; `heads` and `ffn` are one number where all layers
have the same, else a list with commas, one number a layer.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import onnx
from onnx import TensorProto, helper

from scripts.lab.graph_writer import GraphWriter

if TYPE_CHECKING:
    from transformers import BertForTokenClassification

OPSET = 20  # the first with Gelu
IR_VERSION = 9
MASKED = -10000.0  # added to attention scores of padding; large enough that exp() gives 0


def weights_of(model: BertForTokenClassification) -> dict[str, np.ndarray]:
    """The model's weights under the names of the graph."""
    state = {name: tensor.detach().float().numpy() for name, tensor in model.state_dict().items()}
    found: dict[str, np.ndarray] = {}

    def linear(target: str, source: str) -> None:
        if f"{source}.weight" in state:
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
        if f"{source}.attention.self.query.weight" in state:
            for part in ("query", "key", "value"):
                linear(f"{layer}.attention.{part}", f"{source}.attention.self.{part}")
        linear(f"{layer}.attention.output", f"{source}.attention.output.dense")
        norm(f"{layer}.attention.norm", f"{source}.attention.output.LayerNorm")
        if f"{source}.intermediate.dense.weight" in state:
            linear(f"{layer}.ffn.up", f"{source}.intermediate.dense")
        linear(f"{layer}.ffn.down", f"{source}.output.dense")
        norm(f"{layer}.ffn.norm", f"{source}.output.LayerNorm")
    linear("classifier", "classifier")
    return found


def sizes_of(weights: dict[str, np.ndarray], layers: int, head_size: int) -> tuple[list[int], list[int]]:
    """Heads and channels of each layer, as the weights have them."""
    heads, channels = [], []
    for index in range(layers):
        query = weights.get(f"layer.{index}.attention.query.bias")
        up = weights.get(f"layer.{index}.ffn.up.bias")
        heads.append(0 if query is None else len(query) // head_size)
        channels.append(0 if up is None else len(up))
    return heads, channels


def one_or_list(sizes: list[int], default: int) -> str:
    """A single number where all layers have the same size, else one a layer."""
    if len(set(sizes)) > 1:
        return ",".join(map(str, sizes))
    return str(sizes[0] if sizes else default)


def tagger_graph(model: BertForTokenClassification, storage: str = "fp16") -> onnx.ModelProto:
    config = model.config
    if config.hidden_act != "gelu":
        raise ValueError(f"activation {config.hidden_act!r}: expected 'gelu'")
    weights = weights_of(model)
    writer = GraphWriter(storage)
    head_size = config.hidden_size // config.num_attention_heads
    heads, channels = sizes_of(weights, config.num_hidden_layers, head_size)

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
    alike = len(set(heads)) <= 1

    def attention(value: str, name: str, count: int) -> str:
        if count == 0:
            return weight(f"{name}.output.bias")
        suffix, width = "" if alike else f".{count}", count * head_size
        split = np.array([0, 0, count, head_size], dtype=np.int64)
        split = writer.constant(f"constant.split_heads{suffix}", split)
        merge = writer.constant(f"constant.merge_heads{suffix}", np.array([0, 0, width], dtype=np.int64))

        def per_head(part: str, order: list[int]) -> str:
            projected = linear(value, f"{name}.{part}")
            parted = writer.node("Reshape", [projected, split], f"{name}.{part}.heads")
            return writer.node("Transpose", [parted], f"{name}.{part}.per_head", perm=order)

        queries = per_head("query", [0, 2, 1, 3])
        keys = per_head("key", [0, 2, 3, 1])
        values = per_head("value", [0, 2, 1, 3])
        scores = writer.node("MatMul", [queries, keys], f"{name}.scores")
        scores = writer.node("Div", [scores, scale], f"{name}.scaled")
        scores = writer.node("Add", [scores, mask], f"{name}.masked")
        shares = writer.node("Softmax", [scores], f"{name}.shares", axis=-1)
        context = writer.node("MatMul", [shares, values], f"{name}.context")
        context = writer.node("Transpose", [context], f"{name}.context.per_token", perm=[0, 2, 1, 3])
        context = writer.node("Reshape", [context, merge], f"{name}.context.merged")
        return linear(context, f"{name}.output")

    def feed_forward(value: str, name: str, count: int) -> str:
        if count == 0:
            return weight(f"{name}.down.bias")
        inner = writer.node("Gelu", [linear(value, f"{name}.up")], f"{name}.activated")
        return linear(inner, f"{name}.down")

    for index in range(config.num_hidden_layers):
        name = f"layer.{index}.attention"
        change = attention(hidden, name, heads[index])
        hidden = norm(writer.node("Add", [change, hidden], f"{name}.sum"), f"{name}.norm")
        name = f"layer.{index}.ffn"
        change = feed_forward(hidden, name, channels[index])
        hidden = norm(writer.node("Add", [change, hidden], f"{name}.sum"), f"{name}.norm")

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
            "entier.heads": one_or_list(heads, config.num_attention_heads),
            "entier.ffn": one_or_list(channels, config.intermediate_size),
            "entier.storage": storage,
        },
    )
    onnx.checker.check_model(made)
    return made
