"""Shapes for a time, from a trained tagger: the latency table, the search, and what is said of its result."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

from transformers import BertForTokenClassification

from scripts.lab.batches import Batch
from scripts.lab.compute import autocast
from scripts.lab.latency_table import TableFacts, table_path
from scripts.lab.layer_shapes import LayerShape
from scripts.lab.layer_timing import table_for
from scripts.lab.prune_search import kept_share, layer_curves, refine
from scripts.lab.shrink import UnitImportance, keep_units, measured_loss, require_uncut


class TimeSearch:
    """`batches` are those of the validation split that shapes are compared on."""

    def __init__(
        self,
        args: argparse.Namespace,
        teacher: BertForTokenClassification,
        importance: Sequence[UnitImportance],
        checkpoints: Path,
        batches: Sequence[Batch],
    ) -> None:
        require_uncut(teacher)
        self.args, self.teacher, self.importance, self.batches = args, teacher, importance, batches
        facts = TableFacts.here(teacher.config, args.tokens)
        path = table_path(checkpoints, args.tokens)
        self.table = table_for(path, facts, rounds=args.rounds, seed=args.seed)
        self.curves = layer_curves(importance)
        self.uncut_ms = self.table.model_ms(self.table.uncut())

    def shapes(self, max_ms: float) -> list[LayerShape]:
        """A shape for each of the teacher's layers; ValueError where the time is too short for any."""
        return refine(
            self.curves,
            self.table,
            max_ms,
            loss_of=self.loss,
            trials=self.args.trials,
            seed=self.args.seed,
        )

    def loss(self, shapes: Sequence[LayerShape]) -> float:
        pruned = keep_units(self.teacher, self.importance, shapes)
        with autocast(pruned, self.args.bf16):
            return measured_loss(pruned, self.batches)

    def describe(self, shapes: Sequence[LayerShape], f1: float) -> str:
        layers = ", ".join(f"{shape.heads}+{shape.ffn}" for shape in shapes)
        ms = self.table.model_ms(shapes)
        return (
            f"heads+channels {layers}; {ms:.3f} ms by the table ({ms / self.uncut_ms:.0%} of the uncut), "
            f"{kept_share(self.curves, shapes):.1%} of the importance, served F1 before recovery {f1:.4f}"
        )

    def record(self, shapes: Sequence[LayerShape]) -> dict[str, object]:
        """For training.json."""
        units = [shape.heads for shape in shapes if any(shape)]
        return {
            "heads": round(sum(units) / (len(units) * self.table.facts.heads), 6),
            "layerShapes": [shape._asdict() for shape in shapes],
            "predictedMs": round(self.table.model_ms(shapes), 4),
            "uncutMs": round(self.uncut_ms, 4),
            "keptImportance": round(kept_share(self.curves, shapes), 4),
            "latencyTable": asdict(self.table),
        }
