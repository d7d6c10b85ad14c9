"""The report's section on the cuts of an elastic model: what each is worth, beside students trained on their own."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import matplotlib.pyplot as plt
from matplotlib.ticker import FuncFormatter, LogLocator, NullFormatter
from matplotlib.transforms import Bbox

from scripts.lab.records import Facts
from scripts.lab.reporting.inputs import Elastic, is_int8
from scripts.lab.reporting.sections import COMPARED_AT
from scripts.lab.reporting.style import BLUE, GREEN, GREY, VERMILLION, WIDTH, label_points, save
from scripts.lab.reporting.wording import counted, figure, listed, signed, table

PURPLE = "#CC79A7"
# By depth, the deepest first; a marker of its own tells the same again.
LOOKS = ((BLUE, "o"), (VERMILLION, "s"), (GREEN, "^"), (PURPLE, "D"), (GREY, "v"))
WITHIN = 0.01  # validation F1 of a cut, less that of a student trained on its own


def median_ms(found: Facts) -> float:
    return found["ms"][COMPARED_AT]["median"]


def validation_f1(card: Facts) -> float:
    return card["evaluation"]["validation"]["f1"]


def share(value: float) -> str:
    return "all" if value == 1 else f"{value:.0%}".replace("%", " %")


def cuts_text(elastic: Elastic) -> str:
    trained = [cut for cut in elastic.cuts if cut["trained"]]
    return (
        f"`{elastic.name}` is one model of which {counted(len(trained), 'cut')} were trained at once: it costs what "
        f"`{elastic.card['parent']}` costs, so the gateway does not load it, but any cut of it is made by "
        f"`npm run variants -- build --parent {elastic.name}` without training. Heads and channels are stored by "
        "importance, and a cut keeps the first. F1 as served; run times on one thread, all cuts and the released "
        f"variants in turn ({counted(elastic.measured['rounds'], 'round')}, {elastic.measured['cpu']}, "
        f"{elastic.measured['measuredAt'][:10]})."
    )


def cuts_table(elastic: Elastic) -> str:
    header = [
        "layers",
        "heads",
        "FFN channels",
        "M parameters",
        "validation F1, fp32",
        "validation F1, int8",
        "test F1, int8",
        f"ms {COMPARED_AT}, fp32",
        f"ms {COMPARED_AT}, int8",
        f"speed-up over `{elastic.measured['baseline']}` as served, int8",
        "MB, fp16-stored",
        "MB, int8",
    ]
    rows = []
    for cut in elastic.cuts:
        fp32, int8 = cut["fp32"], cut["int8"]
        rows.append(
            [
                ", ".join(map(str, cut["layers"])),
                share(cut["heads"]),
                share(cut["ffn"]) + ("" if cut["trained"] else " *"),
                f"{cut['parameters'] / 1e6:.1f}",
                figure(fp32["f1"]["validation"]),
                figure(int8["f1"]["validation"]),
                figure(int8["f1"]["test"]),
                f"{median_ms(fp32):.2f}",
                f"{median_ms(int8):.2f}",
                f"{int8['speedup'][COMPARED_AT]['median']:.2f}",
                f"{fp32['sizeBytes'] / 1e6:.1f}",
                f"{int8['sizeBytes'] / 1e6:.1f}",
            ]
        )
    starred = (
        "" if all(cut["trained"] for cut in elastic.cuts) else "\n\n\\* not among the shapes of every step."
    )
    return table(header, rows, left=3) + starred


def students(elastic: Elastic) -> list[tuple[Facts, Facts]]:
    """Cards of released int8 variants, each with the cut of as many layers and the same shares of units."""
    found = []
    for card in elastic.released:
        recipe = card["recipe"]
        if not is_int8(card) or "layerShapes" in recipe:
            continue
        wanted = (len(recipe["layers"]), recipe.get("heads", 1), recipe.get("ffn", 1))
        for cut in elastic.cuts:
            if (len(cut["layers"]), cut["heads"], cut["ffn"]) == wanted:
                found.append((card, cut))
    return found


def students_table(pairs: Sequence[tuple[Facts, Facts]]) -> str:
    header = [
        "trained on its own",
        "its layers",
        "the cut's layers",
        "heads",
        "FFN channels",
        "its validation F1, int8",
        "the cut's",
        "difference",
    ]
    rows = []
    for card, cut in pairs:
        own, its = validation_f1(card), cut["int8"]["f1"]["validation"]
        rows.append(
            [
                f"`{card['name']}`",
                ", ".join(map(str, card["recipe"]["layers"])),
                ", ".join(map(str, cut["layers"])),
                share(cut["heads"]),
                share(cut["ffn"]),
                figure(own),
                figure(its),
                signed(its - own),
            ]
        )
    return table(header, rows, left=3)


def students_section(elastic: Elastic) -> list[str]:
    """The cuts beside students of their shape that were trained on their own."""
    pairs = students(elastic)
    if not pairs:
        return ["No released variant has the shape of a cut."]
    return [
        f"Of {counted(len(pairs), 'shape')} there is a variant that was trained for it alone, with as many layers and "
        "the same share of units; it may keep other layers.",
        students_table(pairs),
        students_text(pairs),
    ]


def students_text(pairs: Sequence[tuple[Facts, Facts]]) -> str:
    """Which cuts are as good as students trained on their own."""
    differences = {card["name"]: cut["int8"]["f1"]["validation"] - validation_f1(card) for card, cut in pairs}
    near = [name for name, difference in differences.items() if difference >= -WITHIN]
    far = [name for name, difference in differences.items() if difference < -WITHIN]
    said = []
    if near:
        said.append(f"The cut is within {figure(WITHIN, 2)} of {listed(near)}, or better.")
    if far:
        said.append(f"It is worse than {listed(far)} by more than that.")
    return " ".join(said)


def front_of_cuts(elastic: Elastic) -> str:
    """Cuts in int8 that no released variant and no other cut beats in both run time and validation F1."""
    rivals = [
        (median_ms(elastic.measured["beside"][card["name"]]), validation_f1(card))
        for card in elastic.released
        if card["name"] in elastic.measured["beside"]
    ]
    points = {cut["name"]: (median_ms(cut["int8"]), cut["int8"]["f1"]["validation"]) for cut in elastic.cuts}
    best = [
        name
        for name, (ms, f1) in points.items()
        if not any(
            other_ms <= ms and other >= f1 and (other_ms, other) != (ms, f1)
            for other_ms, other in [*rivals, *points.values()]
        )
    ]
    if not best:
        return "Each cut in int8 is beaten in both run time and validation F1 by a released variant or another cut."
    return (
        "By validation F1 and run time in int8, neither a released variant nor another cut beats "
        f"{listed(best)} (layers x share of units, or x share of heads x share of channels)."
    )


def plot_cuts(elastic: Elastic, path: Path) -> None:
    """Validation F1 in int8 against ms at 1x32: a line a depth, and the released variants."""
    figure_, axes = plt.subplots(figsize=(WIDTH, 5.0), layout="constrained")
    axes.set_xscale("log")
    axes.xaxis.set_major_locator(LogLocator(subs=(1.0, 2.0, 5.0)))
    axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
    axes.xaxis.set_minor_formatter(NullFormatter())
    axes.yaxis.set_major_formatter(FuncFormatter(lambda value, _: figure(value, 3)))
    axes.set_xlabel("ms for one text of 32 tokens on one thread (log scale)")
    axes.set_ylabel("validation F1")
    trained = [cut for cut in elastic.cuts if cut["trained"]]
    depths = sorted({len(cut["layers"]) for cut in trained}, reverse=True)
    shown: list[tuple[float, float]] = []
    for depth, (colour, marker) in zip(depths, _looks(len(depths)), strict=True):
        line = [cut for cut in trained if len(cut["layers"]) == depth]
        points = [(median_ms(cut["int8"]), cut["int8"]["f1"]["validation"]) for cut in line]
        axes.plot(
            *zip(*points, strict=True),
            color=colour,
            marker=marker,
            ms=6,
            lw=1.2,
            label=counted(depth, "layer"),
        )
        shown += points
    beside = [
        (card["name"], (median_ms(elastic.measured["beside"][card["name"]]), validation_f1(card)))
        for card in elastic.released
        if card["name"] in elastic.measured["beside"] and is_int8(card)
    ]
    if beside:
        points = [point for _, point in beside]
        axes.scatter(
            *zip(*points, strict=True), color="black", marker="x", s=45, zorder=3, label="on their own"
        )
        shown += points
    values = [value for _, value in shown]
    span = max(values) - min(values) or 0.01
    axes.set_ylim(min(values) - 0.1 * span, max(values) + 0.12 * span)
    times = [time for time, _ in shown]
    axes.set_xlim(min(times) / 1.25, max(times) * 1.4)
    axes.legend(loc="lower right", title=f"cuts of {elastic.name}, int8")
    axes.figure.canvas.draw()
    obstacles = [axes.get_legend().get_window_extent()]
    for x, y in axes.transData.transform(shown):
        obstacles.append(Bbox.from_extents(x - 6, y - 6, x + 6, y + 6))
    label_points(axes, [point for _, point in beside], [name for name, _ in beside], obstacles)
    save(figure_, path)


def _looks(count: int) -> Sequence[tuple[str, str]]:
    return [LOOKS[index % len(LOOKS)] for index in range(count)]


def cuts_sections(elastic: Elastic, plot: str) -> list[str]:
    return [
        f"## Cuts of `{elastic.name}`",
        cuts_text(elastic),
        cuts_table(elastic),
        front_of_cuts(elastic),
        plot,
        *students_section(elastic),
    ]
