"""Collects the nodes and the initializers of an ONNX graph that is written by hand."""

from __future__ import annotations

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper


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
