"""How long each part of a layer takes in int8, by its number of heads and of channels: what pruning buys.

ZipLM (arXiv 2302.04089) prunes for such a table instead of for counts of operations, because on small
matrices time follows them badly. The table is measured by `scripts.lab.layer_timing`.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import onnxruntime

from scripts.lab.layer_shape import LayerShape
from scripts.lab.processor import processor_name
from scripts.lab.records import write_json

if TYPE_CHECKING:
    from transformers import BertConfig

CHANNEL_STEPS = 16  # the search chooses channels in steps of this part of all of them


@dataclass(frozen=True)
class TableFacts:
    """What a table holds for; one measured under other facts is of no use."""

    cpu: str
    runtime: str
    threads: int
    tokens: int  # of the one text of a request
    layers: int
    hidden: int
    heads: int
    ffn: int

    @classmethod
    def here(cls, config: BertConfig, tokens: int) -> TableFacts:
        """For models of this configuration on this machine, one thread."""
        return cls(
            cpu=processor_name(),
            runtime=f"onnxruntime {onnxruntime.__version__}",
            threads=1,
            tokens=tokens,
            layers=config.num_hidden_layers,
            hidden=config.hidden_size,
            heads=config.num_attention_heads,
            ffn=config.intermediate_size,
        )


@dataclass(frozen=True)
class LatencyTable:
    """Milliseconds; those between two measured counts are interpolated.

    A sublayer's time includes its residual and norm, which are all that is left at a count of 0. A layer
    without heads and channels takes no time, because it is dropped.
    """

    facts: TableFacts
    rest_ms: float  # embeddings, mask and classifier
    head_counts: tuple[int, ...]
    attention_ms: tuple[float, ...]
    channel_counts: tuple[int, ...]
    ffn_ms: tuple[float, ...]

    def __post_init__(self) -> None:
        for counts, times, most in (
            (self.head_counts, self.attention_ms, self.facts.heads),
            (self.channel_counts, self.ffn_ms, self.facts.ffn),
        ):
            increasing = list(counts) == sorted(set(counts)) and len(counts) == len(times)
            if not increasing or counts[0] != 0 or counts[-1] != most:
                raise ValueError(
                    f"counts {counts}: expected increasing ones from 0 to {most}, a time for each"
                )
        if min(self.rest_ms, *self.attention_ms, *self.ffn_ms) < 0:
            raise ValueError("a time below 0 ms")

    def layer_ms(self, shape: LayerShape) -> float:
        if not any(shape):
            return 0.0
        attention = np.interp(shape.heads, self.head_counts, self.attention_ms)
        return float(attention + np.interp(shape.ffn, self.channel_counts, self.ffn_ms))

    def model_ms(self, shapes: Sequence[LayerShape]) -> float:
        return self.rest_ms + sum(map(self.layer_ms, shapes))

    def uncut(self) -> list[LayerShape]:
        return [LayerShape(self.facts.heads, self.facts.ffn)] * self.facts.layers

    def channel_grid(self) -> list[int]:
        """The numbers of channels that the search may choose."""
        return sorted({round(self.facts.ffn * step / CHANNEL_STEPS) for step in range(CHANNEL_STEPS + 1)})


def table_path(checkpoints: Path, tokens: int) -> Path:
    return checkpoints / f"latency-table-{tokens}.json"


def write_table(path: Path, table: LatencyTable, record: dict[str, object]) -> None:
    """`record`: how it was measured and how well its sums foretell whole models."""
    path.parent.mkdir(parents=True, exist_ok=True)
    write_json(path, {**asdict(table), "measurement": record})


def read_table(path: Path, facts: TableFacts) -> LatencyTable | None:
    """None where there is no table, or one of another CPU, runtime or model size."""
    if not path.is_file():
        return None
    table = load_table(path)
    return table if table.facts == facts else None


def load_table(path: Path) -> LatencyTable:
    """Of whatever machine it is. Raises ValueError."""
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
        found.pop("measurement")
        made_under = TableFacts(**found.pop("facts"))
        return LatencyTable(
            made_under,
            **{key: tuple(item) if isinstance(item, list) else item for key, item in found.items()},
        )
    except (ValueError, TypeError, KeyError, AttributeError) as error:
        raise ValueError(
            f"{path}: expected a table that scripts.measure_latency_table wrote; {error}"
        ) from error
