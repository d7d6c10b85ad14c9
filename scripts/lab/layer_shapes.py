"""Taggers whose layers differ in attention heads and feed-forward channels, and the cutting of a layer.

A sublayer of 0 heads or 0 channels keeps what does not depend on them: the bias of its output, the residual
and the norm. So cutting units is always the same as setting their outputs to zero. A layer of 0 heads and
0 channels need not be kept at all: to drop it is for the caller, and changes the hidden state by two norms.

Such a model's configuration carries `layer_shapes`, a list of {"heads", "ffn"}; its sizes of heads and
channels stay those of the uncut model, so that the size of a head follows from them.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from transformers import BertConfig, BertForTokenClassification
from transformers.models.bert.modeling_bert import BertLayer, BertSelfOutput

from scripts.lab.layer_shape import LayerShape


class Bias(torch.nn.Module):
    """A linear map without inputs: a bias [out] for every token of [batch, length, in]."""

    def __init__(self, bias: torch.nn.Parameter) -> None:
        super().__init__()
        self.bias = bias

    def forward(self, value: torch.Tensor) -> torch.Tensor:
        return self.bias.expand(*value.shape[:-1], -1)


class AttentionLeftOut(torch.nn.Module):
    """Attention of 0 heads, under the names of the attention that it replaces."""

    def __init__(self, output: BertSelfOutput) -> None:
        super().__init__()
        self.output = output

    def forward(
        self, hidden_states: torch.Tensor, *_: object, **__: object
    ) -> tuple[torch.Tensor, torch.Tensor | None]:
        return self.output(hidden_states, hidden_states), None


def keep_rows(linear: torch.nn.Linear, rows: Sequence[int]) -> None:
    """Keeps these outputs of a linear map."""
    linear.weight = torch.nn.Parameter(linear.weight[list(rows)].clone())
    linear.bias = torch.nn.Parameter(linear.bias[list(rows)].clone())
    linear.out_features = len(rows)


def keep_columns(linear: torch.nn.Linear, columns: Sequence[int]) -> None:
    """Keeps these inputs of a linear map."""
    linear.weight = torch.nn.Parameter(linear.weight[:, list(columns)].clone())
    linear.in_features = len(columns)


def cut_layer(layer: BertLayer, heads: Sequence[int], channels: Sequence[int]) -> None:
    """Keeps these heads and these channels of an uncut layer, in this order."""
    attention = layer.attention.self
    if not heads:
        output = layer.attention.output
        output.dense = Bias(output.dense.bias)
        layer.attention = AttentionLeftOut(output)
    elif len(heads) < attention.num_attention_heads:
        size = attention.attention_head_size
        units = [head * size + unit for head in heads for unit in range(size)]
        for part in (attention.query, attention.key, attention.value):
            keep_rows(part, units)
        keep_columns(layer.attention.output.dense, units)
        attention.num_attention_heads, attention.all_head_size = len(heads), len(units)
    if not channels:
        layer.intermediate = torch.nn.Identity()
        layer.output.dense = Bias(layer.output.dense.bias)
    elif len(channels) < layer.intermediate.dense.out_features:
        keep_rows(layer.intermediate.dense, channels)
        keep_columns(layer.output.dense, channels)


def shapes_of(model: BertForTokenClassification) -> list[LayerShape]:
    """The shape of each layer, as its weights have it."""
    return [
        LayerShape(
            0 if isinstance(layer.attention, AttentionLeftOut) else layer.attention.self.num_attention_heads,
            0 if isinstance(layer.output.dense, Bias) else layer.intermediate.dense.out_features,
        )
        for layer in model.bert.encoder.layer
    ]


def set_shapes(config: BertConfig, shapes: Sequence[LayerShape]) -> None:
    """Writes the shapes of all layers into a configuration."""
    config.num_hidden_layers = len(shapes)
    config.layer_shapes = [shape._asdict() for shape in shapes]


def configured_shapes(config: BertConfig) -> list[LayerShape] | None:
    """What `set_shapes` wrote; None for a model whose layers are all alike."""
    found = getattr(config, "layer_shapes", None)
    if found is None:
        return None
    layers, heads, ffn = config.num_hidden_layers, config.num_attention_heads, config.intermediate_size
    try:
        shapes = [LayerShape(**item) for item in found]
    except TypeError:
        shapes = []
    if len(shapes) != layers or not all(
        isinstance(size, int) and 0 <= size <= most
        for shape in shapes
        for size, most in zip(shape, (heads, ffn), strict=True)
    ):
        raise ValueError(
            f'layer_shapes {found!r}: expected {layers} times {{"heads": 0 to {heads}, "ffn": 0 to {ffn}}}'
        )
    return shapes


class ShapedTagger(BertForTokenClassification):
    """A tagger whose layers have the shapes that its configuration gives them."""

    def __init__(self, config: BertConfig) -> None:
        super().__init__(config)
        for layer, shape in zip(self.bert.encoder.layer, configured_shapes(config) or [], strict=False):
            cut_layer(layer, range(shape.heads), range(shape.ffn))
