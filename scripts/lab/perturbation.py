"""Sentences as careless people type them: other case, typing errors. Tokens and gold entities stay."""

from __future__ import annotations

import itertools
import random
import re
from collections.abc import Sequence

from scripts.lab.corpus import Sentence

MIN_TYPO_LETTERS = 4
EDITS = ("swap", "drop", "insert", "neighbour")
# Keys that touch on a QWERTY keyboard: in the same row, and in the row below, which is shifted by half a key.
_ROWS = ("qwertyuiop", "asdfghjkl", "zxcvbnm")


def _touching_keys() -> dict[str, str]:
    touching: dict[str, set[str]] = {key: set() for row in _ROWS for key in row}
    pairs = [(row[i], row[i + 1]) for row in _ROWS for i in range(len(row) - 1)]
    for upper, lower in itertools.pairwise(_ROWS):
        for index, key in enumerate(lower):
            pairs += [(key, other) for other in upper[index : index + 2]]
    for left, right in pairs:
        touching[left].add(right)
        touching[right].add(left)
    return {key: "".join(sorted(others)) for key, others in touching.items()}


TOUCHING_KEYS = _touching_keys()


def lower_cased(sentence: Sentence) -> Sentence:
    return Sentence(tuple(token.lower() for token in sentence.tokens), sentence.tags, sentence.document)


def upper_cased(sentence: Sentence) -> Sentence:
    return Sentence(tuple(token.upper() for token in sentence.tokens), sentence.tags, sentence.document)


def letters_to_edit(token: str) -> tuple[int, int] | None:
    """The longest run of ASCII letters (the first of equals), or None where it is too short for a typo."""
    runs = [match.span() for match in re.finditer(r"[A-Za-z]+", token)]
    start, end = max(runs, key=lambda run: run[1] - run[0], default=(0, 0))
    return (start, end) if end - start >= MIN_TYPO_LETTERS else None


def with_typo(token: str, rng: random.Random) -> str:
    """One edit within the token's longest run of letters, which has to have MIN_TYPO_LETTERS.

    Letters stay letters, so neither corpus tokens nor pre-tokens (which split at punctuation) are cut or
    joined. A swap is of two unlike letters; where the run has none, it is a neighbour instead. A new letter
    is a key that touches the one that it stands in for or is put after, in its case. Raises ValueError where
    the token has no such run.
    """
    run = letters_to_edit(token)
    if run is None:
        raise ValueError(f"{token!r} has no run of {MIN_TYPO_LETTERS} letters to edit")
    start, end = run
    edit = rng.choice(EDITS)
    unlike = [i for i in range(start, end - 1) if token[i] != token[i + 1]]
    if edit == "swap" and unlike:
        at = rng.choice(unlike)
        return token[:at] + token[at + 1] + token[at] + token[at + 2 :]
    at = rng.randrange(start, end)
    if edit == "drop":
        return token[:at] + token[at + 1 :]
    typed = rng.choice(TOUCHING_KEYS[token[at].lower()])
    if token[at].isupper():
        typed = typed.upper()
    return (
        token[: at + 1] + typed + token[at + 1 :]
        if edit == "insert"
        else token[:at] + typed + token[at + 1 :]
    )


def with_typos(sentences: Sequence[Sentence], rate: float, seed: int) -> list[Sentence]:
    """Each word with a run of MIN_TYPO_LETTERS letters gets one edit with probability `rate`.

    Raises ValueError where `rate` is not a probability.
    """
    if not 0 <= rate <= 1:
        raise ValueError(f"a typo rate of {rate}: expected a share of the words, 0 to 1")
    rng = random.Random(seed)
    made = []
    for sentence in sentences:
        tokens = tuple(
            with_typo(token, rng) if letters_to_edit(token) is not None and rng.random() < rate else token
            for token in sentence.tokens
        )
        made.append(Sentence(tokens, sentence.tags, sentence.document))
    return made
