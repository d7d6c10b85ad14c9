"""The reference sentences and what variants answer to them, as scripts.write_reference puts it into the cards."""

from __future__ import annotations

import json
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from scripts.lab.cards import agreement_of, check_enough, read_reference_sentences, write_card_file

Run = Callable[..., subprocess.CompletedProcess[str]]


def sentence(text: str, *spans: tuple[str, int, int]) -> dict[str, object]:
    return {
        "text": text,
        "entities": [{"label": label, "start": start, "end": end} for label, start, end in spans],
    }


@pytest.fixture
def models(root: Path, tmp_path: Path) -> Path:
    """The tiny models that the gateway's tests serve."""
    return Path(shutil.copytree(root / "test" / "fixtures" / "models", tmp_path / "models"))


def test_agreement_is_the_f1_of_all_entities_together() -> None:
    ours = [sentence("a b c", ("PER", 0, 1), ("LOC", 2, 3)), sentence("d"), sentence("e", ("ORG", 0, 1))]
    theirs = [sentence("a b c", ("PER", 0, 1), ("ORG", 2, 3)), sentence("d", ("LOC", 0, 1)), sentence("e")]
    assert agreement_of(ours, theirs) == 2 * 1 / (3 + 3)
    assert agreement_of(ours, ours) == 1
    assert agreement_of([sentence("d")], [sentence("d")]) == 1


def test_too_few_entities_are_refused() -> None:
    enough = [sentence("x" * 500, *(("PER", at, at + 1) for at in range(500)))]
    assert check_enough("full", enough, smoke=False) == 500
    with pytest.raises(ValueError, match="full finds 0 entities in 1 sentences; expected 500 at least"):
        check_enough("full", [sentence("x")], smoke=False)
    assert check_enough("full", [sentence("x")], smoke=True) == 0


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("[", "expected a JSON array of sentences"),
        ("{}", "expected a JSON array of sentences"),
        ("[]", "expected a JSON array of sentences"),
        ('["Ann", 3]', "sentence 1: expected a text, got '3'"),
        ('["Ann", " "]', "sentence 1: expected a text"),
        ('["Ann", "Bob", "Ann"]', "'Ann' is there more than once"),
    ],
)
def test_wrong_sentences_are_refused(tmp_path: Path, content: str, message: str) -> None:
    file = tmp_path / "sentences.json"
    file.write_text(content)
    with pytest.raises(ValueError, match=message):
        read_reference_sentences(file)
    with pytest.raises(FileNotFoundError, match="no such file"):
        read_reference_sentences(tmp_path / "none.json")


def test_a_card_is_written_with_a_line_for_each_sentence(root: Path, tmp_path: Path) -> None:
    card = json.loads((root / "models" / "full" / "card.json").read_text(encoding="utf-8"))
    write_card_file(tmp_path / "card.json", card)
    assert (tmp_path / "card.json").read_bytes() == (root / "models" / "full" / "card.json").read_bytes()


def test_only_the_reference_of_a_card_is_written_anew(run_script: Run, models: Path) -> None:
    before = {name: json.loads((models / name / "card.json").read_text()) for name in ("tiny", "tiny-int8")}
    done = run_script("write_reference", "--models", models, "--names", "tiny-int8")
    assert done.returncode == 0, done.stderr
    after = {name: json.loads((models / name / "card.json").read_text()) for name in before}
    assert after["tiny"] == before["tiny"]
    reference = after["tiny-int8"].pop("reference")
    before["tiny-int8"].pop("reference")
    assert after["tiny-int8"] == before["tiny-int8"]
    assert [each["text"] for each in reference] == read_reference_sentences()
    assert "tiny-int8: " in done.stdout and " against tiny" in done.stdout


def test_a_card_of_another_file_is_refused_and_none_is_written(run_script: Run, models: Path) -> None:
    before = (models / "tiny" / "card.json").read_bytes()
    (models / "tiny-int8" / "model.onnx").write_bytes(b"other")
    done = run_script("write_reference", "--models", models)
    assert done.returncode == 2
    assert "it is of another model file; run scripts.write_card again" in done.stderr
    assert (models / "tiny" / "card.json").read_bytes() == before
    done = run_script("write_reference", "--models", models, "--names", "nobody")
    assert (done.returncode, "expected the name of a variant" in done.stderr) == (2, True)
