from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from seqeval.metrics import f1_score, precision_score, recall_score
from seqeval.scheme import IOB2

from scripts.lab.corpus import Sentence, as_text
from scripts.lab.labels import LABELS, iob1_to_bio, spans_from_tags
from scripts.lab.scoring import report, tags_over_tokens

tag_pairs = st.integers(1, 12).flatmap(
    lambda count: st.tuples(*[st.lists(st.sampled_from(LABELS), min_size=count, max_size=count)] * 2)
)


@given(st.lists(tag_pairs, min_size=1, max_size=5))
@pytest.mark.filterwarnings("ignore::sklearn.exceptions.UndefinedMetricWarning")
@pytest.mark.filterwarnings("ignore::UserWarning")
def test_entity_figures_are_those_of_seqeval(pairs: list[tuple[list[str], list[str]]]) -> None:
    gold = [iob1_to_bio(tags) for tags, _ in pairs]
    given_tags = [iob1_to_bio(tags) for _, tags in pairs]
    sentences = [Sentence(tuple(f"w{i}" for i in range(len(tags))), tuple(tags), 1) for tags in gold]
    answers = []
    for sentence, tags in zip(sentences, given_tags, strict=True):
        ranges = as_text(sentence)[2]
        answers.append([(kind, ranges[a][0], ranges[b - 1][1]) for kind, a, b in spans_from_tags(tags)])
    figures = report(sentences, answers)
    options = {"mode": "strict", "scheme": IOB2, "zero_division": 0}
    assert figures["f1"] == pytest.approx(f1_score(gold, given_tags, **options), abs=1e-5)
    assert figures["precision"] == pytest.approx(precision_score(gold, given_tags, **options), abs=1e-5)
    assert figures["recall"] == pytest.approx(recall_score(gold, given_tags, **options), abs=1e-5)
    # All tags with O together are accuracy.
    right = sum(a == b for x, y in zip(gold, given_tags, strict=True) for a, b in zip(x, y, strict=True))
    assert figures["microWithO"]["f1"] == pytest.approx(right / sum(map(len, gold)), abs=1e-5)


def test_a_span_that_touches_part_of_a_token_labels_it() -> None:
    ranges = [(0, 4), (5, 9), (10, 12)]
    assert tags_over_tokens([("PER", 2, 7)], ranges) == ["B-PER", "I-PER", "O"]


def test_a_span_that_is_off_by_one_is_wrong() -> None:
    sentence = Sentence(("Angela", "Merkel"), ("B-PER", "I-PER"), 1)
    assert report([sentence], [[("PER", 0, 12)]])["f1"] == 0
    assert report([sentence], [[("PER", 0, 13)]])["f1"] == 1
