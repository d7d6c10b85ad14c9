"""The logits that scripts.evaluate keeps (scripts.lab.evaluation_dump), and what Viterbi makes of them."""

from __future__ import annotations

import zipfile
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from scripts.lab.decoding import best_path
from scripts.lab.labels import LABELS, spans_from_tags

SPLITS = ("validation", "test")


@dataclass(frozen=True)
class EvaluatedSplit:
    """All sentences in corpus order, their pre-tokens one after the other."""

    logits: np.ndarray  # float32 [pre-tokens, labels], of the first subwords
    gold: np.ndarray  # int8 [pre-tokens], index in LABELS
    lengths: np.ndarray  # int32 [sentences], pre-tokens of each
    counts: np.ndarray  # int32 [sentences, 3]: right, answered and gold entities


@dataclass(frozen=True)
class DecodedSplit:
    path: np.ndarray  # int64 [pre-tokens], label of each on the best legal path
    spans: np.ndarray  # int64 [entities, 2], first pre-token of the split and one past the last
    span_right: np.ndarray  # bool [entities], label and both borders as in gold
    text_wrong: np.ndarray  # bool [sentences], the set of spans is not that of gold


def read_evaluated(path: Path, sha256: str | None = None) -> dict[str, EvaluatedSplit]:
    """Reads NAME.npz of both splits; `sha256` is the digest of the model file that it should be of, if any.

    Raises FileNotFoundError or ValueError naming the file and what is wrong.
    """
    if not path.is_file():
        raise FileNotFoundError(f"{path}: no such file; run scripts.evaluate first")
    try:
        with np.load(path, allow_pickle=False) as arrays:
            digest = str(arrays["sha256"])
            found = {
                split: EvaluatedSplit(
                    *(arrays[f"{split}_{part}"] for part in ("logits", "gold", "lengths", "counts"))
                )
                for split in SPLITS
            }
    except (KeyError, OSError, ValueError, zipfile.BadZipFile) as error:
        raise ValueError(f"{path}: expected the arrays of scripts.evaluate, got {error}") from error
    if sha256 not in (None, digest):
        raise ValueError(f"{path}: the logits are of another model file; run scripts.evaluate again")
    for split, arrays in found.items():
        tokens, sentences = len(arrays.gold), len(arrays.lengths)
        shapes = (arrays.logits.shape, int(arrays.lengths.sum()), arrays.counts.shape)
        if shapes != ((tokens, len(LABELS)), tokens, (sentences, 3)):
            raise ValueError(
                f"{path}: {split} has {tokens} gold labels and {sentences} lengths, which do not fit logits "
                f"{shapes[0]}, lengths that add up to {shapes[1]}, and counts {shapes[2]}"
            )
    return found


def decode_split(split: EvaluatedSplit) -> DecodedSplit:
    """Viterbi per sentence. A temperature need not be known: it scales the score of every path alike."""
    logits = split.logits.astype(np.float64)  # as scripts.lab.decoding.decode, so that ties fall alike
    path = np.zeros(len(split.gold), dtype=np.int64)
    spans: list[tuple[int, int]] = []
    right: list[bool] = []
    first = 0
    for sentence, length in enumerate(split.lengths.tolist()):
        end = first + length
        path[first:end] = best_path(logits[first:end])
        answer = spans_from_tags([LABELS[label] for label in path[first:end]])
        gold = set(spans_from_tags([LABELS[label] for label in split.gold[first:end]]))
        if len(answer) != split.counts[sentence, 1]:
            raise ValueError(
                f"sentence {sentence + 1} has {len(answer)} entities by its logits and "
                f"{split.counts[sentence, 1]} by its counts; run scripts.evaluate again"
            )
        spans += [(first + span[1], first + span[2]) for span in answer]
        right += [span in gold for span in answer]
        first = end
    served_right, answered, in_gold = split.counts.T
    return DecodedSplit(
        path=path,
        spans=np.array(spans, dtype=np.int64).reshape(-1, 2),
        span_right=np.array(right, dtype=bool),
        text_wrong=(served_right != answered) | (answered != in_gold),
    )


def span_scores(label_probabilities: np.ndarray, spans: np.ndarray) -> np.ndarray:
    """Mean probability of the labels on the path of each span; `label_probabilities` [pre-tokens]."""
    sums = np.concatenate([[0.0], np.cumsum(label_probabilities)])
    return (sums[spans[:, 1]] - sums[spans[:, 0]]) / (spans[:, 1] - spans[:, 0])
