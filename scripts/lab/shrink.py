"""Makes smaller taggers out of trained ones: fewer layers, attention heads or feed-forward channels."""

from __future__ import annotations

import copy
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import torch
from transformers import BertForTokenClassification

from scripts.lab.batches import IGNORED_LABEL, Batch
from scripts.lab.layer_shapes import LayerShape, cut_layer, set_shapes, shapes_of


@dataclass(frozen=True)
class UnitImportance:
    """What cutting each head [heads] and each channel [channels] of one layer changes, to first order."""

    heads: torch.Tensor
    channels: torch.Tensor


def require_uncut(model: BertForTokenClassification) -> None:
    if getattr(model.config, "layer_shapes", None) is not None:
        raise ValueError("the layers of this model differ already; expected one that is not cut yet")


def keep_layers(model: BertForTokenClassification, layers: Sequence[int]) -> BertForTokenClassification:
    require_uncut(model)
    kept = copy.deepcopy(model)
    kept.bert.encoder.layer = torch.nn.ModuleList(kept.bert.encoder.layer[index] for index in layers)
    kept.config.num_hidden_layers = len(layers)
    return kept


def unit_importance(model: BertForTokenClassification, batches: Iterable[Batch]) -> list[UnitImportance]:
    """First-order importance of each layer's heads and channels, in one pass over the batches.

    A unit's importance is |weight x gradient| of what it reads plus the same of what it writes: a channel
    reads through its row of the first product, a head through its rows of query, key and value; both write
    through their columns of the second product. The gradients of all batches are added up before the
    product, as in DynaBERT (arXiv 2004.04037). Heads and channels are in one unit: that of the loss, added
    up over batches.
    """
    require_uncut(model)
    model.eval()
    model.zero_grad()
    for batch in batches:
        placed = batch.to(model.device)
        model(**placed.inputs(), labels=placed.labels).loss.backward()
    found = []
    with torch.no_grad():
        for layer in model.bert.encoder.layer:
            attention, size = layer.attention.self, layer.attention.self.attention_head_size
            rows = sum(_row_products(part) for part in (attention.query, attention.key, attention.value))
            columns = _column_products(layer.attention.output.dense)
            heads = rows.view(-1, size).sum(dim=1).abs() + columns.view(-1, size).sum(dim=1).abs()
            channels = _row_products(layer.intermediate.dense).abs()
            channels += _column_products(layer.output.dense).abs()
            found.append(UnitImportance(heads, channels))
    model.zero_grad()
    return found


def _row_products(linear: torch.nn.Linear) -> torch.Tensor:
    return (linear.weight * linear.weight.grad).sum(dim=1) + linear.bias * linear.bias.grad


def _column_products(linear: torch.nn.Linear) -> torch.Tensor:
    return (linear.weight * linear.weight.grad).sum(dim=0)


def most_important(scores: torch.Tensor, count: int) -> list[int]:
    """The `count` best units in their old order; of equal ones the first."""
    ranked = torch.sort(scores, descending=True, stable=True).indices
    return sorted(ranked[:count].tolist())


def keep_channels(
    model: BertForTokenClassification, importance: Sequence[UnitImportance], share: float
) -> BertForTokenClassification:
    """Keeps the same number of channels in every layer, the most important ones, in their old order."""
    if not 0 < share <= 1:
        raise ValueError(f"share of channels {share}: expected more than 0 and at most 1")
    require_uncut(model)
    kept = copy.deepcopy(model)
    count = max(1, round(model.config.intermediate_size * share))
    for layer, units in zip(kept.bert.encoder.layer, importance, strict=True):
        cut_layer(layer, range(len(units.heads)), most_important(units.channels, count))
    kept.config.intermediate_size = count
    return kept


def keep_units(
    model: BertForTokenClassification, importance: Sequence[UnitImportance], shapes: Sequence[LayerShape]
) -> BertForTokenClassification:
    """Cuts each layer to its shape, the most important units stay; a layer of 0 heads and 0 channels goes."""
    require_uncut(model)
    uncut = shapes_of(model)
    if len(shapes) != len(uncut) or not all(
        0 <= size <= most
        for shape, whole in zip(shapes, uncut, strict=True)
        for size, most in zip(shape, whole, strict=True)
    ):
        raise ValueError(f"shapes {[tuple(shape) for shape in shapes]}: expected at most those of the model")
    if not any(map(any, shapes)):
        raise ValueError("no layer would be left; expected a head or a channel at least")
    kept = copy.deepcopy(model)
    layers = []
    for layer, units, shape in zip(kept.bert.encoder.layer, importance, shapes, strict=True):
        if any(shape):
            heads = most_important(units.heads, shape.heads)
            cut_layer(layer, heads, most_important(units.channels, shape.ffn))
            layers.append(layer)
    kept.bert.encoder.layer = torch.nn.ModuleList(layers)
    set_shapes(kept.config, shapes_of(kept))
    return kept


def measured_loss(model: BertForTokenClassification, batches: Iterable[Batch]) -> float:
    """Mean cross entropy of the labelled tokens."""
    model.eval()
    total, tokens = 0.0, 0
    with torch.no_grad():
        for batch in batches:
            labelled = int((batch.labels != IGNORED_LABEL).sum())
            placed = batch.to(model.device)
            total += model(**placed.inputs(), labels=placed.labels).loss.item() * labelled
            tokens += labelled
    return total / tokens
