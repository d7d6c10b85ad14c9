"""Adversarial training: each step also learns from word embeddings moved to where the loss grows fastest."""

from __future__ import annotations

from collections.abc import Callable

import torch
from transformers import BertForTokenClassification

from scripts.lab.batches import Batch


def add_adversarial_gradients(
    model: BertForTokenClassification,
    batch: Batch,
    loss: Callable[[BertForTokenClassification, Batch], torch.Tensor],
    size: float,
) -> None:
    """Adds the gradients of the loss at the perturbed embeddings to those that are there.

    Expects that `loss(model, batch).backward()` has run. The embeddings of the batch's words move by `size`
    in all (Euclidean norm), along their gradient: fast gradient method, Miyato et al. (arXiv 1605.07725).
    They are put back exactly as they were.
    """
    table = model.bert.embeddings.word_embeddings.weight
    if table.grad is None:
        raise ValueError("adversarial training needs the gradient of the word embeddings")
    words = batch.input_ids.unique()
    with torch.no_grad():
        saved = table[words]
        gradient = table.grad[words]
        table[words] = saved + gradient * (size / gradient.norm().clamp_min(1e-12))
    try:
        loss(model, batch).backward()
    finally:
        with torch.no_grad():
            table[words] = saved
