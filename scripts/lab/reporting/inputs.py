"""Reads what the earlier steps left of every variant that the manifest lists."""

from __future__ import annotations

import zipfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from scripts.lab.arguments import Places
from scripts.lab.evaluated import SPLITS, read_evaluated
from scripts.lab.records import read_made_by
from scripts.lab.reporting.statistics import Quality, qualities

Facts = dict[str, Any]  # JSON as the step wrote it
REFERENCE_VARIANT = "full"


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
        return self.card["recipe"]["precision"].startswith("int")

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


def need(found: Facts, path: Path, step: str, *keys: str) -> None:
    """Raises ValueError if a key is missing; `a.b` means b within a."""
    for key in keys:
        inner: Any = found
        for part in key.split("."):
            if not isinstance(inner, dict) or part not in inner:
                raise ValueError(f"{path}: expected {key!r} in it; run scripts.{step} again")
            inner = inner[part]


def read_counts(path: Path, step: str) -> dict[str, np.ndarray]:
    """The counts of both splits that lie beside a row's JSON. Raises ValueError for what is missing or damaged."""
    arrays = path.with_suffix(".npz")
    try:
        with np.load(arrays, allow_pickle=False) as saved:
            return {split: saved[split] for split in SPLITS}
    except (OSError, KeyError, ValueError, zipfile.BadZipFile) as error:
        raise ValueError(
            f"{arrays}: missing or damaged ({error}); remove {path} and run scripts.{step} again"
        ) from error


def read_inputs(places: Places, *, resamples: int, seed: int) -> Inputs:
    """Everything that the report says. Raises FileNotFoundError or ValueError for what is missing or stale."""
    manifest = read_made_by(places.models / "manifest.json", "write_card")
    retired = manifest.get("retired") or []
    names = [
        name
        for name in manifest.get("variants") or []
        if name not in retired and not _is_unevaluated_build(places, name)
    ]
    if not names:
        raise ValueError(
            f"{places.models / 'manifest.json'}: expected a variant at least; run scripts.write_card"
        )
    facts = {name: _facts_of(places, name) for name in names}
    runs = {found["latency"]["measuredAt"] for found in facts.values()}
    if len(runs) > 1:
        raise ValueError(
            "the latencies are of different runs and cannot be compared; run "
            f"scripts.profile_latency --force --names {' '.join(names)}"
        )
    counts = {name: _counts_of(places, name, found["evaluation"]) for name, found in facts.items()}
    reference = REFERENCE_VARIANT if REFERENCE_VARIANT in names else names[0]
    found = qualities(counts, reference, resamples=resamples, seed=seed)
    variants = [Variant(name=name, **facts[name], quality=found[name]) for name in names]
    ladder = {}
    for rung in ("encoder_only", "frozen_head"):
        path = places.checkpoints / f"{rung.replace('_', '-')}.json"
        ladder[rung] = read_made_by(path, rung)
        need(ladder[rung], path, rung, "validation.f1", "test.f1")
    return Inputs(
        variants=variants,
        reference=next(variant for variant in variants if variant.name == reference),
        elastic=_elastic_of(places, retired),
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


def _is_unevaluated_build(places: Places, name: str) -> bool:
    """Variants that the gateway or `npm run variants` made have no figures unless somebody measured them."""
    card = read_made_by(places.models / name / "card.json", "write_card")
    built = "builtBy" in card.get("provenance", {})
    return built and not (places.checkpoints / "evaluations" / f"{name}.json").is_file()


def _elastic_of(places: Places, retired: list[str]) -> Elastic | None:
    """The first retired variant that was trained to be cut. ValueError where nobody measured its cuts."""
    for name in retired:
        path = places.models / name / "card.json"
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
        return Elastic(card)
    return None


def _facts_of(places: Places, name: str) -> dict[str, Facts]:
    card = read_made_by(places.models / name / "card.json", "write_card")
    found = {"card": card}
    for what, (folder, step, keys) in _STEPS.items():
        path = places.checkpoints / folder / f"{name}.json"
        found[what] = read_made_by(path, step)
        if found[what].get("sha256") != card["sha256"]:
            raise ValueError(
                f"{path}: it is of another model file than the card of {name}; run scripts.{step} again"
            )
        need(found[what], path, step, *keys)
    return found


def _counts_of(places: Places, name: str, evaluation: Facts) -> dict[str, np.ndarray]:
    path = places.checkpoints / "evaluations" / f"{name}.npz"
    splits = read_evaluated(path)
    with np.load(path, allow_pickle=False) as arrays:
        digest = str(arrays["sha256"]) if "sha256" in arrays else None
    if digest != evaluation["sha256"]:
        raise ValueError(f"{path}: it is of another model file than the figures; run scripts.evaluate again")
    return {split: splits[split].counts for split in SPLITS}
