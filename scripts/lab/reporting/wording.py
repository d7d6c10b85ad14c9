"""Figures and lists as the report words them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from scripts.lab.reporting.statistics import Estimate


def figure(value: float, digits: int = 4) -> str:
    """A share without its leading zero: .8967."""
    return f"{value:.{digits}f}".replace("0.", ".", 1) if abs(value) < 1 else f"{value:.{digits}f}"


def with_interval(estimate: Estimate) -> str:
    return f"{figure(estimate.value)} ({figure(estimate.low)} to {figure(estimate.high)})"


def signed(value: float) -> str:
    return ("+" if value >= 0 else "-") + figure(abs(value))


def signed_with_interval(estimate: Estimate) -> str:
    return f"{signed(estimate.value)} ({signed(estimate.low)} to {signed(estimate.high)})"


def listed(names: Sequence[str], nothing: str = "none") -> str:
    """`a`, `b` and `c`."""
    quoted = [f"`{name}`" for name in names]
    if len(quoted) < 2:
        return quoted[0] if quoted else nothing
    return f"{', '.join(quoted[:-1])} and {quoted[-1]}"


def counted(count: int, noun: str) -> str:
    return f"{count} {noun}" if count == 1 else f"{count} {noun}s"


def table(header: Sequence[str], rows: Sequence[Sequence[str]], left: int = 1) -> str:
    """A Markdown table whose first `left` columns are aligned left, the others right."""
    ruler = ["---" if index < left else "---:" for index in range(len(header))]
    return "\n".join("| " + " | ".join(row) + " |" for row in (header, ruler, *rows))


def recipe_in_words(card: dict[str, Any], most_layers: int) -> str:
    """Layers, heads, FFN, precision, storage and parameters of a card."""
    recipe = card["recipe"]
    layers = len(recipe["layers"])
    parts = [
        f"{layers} of {most_layers} layers" if layers < most_layers else counted(layers, "layer"),
        _share(_kept(recipe, "heads"), "heads"),
        _share(_kept(recipe, "ffn"), "FFN channels"),
    ]
    if recipe["precision"] == "fp32":
        parts.append("fp32" if recipe["storage"] == "fp32" else f"fp32, stored as {recipe['storage']}")
    else:
        parts.append(f"{recipe['precision']}, stored as {recipe['storage']}")
    parts.append(f"{card['parameters'] / 1e6:.1f} M parameters")
    return "; ".join(parts)


def _kept(recipe: dict[str, Any], key: str) -> Any:
    """A share, or a count a layer where layers differ."""
    shapes = recipe.get("layerShapes")
    return [shape[key] for shape in shapes] if shapes else recipe.get(key, 1)


def _share(kept: Any, what: str) -> str:
    """A share of all, or what each layer keeps."""
    if isinstance(kept, list):
        return f"{what} {'/'.join(map(str, kept))}"
    return f"all {what}" if kept == 1 else f"{kept:.0%} of the {what}"
