"""Run times from several measurements, made comparable: as a share of one variant's that was measured with them.

Milliseconds are those of the machine that measured. What carries over to another, roughly, is how a model compares
with another one of its kind, so each time here is a share of the time of REFERENCE in the same run.
"""

from __future__ import annotations

import statistics
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from scripts.lab.runtime import open_session, run_times_ms, shape_feeds

Facts = dict[str, Any]  # JSON as a step wrote it

REFERENCE = "full-int8"
VISITS, SECONDS_A_VISIT = 5, 0.1
VOCABULARY = 100  # any model has so many; of its word table only the rows of one text are read


@dataclass(frozen=True)
class MeasuredRun:
    """Run times of several models that were measured together."""

    cpu: str
    measured_at: str
    reference: Mapping[int, float]  # ms of REFERENCE by the tokens of one text


def by_tokens(ms: Mapping[str, object]) -> dict[int, float]:
    """Times of one text by its tokens, from a record that has them by shape ("1x32"), with a range or without."""
    found = {}
    for shape, value in ms.items():
        texts, _, tokens = shape.partition("x")
        if texts == "1" and tokens.isdecimal():
            found[int(tokens)] = float(value["median"] if isinstance(value, dict) else value)
    return dict(sorted(found.items()))


def at_tokens(times: Mapping[int, float], tokens: int) -> float | None:
    """Interpolated between the lengths that were measured; None beyond them."""
    lengths = sorted(times)
    if not lengths or not lengths[0] <= tokens <= lengths[-1]:
        return None
    return float(np.interp(tokens, lengths, [times[length] for length in lengths]))


def share_of(times: Mapping[int, float], run: MeasuredRun, tokens: int) -> float | None:
    """A time at this length over that of REFERENCE; None where either was not measured."""
    own, reference = at_tokens(times, tokens), at_tokens(run.reference, tokens)
    return None if own is None or reference is None else own / reference


def measured_here(models: Path, tokens: int, seed: int) -> float:
    """Milliseconds of REFERENCE for one text on one thread of this machine: the median of a few visits."""
    model_file = models / REFERENCE / "model.onnx"
    if not model_file.is_file():
        raise FileNotFoundError(
            f"{model_file}: no such file; it is what this machine is compared by. Pass --no-measure to take the "
            "times of the machine that measured"
        )
    session = open_session(model_file, threads=1)
    feeds = shape_feeds(1, tokens, VOCABULARY, seed)
    return statistics.median(
        statistics.median(run_times_ms(session, feeds, SECONDS_A_VISIT)) for _ in range(VISITS)
    )


def run_of_cuts(cuts: Facts) -> MeasuredRun | None:
    """The run of scripts.elastic_cuts, which measures the variants of the manifest too."""
    beside = cuts["beside"].get(REFERENCE)
    if beside is None:
        return None
    return MeasuredRun(cuts["cpu"], cuts["measuredAt"], by_tokens(beside["ms"]))


def run_of_profile(latency: Facts | None, reference: Facts | None) -> MeasuredRun | None:
    """The run of scripts.profile_latency that a variant's times are of, where REFERENCE was measured in it."""
    if latency is None or reference is None or not {"cpu", "measuredAt", "ms"} <= latency.keys():
        return None
    if latency["measuredAt"] != reference.get("measuredAt"):
        return None
    return MeasuredRun(latency["cpu"], latency["measuredAt"], by_tokens(reference["ms"]))


def lengths_of(run: MeasuredRun) -> str:
    lengths = sorted(run.reference)
    return f"{lengths[0]} to {lengths[-1]}"
