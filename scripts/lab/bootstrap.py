"""Bootstrap over sentences: how far entity F1, and differences of it, would move with other sentences.

Percentile intervals (Efron and Tibshirani 1993, chapter 13). Every model is scored on the same resamples, so the
difference of two models is a paired one, and much narrower than their own intervals.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

RESAMPLES = 2000
LEVEL = 0.95
_CHUNK = 200  # resamples at a time, so that the weights stay a few MB


def f1_of(counts: np.ndarray) -> np.ndarray:
    """Entity F1 of counts [..., 3] (right, answered, gold); 0 where there is neither an answer nor gold."""
    total = counts[..., 1] + counts[..., 2]
    return np.where(total > 0, 2 * counts[..., 0] / np.maximum(total, 1), 0.0)


def resampled_f1(counts: Sequence[np.ndarray], *, resamples: int = RESAMPLES, seed: int = 1) -> np.ndarray:
    """F1 [models, resamples] of models whose counts [sentences, 3] are of the same sentences.

    Raises ValueError if the numbers of sentences differ, or there are none.
    """
    sizes = {len(each) for each in counts}
    if len(sizes) != 1 or 0 in sizes:
        raise ValueError(
            f"counts of {sorted(sizes)} sentences: expected the same number, one or more, everywhere"
        )
    sentences = sizes.pop()
    table = np.concatenate(counts, axis=1).astype(np.float64)  # [sentences, 3 * models]
    rng = np.random.default_rng(seed)
    sums = []
    for start in range(0, resamples, _CHUNK):
        size = min(_CHUNK, resamples - start)
        drawn = rng.integers(0, sentences, (size, sentences)) + np.arange(size)[:, None] * sentences
        weights = np.bincount(drawn.ravel(), minlength=size * sentences).reshape(size, sentences)
        sums.append(weights @ table)
    return f1_of(np.concatenate(sums).reshape(resamples, len(counts), 3)).T


def interval(values: np.ndarray, level: float = LEVEL) -> tuple[float, float]:
    """The middle `level` of the values."""
    low, high = np.quantile(values, [(1 - level) / 2, (1 + level) / 2])
    return float(low), float(high)
