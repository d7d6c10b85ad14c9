"""Makes the model of a chosen recipe: copies a variant, cuts an elastic model, or trains a student.

Writes OUTPUT/model.onnx and OUTPUT/recipe.json, which tells what it is and how it was made.
"""

from __future__ import annotations

import argparse
import json
import shutil
import sys
from collections.abc import Mapping
from pathlib import Path

from scripts.lab.arguments import Places
from scripts.lab.aside import written_aside
from scripts.lab.other_script import run_alone
from scripts.lab.recipe_tables import EPOCHS, TEACHER, training_script
from scripts.lab.recipe_times import Facts
from scripts.lab.recipes import Candidate
from scripts.lab.records import now, sha256_of, write_json


def build(
    candidate: Candidate, cards: Mapping[str, Facts], places: Places, output: Path, args: argparse.Namespace
) -> Path:
    """Returns the model file. Raises ValueError where a file is not the one that was measured, or a step failed."""
    target = output / "model.onnx"
    if candidate.kind == "trained":
        f1 = train(candidate, places, target, args)
    else:
        source = places.models / candidate.made_of / "model.onnx"
        require_measured_file(source, cards[candidate.made_of])
        if candidate.kind == "released":
            with written_aside(target) as aside:
                shutil.copyfile(source, aside)
        else:
            write_cut(candidate, source, target)
        f1 = candidate.f1
    write_json(
        output / "recipe.json",
        {
            "name": candidate.name,
            "madeOf": candidate.made_of,
            "recipe": {
                "layers": list(candidate.layers),
                "heads": candidate.heads,
                "ffn": candidate.ffn,
                "precision": candidate.precision,
            },
            "validationF1": f1,
            "sha256": sha256_of(target),
            "sizeBytes": target.stat().st_size,
            "parameters": candidate.parameters,
            "createdAt": now(),
        },
    )
    return target


def require_measured_file(source: Path, card: Facts) -> None:
    if not source.is_file():
        raise FileNotFoundError(f"{source}: no such file; run scripts.export or scripts.quantize first")
    if sha256_of(source) != card["sha256"]:
        raise ValueError(
            f"{source}: it is another file than the one that its card was measured on; run scripts.evaluate and "
            "scripts.write_card again"
        )


def write_cut(candidate: Candidate, source: Path, target: Path) -> None:
    """Raises ValueError where the elastic model does not hold what was measured of its cut."""
    # Imported only here, because they load torch and transformers, which a search does without.
    import onnx

    from scripts.lab.elastic_cuts import make_cut
    from scripts.lab.elastic_shapes import ElasticShape
    from scripts.lab.onnx_checkpoint import tagger_of

    model = tagger_of(onnx.load(source), candidate.made_of).eval()
    cut = make_cut(model, ElasticShape(candidate.layers, candidate.heads, candidate.ffn))
    if cut.parameters != candidate.parameters:
        raise ValueError(
            f"{candidate.name} has {cut.parameters} parameters, where {candidate.parameters} were measured; run "
            "scripts.elastic_cuts and scripts.write_card again"
        )
    graph = cut.graphs[candidate.precision]
    require_finite(candidate.name, graph)
    with written_aside(target) as aside:
        aside.write_bytes(graph)


def require_finite(name: str, graph: bytes) -> None:
    import numpy as np

    from scripts.lab.runtime import open_session, shape_feeds

    answer = open_session(graph, threads=1).run(None, shape_feeds(2, 16, vocabulary=100, seed=1))[0]
    if not np.isfinite(answer).all():
        raise RuntimeError(f"{name}: the model answers with numbers that are not finite")


def training_steps(
    candidate: Candidate, places: Places, teacher_layers: int, *, seed: int, smoke_epochs: int | None = None
) -> list[list[str]]:
    """The scripts to run, with their arguments; those whose product is there are left out."""
    folders = ["--checkpoints", str(places.checkpoints), "--models", str(places.models)]
    data = ["--data", str(places.need_data()), "--scheme", places.scheme, "--seed", str(seed)]
    steps = []
    if not (places.checkpoints / TEACHER).is_dir():
        steps.append(["restore", "--names", TEACHER, *folders])
    checkpoint = places.checkpoints / candidate.name
    if not checkpoint.is_dir():
        script = training_script(candidate.layers, teacher_layers)
        shape = (
            ["--share", f"{candidate.ffn:g}"]
            if script == "prune"
            else ["--layers", ",".join(map(str, candidate.layers)), "--ffn-share", f"{candidate.ffn:g}"]
        )
        epochs = ["--epochs", str(smoke_epochs or EPOCHS[script])]
        steps.append(
            [script, "--teacher", TEACHER, "--name", candidate.name, *shape, *epochs, *data, *folders]
        )
    if not (checkpoint / "label-bias.json").is_file():
        steps.append(["fit_label_bias", "--names", candidate.name, *data, *folders])
    return steps


def train(candidate: Candidate, places: Places, target: Path, args: argparse.Namespace) -> float:
    """Trains, writes the int8 file, and returns its served F1 on the validation split."""
    # 1. The checkpoint, by the scripts that make those of the released variants.
    card = json.loads((places.models / TEACHER / "card.json").read_text(encoding="utf-8"))
    epochs = 1 if args.smoke else None
    log = sys.stderr if args.json else sys.stdout  # which belongs to the JSON then
    for step in training_steps(
        candidate, places, len(card["recipe"]["layers"]), seed=args.seed, smoke_epochs=epochs
    ):
        print(f"== {' '.join(step)}", file=log, flush=True)
        run_alone(step[0], step[1:], stdout=None if log is sys.stdout else log)

    # 2. Its int8 file, and what that is worth.
    from scripts.lab.cards import count_parameters
    from scripts.lab.elastic_cuts import Cut, cut_f1
    from scripts.lab.elastic_shapes import ElasticShape
    from scripts.lab.model import load_checkpoint
    from scripts.lab.onnx_graph import tagger_graph
    from scripts.lab.onnx_quantize import quantize

    model, tokenizer, case_types = load_checkpoint(places.checkpoints / candidate.name)
    graph = tagger_graph(model.eval())
    if count_parameters(graph) != candidate.parameters:
        raise ValueError(
            f"{places.checkpoints / candidate.name}: it has {count_parameters(graph)} parameters, {candidate.name} "
            f"{candidate.parameters}; remove it to train the shape anew"
        )
    cut = Cut(
        ElasticShape(candidate.layers, candidate.heads, candidate.ffn),
        candidate.parameters,
        {"int8": quantize(graph).SerializeToString()},
    )
    require_finite(candidate.name, cut.graphs["int8"])
    f1 = cut_f1(cut, "int8", tokenizer, places.read_split("validation"), case_types)
    with written_aside(target) as aside:
        aside.write_bytes(cut.graphs["int8"])
    print(f"{candidate.name}: served F1 on validation {f1:.4f}, in int8", file=log, flush=True)
    return round(f1, 5)
