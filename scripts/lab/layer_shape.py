"""The sizes of a layer that may be cut; by itself, so that it can be had without torch."""

from __future__ import annotations

from typing import NamedTuple


class LayerShape(NamedTuple):
    heads: int
    ffn: int
