"""Measures how long variants take on this machine, side by side on one thread, and what memory they hold.

    python -m scripts.profile_latency --names full full-int8 distilled-3l distilled-3l-int8 pruned-ffn50-int8
    python -m scripts.profile_latency --smoke

All names are measured in one run: each round visits every variant at four shapes (texts x tokens), in an order
that is rotated from round to round. A figure is the median over the rounds of each round's median. The ratio to
the baseline (`full` if it is named, else the first name) is taken within each round. A baseline in floating point
runs as it is served and as onnxruntime's offline optimizer fuses it (scripts.lab.fused_graph); the fastest of
these forms at 1x32 is what the others are compared with.

Memory is the resident set of a fresh process after loading the model and three runs of each shape, less that of
a process which only imported onnxruntime.

Writes CHECKPOINTS/latency/NAME.json. The figures are for people: the gateway measures every variant again
where it runs.
"""

from __future__ import annotations

import argparse

import onnx
import onnxruntime

from scripts.lab.arguments import (
    Places,
    parser_for,
    refuse_overwrite,
    resolve_places,
    run_script,
    show_config,
)
from scripts.lab.cards import graph_properties, tokenizer_of
from scripts.lab.encoding import load_tokenizer
from scripts.lab.fused_graph import fused, fused_operators
from scripts.lab.latency_rounds import Rounds, fastest, measure_rounds, speedup, summary
from scripts.lab.processor import processor_name
from scripts.lab.progress import progress
from scripts.lab.records import now, sha256_of, write_json
from scripts.lab.resident import resident_mb
from scripts.lab.runtime import open_session
from scripts.lab.smoke_products import smoke_variant

COMPARED_AT = "1x32"  # the shape by which the baseline's form is chosen
AS_SERVED = "as served"
FUSED = {"fused offline": True, "fused offline but for normalization": False}


def parse() -> argparse.Namespace:
    parser = parser_for(__doc__)
    group = parser.add_argument_group("profile")
    group.add_argument("--names", nargs="+", default=["full"], help="variants to measure (%(default)s)")
    group.add_argument("--threads", type=int, default=1)
    group.add_argument("--rounds", type=int, default=5, help="(%(default)s)")
    group.add_argument(
        "--seconds", type=float, default=0.5, help="time for a variant and shape in a round (%(default)s)"
    )
    args = parser.parse_args()
    if args.rounds < 1 or args.threads < 1:
        parser.error(f"--rounds {args.rounds} --threads {args.threads}: expected 1 or more of each")
    if len(set(args.names)) != len(args.names):
        parser.error(f"--names {' '.join(args.names)}: expected every name once")
    return args


def fused_forms(places: Places, name: str) -> dict[str, onnx.ModelProto]:
    """The fused forms of a variant; none of one in int8, and none where heads are cut, which the optimizer does not
    recognise as attention.
    """
    model = onnx.load(places.models / name / "model.onnx")
    properties = graph_properties(model)
    queries = [
        tensor.dims for tensor in model.graph.initializer if tensor.name.endswith("attention.query.weight")
    ]
    uncut = len(queries) == int(properties.get("layers", -1)) and all(rows == out for rows, out in queries)
    if properties.get("storage") not in ("fp16", "fp32") or not uncut:
        return {}
    return {form: fused(model, normalization=normalization) for form, normalization in FUSED.items()}


def main() -> None:
    # 1. What is to be measured.
    args = parse()
    places = resolve_places(args)
    if args.smoke:
        args.seconds, args.rounds = 0.005, 2
        missing = [name for name in args.names if not (places.models / name / "model.onnx").is_file()]
        if missing:
            for name in missing:
                smoke_variant(places, name)
    show_config(args)
    for name in args.names:
        refuse_overwrite(places.checkpoints / "latency" / f"{name}.json", args.force)
    sessions = {name: open_session(places.models / name / "model.onnx", args.threads) for name in args.names}
    vocabularies = {
        name: load_tokenizer(tokenizer_of(places.models, name)).get_vocab_size() for name in args.names
    }
    baseline = "full" if "full" in args.names else args.names[0]
    forms = fused_forms(places, baseline)
    for form, model in forms.items():
        key = f"{baseline}, {form}"
        sessions[key] = open_session(model.SerializeToString(), args.threads)
        vocabularies[key] = vocabularies[baseline]

    # 2. Time, then memory, each model in a process of its own.
    found = measure_rounds(sessions, vocabularies, rounds=args.rounds, seconds=args.seconds, seed=args.seed)
    sessions.clear()
    memory = {
        name: resident_mb(places.models / name / "model.onnx", vocabularies[name])
        for name in progress(args.names, "memory")
    }

    # 3. The baseline in its fastest form, and one file a variant.
    forms_found: dict[str, Rounds] = {AS_SERVED: found[baseline]}
    forms_found |= {form: found[f"{baseline}, {form}"] for form in forms}
    chosen = fastest(forms_found, COMPARED_AT)
    compared_with = {
        "variant": baseline,
        "form": chosen,
        "chosenAt": COMPARED_AT,
        "forms": {
            form: {
                "ms": {shape: summary(medians, 3)["median"] for shape, medians in rounds.items()},
                "fusedOperators": fused_operators(forms[form]) if form in forms else None,
            }
            for form, rounds in forms_found.items()
        },
    }
    shared = {
        "cpu": processor_name(),
        "runtime": f"onnxruntime {onnxruntime.__version__}",
        "threads": args.threads,
        "measuredAt": now(),
        "measuredTogether": args.names,
        "rounds": args.rounds,
        "secondsARound": args.seconds,
    }
    (places.checkpoints / "latency").mkdir(parents=True, exist_ok=True)
    for name in args.names:
        over_rounds = {shape: summary(medians, 3) for shape, medians in found[name].items()}
        record = {
            "sha256": sha256_of(places.models / name / "model.onnx"),
            **shared,
            "ms": {shape: figures["median"] for shape, figures in over_rounds.items()},
            "msRange": {shape: [figures["min"], figures["max"]] for shape, figures in over_rounds.items()},
            "speedup": speedup(found[name], forms_found[chosen]),
            "baseline": compared_with,
            "residentMb": memory[name],
        }
        write_json(places.checkpoints / "latency" / f"{name}.json", record)
        show(name, record)
    print(f"The speed-up at {COMPARED_AT} is over {baseline}, {chosen}: its fastest form there")


def show(name: str, record: dict) -> None:
    ms = "  ".join(f"{shape} {value:8.2f} ms" for shape, value in record["ms"].items())
    times = record["speedup"][COMPARED_AT]
    memory = "      ?" if record["residentMb"] is None else f"{record['residentMb']:7.1f}"
    print(
        f"{name:20} {ms}  speed-up {times['median']:6.2f} ({times['min']:.2f} to {times['max']:.2f})"
        f"  {memory} MB resident",
        flush=True,
    )


if __name__ == "__main__":
    run_script(main)
