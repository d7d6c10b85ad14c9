"""Finds the scheme that a column file is written in.

S- or E- anywhere: bioes. Else an I- that begins an entity: iob1. Else bio. Every entity that is legal in its
scheme gives evidence, so only a file without entities has none (bio then, where nothing is to convert).

An I- that begins an entity beside S- or E-, or beside a B- that IOB1 forbids, is a conflict: an error with
both lines. One exception: CoNLL-2003's own training file, IOB1, has two B- that touch no entity of their type
among 23,499 entities. They can only mean that an entity begins, so up to one in a thousand is read as I-.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from scripts.lab.columns import ColumnSentence, CorpusError
from scripts.lab.tag_schemes import after, begins_entity, evidence_of

ENTITIES_PER_STRAY_BEGIN = 1000


@dataclass(frozen=True)
class Evidence:
    first: dict[str, tuple[int, str]]  # by scheme: line, and the tag in its place in words
    stray_begins: tuple[int, ...]  # lines of B- that IOB1 forbids, where they are few enough to be slips

    def scheme(self, path: Path) -> str:
        """Raises CorpusError where the evidence conflicts."""
        other = "bioes" if "bioes" in self.first else "bio"
        if "iob1" in self.first and other in self.first and (other == "bioes" or not self.stray_begins):
            iob1, found = self.first["iob1"], self.first[other]
            early, late = sorted((iob1[0], found[0]))
            raise CorpusError(
                f"{path}:{late}: lines {early} and {late} are of different schemes: {iob1[1]} "
                f"(line {iob1[0]}) is iob1 only, {found[1]} (line {found[0]}) is not; expected one scheme in the "
                "whole file (--scheme names it, and shows the first line that breaks it)"
            )
        return next((name for name in ("bioes", "iob1", "bio") if name in self.first), "bio")

    def hint(self, scheme: str) -> str:
        """Why the scheme was found, to be put behind an error."""
        if scheme not in self.first:
            return ""
        line, tag = self.first[scheme]
        return f" (the file is {scheme} by line {line}: {tag}; --scheme names another)"


def gather_evidence(sentences: Sequence[ColumnSentence]) -> Evidence:
    first: dict[str, tuple[int, str]] = {}
    begins: list[int] = []
    entities = 0
    for item in sentences:
        previous: str | None = None
        for line, tag in zip(item.lines, item.tags, strict=True):
            proves = evidence_of(previous, tag)
            entities += begins_entity(previous, tag)
            if proves == "bio":
                begins.append(line)
            if proves is not None and proves not in first:
                first[proves] = (line, f"{tag} {after(previous)}")
            previous = tag
    slips = len(begins) * ENTITIES_PER_STRAY_BEGIN <= entities
    return Evidence(first, tuple(begins) if slips else ())
