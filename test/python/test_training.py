from __future__ import annotations

import argparse
import copy
import random
from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from tokenizers import Tokenizer
from transformers import BertForTokenClassification

from scripts.lab.adversarial import add_adversarial_gradients
from scripts.lab.arguments import add_training_arguments
from scripts.lab.batches import Batch, training_batches
from scripts.lab.compute import device_for
from scripts.lab.corpus import Sentence
from scripts.lab.dropout import ByteDropout, set_dropout
from scripts.lab.layer_shapes import LayerShape
from scripts.lab.shrink import keep_units, unit_importance
from scripts.lab.smoke import small_model
from scripts.lab.training import TrainingSettings, train

SENTENCES = [
    Sentence(("Ada", "Lovelace", "met", "Acme"), ("B-PER", "I-PER", "O", "B-ORG"), 1),
    Sentence(("It", "rained", "in", "Lima"), ("O", "O", "O", "B-LOC"), 1),
]

Tagger = BertForTokenClassification


@pytest.fixture
def batch(tokenizer: Tokenizer) -> Batch:
    (found,) = training_batches(SENTENCES, tokenizer, batch_size=2, case_types=True, rng=random.Random(1))
    return found


@pytest.fixture
def model(tokenizer: Tokenizer) -> Tagger:
    return small_model(tokenizer.get_vocab_size(), layers=2)


def cross_entropy(tagger: Tagger, batch: Batch) -> torch.Tensor:
    return tagger(**batch.inputs(), labels=batch.labels).loss


def word_table(model: Tagger) -> torch.nn.Parameter:
    return model.bert.embeddings.word_embeddings.weight


def test_adversarial_gradients_are_those_of_the_table_moved_along_its_gradient(
    model: Tagger, batch: Batch
) -> None:
    model.eval()
    expected = copy.deepcopy(model)
    cross_entropy(expected, batch).backward()
    table = word_table(expected)
    with torch.no_grad():
        table.add_(table.grad * (0.5 / table.grad.norm()))
    cross_entropy(expected, batch).backward()

    before = word_table(model).detach().clone()
    cross_entropy(model, batch).backward()
    plain = cross_entropy(model, batch).item()
    seen: list[float] = []

    def loss(tagger: Tagger, placed: Batch) -> torch.Tensor:
        value = cross_entropy(tagger, placed)
        seen.append(value.item())
        return value

    add_adversarial_gradients(model, batch, loss, 0.5)

    assert seen[0] > plain, "the perturbation should raise the loss"
    assert torch.equal(word_table(model), before), "not one bit of the table may change"
    for mine, its in zip(model.parameters(), expected.parameters(), strict=True):
        torch.testing.assert_close(mine.grad, its.grad, atol=1e-5, rtol=1e-3)


def test_adversarial_step_puts_the_table_back_when_the_loss_fails(model: Tagger, batch: Batch) -> None:
    before = word_table(model).detach().clone()
    with pytest.raises(ValueError, match="gradient of the word embeddings"):
        add_adversarial_gradients(model, batch, cross_entropy, 1.0)
    cross_entropy(model, batch).backward()

    def broken(_: Tagger, __: Batch) -> torch.Tensor:
        raise RuntimeError("interrupted")

    with pytest.raises(RuntimeError, match="interrupted"):
        add_adversarial_gradients(model, batch, broken, 1.0)
    assert torch.equal(word_table(model), before)


@pytest.mark.parametrize("share", [0.1, 0.5])
def test_dropout_drops_its_share_and_keeps_the_mean(share: float) -> None:
    dropout = ByteDropout(share)
    values = torch.ones(513, 1001)  # not a multiple of the eight values of one random number
    torch.manual_seed(1)
    dropped = dropout(values)
    assert (dropped == 0).float().mean().item() == pytest.approx(round(share * 256) / 256, abs=0.003)
    assert dropped.mean().item() == pytest.approx(1, abs=0.005)
    assert len(dropped.unique()) == 2
    torch.manual_seed(1)
    assert torch.equal(dropout(values), dropped), "the seed should repeat the mask"
    assert not torch.equal(dropout(values), dropped)
    assert dropout.eval()(values) is values
    assert ByteDropout(0)(values) is values
    assert torch.isfinite(ByteDropout(0.9999)(values)).all()


def test_dropout_is_off_in_attention_and_reaches_models_with_missing_parts(
    model: Tagger, batch: Batch
) -> None:
    cut = keep_units(model, unit_importance(model, [batch]), [LayerShape(0, 8), LayerShape(2, 0)])
    for tagger in (model, cut):
        set_dropout(tagger, 0.25)
        tagger.train()
        assert not torch.equal(tagger(**batch.inputs()).logits, tagger(**batch.inputs()).logits)
        shares = [module.p for module in tagger.modules() if isinstance(module, torch.nn.Dropout)]
        assert not any(shares)
        assert tagger.config.hidden_dropout_prob == 0.25
        assert tagger.config.attention_probs_dropout_prob == 0
        set_dropout(tagger, 0)
        assert torch.equal(tagger(**batch.inputs()).logits, tagger(**batch.inputs()).logits)
    with pytest.raises(ValueError, match=r"--dropout 1.0: expected at least 0 and less than 1"):
        set_dropout(model, 1.0)


