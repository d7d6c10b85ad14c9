from __future__ import annotations

import json
import subprocess
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from scripts.lab.arguments import Places
from scripts.lab.calibration import (
    BINS,
    TEMPERATURES,
    calibrate,
    expected_calibration_error,
    fit_temperature,
    negative_log_likelihood,
    probabilities_of,
    reliability,
)
from scripts.lab.decoding import decode
from scripts.lab.encoding import EncodedText
from scripts.lab.evaluated import EvaluatedSplit, decode_split, read_evaluated, span_scores
from scripts.lab.evaluation_dump import write_dump
from scripts.lab.labels import LABELS
from scripts.lab.margins import MAX_KNOTS, MarginMap, fit_margin_map, margin_quality, smallest_margins
from scripts.lab.smoke_evaluation import counts_of, made_up_splits, smoke_evaluation


def drawn(temperature: float, count: int = 15_000, seed: int = 1) -> tuple[np.ndarray, np.ndarray]:
    """Logits, and gold labels drawn from softmax(logits / temperature)."""
    rng = np.random.default_rng(seed)
    logits = rng.normal(0, 3, (count, len(LABELS)))
    chance = probabilities_of(logits, temperature).cumsum(axis=1)
    return logits, (chance < rng.random((count, 1))).sum(axis=1).clip(max=len(LABELS) - 1)


def split_of(labels: list[list[int]], gold: list[list[int]], sure: float = 5.0) -> EvaluatedSplit:
    """Logits that say `labels`."""
    lengths = np.array([len(sentence) for sentence in labels], dtype=np.int32)
    logits = (sure * np.eye(len(LABELS)))[[label for sentence in labels for label in sentence]]
    flat = np.array([label for sentence in gold for label in sentence], dtype=np.int8)
    return EvaluatedSplit(
        logits.astype(np.float32), flat, lengths, counts_of(logits.astype(np.float32), flat, lengths)
    )


@pytest.mark.parametrize("temperature", [0.3, 1.0, 1.7, 4.0])
def test_the_temperature_that_labels_were_drawn_at_is_found_again(temperature: float) -> None:
    found = fit_temperature(*drawn(temperature))
    assert found == pytest.approx(temperature, rel=0.04)


@given(st.integers(0, 1000), st.floats(*TEMPERATURES))
def test_no_other_temperature_is_more_likely(seed: int, other: float) -> None:
    logits, gold = drawn(1.5, count=200, seed=seed)
    best = negative_log_likelihood(logits, gold, fit_temperature(logits, gold))
    assert best <= negative_log_likelihood(logits, gold, other) + 1e-9


def test_logits_that_tell_all_or_nothing_end_at_a_limit() -> None:
    logits = np.eye(len(LABELS))
    right, wrong = np.arange(len(LABELS)), np.roll(np.arange(len(LABELS)), 1)
    assert fit_temperature(logits, right) == pytest.approx(TEMPERATURES[0], rel=0.01)
    assert fit_temperature(logits, wrong) == pytest.approx(TEMPERATURES[1], rel=0.01)


def test_what_is_right_as_often_as_it_says_has_no_calibration_error() -> None:
    rng = np.random.default_rng(1)
    confidence = rng.random(100_000)
    assert expected_calibration_error(confidence, rng.random(100_000) < confidence) < 0.01
    logits, gold = drawn(2.0, count=40_000)
    for temperature, low, high in ((2.0, 0, 0.01), (1.0, 0.15, 0.5)):
        probabilities = probabilities_of(logits, temperature)
        error = expected_calibration_error(probabilities.max(axis=1), probabilities.argmax(axis=1) == gold)
        assert low <= error <= high


