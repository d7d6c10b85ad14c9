"""Cards and the manifest: the facts of each variant, checked against the gateway's own schema."""

from __future__ import annotations

import json
import math
from collections import Counter
from pathlib import Path

import jsonschema
import onnx
from tokenizers import Tokenizer

from scripts.lab.aside import written_aside
from scripts.lab.encoding import MAX_LENGTH
from scripts.lab.labels import LABELS
from scripts.lab.records import sha256_of, write_json
from scripts.lab.runtime import onnx_runner, open_session
from scripts.lab.serving import answer_texts

ROOT = Path(__file__).resolve().parents[2]
SCHEMA = ROOT / "models" / "card.schema.json"
# The gateway has them for the models of others too, and so they are with its code.
SENTENCES = ROOT / "src" / "building" / "english-sentences.json"
# With fewer, a few answers decide whether a variant keeps the gate's floor of .97.
MIN_ENTITIES = 500
# Full precision first: where quality is unknown, the gateway takes the manifest's order.
RELEASED = (
    "full",
    "full-int8",
    "pruned-ffn50-int8",
    "distilled-3l",
    "distilled-3l-int8",
    "distilled-2l-int8",
)
# On disk for others to be made of, and not loaded: `elastic` costs what `full` costs and is no better.
NOT_LOADED = ("elastic",)


def graph_properties(model: onnx.ModelProto) -> dict[str, str]:
    return {item.key.removeprefix("entier."): item.value for item in model.metadata_props}


# Beside the weights that they scale: ours, and those of onnxruntime's static quantizer.
SCALES = (".scale", ".scales", "_scale", "_zero_point")


def count_parameters(model: onnx.ModelProto) -> int:
    """Weights and biases; not the scales and zero points of integers, nor constants such as shapes."""
    blocked = {
        node.input[1]: math.prod(attribute.i for attribute in node.attribute if attribute.name in ("K", "N"))
        for node in model.graph.node
        if node.op_type == "MatMulNBits"  # whose packed bytes may hold two weights each
    }
    return sum(
        blocked.get(tensor.name, math.prod(tensor.dims))
        for tensor in model.graph.initializer
        if not tensor.name.startswith("constant.") and not tensor.name.endswith(SCALES)
    )


def precision_of(model: onnx.ModelProto) -> str:
    """How the products of a graph are computed, in the words of cards (src/building/card-recipe.ts has them too)."""
    kinds = {node.op_type for node in model.graph.node}
    if "MatMulNBits" in kinds:
        (bits,) = {
            attribute.i
            for node in model.graph.node
            if node.op_type == "MatMulNBits"
            for attribute in node.attribute
            if attribute.name == "bits"
        }
        return f"int{bits}-weights"
    if "DynamicQuantizeLinear" in kinds:
        return "int8-dynamic"
    if "QuantizeLinear" in kinds:
        return "int8-static"
    halves = {t.name for t in model.graph.initializer if t.data_type == onnx.TensorProto.FLOAT16}
    in_halves = any(node.op_type == "MatMul" and halves & set(node.input) for node in model.graph.node)
    return "fp16" if in_halves else "fp32"


def embeddings_of(model: onnx.ModelProto) -> str:
    """How the word embeddings are stored: with a scale a row, a scale for all of them, or as floats."""
    names = {tensor.name for tensor in model.graph.initializer}
    if "embeddings.word.int8" in names:
        return "int8-per-row"
    if "embeddings.word_quantized" in names:
        return "int8-per-tensor"
    kinds = {t.data_type for t in model.graph.initializer if t.name == "embeddings.word"}
    return "fp16" if onnx.TensorProto.FLOAT16 in kinds else "fp32"


def layer_shapes(properties: dict[str, str]) -> list[dict[str, int]] | None:
    """Heads and channels of each layer of the graph; None where all layers have the same of both."""
    counts = [[int(count) for count in properties[key].split(",")] for key in ("heads", "ffn")]
    if all(len(found) == 1 for found in counts):
        return None
    heads, ffn = (found * int(properties["layers"]) if len(found) == 1 else found for found in counts)
    return [{"heads": h, "ffn": c} for h, c in zip(heads, ffn, strict=True)]


def recipe_of(
    model: onnx.ModelProto, *, layers: list[int], ffn: float, heads: float = 1
) -> dict[str, object]:
    """`ffn` and `heads` are shares of those that the kept layers had; where layers differ, `layerShapes` has
    the counts of each.
    """
    properties = graph_properties(model)
    shapes = layer_shapes(properties)
    return {
        "layers": layers,
        "ffn": ffn,
        "heads": heads,
        **({} if shapes is None else {"layerShapes": shapes}),
        "precision": precision_of(model),
        "embeddings": embeddings_of(model),
        "storage": properties["storage"],
    }


def elastic_of(trained: dict[str, object]) -> dict[str, object]:
    """The card's `elastic` of what scripts.elastic left in training.json: units are stored by importance."""
    depths, widths = trained["depths"], trained["widths"]
    layers = [depths[depth] for depth in sorted(depths, key=int, reverse=True)]
    return {
        "heads": "stored",
        "ffn": "stored",
        "trained": {"layers": layers, "heads": widths, "ffn": widths},
    }


