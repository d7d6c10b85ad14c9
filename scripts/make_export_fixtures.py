"""Makes the small random encoders that the tests of the compressor read, as several exporters write them.

    .venv/bin/pip install onnxscript==0.7.2     (needed for this script only)
    python -m scripts.make_export_fixtures

Writes FIXTURES/NAME.onnx and cases.json. The cases hold what torch answers for the whole model, for some of its
layers, and for some of its heads and channels (the others multiplied by zero), so that the cuts of the compressor are
compared with something that shares no code with it. Exports differ with the versions of torch and onnxscript.
"""

from __future__ import annotations

import argparse
import copy
import logging
import warnings
from collections.abc import Callable
from pathlib import Path

import numpy as np
import onnx
import torch
import transformers
from onnx import TensorProto, helper, numpy_helper
from onnxruntime.transformers import optimizer
from onnxruntime.transformers.fusion_options import FusionOptions
from transformers import (
    BertConfig,
    BertForTokenClassification,
    DebertaV2Config,
    DebertaV2ForTokenClassification,
    DistilBertConfig,
    DistilBertForTokenClassification,
    PreTrainedModel,
    RobertaConfig,
    RobertaForTokenClassification,
)

from scripts.lab.arguments import run_script
from scripts.lab.fused_graph import as_pytorch_exports, fused
from scripts.lab.onnx_graph import tagger_graph
from scripts.lab.records import write_json

LAYERS, HEADS, HIDDEN, CHANNELS, VOCABULARY, POSITIONS, LABELS = 3, 4, 16, 24, 60, 24, 5
KEPT_LAYERS = [0, 2]
SIZES = {
    "vocab_size": VOCABULARY,
    "num_labels": LABELS,
    "initializer_range": 0.3,  # large, so that every cut is seen in the logits
}
BERT_SIZES = SIZES | {
    "hidden_size": HIDDEN,
    "num_hidden_layers": LAYERS,
    "num_attention_heads": HEADS,
    "intermediate_size": CHANNELS,
    "max_position_embeddings": POSITIONS,
}


def tagger(kind: str, attention: str) -> PreTrainedModel:
    torch.manual_seed(1)
    if kind == "distilbert":
        config = DistilBertConfig(
            **SIZES,
            dim=HIDDEN,
            n_layers=LAYERS,
            n_heads=HEADS,
            hidden_dim=CHANNELS,
            max_position_embeddings=POSITIONS,
            attn_implementation=attention,
        )
        model = DistilBertForTokenClassification(config)
    elif kind == "deberta":
        config = DebertaV2Config(
            **BERT_SIZES,
            relative_attention=True,
            position_buckets=8,
            norm_rel_ebd="layer_norm",
            share_att_key=True,
            pos_att_type=["p2c", "c2p"],
            position_biased_input=False,
            type_vocab_size=0,
        )
        model = DebertaV2ForTokenClassification(config)
    else:
        classes = {
            "bert": (BertConfig, BertForTokenClassification),
            "roberta": (RobertaConfig, RobertaForTokenClassification),
        }
        config_class, model_class = classes[kind]
        model = model_class(config_class(**BERT_SIZES, attn_implementation=attention))
    with torch.no_grad():
        for parameter in model.parameters():
            if parameter.dim() < 2:  # biases are zero and norms one otherwise
                parameter += 0.2 * torch.randn_like(parameter)
    return model.eval()


def layers_of(model: PreTrainedModel) -> torch.nn.ModuleList:
    body = model.base_model
    return body.transformer.layer if hasattr(body, "transformer") else body.encoder.layer


def set_layers(model: PreTrainedModel, kept: list[int]) -> None:
    body = model.base_model
    holder = body.transformer if hasattr(body, "transformer") else body.encoder
    holder.layer = torch.nn.ModuleList(holder.layer[index] for index in kept)


def silence(model: PreTrainedModel, heads: list[list[int]], channels: list[list[int]]) -> None:
    """Multiplies by zero what heads and channels that are not named give."""
    size = HIDDEN // HEADS
    for layer, kept_heads, kept_channels in zip(layers_of(model), heads, channels, strict=True):
        distil = hasattr(layer, "ffn")
        attention = layer.attention.out_lin if distil else layer.attention.output.dense
        down = layer.ffn.lin2 if distil else layer.output.dense
        with torch.no_grad():
            for head in set(range(HEADS)) - set(kept_heads):
                attention.weight[:, head * size : (head + 1) * size] = 0
            for channel in set(range(CHANNELS)) - set(kept_channels):
                down.weight[:, channel] = 0


def feeds_of(kind: str) -> dict[str, torch.Tensor]:
    generator = torch.Generator().manual_seed(2)
    ids = torch.randint(5, VOCABULARY, (2, 9), generator=generator)
    mask = torch.ones_like(ids)
    mask[1, 6:] = 0
    feeds = {"input_ids": ids, "attention_mask": mask}
    if kind == "bert":
        feeds["token_type_ids"] = torch.arange(9).remainder(2).repeat(2, 1)
    return feeds


def traced(opset: int) -> Callable[[PreTrainedModel, dict[str, torch.Tensor], Path], onnx.ModelProto]:
    def export(model: PreTrainedModel, feeds: dict[str, torch.Tensor], path: Path) -> onnx.ModelProto:
        axes = {name: {0: "batch", 1: "length"} for name in [*feeds, "logits"]}
        torch.onnx.export(
            model,
            (),
            path,
            kwargs=feeds,
            input_names=list(feeds),
            output_names=["logits"],
            dynamic_axes=axes,
            opset_version=opset,
            dynamo=False,
        )
        return onnx.load(path)

    return export


