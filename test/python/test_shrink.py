from __future__ import annotations

import json
from pathlib import Path

import pytest
import torch

from scripts.lab.batches import Batch
from scripts.lab.distillation import even_matches
from scripts.lab.layer_shapes import LayerShape, shapes_of
from scripts.lab.model import load_checkpoint, save_checkpoint
from scripts.lab.shrink import keep_channels, keep_layers, keep_units, measured_loss, unit_importance
from scripts.lab.smoke import small_model, small_tokenizer


def some_batch() -> Batch:
    torch.manual_seed(1)
    ids = torch.randint(0, 50, (2, 6))
    return Batch(ids, torch.ones_like(ids), torch.zeros_like(ids), torch.randint(0, 9, (2, 6)))


def test_keeping_all_channels_changes_nothing_and_half_halves_them() -> None:
    model, batch = small_model(50, layers=2).eval(), some_batch()
    scores = unit_importance(model, [batch])
    with torch.no_grad():
        expected = model(**batch.inputs()).logits
        whole = keep_channels(model, scores, 1.0).eval()
        assert torch.allclose(whole(**batch.inputs()).logits, expected, atol=1e-6)
        half = keep_channels(model, scores, 0.5).eval()
        assert half.bert.encoder.layer[1].intermediate.dense.weight.shape == (32, 32)
        assert half(**batch.inputs()).logits.shape == expected.shape


def test_a_channel_without_effect_is_the_first_to_go() -> None:
    model = small_model(50, layers=1)
    with torch.no_grad():
        model.bert.encoder.layer[0].output.dense.weight[:, 5] = 0
        model.bert.encoder.layer[0].intermediate.dense.weight[5] = 0
        model.bert.encoder.layer[0].intermediate.dense.bias[5] = 0
    (units,) = unit_importance(model, [some_batch()])
    assert int(units.channels.argmin()) == 5


def test_kept_layers_are_copies() -> None:
    model = small_model(50, layers=4)
    kept = keep_layers(model, [0, 2])
    assert kept.config.num_hidden_layers == 2
    original = model.bert.encoder.layer[2].output.dense.weight
    assert torch.equal(kept.bert.encoder.layer[1].output.dense.weight, original)
    assert kept.bert.encoder.layer[1].output.dense.weight is not original


def test_a_student_layer_answers_for_the_layers_up_to_the_next_one() -> None:
    assert even_matches([0, 2, 4], 6) == [(0, 0), (1, 2), (2, 4), (3, 6)]
    assert even_matches(range(6), 6) == [(index, index) for index in range(7)]


@pytest.mark.parametrize("layers", [[], [2, 0], [0, 0], [0, 6], [-1]])
def test_layers_that_the_teacher_lacks_are_refused(layers: list[int]) -> None:
    with pytest.raises(ValueError, match="layers"):
        even_matches(layers, 6)


MIXED = [LayerShape(3, 10), LayerShape(0, 64), LayerShape(0, 0), LayerShape(4, 0)]


def logits_of(model: torch.nn.Module, batch: Batch) -> torch.Tensor:
    with torch.no_grad():
        return model.eval()(**batch.inputs()).logits


def test_keeping_all_units_is_exactly_the_uncut_model() -> None:
    model, batch = small_model(50, layers=2), some_batch()
    kept = keep_units(model, unit_importance(model, [batch]), [LayerShape(4, 64)] * 2)
    assert torch.equal(logits_of(kept, batch), logits_of(model, batch))


def test_cutting_units_is_the_same_as_writing_nothing_from_them() -> None:
    model, batch = small_model(50, layers=2), some_batch()
    importance = unit_importance(model, [batch])
    shapes = [LayerShape(3, 0), LayerShape(0, 40)]
    cut = keep_units(model, importance, shapes)
    assert shapes_of(cut) == shapes
    with torch.no_grad():
        for layer, units, shape in zip(model.bert.encoder.layer, importance, shapes, strict=True):
            for head in units.heads.argsort(descending=True)[shape.heads :].tolist():
                layer.attention.output.dense.weight[:, 8 * head : 8 * head + 8] = 0
            for channel in units.channels.argsort(descending=True)[shape.ffn :].tolist():
                layer.output.dense.weight[:, channel] = 0
    assert torch.allclose(logits_of(cut, batch), logits_of(model, batch), atol=1e-5)


def test_a_head_without_effect_is_the_first_to_go() -> None:
    model = small_model(50, layers=1)
    attention = model.bert.encoder.layer[0].attention
    with torch.no_grad():
        attention.output.dense.weight[:, 16:24] = 0
    (units,) = unit_importance(model, [some_batch()])
    assert units.heads.shape == (4,)
    assert int(units.heads.argmin()) == 2
    assert float(units.heads[2]) == pytest.approx(0, abs=1e-6)


def test_a_layer_without_units_is_gone_and_the_others_remember_their_shapes(tmp_path: Path) -> None:
    model, batch = small_model(120, layers=4), some_batch()
    cut = keep_units(model, unit_importance(model, [batch]), MIXED)
    assert shapes_of(cut) == [shape for shape in MIXED if any(shape)]
    assert cut.config.num_hidden_layers == 3
    save_checkpoint(cut, small_tokenizer(), tmp_path / "cut")
    loaded, _, case_types = load_checkpoint(tmp_path / "cut")
    assert case_types
    assert shapes_of(loaded) == shapes_of(cut)
    assert torch.equal(logits_of(loaded, batch), logits_of(cut, batch))
    taught = loaded(**batch.inputs(), output_hidden_states=True).hidden_states
    assert len(taught) == 4


def test_every_weight_of_a_cut_model_learns() -> None:
    model, batch = small_model(50, layers=4), some_batch()
    cut = keep_units(model, unit_importance(model, [batch]), MIXED).train()
    cut(**batch.inputs(), labels=batch.labels).loss.backward()
    assert [name for name, weight in cut.named_parameters() if weight.grad is None] == []


def test_shapes_that_do_not_fit_are_refused(tmp_path: Path) -> None:
    model = small_model(120, layers=2)
    importance = unit_importance(model, [some_batch()])
    with pytest.raises(ValueError, match="at most those of the model"):
        keep_units(model, importance, [LayerShape(5, 64), LayerShape(4, 64)])
    with pytest.raises(ValueError, match="no layer would be left"):
        keep_units(model, importance, [LayerShape(0, 0)] * 2)
    cut = keep_units(model, importance, [LayerShape(1, 8)] * 2)
    with pytest.raises(ValueError, match="not cut yet"):
        keep_channels(cut, importance, 0.5)
    save_checkpoint(cut, small_tokenizer(), tmp_path / "cut")
    config = tmp_path / "cut" / "config.json"
    broken = {**json.loads(config.read_text()), "layer_shapes": [{"heads": 9, "ffn": 8}]}
    config.write_text(json.dumps(broken))
    with pytest.raises(ValueError, match=r"config.json: layer_shapes .* expected 2 times"):
        load_checkpoint(tmp_path / "cut")


def test_the_measured_loss_weighs_batches_by_their_tokens() -> None:
    model, batch = small_model(50, layers=1), some_batch()
    rows = [
        Batch(*(tensor[row : row + 1] for tensor in (*batch.inputs().values(), batch.labels)))
        for row in (0, 1)
    ]
    rows[1].labels[:, 2:] = batch.labels[1:, 2:] = -100
    assert measured_loss(model, rows) == pytest.approx(measured_loss(model, [batch]), rel=1e-5)
