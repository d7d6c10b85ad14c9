"""Reads what the earlier steps left of every variant that the manifest lists."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from scripts.lab.evaluated import SPLITS
from scripts.lab.kept_records import Records
from scripts.lab.records import Facts, need, read_made_by
from scripts.lab.reporting.statistics import Quality, qualities

REFERENCE_VARIANT = "full"


def is_int8(card: Facts) -> bool:
    return card["recipe"]["precision"].startswith("int")


@dataclass(frozen=True)
class Variant:
    name: str
    card: Facts
    evaluation: Facts
    latency: Facts
    calibration: Facts
    robustness: Facts
    quality: Quality

    @property
    def int8(self) -> bool:
        return is_int8(self.card)

    @property
    def kind(self) -> str:
        """How plots mark it."""
        return "int8" if self.int8 else "fp32"

    @property
    def megabytes(self) -> float:
        return self.card["sizeBytes"] / 1e6


@dataclass(frozen=True)
class Elastic:
    """A model that others are cut of, with what scripts.elastic_cuts measured."""

    card: Facts
    released: list[Facts]  # cards of the variants that the gateway loads, in the manifest's order

    @property
    def name(self) -> str:
        return self.card["name"]

    @property
    def measured(self) -> Facts:
        return self.card["evaluation"]["cuts"]

    @property
    def cuts(self) -> list[Facts]:
        return self.measured["cuts"]


@dataclass(frozen=True)
class Inputs:
    variants: list[Variant]  # in the manifest's order, those that the gateway loads
    reference: Variant  # what differences are taken to
    elastic: Elastic | None
    encoder_only: Facts
    frozen_head: Facts
    resamples: int
    seed: int


def read_row_counts(records: Records, record: str, step: str) -> dict[str, np.ndarray]:
    """The counts of both splits that lie beside a row. Raises FileNotFoundError or ValueError."""
    return records.read_counts(record, SPLITS, f"remove {records.find(record)} and run scripts.{step} again")


def read_inputs(records: Records, *, resamples: int, seed: int) -> Inputs:
    """Everything that the report says. Raises FileNotFoundError or ValueError for what is missing or stale."""
    names, retired = listed_variants(records)
    facts = {name: _facts_of(records, name) for name in names}
    runs: dict[str, list[str]] = {}
    for name, found in facts.items():
        runs.setdefault(found["latency"]["measuredAt"], []).append(str(records.find(f"latency/{name}.json")))
    if len(runs) > 1:
        told = "; ".join(f"{', '.join(files)} of {at}" for at, files in runs.items())
        raise ValueError(
            f"the latencies are of different runs and cannot be compared ({told}); run "
            f"scripts.profile_latency --force --names {' '.join(names)}"
        )
    counts = {name: _counts_of(records, name, found["evaluation"]) for name, found in facts.items()}
    reference = REFERENCE_VARIANT if REFERENCE_VARIANT in names else names[0]
    found = qualities(counts, reference, resamples=resamples, seed=seed)
    variants = [Variant(name=name, **facts[name], quality=found[name]) for name in names]
    ladder = {
        rung: records.read(f"{rung.replace('_', '-')}.json", rung, "validation.f1", "test.f1")
        for rung in ("encoder_only", "frozen_head")
    }
    return Inputs(
        variants=variants,
        reference=next(variant for variant in variants if variant.name == reference),
        elastic=elastic_of(records, names, retired),
        **ladder,
        resamples=resamples,
        seed=seed,
    )


_STEPS = {
    "evaluation": ("evaluations", "evaluate", ("runtime", *(f"{split}.perTag" for split in SPLITS))),
    "latency": (
        "latency",
        "profile_latency",
        ("measuredAt", "ms.1x32", "msRange", "speedup", "baseline.forms"),
    ),
    "calibration": (
        "calibration",
        "calibrate",
        ("temperature", "expectedCalibrationError", "reliability.test"),
    ),
    "robustness": ("robustness", "robustness", ("lowerCased.f1", "upperCased.f1", "typos.f1", "typos.rate")),
}


def _is_unevaluated_build(records: Records, name: str) -> bool:
    """Variants that the gateway or `npm run variants` made have no figures unless somebody measured them."""
    card = read_made_by(records.places.models / name / "card.json", "write_card")
    built = "builtBy" in card.get("provenance", {})
    return built and not records.has(f"evaluations/{name}.json")


def listed_variants(records: Records) -> tuple[list[str], list[str]]:
    """Names of the manifest: those that the gateway loads and that were evaluated, and the retired ones. ValueError
    where there is none of the first kind.
    """
    path = records.places.models / "manifest.json"
    manifest = read_made_by(path, "write_card")
    retired = manifest.get("retired") or []
    names = [
        name
        for name in manifest.get("variants") or []
        if name not in retired and not _is_unevaluated_build(records, name)
    ]
    if not names:
        raise ValueError(f"{path}: expected a variant at least; run scripts.write_card")
    return names, retired


def elastic_of(records: Records, names: list[str], retired: list[str]) -> Elastic | None:
    """The first retired variant that was trained to be cut. ValueError where nobody measured its cuts."""
    for name in retired:
        path = records.places.models / name / "card.json"
        card = read_made_by(path, "write_card")
        if "elastic" not in card:
            continue
        need(
            card,
            path,
            "elastic_cuts (and then scripts.write_card)",
            "evaluation.cuts.cuts",
            "evaluation.cuts.beside",
        )
        return Elastic(card, [_card_of(records, each) for each in names])
    return None


def _card_of(records: Records, name: str) -> Facts:
    path = records.places.models / name / "card.json"
    card = read_made_by(path, "write_card")
    need(card, path, "write_card", "recipe.precision", "evaluation.validation.f1")
    return card


def _facts_of(records: Records, name: str) -> dict[str, Facts]:
    card = _card_of(records, name)
    found = {"card": card}
    for what, (folder, step, keys) in _STEPS.items():
        record = f"{folder}/{name}.json"
        found[what] = records.read(record, step, *keys)
        if found[what].get("sha256") != card["sha256"]:
            raise ValueError(
                f"{records.find(record)}: it is of another model file than the card of {name}; run scripts.{step} again"
            )
    return found


def _counts_of(records: Records, name: str, evaluation: Facts) -> dict[str, np.ndarray]:
    record = f"evaluations/{name}.json"
    arrays = {split: f"{split}_counts" for split in SPLITS}
    found = records.read_counts(record, ("sha256", *arrays.values()), "run scripts.evaluate again")
    if str(found["sha256"]) != evaluation["sha256"]:
        path = records.find(record).with_suffix(".npz")
        raise ValueError(f"{path}: it is of another model file than the figures; run scripts.evaluate again")
    return {split: found[array] for split, array in arrays.items()}
