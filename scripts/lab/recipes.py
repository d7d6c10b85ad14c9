"""Candidates for a request's time and quality, which of them to take, and which none beats."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal

Kind = Literal["released", "cut", "trained"]


@dataclass(frozen=True)
class Candidate:
    """A model that is there, or that can be made. None stands for what nobody has measured."""

    name: str
    kind: Kind  # there already; cut of an elastic model without training; to be trained for its shape
    made_of: str  # the variant itself, the elastic model, or the teacher
    layers: tuple[int, ...]  # of those of the fine-tuned model
    heads: float  # share that stays
    ffn: float  # share of feed-forward channels that stays
    precision: str
    parameters: int
    size_bytes: int
    f1: float | None  # served, on the validation split
    ms: float | None  # of one text on one thread
    minutes: float | None  # of training: recorded, or expected where the model is still to be trained

    @property
    def measured(self) -> bool:
        return self.f1 is not None and self.ms is not None


class NothingFitsError(ValueError):
    """No measured candidate is good and fast enough; the message names the nearest ones."""


def said_f1(f1: float | None) -> str:
    return "not measured" if f1 is None else f"{f1:.4f}".replace("0.", ".", 1)


def said_ms(ms: float | None) -> str:
    return "not measured" if ms is None else f"{ms:.2f}"


def described(candidate: Candidate) -> str:
    return f"{candidate.name} (F1 {said_f1(candidate.f1)}, {said_ms(candidate.ms)} ms)"


def within(candidate: Candidate, max_ms: float | None) -> bool:
    return candidate.ms is not None and (max_ms is None or candidate.ms <= max_ms)


def good_enough(candidate: Candidate, min_f1: float | None) -> bool:
    return candidate.f1 is not None and (min_f1 is None or candidate.f1 >= min_f1)


def choose(candidates: Iterable[Candidate], *, max_ms: float | None, min_f1: float | None) -> Candidate:
    """The best F1 within the time; where no time is asked for, the fastest of the F1. Of equal ones the smallest.

    Only what is measured counts. Raises NothingFitsError.
    """
    measured = [each for each in candidates if each.measured]
    fitting = [each for each in measured if within(each, max_ms) and good_enough(each, min_f1)]
    if not fitting:
        raise NothingFitsError(nothing_fits(measured, max_ms=max_ms, min_f1=min_f1))
    if max_ms is None:
        return min(fitting, key=lambda each: (each.ms, -each.f1, each.size_bytes))
    return min(fitting, key=lambda each: (-each.f1, each.ms, each.size_bytes))


def nothing_fits(measured: Sequence[Candidate], *, max_ms: float | None, min_f1: float | None) -> str:
    """One line that names what comes nearest: by time the fastest that is good enough, by F1 the best in time."""
    if not measured:
        return "nothing is measured both in F1 and in run time; run scripts.elastic_cuts or scripts.profile_latency"
    wanted = [
        *([] if min_f1 is None else [f"F1 {said_f1(min_f1)} or more"]),
        *([] if max_ms is None else [f"{max_ms:g} ms or less"]),
    ]
    good = [each for each in measured if good_enough(each, min_f1)]
    quick = [each for each in measured if within(each, max_ms)]
    by_time = min(good, key=lambda each: each.ms) if good else max(measured, key=lambda each: each.f1)
    by_f1 = max(quick, key=lambda each: each.f1) if quick else min(measured, key=lambda each: each.ms)
    return (
        f"nothing measured has {' and '.join(wanted)}; nearest by time: {described(by_time)}; "
        f"nearest by F1: {described(by_f1)}"
    )


def front(candidates: Iterable[Candidate]) -> list[Candidate]:
    """The measured ones that no other one beats in both time and F1, the best F1 first."""
    best: list[Candidate] = []
    for each in sorted(
        (each for each in candidates if each.measured), key=lambda each: (each.ms, -each.f1, each.size_bytes)
    ):
        if not best or each.f1 > best[-1].f1:
            best.append(each)
    return best[::-1]


def widest_within(candidates: Iterable[Candidate], max_ms: float | None) -> list[Candidate]:
    """Of shapes that would have to be trained: of each depth the largest within the time, the deepest first.

    Without a time nothing tells one from the other, so there are none.
    """
    if max_ms is None:
        return []
    widest: dict[int, Candidate] = {}
    for each in candidates:
        if each.kind != "trained" or not within(each, max_ms):
            continue
        known = widest.get(len(each.layers))
        if known is None or each.parameters > known.parameters:
            widest[len(each.layers)] = each
    return [widest[depth] for depth in sorted(widest, reverse=True)]


def named(candidates: Sequence[Candidate], name: str) -> Candidate:
    """ValueError where there is none of this name."""
    for each in candidates:
        if each.name == name:
            return each
    raise ValueError(
        f"--pick {name}: no such recipe; there are {', '.join(each.name for each in candidates)}"
    )
