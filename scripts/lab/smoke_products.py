"""Stand-ins for what earlier steps make, so that any script can be tried by itself with --smoke."""

from __future__ import annotations

import onnx

from scripts.lab.arguments import Places
from scripts.lab.model import save_checkpoint
from scripts.lab.onnx_graph import tagger_graph
from scripts.lab.smoke import small_model, small_tokenizer, write_smoke_base


def smoke_base(places: Places) -> str:
    """The tiny base model of smoke runs."""
    directory = places.checkpoints / "base"
    return str(directory if directory.is_dir() else write_smoke_base(directory))


def smoke_checkpoint(places: Places, name: str, layers: int = 6) -> None:
    """A random checkpoint for a script that is tried without the step before it."""
    directory = places.checkpoints / name
    if not directory.is_dir():
        tokenizer = small_tokenizer()
        save_checkpoint(small_model(tokenizer.get_vocab_size(), layers=layers), tokenizer, directory)


def smoke_variant(places: Places, name: str) -> None:
    """A random exported model for a script that is tried without the steps before it."""
    target = places.models / name / "model.onnx"
    tokenizer = small_tokenizer()
    shared = places.models / "tokenizer" / "tokenizer.json"
    if not shared.is_file():
        shared.parent.mkdir(parents=True, exist_ok=True)
        tokenizer.save(str(shared))
    if not target.is_file():
        target.parent.mkdir(parents=True, exist_ok=True)
        onnx.save(tagger_graph(small_model(tokenizer.get_vocab_size(), layers=6)), target)
