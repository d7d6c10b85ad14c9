"""How column files write entities as tags: IOB1, BIO (also called IOB2) and BIOES; what each forbids, and the
way from each to BIO and back.

IOB1   I-X, and B-X only for an entity that directly follows one of its own type (CoNLL-2003).
BIO    every entity begins with B-X and goes on with I-X (WNUT-17).
BIOES  as BIO, but the last token is E-X, and an entity of one token is S-X.
"""

from __future__ import annotations

from collections.abc import Sequence

from scripts.lab.labels import iob1_to_bio, spans_from_tags

SCHEMES = ("iob1", "bio", "bioes")
PREFIXES = {"iob1": "BI", "bio": "BI", "bioes": "BIES"}


class TagError(ValueError):
    """A sequence that its scheme forbids; `index` is that of the tag at fault, or of the last tag."""

    def __init__(self, index: int, message: str) -> None:
        super().__init__(message)
        self.index = index


def goes_on(previous: str, kind: str) -> bool:
    """Whether `previous` leaves an entity of the type open."""
    return previous[:2] in ("B-", "I-") and previous[2:] == kind


def begins_entity(previous: str | None, tag: str) -> bool:
    """In any scheme: B- and S- always do, I- and E- where they continue nothing."""
    return tag != "O" and (tag[0] in "BS" or not goes_on(previous or "O", tag[2:]))


def after(previous: str | None) -> str:
    return "at the beginning of a sentence" if previous is None else f"after {previous}"


def check_tags(tags: Sequence[str], scheme: str) -> None:
    """Raises TagError where the tags of one sentence break the scheme. Tags are O or PREFIX-TYPE."""
    if scheme not in SCHEMES:
        raise ValueError(f"unknown scheme {scheme!r}: expected one of {', '.join(SCHEMES)}")
    previous: str | None = None
    for index, tag in enumerate(tags):
        expected = expected_instead(previous, tag, scheme)
        if expected is not None:
            raise TagError(index, f"{scheme} forbids {tag} {after(previous)}: expected {expected}")
        previous = tag
    if scheme == "bioes" and previous is not None and previous[:2] in ("B-", "I-"):
        kind = previous[2:]
        raise TagError(
            len(tags) - 1,
            f"bioes forbids the end of a sentence after {previous}: expected I-{kind} or E-{kind} to follow, "
            f"or {'S' if previous.startswith('B') else 'E'}-{kind} here",
        )


def expected_instead(previous: str | None, tag: str, scheme: str) -> str | None:
    """None where `tag` may follow `previous` (None: it begins a sentence), else what the scheme expects."""
    before, prefix, kind = previous or "O", tag[:1], tag[2:]
    if prefix not in "O" + PREFIXES[scheme]:
        return f"O or a tag with {' or '.join(f'{letter}-' for letter in PREFIXES[scheme])}"
    if scheme == "iob1":
        fits = prefix != "B" or goes_on(before, kind)
        return None if fits else f"I-{kind} (B- only directly after an entity of its type)"
    if scheme == "bio":
        return None if prefix != "I" or goes_on(before, kind) else f"B-{kind} to begin an entity"
    if before[:2] in ("B-", "I-"):
        opened = before[2:]
        return None if prefix in "IE" and kind == opened else f"I-{opened} or E-{opened}"
    return None if prefix not in "IE" else f"O, B-{kind} or S-{kind}"


def evidence_of(previous: str | None, tag: str) -> str | None:
    """Which scheme the pair proves: S- and E- are bioes, an I- that begins an entity is iob1, a B- that does
    not touch an entity of its type is bio (or bioes). Every entity that is legal in a scheme proves it.
    """
    before, prefix, kind = previous or "O", tag[:1], tag[2:]
    if prefix in "ES":
        return "bioes"
    if prefix == "I" and not goes_on(before, kind):
        return "iob1"
    if prefix == "B" and not goes_on(before, kind):
        return "bio"
    return None


def to_bio(tags: Sequence[str], scheme: str) -> list[str]:
    """BIO of one sentence; TagError where the scheme forbids its tags."""
    check_tags(tags, scheme)
    if scheme == "iob1":
        return iob1_to_bio(tags)
    prefixes = {"S-": "B-", "E-": "I-"} if scheme == "bioes" else {}
    return [prefixes.get(tag[:2], tag[:2]) + tag[2:] for tag in tags]


def from_bio(tags: Sequence[str], scheme: str) -> list[str]:
    """The same entities in the scheme; TagError where the tags are no BIO."""
    check_tags(tags, "bio")
    made = list(tags)
    previous_end, previous_kind = -1, ""
    for kind, start, end in spans_from_tags(tags):
        if scheme == "iob1" and not (previous_end == start and previous_kind == kind):
            made[start] = f"I-{kind}"
        if scheme == "bioes":
            made[end - 1] = f"S-{kind}" if end - start == 1 else f"E-{kind}"
        previous_end, previous_kind = end, kind
    check_tags(made, scheme)
    return made
