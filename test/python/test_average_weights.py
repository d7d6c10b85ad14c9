from __future__ import annotations

import json
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file

from scripts.average_weights import mean_of
from scripts.lab.smoke import small_model


def test_the_mean_is_that_of_every_weight() -> None:
    models = [small_model(50, layers=1, seed=seed) for seed in (1, 2, 3)]
    mean = mean_of(models, ["a", "b", "c"])
    for key, value in mean.items():
        expected = sum(model.state_dict()[key] for model in models) / 3
        torch.testing.assert_close(value, expected)
    assert mean.keys() == models[0].state_dict().keys()


def test_checkpoints_of_other_shapes_are_refused() -> None:
    with pytest.raises(ValueError, match=r"deep and flat are not of one shape: .*layer\.1"):
        mean_of([small_model(50, layers=1), small_model(50, layers=2)], ["flat", "deep"])


def test_the_script_writes_a_checkpoint_that_says_what_it_is_the_mean_of(
    run_script: Callable[..., subprocess.CompletedProcess[str]], tmp_path: Path
) -> None:
    done = run_script("average_weights", "--smoke", "--checkpoints", tmp_path)
    assert done.returncode == 0, done.stderr
    folder = tmp_path / "smoke"
    one, other, mean = (
        load_file(folder / name / "model.safetensors") for name in ("full-taught", "full-seed1", "full")
    )
    torch.testing.assert_close(
        mean["classifier.weight"], (one["classifier.weight"] + other["classifier.weight"]) / 2
    )
    record = json.loads((folder / "full" / "training.json").read_text())
    assert (record["parent"], record["history"][0]["averaged"]) == (
        "full-taught",
        ["full-taught", "full-seed1"],
    )

    (folder / "full-seed1" / "label-bias.json").write_text("{}")
    biased = run_script("average_weights", "--checkpoints", folder, "--force", "--data", folder / "data")
    assert (biased.returncode, "full-seed1 has a label bias: average first" in biased.stderr) == (2, True)
    single = run_script("average_weights", "--names", "full", "--checkpoints", folder)
    assert (single.returncode, "expected two or more, each once" in single.stderr) == (2, True)
