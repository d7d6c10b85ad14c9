"""Padded batches of texts of like length."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass, fields

import torch
from tokenizers import Tokenizer

from scripts.lab.corpus import Sentence, as_text
from scripts.lab.encoding import MAX_LENGTH, EncodedText, encode_texts, label_ids

IGNORED_LABEL = -100  # what torch's cross entropy skips: special tokens and padding


@dataclass(frozen=True)
class SpecialTokens:
    cls: int
    sep: int
    pad: int

    @classmethod
    def of(cls, tokenizer: Tokenizer) -> SpecialTokens:
        found = [tokenizer.token_to_id(token) for token in ("[CLS]", "[SEP]", "[PAD]")]
        if None in found:
            raise ValueError("the tokenizer lacks [CLS], [SEP] or [PAD]: expected one of a BERT-like model")
        return cls(*found)


@dataclass
class Batch:
    input_ids: torch.Tensor
    attention_mask: torch.Tensor
    token_type_ids: torch.Tensor
    labels: torch.Tensor | None = None
    soft_logits: torch.Tensor | None = None  # [batch, length, labels], what the teachers say

    def to(self, device: torch.device) -> Batch:
        """The same batch on that device; itself where it is there already."""
        if self.input_ids.device == device:
            return self
        tensors = (getattr(self, field.name) for field in fields(self))
        return Batch(*(None if tensor is None else tensor.to(device) for tensor in tensors))

    def inputs(self) -> dict[str, torch.Tensor]:
        return {
            "input_ids": self.input_ids,
            "attention_mask": self.attention_mask,
            "token_type_ids": self.token_type_ids,
        }


def collate(
    encoded: Sequence[EncodedText], special: SpecialTokens, labels: Sequence[list[int]] | None = None
) -> Batch:
    length = max(len(item.ids) for item in encoded) + 2
    input_ids = torch.full((len(encoded), length), special.pad, dtype=torch.long)
    attention_mask = torch.zeros_like(input_ids)
    token_type_ids = torch.zeros_like(input_ids)
    targets = torch.full_like(input_ids, IGNORED_LABEL)
    for row, item in enumerate(encoded):
        end = len(item.ids) + 1
        input_ids[row, 0] = special.cls
        input_ids[row, 1:end] = torch.tensor(item.ids, dtype=torch.long)
        input_ids[row, end] = special.sep
        attention_mask[row, : end + 1] = 1
        token_type_ids[row, 1:end] = torch.tensor(item.case_types, dtype=torch.long)
        if labels is not None:
            targets[row, 1:end] = torch.tensor(labels[row], dtype=torch.long)
    return Batch(input_ids, attention_mask, token_type_ids, targets if labels is not None else None)


def training_batches(
    sentences: Sequence[Sentence],
    tokenizer: Tokenizer,
    *,
    batch_size: int,
    case_types: bool,
    rng: random.Random,
) -> list[Batch]:
    """All sentences once, in batches of like length (so that little is padding), in random order."""
    texts, entities, _ = zip(*(as_text(sentence) for sentence in sentences), strict=True)
    encoded = encode_texts(tokenizer, texts, case_types)
    special = SpecialTokens.of(tokenizer)
    items = []
    for item, gold in zip(encoded, entities, strict=True):
        labels = label_ids(item, gold)
        cut = MAX_LENGTH - 2
        if len(labels) > cut:
            item = EncodedText(
                item.text, item.ids[:cut], item.offsets[:cut], item.pre_tokens[:cut], item.case_types[:cut]
            )
            labels = labels[:cut]
        if item.ids:
            items.append((item, labels))
    # The noise keeps batches from being the same from epoch to epoch.
    items.sort(key=lambda pair: len(pair[0].ids) * rng.uniform(0.95, 1.05))
    batches = []
    for start in range(0, len(items), batch_size):
        chunk = items[start : start + batch_size]
        batches.append(collate([item for item, _ in chunk], special, [labels for _, labels in chunk]))
    rng.shuffle(batches)
    return batches
