"""Writes what each variant costs and gives: one table, plots, and what was measured where.

    python -m scripts.report
    python -m scripts.report --only cuts quantization
    python -m scripts.report --smoke

Reads the cards of the manifest's variants (of one that was trained to be cut: what its cuts are worth),
CHECKPOINTS/{evaluations,latency,calibration,robustness}/NAME.*, CHECKPOINTS/encoder-only.json and
CHECKPOINTS/frozen-head.json, all of which must be of the model files that the cards name. What
scripts.compare_quantization, scripts.compare_weight_pruning, scripts.compare_learning, scripts.pretrain and
scripts.tune left in CHECKPOINTS/{quantization,weight-pruning,learning,pretrained,tuning} is shown too, where it is
there. What it used is kept in MODELS/report/records, and a file that CHECKPOINTS lacks is read from there: so a clone
can write the report again without measuring. To drop an optional row, remove it in both places. With --only the
sections that are named are written anew and all others stay as they are, whose records may be missing then.

Writes MODELS/REPORT.md, MODELS/report/*.svg and MODELS/report/records. All of it follows from its inputs alone, to the
byte, and is written again without --force. A smoke run makes up the results of two variants, of some cuts and of the
comparisons.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable
from pathlib import Path

from scripts.lab.arguments import parser_for, resolve_places, run_script, show_config
from scripts.lab.aside import written_aside
from scripts.lab.bootstrap import RESAMPLES
from scripts.lab.kept_records import Records
from scripts.lab.progress import progress
from scripts.lab.reporting.bars import plot_ladder, plot_reliability, plot_tags
from scripts.lab.reporting.cuts import plot_cuts
from scripts.lab.reporting.document import document, optional_sections, with_sections
from scripts.lab.reporting.inputs import Inputs, elastic_of, listed_variants, read_inputs
from scripts.lab.reporting.learning import read_learning
from scripts.lab.reporting.learning_plots import plot_learning
from scripts.lab.reporting.made_up import made_up_places, write_made_up, write_made_up_cuts
from scripts.lab.reporting.made_up_learning import write_made_up_learning
from scripts.lab.reporting.made_up_quantization import write_made_up_quantization
from scripts.lab.reporting.made_up_weight_pruning import write_made_up_weight_pruning
from scripts.lab.reporting.quantization import plot_quantization, read_quantization
from scripts.lab.reporting.style import plot_style
from scripts.lab.reporting.trade_offs import plot_latency, plot_size
from scripts.lab.reporting.weight_pruning import read_weight_pruning

DRAWN_BY: dict[str, Callable[[Inputs, Path], None]] = {
    "f1-latency": plot_latency,
    "f1-size": plot_size,
    "per-tag": plot_tags,
    "reliability": plot_reliability,
    "ladder": plot_ladder,
}
SECTIONS = ("cuts", "quantization", "weight-pruning", "learning")


def parse() -> argparse.Namespace:
    parser = parser_for(__doc__)
    group = parser.add_argument_group("report")
    group.add_argument(
        "--resamples", type=int, default=RESAMPLES, help="of sentences, for the intervals (%(default)s)"
    )
    group.add_argument(
        "--only",
        nargs="+",
        choices=SECTIONS,
        help="these parts of the report that is there (all of it); learning has pretraining and tuning too",
    )
    args = parser.parse_args()
    if args.resamples < RESAMPLES:
        parser.error(f"--resamples {args.resamples}: expected {RESAMPLES} or more, or the intervals wobble")
    return args


def main() -> None:
    args = parse()
    places = resolve_places(args)
    if args.smoke:
        places = made_up_places(places.checkpoints / "report")
        write_made_up(places, ("full", "distilled-3l-int8"))
        write_made_up_cuts(places, ("full", "distilled-3l-int8"))
        write_made_up_learning(places)
        write_made_up_quantization(places)
        write_made_up_weight_pruning(places)
    show_config(args)
    records = Records(places)
    target = places.models / "REPORT.md"
    old = target.read_text(encoding="utf-8") if args.only else ""
    sampled = {"resamples": args.resamples, "seed": args.seed}

    def wanted(section: str) -> bool:
        return not args.only or section in args.only

    # 1. Everything is read before anything is written.
    inputs = None if args.only else read_inputs(records, **sampled)
    elastic = elastic_of(records, *listed_variants(records)) if wanted("cuts") else None
    learning = read_learning(records, **sampled) if wanted("learning") else None
    quantization = read_quantization(records, **sampled) if wanted("quantization") else None
    weight_pruning = read_weight_pruning(records, **sampled) if wanted("weight-pruning") else None
    if inputs is None:
        found = {
            "cuts": optional_sections(elastic=elastic),
            "quantization": optional_sections(quantization=quantization),
            "weight-pruning": optional_sections(weight_pruning=weight_pruning),
            "learning": optional_sections(learning=learning, alone=True),
        }
        for section in args.only:
            if not found[section]:
                raise ValueError(
                    f"--only {section}: nothing was measured, in {places.checkpoints} or {records.kept}"
                )
        text = with_sections(old, [part for section in args.only for part in found[section]])
    else:
        text = document(inputs, learning, quantization=quantization, weight_pruning=weight_pruning)
    records.keep(others=bool(args.only))

    # 2. Plots and text.
    plots = places.models / "report"
    plots.mkdir(parents=True, exist_ok=True)
    with plot_style():
        if inputs is not None:
            for name in progress(list(DRAWN_BY), "plots"):
                DRAWN_BY[name](inputs, plots / f"{name}.svg")
        if elastic is not None:
            plot_cuts(elastic, plots / "cuts.svg")
        if learning is not None:
            plot_learning(learning, plots)
        if quantization is not None:
            plot_quantization(quantization, plots / "quantization.svg")
    with written_aside(target) as aside:
        aside.write_text(text, encoding="utf-8")
    print(f"{target}: {', '.join(args.only or ['all of it'])}; plots in {plots}")


if __name__ == "__main__":
    run_script(main)
