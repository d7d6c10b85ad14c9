"""What scripts.compare_learning, scripts.pretrain and scripts.tune measured, as sections of the report.

All of it may be missing: the report then says nothing about it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from scripts.lab.bootstrap import f1_of, interval, resampled_f1
from scripts.lab.kept_records import Records
from scripts.lab.learning_rows import Row, base_rows, student_rows
from scripts.lab.reporting.inputs import Facts, read_row_counts
from scripts.lab.reporting.statistics import Estimate
from scripts.lab.reporting.wording import (
    counted,
    figure,
    listed,
    signed,
    signed_with_interval,
    table,
    with_interval,
)

STEP = "compare_learning"
KIND = "learning"  # of records
KEYS = ("name", "group", "technique", "what", "steps", "textsPerStep", "layers", "f1", "command")
KNOWN = {"student": student_rows("full", ("full", "elastic")), "fine-tuned": base_rows("pretrained")}
COMPARED_TO = {"student": "labels", "fine-tuned": "base-as-it-is"}  # per group of rows
PARAMETERS = {
    "learningRate": "learning rate",
    "epochs": "epochs",
    "batchSize": "batch",
    "dropout": "dropout",
    "layerDecay": "layer decay",
}


@dataclass(frozen=True)
class LearntRow:
    facts: Facts
    validation: Estimate
    test: Estimate
    difference: Estimate  # on validation, less the row that the group is compared with; paired

    @property
    def name(self) -> str:
        return self.facts["name"]

    @property
    def is_reference(self) -> bool:
        return self.name in COMPARED_TO.values()


@dataclass(frozen=True)
class Learning:
    groups: dict[str, list[LearntRow]]  # the row that others are compared with comes first
    pretraining: Facts | None
    tuning: Facts | None

    @property
    def empty(self) -> bool:
        return not self.groups and self.pretraining is None and self.tuning is None


def read_learning(records: Records, *, resamples: int, seed: int) -> Learning:
    """Raises FileNotFoundError or ValueError where a file is damaged, or rows of a group are not comparable."""
    groups = {}
    for group, known in KNOWN.items():
        rows: list[tuple[Facts, dict[str, np.ndarray]]] = []
        for row in known:
            record = f"{KIND}/{row.name}.json"
            if records.has(record):
                facts = records.read(record, STEP, *KEYS)
                rows.append((facts, read_row_counts(records, record, STEP)))
        if found := _estimates(records, rows, COMPARED_TO[group], resamples=resamples, seed=seed):
            groups[group] = found
    return Learning(groups, _pretraining_of(records), _tuning_of(records))


def _estimates(
    records: Records,
    rows: Sequence[tuple[Facts, dict[str, np.ndarray]]],
    reference: str,
    *,
    resamples: int,
    seed: int,
) -> list[LearntRow]:
    """Nothing where the row is missing that the others are compared with."""
    names = [facts["name"] for facts, _ in rows]
    if reference not in names:
        return []
    shapes = {facts["name"]: (facts["steps"], facts["textsPerStep"], facts["layers"]) for facts, _ in rows}
    others = [name for name in names if shapes[name] != shapes[reference]]
    if others:
        raise ValueError(
            f"{records.files(KIND, others)}: of other steps, batch or layers than {records.files(KIND, [reference])}, "
            f"so that rows cannot be compared; remove what is no longer wanted and run scripts.{STEP} --force"
        )
    moved = {
        split: resampled_f1([counts[split] for _, counts in rows], resamples=resamples, seed=seed)
        for split in ("validation", "test")
    }
    at = names.index(reference)
    f1 = {
        split: [float(f1_of(counts[split].sum(axis=0))) for _, counts in rows]
        for split in ("validation", "test")
    }
    found = [
        LearntRow(
            facts,
            Estimate(f1["validation"][row], *interval(moved["validation"][row])),
            Estimate(f1["test"][row], *interval(moved["test"][row])),
            Estimate(
                f1["validation"][row] - f1["validation"][at],
                *interval(moved["validation"][row] - moved["validation"][at]),
            ),
        )
        for row, (facts, _) in enumerate(rows)
    ]
    return sorted(found, key=lambda row: (not row.is_reference, row.facts["technique"], row.name))


def _pretraining_of(records: Records) -> Facts | None:
    record = "pretrained/pretraining.json"
    keys = ("perplexity.trainedHead", "perplexity.pretrained", "settings", "text")
    return records.read(record, "pretrain", *keys) if records.has(record) else None


def _tuning_of(records: Records) -> Facts | None:
    record = "tuning/tuning.json"
    keys = ("trials", "best.parameters", "settings.sentences")
    return records.read(record, "tune", *keys) if records.has(record) else None


def sections(learning: Learning, *, alone: bool = False) -> list[str]:
    """The parts of the document, in order. A search that was not made is told of, unless they stand `alone`."""
    parts: list[str] = []
    if "student" in learning.groups:
        parts += [
            "## Ways to teach a student",
            student_text(learning.groups["student"]),
            rows_table(learning.groups["student"]),
            verdict(learning.groups["student"]),
            *left_out(learning.groups["student"], KNOWN["student"]),
            "![Validation F1 of students taught in different ways, with 95 % intervals](report/learning.svg)",
        ]
    if learning.pretraining is not None:
        parts += ["## Pretraining", pretraining_text(learning.pretraining)]
        parts.append(perplexity_table(learning.pretraining))
        if "fine-tuned" in learning.groups:
            rows = learning.groups["fine-tuned"]
            parts += [
                rows_table(rows),
                verdict(rows),
                *left_out(rows, KNOWN["fine-tuned"]),
            ]
        else:
            parts.append("What it does to F1 was not measured.")
    if learning.tuning is not None:
        parts += [
            "## Search for settings",
            tuning_text(learning.tuning),
            tuning_table(learning.tuning),
            "![F1 of each trial, and the best so far](report/tuning-history.svg)",
            "![F1 of the trials against each setting](report/tuning-parameters.svg)",
        ]
    elif parts and not alone:
        parts += [
            "## Search for settings",
            "Not measured: `python -m scripts.tune` was not run for this report.",
        ]
    return parts


def left_out(rows: Sequence[LearntRow], known: Sequence[Row]) -> list[str]:
    """A sentence that names the rows which nobody measured, if there are any."""
    measured = {row.name for row in rows}
    missing = [row.name for row in known if row.name not in measured]
    return [f"Not measured for this report: {listed(missing)}."] if missing else []


def student_text(rows: Sequence[LearntRow]) -> str:
    facts = rows[0].facts
    return (
        f"One student a row, trained anew: {counted(facts['layers'], 'layer')} that begin as copies of the teacher's, "
        f"word embeddings frozen, {facts['steps']} steps of {facts['textsPerStep']} texts, one seed. That is far less "
        "than the released students had, so that rows can be compared with each other and not with them. Served F1 in "
        f"fp32 on {facts['cpu']}, by `python -m scripts.compare_learning`; the difference is paired, on validation."
    )


def rows_table(rows: Sequence[LearntRow]) -> str:
    return table(
        [
            "row",
            "technique",
            "learns from",
            "validation F1 (95 %)",
            f"difference to `{rows[0].name}` (95 %)",
            "test F1",
            "min of training",
        ],
        [
            [
                f"`{row.name}`",
                row.facts["technique"],
                row.facts["what"],
                with_interval(row.validation),
                "" if row.is_reference else signed_with_interval(row.difference),
                figure(row.test.value),
                f"{row.facts['trainSeconds'] / 60:.1f}",
            ]
            for row in rows
        ],
        left=3,
    )


def verdict(rows: Sequence[LearntRow]) -> str:
    others = rows[1:]
    better = [row.name for row in others if row.difference.low > 0]
    worse = [row.name for row in others if row.difference.high < 0]
    alike = [row.name for row in others if not row.difference.excludes_zero]
    lines = []
    for names, what in (
        (better, f"Better than `{rows[0].name}` at 95 %"),
        (worse, f"Worse than `{rows[0].name}` at 95 %"),
        (alike, f"Not to be told from `{rows[0].name}`"),
    ):
        if names:
            lines.append(f"{what}: {listed(names)}.")
    lines.append(
        "Intervals are over sentences; they do not hold what another seed would change. The minutes are of a machine "
        "that did other work at the same time."
    )
    return " ".join(lines)


def pretraining_text(facts: Facts) -> str:
    settings = facts["settings"]
    return (
        f"Masked-LM training of `{facts['base']}` on {facts['texts']} texts ({facts['text']}): "
        f"{settings['head_steps']} steps of a new head, since the base comes without one, then {settings['steps']} of "
        f"everything, {settings['batchSize']} texts each, by `python -m scripts.pretrain`. Perplexity is that of "
        f"{facts['hiddenTokens']} hidden tokens of the validation split. The head was trained on in the second part "
        "too, so not all of the gain is the encoder's."
    )


def perplexity_table(facts: Facts) -> str:
    names = {
        "newHead": "base, head new",
        "trainedHead": "base, head trained",
        "pretrained": "everything trained",
    }
    return table(
        ["model", "perplexity on validation"],
        [
            [text, f"{facts['perplexity'][key]:.1f}"]
            for key, text in names.items()
            if key in facts["perplexity"]
        ],
    )


def tuning_text(facts: Facts) -> str:
    f1 = [trial["f1"] for trial in facts["trials"]]
    best = facts["best"]
    return (
        f"{counted(len(f1), 'trial')} of Optuna's {facts['sampler']}, each a fine-tuning of "
        f"`{facts['settings']['base']}` on the same {facts['settings']['sentences']} sentences, by `python -m "
        f"scripts.tune`. The best, number {best['number']}, has validation F1 {figure(best['f1'])}; the median "
        f"{figure(float(np.median(f1)))}, the worst {figure(min(f1))}. It was chosen on validation, so its figure is "
        "flattered; settings for the whole corpus may be others."
    )


def tuning_table(facts: Facts) -> str:
    ranked = sorted(facts["trials"], key=lambda trial: (-trial["f1"], trial["number"]))
    return table(
        ["trial", *PARAMETERS.values(), "validation F1", "less than the best by", "s"],
        [
            [
                str(trial["number"]),
                *(f"{trial['parameters'][key]:.3g}" for key in PARAMETERS),
                figure(trial["f1"]),
                "" if trial is ranked[0] else signed(ranked[0]["f1"] - trial["f1"]).removeprefix("+"),
                f"{trial['seconds']:.0f}",
            ]
            for trial in ranked
        ],
    )
