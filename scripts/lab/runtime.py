"""ONNX Runtime sessions as the gateway opens them, and how long they take."""

from __future__ import annotations

import time
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import onnxruntime

if TYPE_CHECKING:
    from scripts.lab.batches import Batch
    from scripts.lab.serving import Runner

LATENCY_SHAPES = ((1, 8), (1, 32), (1, 128), (8, 32))  # (texts, tokens a text)


def open_session(path: Path, threads: int = 0) -> onnxruntime.InferenceSession:
    """`threads` 0 leaves the choice to the runtime."""
    if not path.is_file():
        raise FileNotFoundError(
            f"{path}: no such file; expected an ONNX model (make it with scripts.export first)"
        )
    options = onnxruntime.SessionOptions()
    options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_ENABLE_ALL
    options.intra_op_num_threads = threads
    options.inter_op_num_threads = 1
    return onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])


def onnx_runner(session: onnxruntime.InferenceSession) -> Runner:
    def run(batch: Batch) -> np.ndarray:
        feeds = {name: tensor.numpy() for name, tensor in batch.inputs().items()}
        return session.run(["logits"], feeds)[0]

    return run


def shape_feeds(texts: int, tokens: int, vocabulary: int, seed: int) -> dict[str, np.ndarray]:
    rng = np.random.default_rng(seed)
    return {
        "input_ids": rng.integers(0, vocabulary, (texts, tokens), dtype=np.int64),
        "attention_mask": np.ones((texts, tokens), dtype=np.int64),
        "token_type_ids": np.zeros((texts, tokens), dtype=np.int64),
    }


def median_latencies_ms(
    session: onnxruntime.InferenceSession, *, vocabulary: int, seed: int = 1, seconds_per_shape: float = 2.0
) -> dict[str, float]:
    """Median of at least 20 runs a shape, after three to warm up."""
    found = {}
    for texts, tokens in LATENCY_SHAPES:
        feeds = shape_feeds(texts, tokens, vocabulary, seed)
        for _ in range(3):
            session.run(None, feeds)
        times: list[float] = []
        until = time.perf_counter() + seconds_per_shape
        while time.perf_counter() < until or len(times) < 20:
            began = time.perf_counter()
            session.run(None, feeds)
            times.append(time.perf_counter() - began)
        found[f"{texts}x{tokens}"] = round(float(np.median(times)) * 1000, 3)
    return found
