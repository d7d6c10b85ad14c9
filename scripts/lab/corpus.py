"""Reads column files (CoNLL-2003, WNUT-17) and turns their sentences into the raw text that the gateway is
sent.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from scripts.lab.columns import CorpusError, read_lines, split_columns
from scripts.lab.labels import ENTITY_TYPES, spans_from_tags
from scripts.lab.tag_evidence import gather_evidence
from scripts.lab.tag_schemes import SCHEMES, TagError, to_bio

__all__ = ["CorpusError", "Entity", "Sentence", "as_text", "read_columns", "read_split", "read_wnut17"]

SPLIT_FILES = {"train": "eng.train", "validation": "eng.testa", "test": "eng.testb"}
WNUT17_FILES = {
    "train": "wnut17train.conll",
    "validation": "emerging.dev.conll",
    "test": "emerging.test.annotated",
}
WNUT17_TYPES = {
    "person": "PER",
    "location": "LOC",
    "corporation": "ORG",
    "group": "ORG",
    "product": "MISC",
    "creative-work": "MISC",
}


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


def read_split(directory: Path, split: str, *, scheme: str = "auto") -> list[Sentence]:
    """A split of CoNLL-2003. Raises CorpusError."""
    return read_columns(split_file(directory, split, SPLIT_FILES), scheme=scheme)


def read_wnut17(directory: Path, split: str) -> list[Sentence]:
    """A split of WNUT-17, its six types mapped to ours. Raises CorpusError."""
    return read_columns(split_file(directory, split, WNUT17_FILES), types=WNUT17_TYPES)


def split_file(directory: Path, split: str, files: Mapping[str, str]) -> Path:
    if split not in files:
        raise CorpusError(f"unknown split {split!r}: expected one of {', '.join(files)}")
    if not directory.is_dir():
        raise CorpusError(f"{directory}: not a folder; expected one with {', '.join(files.values())}")
    return directory / files[split]


def read_columns(
    path: Path, *, scheme: str = "auto", types: Mapping[str, str] | None = None
) -> list[Sentence]:
    """Sentences in BIO, whatever scheme the file is written in. Raises CorpusError with file and line.

    One token a line (token first, tag last, columns split by spaces or tabs), a blank line between sentences.
    `scheme` auto finds the scheme in the whole file (see scripts/lab/tag_evidence.py). `types` maps the
    file's entity types to ours; without it the file must use ours.
    """
    if scheme not in ("auto", *SCHEMES):
        raise CorpusError(f"unknown scheme {scheme!r}: expected one of auto, {', '.join(SCHEMES)}")
    types = types or {kind: kind for kind in ENTITY_TYPES}
    found = split_columns(path, read_lines(path), types)
    evidence = gather_evidence(found)
    hint = ""
    if scheme == "auto":
        scheme = evidence.scheme(path)
        hint = evidence.hint(scheme)
    stray = evidence.stray_begins if scheme == "iob1" else frozenset()
    if stray:
        where = ", ".join(map(str, stray))
        print(f"{path}: B- where IOB1 needs none, read as I-: line {where}", file=sys.stderr)

    sentences: list[Sentence] = []
    for item in found:
        tags = [
            "I" + tag[1:] if line in stray else tag for tag, line in zip(item.tags, item.lines, strict=True)
        ]
        try:
            tags = to_bio(tags, scheme)
        except TagError as error:
            raise CorpusError(f"{path}:{item.lines[error.index]}: {error}{hint}") from error
        mapped = tuple(tag[:2] + types[tag[2:]] if tag != "O" else tag for tag in tags)
        sentences.append(Sentence(item.tokens, mapped, item.document))
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
