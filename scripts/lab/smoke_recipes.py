"""Made-up tables of F1 and run times over tiny models, so that a search for a recipe can be tried by itself."""

from __future__ import annotations

import onnx

from scripts.lab.arguments import Places
from scripts.lab.cards import count_parameters
from scripts.lab.elastic_cuts import PRECISIONS, make_cut
from scripts.lab.elastic_shapes import all_shapes
from scripts.lab.latency_table import LatencyTable, TableFacts, table_path, write_table
from scripts.lab.onnx_checkpoint import tagger_of
from scripts.lab.onnx_quantize import quantize
from scripts.lab.records import sha256_of, write_json
from scripts.lab.smoke_products import smoke_variant

CPU, MEASURED_AT = "made up", "2026-01-01T00:00:00Z"
LENGTHS = (8, 32, 128)
# Of one text of 32 tokens: ms and F1, falling with the size.
FULL = {"full": (4.0, 0.9), "full-int8": (1.0, 0.89)}
CUTS = {"6x1": (1.0, 0.85), "6x0.5": (0.6, 0.8), "2x1": (0.4, 0.7), "2x0.5": (0.2, 0.55)}  # in int8
FP32_SLOWER, FP32_BETTER = 4.0, 0.01
DEPTHS = {6: [0, 1, 2, 3, 4, 5], 2: [0, 5]}


def write_smoke_tables(places: Places) -> None:
    """Models and cards of `full`, `full-int8` and `elastic`, and latency tables, where they are not there yet."""
    manifest = places.models / "manifest.json"
    if manifest.is_file():
        return
    for name in ("full", "elastic"):
        smoke_variant(places, name)
    source = onnx.load(places.models / "full" / "model.onnx")
    int8 = places.models / "full-int8" / "model.onnx"
    int8.parent.mkdir(parents=True, exist_ok=True)
    onnx.save(quantize(source), int8)
    parameters = count_parameters(source)
    digests = {name: sha256_of(places.models / name / "model.onnx") for name in (*FULL, "elastic")}
    beside = {name: {"sha256": digests[name], "ms": cut_times(ms)} for name, (ms, _) in FULL.items()}
    for name, (ms, f1) in FULL.items():
        write_json(
            places.models / name / "card.json",
            made_up_card(places, name, digests[name], parameters, f1)
            | {"latency": {"cpu": CPU, "measuredAt": MEASURED_AT, "ms": by_shape(ms)}},
        )
    cuts = {
        "cpu": CPU,
        "measuredAt": MEASURED_AT,
        "beside": beside,
        "cuts": made_up_cuts(places),
    }
    card = made_up_card(places, "elastic", digests["elastic"], parameters, CUTS["6x1"][1])
    write_json(places.models / "elastic" / "card.json", card | {"evaluation": {"cuts": cuts}})
    for tokens in LENGTHS:
        write_table(table_path(places.models / "report", tokens), made_up_table(tokens), {"madeUp": True})
    write_json(manifest, {"schemaVersion": 1, "variants": [*FULL, "elastic"], "retired": ["elastic"]})


def by_shape(ms: float) -> dict[str, float]:
    return {f"1x{tokens}": round(ms * tokens / 32, 4) for tokens in LENGTHS}


def cut_times(ms: float) -> dict[str, dict[str, float]]:
    return {shape: {"median": value, "min": value, "max": value} for shape, value in by_shape(ms).items()}


def made_up_cuts(places: Places) -> list[dict[str, object]]:
    model = tagger_of(onnx.load(places.models / "elastic" / "model.onnx"), "elastic").eval()
    found = []
    for shape in all_shapes(DEPTHS, (1.0, 0.5)):
        cut = make_cut(model, shape)
        ms, f1 = CUTS[shape.name]
        record: dict[str, object] = {
            "name": shape.name,
            "layers": list(shape.layers),
            "heads": shape.heads,
            "ffn": shape.ffn,
            "parameters": cut.parameters,
        }
        for precision in PRECISIONS:
            fp32 = precision == "fp32"
            record[precision] = {
                "sizeBytes": len(cut.graphs[precision]),
                "f1": {"validation": f1 + FP32_BETTER * fp32},
                "ms": cut_times(ms * FP32_SLOWER if fp32 else ms),
            }
        found.append(record)
    return found


def made_up_card(places: Places, name: str, digest: str, parameters: int, f1: float) -> dict[str, object]:
    epochs = [{"epoch": 1, "trainSeconds": 50.0, "validateSeconds": 10.0}] * 2
    return {
        "name": name,
        "parent": None if name == "full" else "full",
        "recipe": {
            "layers": DEPTHS[6],
            "heads": 1,
            "ffn": 1,
            "precision": "int8-dynamic" if name.endswith("int8") else "fp32",
        },
        "sha256": digest,
        "sizeBytes": (places.models / name / "model.onnx").stat().st_size,
        "parameters": parameters,
        "inputs": {"caseTypes": True},
        "quality": {"value": f1, "measure": "entity_f1", "split": "validation", "source": "measured"},
        "evaluation": {},
        "provenance": {
            "command": "none",
            "base": "smoke",
            "settings": {"seed": 1},
            "history": epochs if name == "full-int8" else [],
            "versions": {},
            "data": {"name": "made up", "trainSentences": 0},
        },
    }


def made_up_table(tokens: int) -> LatencyTable:
    """Of the tiny model of smoke runs: half of the time goes into channels."""
    facts = TableFacts(
        cpu=CPU, runtime="made up", threads=1, tokens=tokens, layers=6, hidden=32, heads=4, ffn=64
    )
    whole = tokens / 32
    return LatencyTable(
        facts,
        rest_ms=whole * 0.1,
        head_counts=(0, 4),
        attention_ms=(0.0, whole * 0.075),
        channel_counts=(0, 64),
        ffn_ms=(0.0, whole * 0.075),
    )
