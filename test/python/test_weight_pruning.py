"""Weight pruning: masks, scores and schedule, the two scripts on tiny data, and what the report makes of it."""

from __future__ import annotations

import copy
import json
import random
import runpy
import sys
from pathlib import Path

import numpy as np
import pytest
import torch
from tokenizers import Tokenizer
from transformers import BertForTokenClassification

from scripts.lab.arguments import Places
from scripts.lab.batches import Batch, training_batches
from scripts.lab.bootstrap import f1_of
from scripts.lab.corpus import Sentence
from scripts.lab.dropout import set_dropout
from scripts.lab.kept_records import Records
from scripts.lab.model import load_checkpoint
from scripts.lab.reporting.made_up import made_up_places
from scripts.lab.reporting.made_up_weight_pruning import (
    write_made_up_sparse_row,
    write_made_up_weight_pruning,
)
from scripts.lab.reporting.weight_pruning import read_weight_pruning, sections
from scripts.lab.reporting.wording import figure
from scripts.lab.smoke import small_model, small_tokenizer
from scripts.lab.training import TrainingSettings, parameter_groups, saved_state, train
from scripts.lab.weight_masks import BEGIN, METHODS, MaskedLinear, WeightPruning, share_at
from scripts.lab.weight_pruning_rows import DENSE, ROWS

Tagger = BertForTokenClassification
SENTENCES = [
    Sentence(("Ada", "Lovelace", "met", "Acme"), ("B-PER", "I-PER", "O", "B-ORG"), 1),
    Sentence(("It", "rained", "in", "Lima"), ("O", "O", "O", "B-LOC"), 1),
]


@pytest.fixture(scope="module")
def tiny() -> Tokenizer:
    return small_tokenizer()


@pytest.fixture
def model(tiny: Tokenizer) -> Tagger:
    return small_model(tiny.get_vocab_size(), layers=2).eval()


@pytest.fixture(scope="module")
def batch(tiny: Tokenizer) -> Batch:
    (found,) = training_batches(SENTENCES, tiny, batch_size=2, case_types=True, rng=random.Random(1))
    return found


def linears(model: Tagger) -> dict[str, torch.nn.Linear]:
    found = model.bert.encoder.named_modules()
    return {name: module for name, module in found if isinstance(module, torch.nn.Linear)}


def run_here(monkeypatch: pytest.MonkeyPatch, script: str, *arguments: object) -> int:
    """The exit status of a script that is run in this process."""
    monkeypatch.setattr(sys, "argv", [script, *map(str, arguments)])
    try:
        runpy.run_module(f"scripts.{script}", run_name="__main__")
    except SystemExit as stop:
        return int(stop.code or 0)
    return 0


def test_the_share_grows_with_the_cube_of_the_time_that_is_left() -> None:
    assert share_at(0, 0.9, 0.7) == share_at(BEGIN - 1e-9, 0.9, 0.7) == share_at(BEGIN, 0.9, 0.7) == 0
    assert share_at((BEGIN + 0.7) / 2, 0.8, 0.7) == pytest.approx(0.8 * 7 / 8)
    assert share_at(0.7, 0.9, 0.7) == share_at(3.0, 0.9, 0.7) == 0.9
    shares = [share_at(done / 100, 0.5, 0.7) for done in range(100)]
    assert shares == sorted(shares)


@pytest.mark.parametrize("share", [0.5, 0.7, 0.9])
def test_at_once_the_smallest_weights_of_each_matrix_go_and_nothing_else(model: Tagger, share: float) -> None:
    before = copy.deepcopy(model.state_dict())
    pruned = WeightPruning(share, "magnitude").at_once(model)
    assert all(torch.equal(model.state_dict()[name], value) for name, value in before.items())
    assert set(pruned.state_dict()) == set(before), "a plain model, without masks"
    assert len(linears(pruned)) == 12
    for name, linear in linears(pruned).items():
        assert type(linear) is torch.nn.Linear
        old = before[f"bert.encoder.{name}.weight"]
        hidden = linear.weight == 0
        assert int(hidden.sum()) == round(share * old.numel())
        assert old[hidden].abs().max() <= old[~hidden].abs().min()
        assert torch.equal(linear.weight[~hidden], old[~hidden])
    touched = {f"bert.encoder.{name}.weight" for name in linears(pruned)}
    for name, value in pruned.state_dict().items():
        assert name in touched or torch.equal(value, before[name]), name


