"""Measures the latency table: int8 graphs of random weights, written as real variants are, run in turn."""

from __future__ import annotations

import argparse
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import onnx
import onnxruntime
import torch
from transformers import BertConfig

from scripts.lab.latency_table import LatencyTable, TableFacts, read_table, write_table
from scripts.lab.layer_shapes import LayerShape, ShapedTagger, set_shapes
from scripts.lab.onnx_graph import tagger_graph
from scripts.lab.onnx_quantize import quantize
from scripts.lab.progress import progress
from scripts.lab.runtime import open_session, shape_feeds

VOCABULARY = 1000  # rows of the random embedding table; only those of one text are read
RUNS_A_VISIT = 8
SMOKE_ROUNDS = 2
WARM_UP_RUNS = 2  # a visit finds the caches full of another graph's weights
Shapes = tuple[LayerShape, ...]


def add_timing_arguments(group: argparse._ArgumentGroup) -> None:
    group.add_argument("--tokens", type=int, default=32, help="of the one text of a request (%(default)s)")
    group.add_argument("--rounds", type=int, default=60, help="over all graphs in turn (%(default)s)")


def measure_table(
    facts: TableFacts, *, rounds: int, head_step: int = 1, channel_steps: int = 8, seed: int = 1
) -> tuple[LatencyTable, dict[str, object]]:
    """Returns the table, and a record of how well its sums agree with whole models measured with it.

    Each graph has as many layers as the model, all of one shape, so that weights come from the same caches as
    in use. Attention is measured with the feed-forward sublayer left out, and the other way round; a graph
    without layers gives the rest. Differences are taken within a round and their median over rounds.
    """
    heads = sorted({*range(0, facts.heads, head_step), facts.heads})
    channels = sorted({round(facts.ffn * step / channel_steps) for step in range(channel_steps + 1)})
    none, bare = (), (LayerShape(0, 0),) * facts.layers
    attention = [(LayerShape(count, 0),) * facts.layers for count in heads if count]
    ffn = [(LayerShape(0, count),) * facts.layers for count in channels if count]
    checks = check_shapes(facts)
    times = run_in_turn([none, bare, *attention, *ffn, *checks], facts, rounds, seed)

    def per_layer(shapes: Shapes) -> float:
        return float(np.median(times[shapes] - times[none])) / facts.layers

    # Bias, residual and norm of either sublayer; both are of the same kind.
    half = max(0.0, per_layer(bare) / 2)
    table = LatencyTable(
        facts=facts,
        rest_ms=float(np.median(times[none])),
        head_counts=tuple(heads),
        attention_ms=(half, *(max(0.0, per_layer(shapes) - half) for shapes in attention)),
        channel_counts=tuple(channels),
        ffn_ms=(half, *(max(0.0, per_layer(shapes) - half) for shapes in ffn)),
    )
    additivity = []
    for shapes in checks:
        measured, predicted = float(np.median(times[shapes])), table.model_ms(shapes)
        additivity.append(
            {
                "heads": [shape.heads for shape in shapes],
                "ffn": [shape.ffn for shape in shapes],
                "measuredMs": round(measured, 4),
                "predictedMs": round(predicted, 4),
                "error": round(predicted / measured - 1, 4),
            }
        )
    return table, {"rounds": rounds, "runsARound": RUNS_A_VISIT, "additivity": additivity}


def check_shapes(facts: TableFacts) -> list[Shapes]:
    """Whole models to compare sums with: the uncut one, a half everywhere, and one of many shapes."""
    heads, ffn = facts.heads, facts.ffn
    mixed = [(heads, ffn // 4), (heads // 4, ffn), (heads // 2, 0), (0, ffn // 2), (heads * 3 // 4, ffn // 8)]
    return [
        (LayerShape(heads, ffn),) * facts.layers,
        (LayerShape(heads // 2, ffn // 2),) * facts.layers,
        tuple(LayerShape(*mixed[index % len(mixed)]) for index in range(facts.layers)),
    ]


def run_in_turn(
    models: Sequence[Shapes], facts: TableFacts, rounds: int, seed: int
) -> dict[Shapes, np.ndarray]:
    """Milliseconds of each model in each round: the median of its runs there."""
    feeds = shape_feeds(1, facts.tokens, VOCABULARY, seed)
    with tempfile.TemporaryDirectory() as folder:
        sessions = {}
        for shapes in progress(list(dict.fromkeys(models)), "build graphs"):
            path = Path(folder) / f"{len(sessions)}.onnx"
            onnx.save(random_graph(shapes, facts, seed), path)
            sessions[shapes] = open_session(path, facts.threads)
            path.unlink()
    times: dict[Shapes, list[float]] = {shapes: [] for shapes in sessions}
    for _ in progress(range(rounds), "time layers"):
        for shapes, session in sessions.items():
            times[shapes].append(visit(session, feeds))
    return {shapes: np.array(found) for shapes, found in times.items()}


def visit(session: onnxruntime.InferenceSession, feeds: dict[str, np.ndarray]) -> float:
    found = []
    for _ in range(WARM_UP_RUNS + RUNS_A_VISIT):
        began = time.perf_counter()
        session.run(None, feeds)
        found.append(time.perf_counter() - began)
    return float(np.median(found[WARM_UP_RUNS:])) * 1000


def random_graph(shapes: Shapes, facts: TableFacts, seed: int) -> onnx.ModelProto:
    """An int8 tagger of random weights with these layers; layers of shape (0, 0) are written, not dropped."""
    torch.manual_seed(seed)
    config = BertConfig(
        vocab_size=VOCABULARY,
        hidden_size=facts.hidden,
        num_attention_heads=facts.heads,
        intermediate_size=facts.ffn,
        max_position_embeddings=max(512, facts.tokens),
        type_vocab_size=5,
        num_labels=9,
    )
    set_shapes(config, shapes)
    return quantize(tagger_graph(ShapedTagger(config)))


def table_for(path: Path, facts: TableFacts, *, rounds: int, seed: int, again: bool = False) -> LatencyTable:
    """The table at `path` if it was measured under these facts; else a new one, written there."""
    if not again:
        found = read_table(path, facts)
        if found is not None:
            return found
    table, record = measure_table(facts, rounds=rounds, seed=seed)
    write_table(path, table, record)
    for check in record["additivity"]:
        print(
            f"heads {check['heads']}, channels {check['ffn']}: {check['measuredMs']:.3f} ms measured, "
            f"{check['predictedMs']:.3f} ms by the table ({check['error']:+.1%})",
            flush=True,
        )
    return table
