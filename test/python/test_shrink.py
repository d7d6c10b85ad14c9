from __future__ import annotations

import pytest
import torch

from scripts.lab.batches import Batch
from scripts.lab.distillation import even_matches
from scripts.lab.shrink import channel_importance, keep_channels, keep_layers
from scripts.lab.smoke import small_model


def some_batch() -> Batch:
    torch.manual_seed(1)
    ids = torch.randint(0, 50, (2, 6))
    return Batch(ids, torch.ones_like(ids), torch.zeros_like(ids), torch.randint(0, 9, (2, 6)))


def test_keeping_all_channels_changes_nothing_and_half_halves_them() -> None:
    model, batch = small_model(50, layers=2).eval(), some_batch()
    scores = channel_importance(model, [batch])
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
    (scores,) = channel_importance(model, [some_batch()])
    assert int(scores.argmin()) == 5


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