def test_the_gradient_of_scores_is_weight_times_gradient_of_what_the_model_computes_with(
    model: Tagger, batch: Batch
) -> None:
    masked = WeightPruning(0.5, "movement").masked(model)
    path, layer = next((name, linear) for name, linear in linears(masked).items() if "query" in name)
    layer.kept[0] = False
    # The same model with zeros in place of what is hidden.
    plain = copy.deepcopy(model)
    with torch.no_grad():
        linears(plain)[path].weight[0] = 0
    plain(**batch.inputs(), labels=batch.labels).loss.backward()
    expected = linears(plain)[path].weight.grad

    set_dropout(masked, 0)
    masked.train()
    for passes in (1, 2):
        masked(**batch.inputs(), labels=batch.labels).loss.backward()
        wanted = passes * expected * layer.weight
        torch.testing.assert_close(layer.scores.grad, wanted, atol=1e-6, rtol=1e-4)
    assert layer.scores.grad[0].abs().max() > 0, "hidden weights are judged too, so that they can come back"
    assert not layer.weight.grad[0].any()
    torch.testing.assert_close(layer.weight.grad[1:], 2 * expected[1:], atol=1e-6, rtol=1e-4)
    fresh = MaskedLinear(copy.deepcopy(linears(model)[path]), "movement", WeightPruning.score_start)
    assert torch.equal(layer.scores, fresh.scores), "they move by the optimizer alone"


def test_where_everything_is_kept_a_score_has_the_gradient_that_a_mask_of_numbers_has(
    model: Tagger, batch: Batch
) -> None:
    masked = WeightPruning(0.5, "movement").masked(model)
    masked(**batch.inputs(), labels=batch.labels).loss.backward()
    found = {name: layer.scores.grad for name, layer in linears(masked).items()}
    assert len(found) == 12
    for name, gradient in found.items():
        mask = torch.ones_like(gradient, requires_grad=True)
        weights = {f"bert.encoder.{name}.weight": linears(model)[name].weight.detach() * mask}
        inputs = {**batch.inputs(), "labels": batch.labels}
        torch.func.functional_call(model, weights, kwargs=inputs).loss.backward()
        torch.testing.assert_close(gradient, mask.grad, atol=1e-6, rtol=1e-4)


@pytest.mark.parametrize("start", [0.0, 0.5])
def test_scores_begin_as_their_weights_are_large(start: float) -> None:
    linear = torch.nn.Linear(8, 4)
    layer = MaskedLinear(linear, "movement", start)
    sizes = linear.weight.detach().abs()
    torch.testing.assert_close(layer.scores.detach(), start * sizes / sizes.mean())
    if start:
        layer.hide(0.25)
        assert sizes[~layer.kept].max() <= sizes[layer.kept].min(), "as by magnitude, until they are learnt"
    assert MaskedLinear(linear, "magnitude", start).scores is None


def test_scores_have_a_rate_of_their_own_and_weights_those_that_they_have_without(model: Tagger) -> None:
    settings = TrainingSettings(epochs=1, learning_rate=1e-3, layer_decay=0.5)
    pruning = WeightPruning(0.5, "movement", score_lr=0.03)
    masked = pruning.masked(model)
    (scores,) = pruning.parameter_groups(masked)
    assert (scores["lr"], scores["peak"], scores["weight_decay"]) == (0.03, 0.03, 0.0)
    assert [id(score) for score in scores["params"]] == [
        id(layer.scores) for layer in linears(masked).values()
    ]
    apart = parameter_groups(masked, settings, scores["params"])
    plain = parameter_groups(model, settings)
    assert [(group["lr"], group["weight_decay"]) for group in apart] == [
        (group["lr"], group["weight_decay"]) for group in plain
    ]
    for mine, its in zip(apart, plain, strict=True):
        assert all(torch.equal(a, b) for a, b in zip(mine["params"], its["params"], strict=True))
    magnitude = WeightPruning(0.5, "magnitude")
    assert magnitude.parameter_groups(magnitude.masked(model)) == []


