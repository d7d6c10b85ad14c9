"""Reads a graph of `onnx_graph` back into the tagger that it was written from."""

from __future__ import annotations

import numpy as np
import onnx
import torch
from onnx import numpy_helper
from transformers import BertConfig, BertForTokenClassification

from scripts.lab.cards import graph_properties
from scripts.lab.labels import LABELS
from scripts.lab.layer_shapes import LayerShape, ShapedTagger, configured_shapes, set_shapes
from scripts.lab.onnx_graph import weights_of


def tagger_of(graph: onnx.ModelProto, name: str) -> BertForTokenClassification:
    """Raises ValueError where `graph`, of the variant `name`, is not one of scripts.export in floating point."""
    properties = graph_properties(graph)
    if properties.get("storage") not in ("fp16", "fp32"):
        raise ValueError(
            f"{name}: stored as {properties.get('storage')!r}; expected a float variant of scripts.export"
        )
    stored = {
        tensor.name: numpy_helper.to_array(tensor).astype(np.float32)
        for tensor in graph.graph.initializer
        if not tensor.name.startswith("constant.")
    }
    config = config_of(graph, properties, stored)
    kind = BertForTokenClassification if configured_shapes(config) is None else ShapedTagger
    model = kind(config).eval()

    # Every weight is a view of the model's own memory, so writing to it fills the model.
    places = weights_of(model)
    if places.keys() != stored.keys():
        odd = sorted(places.keys() ^ stored.keys())
        raise ValueError(f"{name}: its weights are not those of its sizes: {', '.join(odd[:3])}")
    with torch.no_grad():
        for key, place in places.items():
            if place.shape != stored[key].shape:
                raise ValueError(f"{name}: {key} is {stored[key].shape}, expected {place.shape}")
            place[...] = stored[key]
    return model


def config_of(
    graph: onnx.ModelProto, properties: dict[str, str], stored: dict[str, np.ndarray]
) -> BertConfig:
    """The configuration that the graph's sizes and its metadata tell."""
    layers, hidden = int(properties["layers"]), int(properties["hidden"])
    # Of a model whose heads are cut the scale of the scores still tells the size of one.
    scale = next(tensor for tensor in graph.graph.initializer if tensor.name == "constant.score_scale")
    head_size = round(numpy_helper.to_array(scale).item() ** 2)
    epsilon = next(
        attribute.f
        for node in graph.graph.node
        if node.op_type == "LayerNormalization"
        for attribute in node.attribute
        if attribute.name == "epsilon"
    )
    heads = hidden // head_size
    shapes = [
        LayerShape(*sizes)
        for sizes in zip(*(counts(properties[key], layers) for key in ("heads", "ffn")), strict=True)
    ]
    config = BertConfig(
        vocab_size=len(stored["embeddings.word"]),
        hidden_size=hidden,
        num_hidden_layers=layers,
        num_attention_heads=heads,
        intermediate_size=max(shape.ffn for shape in shapes),
        max_position_embeddings=len(stored["embeddings.position"]),
        type_vocab_size=len(stored["embeddings.type"]),
        layer_norm_eps=round(epsilon, 15),
        num_labels=len(LABELS),
        id2label=dict(enumerate(LABELS)),
        label2id={label: index for index, label in enumerate(LABELS)},
    )
    if any(shape != (heads, config.intermediate_size) for shape in shapes):
        set_shapes(config, shapes)
    return config


def counts(text: str, layers: int) -> list[int]:
    """One number a layer, of metadata that has one for all or a list."""
    found = [int(count) for count in text.split(",")]
    return found * layers if len(found) == 1 else found
