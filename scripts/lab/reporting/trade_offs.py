"""Plots of quality against run time and against size."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from pathlib import Path
from typing import Protocol

import matplotlib.pyplot as plt
from matplotlib.axes import Axes
from matplotlib.ticker import FuncFormatter, LogLocator, NullFormatter
from matplotlib.transforms import Bbox

from scripts.lab.reporting.front import pareto_front
from scripts.lab.reporting.inputs import Inputs
from scripts.lab.reporting.sections import COMPARED_AT, size_points, speed_points
from scripts.lab.reporting.statistics import Quality
from scripts.lab.reporting.style import BLUE, GREEN, GREY, VERMILLION, WIDTH, label_points, save
from scripts.lab.reporting.wording import figure as share

LOOKS = {
    "fp32": (BLUE, "o"),
    "int8": (VERMILLION, "s"),
    "dynamic int8": (VERMILLION, "s"),
    "static int8": (GREEN, "^"),
    "weights only": (GREY, "D"),
    "fp16": (BLUE, "v"),
}


class Marked(Protocol):
    """What stands on a plot of quality."""

    @property
    def name(self) -> str: ...

    @property
    def kind(self) -> str: ...

    @property
    def quality(self) -> Quality: ...


def plot_latency(inputs: Inputs, path: Path) -> None:
    """Test F1 against ms at 1x32, on a logarithmic axis; bars are the range over rounds and 95 % of F1."""
    ranges = [tuple(each.latency["msRange"][COMPARED_AT]) for each in inputs.variants]
    figure, axes = plt.subplots(figsize=(WIDTH, 5.0), layout="constrained")
    points = speed_points(inputs)
    draw_latency(axes, inputs.variants, points, ranges)
    save(figure, path)


def draw_latency(
    axes: Axes,
    marked: Sequence[Marked],
    points: Sequence[tuple[float, float]],
    ranges: Sequence[tuple[float, float]],
) -> None:
    """`points` are (ms at 1x32, test F1), `ranges` the ms of the fastest and the slowest round."""
    axes.set_xscale("log")
    low, high = min(low for low, _ in ranges), max(high for _, high in ranges)
    axes.set_xlim(low / 1.35, high * 1.35)
    axes.xaxis.set_major_locator(LogLocator(subs=(1.0, 2.0, 5.0)))
    axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
    axes.xaxis.set_minor_formatter(NullFormatter())
    axes.set_xlabel("ms for one text of 32 tokens on one thread (log scale)")
    _draw(axes, marked, points, ranges)


def plot_size(inputs: Inputs, path: Path) -> None:
    """Test F1 against MB on disk."""
    figure, axes = plt.subplots(figsize=(WIDTH, 5.0), layout="constrained")
    points = size_points(inputs)
    axes.set_xlim(0, 1.15 * max(size for size, _ in points))
    axes.set_xlabel("MB on disk")
    _draw(axes, inputs.variants, points, [(size, size) for size, _ in points])
    save(figure, path)


def _draw(
    axes: Axes,
    marked: Sequence[Marked],
    points: Sequence[tuple[float, float]],
    ranges: Sequence[tuple[float, float]],
) -> None:
    tests = [each.quality.test for each in marked]
    front = pareto_front(points)
    span = max(test.high for test in tests) - min(test.low for test in tests) or 0.01
    axes.set_ylim(
        min(test.low for test in tests) - 0.08 * span, max(test.high for test in tests) + 0.08 * span
    )
    axes.yaxis.set_major_formatter(FuncFormatter(lambda value, _: share(value, 3)))
    axes.set_ylabel("test F1")

    # A step, because between two variants there is nothing better than the cheaper one.
    corners = [points[index] for index in front]
    edge = axes.get_xlim()[1]
    axes.step(
        [x for x, _ in corners] + [edge],
        [y for _, y in corners] + [corners[-1][1]],
        where="post",
        color=GREY,
        lw=1.2,
        ls="--",
        label="front",
        zorder=1,
    )
    named = set()
    for index, each in enumerate(marked):
        label, (colour, marker) = each.kind, LOOKS[each.kind]
        (x, y), (least, most), test = points[index], ranges[index], tests[index]
        axes.errorbar(
            x,
            y,
            xerr=[[x - least], [most - x]] if most > least else None,
            yerr=[[y - test.low], [test.high - y]],
            color=colour,
            marker=marker,
            ms=7,
            mfc=colour if index in front else "white",
            lw=0.9,
            capsize=2.5,
            label=None if label in named else label,
            zorder=2,
        )
        named.add(label)
    axes.legend(loc="lower right", title="filled: on the front")
    axes.figure.canvas.draw()
    obstacles = [axes.get_legend().get_window_extent()]
    for (x, y), (least, most), test in zip(points, ranges, tests, strict=True):
        at, low, high = axes.transData.transform([(x, y), (least, test.low), (most, test.high)])
        obstacles.append(Bbox.from_extents(at[0] - 6, at[1] - 6, at[0] + 6, at[1] + 6))
        obstacles.append(Bbox.from_extents(at[0] - 2, low[1], at[0] + 2, high[1]))
        obstacles.append(Bbox.from_extents(low[0] - 1, at[1] - 2, high[0] + 1, at[1] + 2))
    steps = axes.transData.transform([*corners, (edge, corners[-1][1])])
    for (x0, y0), (x1, y1) in itertools.pairwise(steps):  # to the right at the old height, then up
        obstacles.append(Bbox.from_extents(x0, y0 - 1, x1, y0 + 1))
        obstacles.append(Bbox.from_extents(x1 - 1, min(y0, y1), x1 + 1, max(y0, y1)))
    label_points(axes, list(points), [each.name for each in marked], obstacles)
