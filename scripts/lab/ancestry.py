"""What a checkpoint is, counted in the fine-tuned model that it descends from."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path


def shape_in_ancestor(teacher: Path, layers: Sequence[int], ffn_share: float) -> dict[str, object]:
    """Layers and share of channels of a student that kept these of its teacher's, for training.json."""
    record = teacher / "training.json"
    known = json.loads(record.read_text(encoding="utf-8")) if record.is_file() else {}
    own = known.get("layers")
    return {
        "layers": [own[layer] for layer in layers] if own else list(layers),
        "ffn": round(known.get("ffn", 1) * ffn_share, 6),
    }
