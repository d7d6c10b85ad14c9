"""Logits of the first subwords in, spans over the raw text out (the gateway's `viterbi` aggregation)."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from scripts.lab.encoding import EncodedText
from scripts.lab.labels import LABELS


@dataclass(frozen=True)
class Span:
    label: str
    start: int  # code points, end exclusive
    end: int
    score: float


def forbidden_transitions(labels: Sequence[str] = LABELS) -> tuple[np.ndarray, np.ndarray]:
    """Penalties (0 or -inf) of beginning with a label, and of going from row label to column label."""
    start = np.zeros(len(labels))
    step = np.zeros((len(labels), len(labels)))
    for column, label in enumerate(labels):
        if label.startswith("I-"):
            start[column] = -np.inf
            for row, previous in enumerate(labels):
                if previous not in (f"B-{label[2:]}", f"I-{label[2:]}"):
                    step[row, column] = -np.inf
    return start, step


_START, _STEP = forbidden_transitions()


def log_softmax(logits: np.ndarray) -> np.ndarray:
    shifted = logits.astype(np.float64) - logits.max(axis=-1, keepdims=True)
    return shifted - np.log(np.exp(shifted).sum(axis=-1, keepdims=True))


def best_path(scores: np.ndarray) -> list[int]:
    """The most probable legal label sequence; ties go to the lower label index.

    `scores` are log-probabilities or logits [pre-tokens, labels]: softmax takes the same from a whole row.
    """
    count = len(scores)
    if count == 0:
        return []
    back = np.zeros((count, scores.shape[1]), dtype=np.int64)
    best = scores[0] + _START
    for index in range(1, count):
        steps = best[:, None] + _STEP
        back[index] = steps.argmax(axis=0)
        # Relative to the best one of the step before, and in the gateway's order of operations, so that both
        # round alike and find the same ties, over any length.
        best = (steps.max(axis=0) - best.max()) + scores[index]
    path = [int(best.argmax())]
    for index in range(count - 1, 0, -1):
        path.append(int(back[index, path[-1]]))
    return path[::-1]


def argmax_path(log_probabilities: np.ndarray) -> list[int]:
    """The best label of each pre-token by itself, legal or not."""
    return [int(index) for index in log_probabilities.argmax(axis=-1)]


def decode(
    encoded: EncodedText, logits: np.ndarray, viterbi: bool = True, temperature: float = 1.0
) -> tuple[list[str], list[Span]]:
    """`logits` has one row a token, special tokens left out. Returns a tag per pre-token, and the spans.

    Without `viterbi` an I- that follows nothing of its type begins a span, as seqeval reads it. Scores are
    mean probabilities under softmax(logits / temperature); no label depends on the temperature, which divides
    the score of every path by the same number.
    """
    ranges = encoded.pre_token_ranges()
    if not ranges:
        return [], []
    logits = logits[[first for first, _ in ranges]].astype(np.float64)
    log_probabilities = log_softmax(logits)
    path = best_path(logits) if viterbi else argmax_path(logits)
    calibrated = log_softmax(log_probabilities / temperature)
    tags = [LABELS[index] for index in path]

    spans: list[Span] = []
    scores: list[float] = []
    for word, (first, end) in enumerate(ranges):
        tag = tags[word]
        if tag == "O":
            continue
        score = float(np.exp(calibrated[word, path[word]]))
        end_offset = encoded.offsets[end - 1][1]
        previous = tags[word - 1] if word else "O"
        if tag.startswith("I-") and previous != "O" and previous[2:] == tag[2:]:
            scores.append(score)
            spans[-1] = Span(spans[-1].label, spans[-1].start, end_offset, float(np.mean(scores)))
        else:
            scores = [score]
            spans.append(Span(tag[2:], encoded.offsets[first][0], end_offset, score))
    return tags, [extend_over_marks(span, encoded.text) for span in spans]


def extend_over_marks(span: Span, text: str) -> Span:
    """The normalizer strips combining marks, so the last token's offset may stop before them."""
    end = span.end
    while end < len(text) and unicodedata.category(text[end]) == "Mn":
        end += 1
    return Span(span.label, span.start, end, span.score)
