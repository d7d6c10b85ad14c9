from __future__ import annotations

import json
import subprocess
from collections.abc import Callable
from pathlib import Path

import onnx
import pytest
import torch

from scripts.lab.layer_shapes import LayerShape
from scripts.lab.onnx_checkpoint import tagger_of
from scripts.lab.onnx_graph import tagger_graph
from scripts.lab.onnx_quantize import quantize
from scripts.lab.shrink import UnitImportance, keep_units
from scripts.lab.smoke import small_model
from scripts.restore import training_record

SHAPES = {
    "all alike": None,
    "layers that differ": [LayerShape(2, 7), LayerShape(0, 64), LayerShape(3, 0)],
    "fewer heads in every layer": [LayerShape(2, 64), LayerShape(2, 64), LayerShape(2, 64)],
}


@pytest.mark.parametrize("shapes", SHAPES.values(), ids=SHAPES.keys())
@pytest.mark.parametrize("storage", ["fp16", "fp32"])
def test_an_export_of_a_restored_model_is_the_same_file(
    shapes: list[LayerShape] | None, storage: str
) -> None:
    model = small_model(60, layers=3)
    if shapes is not None:
        importance = [UnitImportance(torch.arange(4.0), torch.arange(64.0))] * 3
        model = keep_units(model, importance, shapes)
    graph = tagger_graph(model.eval(), storage)
    restored = tagger_of(graph, "tiny")
    assert tagger_graph(restored, storage).SerializeToString() == graph.SerializeToString()


def test_what_is_no_float_export_is_refused() -> None:
    graph = tagger_graph(small_model(60, layers=2).eval())
    with pytest.raises(ValueError, match="tiny-int8: stored as 'int8'; expected a float variant"):
        tagger_of(quantize(graph), "tiny-int8")
    broken = onnx.ModelProto()
    broken.CopyFrom(graph)
    lost = next(t for t in broken.graph.initializer if t.name == "layer.1.ffn.up.weight")
    broken.graph.initializer.remove(lost)
    with pytest.raises(ValueError, match=r"not those of its sizes: layer\.1\.ffn\.up\.weight"):
        tagger_of(broken, "tiny")


def test_the_card_of_a_released_variant_gives_back_its_training(root: Path) -> None:
    card = json.loads((root / "models" / "distilled-3l" / "card.json").read_text(encoding="utf-8"))
    record = training_record(card, card["sha256"])
    assert (record["parent"], record["layers"]) == ("full", [0, 2, 4])
    assert record["restoredFrom"] == card["sha256"]
    with pytest.raises(ValueError, match="is of another model file"):
        training_record(card, "0" * 64)


def test_the_script_restores_and_does_not_overwrite(
    run_script: Callable[..., subprocess.CompletedProcess[str]], tmp_path: Path
) -> None:
    done = run_script("restore", "--smoke", "--checkpoints", tmp_path)
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "smoke" / "full" / "model.safetensors").is_file()
    again = run_script(
        "restore", "--checkpoints", tmp_path / "smoke", "--models", tmp_path / "smoke" / "models"
    )
    assert (again.returncode, "exists already; pass --force" in again.stderr) == (2, True)
    missing = run_script(
        "restore", "--names", "nowhere", "--checkpoints", tmp_path / "c", "--models", tmp_path
    )
    assert missing.returncode == 2
    assert "nowhere/model.onnx: no such file; expected a variant of scripts.export" in missing.stderr
