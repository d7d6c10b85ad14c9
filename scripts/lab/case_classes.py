"""The case class of a word: how an uncased encoder is told about capitals and digits, through
token_type_ids.
"""

from __future__ import annotations

import unicodedata

OTHER, INITIAL, ALL_CAPS, MIXED, DIGIT = range(5)
CASE_CLASSES = 5


def case_class(word: str) -> int:
    """Expects the original text of a whole pre-token, before any normalization."""
    categories = [unicodedata.category(char) for char in word]
    if "Nd" in categories:
        return DIGIT
    upper = sum(category in ("Lu", "Lt") for category in categories)
    lower = sum(category == "Ll" for category in categories)
    if upper == 0:
        return OTHER
    if lower == 0 and upper >= 2:
        return ALL_CAPS
    if categories[0] in ("Lu", "Lt") and upper == 1:
        return INITIAL
    return MIXED
