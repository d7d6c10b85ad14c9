"""Makes the training texts of one epoch: neighbours joined, mentions replaced, some sentences lower-cased."""

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
    lower_share: float = 0.05
    max_joined: int = 4


def mentions_by_type(sentences: Sequence[Sentence]) -> dict[str, list[tuple[str, ...]]]:
    """Every mention as often as it occurs, so that a uniform draw follows the corpus."""
    mentions: dict[str, list[tuple[str, ...]]] = defaultdict(list)
    for sentence in sentences:
        for kind, start, end in spans_from_tags(sentence.tags):
            mentions[kind].append(sentence.tokens[start:end])
    return mentions


def replace_mentions(
    sentence: Sentence, mentions: dict[str, list[tuple[str, ...]]], rng: random.Random
) -> Sentence:
    """Each mention becomes another one of its type."""
    tokens: list[str] = []
    spans = []
    position = 0
    for kind, start, end in spans_from_tags(sentence.tags):
        tokens.extend(sentence.tokens[position:start])
        chosen = rng.choice(mentions[kind])
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
            sentence = replace_mentions(sentence, mentions, rng)
        if rng.random() < settings.lower_share:
            sentence = replace(sentence, tokens=tuple(token.lower() for token in sentence.tokens))
        full = count == wanted or len(tokens) + len(sentence.tokens) > MAX_JOINED_TOKENS
        if full or sentence.document != document:
            close()
            count, wanted, document = 0, rng.randint(1, settings.max_joined), sentence.document
        tokens.extend(sentence.tokens)
        tags.extend(sentence.tags)
        count += 1
    close()
    return joined
