"""A bias per label that makes the gold label paths of a split most likely among all legal ones.

A tagger is trained on tokens, one by one, and with smoothing forces (dropout, soft labels, averaging), but served
by the best legal path. The bias adds what the paths say of how willing it is to name each label: the likelihood of
a conditional random field whose transitions are fixed (0 or forbidden), and whose only parameters are these biases.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from scipy.optimize import minimize

from scripts.lab.bootstrap import f1_of
from scripts.lab.decoding import best_path, forbidden_transitions
from scripts.lab.labels import LABELS, spans_from_tags

OUTSIDE = LABELS.index("O")


@dataclass(frozen=True)
class LabelledLogits:
    """Texts one after the other: logits [pre-tokens, labels], gold label indexes, pre-tokens of each text."""

    logits: np.ndarray
    gold: np.ndarray
    lengths: np.ndarray

    def select(self, texts: Sequence[int]) -> LabelledLogits:
        ends = np.cumsum(self.lengths)
        rows = np.concatenate([np.arange(ends[text] - self.lengths[text], ends[text]) for text in texts])
        return LabelledLogits(self.logits[rows], self.gold[rows], self.lengths[list(texts)])


def fit_label_bias(texts: LabelledLogits) -> np.ndarray:
    """Bias [labels] of the greatest likelihood, that of O being 0. Raises ValueError where there are no tokens.

    The likelihood is concave in the bias, so the search ends at its only maximum; a label that gold never has
    would go to minus infinity, so all of them are held within 5 of 0, far beyond any that was found.
    """
    if len(texts.gold) == 0:
        raise ValueError("no tokens to fit a bias on: expected the logits of a split")
    padded, gold, mask = (torch.from_numpy(array) for array in _padded(texts))
    start, step = (torch.from_numpy(array) for array in forbidden_transitions())
    free = [index for index in range(len(LABELS)) if index != OUTSIDE]

    def loss(values: np.ndarray) -> tuple[float, np.ndarray]:
        chosen = torch.tensor(values, requires_grad=True)
        bias = torch.zeros(len(LABELS), dtype=torch.float64).index_put((torch.tensor(free),), chosen)
        value = -path_log_likelihood(padded + bias, gold, mask, start, step).sum() / len(texts.gold)
        value.backward()
        return value.item(), chosen.grad.numpy()

    found = minimize(loss, np.zeros(len(free)), jac=True, method="L-BFGS-B", bounds=[(-5.0, 5.0)] * len(free))
    bias = np.zeros(len(LABELS))
    bias[free] = found.x
    return bias


def path_log_likelihood(
    scores: torch.Tensor, gold: torch.Tensor, mask: torch.Tensor, start: torch.Tensor, step: torch.Tensor
) -> torch.Tensor:
    """Of each text's gold path among its legal ones.

    `scores` [texts, length, labels], `gold` and `mask` [texts, length], `start` [labels] and `step`
    [labels, labels] are 0 or -inf.
    """
    chosen = scores.gather(2, gold[:, :, None])[:, :, 0]
    forward = scores[:, 0] + start
    for position in range(1, scores.shape[1]):
        reached = torch.logsumexp(forward[:, :, None] + step, dim=1) + scores[:, position]
        forward = torch.where(mask[:, position, None], reached, forward)
    return (chosen * mask).sum(dim=1) - torch.logsumexp(forward, dim=1)


def _padded(texts: LabelledLogits) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Logits, gold and mask of the texts that have tokens, padded to the longest one."""
    lengths = texts.lengths[texts.lengths > 0]
    mask = np.arange(lengths.max())[None] < lengths[:, None]
    logits = np.zeros((*mask.shape, len(LABELS)))
    gold = np.zeros(mask.shape, dtype=np.int64)
    logits[mask], gold[mask] = texts.logits, texts.gold
    return logits, gold, mask


def path_f1(texts: LabelledLogits, bias: np.ndarray) -> float:
    """Entity F1 of the best legal paths, over spans of pre-tokens."""
    counts = np.zeros(3)
    ends = np.cumsum(texts.lengths)
    for first, end in zip(ends - texts.lengths, ends, strict=True):
        path = best_path(texts.logits[first:end].astype(np.float64) + bias)
        answer, truth = (
            set(spans_from_tags([LABELS[label] for label in labels]))
            for labels in (path, texts.gold[first:end])
        )
        counts += (len(answer & truth), len(answer), len(truth))
    return float(f1_of(counts))


@dataclass(frozen=True)
class BiasChoice:
    bias: np.ndarray  # what is to be added: the fitted one, or zeros
    fitted: np.ndarray
    gains: list[float]  # of F1, on halves that the bias was not fitted on


def choose_label_bias(texts: LabelledLogits, *, repeats: int, seed: int) -> BiasChoice:
    """The bias of all texts where halves say that it helps (their median gain is positive), else none."""
    fitted = fit_label_bias(texts)
    gains = gains_on_other_halves(texts, repeats=repeats, seed=seed)
    return BiasChoice(fitted if np.median(gains) > 0 else np.zeros(len(LABELS)), fitted, gains)


def gains_on_other_halves(texts: LabelledLogits, *, repeats: int, seed: int) -> list[float]:
    """What the bias of one random half of the texts adds to the F1 of the other one; two figures a repeat."""
    rng = np.random.default_rng(seed)
    gains = []
    for _ in range(repeats):
        order = rng.permutation(len(texts.lengths))
        halves = [texts.select(part) for part in np.array_split(order, 2)]
        for fitted, judged in (halves, halves[::-1]):
            bias = fit_label_bias(fitted)
            gains.append(path_f1(judged, bias) - path_f1(judged, np.zeros(len(LABELS))))
    return gains
