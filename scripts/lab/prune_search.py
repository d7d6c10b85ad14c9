"""Chooses how many heads and channels each layer keeps: the largest importance that fits into a time.

The choice is a knapsack with one option a layer, solved by dynamic programming over time in small steps, as
in ZipLM (arXiv 2302.04089). It assumes that what is lost by cutting units is the sum of their importances,
for heads and channels in the same unit: both are first-order changes of one loss. Times add up as well, which
the latency table checks. That sum is a rough guess once whole sublayers go, so `refine` tries other weights
of the sublayers and keeps what measures best.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np

from scripts.lab.latency_table import LatencyTable
from scripts.lab.layer_shapes import LayerShape
from scripts.lab.progress import progress
from scripts.lab.shrink import UnitImportance

TIME_STEPS = 3000  # of the uncut model's time; a layer's time is rounded up to one of them
FIRST_SPREAD, LAST_SPREAD = 1.0, 0.2  # of the logarithms of the weights that are tried


class LayerCurves(NamedTuple):
    """Importance that the best n heads and the best n channels of a layer keep, for n = 0, 1, 2, ..."""

    heads: np.ndarray
    channels: np.ndarray


class Option(NamedTuple):
    ms: float
    kept: float
    shape: LayerShape


def curve(scores: Sequence[float]) -> np.ndarray:
    """Importance kept by the best 0, 1, 2, ... units."""
    ranked = np.sort(np.asarray(scores, dtype=np.float64))[::-1]
    return np.concatenate([[0.0], np.cumsum(ranked)])


def kept_importance(curves: Sequence[LayerCurves], shapes: Sequence[LayerShape]) -> float:
    return sum(
        float(layer.heads[shape.heads] + layer.channels[shape.ffn])
        for layer, shape in zip(curves, shapes, strict=True)
    )


def layer_options(layer: LayerCurves, table: LatencyTable) -> list[Option]:
    """The shapes of a layer that no other one beats: cheapest first, each next one keeps more."""
    shapes = (
        LayerShape(heads, ffn) for heads in range(table.facts.heads + 1) for ffn in table.channel_grid()
    )
    options = [Option(table.layer_ms(shape), kept_importance([layer], [shape]), shape) for shape in shapes]
    best: list[Option] = []
    for option in sorted(options, key=lambda option: (option.ms, -option.kept, option.shape)):
        if not best or option.kept > best[-1].kept:
            best.append(option)
    return best


def best_shapes(curves: Sequence[LayerCurves], table: LatencyTable, max_ms: float) -> list[LayerShape]:
    """Shapes of all layers that keep the most importance within `max_ms` for the whole model.

    Of equal choices the one that takes less time. ValueError where not a single head or channel fits.
    """
    uncut = table.uncut()
    if table.model_ms(uncut) <= max_ms:
        return uncut
    step = table.model_ms(uncut) / TIME_STEPS
    budget = int(np.floor((max_ms - table.rest_ms) / step))
    best = np.zeros(max(budget, 0) + 1)  # [time] importance kept by the layers so far
    choices: list[np.ndarray] = []
    steps_of: list[list[int]] = []
    options_of = [layer_options(layer, table) for layer in curves]
    for options in options_of:
        steps = [int(np.ceil(option.ms / step)) for option in options]
        reached, choice = np.full_like(best, -1.0), np.zeros(len(best), dtype=np.int64)
        for index, (option, taken) in enumerate(zip(options, steps, strict=True)):
            if taken >= len(best):
                continue
            found = best[: len(best) - taken] + option.kept
            better = found > reached[taken:]
            reached[taken:][better] = found[better]
            choice[taken:][better] = index
        best = reached
        choices.append(choice)
        steps_of.append(steps)
    left = int(np.argmax(best >= best[-1]))
    shapes: list[LayerShape] = []
    for options, steps, choice in zip(options_of[::-1], steps_of[::-1], choices[::-1], strict=True):
        index = int(choice[left])
        shapes.append(options[index].shape)
        left -= steps[index]
    shapes.reverse()
    if budget < 0 or not any(map(any, shapes)):
        raise ValueError(
            f"at most {max_ms:.3f} ms: no part of a layer fits; {table.rest_ms:.3f} ms go without layers"
        )
    return shapes


def refine(
    curves: Sequence[LayerCurves],
    table: LatencyTable,
    max_ms: float,
    *,
    loss_of: Callable[[list[LayerShape]], float],
    trials: int,
    seed: int,
) -> list[LayerShape]:
    """Searches again with randomly weighted sublayers, and returns the shapes whose measured loss is least.

    New weights start from the best so far and spread less and less, as in SPDY (arXiv 2201.11096). The result
    is never worse by `loss_of` than that of plain importance.
    """
    best = best_shapes(curves, table, max_ms)
    if trials == 0:
        return best
    rng = np.random.default_rng(seed)
    weights = np.zeros((len(curves), 2))  # logarithms
    losses = {tuple(best): loss_of(best)}
    for trial in progress(range(trials), "refine"):
        spread = FIRST_SPREAD + (LAST_SPREAD - FIRST_SPREAD) * trial / trials
        tried = weights + rng.normal(0, spread, weights.shape)
        weighted = [
            LayerCurves(layer.heads * of_heads, layer.channels * of_channels)
            for layer, (of_heads, of_channels) in zip(curves, np.exp(tried), strict=True)
        ]
        shapes = best_shapes(weighted, table, max_ms)
        if tuple(shapes) in losses:
            continue
        losses[tuple(shapes)] = loss_of(shapes)
        if losses[tuple(shapes)] < losses[tuple(best)]:
            best, weights = shapes, tried
    return best


def layer_curves(importance: Sequence[UnitImportance]) -> list[LayerCurves]:
    return [LayerCurves(curve(units.heads.tolist()), curve(units.channels.tolist())) for units in importance]


def kept_share(curves: Sequence[LayerCurves], shapes: Sequence[LayerShape]) -> float:
    """Of the importance of all units of the uncut model."""
    return kept_importance(curves, shapes) / sum(layer.heads[-1] + layer.channels[-1] for layer in curves)