def test_cuda_is_refused_where_there_is_none() -> None:
    assert device_for("cpu") == torch.device("cpu")
    if torch.cuda.is_available():
        pytest.skip("there is a CUDA device")
    assert device_for("auto") == torch.device("cpu")
    with pytest.raises(ValueError, match="--device cuda: PyTorch sees no CUDA device"):
        device_for("cuda")


@pytest.mark.parametrize("size", ["-1", "nan", "inf"])
def test_a_perturbation_of_no_sensible_size_is_refused(size: str, capsys: pytest.CaptureFixture[str]) -> None:
    parser = argparse.ArgumentParser()
    add_training_arguments(parser.add_argument_group("training"), adversarial=1.0, dropout=0.1)
    with pytest.raises(SystemExit):
        parser.parse_args([f"--adversarial={size}"])
    assert f"--adversarial: {size}: expected 0 or more" in capsys.readouterr().err


@pytest.fixture
def trained(model: Tagger, batch: Batch, tokenizer: Tokenizer, tmp_path: Path) -> Callable[..., Tagger]:
    def run(**settings: float | bool) -> Tagger:
        tagger = copy.deepcopy(model)
        train(
            tagger,
            tokenizer,
            case_types=True,
            settings=TrainingSettings(epochs=2, learning_rate=1e-2, bf16=False, **settings),
            epoch_batches=lambda _: [batch, batch],
            loss=cross_entropy,
            validation=SENTENCES,
            directory=tmp_path / "trained",
            meta={},
        )
        return tagger

    return run


@pytest.mark.parametrize("adversarial", [0.0, 0.5])
def test_frozen_word_embeddings_stay_and_the_rest_learns(
    model: Tagger, trained: Callable[..., Tagger], adversarial: float
) -> None:
    tagger = trained(freeze_embeddings=True, adversarial=adversarial)
    assert torch.equal(word_table(tagger), word_table(model))
    assert not torch.equal(tagger.classifier.weight, model.classifier.weight)


def test_words_that_no_text_has_keep_their_embeddings(
    model: Tagger, batch: Batch, trained: Callable[..., Tagger]
) -> None:
    tagger = trained(weight_decay=0.1)
    unused = torch.ones(len(word_table(model)), dtype=torch.bool)
    unused[batch.input_ids.unique()] = False
    assert torch.equal(word_table(tagger)[unused], word_table(model)[unused])
    assert not torch.equal(word_table(tagger)[~unused], word_table(model)[~unused])


def test_a_run_goes_on_within_an_epoch_as_if_it_had_not_been_stopped(
    model: Tagger, batch: Batch, tokenizer: Tokenizer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("scripts.lab.training.SAVE_EVERY_SECONDS", 0.0)
    set_dropout(model, 0.2)
    calls = 0

    def run(name: str, stop_at: int | None = None, epochs: int = 2) -> tuple[Tagger, dict[str, object]]:
        nonlocal calls
        calls = 0
        tagger = copy.deepcopy(model)

        def loss(own: Tagger, placed: Batch) -> torch.Tensor:
            nonlocal calls
            calls += 1
            if calls == stop_at:
                raise KeyboardInterrupt
            return cross_entropy(own, placed)

        record = train(
            tagger,
            tokenizer,
            case_types=True,
            settings=TrainingSettings(epochs=epochs, learning_rate=1e-2, bf16=False),
            epoch_batches=lambda _: [batch, batch, batch],
            loss=loss,
            validation=SENTENCES,
            directory=tmp_path / name,
            meta={},
        )
        return tagger, record

    whole, expected = run("whole")
    for stop_at in (3, 5):  # in the first epoch, of which nothing is kept yet, and in the second
        name = f"stopped-{stop_at}"
        with pytest.raises(KeyboardInterrupt):
            run(name, stop_at)
        resumed, record = run(name)
        assert calls == 6 - (stop_at - 1)
        for mine, its in zip(resumed.parameters(), whole.parameters(), strict=True):
            assert torch.equal(mine, its)
        assert [each["loss"] for each in record["history"]] == [each["loss"] for each in expected["history"]]

    with pytest.raises(KeyboardInterrupt):
        run("longer", 5)
    _, record = run("longer", epochs=3)
    assert [each["epoch"] for each in record["history"]] == [1, 2, 3]
    with pytest.raises(KeyboardInterrupt):
        run("shorter", 5)
    with pytest.raises(ValueError, match="is past epoch 1: pass more epochs"):
        run("shorter", epochs=1)
