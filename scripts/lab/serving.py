"""Answers texts as the gateway does: one text a request, raw, decoded with Viterbi."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import torch
from tokenizers import Tokenizer

from scripts.lab.batches import Batch, SpecialTokens, collate
from scripts.lab.compute import autocast
from scripts.lab.corpus import Sentence, as_text
from scripts.lab.decoding import Span, decode
from scripts.lab.encoding import MAX_LENGTH, encode_texts
from scripts.lab.labels import LABELS
from scripts.lab.progress import progress
from scripts.lab.scoring import entity_f1, sentence_counts

if TYPE_CHECKING:
    from transformers import BertForTokenClassification

# Logits [batch, length, labels] of a padded batch.
Runner = Callable[[Batch], np.ndarray]


@dataclass(frozen=True)
class Answer:
    viterbi: list[Span]
    argmax: list[Span]
    logits: np.ndarray  # float32 [pre-tokens, labels], of the first subwords


def torch_runner(model: BertForTokenClassification, bf16: bool) -> Runner:
    def run(batch: Batch) -> np.ndarray:
        with torch.no_grad(), autocast(model, bf16):
            return model(**batch.to(model.device).inputs()).logits.float().cpu().numpy()

    return run


def answer_texts(
    run: Runner,
    tokenizer: Tokenizer,
    texts: Sequence[str],
    *,
    case_types: bool,
    batch_size: int = 1,
    by_length: bool = True,
    what: str = "answer",
) -> list[Answer]:
    """With `batch_size` 1 the answers are those of single requests, which matters for dynamic int8. Texts that run
    together are of like length (so that little is padding), or as they come without `by_length`.
    """
    encoded = encode_texts(tokenizer, texts, case_types)
    special = SpecialTokens.of(tokenizer)
    for item in encoded:
        if len(item.ids) > MAX_LENGTH - 2:
            raise ValueError(
                f"a text of {len(item.ids)} tokens: at most {MAX_LENGTH - 2} here; the gateway cuts windows"
            )
    answers: list[Answer | None] = [None] * len(encoded)
    order = [i for i in range(len(encoded)) if encoded[i].ids]
    if by_length:
        order.sort(key=lambda i: len(encoded[i].ids))
    chunks = [order[start : start + batch_size] for start in range(0, len(order), batch_size)]
    for chunk in progress(chunks, what):
        logits = run(collate([encoded[i] for i in chunk], special))
        for row, i in enumerate(chunk):
            rows = logits[row, 1 : len(encoded[i].ids) + 1]
            answers[i] = Answer(
                decode(encoded[i], rows)[1],
                decode(encoded[i], rows, viterbi=False)[1],
                rows[[first for first, _ in encoded[i].pre_token_ranges()]],
            )
    nothing = Answer([], [], np.zeros((0, len(LABELS)), dtype=np.float32))
    return [nothing if answer is None else answer for answer in answers]


def as_triples(spans: Sequence[Span]) -> list[tuple[str, int, int]]:
    return [(span.label, span.start, span.end) for span in spans]


def served_counts(
    run: Runner,
    tokenizer: Tokenizer,
    sentences: Sequence[Sentence],
    *,
    case_types: bool,
    batch_size: int = 1,
    by_length: bool = True,
    what: str = "answer",
) -> np.ndarray:
    """int32 [sentences, 3]: right, answered and gold entities of each sentence, by Viterbi."""
    texts, gold, _ = zip(*(as_text(sentence) for sentence in sentences), strict=True)
    answers = answer_texts(
        run,
        tokenizer,
        texts,
        case_types=case_types,
        batch_size=batch_size,
        by_length=by_length,
        what=what,
    )
    return sentence_counts(gold, [as_triples(answer.viterbi) for answer in answers])


def served_f1(
    model: BertForTokenClassification,
    tokenizer: Tokenizer,
    sentences: Sequence[Sentence],
    case_types: bool,
    bf16: bool,
) -> float:
    """Quick figure to choose an epoch by: padded batches, and bf16 where training uses it."""
    model.eval()
    texts, gold, _ = zip(*(as_text(sentence) for sentence in sentences), strict=True)
    answers = answer_texts(
        torch_runner(model, bf16), tokenizer, texts, case_types=case_types, batch_size=64, what="validate"
    )
    return entity_f1(gold, [as_triples(answer.viterbi) for answer in answers])
