"""The result of a search for a recipe in words: a table, what its figures are, and how to make the chosen one."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from scripts.lab.recipe_tables import Tables
from scripts.lab.recipes import Candidate, good_enough, said_f1, said_ms, within

HEADER = ("", "recipe", "layers", "heads", "FFN", "F1", "ms", "MB", "min", "how")
RIGHT = range(3, 9)  # columns of figures


def candidate_table(
    chosen: Candidate,
    best: Sequence[Candidate],
    unmeasured: Sequence[Candidate],
    *,
    max_ms: float | None,
    min_f1: float | None,
) -> str:
    """The chosen one on top, then the front, then what would have to be trained. `-`: not within what is wanted."""
    rows = [row(">", chosen)]
    for each in [*best, *unmeasured]:
        if each.name == chosen.name:
            continue
        fits = within(each, max_ms) and (each.f1 is None or good_enough(each, min_f1))
        rows.append(row("" if fits else "-", each))
    cells = [HEADER, *rows]
    widths = [max(len(cell[column]) for cell in cells) for column in range(len(HEADER))]
    return "\n".join(
        "  ".join(
            text.rjust(width) if column in RIGHT else text.ljust(width)
            for column, (text, width) in enumerate(zip(cell, widths, strict=True))
        ).rstrip()
        for cell in cells
    )


def row(mark: str, each: Candidate) -> tuple[str, ...]:
    return (
        mark,
        each.name,
        ",".join(map(str, each.layers)),
        "all" if each.heads == 1 else f"{each.heads:.0%}",
        "all" if each.ffn == 1 else f"{each.ffn:.0%}",
        said_f1(each.f1),
        said_ms(each.ms),
        f"{each.size_bytes / 1e6:.1f}",
        "-" if each.minutes is None else f"{each.minutes:.0f}",
        how(each),
    )


def how(each: Candidate) -> str:
    return {
        "released": "is there",
        "cut": f"a cut of {each.made_of}",
        "trained": f"to be trained from {each.made_of}",
    }[each.kind]


def footnotes(tables: Tables, to_be_trained: Sequence[Candidate]) -> str:
    lines = [
        "> is the chosen one, - is not within what is wanted. F1: served, on validation. min: of training, as the "
        "cards recorded them, without the teachers'; 0 for a cut, whose elastic model is there; - where no card tells."
    ]
    if to_be_trained:
        names = sorted({name for each in to_be_trained for name in tables.records_used(each.parameters)})
        lines.append(
            "To be trained: times by the latency tables, MB by the parameters, minutes by the epochs of "
            f"{', '.join(names) or 'no card'}."
        )
    return "\n".join([*lines, *tables.notes])


def how_to_make(chosen: Candidate, models: Path) -> str:
    """Where it is, or the command that makes it."""
    command = f"python -m scripts.search --pick {chosen.name} --build --output DIR"
    if chosen.kind == "released":
        return f"It is there: {models / chosen.made_of / 'model.onnx'}; a copy: {command}"
    if chosen.kind == "trained":
        return f"To train it: {command} --data FOLDER"
    layers = ",".join(map(str, chosen.layers))
    precision = "fp16-stored" if chosen.precision == "fp32" else chosen.precision
    return (
        f"To make it: {command}\nThe gateway makes it too: npm run variants -- build --parent {chosen.made_of} "
        f"--layers {layers} --heads {chosen.heads:g} --ffn {chosen.ffn:g} --precision {precision}"
    )
