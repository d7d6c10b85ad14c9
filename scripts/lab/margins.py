"""What the smallest margin of a text between best and second best label tells of its answer."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from sklearn.isotonic import IsotonicRegression
from sklearn.metrics import brier_score_loss, roc_auc_score

MAX_KNOTS = 50


def smallest_margins(probabilities: np.ndarray, lengths: Sequence[int]) -> np.ndarray:
    """Per text the least (best - second best probability) of its tokens; 1 for a text without tokens."""
    ordered = np.partition(probabilities, -2, axis=1)
    margins = ordered[:, -1] - ordered[:, -2]
    ends = np.cumsum(lengths)
    return np.array(
        [margins[end - length : end].min(initial=1.0) for length, end in zip(lengths, ends, strict=True)]
    )


@dataclass(frozen=True)
class MarginMap:
    """Smallest margin of a text to the probability that its answer is wrong; linear between the knots."""

    margin: np.ndarray  # increasing
    error_probability: np.ndarray  # not increasing

    def __call__(self, margins: np.ndarray) -> np.ndarray:
        return np.interp(margins, self.margin, self.error_probability)


def fit_margin_map(margins: np.ndarray, wrong: np.ndarray) -> MarginMap:
    """Isotonic regression (scikit-learn), thinned to at most MAX_KNOTS knots and rounded as it is stored."""
    if len(margins) == 0:
        raise ValueError("no texts to fit the margin map on: expected the margins of a split")
    model = IsotonicRegression(increasing=False, y_min=0.0, y_max=1.0, out_of_bounds="clip")
    model.fit(margins, wrong.astype(np.float64))
    knots = np.round(model.X_thresholds_, 6)
    values = np.round(model.y_thresholds_, 5)
    knots, first = np.unique(knots, return_index=True)  # thresholds may meet when rounded
    kept = thinned(knots, values[first])
    return MarginMap(knots[kept], values[first][kept])


def thinned(knots: np.ndarray, values: np.ndarray, limit: int = MAX_KNOTS) -> list[int]:
    """At most `limit` indexes, both ends among them; each next one is where the line so far is worst."""
    kept = sorted({0, len(knots) - 1})
    while len(kept) < min(limit, len(knots)):
        gap = np.abs(np.interp(knots, knots[kept], values[kept]) - values)
        worst = int(gap.argmax())
        if gap[worst] == 0:
            break
        kept = sorted({*kept, worst})
    return kept


def margin_quality(found: MarginMap, margins: np.ndarray, wrong: np.ndarray, base_rate: float) -> dict:
    """How well the map tells wrong answers from right ones; `base_rate` is the share of wrong ones it was
    fitted on, and the Brier score of always saying that is what it has to beat. AUROC is null where all
    answers are right, or all wrong.
    """
    chance = found(margins)
    both = 0 < wrong.sum() < len(wrong)
    return {
        "auroc": round(float(roc_auc_score(wrong, chance)), 5) if both else None,
        "brier": round(float(brier_score_loss(wrong, chance, pos_label=1)), 5),
        "brierOfBaseRate": round(float(np.mean((wrong - base_rate) ** 2)), 5),
        "wrongShare": round(float(wrong.mean()), 5),
        "texts": len(wrong),
    }
