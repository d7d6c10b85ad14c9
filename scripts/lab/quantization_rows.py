"""The rows by which ways to quantize are compared: how scripts.quantize makes the file of each.

All are made of one variant, so that what differs is what the row is about. Imports nothing heavy.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

STATIC_SENTENCES = 200
NAIVE_SENTENCES = 4
FLOAT_ROW = "fp32"  # what the others are compared with
NAIVE = ("--method", "int8-static-naive")


@dataclass(frozen=True)
class QuantizationRow:
    name: str
    kind: str  # how the report's plot marks it
    what: str
    arguments: tuple[str, ...]  # of scripts.quantize; none for the variant's own file
    for_gpus: bool = False

    @property
    def is_calibrated(self) -> bool:
        return any(argument.startswith("int8-static") for argument in self.arguments)


ROWS = (
    QuantizationRow(FLOAT_ROW, "fp32", "the file it is made of: computed in fp32, stored in fp16", ()),
    QuantizationRow(
        "int8",
        "dynamic int8",
        "products in int8: weights with a scale a column, activations with a scale found at each run",
        ("--method", "int8"),
    ),
    QuantizationRow(
        "int8-static",
        "static int8",
        "the same products; ranges of activations fixed beforehand, smallest and largest value of "
        f"{STATIC_SENTENCES} training sentences",
        ("--method", "int8-static"),
    ),
    QuantizationRow(
        "int8-static-percentile",
        "static int8",
        "the same, ranges of the 99.99th percentile",
        ("--method", "int8-static", "--calibration-percentile", "99.99"),
    ),
    QuantizationRow(
        "int8-static-naive",
        "static int8",
        "every operator that onnxruntime quantizes, one scale a tensor, smallest and largest value of "
        f"{NAIVE_SENTENCES} sentences",
        NAIVE,
    ),
    QuantizationRow(
        "int8-static-naive-padded",
        "static int8",
        f"the same, its {NAIVE_SENTENCES} sentences padded to one length",
        (*NAIVE, "--calibration-padded"),
    ),
    QuantizationRow(
        "w8",
        "weights only",
        "weights in 8 bits, a scale for 32 of them, products in int8",
        ("--method", "w8"),
    ),
    QuantizationRow(
        "w4",
        "weights only",
        "weights in 4 bits, a scale for 32 of them, products in int8",
        ("--method", "w4"),
    ),
    QuantizationRow(
        "fp16-compute",
        "fp16",
        "everything in fp16; for GPUs, its run times here are a CPU's",
        ("--method", "fp16-compute"),
        for_gpus=True,
    ),
)


def chosen_rows(only: Collection[str] | None) -> list[QuantizationRow]:
    """The rows of these names, or all; that of floats always, and first. Raises ValueError for an unknown name."""
    known = [row.name for row in ROWS]
    unknown = sorted(set(only or ()) - set(known))
    if unknown:
        raise ValueError(f"--only {' '.join(unknown)}: no such row; there are {', '.join(known)}")
    return [row for row in ROWS if only is None or row.name == FLOAT_ROW or row.name in only]
