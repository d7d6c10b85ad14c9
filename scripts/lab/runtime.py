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
FEWEST_RUNS = 7


def open_session(model: Path | bytes, threads: int = 0) -> onnxruntime.InferenceSession:
    """Opens a file, or a serialized model. `threads` 0 leaves the choice to the runtime."""
    if isinstance(model, Path) and not model.is_file():
        raise FileNotFoundError(
            f"{model}: no such file; expected an ONNX model (make it with scripts.export first)"
        )
    options = onnxruntime.SessionOptions()
    options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_ENABLE_ALL
    options.intra_op_num_threads = threads
    options.inter_op_num_threads = 1
    return onnxruntime.InferenceSession(
        model if isinstance(model, bytes) else str(model), options, providers=["CPUExecutionProvider"]
    )


def onnx_runner(session: onnxruntime.InferenceSession) -> Runner:
    def run(batch: Batch) -> np.ndarray:
        feeds = {name: tensor.numpy() for name, tensor in batch.inputs().items()}
        return session.run(["logits"], feeds)[0]

    return run


def shape_name(texts: int, tokens: int) -> str:
    return f"{texts}x{tokens}"


def shape_feeds(texts: int, tokens: int, vocabulary: int, seed: int) -> dict[str, np.ndarray]:
    rng = np.random.default_rng(seed)
    return {
        "input_ids": rng.integers(0, vocabulary, (texts, tokens), dtype=np.int64),
        "attention_mask": np.ones((texts, tokens), dtype=np.int64),
        "token_type_ids": np.zeros((texts, tokens), dtype=np.int64),
    }


def run_times_ms(
    session: onnxruntime.InferenceSession, feeds: dict[str, np.ndarray], seconds: float
) -> list[float]:
    """Times of runs one after the other for `seconds`, of FEWEST_RUNS at least, after two to warm up."""
    for _ in range(2):
        session.run(None, feeds)
    times: list[float] = []
    until = time.perf_counter() + seconds
    while len(times) < FEWEST_RUNS or time.perf_counter() < until:
        began = time.perf_counter()
        session.run(None, feeds)
        times.append((time.perf_counter() - began) * 1000)
    return times
