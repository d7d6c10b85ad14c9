"""Makes the training texts of one epoch: neighbours joined, mentions replaced or invented, some sentences in
one case.
"""

from __future__ import annotations

import random
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, replace

from scripts.lab.corpus import Sentence
from scripts.lab.labels import spans_from_tags, tags_from_spans

MAX_JOINED_TOKENS = 140  # keeps joined texts clear of the window of 256 subwords


@dataclass(frozen=True)
class Augmentation:
    replace_share: float = 0.15
    invent_share: float = 0.0  # of the replaced mentions
    lower_share: float = 0.05
    upper_share: float = 0.0
    max_joined: int = 4


def mentions_by_type(sentences: Sequence[Sentence]) -> dict[str, list[tuple[str, ...]]]:
    """Every mention as often as it occurs, so that a uniform draw follows the corpus."""
    mentions: dict[str, list[tuple[str, ...]]] = defaultdict(list)
    for sentence in sentences:
        for kind, start, end in spans_from_tags(sentence.tags):
            mentions[kind].append(sentence.tokens[start:end])
    return mentions


def invent_word(first: str, second: str) -> str:
    """The first half of one word and the second half of another: a name nobody has seen, of a familiar shape.

    Digits and short words stay as they are, because their halves say nothing about the type.
    """
    if not (first.isalpha() and second.isalpha() and len(first) > 3 and len(second) > 3):
        return first
    tail = second[len(second) // 2 :]
    return first[: (len(first) + 1) // 2] + (tail.upper() if first.isupper() else tail.lower())


def invent_mention(mentions: Sequence[tuple[str, ...]], rng: random.Random) -> tuple[str, ...]:
    """A mention of the type whose words are blended with those of other mentions."""
    words = []
    for word in rng.choice(mentions):
        other = rng.choice(mentions)
        words.append(invent_word(word, rng.choice(other)))
    return tuple(words)


def replace_mentions(
    sentence: Sentence,
    mentions: dict[str, list[tuple[str, ...]]],
    rng: random.Random,
    invent_share: float = 0.0,
) -> Sentence:
    """Each mention becomes another one of its type, or an invented one."""
    tokens: list[str] = []
    spans = []
    position = 0
    for kind, start, end in spans_from_tags(sentence.tags):
        tokens.extend(sentence.tokens[position:start])
        invented = invent_share > 0 and rng.random() < invent_share
        chosen = invent_mention(mentions[kind], rng) if invented else rng.choice(mentions[kind])
        spans.append((kind, len(tokens), len(tokens) + len(chosen)))
        tokens.extend(chosen)
        position = end
    tokens.extend(sentence.tokens[position:])
    return replace(sentence, tokens=tuple(tokens), tags=tuple(tags_from_spans(spans, len(tokens))))


def epoch_sentences(
    sentences: Sequence[Sentence],
    mentions: dict[str, list[tuple[str, ...]]],
    settings: Augmentation,
    rng: random.Random,
) -> list[Sentence]:
    """Every sentence of the corpus once, alone or joined with those that follow it in its document."""
    joined: list[Sentence] = []
    tokens: list[str] = []
    tags: list[str] = []
    wanted = count = 0
    document = -1

    def close() -> None:
        if tokens:
            joined.append(Sentence(tuple(tokens), tuple(tags), document))
            tokens.clear()
            tags.clear()

    for original in sentences:
        sentence = original
        if rng.random() < settings.replace_share:
            sentence = replace_mentions(sentence, mentions, rng, settings.invent_share)
        if rng.random() < settings.lower_share:
            sentence = replace(sentence, tokens=tuple(token.lower() for token in sentence.tokens))
        elif settings.upper_share > 0 and rng.random() < settings.upper_share:
            sentence = replace(sentence, tokens=tuple(token.upper() for token in sentence.tokens))
        full = count == wanted or len(tokens) + len(sentence.tokens) > MAX_JOINED_TOKENS
        if full or sentence.document != document:
            close()
            count, wanted, document = 0, rng.randint(1, settings.max_joined), sentence.document
        tokens.extend(sentence.tokens)
        tags.extend(sentence.tags)
        count += 1
    close()
    return joined
