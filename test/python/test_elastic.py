from __future__ import annotations

import copy
import json
import random
import subprocess
from collections.abc import Callable
from pathlib import Path

import numpy as np
import onnx
import pytest
import torch

from scripts.elastic import checked_widths, depths_of, started_from
from scripts.elastic_cuts import measured_before, shape_of
from scripts.lab.batches import IGNORED_LABEL, Batch
from scripts.lab.distillation import DistillationSettings
from scripts.lab.elastic_forward import run_in_shape
from scripts.lab.elastic_shapes import (
    ElasticShape,
    Sandwich,
    all_shapes,
    cut_to,
    importance_of,
    layer_shape,
    masked_to,
    sort_units,
    units_that_stay,
)
from scripts.lab.elastic_training import ElasticLoss
from scripts.lab.model import save_checkpoint
from scripts.lab.onnx_graph import tagger_graph
from scripts.lab.records import write_json
from scripts.lab.runtime import onnx_runner, open_session
from scripts.lab.smoke import small_model, small_tokenizer

DEPTHS = {4: [0, 1, 2, 3], 2: [0, 3]}
SHAPES = [*all_shapes(DEPTHS), ElasticShape((0, 2, 3), 0.5, 1.0), ElasticShape((1,), 1.0, 0.25)]


def some_batch(seed: int = 1) -> Batch:
    torch.manual_seed(seed)
    ids = torch.randint(0, 50, (3, 9))
    mask = torch.ones_like(ids)
    mask[1, 6:] = 0
    labels = torch.randint(0, 9, ids.shape).masked_fill(mask == 0, IGNORED_LABEL)
    return Batch(ids, mask, torch.randint(0, 5, ids.shape), labels)


def logits_of(model: torch.nn.Module, batch: Batch) -> torch.Tensor:
    with torch.no_grad():
        return model.eval()(**batch.inputs()).logits[batch.attention_mask == 1]


def test_sorting_the_units_changes_no_answer_and_leaves_the_important_ones_first() -> None:
    model = small_model(50, layers=3)
    with torch.no_grad():
        model.bert.encoder.layer[1].output.dense.weight[:, 0] = 0  # a channel without effect
        model.bert.encoder.layer[1].intermediate.dense.weight[0] = 0
        model.bert.encoder.layer[1].intermediate.dense.bias[0] = 0
    batches = [some_batch(seed) for seed in range(3)]
    sorted_model = sort_units(model, importance_of(model, batches))
    assert torch.allclose(logits_of(sorted_model, batches[0]), logits_of(model, batches[0]), atol=1e-5)
    assert bool((sorted_model.bert.encoder.layer[1].output.dense.weight[:, -1] == 0).all())
    for units in importance_of(sorted_model, batches):
        for scores in (units.heads, units.channels):
            assert torch.allclose(scores, scores.sort(descending=True).values, rtol=1e-3)


def test_gradients_of_batches_that_cancel_still_count() -> None:
    model, batch = small_model(50, layers=1), some_batch()
    (once,), (twice,) = importance_of(model, [batch]), importance_of(model, [batch, batch])
    assert torch.allclose(2 * once.channels, twice.channels, rtol=1e-4)


@pytest.mark.parametrize("shape", SHAPES, ids=lambda shape: f"{shape.layers}-{shape.name}")
def test_a_shape_is_the_same_by_slices_by_cuts_by_zeros_and_as_onnx(
    shape: ElasticShape, tmp_path: Path
) -> None:
    model, batch = small_model(50, layers=4), some_batch()
    attended = batch.attention_mask == 1
    by_zeros = logits_of(masked_to(model, shape), batch)
    cut = cut_to(model, shape)
    assert torch.allclose(logits_of(cut, batch), by_zeros, atol=1e-5)
    with torch.no_grad():
        by_slices = run_in_shape(model.eval(), batch, shape)
    assert torch.allclose(by_slices.logits[attended], by_zeros, atol=1e-5)
    assert torch.allclose(model.classifier(by_slices.hidden), by_slices.logits, atol=1e-5)
    onnx.save(tagger_graph(cut, "fp32"), tmp_path / "cut.onnx")
    exported = onnx_runner(open_session(tmp_path / "cut.onnx", 1))(batch)[attended.numpy()]
    assert np.abs(exported - by_zeros.numpy()).max() < 2e-4


def test_cuts_count_units_as_the_compressor_does() -> None:
    assert [units_that_stay(share, 12) for share in (1, 0.75, 0.5, 0.25, 0.01)] == [12, 9, 6, 3, 1]
    assert units_that_stay(0.5, 5) == 3
    model = small_model(50, layers=2)
    assert layer_shape(model, ElasticShape((0,), 0.5, 0.25)) == (2, 16)


