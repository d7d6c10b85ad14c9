"""What scripts.compare_weight_pruning measured, as a section of the report; it may be missing."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from scripts.lab.kept_records import Records
from scripts.lab.reporting.inputs import Facts, read_row_counts
from scripts.lab.reporting.sections import COMPARED_AT
from scripts.lab.reporting.statistics import Quality, qualities
from scripts.lab.reporting.wording import (
    counted,
    figure,
    listed,
    signed_with_interval,
    table,
    with_interval,
)
from scripts.lab.weight_pruning_rows import DENSE, ROWS

STEP = "compare_weight_pruning"
KIND = "weight-pruning"  # of records
SHAPES = (COMPARED_AT, "8x32")
KEYS = (
    *("name", "what", "share", "command", "steps", "teacherSha256", "zeros.encoder", "zeros.all", "storage"),
    *("sizeBytes", "gzipBytes", "gzipLevel", "trainSeconds", "rounds", "runtime", "cpu", "measuredAt"),
    *(f"speedup.{shape}.{part}" for shape in SHAPES for part in ("median", "min", "max")),
)


@dataclass(frozen=True)
class SparseRow:
    facts: Facts
    quality: Quality  # the difference is to the dense row

    @property
    def name(self) -> str:
        return self.facts["name"]

    def speedup(self, shape: str) -> Facts:
        return self.facts["speedup"][shape]


@dataclass(frozen=True)
class WeightPruningRows:
    rows: list[SparseRow]  # the dense one first

    @property
    def dense(self) -> SparseRow:
        return self.rows[0]

    @property
    def sparse(self) -> list[SparseRow]:
        return self.rows[1:]

    @property
    def trained(self) -> list[SparseRow]:
        return [row for row in self.rows if row.facts["steps"]]


def read_weight_pruning(records: Records, *, resamples: int, seed: int) -> WeightPruningRows | None:
    """None where nothing was measured. Raises ValueError or FileNotFoundError for rows that are missing, damaged or
    not comparable.
    """
    facts: dict[str, Facts] = {}
    counts = {}
    for row in ROWS:
        record = f"{KIND}/{row.name}.json"
        if records.has(record):
            facts[row.name] = records.read(record, STEP, *KEYS)
            counts[row.name] = read_row_counts(records, record, STEP)
    if not facts:
        return None
    if DENSE not in facts:
        missing = records.find(f"{KIND}/{DENSE}.json")
        raise FileNotFoundError(f"{missing}: no such file; run scripts.{STEP} --only {DENSE}")
    trained = [name for name in facts if facts[name]["steps"]]
    for what, keys, names in (
        ("teacher", ("teacherSha256",), [DENSE, *facts]),
        ("number of steps or batch", ("steps", "textsPerStep"), trained),
    ):
        values = {name: [facts[name][key] for key in keys] for name in names}
        others = [name for name in values if values[name] != values[names[0]]]
        if others:
            raise ValueError(
                f"{records.files(KIND, others)}: of another {what} than {records.files(KIND, names[:1])}, so that rows "
                f"cannot be compared; remove what is no longer wanted and run scripts.{STEP} --force"
            )
    found = qualities(counts, DENSE, resamples=resamples, seed=seed)
    return WeightPruningRows([SparseRow(facts[name], found[name]) for name in facts])


def sections(found: WeightPruningRows) -> list[str]:
    """The parts of the document, in order."""
    return ["## Weight pruning", intro(found), rows_table(found), verdict(found), *left_out(found)]


def intro(found: WeightPruningRows) -> str:
    facts = found.dense.facts
    trained = ""
    if found.trained:
        budget = found.trained[0].facts
        trained = (
            f" Rows that train learn from the dense one for {budget['steps']} steps of {budget['textsPerStep']} texts, "
            f"drawn from {budget['trainSentences']} sentences, one seed, word embeddings frozen; far less than a "
            "release would get."
        )
    return (
        f"Single weights of `{DENSE}` set to zero, the same share of each linear weight of its encoder, by `python -m "
        f"scripts.{STEP}`.{trained} Measured as ONNX files whose matrices are stored in {facts['storage']}, in "
        f"{facts['runtime']}, one thread, {facts['cpu']}, {facts['measuredAt'][:10]}. The speed-up is over the dense "
        f"file, in turn with it in one process, {counted(facts['rounds'], 'round')}, median and range; `{DENSE}` is "
        "that file against itself."
    )


def rows_table(found: WeightPruningRows) -> str:
    return table(
        [
            "row",
            "what goes",
            "zeros in the encoder",
            "zeros in all matrices",
            "validation F1 (95 %)",
            "test F1 (95 %)",
            f"test, difference to `{DENSE}` (95 %)",
            "MB",
            f"MB in gzip -{found.dense.facts['gzipLevel']}",
            *(f"speed-up at {shape}" for shape in SHAPES),
            "min of training",
        ],
        [
            [
                f"`{row.name}`",
                row.facts["what"],
                f"{row.facts['zeros']['encoder']:.1%}",
                f"{row.facts['zeros']['all']:.1%}",
                with_interval(row.quality.validation),
                with_interval(row.quality.test),
                "" if row is found.dense else signed_with_interval(row.quality.difference),
                f"{row.facts['sizeBytes'] / 1e6:.1f}",
                f"{row.facts['gzipBytes'] / 1e6:.1f}",
                *(_ratio(row.speedup(shape)) for shape in SHAPES),
                f"{row.facts['trainSeconds'] / 60:.1f}" if row.facts["steps"] else "",
            ]
            for row in found.rows
        ],
        left=2,
    )


def _ratio(speedup: Facts) -> str:
    return f"{speedup['median']:.2f} ({speedup['min']:.2f} to {speedup['max']:.2f})"


def verdict(found: WeightPruningRows) -> str:
    """What a user gains: bytes, time, F1; each sentence by the figures."""
    if not found.sparse:
        return "Nothing but the dense file was measured."
    lines = [_bytes(found), *(_time(found, shape) for shape in SHAPES), *_quality(found)]
    return "\n".join(f"- {line}" for line in lines)


def _bytes(found: WeightPruningRows) -> str:
    sizes = [row.facts["sizeBytes"] / found.dense.facts["sizeBytes"] for row in found.sparse]
    least = min(found.sparse, key=lambda row: row.facts["gzipBytes"])
    share = least.facts["gzipBytes"] / found.dense.facts["gzipBytes"]
    alike = all(abs(size - 1) < 0.0005 for size in sizes)
    plain = (
        "is as large as the dense one" if alike else f"has {min(sizes):.1%} to {max(sizes):.1%} of its bytes"
    )
    return (
        f"Bytes: a pruned file {plain}, whatever its zeros. In gzip the smallest, `{least.name}`, has {share:.0%} of "
        f"the dense file's bytes in gzip; {1 - found.dense.facts['gzipBytes'] / found.dense.facts['sizeBytes']:.0%} go "
        "without any pruning."
    )


def _time(found: WeightPruningRows, shape: str) -> str:
    medians = [row.speedup(shape)["median"] for row in found.sparse]
    faster = [
        row.name for row in found.sparse if row.speedup(shape)["min"] > found.dense.speedup(shape)["max"]
    ]
    text = f"Time at {shape}: {min(medians):.2f} to {max(medians):.2f} times the speed of the dense file in the median"
    if faster:
        return f"{text}; in every round faster than the dense file ever was against itself: {listed(faster)}."
    return f"{text}, and no row is in every round faster than the dense file ever was against itself."


def _quality(found: WeightPruningRows) -> list[str]:
    lines = []
    kept = [row.name for row in found.sparse if not row.quality.difference.excludes_zero]
    if kept:
        lines.append(f"Test F1 that cannot be told from that of `{DENSE}`: {listed(kept)}.")
    for share in dict.fromkeys(row.facts["share"] for row in found.sparse):
        rows = [row for row in found.sparse if row.facts["share"] == share]
        if len(rows) > 1:
            best = max(rows, key=lambda row: row.quality.validation.value)
            others = [
                f"`{row.name}` {figure(row.quality.validation.value)}" for row in rows if row is not best
            ]
            lines.append(
                f"Best on validation at {share:.0%}: `{best.name}`, {figure(best.quality.validation.value)}, against "
                f"{_and(others)}."
            )
    return lines


def _and(parts: Sequence[str]) -> str:
    return parts[0] if len(parts) == 1 else f"{', '.join(parts[:-1])} and {parts[-1]}"


def left_out(found: WeightPruningRows) -> list[str]:
    measured = {row.name for row in found.rows}
    missing = [row.name for row in ROWS if row.name not in measured]
    return [f"Not measured for this report: {listed(missing)}."] if missing else []
