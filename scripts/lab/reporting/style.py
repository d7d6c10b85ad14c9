"""How all plots look, and how they are written: the same bytes from the same figures."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import matplotlib

matplotlib.use("Agg")

import matplotlib.pyplot as plt
from matplotlib.axes import Axes
from matplotlib.backend_bases import RendererBase
from matplotlib.figure import Figure
from matplotlib.text import Annotation, Text
from matplotlib.transforms import Bbox

from scripts.lab.aside import written_aside

# Okabe and Ito's palette, which the colour-blind tell apart; the marker tells the same again.
BLUE, VERMILLION, GREEN, GREY = "#0072B2", "#D55E00", "#009E73", "#6B6B6B"
LIGHT = {BLUE: "#8CBFDD", GREY: "#BDBDBD"}
NEAR = 9  # points between a label and its point where no line is needed
WIDTH = 8.0  # inches of 72 pt: 11 pt text is readable where the plot is shown 800 px wide

SETTINGS = {
    "svg.fonttype": "none",  # text stays text
    "svg.hashsalt": "entier",
    "font.family": "sans-serif",
    "font.sans-serif": ["DejaVu Sans", "Verdana", "Arial", "sans-serif"],
    "font.size": 11,
    "axes.titlesize": 11,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.axisbelow": True,
    "axes.grid": True,
    "grid.color": "#E3E3E3",
    "grid.linewidth": 0.6,
    "legend.frameon": False,
    "figure.facecolor": "white",
    "savefig.facecolor": "white",
}


@contextmanager
def plot_style() -> Iterator[None]:
    with plt.rc_context(SETTINGS):
        yield


def save(figure: Figure, path: Path) -> None:
    """Writes an SVG without dates and versions, aside and then renamed; a PNG if the name asks for it."""
    kind = path.suffix.removeprefix(".")
    metadata = {"Date": None, "Creator": None} if kind == "svg" else None
    with written_aside(path) as aside:
        figure.savefig(aside, format=kind, metadata=metadata, dpi=100)
    plt.close(figure)


def label_points(
    axes: Axes, points: list[tuple[float, float]], texts: list[str], obstacles: list[Bbox]
) -> list[Annotation]:
    """Writes a text beside each point where it overlaps least with other texts and the obstacles (in pixels).

    Greedy over eight directions and growing distances; a text that had to go far is tied to its point by a line.
    """
    figure = axes.figure
    figure.canvas.draw()
    renderer = figure.canvas.get_renderer()
    inside = axes.get_window_extent(renderer)
    taken = list(obstacles)
    made = []
    for point, text in zip(points, texts, strict=True):
        best = None
        for distance in (NEAR, 16, 26, 38, 52, 70):
            for dx, dy in ((1, 0.6), (1, -0.6), (-1, 0.6), (-1, -0.6), (0, 1), (0, -1), (1, 0), (-1, 0)):
                note = axes.annotate(
                    text,
                    point,
                    xytext=(dx * distance, dy * distance),
                    textcoords="offset points",
                    ha={1: "left", -1: "right", 0: "center"}[dx],
                    va="center" if dy == 0 else ("bottom" if dy > 0 else "top"),
                    fontsize=10,
                    arrowprops={"arrowstyle": "-", "color": GREY, "lw": 0.7, "shrinkA": 0, "shrinkB": 3}
                    if distance > NEAR
                    else None,
                )
                box = _text_box(note, renderer)
                cost = sum(_overlap(box, other) for other in taken) + _outside(box, inside)
                if best is None or cost < best[0]:
                    if best is not None:
                        best[1].remove()
                    best = (cost, note, box)
                else:
                    note.remove()
            if best is not None and best[0] == 0:
                break
        assert best is not None
        taken.append(best[2])
        made.append(best[1])
    return made


def _text_box(note: Annotation, renderer: RendererBase) -> Bbox:
    """Of the text alone, without its line."""
    note.update_positions(renderer)
    return Text.get_window_extent(note, renderer)


def _overlap(one: Bbox, other: Bbox) -> float:
    shared = Bbox.intersection(one, other)
    return 0.0 if shared is None else shared.width * shared.height + 1.0


def _outside(box: Bbox, limits: Bbox) -> float:
    shared = Bbox.intersection(box, limits)
    kept = 0.0 if shared is None else shared.width * shared.height
    return 10 * max(0.0, box.width * box.height - kept)
