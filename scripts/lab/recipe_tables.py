"""The measured tables that a recipe is searched in: cards, what cuts of an elastic model are worth, latency tables.

All of it lies in the models folder: MODELS/*/card.json, and MODELS/report/latency-table-TOKENS.json for shapes that
nobody has trained yet.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from scripts.lab.latency_table import LatencyTable, load_table
from scripts.lab.layer_shape import LayerShape
from scripts.lab.recipe_times import (
    REFERENCE,
    Facts,
    MeasuredRun,
    at_tokens,
    by_tokens,
    run_of_cuts,
    run_of_profile,
    share_of,
)
from scripts.lab.recipes import Candidate
from scripts.lab.records import read_made_by

TEACHER = "full"
PRECISIONS = ("fp32", "int8")
TRAINED_SHARES = tuple(eighths / 8 for eighths in range(8, 1, -1))  # of channels, of shapes to be trained
EPOCHS = {"distill": 10, "prune": 5}  # those of scripts.distill and scripts.prune
NEEDED = {"recipe", "parameters", "sizeBytes", "sha256", "quality", "evaluation", "provenance"}  # of a card


@dataclass(frozen=True)
class TrainingRecord:
    name: str
    parameters: int
    seconds_an_epoch: float  # of training and of the validation after it


@dataclass(frozen=True)
class Tables:
    """Times are shares of that of REFERENCE until `candidates` is told how long that one takes."""

    cards: Mapping[str, Facts]  # of the manifest, in its order
    elastic: str | None  # the variant that others are cut of
    run: MeasuredRun  # what REFERENCE's time is taken from where it is not measured here
    latency_tables: Mapping[int, LatencyTable]  # by tokens
    notes: list[str] = field(default_factory=list)  # what could not be used, and what to do about it

    def candidates(self, tokens: int, reference_ms: float) -> list[Candidate]:
        found = [*self._released(tokens, reference_ms), *self._cuts(tokens, reference_ms)]
        return [*found, *self._to_be_trained(tokens, reference_ms, found)]

    def _released(self, tokens: int, reference_ms: float) -> Iterator[Candidate]:
        reference = self.cards[REFERENCE].get("latency")
        for name, card in self.cards.items():
            recipe = card["recipe"]
            if name == self.elastic or not {"layers", "heads", "ffn"} <= recipe.keys():
                continue  # of which all are cuts, or of a model of others, whose shape is not told
            share = self._share_beside_cuts(name, tokens)
            if share is None:
                run = run_of_profile(card.get("latency"), reference)
                share = None if run is None else share_of(by_tokens(card["latency"]["ms"]), run, tokens)
            yield Candidate(
                name=name,
                kind="released",
                made_of=name,
                layers=tuple(recipe["layers"]),
                heads=recipe["heads"],
                ffn=recipe["ffn"],
                precision=recipe["precision"].removesuffix("-dynamic"),
                parameters=card["parameters"],
                size_bytes=card["sizeBytes"],
                f1=measured_f1(card["quality"]),
                ms=None if share is None else share * reference_ms,
                minutes=recorded_minutes(card),
            )

    def _share_beside_cuts(self, name: str, tokens: int) -> float | None:
        """From the run that measured the cuts too, where that had this very file."""
        if self.elastic is None:
            return None
        cuts = self.cards[self.elastic]["evaluation"]["cuts"]
        beside = cuts["beside"].get(name)
        run = usable_run_of_cuts(self.cards, self.elastic)
        if run is None or beside is None or beside["sha256"] != self.cards[name]["sha256"]:
            return None
        return share_of(by_tokens(beside["ms"]), run, tokens)

    def _cuts(self, tokens: int, reference_ms: float) -> Iterator[Candidate]:
        if self.elastic is None:
            return
        run = usable_run_of_cuts(self.cards, self.elastic)
        taken: set[str] = set()
        for cut in self.cards[self.elastic]["evaluation"]["cuts"]["cuts"]:
            layers = tuple(cut["layers"])
            shape = cut["name"] if cut["name"] not in taken else f"{cut['name']}-{'.'.join(map(str, layers))}"
            taken.add(shape)
            for precision in PRECISIONS:
                found = cut[precision]
                share = None if run is None else share_of(by_tokens(found["ms"]), run, tokens)
                yield Candidate(
                    name=f"{self.elastic}-{shape}-{precision}",
                    kind="cut",
                    made_of=self.elastic,
                    layers=layers,
                    heads=cut["heads"],
                    ffn=cut["ffn"],
                    precision=precision,
                    parameters=cut["parameters"],
                    size_bytes=found["sizeBytes"],
                    f1=found["f1"].get("validation"),
                    ms=None if share is None else share * reference_ms,
                    minutes=0.0,
                )

    def _to_be_trained(
        self, tokens: int, reference_ms: float, known: Sequence[Candidate]
    ) -> Iterator[Candidate]:
        """Shapes of whole heads in int8 that no released variant has; their F1 is not known."""
        if not self.latency_tables or TEACHER not in self.cards:
            return
        facts = next(iter(self.latency_tables.values())).facts
        released = {
            (len(each.layers), each.heads, each.ffn, each.precision)
            for each in known
            if each.kind == "released"
        }
        whole = self.cards[TEACHER]["parameters"]
        for layers in depths_of(known):
            for ffn in TRAINED_SHARES:
                if (len(layers), 1, ffn, "int8") in released:
                    continue
                channels = round(facts.ffn * ffn)
                cut_away = facts.layers * layer_parameters(facts.hidden, facts.ffn)
                parameters = whole - cut_away + len(layers) * layer_parameters(facts.hidden, channels)
                share = at_tokens(self._table_shares(len(layers), channels), tokens)
                script = training_script(layers, facts.layers)
                expected = self.expected_seconds(parameters)
                yield Candidate(
                    name=f"trained-{len(layers)}x{ffn:g}-int8",
                    kind="trained",
                    made_of=TEACHER,
                    layers=layers,
                    heads=1,
                    ffn=ffn,
                    precision="int8",
                    parameters=parameters,
                    size_bytes=size_by_parameters(parameters, known),
                    f1=None,
                    ms=None if share is None else share * reference_ms,
                    minutes=None if expected is None else EPOCHS[script] * expected / 60,
                )

    def _table_shares(self, layers: int, channels: int) -> dict[int, float]:
        """Of the uncut model's time, which is that of REFERENCE; by tokens."""
        return {
            tokens: table.model_ms([LayerShape(table.facts.heads, channels)] * layers)
            / table.model_ms(table.uncut())
            for tokens, table in self.latency_tables.items()
        }

    def training_records(self) -> list[TrainingRecord]:
        """What students of one shape took, by their parameters; those of an elastic model train many at once."""
        found: dict[int, TrainingRecord] = {}
        for name, card in self.cards.items():
            seconds = epoch_seconds(card)
            if name != self.elastic and seconds:
                record = TrainingRecord(name, card["parameters"], sum(seconds) / len(seconds))
                found[card["parameters"]] = record
        return [found[parameters] for parameters in sorted(found)]

    def expected_seconds(self, parameters: int) -> float | None:
        """Of an epoch, between the records of the next smaller and the next larger student, or as the nearest."""
        records = self.training_records()
        if not records:
            return None
        return float(
            np.interp(
                parameters,
                [record.parameters for record in records],
                [record.seconds_an_epoch for record in records],
            )
        )

    def records_used(self, parameters: int) -> list[str]:
        """The variants whose records `expected_seconds` goes by."""
        records = self.training_records()
        below = [record for record in records if record.parameters <= parameters][-1:]
        above = [record for record in records if record.parameters > parameters][:1]
        return [record.name for record in [*below, *above]]


