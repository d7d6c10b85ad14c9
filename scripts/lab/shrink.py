"""Makes smaller taggers out of trained ones: fewer layers, or fewer feed-forward channels."""

from __future__ import annotations

import copy
from collections.abc import Iterable, Sequence

import torch
from transformers import BertForTokenClassification

from scripts.lab.batches import Batch


def keep_layers(model: BertForTokenClassification, layers: Sequence[int]) -> BertForTokenClassification:
    kept = copy.deepcopy(model)
    kept.bert.encoder.layer = torch.nn.ModuleList(kept.bert.encoder.layer[index] for index in layers)
    kept.config.num_hidden_layers = len(layers)
    return kept


def channel_importance(model: BertForTokenClassification, batches: Iterable[Batch]) -> list[torch.Tensor]:
    """First-order importance of each layer's channels: |weight x gradient| of all that a channel reads and
    writes.

    The gradients of all batches are added up before the product, as in DynaBERT (arXiv 2004.04037).
    """
    model.eval()
    model.zero_grad()
    for batch in batches:
        model(**batch.inputs(), labels=batch.labels).loss.backward()
    scores = []
    for layer in model.bert.encoder.layer:
        up, down = layer.intermediate.dense, layer.output.dense
        read = (up.weight * up.weight.grad).sum(dim=1) + up.bias * up.bias.grad
        written = (down.weight * down.weight.grad).sum(dim=0)
        scores.append((read.abs() + written.abs()).detach())
    model.zero_grad()
    return scores


def keep_channels(
    model: BertForTokenClassification, scores: Sequence[torch.Tensor], share: float
) -> BertForTokenClassification:
    """Keeps the same number of channels in every layer, the most important ones, in their old order."""
    if not 0 < share <= 1:
        raise ValueError(f"share of channels {share}: expected more than 0 and at most 1")
    kept = copy.deepcopy(model)
    count = round(model.config.intermediate_size * share)
    for layer, score in zip(kept.bert.encoder.layer, scores, strict=True):
        chosen = score.topk(count).indices.sort().values
        up, down = layer.intermediate.dense, layer.output.dense
        up.weight = torch.nn.Parameter(up.weight[chosen].clone())
        up.bias = torch.nn.Parameter(up.bias[chosen].clone())
        down.weight = torch.nn.Parameter(down.weight[:, chosen].clone())
        up.out_features = down.in_features = count
    kept.config.intermediate_size = count
    return kept