def exported(model: PreTrainedModel, feeds: dict[str, torch.Tensor], path: Path) -> onnx.ModelProto:
    batch, length = torch.export.Dim("batch", max=64), torch.export.Dim("length", min=2, max=POSITIONS - 2)
    torch.onnx.export(
        model,
        (),
        path,
        kwargs=feeds,
        input_names=list(feeds),
        output_names=["logits"],
        dynamic_shapes={name: {0: batch, 1: length} for name in feeds},
        opset_version=18,
        dynamo=True,
        external_data=False,
        verbose=False,
    )
    made = onnx.load(path)
    for node in made.graph.node:  # stack traces: most of the file
        del node.metadata_props[:]
    del made.graph.value_info[:]
    return made


def with_sizes_spelled_out(made: onnx.ModelProto) -> onnx.ModelProto:
    """The shapes of heads as older versions of transformers wrote them: with the number of heads, not with -1."""
    constants = {node.output[0]: node for node in made.graph.node if node.op_type == "Constant"}
    for concat in [node for node in made.graph.node if node.op_type == "Concat"]:
        known = {
            place: numpy_helper.to_array(constants[name].attribute[0].t).tolist()
            for place, name in enumerate(concat.input)
            if name in constants
        }
        wanted = {
            (2, 4): [HEADS] if known.get(3) == [HIDDEN // HEADS] else None,
            (2, 3): [HIDDEN],
        }
        for place, value in known.items():
            number = wanted.get((place, len(concat.input)))
            if value == [-1] and number is not None:
                name = f"{concat.output[0]}_size"
                tensor = helper.make_tensor(name, TensorProto.INT64, [1], number)  # typed data, not raw
                made.graph.initializer.append(tensor)
                concat.input[place] = name
    return made


def fused_with_joined_attention(model: BertForTokenClassification) -> onnx.ModelProto:
    options = FusionOptions("bert")
    options.use_multi_head_attention = True
    graph = as_pytorch_exports(tagger_graph(model, storage="fp32"))
    return optimizer.optimize_model(
        graph,
        model_type="bert",
        num_heads=HEADS,
        hidden_size=HIDDEN,
        optimization_options=options,
        opt_level=0,
    ).model


def answers(kind: str, model: PreTrainedModel, rng: np.random.Generator) -> dict[str, object]:
    """What torch says of the whole model, of KEPT_LAYERS, and of half of the heads and channels of each layer."""
    feeds = feeds_of(kind)
    orders = {
        "heads": [rng.permutation(HEADS).tolist() for _ in range(LAYERS)],
        "ffn": [rng.permutation(CHANNELS).tolist() for _ in range(LAYERS)],
    }
    shorter, narrower, fewer_channels = (copy.deepcopy(model) for _ in range(3))
    set_layers(shorter, KEPT_LAYERS)
    channels = [order[: CHANNELS // 2] for order in orders["ffn"]]
    silence(narrower, [order[: HEADS // 2] for order in orders["heads"]], channels)
    silence(fewer_channels, [list(range(HEADS))] * LAYERS, channels)

    def logits(of: PreTrainedModel) -> list[float]:
        with torch.no_grad():
            return [round(value, 5) for value in of(**feeds).logits.flatten().tolist()]

    return {
        "inputs": {name: tensor.tolist() for name, tensor in feeds.items()},
        "order": [
            {"heads": heads, "ffn": ffn} for heads, ffn in zip(orders["heads"], orders["ffn"], strict=True)
        ],
        "layers": KEPT_LAYERS,
        "logits": {
            "whole": logits(model),
            "layers": logits(shorter),
            "half": logits(narrower),
            "halfChannels": logits(fewer_channels),
        },
    }


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument(
        "--fixtures", type=Path, default=Path("test/fixtures/exports"), help="target (%(default)s)"
    )
    args = parser.parse_args()
    warnings.filterwarnings("ignore")
    logging.getLogger("onnxruntime.transformers").setLevel(logging.ERROR)
    args.fixtures.mkdir(parents=True, exist_ok=True)

    exports = {
        "bert-traced": ("bert", "eager", traced(14)),
        "bert-sized": ("bert", "eager", lambda *given: with_sizes_spelled_out(traced(17)(*given))),
        "bert-exported": ("bert", "sdpa", exported),
        "roberta-traced": ("roberta", "sdpa", traced(17)),
        "distilbert-exported": ("distilbert", "eager", exported),
        "deberta-traced": ("deberta", "eager", traced(17)),
        "bert-fused": (
            "bert",
            "eager",
            lambda model, *_: fused(tagger_graph(model, "fp32"), normalization=True),
        ),
        "bert-joined": ("bert", "eager", lambda model, *_: fused_with_joined_attention(model)),
    }
    cases = {}
    for name, (kind, attention, export) in exports.items():
        model = tagger(kind, attention)
        path = args.fixtures / f"{name}.onnx"
        made = export(model, feeds_of(kind), path)
        onnx.save(made, path)
        cases[name] = answers(kind, model, np.random.default_rng(3))
        print(f"{path}: {path.stat().st_size / 1000:.0f} kB")
    versions = {"torch": torch.__version__, "transformers": transformers.__version__}
    write_json(args.fixtures / "cases.json", {"versions": versions, "cases": cases})


if __name__ == "__main__":
    run_script(main)
