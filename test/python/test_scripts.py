"""What scripts say to wrong input, and whether they make the fixtures of the other tests again."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest


def test_wrong_input_ends_with_one_line(
    run_script: Callable[..., subprocess.CompletedProcess[str]], tmp_path: Path
) -> None:
    (tmp_path / "eng.train").write_text("EU NNP I-NP I-ORG\nbroken\n")
    done = run_script("finetune", "--data", tmp_path, "--checkpoints", tmp_path / "c")
    assert done.returncode == 2
    assert "eng.train:2: expected a token and a tag at least" in done.stderr
    assert "Traceback" not in done.stderr


def test_fixtures_and_shared_cases_are_made_again_byte_by_byte(
    root: Path, run_script: Callable[..., subprocess.CompletedProcess[str]], tmp_path: Path
) -> None:
    for script in ("make_fixture", "make_tokenizer_cases", "make_decoding_cases"):
        done = run_script(script, "--smoke", "--checkpoints", tmp_path)
        assert done.returncode == 0, done.stderr
    fixtures = root / "test" / "fixtures"
    made = tmp_path / "smoke"
    pairs = [
        (fixtures / f"{name}-cases.json", made / f"{name}-cases.json") for name in ("tokenizer", "decoding")
    ]
    pairs += [
        (path, made / "fixture" / path.relative_to(fixtures / "models"))
        for path in (fixtures / "models").rglob("*")
        if path.is_file() and path.name != "card.json"  # answers of int8 may differ with the CPU
    ]
    assert [str(old) for old, new in pairs if old.read_bytes() != new.read_bytes()] == []


def test_the_runtime_sends_no_usage_and_leaves_no_log(
    root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    monkeypatch.delenv("ORT_DISABLE_TELEMETRY", raising=False)
    model = next((root / "test" / "fixtures" / "models").rglob("model.onnx"))
    opening = (
        "from pathlib import Path; from scripts.lab.runtime import open_session; "
        f"open_session(Path({str(model)!r}))"
    )
    done = subprocess.run(
        [sys.executable, "-c", opening], cwd=root, capture_output=True, text=True, check=False
    )
    assert (done.returncode, list(tmp_path.iterdir())) == (0, []), done.stderr
