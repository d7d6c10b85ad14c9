"""Which variants nothing else dominates."""

from __future__ import annotations

from collections.abc import Sequence


def pareto_front(points: Sequence[tuple[float, float]]) -> list[int]:
    """Indexes of the (cost, quality) points that no other dominates, by rising cost.

    A point dominates another if it costs no more and is no worse, and one of the two is strict. Equal points
    are all on the front.
    """
    kept: list[int] = []
    best = float("-inf")
    for index in sorted(range(len(points)), key=lambda index: (points[index][0], -points[index][1])):
        if points[index][1] > best or (kept and points[index] == points[kept[-1]]):
            kept.append(index)
            best = points[index][1]
    return kept
