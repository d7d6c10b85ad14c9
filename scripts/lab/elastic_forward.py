"""Runs a tagger in one of its elastic shapes without making a copy: every product reads the first units only."""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch.nn import functional
from transformers import BertForTokenClassification
from transformers.models.bert.modeling_bert import BertLayer

from scripts.lab.batches import Batch
from scripts.lab.elastic_shapes import ElasticShape, layer_shape


class Answered(NamedTuple):
    logits: torch.Tensor  # [batch, length, labels]
    hidden: torch.Tensor  # [batch, length, hidden] after the last layer that stays


def run_in_shape(model: BertForTokenClassification, batch: Batch, shape: ElasticShape) -> Answered:
    """With the dropout of training where the model is in training mode."""
    kept = layer_shape(model, shape)
    state = model.bert.embeddings(input_ids=batch.input_ids, token_type_ids=batch.token_type_ids)
    attended = batch.attention_mask[:, None, None, :].bool()
    for index in shape.layers:
        layer = model.bert.encoder.layer[index]
        state = _feed_forward(layer, _attention(layer, state, attended, kept.heads), kept.ffn)
    return Answered(model.classifier(model.dropout(state)), state)


def _attention(layer: BertLayer, state: torch.Tensor, attended: torch.Tensor, heads: int) -> torch.Tensor:
    own, output = layer.attention.self, layer.attention.output
    size = own.attention_head_size
    width = heads * size

    def per_head(part: torch.nn.Linear) -> torch.Tensor:
        projected = functional.linear(state, part.weight[:width], part.bias[:width])
        return projected.unflatten(-1, (heads, size)).transpose(1, 2)

    context = functional.scaled_dot_product_attention(
        per_head(own.query),
        per_head(own.key),
        per_head(own.value),
        attn_mask=attended,
        dropout_p=own.dropout.p if own.training else 0.0,
    )
    context = context.transpose(1, 2).flatten(2)
    change = functional.linear(context, output.dense.weight[:, :width], output.dense.bias)
    return output.LayerNorm(output.dropout(change) + state)


def _feed_forward(layer: BertLayer, state: torch.Tensor, channels: int) -> torch.Tensor:
    up, output = layer.intermediate.dense, layer.output
    inner = functional.linear(state, up.weight[:channels], up.bias[:channels])
    inner = layer.intermediate.intermediate_act_fn(inner)
    change = functional.linear(inner, output.dense.weight[:, :channels], output.dense.bias)
    return output.LayerNorm(output.dropout(change) + state)
