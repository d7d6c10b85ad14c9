from __future__ import annotations

from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scripts.lab.columns import ColumnSentence, CorpusError
from scripts.lab.labels import ENTITY_TYPES, spans_from_tags, tags_from_spans
from scripts.lab.tag_evidence import gather_evidence
from scripts.lab.tag_schemes import PREFIXES, SCHEMES, TagError, check_tags, from_bio, to_bio

TokenSpan = tuple[str, int, int]
schemes = st.sampled_from(SCHEMES)


@st.composite
def spans_and_length(draw: st.DrawFn) -> tuple[list[TokenSpan], int]:
    length = draw(st.integers(1, 30))
    cuts = sorted(draw(st.sets(st.integers(0, length), max_size=12)))
    pairs = [pair for pair in pairwise(cuts) if draw(st.booleans())]
    return [(draw(st.sampled_from(ENTITY_TYPES)), start, end) for start, end in pairs], length


def written(spans: list[TokenSpan], length: int, scheme: str) -> list[str]:
    """Tags token by token, made without anything of the code under test."""
    tags = []
    for token in range(length):
        span = next((span for span in spans if span[1] <= token < span[2]), None)
        if span is None:
            tags.append("O")
            continue
        kind, start, end = span
        touches = any(other == kind and stop == start for other, _, stop in spans)
        first, last = token == start, token == end - 1
        if scheme == "iob1":
            prefix = "B" if first and touches else "I"
        elif scheme == "bio":
            prefix = "B" if first else "I"
        else:
            prefix = "S" if first and last else "B" if first else "E" if last else "I"
        tags.append(f"{prefix}-{kind}")
    return tags


def in_lines(sentences: list[list[str]]) -> list[ColumnSentence]:
    found, line = [], 1
    for tags in sentences:
        found.append(ColumnSentence(("x",) * len(tags), tuple(tags), tuple(range(line, line + len(tags))), 0))
        line += len(tags) + 1
    return found


@given(spans_and_length(), schemes)
def test_spans_survive_the_way_through_any_scheme(case: tuple[list[TokenSpan], int], scheme: str) -> None:
    spans, length = case
    tags = written(spans, length, scheme)
    bio = to_bio(tags, scheme)
    assert spans_from_tags(bio) == spans
    assert bio == tags_from_spans(spans, length)
    assert from_bio(bio, scheme) == tags


@given(st.data(), schemes)
def test_exactly_the_sequences_that_spans_can_make_are_legal(data: st.DataObject, scheme: str) -> None:
    tag = st.sampled_from(
        ["O", *(f"{prefix}-{kind}" for prefix in PREFIXES[scheme] for kind in ("PER", "ORG"))]
    )
    tags = data.draw(st.lists(tag, min_size=1, max_size=7))
    try:
        bio = to_bio(tags, scheme)
    except TagError as error:
        # No spans give these tags: reading them as generously as can be and writing them again changes them.
        generous = spans_from_tags(
            ["B" + tag[1:] if tag[0] == "S" else tag.replace("E-", "I-") for tag in tags]
        )
        assert written(generous, len(tags), scheme) != tags
        assert 0 <= error.index < len(tags)
        check_tags_before(tags, error.index, scheme)
    else:
        assert written(spans_from_tags(bio), len(tags), scheme) == tags


def check_tags_before(tags: list[str], index: int, scheme: str) -> None:
    """The tags before the one at fault are legal, as far as they go."""
    try:
        check_tags(tags[:index], scheme)
    except TagError as error:
        assert "the end of a sentence" in str(error)


@given(st.lists(spans_and_length(), min_size=1, max_size=5), schemes)
def test_auto_finds_the_scheme_that_a_file_is_written_in(
    cases: list[tuple[list[TokenSpan], int]], scheme: str
) -> None:
    evidence = gather_evidence(in_lines([written(*case, scheme) for case in cases]))
    has_entities = any(spans for spans, _ in cases)
    assert evidence.scheme(Path("f")) == (scheme if has_entities else "bio")


@given(spans_and_length(), spans_and_length(), st.permutations(SCHEMES))
def test_two_schemes_in_a_file_never_pass_unseen(
    one: tuple[list[TokenSpan], int], two: tuple[list[TokenSpan], int], order: list[str]
) -> None:
    if not one[0] or not two[0]:
        return
    tags = [written(*one, order[0]), written(*two, order[1])]
    with pytest.raises((CorpusError, TagError)) as caught:
        scheme = gather_evidence(in_lines(tags)).scheme(Path("f"))
        for sentence in tags:
            to_bio(sentence, scheme)
    if "iob1" in order[:2]:
        assert "are of different schemes" in str(caught.value)


@pytest.mark.parametrize(
    ("scheme", "tags", "index", "message"),
    [
        ("bio", ["O", "I-PER"], 1, "bio forbids I-PER after O: expected B-PER to begin an entity"),
        ("bio", ["I-PER"], 0, "bio forbids I-PER at the beginning of a sentence: expected B-PER"),
        ("bio", ["B-ORG", "I-PER"], 1, "bio forbids I-PER after B-ORG"),
        ("bio", ["S-ORG"], 0, "bio forbids S-ORG .*: expected O or a tag with B- or I-"),
        ("iob1", ["O", "B-PER"], 1, "iob1 forbids B-PER after O: expected I-PER"),
        ("iob1", ["I-ORG", "B-PER"], 1, "iob1 forbids B-PER after I-ORG: expected I-PER"),
        ("iob1", ["I-ORG", "E-ORG"], 1, "iob1 forbids E-ORG"),
        ("bioes", ["B-PER", "O"], 1, "bioes forbids O after B-PER: expected I-PER or E-PER"),
        ("bioes", ["O", "B-PER"], 1, "bioes forbids the end of a sentence after B-PER: .* or S-PER here"),
        ("bioes", ["B-PER", "I-PER"], 1, "bioes forbids the end of a sentence after I-PER: .* or E-PER here"),
        ("bioes", ["O", "I-PER"], 1, "bioes forbids I-PER after O: expected O, B-PER or S-PER"),
        (
            "bioes",
            ["E-PER"],
            0,
            "bioes forbids E-PER at the beginning of a sentence: expected O, B-PER or S-PER",
        ),
        ("bioes", ["B-PER", "S-PER", "E-PER"], 1, "bioes forbids S-PER after B-PER: expected I-PER or E-PER"),
        ("bioes", ["B-PER", "E-ORG"], 1, "bioes forbids E-ORG after B-PER"),
        ("bioes", ["S-PER", "E-PER"], 1, "bioes forbids E-PER after S-PER"),
    ],
)
def test_what_a_scheme_forbids_is_named_with_what_it_expects(
    scheme: str, tags: list[str], index: int, message: str
) -> None:
    with pytest.raises(TagError, match=message) as caught:
        to_bio(tags, scheme)
    assert caught.value.index == index


def test_an_unknown_scheme_is_refused() -> None:
    with pytest.raises(ValueError, match="unknown scheme 'bilou': expected one of iob1, bio, bioes"):
        check_tags(["O"], "bilou")
