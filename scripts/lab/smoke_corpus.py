"""Made-up sentences and names: column files for smoke runs, texts for fixtures. Imports nothing heavy."""

from __future__ import annotations

import random
from pathlib import Path

from scripts.lab.corpus import SPLIT_FILES
from scripts.lab.tag_schemes import from_bio

NAMES = {
    "PER": ["Ada Lovelace", "Grace Hopper", "Alan Turing", "Mary Somerville", "Emmy Noether"],
    "ORG": ["Acme", "Northwind Traders", "Blue Harbour Bank", "ROBOTICS UNION", "Fern & Sons"],
    "LOC": ["London", "New Zealand", "Lima", "OSLO", "Cape Verde"],
    "MISC": ["Dutch", "Spring Cup", "Latin American", "Nobel Prize"],
}
PATTERNS = [
    "{PER} moved from {LOC} to {LOC} in 1987 .",
    "{ORG} named {PER} as its new chair on Monday .",
    "The {MISC} team beat {ORG} 3 - 1 in {LOC} .",
    "Shares of {ORG} fell after {PER} left .",
    "{LOC} , 12 May",
    "It was a quiet day .",
]


def write_smoke_corpus(directory: Path, seed: int = 1, scheme: str = "auto") -> Path:
    """Three column files with a few dozen made-up sentences each; auto writes IOB1, as CoNLL-2003 does."""
    rng = random.Random(seed)
    directory.mkdir(parents=True, exist_ok=True)
    for split, count in (("train", 96), ("validation", 32), ("test", 32)):
        lines = ["-DOCSTART- -X- -X- O", ""]
        for _ in range(count):
            tokens, tags = made_up_sentence(rng)
            written = from_bio(tags, "iob1" if scheme == "auto" else scheme)
            lines += [f"{token} X X {tag}" for token, tag in zip(tokens, written, strict=True)]
            lines.append("")
        (directory / SPLIT_FILES[split]).write_text("\n".join(lines) + "\n", encoding="utf-8")
    return directory


def made_up_sentence(rng: random.Random) -> tuple[list[str], list[str]]:
    """Tokens and BIO tags."""
    tokens: list[str] = []
    tags: list[str] = []
    for word in rng.choice(PATTERNS).split():
        if word.startswith("{"):
            kind = word.strip("{}")
            found = rng.choice(NAMES[kind]).split()
            tokens += found
            tags += [f"B-{kind}", *[f"I-{kind}"] * (len(found) - 1)]
        else:
            tokens.append(word)
            tags.append("O")
    return tokens, tags


def generated_sentences(count: int, rng: random.Random) -> list[str]:
    texts = []
    for _ in range(count):
        words = rng.choice(PATTERNS).split()
        filled = [rng.choice(NAMES[word.strip("{}")]) if word.startswith("{") else word for word in words]
        texts.append(" ".join(filled))
    return texts
