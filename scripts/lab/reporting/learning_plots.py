"""Plots of how students were taught, and of the search for settings."""

from __future__ import annotations

from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.ticker import FuncFormatter, MaxNLocator, NullLocator

from scripts.lab.reporting.inputs import Facts
from scripts.lab.reporting.learning import PARAMETERS, Learning
from scripts.lab.reporting.style import BLUE, GREY, VERMILLION, WIDTH, save
from scripts.lab.reporting.wording import figure as share

SHARE = FuncFormatter(lambda value, _: share(value, 3))


def plot_learning(learning: Learning, folder: Path) -> list[str]:
    """Draws what there is something to draw of; returns the names."""
    drawn = []
    if "student" in learning.groups:
        plot_students(learning, folder / "learning.svg")
        drawn.append("learning")
    if learning.tuning is not None:
        plot_history(learning.tuning, folder / "tuning-history.svg")
        plot_parameters(learning.tuning, folder / "tuning-parameters.svg")
        drawn += ["tuning-history", "tuning-parameters"]
    return drawn


def plot_students(learning: Learning, path: Path) -> None:
    """Validation F1 of each row with its interval; a line marks the row that they are compared with."""
    rows = learning.groups["student"][::-1]
    figure, axes = plt.subplots(figsize=(WIDTH, 1.2 + 0.36 * len(rows)), layout="constrained")
    for place, row in enumerate(rows):
        told = row.is_reference or row.difference.excludes_zero
        low, high = row.validation.value - row.validation.low, row.validation.high - row.validation.value
        axes.errorbar(
            row.validation.value,
            place,
            xerr=[[low], [high]],
            fmt="s" if row.is_reference else "o",
            color=VERMILLION if row.is_reference else BLUE if told else GREY,
            capsize=3,
        )
    axes.axvline(rows[-1].validation.value, color=VERMILLION, lw=0.8, ls="--")
    axes.set_yticks(range(len(rows)), [row.name for row in rows])
    axes.grid(axis="y", visible=False)
    axes.xaxis.set_major_formatter(SHARE)
    axes.set_xlabel("validation F1 (grey: not to be told from the dashed row)")
    save(figure, path)


def plot_history(facts: Facts, path: Path) -> None:
    """F1 of each trial in its order, and the best until then."""
    trials = sorted(facts["trials"], key=lambda trial: trial["number"])
    f1 = [trial["f1"] for trial in trials]
    at = [trial["number"] for trial in trials]
    figure, axes = plt.subplots(figsize=(WIDTH, 3.6), layout="constrained")
    axes.plot(at, f1, "o", color=BLUE, label="trial")
    axes.step(at, np.maximum.accumulate(f1), where="post", color=VERMILLION, label="best so far")
    axes.set_xlabel("trial")
    axes.set_ylabel("validation F1")
    axes.xaxis.set_major_locator(MaxNLocator(integer=True))
    axes.yaxis.set_major_formatter(SHARE)
    axes.legend(loc="lower right")
    save(figure, path)


def plot_parameters(facts: Facts, path: Path) -> None:
    """F1 against each setting; the best trial is marked."""
    trials = facts["trials"]
    figure, panels = plt.subplots(1, len(PARAMETERS), figsize=(WIDTH, 3.2), layout="constrained", sharey=True)
    for axes, (key, name) in zip(panels, PARAMETERS.items(), strict=True):
        values = [trial["parameters"][key] for trial in trials]
        axes.plot(values, [trial["f1"] for trial in trials], "o", color=BLUE, ms=4)
        axes.plot(facts["best"]["parameters"][key], facts["best"]["f1"], "s", color=VERMILLION, ms=6)
        if key in ("learningRate", "batchSize"):
            axes.set_xscale("log")
            axes.xaxis.set_minor_locator(NullLocator())
            ticks = sorted(set(values)) if key == "batchSize" else sorted({min(values), max(values)})
            axes.set_xticks(
                ticks, [f"{tick:.0e}" if key == "learningRate" else f"{tick:g}" for tick in ticks]
            )
        else:
            axes.xaxis.set_major_locator(MaxNLocator(3, integer=key == "epochs"))
        axes.set_xlabel(name)
    panels[0].set_ylabel("validation F1")
    panels[0].yaxis.set_major_formatter(SHARE)
    save(figure, path)