def test_by_movement_the_lowest_scores_are_hidden_and_what_rises_comes_back() -> None:
    linear = torch.nn.Linear(4, 2)
    before = linear.weight.detach().clone()
    layer = MaskedLinear(linear, "movement").eval()
    with torch.no_grad():
        layer.scores.copy_(torch.tensor([[3.0, -1.0, 2.0, -4.0], [0.5, 0.0, 1.0, -2.0]]))
    layer.hide(0.5)
    assert layer.kept.tolist() == [[True, False, True, False], [True, False, True, False]]
    with torch.no_grad():
        layer.scores[0, 3] = 9.0
    layer.hide(0.5)
    assert layer.kept[0, 3] and int(layer.kept.sum()) == 4
    value = torch.eye(4)
    expected = (before * layer.kept).T + linear.bias
    torch.testing.assert_close(layer(value), expected)
    assert torch.equal(layer.weight, before), "values of hidden weights are kept"


def test_small_weights_that_are_missed_come_back_within_tens_of_steps_for_large_ones_that_harm() -> None:
    torch.manual_seed(1)
    layer = MaskedLinear(torch.nn.Linear(8, 4, bias=True), "movement")
    useful = torch.arange(8) < 4
    with torch.no_grad():
        layer.weight.copy_(torch.where(useful, 0.1, 1.0))
        layer.bias.zero_()
        layer.kept.copy_((~useful).expand(4, 8))
    value = torch.randn(64, 8)
    target = value @ (layer.weight.detach() * useful).T
    optimizer = torch.optim.AdamW([layer.scores], lr=WeightPruning.score_lr, weight_decay=0.0)
    for _ in range(40):
        optimizer.zero_grad()
        torch.nn.functional.mse_loss(layer(value), target).backward()
        optimizer.step()
        layer.hide(0.5)
    assert torch.equal(layer.kept, useful.expand(4, 8))


def train_pruned(
    model: Tagger, tiny: Tokenizer, batch: Batch, directory: Path, method: str, *, stop_in: int | None = None
) -> Tagger:
    """Two epochs of six steps; `stop_in` interrupts this epoch within."""
    pruning = WeightPruning(0.7, method)
    seen = 0

    def loss(tagger: Tagger, placed: Batch) -> torch.Tensor:
        nonlocal seen
        seen += 1
        if stop_in is not None and seen > 6 * stop_in + 3:
            raise KeyboardInterrupt
        return tagger(**placed.inputs(), labels=placed.labels).loss

    train(
        pruning.masked(model),
        tiny,
        case_types=True,
        settings=TrainingSettings(epochs=2, learning_rate=2e-3, bf16=False),
        epoch_batches=lambda _: [batch] * 6,
        loss=loss,
        validation=SENTENCES,
        directory=directory,
        meta={},
        constraint=pruning,
    )
    return load_checkpoint(directory)[0]


@pytest.mark.parametrize("method", METHODS)
def test_a_trained_model_has_exactly_its_share_of_zeros_and_goes_on_where_it_was(
    model: Tagger, tiny: Tokenizer, batch: Batch, tmp_path: Path, method: str
) -> None:
    whole = train_pruned(model, tiny, batch, tmp_path / "whole", method)
    for name, linear in linears(whole).items():
        assert int((linear.weight == 0).sum()) == round(0.7 * linear.weight.numel())
        assert not torch.equal(linear.weight, linears(model)[name].weight), "those that stay are trained"
    settings = json.loads((tmp_path / "whole" / "training.json").read_text())["settings"]
    of_scores = {"score_lr": 0.01, "score_start": 1.0} if method == "movement" else {}
    assert settings["weightPruning"] == {"share": 0.7, "method": method, "ramp": 0.7, **of_scores}

    with pytest.raises(KeyboardInterrupt):
        train_pruned(model, tiny, batch, tmp_path / "stopped", method, stop_in=1)
    assert not (tmp_path / "stopped").exists()
    saved = saved_state(tmp_path / "stopped")
    scores = [name for name in saved["model"] if name.endswith(".scores")]
    assert len(scores) == (12 if method == "movement" else 0)
    start = WeightPruning(0.7, method).masked(model).state_dict()
    for name in scores:
        assert not torch.equal(saved["model"][name], start[name])
        assert torch.equal(saved["averaged"][name], start[name]), "scores are not averaged"
    other = METHODS[1 - METHODS.index(method)]
    with pytest.raises(ValueError, match="made with other settings"):
        train_pruned(model, tiny, batch, tmp_path / "stopped", other)
    resumed = train_pruned(model, tiny, batch, tmp_path / "stopped", method)
    for name, value in whole.state_dict().items():
        assert torch.equal(resumed.state_dict()[name], value), name


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("--share", "1"), "--share 1: expected more than 0 and less than 1"),
        (("--share", "nan"), "--share nan: expected more than 0"),
        (("--ramp", "0.1"), "--ramp 0.1: expected more than 0.1 and at most 1"),
        (("--epochs", "-1"), "--epochs -1: expected 0 (without training) or more"),
        (("--method", "movement", "--epochs", "0"), "--method movement judges by what training does"),
        (("--teacher", "none"), "none: no checkpoint there"),
    ],
)
def test_wrong_input_of_prune_weights_ends_with_one_line(
    pruned: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    arguments: tuple[str, ...],
    message: str,
) -> None:
    capsys.readouterr()
    places = ("--data", pruned / "data", "--checkpoints", pruned)
    status = run_here(monkeypatch, "prune_weights", *places, "--name", "wrong", *arguments)
    error = capsys.readouterr().err
    assert (status, error.count("\n"), message in error) == (2, 1, True), error
    assert not (pruned / "wrong").exists()


