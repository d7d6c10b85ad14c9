"""The label set, its order, and the conversions between tags and spans over tokens."""

from __future__ import annotations

from collections.abc import Sequence

ENTITY_TYPES = ("PER", "ORG", "LOC", "MISC")
LABELS = ("O", *(f"{prefix}-{kind}" for kind in ENTITY_TYPES for prefix in "BI"))
LABEL_INDEX = {label: index for index, label in enumerate(LABELS)}

# (type, first token, one past the last token)
TokenSpan = tuple[str, int, int]


def iob1_to_bio(tags: Sequence[str]) -> list[str]:
    """In IOB1 an entity begins with I- unless it directly follows one of its own type. BIO input passes
    unchanged.
    """
    bio: list[str] = []
    previous = "O"
    for tag in tags:
        if tag.startswith("I-") and (previous == "O" or previous[2:] != tag[2:]):
            bio.append("B-" + tag[2:])
        else:
            bio.append(tag)
        previous = tag
    return bio


def spans_from_tags(tags: Sequence[str]) -> list[TokenSpan]:
    """Spans of a BIO sequence; an I- that continues nothing begins a span (as IOB1 does)."""
    spans: list[TokenSpan] = []
    start = -1
    kind = ""
    for index, tag in enumerate([*tags, "O"]):
        if start >= 0 and not (tag.startswith("I-") and tag[2:] == kind):
            spans.append((kind, start, index))
            start = -1
        if tag != "O" and start < 0:
            start, kind = index, tag[2:]
    return spans


def tags_from_spans(spans: Sequence[TokenSpan], length: int) -> list[str]:
    """BIO tags of spans that do not overlap."""
    tags = ["O"] * length
    for kind, start, end in spans:
        if not 0 <= start < end <= length:
            raise ValueError(f"span {kind} {start}..{end} lies outside a sentence of {length} tokens")
        if any(tag != "O" for tag in tags[start:end]):
            raise ValueError(f"span {kind} {start}..{end} overlaps another one")
        tags[start] = f"B-{kind}"
        for index in range(start + 1, end):
            tags[index] = f"I-{kind}"
    return tags
