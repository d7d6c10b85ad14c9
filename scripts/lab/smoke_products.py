"""Stand-ins for what earlier steps make, so that any script can be tried by itself with --smoke.

Where the earlier steps have run, nothing is made, and transformers, which takes seconds to load, is not imported.
"""

from __future__ import annotations

from scripts.lab.arguments import Places


def smoke_base(places: Places) -> str:
    """The tiny base model of smoke runs."""
    directory = places.checkpoints / "base"
    if not directory.is_dir():
        from scripts.lab.smoke import write_smoke_base

        write_smoke_base(directory)
    return str(directory)


def smoke_checkpoint(places: Places, name: str, layers: int = 6) -> None:
    """A random checkpoint for a script that is tried without the step before it."""
    directory = places.checkpoints / name
    if not directory.is_dir():
        from scripts.lab.model import save_checkpoint
        from scripts.lab.smoke import small_model, small_tokenizer

        tokenizer = small_tokenizer()
        save_checkpoint(small_model(tokenizer.get_vocab_size(), layers=layers), tokenizer, directory)


def smoke_variant(places: Places, name: str) -> None:
    """A random exported model for a script that is tried without the steps before it."""
    target = places.models / name / "model.onnx"
    shared = places.models / "tokenizer" / "tokenizer.json"
    if shared.is_file() and target.is_file():
        return
    import onnx

    from scripts.lab.onnx_graph import tagger_graph
    from scripts.lab.smoke import small_model, small_tokenizer

    tokenizer = small_tokenizer()
    if not shared.is_file():
        shared.parent.mkdir(parents=True, exist_ok=True)
        tokenizer.save(str(shared))
    if not target.is_file():
        target.parent.mkdir(parents=True, exist_ok=True)
        onnx.save(tagger_graph(small_model(tokenizer.get_vocab_size(), layers=6)), target)


def smoke_elastic(places: Places, name: str) -> None:
    """A random elastic checkpoint and its export, for a script that is tried without the steps before it."""
    smoke_checkpoint(places, name)
    training = places.checkpoints / name / "training.json"
    if not training.is_file():
        from scripts.lab.records import write_json

        depths = {"6": [0, 1, 2, 3, 4, 5], "2": [0, 5]}
        write_json(training, {"caseTypes": True, "elastic": {"depths": depths, "widths": [1.0, 0.5]}})
    smoke_variant(places, name)


def smoke_language_model(places: Places, name: str) -> None:
    """A random masked language model for a script that is tried without the step before it."""
    directory = places.checkpoints / name
    if not directory.is_dir():
        from scripts.lab.masked_lm import language_model_of, save_language_model
        from scripts.lab.smoke import small_model, small_tokenizer

        tokenizer = small_tokenizer()
        model = language_model_of(small_model(tokenizer.get_vocab_size(), layers=2))
        save_language_model(model, tokenizer, directory)
