"""Finds the recipe of a run time and an F1 in what was measured, says what it costs to train, and makes it.

    python -m scripts.search --max-ms 2 --tokens 32 --min-f1 .87
    python -m scripts.search --min-f1 .93 --json
    python -m scripts.search --pick elastic-5x0.75-int8 --build --output built
    python -m scripts.search --smoke

Reads the cards of MODELS: the F1 and run times of the variants, and of the cuts of the elastic model. F1 is the served
one on the validation split. With --max-ms the best F1 within the time is chosen, else the fastest of the F1. Shapes
that nobody trained are listed with the times of MODELS/report/latency-table-TOKENS.json, their F1 as not measured, and
chosen only by --pick. Times are multiplied by one factor: that of full-int8 here to the table's (--no-measure leaves
it out). Where nothing fits, the status is 2.
"""

from __future__ import annotations

import argparse
import json
import sys
from dataclasses import asdict
from pathlib import Path

from scripts.lab.arguments import (
    Places,
    over_zero,
    parser_for,
    positive,
    refuse_overwrite,
    resolve_places,
    run_script,
)
from scripts.lab.processor import processor_name
from scripts.lab.recipe_build import build
from scripts.lab.recipe_tables import Tables, read_tables
from scripts.lab.recipe_times import REFERENCE, at_tokens, lengths_of, measured_here
from scripts.lab.recipe_words import candidate_table, footnotes, how_to_make
from scripts.lab.recipes import Candidate, choose, described, front, named, widest_within


def share(text: str) -> float:
    value = float(text)
    if not 0 < value <= 1:
        raise argparse.ArgumentTypeError(f"{text}: expected more than 0 and at most 1")
    return value


def parse() -> argparse.Namespace:
    parser = parser_for(__doc__)
    wanted = parser.add_argument_group("wanted")
    wanted.add_argument("--max-ms", type=over_zero, help="of one text on one thread of this machine")
    wanted.add_argument("--min-f1", type=share, help="served F1 on validation")
    wanted.add_argument("--tokens", type=positive, default=32, help="of the one text (%(default)s)")
    wanted.add_argument("--pick", metavar="NAME", help="take this recipe instead of the best")
    wanted.add_argument(
        "--measure",
        action=argparse.BooleanOptionalAction,
        default=True,
        help=f"run {REFERENCE} here for half a second and scale the measured times by it",
    )
    wanted.add_argument("--json", action="store_true", help="print JSON")
    making = parser.add_argument_group("making it")
    making.add_argument(
        "--build", action="store_true", help="make the model too; what must be trained needs --data"
    )
    making.add_argument("--output", type=Path, metavar="DIR", help="folder for model.onnx and recipe.json")
    args = parser.parse_args()
    if args.max_ms is None and args.min_f1 is None and args.pick is None and not args.smoke:
        parser.error("expected --max-ms, --min-f1 or --pick")
    if args.build and args.output is None and not args.smoke:
        parser.error("--build: pass --output DIR, the folder to write model.onnx to")
    return args


def smoke_question(args: argparse.Namespace, places: Places) -> Places:
    """Made-up tables in a folder of their own, and where nothing is asked, a cut to be found and made."""
    # Imported only here, because it loads transformers, which nothing else in this script needs.
    from scripts.lab.smoke_recipes import write_smoke_tables

    places = Places(places.data, places.checkpoints / "search", places.checkpoints / "search" / "models")
    write_smoke_tables(places)
    if args.max_ms is None and args.min_f1 is None and args.pick is None:
        args.min_f1, args.build = 0.6, True
    args.models = places.models
    args.output = args.output or places.checkpoints / "built"
    return places


