"""F1 of every variant with its interval, and its difference to the reference variant."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from scripts.lab.bootstrap import f1_of, interval, resampled_f1


@dataclass(frozen=True)
class Estimate:
    value: float
    low: float
    high: float

    @property
    def excludes_zero(self) -> bool:
        return self.low > 0 or self.high < 0


@dataclass(frozen=True)
class Quality:
    validation: Estimate
    test: Estimate
    difference: Estimate  # test F1 less that of the reference variant, paired


def qualities(
    counts: Mapping[str, Mapping[str, np.ndarray]], reference: str, *, resamples: int, seed: int
) -> dict[str, Quality]:
    """`counts` holds per variant and split [sentences, 3]; all variants are scored on the same resamples."""
    names = list(counts)
    found: dict[str, dict[str, Estimate]] = {name: {} for name in names}
    for split in ("validation", "test"):
        moved = resampled_f1([counts[name][split] for name in names], resamples=resamples, seed=seed)
        values = [float(f1_of(counts[name][split].sum(axis=0))) for name in names]
        at = names.index(reference)
        for row, name in enumerate(names):
            found[name][split] = Estimate(values[row], *interval(moved[row]))
            if split == "test":
                difference = interval(moved[row] - moved[at])
                found[name]["difference"] = Estimate(values[row] - values[at], *difference)
    return {name: Quality(**estimates) for name, estimates in found.items()}
