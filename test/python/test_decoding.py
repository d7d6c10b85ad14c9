from __future__ import annotations

import itertools
import json
from pathlib import Path

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from scripts.lab.decoding import best_path, decode, forbidden_transitions, log_softmax
from scripts.lab.encoding import EncodedText
from scripts.lab.labels import LABELS, spans_from_tags, tags_from_spans

START, STEP = forbidden_transitions()
finite = st.floats(-20, 20, width=32)


def words_as_tokens(count: int) -> EncodedText:
    """`count` words of one letter, one token each."""
    text = " ".join("a" * count)
    return EncodedText(
        text, [7] * count, [(2 * i, 2 * i + 1) for i in range(count)], list(range(count)), [0] * count
    )


@given(st.integers(1, 12).flatmap(lambda count: arrays(np.float32, (count, len(LABELS)), elements=finite)))
def test_a_path_is_never_illegal(logits: np.ndarray) -> None:
    tags, spans = decode(words_as_tokens(len(logits)), logits)
    assert tags_from_spans(spans_from_tags(tags), len(tags)) == tags
    assert [(span.label, span.start // 2, (span.end + 1) // 2) for span in spans] == spans_from_tags(tags)
    assert all(0 < span.score <= 1 for span in spans)


@given(
    st.integers(1, 3).flatmap(
        lambda count: arrays(np.float64, (count, len(LABELS)), elements=st.floats(-5, 0))
    )
)
def test_no_legal_path_is_better(scores: np.ndarray) -> None:
    def total(path: tuple[int, ...]) -> float:
        steps = sum(STEP[a, b] for a, b in itertools.pairwise(path))
        return START[path[0]] + steps + sum(scores[i, label] for i, label in enumerate(path))

    best = max(total(path) for path in itertools.product(range(len(LABELS)), repeat=len(scores)))
    assert np.isclose(total(tuple(best_path(scores))), best)


def test_ties_go_to_the_lower_label() -> None:
    assert best_path(np.zeros((4, len(LABELS)))) == [0, 0, 0, 0]


def test_probabilities_add_up_to_one_for_large_logits() -> None:
    assert np.allclose(np.exp(log_softmax(np.array([[1000.0, 999.0, -1000.0]]))).sum(), 1)


def test_spans_take_following_combining_marks_along() -> None:
    text = "Merkel\u0301\u0302 spoke"
    encoded = EncodedText(text, [1, 2], [(0, 6), (9, 14)], [0, 1], [1, 0])
    logits = np.full((2, len(LABELS)), -9.0, dtype=np.float32)
    logits[0, LABELS.index("B-PER")] = logits[1, 0] = 9
    (span,) = decode(encoded, logits)[1]
    assert text[span.start : span.end] == "Merkel\u0301\u0302"


def test_a_text_without_tokens_has_no_spans() -> None:
    assert decode(EncodedText(" ", [], [], [], []), np.zeros((0, len(LABELS)))) == ([], [])


def test_the_shared_cases_are_what_viterbi_makes(root: Path) -> None:
    shared = json.loads((root / "test/fixtures/decoding-cases.json").read_text())
    assert tuple(shared["labels"]) == LABELS
    for case in shared["cases"]:
        tokens = case["tokens"]
        encoded = EncodedText(
            case["text"],
            [token["id"] for token in tokens],
            [(token["start"], token["end"]) for token in tokens],
            [token["preToken"] for token in tokens],
            case["caseTypes"],
        )
        tags, spans = decode(
            encoded, np.array(case["logits"], dtype=np.float32), temperature=case["temperature"]
        )
        assert tags == case["viterbiTags"]
        found = [[span.label, span.start, span.end, round(span.score, 6)] for span in spans]
        assert found == [list(span.values()) for span in case["spans"]["viterbi"]]
