"""The rows by which ways of weight pruning are compared: the command of each."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

DENSE = "dense"  # the row that all others are compared with
SHARES = (0.5, 0.7, 0.9)


@dataclass(frozen=True)
class PruningRow:
    name: str
    what: str
    method: str | None = None  # None: nothing is pruned
    share: float = 0.0  # of each of the encoder's linear weights
    is_trained: bool = False

    @property
    def checkpoint(self) -> str:
        return f"weight-pruning-{self.name}"

    def arguments(self) -> list[str]:
        return ["--method", str(self.method), "--share", f"{self.share:g}"]


ROWS = (
    PruningRow(DENSE, "nothing is pruned"),
    *(
        PruningRow(
            f"{method}-{100 * share:.0f}{'' if is_trained else '-at-once'}",
            f"{what}, {'while it trains' if is_trained else 'without training'}",
            method,
            share,
            is_trained,
        )
        for share in SHARES
        for method, what, is_trained in (
            ("magnitude", "the smallest weights", False),
            ("magnitude", "the smallest weights", True),
            ("movement", "the weights that move towards zero", True),
        )
    ),
)


def chosen_rows(only: Sequence[str] | None) -> list[PruningRow]:
    """These rows and the dense one, or all. Raises ValueError for one that is not there."""
    unknown = sorted(set(only or ()) - {row.name for row in ROWS})
    if unknown:
        raise ValueError(
            f"--only {' '.join(unknown)}: no such row; there are {', '.join(row.name for row in ROWS)}"
        )
    return [row for row in ROWS if only is None or row.name in (DENSE, *only)]
