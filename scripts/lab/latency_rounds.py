"""Latencies of several models side by side, so that drift of the machine hits all of them alike."""

from __future__ import annotations

import statistics
from collections.abc import Mapping, Sequence

import onnxruntime

from scripts.lab.progress import progress
from scripts.lab.runtime import LATENCY_SHAPES, run_times_ms, shape_feeds, shape_name

# Per shape the median of each round, in ms.
Rounds = dict[str, list[float]]


def rotated(names: Sequence[str], by: int) -> list[str]:
    """The same order, begun at another place."""
    start = by % len(names)
    return [*names[start:], *names[:start]]


def measure_rounds(
    sessions: Mapping[str, onnxruntime.InferenceSession],
    vocabularies: Mapping[str, int],
    *,
    rounds: int,
    seconds: float,
    seed: int,
) -> dict[str, Rounds]:
    """Every round runs each shape on every session for `seconds`, in an order that is rotated from round to
    round. Returns the median of each round.
    """
    names = list(sessions)
    found: dict[str, Rounds] = {name: {shape_name(*shape): [] for shape in LATENCY_SHAPES} for name in names}
    cells = [
        (shape, name)
        for number in range(rounds)
        for shape in LATENCY_SHAPES
        for name in rotated(names, number)
    ]
    for (texts, tokens), name in progress(cells, "profile"):
        feeds = shape_feeds(texts, tokens, vocabularies[name], seed)
        times = run_times_ms(sessions[name], feeds, seconds)
        found[name][shape_name(texts, tokens)].append(statistics.median(times))
    return found


def summary(values: Sequence[float], digits: int) -> dict[str, float]:
    """Median and range over the rounds."""
    return {
        "median": round(statistics.median(values), digits),
        "min": round(min(values), digits),
        "max": round(max(values), digits),
    }


def speedup(rounds: Rounds, baseline: Rounds) -> dict[str, dict[str, float]]:
    """How many times faster than the baseline, from the ratio within each round."""
    return {
        shape: summary([slow / fast for slow, fast in zip(baseline[shape], medians, strict=True)], 2)
        for shape, medians in rounds.items()
    }


def fastest(forms: Mapping[str, Rounds], shape: str) -> str:
    """The form with the least median over rounds at this shape; of equal ones the first."""
    return min(forms, key=lambda form: statistics.median(forms[form][shape]))
