"""What scripts.compare_quantization measured, as a section of the report; it may be missing."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import matplotlib.pyplot as plt

from scripts.lab.kept_records import Records
from scripts.lab.quantization_rows import FLOAT_ROW, ROWS
from scripts.lab.records import read_made_by
from scripts.lab.reporting.front import pareto_front
from scripts.lab.reporting.inputs import Facts, read_row_counts
from scripts.lab.reporting.sections import COMPARED_AT
from scripts.lab.reporting.statistics import Quality, qualities
from scripts.lab.reporting.style import WIDTH, save
from scripts.lab.reporting.trade_offs import draw_latency
from scripts.lab.reporting.wording import (
    counted,
    figure,
    listed,
    signed,
    signed_with_interval,
    table,
    with_interval,
)

STEP = "compare_quantization"
KIND = "quantization"  # of records
SHAPES = (COMPARED_AT, "8x32")
BROKEN = 0.5  # share of the float file's F1 below which a file is of no use
BUSY = 0.5  # load average before run times are taken; they take one core themselves
MOVED = 0.002  # of F1, from single texts to padded batches; less is not worth a sentence
PLOT = "![Test F1 against run time of one variant, quantized in each way](report/quantization.svg)"


@dataclass(frozen=True)
class QuantizedRow:
    facts: Facts
    times: Facts
    quality: Quality

    @property
    def name(self) -> str:
        return self.facts["name"]

    @property
    def kind(self) -> str:
        return self.facts["kind"]

    @property
    def megabytes(self) -> float:
        return self.facts["sizeBytes"] / 1e6

    @property
    def together(self) -> float:
        return self.facts["together"]["f1"]

    def ms(self, shape: str) -> Facts:
        return self.times["ms"][shape]

    def speedup(self, shape: str) -> Facts:
        return self.times["speedup"][shape]


@dataclass(frozen=True)
class Quantization:
    rows: list[QuantizedRow]  # the float file first
    times: Facts

    @property
    def floats(self) -> QuantizedRow:
        return self.rows[0]

    @property
    def broken(self) -> list[QuantizedRow]:
        least = BROKEN * self.floats.quality.test.value
        return [row for row in self.rows if row.quality.test.value < least]

    @property
    def working(self) -> list[QuantizedRow]:
        return [row for row in self.rows if row not in self.broken]


def read_quantization(records: Records, *, resamples: int, seed: int) -> Quantization | None:
    """None where nothing was measured. Raises FileNotFoundError or ValueError for what is missing, damaged or stale."""
    present = [row.name for row in ROWS if records.has(f"{KIND}/{row.name}.json")]
    if not present:
        return None
    facts: dict[str, Facts] = {}
    counts = {}
    for name in dict.fromkeys([FLOAT_ROW, *present]):
        keys = ("name", "kind", "what", "variant", "sha256", "sourceSha256", "sizeBytes")
        record = f"{KIND}/{name}.json"
        facts[name] = records.read(record, STEP, *keys, "together.f1", "agreement.f1")
        counts[name] = read_row_counts(records, record, STEP)
    variant = facts[FLOAT_ROW]["variant"]
    card = read_made_by(records.places.models / variant / "card.json", "write_card")
    stale = [name for name, found in facts.items() if found["sourceSha256"] != card["sha256"]]
    if stale:
        raise ValueError(
            f"{records.files(KIND, stale)}: of another model file than the card of {variant}; remove what is no longer "
            f"wanted and run scripts.{STEP} --force"
        )
    record = f"{KIND}/times.json"
    keys = ("rows", "rounds", "cpu", "cores", "loadBefore", "runtime", "measuredAt")
    times = records.read(record, STEP, *keys)
    untimed = [
        name for name, found in facts.items() if times["rows"].get(name, {}).get("sha256") != found["sha256"]
    ]
    if untimed:
        raise ValueError(
            f"{records.find(record)}: it has no run times of {records.files(KIND, untimed)}; remove what is no longer "
            f"wanted, or run scripts.{STEP} --only {' '.join(untimed)} and then --parts times --force"
        )
    found = qualities(counts, FLOAT_ROW, resamples=resamples, seed=seed)
    return Quantization(
        [QuantizedRow(facts[name], times["rows"][name], found[name]) for name in facts], times
    )


def sections(found: Quantization) -> list[str]:
    """The parts of the document, in order."""
    return [
        "## Ways to quantize",
        intro(found),
        rows_table(found),
        *verdict(found),
        *left_out(found),
        PLOT,
    ]


def intro(found: Quantization) -> str:
    facts, times = found.floats.facts, found.times
    return (
        f"`{facts['variant']}` in each way that `scripts.quantize --method` knows, by `python -m scripts.{STEP}`. F1 "
        f"is that of single texts; beside it validation F1 where {facts['together']['texts']} texts, as they come, run "
        f"together in a padded batch. Agreement is F1 of the entities against those of `{FLOAT_ROW}` on "
        f"{facts['agreement']['sentences']} sentences. Run times are of one thread, {times['runtime']}, "
        f"{times['cpu']}, {times['measuredAt'][:10]}, all files in turn in "
        f"{counted(times['rounds'], 'round')}; the speed-up is over "
        f"`{FLOAT_ROW}` within each round, median and range.{busy_text(times)}"
    )


def busy_text(times: Facts) -> str:
    """Warns of run times that were taken beside other work."""
    if times["loadBefore"] < BUSY:
        return ""
    return (
        f" The {counted(times['cores'], 'core')} did other work meanwhile (load average {times['loadBefore']:.1f} "
        "before): ms are longer than on a quiet machine, and of the ratios only large differences count."
    )


def rows_table(found: Quantization) -> str:
    return table(
        [
            "row",
            "what is quantized",
            "validation F1 (95 %)",
            "in padded batches",
            "test F1 (95 %)",
            f"test, difference to `{FLOAT_ROW}` (95 %)",
            "agreement",
            "MB on disk",
            *(text for shape in SHAPES for text in (f"ms {shape}", f"speed-up at {shape}")),
        ],
        [
            [
                f"`{row.name}`",
                row.facts["what"],
                with_interval(row.quality.validation),
                figure(row.together),
                with_interval(row.quality.test),
                "" if row is found.floats else signed_with_interval(row.quality.difference),
                "" if row is found.floats else figure(row.facts["agreement"]["f1"]),
                f"{row.megabytes:.1f}",
                *(
                    text
                    for shape in SHAPES
                    for text in (f"{row.ms(shape)['median']:.2f}", _ratio(row.speedup(shape)))
                ),
            ]
            for row in found.rows
        ],
        left=2,
    )


def _ratio(speedup: Facts) -> str:
    return f"{speedup['median']:.2f} ({speedup['min']:.2f} to {speedup['max']:.2f})"


def points_of(rows: Sequence[QuantizedRow]) -> list[tuple[float, float]]:
    """(ms at 1x32, test F1)."""
    return [(row.ms(COMPARED_AT)["median"], row.quality.test.value) for row in rows]


def verdict(found: Quantization) -> list[str]:
    """Which rows lose, and by what; rows that are made for GPUs are not judged by a CPU's time."""
    others = [row for row in found.working if row is not found.floats]
    worse = [row.name for row in others if row.quality.difference.high < 0]
    alike = [row.name for row in others if not row.quality.difference.excludes_zero]
    lines = [
        f"- Broken: `{row.name}`, with test F1 {figure(row.quality.test.value)} where `{FLOAT_ROW}` has "
        f"{figure(found.floats.quality.test.value)}."
        for row in found.broken
    ]
    if worse:
        lines.append(f"- Surely worse than `{FLOAT_ROW}` on test (95 %): {listed(worse)}.")
    if alike:
        lines.append(f"- Test F1 that cannot be told from that of `{FLOAT_ROW}`: {listed(alike)}.")
    for shape in SHAPES:
        slower = [row.name for row in others if row.speedup(shape)["median"] < 1]
        if slower:
            lines.append(f"- Slower than `{FLOAT_ROW}` at {shape}, in the median: {listed(slower)}.")
    for row in found.rows:
        moved = row.together - row.quality.validation.value
        if abs(moved) >= MOVED:
            lines.append(
                f"- `{row.name}` answers otherwise when texts run together: {signed(moved)} of validation F1."
            )
    judged = [row for row in found.working if not row.facts.get("forGpus")]
    points = points_of(judged)
    front = pareto_front(points)
    lines.append(
        f"- On the front of test F1 against run time at {COMPARED_AT}: {listed([judged[i].name for i in front])}."
    )
    for index, row in enumerate(judged):
        if index in front:
            continue
        by = [
            judged[i].name
            for i in front
            if points[i][0] <= points[index][0] and points[i][1] >= points[index][1]
        ]
        smaller = [name for name in by if _size(judged, name) <= row.megabytes]
        but = "" if smaller else ", but not as small"
        lines.append(
            f"- `{row.name}` loses: {listed(by)} {'is' if len(by) == 1 else 'are'} at least as fast and at least as "
            f"good{but}."
        )
    smallest = min(found.working, key=lambda row: row.megabytes)
    lines.append(f"- The smallest that works is `{smallest.name}`: {smallest.megabytes:.1f} MB.")
    return ["\n".join(lines)]


def _size(rows: Sequence[QuantizedRow], name: str) -> float:
    return next(row.megabytes for row in rows if row.name == name)


def left_out(found: Quantization) -> list[str]:
    measured = {row.name for row in found.rows}
    missing = [row.name for row in ROWS if row.name not in measured]
    return [f"Not measured for this report: {listed(missing)}."] if missing else []


def plot_quantization(found: Quantization, path: Path) -> None:
    """Test F1 against ms at 1x32 of the rows that work; those that do not are named below the axis."""
    rows = found.working
    drawing, axes = plt.subplots(figsize=(WIDTH, 5.0), layout="constrained")
    ranges = [(row.ms(COMPARED_AT)["min"], row.ms(COMPARED_AT)["max"]) for row in rows]
    draw_latency(axes, rows, points_of(rows), ranges)
    if found.broken:
        below = ", ".join(
            f"{row.name} ({row.ms(COMPARED_AT)['median']:.2f} ms, F1 {figure(row.quality.test.value)})"
            for row in found.broken
        )
        axes.set_xlabel(f"{axes.get_xlabel()}\nfar below: {below}")
    save(drawing, path)
