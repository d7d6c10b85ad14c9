"""Measures how long variants take on this machine: median of many runs at four shapes (texts x tokens), one
thread.

    python -m scripts.profile_latency --names full full-int8 distilled-3l distilled-3l-int8 pruned-ffn50-int8
    python -m scripts.profile_latency --smoke

Writes CHECKPOINTS/latency/NAME.json. The figures are for people: the gateway measures every variant again
where it runs.
"""

from __future__ import annotations

import argparse

import onnxruntime

from scripts.lab.arguments import parser_for, resolve_places, run_script, show_config
from scripts.lab.cards import sha256_of, tokenizer_of, write_json
from scripts.lab.encoding import load_tokenizer
from scripts.lab.processor import processor_name
from scripts.lab.runtime import median_latencies_ms, open_session


def parse() -> argparse.Namespace:
    parser = parser_for(__doc__)
    group = parser.add_argument_group("profile")
    group.add_argument("--names", nargs="+", default=["full"], help="variants to measure (%(default)s)")
    group.add_argument("--threads", type=int, default=1)
    group.add_argument("--seconds", type=float, default=2.0, help="time for each shape (%(default)s)")
    return parser.parse_args()


def main() -> None:
    args = parse()
    places = resolve_places(args)
    if args.smoke:
        args.seconds = 0.05
        missing = [name for name in args.names if not (places.models / name / "model.onnx").is_file()]
        if missing:
            # Imported only here, because it loads transformers, which nothing else in this script needs.
            from scripts.lab.smoke_products import smoke_variant

            for name in missing:
                smoke_variant(places, name)
    show_config(args)
    for name in args.names:
        model_file = places.models / name / "model.onnx"
        session = open_session(model_file, args.threads)
        vocabulary = load_tokenizer(tokenizer_of(places.models, name)).get_vocab_size()
        found = median_latencies_ms(
            session, vocabulary=vocabulary, seed=args.seed, seconds_per_shape=args.seconds
        )
        target = places.checkpoints / "latency" / f"{name}.json"
        target.parent.mkdir(parents=True, exist_ok=True)
        write_json(
            target,
            {
                "sha256": sha256_of(model_file),
                "cpu": processor_name(),
                "runtime": f"onnxruntime {onnxruntime.__version__}",
                "threads": args.threads,
                "ms": found,
            },
        )
        print(f"{name}: " + ", ".join(f"{shape} {ms:.2f} ms" for shape, ms in found.items()), flush=True)


if __name__ == "__main__":
    run_script(main)
