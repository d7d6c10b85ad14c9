"""Damaged models, a disk without room, and interruptions: one clear line, and nothing half-written."""

from __future__ import annotations

import errno
import json
import os
import resource
import runpy
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import onnx
import pytest
import torch

from scripts.lab.aside import NoRoomError, written_aside
from scripts.lab.model import load_base, load_checkpoint, save_checkpoint
from scripts.lab.onnx_graph import tagger_graph
from scripts.lab.records import write_json
from scripts.lab.smoke import small_model, small_tokenizer, write_smoke_base
from scripts.lab.smoke_corpus import write_smoke_corpus


def edit_config(**values: object) -> Callable[[Path], None]:
    def edit(folder: Path) -> None:
        config = json.loads((folder / "config.json").read_text())
        (folder / "config.json").write_text(json.dumps({**config, **values}))

    return edit


def cut_short(name: str) -> Callable[[Path], None]:
    def cut(folder: Path) -> None:
        path = folder / name
        path.write_bytes(path.read_bytes()[:5000])

    return cut


def remove(name: str) -> Callable[[Path], None]:
    return lambda folder: (folder / name).unlink()


def overwrite(name: str, text: str) -> Callable[[Path], None]:
    return lambda folder: (folder / name).write_text(text)


DAMAGES = [
    (edit_config(model_type="roberta"), ValueError, r"config\.json: of type 'roberta', expected a BERT-like"),
    (overwrite("config.json", '{\n"model_type":'), ValueError, r"config\.json:2: expected JSON"),
    (overwrite("config.json", "[]"), ValueError, r"config\.json: expected a JSON object, got list"),
    (remove("model.safetensors"), FileNotFoundError, "no file named model.safetensors"),
    (cut_short("model.safetensors"), ValueError, "its weights cannot be read, .* damaged or cut short"),
    (overwrite("model.safetensors", ""), ValueError, "its weights cannot be read, .* damaged or cut short"),
    (edit_config(num_hidden_layers=2), ValueError, r"weights are missing: .*layer\.1.* and \d+ more"),
    (
        edit_config(intermediate_size=48),
        ValueError,
        r"other sizes than config\.json .* \[64\] instead of \[48\]",
    ),
    (edit_config(num_attention_heads=5), ValueError, r"config\.json does not make a model"),
    (edit_config(hidden_size="x"), ValueError, r"config\.json: .*hidden_size"),
    (overwrite("tokenizer.json", "{"), ValueError, r"token"),
]


