from __future__ import annotations

import json
import subprocess
from collections.abc import Callable
from pathlib import Path

import numpy as np
import onnx
import pytest
from tokenizers import Tokenizer

from scripts.evaluate import FP32_BATCH_SIZE, batch_size_of
from scripts.lab.aside import written_aside
from scripts.lab.corpus import Entity, Sentence, as_text
from scripts.lab.encoding import encode_texts
from scripts.lab.evaluated import SPLITS, decode_split, read_evaluated
from scripts.lab.evaluation_dump import dump_arrays, pre_token_gold
from scripts.lab.labels import LABELS
from scripts.lab.onnx_graph import tagger_graph
from scripts.lab.onnx_quantize import quantize
from scripts.lab.runtime import onnx_runner, open_session
from scripts.lab.serving import Answer, answer_texts
from scripts.lab.smoke import small_model, small_tokenizer


@pytest.fixture(scope="module")
def models(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    folder = tmp_path_factory.mktemp("models")
    graph = tagger_graph(small_model(small_tokenizer().get_vocab_size(), layers=2))
    made = {"fp32": graph, "int8": quantize(graph)}
    for name, model in made.items():
        with written_aside(folder / f"{name}.onnx") as aside:
            onnx.save(model, aside)
    return {name: folder / f"{name}.onnx" for name in made}


def sentences_of(root: Path) -> list[str]:
    lines = (root / "loadtest" / "corpus" / "sentences.jsonl").read_text(encoding="utf-8").splitlines()
    return [json.loads(line)["text"] for line in lines[::20]][:40]


def test_fp32_answers_in_batches_are_those_of_single_texts(root: Path, tokenizer: Tokenizer) -> None:
    """With the released weights, on texts of different lengths."""
    run = onnx_runner(open_session(root / "models" / "full" / "model.onnx", threads=1))
    texts = [*sentences_of(root), "", "Oslo"]
    alone = answer_texts(run, tokenizer, texts, case_types=True)
    together = answer_texts(run, tokenizer, texts, case_types=True, batch_size=FP32_BATCH_SIZE)
    assert len(texts) > 2 * FP32_BATCH_SIZE
    for one, other in zip(alone, together, strict=True):
        assert one.logits.shape == other.logits.shape
        assert np.abs(one.logits - other.logits).max(initial=0.0) < 1e-4
        assert [(s.label, s.start, s.end) for s in one.viterbi] == [
            (s.label, s.start, s.end) for s in other.viterbi
        ]
    assert sum(len(answer.viterbi) for answer in alone) > 20


def test_int8_runs_one_text_at_a_time_and_fp32_more(models: dict[str, Path]) -> None:
    assert batch_size_of(None, models["fp32"]) == FP32_BATCH_SIZE
    assert batch_size_of(4, models["fp32"]) == 4
    assert batch_size_of(None, models["int8"]) == batch_size_of(1, models["int8"]) == 1
    with pytest.raises(ValueError, match="--batch-size 2: expected 1, as the model is dynamic int8"):
        batch_size_of(2, models["int8"])
    with pytest.raises(ValueError, match="--batch-size 0: expected 1 or more"):
        batch_size_of(0, models["fp32"])


def test_gold_labels_are_those_of_first_subwords() -> None:
    sentence = Sentence(("Zyx", "Qwv", "moved", "."), ("B-PER", "I-PER", "O", "O"), 1)
    text, gold, _ = as_text(sentence)
    (encoded,) = encode_texts(small_tokenizer(), [text])
    assert len(encoded.ids) > 4  # the names are parted
    assert [LABELS[label] for label in pre_token_gold(encoded, gold)] == ["B-PER", "I-PER", "O", "O"]


def test_a_text_without_tokens_keeps_its_place() -> None:
    texts = ["Oslo", "", "moved ."]
    encoded = encode_texts(small_tokenizer(), texts)
    answers = [Answer([], [], np.full((rows, len(LABELS)), rows, dtype=np.float32)) for rows in (1, 0, 2)]
    arrays = dump_arrays("test", encoded, [[Entity("LOC", 0, 4)], [], []], answers)
    assert arrays["test_lengths"].tolist() == [1, 0, 2]
    assert arrays["test_logits"][:, 0].tolist() == [1, 2, 2]
    assert [LABELS[label] for label in arrays["test_gold"]] == ["B-LOC", "O", "O"]
    assert arrays["test_counts"].tolist() == [[0, 0, 1], [0, 0, 0], [0, 0, 0]]


def test_both_files_come_from_one_pass_and_are_not_overwritten(
    run_script: Callable[..., subprocess.CompletedProcess[str]], tmp_path: Path
) -> None:
    done = run_script("evaluate", "--smoke", "--checkpoints", tmp_path)
    assert done.returncode == 0, done.stderr
    smoke = tmp_path / "smoke"
    figures = json.loads((smoke / "evaluations" / "full.json").read_text())
    arrays = read_evaluated(smoke / "evaluations" / "full.npz")
    for split in SPLITS:
        right, answered, gold = arrays[split].counts.sum(axis=0).tolist()
        assert figures[split]["sentences"] == len(arrays[split].lengths)
        assert figures[split]["recall"] == pytest.approx(right / gold, abs=1e-5)
        assert figures[split]["precision"] == pytest.approx(right / answered if answered else 0, abs=1e-5)
        assert decode_split(arrays[split]).span_right.sum() == right  # the same from the logits
    with np.load(smoke / "evaluations" / "full.npz") as saved:
        assert str(saved["sha256"]) == figures["sha256"]

    places = ("--checkpoints", smoke, "--models", smoke / "models", "--data", smoke / "data")
    done = run_script("evaluate", *places, "--names", "other", "full")
    assert (done.returncode, "full.json exists already; pass --force" in done.stderr) == (2, True)
    done = run_script("evaluate", *places, "--names", "full", "other", "--model", "model.onnx")
    assert (done.returncode, "--names has 2; expected one" in done.stderr) == (2, True)
