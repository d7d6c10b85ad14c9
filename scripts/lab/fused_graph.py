"""The fastest forms of an fp32 tagger that onnxruntime's own tools make: what others are compared with.

The files that are served hold standard operators. onnxruntime fuses bias and GELU of them when it loads them, but
not attention (the scores' scale, mask and softmax stay apart). Its offline optimizer for BERT fuses attention,
and the residual with the normalization, if the mask is computed as it knows it from PyTorch; so that is rewritten
first, which changes no figure.
"""

from __future__ import annotations

import logging
from collections import Counter

import numpy as np
import onnx
from onnx import TensorProto, helper
from onnxruntime.transformers import optimizer
from onnxruntime.transformers.fusion_options import FusionOptions

from scripts.lab.cards import graph_properties
from scripts.lab.rewritten_graph import rewritten, stored_weights, widened

FUSED_OPERATORS = ("Attention", "MultiHeadAttention", "SkipLayerNormalization", "BiasGelu", "FusedMatMul")


def as_pytorch_exports(model: onnx.ModelProto) -> onnx.ModelProto:
    """The same graph with all weights in fp32, and the mask as the optimizer knows it."""
    model = widened(model)
    constants = stored_weights(model) | {"constant.axis_1": np.array([1]), "constant.axis_2": np.array([2])}
    nodes = [
        helper.make_node("Unsqueeze", ["attention_mask", "constant.axis_1"], ["mask.rows"]),
        helper.make_node("Unsqueeze", ["mask.rows", "constant.axis_2"], ["mask.ids"]),
        helper.make_node("Cast", ["mask.ids"], ["mask.broadcast"], to=TensorProto.FLOAT),
        *(node for node in model.graph.node if node.output[0] not in ("mask.float", "mask.broadcast")),
    ]
    made = rewritten(model, nodes, constants, storage="fp32")
    made.ClearField("metadata_props")  # which tell of graphs as the gateway serves them
    made.producer_name = "pytorch"  # the optimizer warns of any other
    onnx.checker.check_model(made)
    return made


def fused(model: onnx.ModelProto, *, normalization: bool) -> onnx.ModelProto:
    """The model after onnxruntime.transformers.optimizer, without fused normalization if that is not wanted.

    `model` is a graph of scripts.lab.onnx_graph in floating point. Raises ValueError if attention is not fused in
    every layer, because then this is not the form that it is called.
    """
    properties = graph_properties(model)
    if properties.get("storage") not in ("fp16", "fp32"):
        raise ValueError(
            f"storage {properties.get('storage')!r}: expected a model of scripts.export, in fp16 or fp32"
        )
    options = FusionOptions("bert")
    options.enable_skip_layer_norm = options.enable_bias_skip_layer_norm = normalization
    logging.getLogger("onnxruntime.transformers").setLevel(logging.ERROR)
    made = optimizer.optimize_model(
        as_pytorch_exports(model),
        model_type="bert",
        num_heads=int(properties["heads"]),
        hidden_size=int(properties["hidden"]),
        optimization_options=options,
        opt_level=0,  # fusion only; the session does the rest when it loads the model
    ).model
    layers, found = int(properties["layers"]), operator_counts(made)["Attention"]
    if found != layers:
        raise ValueError(f"the optimizer fused the attention of {found} of {layers} layers; expected all")
    return made


def operator_counts(model: onnx.ModelProto) -> Counter[str]:
    return Counter(node.op_type for node in model.graph.node)


def fused_operators(model: onnx.ModelProto) -> dict[str, int]:
    """How many of each fused operator the graph holds, those that it has."""
    counts = operator_counts(model)
    return {name: counts[name] for name in FUSED_OPERATORS if counts[name]}