@pytest.fixture(scope="module")
def folders(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """A good base and a good checkpoint."""
    root = tmp_path_factory.mktemp("models")
    tokenizer = small_tokenizer()
    save_checkpoint(small_model(tokenizer.get_vocab_size(), layers=1), tokenizer, root / "checkpoint")
    return {"base": write_smoke_base(root / "base", layers=1), "checkpoint": root / "checkpoint"}


@pytest.mark.parametrize("kind", ["base", "checkpoint"])
@pytest.mark.parametrize(("damage", "error", "message"), DAMAGES)
def test_a_damaged_model_folder_is_refused_by_name(
    folders: dict[str, Path],
    tmp_path: Path,
    kind: str,
    damage: Callable[[Path], None],
    error: type[Exception],
    message: str,
) -> None:
    folder = tmp_path / "damaged"
    shutil.copytree(folders[kind], folder)
    damage(folder)
    with pytest.raises(error, match=f"damaged.*{message}"):
        load_base(str(folder)) if kind == "base" else load_checkpoint(folder)


def test_a_base_without_tokenizer_or_with_one_too_large_is_refused(
    folders: dict[str, Path], tmp_path: Path
) -> None:
    folder = tmp_path / "base"
    shutil.copytree(folders["base"], folder)
    for path in folder.glob("tokenizer*"):
        path.unlink()
    with pytest.raises(
        FileNotFoundError, match=r"base: no tokenizer; expected tokenizer\.json or vocab\.txt"
    ):
        load_base(str(folder))
    shutil.copytree(folders["base"], folder, dirs_exist_ok=True)
    edit_config(vocab_size=100)(folder)
    with pytest.raises(ValueError, match=r"the tokenizer has \d+ entries, the model only 100"):
        load_base(str(folder))


def test_labels_that_do_not_match_are_told_with_those_expected(
    folders: dict[str, Path], tmp_path: Path
) -> None:
    folder = tmp_path / "other"
    shutil.copytree(folders["checkpoint"], folder)
    edit_config(id2label={"0": "O", "1": "B-X"}, label2id={"O": 0, "B-X": 1})(folder)
    with pytest.raises(ValueError, match=r"do not match: expected O, B-PER, .*, I-MISC, found O, B-X"):
        load_checkpoint(folder)


def run_here(monkeypatch: pytest.MonkeyPatch, script: str, *arguments: object) -> int:
    """The exit status of a script that is run in this process."""
    monkeypatch.setattr(sys, "argv", [script, *map(str, arguments)])
    try:
        runpy.run_module(f"scripts.{script}", run_name="__main__")
    except SystemExit as stop:
        return int(stop.code or 0)
    return 0


def test_a_script_ends_with_one_line_and_status_2(
    folders: dict[str, Path],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    shutil.copytree(folders["checkpoint"], tmp_path / "full")
    cut_short("model.safetensors")(tmp_path / "full")
    status = run_here(monkeypatch, "export", "--checkpoints", tmp_path, "--models", tmp_path / "models")
    errors = capsys.readouterr().err
    assert (status, errors.count("\n"), errors.startswith("error: ")) == (2, 1, True), errors
    assert not (tmp_path / "models").exists()
    (tmp_path / "source.onnx").write_bytes(b"\x08\x09no model")
    source = ("--source", tmp_path / "source.onnx", "--models", tmp_path / "models")
    assert run_here(monkeypatch, "quantize", *source) == 2
    assert "source.onnx: no ONNX model, or a damaged one" in capsys.readouterr().err


@contextmanager
def small_files(limit: int) -> Iterator[None]:
    """No file may grow beyond `limit` bytes: the real writes fail, in Python, Rust and C++ alike."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (limit, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


def contents(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def writers(folder: Path) -> dict[str, Callable[[], object]]:
    tokenizer = small_tokenizer()
    model = small_model(tokenizer.get_vocab_size(), layers=2)

    def save_state() -> None:
        with written_aside(folder / "state" / "resume.pt") as aside:
            torch.save(model.state_dict(), aside)

    def save_arrays() -> None:
        with written_aside(folder / "arrays" / "full.npz") as aside, aside.open("wb") as file:
            np.savez(file, np.zeros(50_000))

    return {
        "full": lambda: save_checkpoint(model, tokenizer, folder / "full"),
        "resume.pt": save_state,
        "full.npz": save_arrays,
        "full.json": lambda: write_json(folder / "full.json", ["x" * 100_000]),
    }


@pytest.mark.parametrize("name", ["full", "resume.pt", "full.npz", "full.json"])
def test_what_finds_no_room_is_named_and_leaves_nothing(tmp_path: Path, name: str) -> None:
    with (
        small_files(32_768),
        pytest.raises(NoRoomError, match=rf"{name}: .*(ulimit|could not be written).* Nothing half-written"),
    ):
        writers(tmp_path)[name]()
    assert list(tmp_path.iterdir()) == []


def test_an_old_product_outlives_a_failed_new_one(tmp_path: Path) -> None:
    save = writers(tmp_path)["full"]
    save()
    old = contents(tmp_path)
    with small_files(32_768), pytest.raises(NoRoomError):
        save()
    assert contents(tmp_path) == old
    save()
    assert contents(tmp_path) == old


def test_export_and_quantize_say_that_there_is_no_room(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    tokenizer = small_tokenizer()
    model = small_model(tokenizer.get_vocab_size(), layers=2)
    save_checkpoint(model, tokenizer, tmp_path / "full")
    onnx.save(tagger_graph(model), tmp_path / "source.onnx")
    models = tmp_path / "models"
    capsys.readouterr()
    for script, arguments in (
        ("export", ("--checkpoints", tmp_path)),
        ("quantize", ("--source", tmp_path / "source.onnx")),
    ):
        with small_files(16_384):
            status = run_here(monkeypatch, script, "--models", models, *arguments)
        errors = capsys.readouterr().err
        assert status == 2, errors
        assert f"{'full' if script == 'export' else 'full-int8'}/model.onnx: the file is larger" in errors
        assert "Traceback" not in errors
        assert [path for path in models.rglob("*") if path.is_file()] == []


@pytest.fixture
def full_disk(tmp_path: Path) -> Iterator[Path]:
    """A disk of 64 KiB, where this user may mount one."""
    disk = tmp_path / "disk"
    disk.mkdir()
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=64k", "tmpfs", disk], capture_output=True)
    if mounted.returncode != 0:
        pytest.skip("needs the right to mount a tmpfs")
    yield disk
    subprocess.run(["umount", disk], check=True)


@pytest.mark.parametrize("name", ["full", "resume.pt", "full.npz", "full.json"])
def test_a_disk_that_is_really_full_is_called_full(full_disk: Path, name: str) -> None:
    with pytest.raises(NoRoomError, match=rf"{name}: .*the disk is full"):
        writers(full_disk)[name]()
    assert list(full_disk.iterdir()) == []


@pytest.mark.parametrize(
    ("error", "reason"),
    [
        (OSError(errno.ENOSPC, "No space left on device"), "the disk is full"),
        (OSError(errno.EDQUOT, "Disk quota exceeded"), "the disk quota is used up"),
        (Exception("I/O error: No space left on device (os error 28)"), "the disk is full"),
    ],
)
def test_want_of_room_is_told_whichever_library_says_so(
    tmp_path: Path, error: Exception, reason: str
) -> None:
    with pytest.raises(NoRoomError, match=reason), written_aside(tmp_path / "made" / "x.json") as aside:
        aside.write_text("half")
        raise error
    assert list(tmp_path.iterdir()) == []


def test_another_error_stays_what_it_is_and_leaves_nothing(tmp_path: Path) -> None:
    with pytest.raises(PermissionError), written_aside(tmp_path / "x.json") as aside:
        aside.write_text("half")
        raise PermissionError(errno.EACCES, "no")
    assert list(tmp_path.iterdir()) == []


def weights(folder: Path) -> bytes:
    return (folder / "model.safetensors").read_bytes()


def figures(folder: Path) -> list[tuple[float, float]]:
    history = json.loads((folder / "training.json").read_text())["history"]
    return [(entry["loss"], entry["validationF1"]) for entry in history]


def test_training_that_was_interrupted_twice_comes_to_the_same_weights(
    root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    data = write_smoke_corpus(tmp_path / "data")
    base = write_smoke_base(tmp_path / "base", layers=2)
    settings = ["--data", data, "--base", base, "--epochs", "12", "--lr", "2e-3", "--batch-size", "8"]

    def arguments(name: str) -> list[str]:
        return [*map(str, settings), "--checkpoints", str(tmp_path / name)]

    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    monkeypatch.setenv("OMP_NUM_THREADS", "1")
    try:
        assert run_here(monkeypatch, "finetune", *arguments("whole")) == 0
        epochs = 0
        for number in (signal.SIGINT, signal.SIGTERM):
            output, epochs = interrupt(root, arguments("stopped"), number, tmp_path / "stopped", epochs)
            assert "interrupted; no half-written product was left." in output
            assert "it goes on after its last whole epoch" in output
            assert "Traceback" not in output
            assert [path for path in (tmp_path / "stopped").rglob("*") if "partial" in path.name] == []
            assert not (tmp_path / "stopped" / "full").exists()
        assert epochs < 12
        capsys.readouterr()
        assert run_here(monkeypatch, "finetune", *arguments("stopped")) == 0
    finally:
        torch.set_num_threads(threads)

    assert f"resumed after epoch {epochs} of 12" in capsys.readouterr().out
    assert figures(tmp_path / "stopped" / "full") == figures(tmp_path / "whole" / "full")
    assert weights(tmp_path / "stopped" / "full") == weights(tmp_path / "whole" / "full")
    assert not (tmp_path / "stopped" / "full.training").exists()


def interrupt(
    root: Path, arguments: list[str], number: signal.Signals, checkpoints: Path, after: int
) -> tuple[str, int]:
    """Starts the training, sends the signal when an epoch more than `after` is kept, and returns what it said
    and how many epochs are kept then.
    """
    resume = checkpoints / "full.training" / "resume.pt"
    known = resume.stat().st_mtime_ns if resume.is_file() else 0
    running = subprocess.Popen(
        [sys.executable, "-m", "scripts.finetune", *arguments],
        cwd=root,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        env={**os.environ, "PYTHONUNBUFFERED": "1"},
    )
    until = time.monotonic() + 120
    while not resume.is_file() or resume.stat().st_mtime_ns == known:
        assert running.poll() is None and time.monotonic() < until, running.communicate()[0]
        time.sleep(0.005)
    running.send_signal(number)
    output, _ = running.communicate(timeout=120)
    assert running.returncode == 128 + number, output
    kept = len(torch.load(resume, weights_only=True)["history"])
    assert kept > after
    return output, kept