@pytest.fixture(scope="module")
def pruned(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two rows beside the dense one, by the script."""
    checkpoints = tmp_path_factory.mktemp("weight-pruning")
    with pytest.MonkeyPatch.context() as patch:
        arguments = ("--smoke", "--checkpoints", checkpoints, "--only", "movement-90")
        assert run_here(patch, "compare_weight_pruning", *arguments) == 0
    return checkpoints / "smoke"


def test_rows_are_trained_and_measured_and_those_that_are_there_are_left(
    pruned: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    found = {path.stem: json.loads(path.read_text()) for path in (pruned / "weight-pruning").glob("*.json")}
    assert sorted(found) == [DENSE, "movement-90"]
    dense, sparse = found[DENSE], found["movement-90"]
    assert sparse["zeros"]["encoder"] == pytest.approx(0.9, abs=0.01)
    assert dense["zeros"]["encoder"] < 0.01 and 0 < sparse["zeros"]["all"] < 0.9
    assert sparse["sizeBytes"] == dense["sizeBytes"], "zeros take as many bytes as other numbers"
    assert sparse["gzipBytes"] < dense["gzipBytes"]
    assert (dense["steps"], sparse["steps"]) == (0, 2)
    assert "--method movement --share 0.9" in sparse["command"] and str(pruned) not in json.dumps(found)
    for row in found.values():
        assert set(row["speedup"]) == {"1x8", "1x32", "1x128", "8x32"}
        with np.load(pruned / "weight-pruning" / f"{row['name']}.npz") as counts:
            for split in ("validation", "test"):
                assert float(f1_of(counts[split].sum(axis=0))) == pytest.approx(row["f1"][split], abs=1e-5)
    assert not list(pruned.glob("weight-pruning-*")), "the weights of rows are not kept"
    rows = read_weight_pruning(Records(Places(None, pruned, pruned / "models")), resamples=50, seed=1)
    assert [row.name for row in rows.rows] == [DENSE, "movement-90"]

    places = ("--data", pruned / "data", "--checkpoints", pruned)
    capsys.readouterr()
    assert run_here(monkeypatch, "compare_weight_pruning", *places, "--only", "movement-90") == 0
    assert "movement-90.json is there" in capsys.readouterr().out
    assert run_here(monkeypatch, "compare_weight_pruning", *places, "--only", "movement-95") == 2
    assert "--only movement-95: no such row; there are dense, magnitude-50" in capsys.readouterr().err
    path = pruned / "weight-pruning" / f"{DENSE}.json"
    path.write_text(json.dumps({**dense, "teacherSha256": "0"}))
    assert run_here(monkeypatch, "compare_weight_pruning", *places, "--only", "movement-90") == 2
    assert "dense.json: it is of another full; pass --force" in capsys.readouterr().err
    path.write_text(json.dumps(dense))


def test_without_training_a_checkpoint_is_made_too(
    pruned: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    arguments = ("--data", pruned / "data", "--checkpoints", pruned, "--share", "0.5", "--epochs", "0")
    assert run_here(monkeypatch, "prune_weights", *arguments) == 0
    assert "magnitude-50: 50% of the encoder's linear weights are zero" in capsys.readouterr().out
    record = json.loads((pruned / "magnitude-50" / "training.json").read_text())
    assert (record["history"], record["parent"], record["caseTypes"]) == ([], "full", True)
    teacher = load_checkpoint(pruned / "full")[0]
    expected = WeightPruning(0.5, "magnitude").at_once(teacher).state_dict()
    found = load_checkpoint(pruned / "magnitude-50")[0].state_dict()
    assert all(torch.equal(found[name], value) for name, value in expected.items())
    assert run_here(monkeypatch, "prune_weights", *arguments) == 2
    assert "magnitude-50 exists already; pass --force" in capsys.readouterr().err


def test_the_report_has_each_row_and_says_what_is_gained(tmp_path: Path) -> None:
    places = made_up_places(tmp_path)
    assert read_weight_pruning(Records(places), resamples=50, seed=1) is None
    write_made_up_weight_pruning(places)
    found = read_weight_pruning(Records(places), resamples=200, seed=1)
    assert [row.name for row in found.rows] == [row.name for row in ROWS]
    text = "\n\n".join(sections(found))
    for row in found.rows:
        line = next(line for line in text.splitlines() if line.startswith(f"| `{row.name}`"))
        with np.load(places.checkpoints / "weight-pruning" / f"{row.name}.npz") as counts:
            for split in ("validation", "test"):
                assert figure(float(f1_of(counts[split].sum(axis=0)))) in line
        assert f"| {row.facts['share']:.1%} |" in line
    assert "a pruned file is as large as the dense one" in text
    assert "8% go without any pruning" in text
    assert "Time at 1x32: 1.00 to 1.00 times the speed" in text and "no row is in every round faster" in text
    best = max(
        (row for row in found.sparse if row.facts["share"] == 0.9),
        key=lambda row: row.quality.validation.value,
    )
    assert f"Best on validation at 90%: `{best.name}`, {figure(best.quality.validation.value)}" in text
    assert "Not measured" not in text

    path = places.measurement("weight-pruning", "magnitude-90")
    fast = json.loads(path.read_text())
    fast["speedup"]["1x32"] = {"median": 2.0, "min": 1.5, "max": 2.2}
    fast["sizeBytes"] //= 2
    path.write_text(json.dumps(fast))
    places.measurement("weight-pruning", "movement-50").unlink()
    text = "\n\n".join(sections(read_weight_pruning(Records(places), resamples=50, seed=1)))
    assert "in every round faster than the dense file ever was against itself: `magnitude-90`." in text
    assert "a pruned file has 50.0% to 100.0% of its bytes" in text
    assert text.endswith("Not measured for this report: `movement-50`.")


def test_rows_that_cannot_be_compared_and_damaged_ones_are_refused(tmp_path: Path) -> None:
    places = made_up_places(tmp_path)
    rows = {row.name: row for row in ROWS}
    write_made_up_sparse_row(places, rows["movement-50"], right=0.8, seed=1)
    with pytest.raises(FileNotFoundError, match=r"dense\.json: no such file; run scripts\.compare_weight"):
        read_weight_pruning(Records(places), resamples=50, seed=1)
    write_made_up_sparse_row(places, rows[DENSE], right=0.9, seed=1)
    path = write_made_up_sparse_row(places, rows["magnitude-50"], right=0.8, seed=1, steps=99)
    with pytest.raises(
        ValueError,
        match=r"movement-50\.json: of another number of steps or batch than \S+magnitude-50\.json.* --force",
    ):
        read_weight_pruning(Records(places), resamples=50, seed=1)
    write_made_up_sparse_row(places, rows["magnitude-50"], right=0.8, seed=1, teacher="1" * 64)
    with pytest.raises(ValueError, match=r"magnitude-50\.json: of another teacher than \S+dense\.json"):
        read_weight_pruning(Records(places), resamples=50, seed=1)
    write_made_up_sparse_row(places, rows["magnitude-50"], right=0.8, seed=1)
    path.with_suffix(".npz").write_bytes(b"torn")
    with pytest.raises(ValueError, match=r"magnitude-50\.npz: damaged \("):
        read_weight_pruning(Records(places), resamples=50, seed=1)