def main() -> None:
    # 1. The tables, and how this machine compares.
    args = parse()
    places = resolve_places(args)
    if args.smoke:
        places = smoke_question(args, places)
    if args.build:
        refuse_overwrite(args.output / "model.onnx", args.force)
    tables = read_tables(places.models)
    table_ms = at_tokens(tables.run.reference, args.tokens)
    if table_ms is None:
        raise ValueError(
            f"--tokens {args.tokens}: run times were measured at {lengths_of(tables.run)} tokens"
        )
    here_ms = measured_here(places.models, args.tokens, args.seed) if args.measure else None
    candidates = tables.candidates(args.tokens, table_ms if here_ms is None else here_ms)

    # 2. The choice.
    if args.pick is None:
        chosen = choose(candidates, max_ms=args.max_ms, min_f1=args.min_f1)
    else:
        chosen = named(candidates, args.pick)
    if args.build and chosen.kind == "trained":
        places.need_data()
    best = front(candidates)
    unmeasured = widest_within(candidates, args.max_ms)

    # 3. What was found.
    if args.json:
        found = as_json(args, chosen, best, unmeasured, tables, table_ms, here_ms)
        print(json.dumps(found, indent=2), flush=True)
    else:
        print(times_in_words(args, tables, table_ms, here_ms))
        print(candidate_table(chosen, best, unmeasured, max_ms=args.max_ms, min_f1=args.min_f1))
        print(footnotes(tables, unmeasured if chosen.kind != "trained" else [chosen, *unmeasured]))
        print(f"\nChosen: {described(chosen)}. {how_to_make(chosen, places.models)}", flush=True)

    # 4. The model.
    if args.build:
        if chosen.kind == "trained" and chosen.minutes is not None:
            print(f"training {chosen.name}: about {chosen.minutes:.0f} min", file=sys.stderr, flush=True)
        target = build(chosen, tables.cards, places, args.output, args)
        print(f"{target}: {target.stat().st_size / 1e6:.1f} MB", file=sys.stderr if args.json else sys.stdout)


def times_in_words(args: argparse.Namespace, tables: Tables, table_ms: float, here_ms: float | None) -> str:
    run = tables.run
    where = f"{run.cpu}, {run.measured_at[:10]}"
    if here_ms is None:
        return (
            f"Times are those of {where}: {REFERENCE} takes {table_ms:.2f} ms for {args.tokens} tokens on one "
            "thread."
        )
    return (
        f"{REFERENCE} takes {here_ms:.2f} ms for {args.tokens} tokens on one thread here ({processor_name()}), "
        f"{table_ms:.2f} ms in the table ({where}): all its times are multiplied by {here_ms / table_ms:.2f}."
    )


def as_json(
    args: argparse.Namespace,
    chosen: Candidate,
    best: list[Candidate],
    unmeasured: list[Candidate],
    tables: Tables,
    table_ms: float,
    here_ms: float | None,
) -> dict[str, object]:
    return {
        "wanted": {"maxMs": args.max_ms, "minF1": args.min_f1, "tokens": args.tokens},
        "times": {
            "reference": REFERENCE,
            "tableMs": round(table_ms, 4),
            "tableCpu": tables.run.cpu,
            "measuredAt": tables.run.measured_at,
            "hereMs": None if here_ms is None else round(here_ms, 4),
        },
        "chosen": candidate_json(chosen) | {"toMake": how_to_make(chosen, args.models)},
        "front": [candidate_json(each) for each in best],
        "notMeasured": [candidate_json(each) for each in unmeasured],
        "notes": tables.notes,
    }


def candidate_json(candidate: Candidate) -> dict[str, object]:
    facts = asdict(candidate)
    return {
        "name": facts["name"],
        "kind": facts["kind"],
        "madeOf": facts["made_of"],
        "recipe": {key: facts[key] for key in ("layers", "heads", "ffn", "precision")},
        "parameters": facts["parameters"],
        "sizeBytes": facts["size_bytes"],
        "validationF1": facts["f1"],
        "ms": None if facts["ms"] is None else round(facts["ms"], 4),
        "trainingMinutes": None if facts["minutes"] is None else round(facts["minutes"], 1),
    }


if __name__ == "__main__":
    run_script(main, resumes_after="the last whole epoch of a training")
