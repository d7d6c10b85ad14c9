"""Reads CoNLL column files and turns their sentences into the raw text that the gateway is sent."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from scripts.lab.labels import LABEL_INDEX, iob1_to_bio, spans_from_tags

SPLIT_FILES = {"train": "eng.train", "validation": "eng.testa", "test": "eng.testb"}


@dataclass(frozen=True)
class Sentence:
    tokens: tuple[str, ...]
    tags: tuple[str, ...]  # BIO
    document: int


@dataclass(frozen=True)
class Entity:
    label: str
    start: int  # code points, end exclusive
    end: int


class CorpusError(ValueError):
    """A corpus file is missing or malformed; the message names file, line and what was expected."""


def read_split(directory: Path, split: str) -> list[Sentence]:
    if split not in SPLIT_FILES:
        raise CorpusError(f"unknown split {split!r}: expected one of {', '.join(SPLIT_FILES)}")
    if not directory.is_dir():
        raise CorpusError(
            f"{directory}: not a folder; expected --data to hold {', '.join(SPLIT_FILES.values())}"
        )
    return read_columns(directory / SPLIT_FILES[split])


def read_columns(path: Path) -> list[Sentence]:
    """One token a line (token first, tag last, columns split by spaces), a blank line between sentences."""
    if not path.is_file():
        raise CorpusError(
            f"{path}: no such file; expected a CoNLL column file (token ... tag, one token a line)"
        )
    try:
        lines = path.read_text(encoding="utf-8").split("\n")
    except UnicodeDecodeError as error:
        raise CorpusError(f"{path}: not UTF-8 at byte {error.start}") from error

    sentences: list[Sentence] = []
    tokens: list[str] = []
    tags: list[str] = []
    document = 0

    def close() -> None:
        if tokens:
            sentences.append(Sentence(tuple(tokens), tuple(iob1_to_bio(tags)), document))
            tokens.clear()
            tags.clear()

    columns = 0
    for number, line in enumerate(lines, start=1):
        fields = line.split()
        if not fields:
            close()
            continue
        if fields[0] == "-DOCSTART-":
            close()
            document += 1
            continue
        if len(fields) < 2:
            raise CorpusError(f"{path}:{number}: expected a token and a tag at least, got {line.strip()!r}")
        columns = columns or len(fields)
        if len(fields) != columns:
            raise CorpusError(
                f"{path}:{number}: expected {columns} columns as in the lines above, got {len(fields)}"
            )
        if fields[-1] not in LABEL_INDEX:
            raise CorpusError(
                f"{path}:{number}: expected a tag of {', '.join(LABEL_INDEX)}, got {fields[-1]!r}"
            )
        tokens.append(fields[0])
        tags.append(fields[-1])
    close()
    if not sentences:
        raise CorpusError(f"{path}: expected at least one sentence, found none")
    return sentences


def as_text(sentence: Sentence) -> tuple[str, list[Entity], list[tuple[int, int]]]:
    """The raw text (tokens joined with one space), its gold entities, and the range of each token in it."""
    ranges: list[tuple[int, int]] = []
    position = 0
    for token in sentence.tokens:
        ranges.append((position, position + len(token)))
        position += len(token) + 1
    entities = [
        Entity(kind, ranges[start][0], ranges[end - 1][1])
        for kind, start, end in spans_from_tags(sentence.tags)
    ]
    return " ".join(sentence.tokens), entities, ranges
