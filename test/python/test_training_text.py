from __future__ import annotations

import random

from hypothesis import given
from hypothesis import strategies as st
from tokenizers import Tokenizer

from scripts.lab.augmentation import (
    Augmentation,
    epoch_sentences,
    invent_word,
    mentions_by_type,
    replace_mentions,
)
from scripts.lab.batches import IGNORED_LABEL, training_batches
from scripts.lab.corpus import Sentence
from scripts.lab.labels import spans_from_tags

SENTENCES = [
    Sentence(("Ada", "Lovelace", "met", "Acme"), ("B-PER", "I-PER", "O", "B-ORG"), 1),
    Sentence(("It", "rained", "in", "Lima"), ("O", "O", "O", "B-LOC"), 1),
    Sentence(("Grace", "left"), ("B-PER", "O"), 2),
]
MENTIONS = mentions_by_type(SENTENCES)


@given(st.integers(0, 1000))
def test_replaced_mentions_keep_types_and_the_words_around(seed: int) -> None:
    for sentence in SENTENCES:
        changed = replace_mentions(sentence, MENTIONS, random.Random(seed))
        old, new = spans_from_tags(sentence.tags), spans_from_tags(changed.tags)
        assert [span[0] for span in old] == [span[0] for span in new]
        assert all(changed.tokens[start:end] in MENTIONS[kind] for kind, start, end in new)
        outside = [token for token, tag in zip(changed.tokens, changed.tags, strict=True) if tag == "O"]
        assert outside == [
            token for token, tag in zip(sentence.tokens, sentence.tags, strict=True) if tag == "O"
        ]


@given(st.integers(0, 1000))
def test_invented_mentions_keep_types_lengths_and_the_words_around(seed: int) -> None:
    known = {len(words) for words in MENTIONS["PER"]}
    for sentence in SENTENCES:
        changed = replace_mentions(sentence, MENTIONS, random.Random(seed), invent_share=1.0)
        old, new = spans_from_tags(sentence.tags), spans_from_tags(changed.tags)
        assert [span[0] for span in old] == [span[0] for span in new]
        assert all(end - start in known for kind, start, end in new if kind == "PER")
        assert [token for token, tag in zip(changed.tokens, changed.tags, strict=True) if tag == "O"] == [
            token for token, tag in zip(sentence.tokens, sentence.tags, strict=True) if tag == "O"
        ]


def test_invented_words_blend_two_in_the_case_of_the_first() -> None:
    assert invent_word("Karlsruhe", "MANCHESTER") == "Karlsester"
    assert invent_word("KARLSRUHE", "Manchester") == "KARLSESTER"
    assert invent_word("1996-08-22", "Manchester") == "1996-08-22"
    assert invent_word("Ada", "Manchester") == "Ada"


def test_shares_of_one_change_every_sentence() -> None:
    upper = Augmentation(replace_share=0, lower_share=0, upper_share=1, max_joined=1)
    lower = Augmentation(replace_share=0, lower_share=1, upper_share=1, max_joined=1)
    for settings, change in ((upper, str.upper), (lower, str.lower)):
        texts = epoch_sentences(SENTENCES, MENTIONS, settings, random.Random(1))
        assert [item.tokens for item in texts] == [tuple(map(change, s.tokens)) for s in SENTENCES]


@given(st.integers(0, 1000))
def test_an_epoch_holds_every_sentence_once_and_joins_within_documents(seed: int) -> None:
    settings = Augmentation(replace_share=0, lower_share=0, max_joined=4)
    joined = epoch_sentences(SENTENCES, MENTIONS, settings, random.Random(seed))
    assert [token for item in joined for token in item.tokens] == [t for s in SENTENCES for t in s.tokens]
    assert joined[-1].tokens == SENTENCES[-1].tokens


def test_batches_label_tokens_only(tokenizer: Tokenizer) -> None:
    (batch,) = training_batches(SENTENCES, tokenizer, batch_size=8, case_types=True, rng=random.Random(1))
    assert (batch.labels[:, 0] == IGNORED_LABEL).all()
    assert (batch.labels[batch.attention_mask == 0] == IGNORED_LABEL).all()
    assert int((batch.labels != IGNORED_LABEL).sum()) == int(batch.attention_mask.sum()) - 2 * len(SENTENCES)
    assert batch.token_type_ids[:, 0].sum() == 0
