"""Measures how long layers of each number of heads and channels take in int8, one thread, in ONNX Runtime.

    python -m scripts.measure_latency_table
    python -m scripts.measure_latency_table --tokens 128
    python -m scripts.measure_latency_table --tokens 8 --output models/report
    python -m scripts.measure_latency_table --smoke

Only the sizes of the checkpoint `--model` matter; weights are random. Writes
CHECKPOINTS/latency-table-TOKENS.json, for scripts.prune, which measures one itself where there is none of
this CPU and runtime. scripts.search reads those of MODELS/report (`--output`), of whatever machine they are. Leave the
machine alone meanwhile: a minute or two.
"""

from __future__ import annotations

import argparse
from pathlib import Path

from scripts.lab.arguments import parser_for, resolve_places, run_script, show_config
from scripts.lab.latency_table import LatencyTable, TableFacts, read_table, table_path
from scripts.lab.layer_timing import SMOKE_ROUNDS, add_timing_arguments, table_for
from scripts.lab.model import load_checkpoint
from scripts.lab.smoke_products import smoke_checkpoint


def parse() -> argparse.Namespace:
    parser = parser_for(__doc__)
    group = parser.add_argument_group("table")
    group.add_argument("--model", default="full", help="checkpoint whose sizes are measured (%(default)s)")
    group.add_argument("--output", type=Path, metavar="DIR", help="folder of the table (CHECKPOINTS)")
    add_timing_arguments(group)
    return parser.parse_args()


def describe(table: LatencyTable) -> str:
    attention = zip(table.head_counts, table.attention_ms, strict=True)
    ffn = zip(table.channel_counts, table.ffn_ms, strict=True)
    return "\n".join(
        [
            f"uncut model {table.model_ms(table.uncut()):.3f} ms, without layers {table.rest_ms:.3f} ms",
            "attention of a layer: " + ", ".join(f"{count} heads {ms:.4f} ms" for count, ms in attention),
            "feed-forward of a layer: " + ", ".join(f"{count} channels {ms:.4f} ms" for count, ms in ffn),
        ]
    )


def main() -> None:
    args = parse()
    places = resolve_places(args)
    if args.smoke:
        args.rounds = SMOKE_ROUNDS
        smoke_checkpoint(places, args.model)
    show_config(args)
    target = table_path(args.output or places.checkpoints, args.tokens)
    model, _, _ = load_checkpoint(places.checkpoints / args.model)
    facts = TableFacts.here(model.config, args.tokens)
    if not args.force and read_table(target, facts) is not None:
        raise FileExistsError(
            f"{target} exists already, for this CPU and runtime; pass --force to make it again"
        )
    table = table_for(target, facts, rounds=args.rounds, seed=args.seed, again=True)
    print(f"{describe(table)}\n{target}")


if __name__ == "__main__":
    run_script(main)
