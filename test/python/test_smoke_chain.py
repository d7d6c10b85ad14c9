"""The whole chain on tiny data; by far the longest of the Python tests."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from scripts.lab.bootstrap import f1_of
from scripts.lab.cards import NOT_LOADED, RELEASED, check_card, read_reference_sentences
from scripts.lab.evaluated import read_evaluated
from scripts.lab.records import sha256_of


@pytest.fixture(scope="module")
def smoke(root: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    checkpoints = tmp_path_factory.mktemp("checkpoints")
    done = subprocess.run(
        [root / "scripts" / "build_variants.sh", "--smoke", "--checkpoints", checkpoints],
        env={**os.environ, "PYTHON": sys.executable},
        capture_output=True,
        text=True,
        timeout=600,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return checkpoints / "smoke"


def test_the_smoke_chain_makes_all_variants_with_valid_cards(smoke: Path) -> None:
    manifest = json.loads((smoke / "models" / "manifest.json").read_text())
    assert tuple(manifest["variants"]) == (*RELEASED, *NOT_LOADED)
    assert tuple(manifest["retired"]) == NOT_LOADED
    for name in RELEASED:
        card = json.loads((smoke / "models" / name / "card.json").read_text())
        check_card(card)
        assert card["sha256"] == sha256_of(smoke / "models" / name / card["file"])
        assert [sentence["text"] for sentence in card["reference"]] == read_reference_sentences()
        assert set(card["evaluation"]) == {"runtime", "validation", "test", "frozenEncoder", "robustness"}
        assert card["calibration"]["temperature"] > 0
        assert set(card["latency"]["ms"]) == {"1x8", "1x32", "1x128", "8x32"}
    pruned = json.loads((smoke / "models" / "pruned-ffn50-int8" / "card.json").read_text())
    assert (pruned["recipe"]["ffn"], pruned["parent"]) == (0.5, "full")
    student = json.loads((smoke / "models" / "distilled-3l-int8" / "card.json").read_text())
    assert (student["recipe"]["layers"], student["parent"]) == ([0, 2, 4], "distilled-3l")


def test_the_card_of_the_elastic_model_tells_how_to_cut_it_and_what_each_cut_is_worth(smoke: Path) -> None:
    card = json.loads((smoke / "models" / "elastic" / "card.json").read_text())
    check_card(card)
    assert (card["parent"], card["recipe"]["layers"]) == ("full", [0, 1, 2, 3, 4, 5])
    elastic = card["elastic"]
    assert (elastic["heads"], elastic["ffn"]) == ("stored", "stored")
    assert [len(layers) for layers in elastic["trained"]["layers"]] == [6, 5, 4, 3, 2]
    assert elastic["trained"]["heads"] == elastic["trained"]["ffn"] == [1, 0.75, 0.5, 0.25]
    cuts = card["evaluation"]["cuts"]["cuts"]
    assert [cut["name"] for cut in cuts[:5]] == ["6x1", "6x0.75", "6x0.5", "6x0.25", "5x1"]
    assert sum(cut["trained"] for cut in cuts) == 20
    assert [cut["name"] for cut in cuts[20:]] == ["6x1x0.5", "3x1x0.875", "2x1x0.25"]
    for cut in cuts:
        for precision in ("fp32", "int8"):
            splits = {"validation", "test"} if precision == "int8" else {"validation"}
            assert set(cut[precision]["f1"]) == splits
            assert cut[precision]["ms"]["1x32"]["median"] > 0
    by_width = [cut["parameters"] for cut in cuts[:4]]
    assert by_width == sorted(by_width, reverse=True) and len(set(by_width)) == 4


def test_the_report_is_of_the_variants_that_the_chain_made(smoke: Path) -> None:
    rows = (smoke / "models" / "REPORT.md").read_text(encoding="utf-8").splitlines()
    for name in RELEASED:
        # From the counts: the figure in the JSON is rounded already, and would be rounded twice.
        counts = read_evaluated(smoke / "evaluations" / f"{name}.npz")["test"].counts
        f1 = float(f1_of(counts.sum(axis=0)))
        row = next(row for row in rows if row.startswith(f"| `{name}`"))
        assert f"{f1:.4f}".removeprefix("0") in row


def test_nothing_is_left_half_written(smoke: Path) -> None:
    assert [
        path for path in smoke.rglob("*") if "partial" in path.name or path.name.endswith(".training")
    ] == []


def test_figures_of_another_model_file_are_refused(
    run_script: Callable[..., subprocess.CompletedProcess[str]], smoke: Path
) -> None:
    evaluation = smoke / "evaluations" / "full.json"
    kept = evaluation.read_text()
    evaluation.write_text(json.dumps({**json.loads(kept), "sha256": "0" * 64}))
    done = run_script("write_card", "--force", "--checkpoints", smoke, "--models", smoke / "models")
    evaluation.write_text(kept)
    assert (done.returncode, "the evaluation of full is of another model file" in done.stderr) == (2, True)


def test_an_existing_variant_is_not_overwritten(
    run_script: Callable[..., subprocess.CompletedProcess[str]], smoke: Path
) -> None:
    done = run_script("export", "--checkpoints", smoke, "--models", smoke / "models")
    assert done.returncode == 2
    assert "exists already; pass --force" in done.stderr
