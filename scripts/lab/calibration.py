"""How far a variant's probabilities can be believed: temperature, calibration error, what margins tell."""

from __future__ import annotations

import numpy as np
from scipy.optimize import minimize_scalar

from scripts.lab.decoding import log_softmax
from scripts.lab.evaluated import DecodedSplit, EvaluatedSplit, decode_split, span_scores
from scripts.lab.margins import fit_margin_map, margin_quality, smallest_margins

BINS = 15
TEMPERATURES = (0.05, 20.0)  # a best one beyond these means that the logits say everything or nothing


def negative_log_likelihood(logits: np.ndarray, gold: np.ndarray, temperature: float) -> float:
    """Mean over the tokens. `logits` [tokens, labels], `gold` [tokens] label indexes."""
    return -float(log_softmax(logits / temperature)[np.arange(len(gold)), gold].mean())


def fit_temperature(logits: np.ndarray, gold: np.ndarray) -> float:
    """The temperature of least negative log-likelihood within TEMPERATURES (Guo et al. 2017, arXiv
    1706.04599). Raises ValueError where there are no tokens.

    The log-likelihood is concave in 1 / temperature, so a bounded search finds its only maximum.
    """
    if len(gold) == 0:
        raise ValueError("no tokens to fit a temperature on: expected the logits of a split")
    logits, gold = logits.astype(np.float64), gold.astype(np.int64)
    found = minimize_scalar(
        lambda log_temperature: negative_log_likelihood(logits, gold, float(np.exp(log_temperature))),
        bounds=np.log(TEMPERATURES),
        method="bounded",
        options={"xatol": 1e-6},
    )
    return float(np.exp(found.x))


def probabilities_of(logits: np.ndarray, temperature: float) -> np.ndarray:
    """softmax(logits / temperature), in float64."""
    return np.exp(log_softmax(logits.astype(np.float64) / temperature))


def _bin_of(confidence: np.ndarray) -> np.ndarray:
    return np.minimum((confidence * BINS).astype(np.int64), BINS - 1)


def reliability(confidence: np.ndarray, right: np.ndarray) -> list[dict[str, float | int | None]]:
    """Per equal-width bin of [0, 1]: mean confidence, share that is right, count; no means if it is empty."""
    bins = _bin_of(confidence)
    rows: list[dict[str, float | int | None]] = []
    for index in range(BINS):
        inside = bins == index
        count = int(inside.sum())
        rows.append(
            {
                "confidence": round(float(confidence[inside].mean()), 5) if count else None,
                "accuracy": round(float(right[inside].mean()), 5) if count else None,
                "count": count,
            }
        )
    return rows


def expected_calibration_error(confidence: np.ndarray, right: np.ndarray) -> float:
    """Mean over all items of |share right - mean confidence| of their bin; 0 where there are no items."""
    if len(confidence) == 0:
        return 0.0
    gaps = np.zeros(BINS)
    np.add.at(gaps, _bin_of(confidence), right.astype(np.float64) - confidence)
    return float(np.abs(gaps).sum() / len(confidence))


def scores_at(
    split: EvaluatedSplit, decoded: DecodedSplit, temperature: float
) -> tuple[np.ndarray, np.ndarray]:
    """Probability of each pre-token's decoded label, and score of each span."""
    probabilities = probabilities_of(split.logits, temperature)
    chosen = probabilities[np.arange(len(decoded.path)), decoded.path]
    return chosen, span_scores(chosen, decoded.spans)


def calibrate(splits: dict[str, EvaluatedSplit]) -> dict[str, object]:
    """Everything that goes into the file but the model's digest."""
    decoded = {name: decode_split(split) for name, split in splits.items()}
    validation = splits["validation"]
    temperature = round(fit_temperature(validation.logits, validation.gold), 4)

    errors: dict[str, dict[str, dict[str, float]]] = {"token": {}, "entity": {}}
    curves: dict[str, list] = {}
    for name, split in splits.items():
        token_right = decoded[name].path == split.gold
        for when, used in (("before", 1.0), ("after", temperature)):
            token, entity = scores_at(split, decoded[name], used)
            for level, scores, right in (
                ("token", token, token_right),
                ("entity", entity, decoded[name].span_right),
            ):
                found = round(expected_calibration_error(scores, right), 5)
                errors[level].setdefault(name, {})[when] = found
            if name == "test":
                curves[when] = reliability(entity, decoded[name].span_right)

    margins = {
        name: smallest_margins(probabilities_of(split.logits, temperature), split.lengths)
        for name, split in splits.items()
    }
    found_map = fit_margin_map(margins["validation"], decoded["validation"].text_wrong)
    return {
        "temperature": temperature,
        "fittedOn": "validation",
        "expectedCalibrationError": errors,
        "reliability": {"test": curves},
        "marginToError": {
            "margin": found_map.margin.tolist(),
            "errorProbability": found_map.error_probability.tolist(),
        },
        "marginQuality": {
            "test": margin_quality(
                found_map,
                margins["test"],
                decoded["test"].text_wrong,
                float(decoded["validation"].text_wrong.mean()),
            )
        },
    }