def test_a_sandwich_has_the_smallest_others_between_and_as_often_as_asked_the_largest() -> None:
    shapes = all_shapes(DEPTHS)
    rng = random.Random(1)
    drawn = [Sandwich(2, 0.5, 1.0).draw(shapes, rng) for _ in range(50)]
    assert all((each[0], each[-1], len(each)) == (shapes[0], shapes[-1], 4) for each in drawn)
    between = [shape for each in drawn for shape in each[1:-1]]
    assert {len(shape.layers) for shape in between} == {2, 4}
    untied = sum(shape.heads != shape.ffn for shape in between)
    assert 0 < untied < len(between)
    tied = [Sandwich(2, 0.0, 0.5).draw(shapes, rng) for _ in range(50)]
    assert all(shape.heads == shape.ffn for each in tied for shape in each)
    assert 10 < sum(shapes[0] in each for each in tied) < 40
    assert Sandwich(3, 0.5, 1.0).draw(shapes[:2], rng) == shapes[:2]
    assert len(set(Sandwich(9, 0.0, 1.0).draw(shapes, rng))) == len(shapes), "none is drawn twice"


def test_shallow_shapes_are_drawn_more_often_where_that_is_asked_for() -> None:
    shapes = all_shapes(DEPTHS)
    rng = random.Random(1)
    shares = []
    for power in (0.0, 2.0):
        between = [Sandwich(1, 0.0, 0.0, power).draw(shapes, rng)[0] for _ in range(400)]
        shares.append(sum(len(shape.layers) == 2 for shape in between) / len(between))
    # Three of the six between have two layers; a weight of 4 against 1 makes that twelve of fifteen.
    assert shares == pytest.approx([3 / 6, 12 / 15], abs=0.07)


def test_every_shape_learns_the_teachers_last_hidden_state_with_its_own_last_layer() -> None:
    teacher, batch = small_model(50, layers=4).eval(), some_batch()
    model = copy.deepcopy(teacher)
    whole, shallow = ElasticShape((0, 1, 2, 3), 1.0, 1.0), ElasticShape((0, 2), 1.0, 1.0)

    def value(hidden_weight: float) -> float:
        loss = ElasticLoss(
            teacher,
            [whole, shallow],
            rule=Sandwich(0, 0.0, 0.0),
            settings=DistillationSettings(hidden_weight=hidden_weight, label_weight=0.0),
            bias=torch.zeros(9),
        )
        return loss(model, batch).item()

    with torch.no_grad():
        kept = batch.labels != IGNORED_LABEL
        taught, learnt = (
            run_in_shape(each, batch, shape).hidden for each, shape in ((teacher, whole), (model, shallow))
        )
        distance = ((taught - learnt)[kept] ** 2).mean().item()
    assert distance > 0.1
    assert value(2.0) - value(0.0) == pytest.approx(2 * distance, rel=1e-3)


def test_training_goes_on_from_an_elastic_checkpoint_of_the_same_teacher_only(tmp_path: Path) -> None:
    elastic = {"depths": {"4": [0, 1, 2, 3], "2": [0, 3]}, "widths": [1.0, 0.5]}
    history = [{"validationF1": 0.8}, {"validationF1": 0.7}]
    found = {"parent": "full", "elastic": elastic, "command": "made", "history": history, "caseTypes": True}
    begun = tmp_path / "begun"
    model = small_model(50, layers=4)
    save_checkpoint(model, small_tokenizer(), begun)
    write_json(begun / "training.json", found)

    again, record = started_from(begun, parent="full")

    assert torch.equal(logits_of(again, some_batch()), logits_of(model, some_batch()))
    assert (record["epochs"], record["validationF1"], record["elastic"]) == (2, 0.8, elastic)
    with pytest.raises(
        ValueError, match="expected an elastic checkpoint of the teacher other, found one, of full"
    ):
        started_from(begun, parent="other")
    write_json(begun / "training.json", {key: value for key, value in found.items() if key != "elastic"})
    with pytest.raises(ValueError, match="found no elastic one, of full"):
        started_from(begun, parent="full")
    with pytest.raises(FileNotFoundError, match=r"run scripts\.elastic first"):
        started_from(tmp_path / "none", parent="full")


def test_training_brings_the_small_cuts_nearer_and_keeps_the_large_one() -> None:
    teacher = small_model(50, layers=4).eval()
    model = copy.deepcopy(teacher)
    shapes = all_shapes(DEPTHS)
    loss = ElasticLoss(
        teacher,
        shapes,
        rule=Sandwich(1, 0.5, 1.0),
        settings=DistillationSettings(label_weight=0.0),
        bias=torch.zeros(9),
    )
    batches = [some_batch(seed) for seed in range(8)]

    def distance(shape: ElasticShape) -> float:
        wanted, got = logits_of(teacher, batches[0]), logits_of(cut_to(model, shape), batches[0])
        return float((wanted - got).abs().mean())

    before = distance(shapes[-1])
    optimizer = torch.optim.AdamW(model.parameters(), lr=2e-3)
    for _ in range(15):
        for batch in batches:
            loss(model.train(), batch).backward()
            optimizer.step()
            optimizer.zero_grad()
    assert distance(shapes[-1]) < 0.7 * before
    assert distance(shapes[0]) < distance(shapes[-1])


