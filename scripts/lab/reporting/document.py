"""Puts the sections together."""

from __future__ import annotations

from collections.abc import Sequence

from scripts.lab.reporting import sections
from scripts.lab.reporting.cuts import cuts_sections
from scripts.lab.reporting.inputs import Elastic, Inputs
from scripts.lab.reporting.learning import Learning
from scripts.lab.reporting.learning import sections as learnt
from scripts.lab.reporting.quantization import Quantization
from scripts.lab.reporting.quantization import sections as quantized
from scripts.lab.reporting.weight_pruning import WeightPruningRows
from scripts.lab.reporting.weight_pruning import sections as pruned
from scripts.lab.reporting.wording import counted, listed

PLOTS = {
    "f1-latency": "Test F1 against run time at 1x32 tokens, with 95 % intervals and the front",
    "f1-size": "Test F1 against the size on disk, with 95 % intervals and the front",
    "per-tag": "Test F1 of each tag against the reference",
    "reliability": "Share of right entities against their score, before and after the temperature, per variant",
    "cuts": "Validation F1 of the cuts in int8 against run time, and variants that were trained on their own",
    "ladder": "F1 of the encoder only, with a trained head, and fine-tuned",
}


def plot(name: str) -> str:
    return f"![{PLOTS[name]}](report/{name}.svg)"


def document(
    inputs: Inputs,
    learning: Learning | None = None,
    *,
    quantization: Quantization | None = None,
    weight_pruning: WeightPruningRows | None = None,
) -> str:
    """The whole of REPORT.md."""
    names = [each.name for each in inputs.variants]
    baseline = inputs.reference.latency["baseline"]
    best = sections.baseline_in_words(inputs)
    parts = [
        "# What each variant costs and gives",
        f"{counted(len(names), 'variant')} of one entity tagger, measured on CoNLL-2003 as they are served. This file "
        "and its plots are written by `python -m scripts.report` from measured figures; do not edit them.",
        sections.overview(inputs),
        "## Quality, run time and size",
        sections.main_table(inputs),
        f"The speed-up is the run time of {best} over that of the variant, taken within each round of one run: median "
        "and range.",
        plot("f1-latency"),
        sections.front_text(inputs),
        plot("f1-size"),
        *optional_sections(elastic=inputs.elastic),
        "## Tags",
        "F1 over the corpus's tokens on test, from the served spans, against the report that this project answers to. "
        "Bold is above it.",
        sections.tag_table(inputs),
        sections.tag_text(inputs),
        plot("per-tag"),
        "## Calibration",
        "A temperature per variant, fitted on validation, and the expected calibration error (ECE, 15 equal-width "
        "bins) before and after it: of tokens, by the probability of the label; of entities, by their score.",
        sections.calibration_table(inputs),
        sections.calibration_text(inputs),
        plot("reliability"),
        "## Robustness",
        "F1 on the test split rewritten, with the difference to the split as written; and on the test split of "
        "WNUT-17, its types mapped to ours.",
        sections.robustness_table(inputs),
        "## Where the quality comes from",
        "The encoder only has no head: each token takes the label whose mean training token is nearest "
        f"({inputs.encoder_only.get('similarity', 'similarity not recorded')}), without any training. The frozen "
        "encoder has a trained linear head. All are decoded alike.",
        sections.ladder_table(inputs),
        plot("ladder"),
        *optional_sections(quantization=quantization, weight_pruning=weight_pruning, learning=learning),
        "## How it was measured",
        sections.measured(inputs),
        f"What the speed-up is over: `{baseline['variant']}` in its fastest form at {baseline['chosenAt']}.",
        sections.baseline_table(inputs),
        "## How to make it again",
        "The measured figures are kept in [report/records](report/records). `python -m scripts.report` reads each from "
        "`checkpoints` or, where it is not there, from these, so the report is written again without measuring.",
        "With the models and checkpoints of `scripts/build_variants.sh` in place, and DATA the folder of the corpus:",
        "\n".join(["```sh", *commands(names), "```"]),
        f"Figures of F1 follow from the weights (dynamic int8 may differ between CPUs); run times are this machine's. "
        f"Listed in this order by the manifest: {listed(names)}.",
    ]
    return "\n\n".join(parts) + "\n"


def optional_sections(
    elastic: Elastic | None = None,
    quantization: Quantization | None = None,
    weight_pruning: WeightPruningRows | None = None,
    learning: Learning | None = None,
    *,
    alone: bool = False,
) -> list[str]:
    """What the report has of these, as far as they were measured; `alone`: to take the places of older ones."""
    return [
        *([] if elastic is None else cuts_sections(elastic, plot("cuts"))),
        *([] if quantization is None else quantized(quantization)),
        *([] if weight_pruning is None else pruned(weight_pruning)),
        *([] if learning is None else learnt(learning, alone=alone)),
    ]


def with_sections(text: str, parts: Sequence[str]) -> str:
    """The report with these sections, each a heading and what follows it, in the places of those of the same heading.

    Raises ValueError where the report has no such section.
    """
    old = _by_heading(text.rstrip("\n").split("\n\n"))
    for heading, new in _by_heading(parts).items():
        if heading not in old:
            raise ValueError(f"REPORT.md has no section {heading!r}; run scripts.report without --only")
        old[heading] = new
    return "\n\n".join(part for section in old.values() for part in section) + "\n"


def _by_heading(parts: Sequence[str]) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    heading = ""
    for part in parts:
        if part.startswith("## "):
            heading = part
        found.setdefault(heading, []).append(part)
    return found


def commands(names: list[str]) -> list[str]:
    each = f"for name in {' '.join(names)}; do"
    return [
        each,
        "  python -m scripts.evaluate --data DATA --names $name --force",
        "  python -m scripts.calibrate --names $name --force",
        "  python -m scripts.robustness --data DATA --names $name --force",
        "done",
        f"python -m scripts.profile_latency --force --names {' '.join(names)}",
        "python -m scripts.encoder_only --data DATA --force",
        "python -m scripts.frozen_head --data DATA --force",
        "python -m scripts.report",
    ]
