from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scripts.lab.labels import ENTITY_TYPES, LABELS, iob1_to_bio, spans_from_tags, tags_from_spans


@st.composite
def spans_and_length(draw: st.DrawFn) -> tuple[list[tuple[str, int, int]], int]:
    length = draw(st.integers(0, 30))
    cuts = sorted(draw(st.sets(st.integers(0, length), max_size=12)))
    pairs = [pair for pair in pairwise(cuts) if draw(st.booleans())]
    return [(draw(st.sampled_from(ENTITY_TYPES)), start, end) for start, end in pairs], length


@given(spans_and_length())
def test_spans_survive_the_way_to_tags_and_back(case: tuple[list[tuple[str, int, int]], int]) -> None:
    spans, length = case
    tags = tags_from_spans(spans, length)
    assert spans_from_tags(tags) == spans
    assert iob1_to_bio(tags) == tags


@given(st.lists(st.sampled_from(LABELS), max_size=20))
def test_any_tags_become_legal_bio_with_the_same_spans(tags: list[str]) -> None:
    bio = iob1_to_bio(tags)
    assert spans_from_tags(bio) == spans_from_tags(tags)
    assert tags_from_spans(spans_from_tags(bio), len(bio)) == bio


def test_iob1_begins_an_entity_with_i_unless_it_touches_one_of_its_type() -> None:
    assert iob1_to_bio(["I-ORG", "O", "I-PER", "I-PER", "B-PER", "I-LOC"]) == [
        "B-ORG",
        "O",
        "B-PER",
        "I-PER",
        "B-PER",
        "B-LOC",
    ]


@pytest.mark.parametrize("spans", [[("PER", 0, 3)], [("PER", 1, 1)], [("PER", 0, 2), ("LOC", 1, 2)]])
def test_spans_that_do_not_fit_are_refused(spans: list[tuple[str, int, int]]) -> None:
    with pytest.raises(ValueError, match="span"):
        tags_from_spans(spans, 2)
