"""Raw text in, tokens with pre-tokens, case classes and training labels out: what the gateway does, in
Python.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from tokenizers import Tokenizer

from scripts.lab.case_classes import case_class
from scripts.lab.corpus import Entity
from scripts.lab.labels import LABEL_INDEX

MAX_LENGTH = 256  # tokens of a window, [CLS] and [SEP] included


@dataclass(frozen=True)
class EncodedText:
    """Tokens of one text without special tokens; `pre_tokens[i]` is the index of the pre-token of token i."""

    text: str
    ids: list[int]
    offsets: list[tuple[int, int]]
    pre_tokens: list[int]
    case_types: list[int]

    def pre_token_ranges(self) -> list[tuple[int, int]]:
        """First token and one past the last token of each pre-token."""
        ranges: list[tuple[int, int]] = []
        for index, word in enumerate(self.pre_tokens):
            if index == 0 or word != self.pre_tokens[index - 1]:
                ranges.append((index, index + 1))
            else:
                ranges[-1] = (ranges[-1][0], index + 1)
        return ranges


def load_tokenizer(path: Path) -> Tokenizer:
    """Reads tokenizer.json without its truncation and padding, which would cut texts silently. Raises
    FileNotFoundError or ValueError.
    """
    if not path.is_file():
        raise FileNotFoundError(f"{path}: no such file; expected the tokenizer.json of the base model")
    try:
        tokenizer = Tokenizer.from_file(str(path))
    except Exception as error:  # the library raises no narrower class
        raise ValueError(f"{path}: expected a tokenizer.json, but it is damaged ({error})") from error
    tokenizer.no_truncation()
    tokenizer.no_padding()
    return tokenizer


def encode_texts(tokenizer: Tokenizer, texts: Sequence[str], case_types: bool = True) -> list[EncodedText]:
    encodings = tokenizer.encode_batch(list(texts), add_special_tokens=False)
    encoded: list[EncodedText] = []
    for text, encoding in zip(texts, encodings, strict=True):
        item = EncodedText(text, encoding.ids, encoding.offsets, encoding.word_ids, [0] * len(encoding.ids))
        if case_types:
            for first, end in item.pre_token_ranges():
                word = text[item.offsets[first][0] : item.offsets[end - 1][1]]
                item.case_types[first:end] = [case_class(word)] * (end - first)
        encoded.append(item)
    return encoded


def label_ids(encoded: EncodedText, entities: Sequence[Entity]) -> list[int]:
    """Per token: B- for the first token of an entity's first pre-token, I- for all the others in it."""
    labels = [0] * len(encoded.ids)
    remaining = sorted(entities, key=lambda entity: entity.start)
    position = 0
    opened: Entity | None = None
    for first, end in encoded.pre_token_ranges():
        start_offset = encoded.offsets[first][0]
        while position < len(remaining) and start_offset >= remaining[position].end:
            position += 1
        if position == len(remaining):
            break
        entity = remaining[position]
        if start_offset < entity.start:
            continue
        inside = LABEL_INDEX[f"I-{entity.label}"]
        labels[first:end] = [inside] * (end - first)
        if entity is not opened:
            labels[first] = LABEL_INDEX[f"B-{entity.label}"]
            opened = entity
    return labels
