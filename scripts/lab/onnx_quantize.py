"""Dynamic int8: a pass over the graph that `onnx_graph` writes.

Weights become int8, symmetric, one scale a column. Activations become uint8 at run time; values that read the
same activation (query, key and value) share one DynamicQuantizeLinear. Embedding tables become int8 with one
scale a row. Only standard operators are written; onnxruntime fuses MatMulInteger, Cast, Mul and Add into one
kernel when it loads.

Weights use the whole range of int8. CPUs without VNNI multiply pairs of uint8 x int8 in 16 bits that may
saturate. Weights in 7 bits (`weight_bits=7`) cannot, but are coarser; the session option
`session.x64quantprecision` keeps 8 bits exact there. For the trained tagger
all of these are close; in a model of large random weights saturation is grave.
"""

from __future__ import annotations

from collections.abc import Collection

import numpy as np
import onnx
from onnx import TensorProto, helper

from scripts.lab.rewritten_graph import rewritten, stored_weights

WORD_TABLE = "embeddings.word"
# Nine columns: nothing to gain, and the logits keep their precision.
KEPT_IN_FLOAT = ("classifier.weight",)


def quantize_columns(weight: np.ndarray, weight_bits: int = 8) -> tuple[np.ndarray, np.ndarray]:
    """Symmetric int8 of a [in, out] matrix and the scale of each column."""
    limit = 2 ** (weight_bits - 1) - 1
    scale = np.abs(weight).max(axis=0) / limit
    scale = np.where(scale == 0, 1.0, scale).astype(np.float32)
    return np.clip(np.rint(weight / scale), -limit, limit).astype(np.int8), scale


def quantize_rows(table: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Symmetric int8 of a table and the scale of each row, as a column."""
    scale = np.abs(table).max(axis=1, keepdims=True) / 127
    scale = np.where(scale == 0, 1.0, scale).astype(np.float32)
    return np.clip(np.rint(table / scale), -127, 127).astype(np.int8), scale


def quantize(
    model: onnx.ModelProto,
    *,
    keep: Collection[str] = KEPT_IN_FLOAT,
    embeddings: bool = True,
    weight_bits: int = 8,
) -> onnx.ModelProto:
    weights = stored_weights(model)
    # A widened fp16 weight counts as the initializer that it comes from.
    widened = {
        node.output[0]: node.input[0]
        for node in model.graph.node
        if node.op_type == "Cast" and node.input[0] in weights
    }
    if any(node.op_type == "MatMulInteger" for node in model.graph.node):
        raise ValueError("the model is quantized already; expected the fp variant that it was made from")
    nodes: list[onnx.NodeProto] = []
    constants: dict[str, np.ndarray] = {}
    activations: dict[str, tuple[str, str, str]] = {}

    def add(operator: str, inputs: list[str], outputs: list[str], **attributes: object) -> str:
        nodes.append(helper.make_node(operator, inputs, outputs, name=outputs[0], **attributes))
        return outputs[0]

    for node in model.graph.node:
        if node.output[0] in widened:
            continue
        sources = [widened.get(name, name) for name in node.input]
        constant = next((name for name in sources if name in weights and weights[name].ndim == 2), None)

        if node.op_type == "MatMul" and constant == sources[1] and constant not in keep:
            value, name = node.input[0], constant
            constants[f"{name}.int8"], constants[f"{name}.scale"] = quantize_columns(
                weights[name], weight_bits
            )
            if value not in activations:
                activations[value] = (f"{value}.uint8", f"{value}.scale", f"{value}.zero")
                add("DynamicQuantizeLinear", [value], list(activations[value]))
            rounded, scale, zero = activations[value]
            product = add("MatMulInteger", [rounded, f"{name}.int8", zero], [f"{name}.int32"])
            product = add("Cast", [product], [f"{name}.float"], to=TensorProto.FLOAT)
            both = add("Mul", [scale, f"{name}.scale"], [f"{name}.both_scales"])
            add("Mul", [product, both], [node.output[0]])
            continue

        if node.op_type == "Gather" and embeddings and constant == WORD_TABLE:
            constants[f"{constant}.int8"], constants[f"{constant}.scale"] = quantize_rows(weights[constant])
            ids = node.input[1]
            rows = add("Gather", [f"{constant}.int8", ids], [f"{constant}.rows.int8"], axis=0)
            rows = add("Cast", [rows], [f"{constant}.rows.float"], to=TensorProto.FLOAT)
            scales = add("Gather", [f"{constant}.scale", ids], [f"{constant}.rows.scale"], axis=0)
            add("Mul", [rows, scales], [node.output[0]])
            continue

        for source in sources:
            if source in weights:
                constants[source] = weights[source]
        copied = helper.make_node(
            node.op_type, sources, list(node.output), name=node.name, domain=node.domain
        )
        copied.attribute.extend(node.attribute)
        nodes.append(copied)

    made = rewritten(model, nodes, constants, storage="int8")
    onnx.checker.check_model(made)
    return made
