"""Plots of tags against the reference, of reliability, and of the ladder from the encoder to the tagger."""

from __future__ import annotations

import math
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.ticker import FuncFormatter

from scripts.lab.reporting.inputs import Inputs
from scripts.lab.reporting.sections import COMPARED_AT, REFERENCE_TAGS, ladder_rungs
from scripts.lab.reporting.style import BLUE, GREY, LIGHT, VERMILLION, WIDTH, save
from scripts.lab.reporting.wording import figure as share

SHARE = FuncFormatter(lambda value, _: share(value, 2))


def plot_tags(inputs: Inputs, path: Path) -> None:
    """Test F1 of each tag: the reference, the variant that differences are taken to, and the fastest."""
    fastest = min(inputs.variants, key=lambda each: each.latency["ms"][COMPARED_AT])
    shown = [inputs.reference] + ([fastest] if fastest is not inputs.reference else [])
    series = [("reference", list(REFERENCE_TAGS.values()), LIGHT[GREY])]
    for each, colour in zip(shown, (BLUE, VERMILLION), strict=False):
        found = each.evaluation["test"]["perTag"]
        series.append((each.name, [found[tag]["f1"] for tag in REFERENCE_TAGS], colour))
    figure, axes = plt.subplots(figsize=(WIDTH, 4.6), layout="constrained")
    width = 0.8 / len(series)
    places = np.arange(len(REFERENCE_TAGS))
    least = min(min(values) for _, values, _ in series)
    bottom = max(0.0, math.floor((least - 0.03) * 20) / 20)  # bars begin at a line of the grid
    for index, (name, values, colour) in enumerate(series):
        at = places + (index - (len(series) - 1) / 2) * width
        axes.bar(at, np.array(values) - bottom, width, bottom=bottom, color=colour, label=name)
        for x, value in zip(at, values, strict=True):
            axes.text(
                x,
                max(value, bottom) + 0.004,
                share(value, 3),
                ha="center",
                va="bottom",
                rotation=90,
                fontsize=9,
            )
    axes.set_ylim(bottom, 1 + 0.12 * (1 - bottom))  # room for the figures of the highest bars
    axes.set_yticks([tick for tick in axes.get_yticks() if bottom <= tick <= 1.0001])
    axes.yaxis.set_major_formatter(SHARE)
    axes.set_xticks(places, list(REFERENCE_TAGS))
    axes.grid(axis="x", visible=False)
    axes.set_ylabel(f"test F1 (axis begins at {share(bottom, 2)})" if bottom else "test F1")
    figure.legend(loc="outside upper center", ncols=len(series))
    save(figure, path)


def plot_reliability(inputs: Inputs, path: Path) -> None:
    """One small plot a variant: share of right entities of each bin of the score, on test."""
    columns = min(4, len(inputs.variants))
    rows = math.ceil(len(inputs.variants) / columns)
    figure, grid = plt.subplots(
        rows,
        columns,
        figsize=(WIDTH, 2.5 * rows + 0.7),
        sharex=True,
        sharey=True,
        squeeze=False,
        layout="constrained",
    )
    for axes, each in zip(grid.flat, inputs.variants, strict=False):
        axes.plot([0, 1], [0, 1], color=GREY, lw=0.8, ls=":")
        curves = each.calibration["reliability"]["test"]
        errors = each.calibration["expectedCalibrationError"]["entity"]["test"]
        for when, colour, marker in (("before", VERMILLION, "o"), ("after", BLUE, "s")):
            bins = [item for item in curves[when] if item["count"]]
            axes.plot(
                [item["confidence"] for item in bins],
                [item["accuracy"] for item in bins],
                color=colour,
                marker=marker,
                ms=3.5,
                lw=1.2,
                mfc="white" if when == "before" else colour,
                label=f"{when} the temperature",
            )
        axes.set_title(each.name, fontsize=10)
        axes.text(
            0.04,
            0.97,
            f"ECE {share(errors['before'], 3)}\nto {share(errors['after'], 3)}",
            transform=axes.transAxes,
            va="top",
            fontsize=9,
        )
        axes.set(xlim=(0, 1.02), ylim=(0, 1.02), xticks=(0, 0.5, 1), yticks=(0, 0.5, 1))
        axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
        axes.yaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
    for axes in grid.flat[len(inputs.variants) :]:
        axes.set_visible(False)
    for column in range(columns):  # the lowest plot of each column carries the figures of the axis
        shown = [axes for axes in grid[:, column] if axes.get_visible()]
        shown[-1].xaxis.set_tick_params(labelbottom=True)
    figure.supxlabel("score of the entity", fontsize=11)
    figure.supylabel("share that is right", fontsize=11)
    handles, labels = grid[0, 0].get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside upper center", ncols=2)
    save(figure, path)


def plot_ladder(inputs: Inputs, path: Path) -> None:
    """Validation and test F1 of the encoder only, with a trained head, and fine-tuned."""
    rungs = ladder_rungs(inputs)
    figure, axes = plt.subplots(figsize=(WIDTH, 3.4), layout="constrained")
    places = np.arange(len(rungs))[::-1]
    for name, column, offset, colour in (("validation", 1, 0.2, LIGHT[BLUE]), ("test", 2, -0.2, BLUE)):
        values = [rung[column] for rung in rungs]
        axes.barh(places + offset, values, 0.38, color=colour, label=name)
        for place, value in zip(places, values, strict=True):
            axes.text(value + 0.01, place + offset, share(value), va="center", fontsize=10)
    axes.set_yticks(places, [rung[0].replace(", ", ",\n").replace(" (", "\n(") for rung in rungs])
    axes.set_xlim(0, 1.1)
    axes.set_xticks(np.linspace(0, 1, 6))
    axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
    axes.grid(axis="y", visible=False)
    axes.set_xlabel("F1")
    figure.legend(loc="outside upper center", ncols=2)
    save(figure, path)
