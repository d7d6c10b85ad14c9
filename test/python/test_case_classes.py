from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scripts.lab.case_classes import ALL_CAPS, CASE_CLASSES, DIGIT, INITIAL, MIXED, OTHER, case_class


@pytest.mark.parametrize(
    ("word", "expected"),
    [
        ("london", OTHER),
        (".", OTHER),
        ("東京", OTHER),
        ("London", INITIAL),
        ("A", INITIAL),
        ("Émile", INITIAL),
        ("\u01c5ungla", INITIAL),
        ("BBC", ALL_CAPS),
        ("ΑΘΗΝΑ", ALL_CAPS),
        ("McDonald", MIXED),
        ("iPhone", MIXED),
        ("aB", MIXED),
        ("1996", DIGIT),
        ("A1", DIGIT),
        ("\u0663", DIGIT),
        ("\u00b2", OTHER),  # superscripts are No, not Nd
    ],
)
def test_a_word_has_the_class_of_the_contract(word: str, expected: int) -> None:
    assert case_class(word) == expected


@given(st.text(min_size=1))
def test_every_text_has_a_class(word: str) -> None:
    assert 0 <= case_class(word) < CASE_CLASSES


@given(st.text(st.characters(whitelist_categories=("Ll", "Po")), min_size=1))
def test_without_capitals_and_digits_the_class_is_other(word: str) -> None:
    assert case_class(word) == OTHER
