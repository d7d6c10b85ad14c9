"""Makes a graph of `onnx_graph` anew from changed nodes and constants; all else stays as it is."""

from __future__ import annotations

from collections.abc import Collection, Sequence

import numpy as np
import onnx
from onnx import helper, numpy_helper


def rewritten(
    model: onnx.ModelProto,
    nodes: Sequence[onnx.NodeProto],
    constants: dict[str, np.ndarray],
    *,
    storage: str,
    domains: Collection[str] = (),
) -> onnx.ModelProto:
    """The model with these nodes and constants. `domains`: of operators that no standard has."""
    graph = helper.make_graph(
        nodes,
        model.graph.name,
        list(model.graph.input),
        list(model.graph.output),
        [numpy_helper.from_array(np.ascontiguousarray(value), name) for name, value in constants.items()],
    )
    opsets = [*model.opset_import, *(helper.make_opsetid(domain, 1) for domain in domains)]
    made = helper.make_model(graph, opset_imports=opsets, ir_version=model.ir_version)
    made.producer_name = model.producer_name
    properties = {item.key: item.value for item in model.metadata_props}
    helper.set_model_props(made, {**properties, "entier.storage": storage})
    return made


def stored_weights(model: onnx.ModelProto) -> dict[str, np.ndarray]:
    """All initializers; those of floating point as fp32, whatever their storage."""
    found = {}
    for tensor in model.graph.initializer:
        value = numpy_helper.to_array(tensor)
        found[tensor.name] = value.astype(np.float32) if value.dtype == np.float16 else value
    return found


def widened(model: onnx.ModelProto) -> onnx.ModelProto:
    """The same graph with its weights stored in fp32. Raises ValueError for a model that is quantized."""
    if any(node.op_type in ("MatMulInteger", "MatMulNBits", "DequantizeLinear") for node in model.graph.node):
        raise ValueError("the model is quantized already; expected the fp variant that it was made from")
    weights = stored_weights(model)
    casts = {
        node.output[0]: node.input[0]
        for node in model.graph.node
        if node.op_type == "Cast" and node.input[0] in weights
    }
    nodes = []
    for node in model.graph.node:
        if node.output[0] in casts:
            continue
        copied = onnx.NodeProto()
        copied.CopyFrom(node)
        copied.input[:] = [casts.get(name, name) for name in node.input]
        nodes.append(copied)
    return rewritten(model, nodes, weights, storage="fp32")
