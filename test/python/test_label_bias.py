from __future__ import annotations

import itertools
import json
import subprocess
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import load_file, save_file

from scripts.lab import label_bias
from scripts.lab.decoding import forbidden_transitions
from scripts.lab.label_bias import (
    LabelledLogits,
    choose_label_bias,
    fit_label_bias,
    path_f1,
    path_log_likelihood,
)
from scripts.lab.labels import LABELS


def legal(path: tuple[int, ...]) -> bool:
    start, step = forbidden_transitions()
    return np.isfinite(start[path[0]] + sum(step[pair] for pair in itertools.pairwise(path)))


def planted(texts: int, bias: np.ndarray, seed: int) -> LabelledLogits:
    """Texts whose gold paths are drawn from what the logits with `bias` say of legal paths; without it here."""
    rng = np.random.default_rng(seed)
    lengths = rng.integers(1, 4, texts)
    paths = {n: [p for p in itertools.product(range(len(LABELS)), repeat=n) if legal(p)] for n in (1, 2, 3)}
    logits, gold = [], []
    for length in lengths:
        rows = rng.normal(0, 2, (length, len(LABELS)))
        scores = np.array([sum((rows + bias)[i, label] for i, label in enumerate(p)) for p in paths[length]])
        chance = np.exp(scores - scores.max())
        gold.extend(paths[length][rng.choice(len(scores), p=chance / chance.sum())])
        logits.append(rows)
    return LabelledLogits(np.concatenate(logits), np.array(gold), lengths)


def test_the_likelihood_of_a_path_is_its_share_among_all_legal_ones() -> None:
    rng = np.random.default_rng(1)
    rows = rng.normal(0, 2, (3, len(LABELS)))
    paths = [p for p in itertools.product(range(len(LABELS)), repeat=3) if legal(p)]
    scores = np.array([sum(rows[i, label] for i, label in enumerate(p)) for p in paths])
    shares = np.exp(scores) / np.exp(scores).sum()

    start, step = (torch.from_numpy(array) for array in forbidden_transitions())
    padding = np.full((1, len(LABELS)), 7.0)  # must not count
    padded = torch.from_numpy(np.concatenate([rows, padding]))[None]
    mask = torch.tensor([[True, True, True, False]])
    for index in (0, 5, len(paths) - 1):
        gold = torch.tensor([[*paths[index], 0]])
        found = path_log_likelihood(padded, gold, mask, start, step)
        assert np.exp(found.item()) == pytest.approx(shares[index])


def test_a_planted_bias_is_found_and_raises_the_f1_of_other_texts() -> None:
    bias = np.array([0.0, 1.5, -1, 0, 0.5, -1.5, 1, 0, 2])
    texts = planted(1500, bias, seed=1)
    found = fit_label_bias(texts)
    assert found[0] == 0
    np.testing.assert_allclose(found, bias, atol=0.4)
    others = planted(500, bias, seed=2)
    assert path_f1(others, found) > path_f1(others, np.zeros(len(LABELS))) + 0.02
    choice = choose_label_bias(texts, repeats=1, seed=1)
    assert min(choice.gains) > 0
    np.testing.assert_array_equal(choice.bias, choice.fitted)


def test_a_bias_that_does_not_help_on_other_halves_is_not_added(monkeypatch: pytest.MonkeyPatch) -> None:
    texts = planted(50, np.ones(len(LABELS)), seed=1)
    monkeypatch.setattr(label_bias, "gains_on_other_halves", lambda *_, **__: [-0.001, 0.002, -0.003])
    choice = choose_label_bias(texts, repeats=1, seed=1)
    assert not choice.bias.any()
    assert choice.fitted.any()


def test_texts_without_tokens_do_not_matter_and_a_split_without_any_is_refused() -> None:
    texts = planted(50, np.zeros(len(LABELS)), seed=3)
    with_empty = LabelledLogits(texts.logits, texts.gold, np.concatenate([[0], texts.lengths, [0]]))
    np.testing.assert_allclose(fit_label_bias(with_empty), fit_label_bias(texts))
    nothing = LabelledLogits(np.zeros((0, len(LABELS))), np.zeros(0, dtype=np.int64), np.array([0]))
    with pytest.raises(ValueError, match="no tokens"):
        fit_label_bias(nothing)


def test_a_checkpoint_is_fitted_once_and_anew_from_the_classifier_without_its_bias(
    run_script: Callable[..., subprocess.CompletedProcess[str]], tmp_path: Path
) -> None:
    from scripts.lab.model import save_checkpoint
    from scripts.lab.smoke import small_model, small_tokenizer
    from scripts.lab.smoke_corpus import write_smoke_corpus

    checkpoint = tmp_path / "checkpoints" / "full"
    tokenizer = small_tokenizer()
    model = small_model(tokenizer.get_vocab_size(), layers=1)
    save_checkpoint(model, tokenizer, checkpoint)
    data = write_smoke_corpus(tmp_path / "data")
    arguments = ("fit_label_bias", "--data", data, "--checkpoints", tmp_path / "checkpoints")

    def without_bias() -> torch.Tensor:
        record = json.loads((checkpoint / "label-bias.json").read_text())
        bias = torch.tensor([record["bias"][label] for label in LABELS])
        return load_file(checkpoint / "model.safetensors")["classifier.bias"] - bias

    done = run_script(*arguments)
    assert done.returncode == 0, done.stderr
    torch.testing.assert_close(without_bias(), model.classifier.bias.detach())
    again = run_script(*arguments)
    assert (again.returncode, "exists already; pass --force" in again.stderr) == (2, True)

    # As if another bias had been added before.
    weights = load_file(checkpoint / "model.safetensors")
    earlier = torch.arange(len(LABELS)) / 10
    weights["classifier.bias"] = model.classifier.bias.detach() + earlier
    save_file(weights, checkpoint / "model.safetensors", metadata={"format": "pt"})
    bias = dict(zip(LABELS, earlier.tolist(), strict=True))
    (checkpoint / "label-bias.json").write_text(json.dumps({"bias": bias}))
    forced = run_script(*arguments, "--force")
    assert forced.returncode == 0, forced.stderr
    torch.testing.assert_close(without_bias(), model.classifier.bias.detach())
    untouched = load_file(checkpoint / "model.safetensors")["classifier.weight"]
    assert torch.equal(untouched, model.classifier.weight.detach())
