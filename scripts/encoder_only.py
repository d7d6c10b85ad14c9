"""Tags with the encoder alone, nothing trained: each pre-token takes the label whose mean training token is nearest.

    python -m scripts.encoder_only --data ../shared/data/conll2003
    python -m scripts.encoder_only --smoke

Writes CHECKPOINTS/encoder-only.json with served figures on both splits, the lowest rung of the report's ladder.
The hidden states of the last layer at the first subword of each pre-token are read once; nearness is cosine or
Euclidean distance, whichever serves better on validation. Decoding is that of the trained models; the scale of
the similarities does not matter to it, because it scales the score of every path alike.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable, Sequence

import numpy as np
import torch
from tokenizers import Tokenizer
from transformers import BertModel

from scripts.lab.arguments import (
    add_precision_argument,
    command_line,
    parser_for,
    refuse_overwrite,
    resolve_places,
    run_script,
    show_config,
)
from scripts.lab.batches import SpecialTokens, collate
from scripts.lab.corpus import Sentence, as_text
from scripts.lab.decoding import decode
from scripts.lab.encoding import MAX_LENGTH, EncodedText, encode_texts
from scripts.lab.evaluation_dump import pre_token_gold
from scripts.lab.labels import LABELS
from scripts.lab.model import DEFAULT_BASE, load_base
from scripts.lab.progress import progress
from scripts.lab.records import write_json
from scripts.lab.scoring import report
from scripts.lab.serving import as_triples
from scripts.lab.smoke_products import smoke_base
from scripts.lab.versions import library_versions

BATCH_TEXTS = 32


def parse() -> argparse.Namespace:
    parser = parser_for(__doc__)
    model = parser.add_argument_group("model")
    model.add_argument(
        "--base", default=DEFAULT_BASE, help="folder or name of a BERT-like encoder (%(default)s)"
    )
    add_precision_argument(model)
    return parser.parse_args()


def first_subword_states(
    encoder: BertModel, tokenizer: Tokenizer, encoded: Sequence[EncodedText], *, bf16: bool, what: str
) -> list[np.ndarray]:
    """Hidden states [pre-tokens, hidden] of each text, of the last layer at the first subwords.

    Raises ValueError for a text that does not fit into one window.
    """
    special = SpecialTokens.of(tokenizer)
    for item in encoded:
        if len(item.ids) > MAX_LENGTH - 2:
            raise ValueError(f"a text of {len(item.ids)} tokens: expected at most {MAX_LENGTH - 2}")
    states = [np.zeros((0, encoder.config.hidden_size), dtype=np.float32)] * len(encoded)
    order = sorted((i for i in range(len(encoded)) if encoded[i].ids), key=lambda i: len(encoded[i].ids))
    chunks = [order[start : start + BATCH_TEXTS] for start in range(0, len(order), BATCH_TEXTS)]
    for chunk in progress(chunks, what):
        batch = collate([encoded[i] for i in chunk], special)
        with torch.no_grad(), torch.autocast("cpu", dtype=torch.bfloat16, enabled=bf16):
            hidden = encoder(**batch.inputs()).last_hidden_state.float().numpy()
        for row, i in enumerate(chunk):
            states[i] = hidden[row, [1 + first for first, _ in encoded[i].pre_token_ranges()]]
    return states


def label_means(states: np.ndarray, labels: np.ndarray) -> np.ndarray:
    """Mean state [labels, hidden] of each label. Raises ValueError for a label without a token."""
    missing = [label for index, label in enumerate(LABELS) if not (labels == index).any()]
    if missing:
        raise ValueError(
            f"the training split has no token of {', '.join(missing)}; expected all labels in it"
        )
    return np.stack([states[labels == index].mean(axis=0) for index in range(len(LABELS))])


def cosine(states: np.ndarray, means: np.ndarray) -> np.ndarray:
    """Cosine similarity [pre-tokens, labels]."""
    lengths = np.linalg.norm(states, axis=1, keepdims=True) * np.linalg.norm(means, axis=1)
    return (states @ means.T) / np.maximum(lengths, 1e-12)


def euclidean(states: np.ndarray, means: np.ndarray) -> np.ndarray:
    """Minus half the squared distance [pre-tokens, labels]: a Gaussian's log-likelihood, alike for all labels."""
    squared = (states**2).sum(axis=1, keepdims=True) - 2 * states @ means.T + (means**2).sum(axis=1)
    return -0.5 * squared


SIMILARITIES: dict[str, Callable[[np.ndarray, np.ndarray], np.ndarray]] = {
    "cosine": cosine,
    "euclidean": euclidean,
}


def spans_of(encoded: EncodedText, similarities: np.ndarray) -> list[tuple[str, int, int]]:
    """The served answer of one text from similarities [pre-tokens, labels]."""
    logits = np.zeros((len(encoded.ids), len(LABELS)), dtype=np.float32)
    logits[[first for first, _ in encoded.pre_token_ranges()]] = similarities
    return as_triples(decode(encoded, logits)[1])


def main() -> None:
    # 1. Settings, data, encoder.
    args = parse()
    places = resolve_places(args)
    if args.smoke:
        args.base = smoke_base(places)
    show_config(args)
    target = places.checkpoints / "encoder-only.json"
    refuse_overwrite(target, args.force)
    splits: dict[str, list[Sentence]] = {
        split: places.read_split(split) for split in ("train", "validation", "test")
    }
    model, tokenizer, case_types = load_base(args.base)
    encoder = model.bert.eval()

    def read(split: str) -> tuple[list[EncodedText], list[np.ndarray], np.ndarray]:
        texts, gold, _ = zip(*(as_text(sentence) for sentence in splits[split]), strict=True)
        encoded = encode_texts(tokenizer, texts, case_types)
        states = first_subword_states(encoder, tokenizer, encoded, bf16=args.bf16, what=split)
        labels = [
            label
            for item, entities in zip(encoded, gold, strict=True)
            for label in pre_token_gold(item, entities)
        ]
        return encoded, states, np.array(labels)

    # 2. The mean of each label, and the nearness that serves better on validation.
    _, states, labels = read("train")
    means = label_means(np.concatenate(states), labels)
    figures: dict[str, dict[str, object]] = {}
    encoded, states, _ = read("validation")
    on_validation = {
        name: report(
            splits["validation"],
            [spans_of(item, similarity(rows, means)) for item, rows in zip(encoded, states, strict=True)],
        )
        for name, similarity in SIMILARITIES.items()
    }
    chosen = max(on_validation, key=lambda name: on_validation[name]["f1"])
    figures["validation"] = on_validation[chosen]

    # 3. Test once, with that.
    encoded, states, _ = read("test")
    similarity = SIMILARITIES[chosen]
    figures["test"] = report(
        splits["test"],
        [spans_of(item, similarity(rows, means)) for item, rows in zip(encoded, states, strict=True)],
    )
    write_json(
        target,
        {
            "command": command_line("encoder_only"),
            "base": args.base,
            "similarity": chosen,
            "validationF1": {name: found["f1"] for name, found in on_validation.items()},
            **figures,
            "versions": library_versions(),
        },
    )
    print(
        f"encoder only ({chosen}): served F1 {figures['validation']['f1']:.4f} on validation, "
        f"{figures['test']['f1']:.4f} on test; all figures in {target}"
    )


if __name__ == "__main__":
    run_script(main)