def test_the_calibration_error_is_the_mean_gap_of_the_bins() -> None:
    confidence = np.array([1.0, 0.9, 0.95, 0.35])
    right = np.array([True, False, True, True])
    # .90 lies in bin 13 of 15; .95 and 1 in bin 14; .35 in bin 5.
    gaps = [abs(0 - 0.9), abs(2 - 1.95), abs(1 - 0.35)]
    assert expected_calibration_error(confidence, right) == pytest.approx(sum(gaps) / 4)
    rows = reliability(confidence, right)
    assert len(rows) == BINS and sum(row["count"] for row in rows) == 4
    assert rows[14] == {"confidence": 0.975, "accuracy": 1.0, "count": 2}
    assert rows[0] == {"confidence": None, "accuracy": None, "count": 0}
    weighted = sum(row["count"] * abs(row["accuracy"] - row["confidence"]) for row in rows if row["count"])
    assert weighted / 4 == pytest.approx(expected_calibration_error(confidence, right))


def test_no_items_have_no_calibration_error() -> None:
    assert expected_calibration_error(np.zeros(0), np.zeros(0, dtype=bool)) == 0


def test_the_smallest_margin_is_that_of_the_least_sure_token() -> None:
    probabilities = np.array([[0.7, 0.2, 0.1], [0.4, 0.5, 0.1], [0.05, 0.05, 0.9]])
    assert smallest_margins(probabilities, [2, 0, 1]) == pytest.approx([0.1, 1.0, 0.85])


@given(st.integers(0, 1000), st.integers(1, 400))
def test_the_margin_map_is_monotone_and_short(seed: int, count: int) -> None:
    rng = np.random.default_rng(seed)
    margins = np.round(rng.random(count), int(rng.integers(1, 9)))
    wrong = rng.random(count) > margins
    found = fit_margin_map(margins, wrong)
    assert 1 <= len(found.margin) == len(found.error_probability) <= MAX_KNOTS
    assert (np.diff(found.margin) > 0).all() and (np.diff(found.error_probability) <= 0).all()
    assert found.error_probability.min() >= 0 and found.error_probability.max() <= 1
    everywhere = found(np.linspace(-0.1, 1.1, 50))
    assert (np.diff(everywhere) <= 1e-12).all()


def test_the_margin_map_finds_the_chance_that_errors_were_drawn_at() -> None:
    rng = np.random.default_rng(1)
    margins = rng.random(40_000)
    chance = 0.8 * (1 - margins) ** 2
    wrong = rng.random(40_000) < chance
    found = fit_margin_map(margins, wrong)
    assert np.abs(found(margins) - chance).mean() < 0.02
    quality = margin_quality(found, margins, wrong, base_rate=float(wrong.mean()))
    assert quality["auroc"] > 0.7
    assert quality["brier"] < quality["brierOfBaseRate"] - 0.02
    assert quality["wrongShare"] == pytest.approx(wrong.mean(), abs=1e-5)


def test_a_map_of_answers_that_are_all_right_says_never_wrong() -> None:
    margins = np.array([0.2, 0.5, 0.9])
    found = fit_margin_map(margins, np.zeros(3, dtype=bool))
    assert found(np.array([0.0, 0.6, 1.0])) == pytest.approx([0, 0, 0])
    assert margin_quality(found, margins, np.zeros(3, dtype=bool), base_rate=0.0)["auroc"] is None


def test_nothing_to_fit_on_is_refused() -> None:
    with pytest.raises(ValueError, match="no tokens"):
        fit_temperature(np.zeros((0, len(LABELS))), np.zeros(0, dtype=np.int8))
    with pytest.raises(ValueError, match="no texts"):
        fit_margin_map(np.zeros(0), np.zeros(0, dtype=bool))


def test_spans_are_right_by_label_and_both_borders() -> None:
    o, b, i, other = 0, LABELS.index("B-PER"), LABELS.index("I-PER"), LABELS.index("B-LOC")
    split = split_of(
        [[b, i, o], [], [b, o, other], [b, i]],
        [[b, i, o], [], [b, i, other], [other, LABELS.index("I-LOC")]],
    )
    found = decode_split(split)
    assert found.spans.tolist() == [[0, 2], [3, 4], [5, 6], [6, 8]]
    assert found.span_right.tolist() == [True, False, True, False]
    assert found.text_wrong.tolist() == [False, False, True, True]