def measured_f1(quality: Facts | None) -> float | None:
    """None where it is another measure than F1, or estimated, or was not taken."""
    wanted = {"measure": "entity_f1", "split": "validation", "source": "measured"}
    return quality["value"] if quality and wanted.items() <= quality.items() else None


def epoch_seconds(card: Facts) -> list[float]:
    """Of each epoch of the variant's own training, as its card has them; none where it was not trained by itself."""
    history = card["provenance"].get("history", [])
    return [epoch["trainSeconds"] + epoch["validateSeconds"] for epoch in history if "trainSeconds" in epoch]


def recorded_minutes(card: Facts) -> float | None:
    seconds = epoch_seconds(card)
    return sum(seconds) / 60 if seconds else None


def usable_run_of_cuts(cards: Mapping[str, Facts], elastic: str) -> MeasuredRun | None:
    """None where the cuts were measured beside no REFERENCE, or beside another file of it."""
    cuts = cards[elastic]["evaluation"]["cuts"]
    beside = cuts["beside"].get(REFERENCE)
    if beside is None or beside["sha256"] != cards[REFERENCE]["sha256"]:
        return None
    return run_of_cuts(cuts)


def depths_of(known: Sequence[Candidate]) -> list[tuple[int, ...]]:
    """The layers to keep at each depth, the deepest first: a released student's where there is one."""
    found: dict[int, tuple[int, ...]] = {}
    for each in sorted(known, key=lambda each: each.kind != "released"):
        found.setdefault(len(each.layers), each.layers)
    return [found[depth] for depth in sorted(found, reverse=True)]


