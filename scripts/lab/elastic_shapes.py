"""The shapes of an elastic tagger: which layers stay, and how much of each; units are stored by importance."""

from __future__ import annotations

import copy
import math
import random
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

import torch
from transformers import BertForTokenClassification

from scripts.lab.batches import Batch
from scripts.lab.layer_shapes import LayerShape, cut_layer, keep_columns, keep_rows, set_shapes, shapes_of
from scripts.lab.shrink import UnitImportance, keep_layers, require_uncut, unit_importance

WIDTHS = (1.0, 0.75, 0.5, 0.25)


@dataclass(frozen=True)
class ElasticShape:
    layers: tuple[int, ...]
    heads: float  # share that stays
    ffn: float  # share of feed-forward channels that stays

    @property
    def name(self) -> str:
        shares = (self.heads,) if self.heads == self.ffn else (self.heads, self.ffn)
        return "x".join([str(len(self.layers)), *(f"{share:g}" for share in shares)])


def units_that_stay(share: float, count: int) -> int:
    """Rounds a half up, as the gateway's compressor does."""
    return max(1, math.floor(share * count + 0.5))


def all_shapes(depths: Mapping[int, Sequence[int]], widths: Sequence[float] = WIDTHS) -> list[ElasticShape]:
    """Every depth at every width, which heads and channels share; the largest first."""
    return [
        ElasticShape(tuple(depths[depth]), width, width)
        for depth in sorted(depths, reverse=True)
        for width in sorted(widths, reverse=True)
    ]


@dataclass(frozen=True)
class Sandwich:
    """Which shapes a step trains: the largest, the smallest and some between, as in US-Nets (arXiv 1903.05134)."""

    between: int = 1
    untied_share: float = 0.5  # of those between: heads and channels have shares of their own
    largest_share: float = 0.25  # of the steps: it begins as the teacher itself, and costs most
    shallow_power: float = 1.0  # a shape between is drawn with the weight 1 / layers^this; 0 = all alike

    def draw(self, shapes: Sequence[ElasticShape], rng: random.Random) -> list[ElasticShape]:
        """`shapes` from the largest to the smallest."""
        inner = list(shapes[1:-1])
        chosen = []
        while inner and len(chosen) < self.between:
            weights = [len(shape.layers) ** -self.shallow_power for shape in inner]
            chosen.append(inner.pop(rng.choices(range(len(inner)), weights)[0]))
        for place, shape in enumerate(chosen):
            if rng.random() < self.untied_share:
                chosen[place] = replace(shape, ffn=rng.choice(shapes).ffn)
        largest = [shapes[0]] if rng.random() < self.largest_share else []
        return [*largest, *chosen, shapes[-1]]


def importance_of(model: BertForTokenClassification, batches: Iterable[Batch]) -> list[UnitImportance]:
    """Importance as `unit_importance` has it, but in absolute value batch by batch.

    On texts that the model was trained with, gradients of different batches cancel.
    """
    total: list[UnitImportance] | None = None
    for batch in batches:
        found = unit_importance(model, [batch])
        total = (
            found
            if total is None
            else [
                UnitImportance(old.heads + new.heads, old.channels + new.channels)
                for old, new in zip(total, found, strict=True)
            ]
        )
    if total is None:
        raise ValueError("no texts to rank the units by; expected a batch at least")
    return total


def sort_units(
    model: BertForTokenClassification, importance: Sequence[UnitImportance]
) -> BertForTokenClassification:
    """The same function with the heads and channels of each layer in falling order of importance."""
    require_uncut(model)
    sorted_model = copy.deepcopy(model)
    for layer, units in zip(sorted_model.bert.encoder.layer, importance, strict=True):
        attention, size = layer.attention.self, layer.attention.self.attention_head_size
        heads = torch.sort(units.heads, descending=True, stable=True).indices.tolist()
        rows = [head * size + unit for head in heads for unit in range(size)]
        for part in (attention.query, attention.key, attention.value):
            keep_rows(part, rows)
        keep_columns(layer.attention.output.dense, rows)
        channels = torch.sort(units.channels, descending=True, stable=True).indices.tolist()
        keep_rows(layer.intermediate.dense, channels)
        keep_columns(layer.output.dense, channels)
    return sorted_model


def layer_shape(model: BertForTokenClassification, shape: ElasticShape) -> LayerShape:
    """Heads and channels that each layer keeps."""
    return LayerShape(
        units_that_stay(shape.heads, model.config.num_attention_heads),
        units_that_stay(shape.ffn, model.config.intermediate_size),
    )


def cut_to(model: BertForTokenClassification, shape: ElasticShape) -> BertForTokenClassification:
    """A tagger of this shape by itself: the first units of the layers that stay."""
    require_uncut(model)
    cut = copy.deepcopy(model)
    kept = layer_shape(model, shape)
    layers = [cut.bert.encoder.layer[index] for index in shape.layers]
    for layer in layers:
        cut_layer(layer, range(kept.heads), range(kept.ffn))
    cut.bert.encoder.layer = torch.nn.ModuleList(layers)
    set_shapes(cut.config, shapes_of(cut))
    return cut


def masked_to(model: BertForTokenClassification, shape: ElasticShape) -> BertForTokenClassification:
    """The same tagger by zeros instead of cuts: what the units that go would write is set to 0."""
    masked = keep_layers(model, shape.layers)
    kept = layer_shape(model, shape)
    with torch.no_grad():
        for layer in masked.bert.encoder.layer:
            size = layer.attention.self.attention_head_size
            layer.attention.output.dense.weight[:, kept.heads * size :] = 0
            layer.output.dense.weight[:, kept.ffn :] = 0
    return masked
