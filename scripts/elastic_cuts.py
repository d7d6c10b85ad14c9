"""Measures every cut of an elastic tagger: served F1, size and run time, in floating point and in int8.

    python -m scripts.elastic_cuts --data ../shared/data/conll2003
    python -m scripts.elastic_cuts --data FOLDER --name elastic --also 6:1:0.5 0,1,3:1:0.875 --splits validation
    python -m scripts.elastic_cuts --smoke

The cuts are those that CHECKPOINTS/NAME was trained with, made of MODELS/NAME/model.onnx, and those of --also (layers
or their number, share of heads, share of channels). Of each, a few texts are also answered by the whole model with
zeros in place of what is cut: the logits must be the same. Run times are of one thread, all files in turn, with the
variants of the manifest among them. Writes CHECKPOINTS/cuts/NAME.json, which scripts.write_card puts on the card and
scripts.report draws. Choose by validation; test is for reporting.
"""

from __future__ import annotations

import argparse
import json
import random
from collections.abc import Sequence
from pathlib import Path

import onnx
import onnxruntime

from scripts.lab.arguments import parser_for, refuse_overwrite, resolve_places, run_script, show_config
from scripts.lab.batches import training_batches
from scripts.lab.cards import tokenizer_of
from scripts.lab.elastic_cuts import PRECISIONS, CutTask, make_cut, measured_cuts
from scripts.lab.elastic_shapes import ElasticShape, all_shapes
from scripts.lab.encoding import load_tokenizer
from scripts.lab.latency_rounds import measure_rounds, speedup, summary
from scripts.lab.onnx_checkpoint import tagger_of
from scripts.lab.processor import processor_name
from scripts.lab.progress import progress
from scripts.lab.records import now, read_made_by, sha256_of, write_json
from scripts.lab.runtime import open_session
from scripts.lab.smoke_products import smoke_elastic

BASELINE = "full"
COMPARED_TEXTS = 64


def parse() -> argparse.Namespace:
    parser = parser_for(__doc__)
    group = parser.add_argument_group("cuts")
    group.add_argument("--name", default="elastic", help="checkpoint and variant (%(default)s)")
    group.add_argument(
        "--also", nargs="*", default=[], metavar="LAYERS:HEADS:FFN", help="cuts beside those trained with"
    )
    group.add_argument(
        "--splits",
        nargs="+",
        default=["validation", "test"],
        choices=("validation", "test"),
        help="of int8; of floats the first one",
    )
    group.add_argument("--processes", type=int, default=1, help="that measure F1 (%(default)s)")
    group.add_argument("--times-only", action="store_true", help="keep the F1 of an earlier run")
    group.add_argument("--rounds", type=int, default=5, help="of run times (%(default)s)")
    group.add_argument(
        "--seconds", type=float, default=0.1, help="time for a file and shape in a round (%(default)s)"
    )
    args = parser.parse_args()
    if args.rounds < 1 or args.processes < 1:
        parser.error(f"--rounds {args.rounds} --processes {args.processes}: expected 1 or more of each")
    return args


def shape_of(text: str, depths: dict[str, list[int]]) -> ElasticShape:
    """Reads LAYERS:HEADS:FFN. Raises ValueError."""
    try:
        layers, heads, ffn = text.split(":")
        kept = depths.get(layers) or [int(layer) for layer in layers.split(",")]
        shape = ElasticShape(tuple(kept), float(heads), float(ffn))
    except ValueError:
        raise ValueError(f"--also {text}: expected LAYERS:HEADS:FFN, such as 0,1,3:1:0.875") from None
    known = depths[max(depths, key=int)]
    if not set(shape.layers) <= set(known) or not all(0 < share <= 1 for share in (shape.heads, shape.ffn)):
        raise ValueError(f"--also {text}: expected layers of {known} and shares above 0 and at most 1")
    return shape


