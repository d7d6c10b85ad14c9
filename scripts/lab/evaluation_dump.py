"""What scripts.evaluate keeps of its single pass beside the figures: logits, gold labels and counts.

NAME.npz holds for each split that was asked, all sentences in corpus order, their pre-tokens one after the other:

    SPLIT_logits   float32 [pre-tokens, labels]   of the first subword of every pre-token
    SPLIT_gold     int8 [pre-tokens]              index in LABELS, as training labels the first subword
    SPLIT_lengths  int32 [sentences]              pre-tokens of each
    SPLIT_counts   int32 [sentences, 3]           right, answered and gold entities by Viterbi

and `sha256`, the digest of the model file. scripts.lab.evaluated reads it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np

from scripts.lab.aside import written_aside
from scripts.lab.corpus import Entity
from scripts.lab.encoding import EncodedText, label_ids
from scripts.lab.scoring import sentence_counts
from scripts.lab.serving import Answer, as_triples


def pre_token_gold(encoded: EncodedText, gold: Sequence[Entity]) -> list[int]:
    """The gold label index of each pre-token: that of its first subword in training."""
    labels = label_ids(encoded, gold)
    return [labels[first] for first, _ in encoded.pre_token_ranges()]


def dump_arrays(
    split: str,
    encoded: Sequence[EncodedText],
    gold: Sequence[Sequence[Entity]],
    answers: Sequence[Answer],
) -> dict[str, np.ndarray]:
    """The arrays of one split under their names in the file."""
    labels = [pre_token_gold(item, entities) for item, entities in zip(encoded, gold, strict=True)]
    return {
        f"{split}_logits": np.concatenate([answer.logits for answer in answers]).astype(np.float32),
        f"{split}_gold": np.array([label for row in labels for label in row], dtype=np.int8),
        f"{split}_lengths": np.array([len(row) for row in labels], dtype=np.int32),
        f"{split}_counts": sentence_counts(gold, [as_triples(answer.viterbi) for answer in answers]),
    }


def write_dump(path: Path, sha256: str, arrays: Mapping[str, np.ndarray]) -> None:
    """Writes aside, then renames."""
    with written_aside(path) as aside, aside.open("wb") as file:
        np.savez_compressed(file, sha256=np.array(sha256), **arrays)
