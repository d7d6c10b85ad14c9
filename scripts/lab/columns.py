"""The lines of a column file: from bytes to tokens and tags as they stand there, with line numbers."""

from __future__ import annotations

import re
from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path

from scripts.lab.tag_schemes import PREFIXES

# Only these two separate columns: other white space, such as U+00A0, may stand in a token.
SEPARATORS = re.compile("[ \t]+")
DOCUMENT_START = "-DOCSTART-"


class CorpusError(ValueError):
    """A corpus file is missing or malformed; the message names file, line and what was expected."""


@dataclass(frozen=True)
class ColumnSentence:
    tokens: tuple[str, ...]
    tags: tuple[str, ...]  # as in the file
    lines: tuple[int, ...]  # line number of each token, from 1
    document: int


def read_lines(path: Path) -> list[str]:
    """Lines without their ends (LF or CR LF) and without a byte order mark."""
    if not path.is_file():
        what = "a folder" if path.is_dir() else "no such file"
        raise CorpusError(f"{path}: {what}; expected a column file (token ... tag, one token a line)")
    data = path.read_bytes()
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        # The byte order mark is not counted in the error's position.
        start = error.start + len(data) - len(error.object)
        line = data.count(b"\n", 0, start) + 1
        column = start - data.rfind(b"\n", 0, start)
        raise CorpusError(
            f"{path}:{line}: expected UTF-8, got byte 0x{data[start]:02x} (the line's byte {column})"
        ) from error
    return [line.removesuffix("\r") for line in text.split("\n")]


def split_columns(path: Path, lines: list[str], types: Collection[str]) -> list[ColumnSentence]:
    """Every tag is O or PREFIX-TYPE with a type of `types`; whether their order is legal is not checked."""
    known = {"O", *(f"{prefix}-{kind}" for prefix in PREFIXES["bioes"] for kind in types)}
    sentences: list[ColumnSentence] = []
    rows: list[tuple[str, str, int]] = []
    document = 0
    columns, columns_line = 0, 0

    def close() -> None:
        if rows:
            sentences.append(ColumnSentence(*zip(*rows, strict=True), document))
            rows.clear()

    for number, line in enumerate(lines, start=1):
        content = line.strip(" \t")
        if not content:
            close()
            continue
        fields = SEPARATORS.split(content)
        if fields[0] == DOCUMENT_START:
            close()
            document += 1
            continue
        if len(fields) < 2:
            raise CorpusError(f"{path}:{number}: expected a token and a tag at least, got {content!r}")
        if not columns:
            columns, columns_line = len(fields), number
        if len(fields) != columns:
            raise CorpusError(
                f"{path}:{number}: expected {columns} columns as in line {columns_line}, got {len(fields)}"
            )
        if fields[-1] not in known:
            raise CorpusError(
                f"{path}:{number}: expected O, or {', '.join(f'{letter}-' for letter in PREFIXES['bioes'])} "
                f"with one of the types {', '.join(types)}, got {fields[-1]!r}"
            )
        rows.append((fields[0], fields[-1], number))
    close()
    if not sentences:
        raise CorpusError(f"{path}: expected at least one sentence, found none")
    return sentences