def test_labels_are_learnt_without_the_bias_of_decoding() -> None:
    teacher, batch = small_model(50, layers=4).eval(), some_batch()
    bias = torch.arange(9.0)
    values = []
    for shift in (torch.zeros(9), bias):
        model = copy.deepcopy(teacher)
        with torch.no_grad():
            model.classifier.bias += shift
        only_labels = ElasticLoss(
            model,
            all_shapes(DEPTHS),
            rule=Sandwich(0, 0.0, 1.0),
            settings=DistillationSettings(hidden_weight=0.0),
            bias=shift,
        )
        values.append(only_labels(model, batch).item())
    # The full shape is the teacher, the other one differs by temperature and bias in its soft loss only.
    assert values[0] == pytest.approx(values[1], rel=0.5)


@pytest.mark.parametrize(
    ("texts", "said"),
    [
        (["0,x"], "expected numbers of layers with commas"),
        (["2,0"], "expected increasing numbers of 0 to 5"),
        (["0,6"], "expected increasing numbers of 0 to 5"),
        (["0,1", "0,2"], "2 layers are named already"),
        (["0,1,2,3,5,4"], "expected increasing numbers"),
    ],
)
def test_sets_of_layers_that_make_no_sense_are_refused(texts: list[str], said: str) -> None:
    with pytest.raises(ValueError, match=said):
        depths_of(texts, 6)


def test_depths_and_widths_hold_the_whole_model_too() -> None:
    assert depths_of(["0,5"], 6) == {6: [0, 1, 2, 3, 4, 5], 2: [0, 5]}
    assert checked_widths([0.5, 0.25]) == [1.0, 0.5, 0.25]
    with pytest.raises(ValueError, match="above 0 and at most 1"):
        checked_widths([1.5])


def test_other_cuts_are_named_by_layers_or_their_number_and_two_shares() -> None:
    depths = {"4": [0, 1, 2, 3], "2": [0, 3]}
    assert shape_of("2:1:0.5", depths) == ElasticShape((0, 3), 1.0, 0.5)
    assert shape_of("1,2:0.25:1", depths) == ElasticShape((1, 2), 0.25, 1.0)
    assert shape_of("1,2:0.25:1", depths).name == "2x0.25x1"
    for text, said in (
        ("2:1", "expected LAYERS:HEADS:FFN"),
        ("two:1:1", "expected LAYERS:HEADS:FFN"),
        ("0,7:1:1", "expected layers of"),
        ("2:0:1", "shares above 0"),
    ):
        with pytest.raises(ValueError, match=said):
            shape_of(text, depths)


def test_run_times_are_measured_again_only_for_the_same_cuts_of_the_same_file(tmp_path: Path) -> None:
    target = tmp_path / "elastic.json"
    shapes = all_shapes(DEPTHS)
    with pytest.raises(FileNotFoundError, match=r"run scripts\.elastic_cuts first"):
        measured_before(target, "a", shapes)
    write_json(target, {"sha256": "a", "cuts": [{"name": shape.name} for shape in shapes]})
    assert [cut["name"] for cut in measured_before(target, "a", shapes)] == [shape.name for shape in shapes]
    with pytest.raises(ValueError, match="it is of another model file"):
        measured_before(target, "b", shapes)
    with pytest.raises(ValueError, match="it has other cuts"):
        measured_before(target, "a", shapes[1:])


def test_the_fixture_of_the_compressor_is_made_again(
    root: Path, run_script: Callable[..., subprocess.CompletedProcess[str]], tmp_path: Path
) -> None:
    done = run_script("make_elastic_fixture", "--smoke", "--checkpoints", tmp_path)
    assert done.returncode == 0, done.stderr
    made, kept = tmp_path / "smoke" / "elastic-fixture", root / "test" / "fixtures" / "elastic"
    assert (made / "model.onnx").read_bytes() == (kept / "model.onnx").read_bytes()
    ours, theirs = (json.loads((folder / "cases.json").read_text()) for folder in (made, kept))
    assert ours["inputs"] == theirs["inputs"]
    for one, other in zip(ours["cases"], theirs["cases"], strict=True):
        assert np.abs(np.array(one["logits"]) - np.array(other["logits"])).max() < 1e-4