def training_script(layers: Sequence[int], uncut: int) -> str:
    """Channels alone are pruned; fewer layers are distilled."""
    return "prune" if len(layers) == uncut else "distill"


def layer_parameters(hidden: int, channels: int) -> int:
    """Weights, biases and both norms of a layer with all its heads."""
    return 4 * hidden * hidden + 4 * hidden + 2 * hidden * channels + channels + hidden + 4 * hidden


def size_by_parameters(parameters: int, known: Sequence[Candidate]) -> int:
    """Of an int8 file: a byte a parameter and little more, so it follows from those of the known int8 files."""
    sizes = {each.parameters: each.size_bytes for each in known if each.precision == "int8"}
    counts = sorted(sizes)
    return round(float(np.interp(parameters, counts, [sizes[count] for count in counts])))


def read_tables(models: Path) -> Tables:
    """Raises FileNotFoundError or ValueError that names the file and the script to run."""
    manifest = read_made_by(models / "manifest.json", "write_card")
    cards = {name: read_card(models / name / "card.json") for name in manifest.get("variants", [])}
    if REFERENCE not in cards:
        raise ValueError(
            f"{models / 'manifest.json'}: expected {REFERENCE} among its variants, which run times are compared by"
        )
    elastic = next((name for name, card in cards.items() if "cuts" in (card["evaluation"] or {})), None)
    notes = []
    run = None if elastic is None else usable_run_of_cuts(cards, elastic)
    if elastic is None:
        notes.append("no card has cuts of an elastic model; scripts.elastic_cuts measures them")
    elif run is None:
        notes.append(
            f"the times of the cuts of {elastic} are of another {REFERENCE} and left out; run "
            "scripts.elastic_cuts --times-only and scripts.write_card"
        )
    profile = cards[REFERENCE].get("latency")
    run = run or run_of_profile(profile, profile)
    if run is None:
        raise ValueError(
            f"{models / REFERENCE / 'card.json'}: it has no run times; run scripts.profile_latency and "
            "scripts.write_card"
        )
    tables = read_latency_tables(models / "report", len(cards[REFERENCE]["recipe"]["layers"]))
    if not tables:
        notes.append(
            f"{models / 'report'} has no latency-table-TOKENS.json, so shapes that would have to be trained are "
            "not listed; scripts.measure_latency_table measures one"
        )
    return Tables(cards, elastic, run, tables, notes)


def read_card(path: Path) -> Facts:
    card = read_made_by(path, "write_card")
    if not card.keys() >= NEEDED:
        missing = ", ".join(sorted(NEEDED - card.keys()))
        raise ValueError(f"{path}: expected a card of scripts.write_card, this one lacks {missing}")
    return card


def read_latency_tables(folder: Path, layers: int) -> dict[int, LatencyTable]:
    """By tokens. ValueError where one is damaged or of a model of another depth than REFERENCE's."""
    found = {}
    for file in sorted(folder.glob("latency-table-*.json")):
        table = load_table(file)
        if table.facts.layers != layers:
            raise ValueError(
                f"{file}: of a model of {table.facts.layers} layers; expected {layers}, as {REFERENCE} has"
            )
        found[table.facts.tokens] = table
    return dict(sorted(found.items()))