def build_card(
    *,
    name: str,
    description: str,
    parent: str | None,
    model_file: Path,
    tokenizer_file: Path,
    recipe: dict[str, object],
    case_types: bool,
    providers: list[str],
    quality: float,
    evaluation: dict[str, object],
    reference: list[dict[str, object]],
    latency: dict[str, object] | None,
    calibration: dict[str, object] | None = None,
    elastic: dict[str, object] | None = None,
    provenance: dict[str, object],
) -> dict[str, object]:
    card: dict[str, object] = {
        "schemaVersion": 1,
        "name": name,
        "task": "token-classification",
        "description": description,
        "parent": parent,
        "recipe": recipe,
        "file": model_file.name,
        "sha256": sha256_of(model_file),
        "sizeBytes": model_file.stat().st_size,
        "parameters": count_parameters(onnx.load(model_file)),
        "labels": list(LABELS),
        "inputs": {"caseTypes": case_types, "maxLength": MAX_LENGTH},
        "tokenizer": {"directory": tokenizer_file.parent.name, "sha256": sha256_of(tokenizer_file)},
        "providers": providers,
        "quality": {"value": quality, "measure": "entity_f1", "split": "validation", "source": "measured"},
        "evaluation": evaluation,
        "reference": reference,
        "provenance": provenance,
    }
    if latency is not None:
        card["latency"] = latency
    if calibration is not None:
        card["calibration"] = calibration
    if elastic is not None:
        card["elastic"] = elastic
    check_card(card)
    return card


def check_card(card: dict[str, object]) -> None:
    schema = json.loads(SCHEMA.read_text(encoding="utf-8"))
    errors = sorted(
        jsonschema.Draft202012Validator(schema).iter_errors(card), key=lambda error: error.json_path
    )
    if errors:
        found = "; ".join(f"{error.json_path}: {error.message}" for error in errors[:5])
        raise ValueError(f"the card of {card.get('name')!r} breaks models/card.schema.json: {found}")


def tokenizer_of(models: Path, name: str) -> Path:
    """A variant of another base has a tokenizer folder of its own, named after its checkpoint."""
    own = sorted(models.glob("tokenizer-*"), key=lambda folder: -len(folder.name))
    for folder in own:
        if name.startswith(folder.name.removeprefix("tokenizer-")):
            return folder / "tokenizer.json"
    return models / "tokenizer" / "tokenizer.json"


def write_manifest(models: Path, order: tuple[str, ...] = RELEASED) -> list[str]:
    """Lists the variants that have a card, in the given order, others after them by name.

    Those of NOT_LOADED are listed as retired too, unless nothing else is there.
    """
    present = sorted(path.parent.name for path in models.glob("*/card.json"))
    listed = [name for name in order if name in present] + [name for name in present if name not in order]
    if not listed:
        raise ValueError(f"{models}: no variant with a card.json; expected at least one")
    retired = [name for name in listed if name in NOT_LOADED and name != listed[0]]
    write_json(
        models / "manifest.json",
        {"schemaVersion": 1, "variants": listed, **({"retired": retired} if retired else {})},
    )
    return listed


def write_card_file(path: Path, card: dict[str, object]) -> None:
    """As the gateway writes a card: each sentence of `reference` on a line, at the end."""
    check_card(card)
    facts = {key: value for key, value in card.items() if key != "reference"}
    head = json.dumps(facts, ensure_ascii=False, indent=2).removesuffix("\n}")
    lines = (
        "    " + json.dumps(sentence, ensure_ascii=False, separators=(",", ":"))
        for sentence in card["reference"]
    )
    with written_aside(path) as aside:
        aside.write_text(head + ',\n  "reference": [\n' + ",\n".join(lines) + "\n  ]\n}\n", encoding="utf-8")


def read_reference_sentences(path: Path = SENTENCES) -> list[str]:
    if not path.is_file():
        raise FileNotFoundError(f"{path}: no such file; expected a JSON array of sentences")
    try:
        texts = json.loads(path.read_text(encoding="utf-8"))
    except json.JSONDecodeError as error:
        raise ValueError(f"{path}: {error}; expected a JSON array of sentences") from error
    if not isinstance(texts, list) or not texts:
        raise ValueError(f"{path}: expected a JSON array of sentences")
    for index, text in enumerate(texts):
        if not isinstance(text, str) or not text.strip():
            raise ValueError(f"{path}: sentence {index}: expected a text, got {str(text)[:60]!r}")
    twice = [text for text, count in Counter(texts).items() if count > 1]
    if twice:
        raise ValueError(f"{path}: {twice[0]!r} is there more than once")
    return texts


def reference_of(model_file: Path, tokenizer: Tokenizer, texts: list[str], *, case_types: bool) -> list[dict]:
    """The card's `reference`: what a model answers to each text alone, on one thread."""
    run = onnx_runner(open_session(model_file, threads=1))
    answers = answer_texts(run, tokenizer, texts, case_types=case_types, what="reference")
    return [
        {
            "text": text,
            "entities": [
                {"label": span.label, "start": span.start, "end": span.end} for span in answer.viterbi
            ],
        }
        for text, answer in zip(texts, answers, strict=True)
    ]


def check_enough(name: str, reference: list[dict], *, smoke: bool) -> int:
    """The count of entities in a variant's answers. ValueError where they are too few to compare by."""
    entities = sum(len(sentence["entities"]) for sentence in reference)
    if entities < MIN_ENTITIES and not smoke:
        raise ValueError(
            f"{name} finds {entities} entities in {len(reference)} sentences; expected {MIN_ENTITIES} at least"
        )
    return entities


def agreement_of(expected: list[dict], found: list[dict]) -> float:
    """Micro F1 of the entities of one `reference` against another's on the same sentences, as the gateway's gate
    counts it; 1 where neither has any.
    """
    common = total = 0
    for left, right in zip(expected, found, strict=True):
        ours, theirs = (
            {(span["label"], span["start"], span["end"]) for span in each["entities"]}
            for each in (left, right)
        )
        common += len(ours & theirs)
        total += len(ours) + len(theirs)
    return 2 * common / total if total else 1.0