@given(st.integers(0, 1000), st.floats(0.1, 10))
def test_span_scores_are_those_of_the_decoder(seed: int, temperature: float) -> None:
    split = made_up_splits(seed=seed)["test"]
    found = decode_split(split)
    probabilities = probabilities_of(split.logits, temperature)
    scores = span_scores(probabilities[np.arange(len(found.path)), found.path], found.spans)
    served = []
    for end, length in zip(np.cumsum(split.lengths), split.lengths, strict=True):
        words = EncodedText(
            "a " * length,
            [7] * length,
            [(2 * at, 2 * at + 1) for at in range(length)],
            list(range(length)),
            [0] * length,
        )
        served += [
            span.score for span in decode(words, split.logits[end - length : end], temperature=temperature)[1]
        ]
    assert scores == pytest.approx(served)


def test_counts_of_other_logits_are_refused() -> None:
    split = split_of([[1, 0]], [[1, 0]])
    broken = EvaluatedSplit(split.logits, split.gold, split.lengths, split.counts + 1)
    with pytest.raises(ValueError, match="sentence 1 has 1 entities by its logits and 2 by its counts"):
        decode_split(broken)


def test_calibration_lowers_the_error_of_an_overconfident_model() -> None:
    splits = {}
    for split, seed in (("validation", 1), ("test", 2)):
        logits, gold = drawn(2.0, count=20_000, seed=seed)
        lengths = np.full(2000, 10, dtype=np.int32)
        splits[split] = EvaluatedSplit(logits, gold, lengths, counts_of(logits, gold, lengths))
    found = calibrate(splits)
    assert found["temperature"] == pytest.approx(2.0, rel=0.05)
    for split in ("validation", "test"):
        error = found["expectedCalibrationError"]["token"][split]
        assert error["after"] < error["before"] / 3
    assert len(found["reliability"]["test"]["after"]) == BINS
    found_map = MarginMap(
        *(np.array(found["marginToError"][part]) for part in ("margin", "errorProbability"))
    )
    assert found_map(np.zeros(1)) >= found_map(np.ones(1))


def test_a_file_of_other_arrays_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "full.npz"
    with pytest.raises(FileNotFoundError, match=r"run scripts\.evaluate first"):
        read_evaluated(path)
    path.write_bytes(b"not a zip file")
    with pytest.raises(ValueError, match=r"full\.npz: expected the arrays of scripts\.evaluate"):
        read_evaluated(path)
    arrays = {
        f"{split}_{part}": getattr(found, part)
        for split, found in made_up_splits().items()
        for part in ("logits", "gold", "lengths", "counts")
    }
    write_dump(path, "a" * 64, {**arrays, "test_lengths": arrays["test_lengths"][1:]})
    with pytest.raises(ValueError, match=r"test has .* which do not fit"):
        read_evaluated(path)
    write_dump(path, "a" * 64, arrays)
    with pytest.raises(ValueError, match="of another model file"):
        read_evaluated(path, "b" * 64)
    assert set(read_evaluated(path, "a" * 64)) == {"validation", "test"}


def test_the_script_writes_what_the_card_takes_and_refuses_another_model(
    run_script: Callable[..., subprocess.CompletedProcess[str]], tmp_path: Path
) -> None:
    command = ("calibrate", "--checkpoints", tmp_path, "--models", tmp_path / "models")
    smoke_evaluation(Places(None, tmp_path, tmp_path / "models"), "full")
    done = run_script(*command)
    assert done.returncode == 0, done.stderr
    written = json.loads((tmp_path / "calibration" / "full.json").read_text())
    assert written["temperature"] == pytest.approx(2.0, rel=0.3)  # of 60 made-up sentences
    assert written["fittedOn"] == "validation"

    again = run_script(*command)
    assert (again.returncode, "exists already; pass --force" in again.stderr) == (2, True)
    with (tmp_path / "models" / "full" / "model.onnx").open("ab") as model:
        model.write(b"\0")
    other = run_script(*command, "--force")
    assert (other.returncode, "is of another model file; run scripts.evaluate" in other.stderr) == (2, True)
