"""Attention relations, by which a student learns how the teacher's tokens look at each other, whatever the
sizes of both (MiniLMv2, arXiv 2012.15828).
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import torch
from torch.nn import functional
from transformers import BertForTokenClassification

PARTS = ("query", "key", "value")


@contextmanager
def projections(model: BertForTokenClassification, layer: int) -> Iterator[dict[str, torch.Tensor]]:
    """Fills the dictionary with query, key and value [batch, length, size] of one layer at each pass within."""
    attention = model.bert.encoder.layer[layer].attention
    if not hasattr(attention, "self"):
        raise ValueError(f"layer {layer} has no attention heads, so it has no relations to learn")
    found: dict[str, torch.Tensor] = {}

    def keep(part: str) -> torch.utils.hooks.RemovableHandle:
        module = getattr(attention.self, part)
        return module.register_forward_hook(lambda _, __, output: found.__setitem__(part, output))

    handles = [keep(part) for part in PARTS]
    try:
        yield found
    finally:
        for handle in handles:
            handle.remove()


def relation_logits(projected: torch.Tensor, heads: int) -> torch.Tensor:
    """Scaled products [batch, heads, length, length] of a projection [batch, length, size] with itself."""
    batch, length, size = projected.shape
    if size % heads:
        raise ValueError(f"--relation-heads {heads}: {size} units do not divide into as many heads")
    split = projected.float().view(batch, length, heads, size // heads).transpose(1, 2)
    return split @ split.transpose(-1, -2) / (size // heads) ** 0.5


def relation_loss(
    mine: dict[str, torch.Tensor], its: dict[str, torch.Tensor], mask: torch.Tensor, heads: int
) -> torch.Tensor:
    """KL divergence of the relations query-query, key-key and value-value, per token, head and kind.

    `mask` [batch, length] is 1 at tokens, 0 at padding, which neither looks nor is looked at.
    """
    rows = mask.bool()
    hidden = ~rows[:, None, None, :]
    losses = []
    for part in PARTS:
        own, taught = (
            functional.log_softmax(relation_logits(each[part], heads).masked_fill(hidden, -1e4), dim=-1)
            for each in (mine, its)
        )
        divergence = functional.kl_div(own, taught, log_target=True, reduction="none").sum(-1)
        losses.append(divergence.transpose(1, 2)[rows].mean())  # [tokens, heads]
    return torch.stack(losses).mean()