def main() -> None:
    # 1. What is to be cut.
    args = parse()
    places = resolve_places(args)
    if args.smoke:
        args.seconds, args.rounds = 0.002, 2
        smoke_elastic(places, args.name)
    show_config(args)
    target = places.measurement("cuts", args.name)
    refuse_overwrite(target, args.force or args.times_only)
    model_file = places.models / args.name / "model.onnx"
    if not model_file.is_file():
        raise FileNotFoundError(f"{model_file}: no such file; run scripts.export --names {args.name} first")
    training = read_made_by(places.checkpoints / args.name / "training.json", "elastic")
    if "elastic" not in training:
        raise ValueError(f"{args.name} was not trained to be cut; expected a checkpoint of scripts.elastic")
    depths, widths = training["elastic"]["depths"], training["elastic"]["widths"]
    trained = all_shapes({int(depth): layers for depth, layers in depths.items()}, widths)
    shapes = list(dict.fromkeys([*trained, *(shape_of(text, depths) for text in args.also)]))
    model = tagger_of(onnx.load(model_file), args.name).eval()
    tokenizer_file = tokenizer_of(places.models, args.name)
    tokenizer = load_tokenizer(tokenizer_file)
    case_types = bool(training["caseTypes"])

    # 2. F1 of each, and whether cutting is the same as leaving out.
    if args.times_only:
        records = measured_before(target, sha256_of(model_file), shapes)
    else:
        splits = {split: places.read_split(split) for split in args.splits}
        compared = training_batches(
            splits[args.splits[0]][:COMPARED_TEXTS],
            tokenizer,
            batch_size=16,
            case_types=case_types,
            rng=random.Random(args.seed),
        )
        task = CutTask(
            name=args.name,
            model_file=model_file,
            tokenizer_file=tokenizer_file,
            case_types=case_types,
            # What is served is int8; of floats validation is enough to see what int8 costs.
            splits={"fp32": {split: splits[split] for split in args.splits[:1]}, "int8": splits},
            compared=compared,
        )
        records = []
        for shape, record in zip(
            progress(shapes, "cuts"), measured_cuts(task, shapes, args.processes), strict=True
        ):
            records.append({**record, "trained": shape in trained})
            print(described(record), flush=True)

    # 3. Run times, with the variants that the manifest lists.
    names = [name for name in listed(places.models) if name != args.name]
    files = {name: places.models / name / "model.onnx" for name in names}
    sessions = {name: open_session(file, threads=1) for name, file in files.items()}
    for shape in shapes:
        for precision, graph in make_cut(model, shape).graphs.items():
            sessions[f"{shape.name} {precision}"] = open_session(graph, threads=1)
    vocabulary = tokenizer.get_vocab_size()
    found = measure_rounds(
        sessions,
        dict.fromkeys(sessions, vocabulary),
        rounds=args.rounds,
        seconds=args.seconds,
        seed=args.seed,
    )
    baseline = BASELINE if BASELINE in found else next(iter(found))

    def times(name: str) -> dict[str, object]:
        return {
            "ms": {shape: summary(medians, 4) for shape, medians in found[name].items()},
            "speedup": speedup(found[name], found[baseline]),
        }

    for record in records:
        for precision in PRECISIONS:
            record[precision] = record[precision] | times(f"{record['name']} {precision}")

    # 4. One file.
    target.parent.mkdir(parents=True, exist_ok=True)
    write_json(
        target,
        {
            "sha256": sha256_of(model_file),
            "runtime": f"onnxruntime {onnxruntime.__version__}",
            "cpu": processor_name(),
            "measuredAt": now(),
            "rounds": args.rounds,
            "secondsARound": args.seconds,
            "baseline": baseline,
            "beside": {name: {"sha256": sha256_of(file), **times(name)} for name, file in files.items()},
            "cuts": records,
        },
    )
    print(f"{target}: {len(records)} cuts")


def measured_before(target: Path, digest: str, shapes: Sequence[ElasticShape]) -> list[dict]:
    """The cuts of an earlier run. ValueError where it was of another file or other cuts."""
    found = read_made_by(target, "elastic_cuts")
    if found["sha256"] != digest:
        raise ValueError(f"{target}: it is of another model file; run without --times-only")
    records = found["cuts"]
    if [record["name"] for record in records] != [shape.name for shape in shapes]:
        raise ValueError(f"{target}: it has other cuts; pass the same --also, or run without --times-only")
    return records


def listed(models: Path) -> list[str]:
    """The variants of the manifest that are there."""
    file = models / "manifest.json"
    names: Sequence[str] = json.loads(file.read_text(encoding="utf-8"))["variants"] if file.is_file() else []
    return [name for name in names if (models / name / "model.onnx").is_file()]


def described(record: dict) -> str:
    parts = [
        f"{precision} {split} {f1:.4f}"
        for precision in PRECISIONS
        for split, f1 in record[precision]["f1"].items()
    ]
    return f"{record['name']:8} {record['parameters'] / 1e6:5.1f} M parameters  " + "  ".join(parts)


if __name__ == "__main__":
    run_script(main)
