from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tokenizers import Tokenizer

from scripts.lab.corpus import Entity
from scripts.lab.encoding import encode_texts, label_ids, load_tokenizer
from scripts.lab.labels import LABELS


def labels_of(tokenizer: Tokenizer, text: str, entities: list[Entity]) -> list[tuple[str, str]]:
    (item,) = encode_texts(tokenizer, [text])
    ids = label_ids(item, entities)
    return [(text[start:end], LABELS[label]) for (start, end), label in zip(item.offsets, ids, strict=True)]


def test_the_first_pre_token_begins_an_entity_and_all_other_subwords_are_inside(tokenizer: Tokenizer) -> None:
    assert labels_of(tokenizer, "U.S. Merkel", [Entity("LOC", 0, 4), Entity("PER", 5, 11)]) == [
        ("U", "B-LOC"),
        (".", "I-LOC"),
        ("S", "I-LOC"),
        (".", "I-LOC"),
        ("Mer", "B-PER"),
        ("kel", "I-PER"),
    ]


def test_neighbours_of_one_type_stay_two_entities(tokenizer: Tokenizer) -> None:
    assert labels_of(tokenizer, "Paris London", [Entity("LOC", 0, 5), Entity("LOC", 6, 12)]) == [
        ("Paris", "B-LOC"),
        ("London", "B-LOC"),
    ]


def test_every_subword_carries_the_case_class_of_its_pre_token(tokenizer: Tokenizer) -> None:
    (item,) = encode_texts(tokenizer, ["Merkel met BBC"])
    assert item.case_types == [1, 1, 0, 2]
    assert encode_texts(tokenizer, ["Merkel met BBC"], case_types=False)[0].case_types == [0, 0, 0, 0]


@given(st.text(max_size=60))
def test_pre_tokens_cover_all_tokens_in_order(tokenizer: Tokenizer, text: str) -> None:
    (item,) = encode_texts(tokenizer, [text])
    covered = [index for first, end in item.pre_token_ranges() for index in range(first, end)]
    assert covered == list(range(len(item.ids)))
    assert all(0 <= start <= end <= len(text) for start, end in item.offsets)


def test_long_texts_are_not_cut_silently(tokenizer: Tokenizer) -> None:
    (item,) = encode_texts(tokenizer, ["word " * 1000])
    assert len(item.ids) == 1000


def test_a_missing_tokenizer_is_named(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match=r"tokenizer\.json: no such file"):
        load_tokenizer(tmp_path / "tokenizer.json")


def test_the_shared_cases_are_what_the_tokenizer_makes(root: Path, tokenizer: Tokenizer) -> None:
    cases = json.loads((root / "test/fixtures/tokenizer-cases.json").read_text())
    for case, item in zip(cases, encode_texts(tokenizer, [case["text"] for case in cases]), strict=True):
        assert case["ids"] == item.ids
        assert case["offsets"] == [list(pair) for pair in item.offsets]
        assert case["wordIds"] == item.pre_tokens
        assert case["caseTypes"] == item.case_types
