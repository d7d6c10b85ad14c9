"""Served F1: exact character spans against gold, and the figures per tag that follow from them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from scripts.lab.corpus import Entity, Sentence, as_text
from scripts.lab.labels import ENTITY_TYPES, LABELS

Spans = Sequence[tuple[str, int, int]]  # (label, start, end) in code points


@dataclass
class Counts:
    right: int = 0
    answered: int = 0
    gold: int = 0

    def figures(self) -> dict[str, float]:
        precision = self.right / self.answered if self.answered else 0.0
        recall = self.right / self.gold if self.gold else 0.0
        f1 = 2 * precision * recall / (precision + recall) if precision + recall else 0.0
        return {"precision": round(precision, 5), "recall": round(recall, 5), "f1": round(f1, 5)}


def entity_counts(gold: Sequence[Sequence[Entity]], answers: Sequence[Spans]) -> dict[str, Counts]:
    """Counts per entity type over whole spans; all types together under the empty key."""
    counts = {kind: Counts() for kind in ("", *ENTITY_TYPES)}
    for expected, answer in zip(gold, answers, strict=True):
        truth = {(entity.label, entity.start, entity.end) for entity in expected}
        given = set(answer)
        for kind in counts:
            truth_of = {span for span in truth if kind in ("", span[0])}
            given_of = {span for span in given if kind in ("", span[0])}
            counts[kind].right += len(truth_of & given_of)
            counts[kind].answered += len(given_of)
            counts[kind].gold += len(truth_of)
    return counts


def sentence_counts(gold: Sequence[Sequence[Entity]], answers: Sequence[Spans]) -> np.ndarray:
    """int32 [sentences, 3]: right, answered and gold entities of each sentence; their sums give the F1."""
    rows = []
    for expected, answer in zip(gold, answers, strict=True):
        truth = {(entity.label, entity.start, entity.end) for entity in expected}
        given = set(answer)
        rows.append((len(truth & given), len(given), len(truth)))
    return np.array(rows, dtype=np.int32).reshape(-1, 3)


def entity_f1(gold: Sequence[Sequence[Entity]], answers: Sequence[Spans]) -> float:
    return entity_counts(gold, answers)[""].figures()["f1"]


def tags_over_tokens(spans: Spans, ranges: Sequence[tuple[int, int]]) -> list[str]:
    """Character spans laid over corpus tokens: a token that a span touches takes its label, B- at the
    first.
    """
    tags = ["O"] * len(ranges)
    for label, start, end in sorted(spans, key=lambda span: span[1]):
        prefix = "B"
        for index, (token_start, token_end) in enumerate(ranges):
            if token_start < end and start < token_end and tags[index] == "O":
                tags[index] = f"{prefix}-{label}"
                prefix = "I"
    return tags


def report(sentences: Sequence[Sentence], answers: Sequence[Spans]) -> dict[str, object]:
    """All figures of one split, as they stand on a card under `evaluation`."""
    gold = [as_text(sentence)[1] for sentence in sentences]
    by_type = entity_counts(gold, answers)
    by_tag = {label: Counts() for label in LABELS}
    for sentence, answer in zip(sentences, answers, strict=True):
        tags = tags_over_tokens(answer, as_text(sentence)[2])
        for expected, given in zip(sentence.tags, tags, strict=True):
            by_tag[expected].gold += 1
            by_tag[given].answered += 1
            by_tag[given].right += expected == given

    def micro(labels: Sequence[str]) -> dict[str, float]:
        total = Counts()
        for label in labels:
            total.right += by_tag[label].right
            total.answered += by_tag[label].answered
            total.gold += by_tag[label].gold
        return total.figures()

    return {
        **by_type[""].figures(),
        "perType": {
            kind: {**by_type[kind].figures(), "support": by_type[kind].gold} for kind in ENTITY_TYPES
        },
        "perTag": {label: {**by_tag[label].figures(), "support": by_tag[label].gold} for label in LABELS},
        "microWithO": micro(LABELS),
        "microWithoutO": micro(LABELS[1:]),
        "sentences": len(sentences),
    }
