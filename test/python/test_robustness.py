from __future__ import annotations

import json
import random
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tokenizers import Tokenizer

from scripts.lab.corpus import Sentence, as_text
from scripts.lab.encoding import encode_texts
from scripts.lab.labels import LABELS, iob1_to_bio, spans_from_tags
from scripts.lab.perturbation import (
    TOUCHING_KEYS,
    letters_to_edit,
    lower_cased,
    upper_cased,
    with_typo,
    with_typos,
)
from scripts.lab.smoke_evaluation import write_smoke_wnut17
from scripts.robustness import wnut17_sentences

words = st.one_of(
    st.text(alphabet="abcdeXYZ.-'0é", min_size=1, max_size=12),
    st.sampled_from(["Merkel", "U.N.-led", "aaaa", "ß", "İstanbul", "AT&T", "1,000", "O'Connor"]),
    st.text(min_size=1, max_size=6).filter(lambda word: not any(char.isspace() for char in word)),
)
sentences = st.lists(st.tuples(words, st.sampled_from(LABELS)), min_size=1, max_size=12).map(
    lambda pairs: Sentence(tuple(w for w, _ in pairs), tuple(iob1_to_bio([t for _, t in pairs])), 1)
)


def gold_words(sentence: Sentence) -> list[tuple[str, str]]:
    """What the gold spans cut out of the raw text."""
    text, entities, _ = as_text(sentence)
    return [(entity.label, text[entity.start : entity.end]) for entity in entities]


def expected_words(sentence: Sentence) -> list[tuple[str, str]]:
    return [
        (kind, " ".join(sentence.tokens[start:end])) for kind, start, end in spans_from_tags(sentence.tags)
    ]


@given(sentences, st.integers(0, 1000))
def test_tokens_and_gold_spans_stay_aligned(sentence: Sentence, seed: int) -> None:
    for altered in (lower_cased(sentence), upper_cased(sentence), *with_typos([sentence], 1.0, seed)):
        assert (len(altered.tokens), altered.tags) == (len(sentence.tokens), sentence.tags)
        assert all(token and not any(char.isspace() for char in token) for token in altered.tokens)
        assert len(as_text(altered)[0].split()) == len(as_text(sentence)[0].split())
        assert gold_words(altered) == expected_words(altered)


@given(sentences, st.integers(0, 1000))
def test_typos_leave_the_pre_tokens_in_number(tokenizer: Tokenizer, sentence: Sentence, seed: int) -> None:
    (altered,) = with_typos([sentence], 1.0, seed)
    before, after = encode_texts(tokenizer, [as_text(sentence)[0], as_text(altered)[0]])
    assert len(before.pre_token_ranges()) == len(after.pre_token_ranges())


def single_edits(word: str) -> set[str]:
    """All that one edit makes of a word of letters."""
    made = {word[:i] + word[i + 1] + word[i] + word[i + 2 :] for i in range(len(word) - 1)} - {word}
    for i, letter in enumerate(word):
        made.add(word[:i] + word[i + 1 :])
        for key in TOUCHING_KEYS[letter.lower()]:
            typed = key.upper() if letter.isupper() else key
            made |= {word[: i + 1] + typed + word[i + 1 :], word[:i] + typed + word[i + 1 :]}
    return made


@given(st.text(alphabet="abcdefgXYZ", min_size=4, max_size=12), st.integers(0, 10_000))
def test_a_typo_is_one_edit(word: str, seed: int) -> None:
    assert with_typo(word, random.Random(seed)) in single_edits(word)


def test_all_kinds_of_edits_come_about_as_often() -> None:
    rng = random.Random(1)
    made = [with_typo("Merkel", rng) for _ in range(4000)]
    dropped = sum(len(word) == 5 for word in made)
    inserted = sum(len(word) == 7 for word in made)
    swapped = sum(sorted(word) == sorted("Merkel") for word in made)
    for count in (dropped, inserted, swapped, 4000 - dropped - inserted - swapped):
        assert 900 < count < 1100


def test_edits_keep_to_the_longest_run_of_letters() -> None:
    rng = random.Random(1)
    for _ in range(200):
        head, tail = with_typo("U.N.-backed", rng).split("-")
        assert head == "U.N." and tail.isalpha()


def test_short_words_and_numbers_are_left_alone() -> None:
    for token in ("the", "U.S.A.", "1996-08-22", "don't", "Ö.l.é", "ab1cd"):
        assert letters_to_edit(token) is None
    sentence = Sentence(("the", "1996-08-22", "U.S."), ("O", "O", "B-LOC"), 1)
    assert with_typos([sentence], 1.0, 1) == [sentence]
    with pytest.raises(ValueError, match="has no run of 4 letters"):
        with_typo("the", random.Random(1))


def test_the_rate_is_the_share_of_words_and_the_seed_decides_which() -> None:
    corpus = [Sentence(("Merkel", "visited", "the", "embassy"), ("B-PER", "O", "O", "O"), 1)] * 3000
    altered = with_typos(corpus, 0.1, 1)
    changed = sum(
        old != new
        for before, after in zip(corpus, altered, strict=True)
        for old, new in zip(before.tokens, after.tokens, strict=True)
    )
    assert 0.09 < changed / 9000 < 0.11
    assert altered == with_typos(corpus, 0.1, 1) != with_typos(corpus, 0.1, 2)
    assert with_typos(corpus, 0.0, 1) == corpus
    with pytest.raises(ValueError, match="expected a share of the words"):
        with_typos(corpus, 10, 1)


def test_keys_touch_both_ways() -> None:
    assert TOUCHING_KEYS["g"] == "bfhtvy"
    assert all(key in TOUCHING_KEYS[other] for key, others in TOUCHING_KEYS.items() for other in others)


def test_the_script_measures_four_kinds_of_text(
    run_script: Callable[..., subprocess.CompletedProcess[str]], tmp_path: Path
) -> None:
    done = run_script("robustness", "--smoke", "--checkpoints", tmp_path, "--names", "full", "other")
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "smoke" / "robustness" / "other.json").is_file()
    written = json.loads((tmp_path / "smoke" / "robustness" / "full.json").read_text())
    assert set(written) == {"sha256", "lowerCased", "upperCased", "typos", "wnut17"}
    assert {"precision", "recall", "f1", "sentences", "rate", "seed", "editedTokens"} == set(written["typos"])
    assert written["typos"]["editedTokens"] > 0
    support = {kind: figures["support"] for kind, figures in written["wnut17"]["perType"].items()}
    assert support == {"PER": 1, "ORG": 2, "LOC": 1, "MISC": 2}


def test_wnut17_is_looked_for_beside_the_data_and_may_be_missing(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert wnut17_sentences(None, tmp_path / "conll2003") is None
    assert "WNUT-17 is left out" in capsys.readouterr().out
    with pytest.raises(ValueError, match="nowhere: not a folder"):
        wnut17_sentences(tmp_path / "nowhere", tmp_path / "conll2003")
    write_smoke_wnut17(tmp_path / "wnut17")
    found = wnut17_sentences(None, tmp_path / "conll2003")
    assert found is not None and found[0].tags == ("O", "O", "B-PER", "I-PER", "O")
