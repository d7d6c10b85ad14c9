"""The ways to quantize that scripts.quantize offers beside dynamic int8 (scripts.lab.onnx_quantize).

All take the graph that `onnx_graph` writes, stored in fp16 or fp32, and leave its inputs and output as they are.
"""

from __future__ import annotations

import tempfile
from collections.abc import Collection, Sequence
from pathlib import Path

import numpy as np
import onnx
from onnx import helper
from onnxruntime.quantization import (
    CalibrationDataReader,
    CalibrationMethod,
    QuantFormat,
    QuantType,
    quantize_static,
)
from onnxruntime.transformers.float16 import convert_float_to_float16

from scripts.lab.onnx_quantize import KEPT_IN_FLOAT, WORD_TABLE, quantize_rows
from scripts.lab.rewritten_graph import rewritten, stored_weights, widened

BLOCK = 32  # rows of a weight that share a scale, as in the gateway's compressor
COMPUTE_IN_INT8 = 4  # MatMulNBits' accuracy_level; without it products are in fp32 and several times slower
WINDOW = 30  # tokens of a text to calibrate with
METHODS = ("int8", "int8-static", "int8-static-naive", "w8", "w4", "fp16-compute")

Feeds = dict[str, np.ndarray]


def pack_blocks(weight: np.ndarray, bits: int) -> tuple[np.ndarray, np.ndarray]:
    """Symmetric blocks of an [in, out] matrix as MatMulNBits has them: uint8 [out, blocks, bytes] and the scales
    [out * blocks]. Its zero point is the middle of the range. Raises ValueError where BLOCK does not divide `in`.
    """
    rows, columns = weight.shape
    if rows % BLOCK:
        raise ValueError(f"a weight of {rows} rows: expected a multiple of {BLOCK}")
    blocks = weight.T.reshape(columns, rows // BLOCK, BLOCK).astype(np.float32)
    middle = 2 ** (bits - 1)
    # The end of larger magnitude lies on the lowest level, so that all of the range is used.
    extreme = np.take_along_axis(blocks, np.abs(blocks).argmax(axis=2)[..., None], axis=2)
    scale = extreme / -middle
    scale = np.where(scale == 0, 1.0, scale).astype(np.float32)
    levels = np.clip(np.rint(blocks / scale) + middle, 0, 2 * middle - 1).astype(np.uint8)
    if bits == 4:
        levels = levels[..., 0::2] | (levels[..., 1::2] << 4)
    return levels, scale.reshape(-1)


def quantize_weights(
    model: onnx.ModelProto, bits: int, *, keep: Collection[str] = KEPT_IN_FLOAT
) -> onnx.ModelProto:
    """Weight-only 8 or 4 bits in blocks of BLOCK (MatMulNBits); word embeddings int8 with a scale a row."""
    model = widened(model)
    constants = stored_weights(model)
    nodes: list[onnx.NodeProto] = []
    for node in model.graph.node:
        name = node.input[1] if len(node.input) > 1 else ""
        if node.op_type == "MatMul" and name in constants and name not in keep:
            weight = constants.pop(name)
            if weight.shape[0] % BLOCK:
                raise ValueError(
                    f"{name} has {weight.shape[0]} rows, and {BLOCK} share a scale; keep it in float (--keep)"
                )
            constants[f"{name}.blocks"], constants[f"{name}.scales"] = pack_blocks(weight, bits)
            nodes.append(
                helper.make_node(
                    "MatMulNBits",
                    [node.input[0], f"{name}.blocks", f"{name}.scales"],
                    list(node.output),
                    name=node.output[0],
                    domain="com.microsoft",
                    K=weight.shape[0],
                    N=weight.shape[1],
                    bits=bits,
                    block_size=BLOCK,
                    accuracy_level=COMPUTE_IN_INT8,
                )
            )
        elif node.op_type == "Gather" and node.input[0] == WORD_TABLE:
            nodes += _word_rows(node, constants)
        else:
            nodes.append(node)
    return rewritten(model, nodes, constants, storage=f"int{bits}", domains=["com.microsoft"])


def _word_rows(gather: onnx.NodeProto, constants: dict[str, np.ndarray]) -> list[onnx.NodeProto]:
    """Reads the word table from int8 rows, which take its place among the constants."""
    rows, scales = quantize_rows(constants.pop(WORD_TABLE))
    constants |= {f"{WORD_TABLE}.int8": rows, f"{WORD_TABLE}.scale": scales}
    integers, floats, scale = (f"{WORD_TABLE}.rows.{part}" for part in ("int8", "float", "scale"))
    ids = gather.input[1]
    nodes = [
        helper.make_node("Gather", [f"{WORD_TABLE}.int8", ids], [integers], axis=0),
        helper.make_node("Cast", [integers], [floats], to=onnx.TensorProto.FLOAT),
        helper.make_node("Gather", [f"{WORD_TABLE}.scale", ids], [scale], axis=0),
        helper.make_node("Mul", [floats, scale], list(gather.output)),
    ]
    for node in nodes:
        node.name = node.output[0]
    return nodes


def _with_word_rows(model: onnx.ModelProto) -> onnx.ModelProto:
    constants = stored_weights(model)
    nodes: list[onnx.NodeProto] = []
    for node in model.graph.node:
        is_words = node.op_type == "Gather" and node.input[0] == WORD_TABLE
        nodes += _word_rows(node, constants) if is_words else [node]
    return rewritten(model, nodes, constants, storage="int8")


def equal_windows(feeds: Sequence[Feeds]) -> list[Feeds]:
    """Single sentences one after the other, cut every WINDOW tokens, each window between the first and the last token
    of a text; a rest is left out. onnxruntime's percentiles need inputs of one shape, and padding would count as text.
    """
    streams = {name: np.concatenate([feed[name][0, 1:-1] for feed in feeds]) for name in feeds[0]}
    total = len(streams["input_ids"])
    length = min(WINDOW, total)
    return [
        {
            name: np.concatenate(
                [feeds[0][name][0, :1], stream[start : start + length], feeds[0][name][0, -1:]]
            )[None]
            for name, stream in streams.items()
        }
        for start in range(0, total - length + 1, length)
    ]


class _Calibration(CalibrationDataReader):
    def __init__(self, feeds: Sequence[Feeds]) -> None:
        self._left = iter(feeds)

    def get_next(self) -> Feeds | None:
        return next(self._left, None)


def quantize_statically(
    model: onnx.ModelProto,
    feeds: Sequence[Feeds],
    *,
    naive: bool,
    keep: Collection[str] = KEPT_IN_FLOAT,
    percentile: float | None = None,
) -> onnx.ModelProto:
    """Static int8 (QDQ), with the ranges that activations have on `feeds`.

    With care: only products with weights, per column; word embeddings int8 with a scale a row. Naive: every operator
    that onnxruntime can quantize, one scale a tensor. Ranges reach from the smallest to the largest value, or to a
    `percentile` of them, which needs feeds of one shape and clips outliers that this encoder needs.

    The naive file also rounds attention scores after the mask is added to them. Calibrated on texts without padding,
    it knows no mask and does not hide padding; calibrated on padded ones, its 256 levels reach from the mask's -10000
    upwards, and almost all scores of a text become the same.
    """
    model = widened(model) if naive else _with_word_rows(widened(model))
    for node in model.graph.node:
        node.name = node.name or node.output[0]  # quantize_static knows nodes by their names
    weights = {tensor.name for tensor in model.graph.initializer}
    products = [
        node.name
        for node in model.graph.node
        if node.op_type == "MatMul" and node.input[1] in weights and node.input[1] not in keep
    ]
    with tempfile.TemporaryDirectory() as folder:
        target = Path(folder) / "model.onnx"
        quantize_static(
            model,
            target,
            _Calibration(feeds),
            quant_format=QuantFormat.QDQ,
            nodes_to_quantize=None if naive else products,
            per_channel=not naive,
            activation_type=QuantType.QUInt8,
            weight_type=QuantType.QInt8,
            calibrate_method=CalibrationMethod.MinMax if percentile is None else CalibrationMethod.Percentile,
            extra_options={} if percentile is None else {"CalibPercentile": percentile},
        )
        made = onnx.load(target)
    properties = {item.key: item.value for item in model.metadata_props}
    helper.set_model_props(made, {**properties, "entier.storage": "int8"})
    return made


def compute_in_halves(model: onnx.ModelProto) -> onnx.ModelProto:
    """All but inputs and output in fp16, for GPUs; a CPU computes it in fp32, with casts about every operator."""
    made = convert_float_to_float16(widened(model), keep_io_types=True)
    properties = {item.key: item.value for item in model.metadata_props}
    helper.set_model_props(made, {**properties, "entier.storage": "fp16"})
    return made
