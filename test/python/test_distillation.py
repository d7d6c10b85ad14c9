from __future__ import annotations

import copy
import random

import pytest
import torch
from tokenizers import Tokenizer
from transformers import BertForTokenClassification

from scripts.lab.batches import IGNORED_LABEL, Batch, training_batches
from scripts.lab.corpus import Sentence
from scripts.lab.distillation import DistillationSettings, distillation_loss, matches_of
from scripts.lab.relations import projections, relation_logits, relation_loss
from scripts.lab.shrink import keep_layers
from scripts.lab.smoke import small_model

SENTENCES = [
    Sentence(("Ada", "Lovelace", "met", "Acme"), ("B-PER", "I-PER", "O", "B-ORG"), 1),
    Sentence(("It", "rained"), ("O", "O"), 1),
]
LABELS_ONLY = {"temperature": 1.0, "hidden_weight": 0.0, "label_weight": 1.0, "target": "none"}
Tagger = BertForTokenClassification


@pytest.fixture
def batch(tokenizer: Tokenizer) -> Batch:
    (found,) = training_batches(SENTENCES, tokenizer, batch_size=2, case_types=True, rng=random.Random(1))
    return found


@pytest.fixture
def teacher(tokenizer: Tokenizer) -> Tagger:
    return small_model(tokenizer.get_vocab_size(), layers=4).eval()


def loss_of(student: Tagger, teacher: Tagger, batch: Batch, **settings: float | str) -> float:
    return distillation_loss(teacher, [(0, 0)], DistillationSettings(**settings))(student, batch).item()


def test_hard_labels_are_what_the_teacher_finds_most_probable(teacher: Tagger, batch: Batch) -> None:
    student = keep_layers(teacher, [0, 2])
    hard = {"target": "hard", "hidden_weight": 0.0, "label_weight": 0.0}
    relabelled = copy.copy(batch)
    with torch.no_grad():
        answers = teacher(**batch.inputs()).logits.argmax(-1)
    relabelled.labels = torch.where(batch.labels == IGNORED_LABEL, batch.labels, answers)
    assert not torch.equal(relabelled.labels, batch.labels)
    found = loss_of(student, teacher, batch, **hard)
    assert found == pytest.approx(loss_of(student, teacher, relabelled, **LABELS_ONLY))
    assert found != pytest.approx(loss_of(student, teacher, batch, **LABELS_ONLY))
    # Of an ensemble: those of the mean.
    relabelled.soft_logits = torch.nn.functional.one_hot(answers, 9).float()
    assert loss_of(student, teacher, relabelled, **hard) == pytest.approx(found)


def test_without_a_target_the_teacher_says_nothing(teacher: Tagger, batch: Batch) -> None:
    other = small_model(teacher.config.vocab_size, layers=4, seed=9).eval()
    student = keep_layers(teacher, [0, 2])
    assert loss_of(student, teacher, batch, **LABELS_ONLY) == loss_of(student, other, batch, **LABELS_ONLY)
    with pytest.raises(ValueError, match="--target none leaves nothing to learn"):
        DistillationSettings(**{**LABELS_ONLY, "label_weight": 0.0})
    with pytest.raises(ValueError, match="expected one of soft, hard, none"):
        DistillationSettings(target="warm")


def test_a_higher_temperature_counts_unlikely_labels_more(teacher: Tagger, batch: Batch) -> None:
    student = keep_layers(teacher, [0, 2])
    soft = {"target": "soft", "hidden_weight": 0.0, "label_weight": 0.0}
    values = [loss_of(student, teacher, batch, **soft, temperature=value) for value in (0.5, 1.0, 4.0)]
    assert len({round(value, 4) for value in values}) == 3
    assert loss_of(teacher, teacher, batch, **soft, temperature=4.0) == pytest.approx(0, abs=1e-5)


def test_relations_of_a_model_with_itself_have_no_loss_and_padding_does_not_count(
    teacher: Tagger, batch: Batch
) -> None:
    with projections(teacher, 3) as its, torch.no_grad():
        teacher(**batch.inputs())
    assert set(its) == {"query", "key", "value"}
    assert relation_loss(its, its, batch.attention_mask, 4).item() == pytest.approx(0, abs=1e-6)
    student = keep_layers(teacher, [0, 2])
    with projections(student, 1) as mine, torch.no_grad():
        student(**batch.inputs())
    found = relation_loss(mine, its, batch.attention_mask, 4)
    assert found > 1e-4
    padding = batch.attention_mask == 0
    assert padding.any()
    moved = {part: torch.where(padding[..., None], value + 7, value) for part, value in mine.items()}
    torch.testing.assert_close(relation_loss(moved, its, batch.attention_mask, 4), found)


def test_relations_are_those_of_the_definition_and_need_no_equal_sizes(batch: Batch, teacher: Tagger) -> None:
    torch.manual_seed(1)
    mine, its = ({part: torch.randn(1, 3, size) for part in ("query", "key", "value")} for size in (6, 8))
    mask = torch.ones(1, 3, dtype=torch.long)
    expected = []
    for part in mine:
        own, taught = (
            torch.stack(
                [
                    (head @ head.T / head.shape[1] ** 0.5).softmax(-1)
                    for head in each[part][0].chunk(2, dim=-1)
                ]
            )
            for each in (mine, its)
        )
        expected.append((taught * (taught / own).log()).sum(-1).mean())
    torch.testing.assert_close(relation_loss(mine, its, mask, 2), torch.stack(expected).mean())
    with pytest.raises(ValueError, match="--relation-heads 4: 6 units do not divide"):
        relation_logits(mine["query"], 4)


def test_hooks_are_gone_after_a_step(teacher: Tagger, batch: Batch) -> None:
    student = keep_layers(teacher, [0, 2])
    settings = DistillationSettings(relation_weight=1.0, relation_heads=4, hidden_weight=0.0)
    distillation_loss(teacher, [(0, 0)], settings)(student, batch).backward()
    assert student.bert.encoder.layer[1].attention.self.query.weight.grad is not None
    for model in (student, teacher):
        assert not any(module._forward_hooks for module in model.modules())


def test_a_layer_map_is_even_or_pairs() -> None:
    assert matches_of("even", [0, 2, 4], 6) == [(0, 0), (1, 2), (2, 4), (3, 6)]
    assert matches_of("0:0, 3:6", [0, 2, 4], 6) == [(0, 0), (3, 6)]
    for wrong, message in (
        ("last", "expected even, or pairs"),
        ("0:0,3", "expected even, or pairs"),
        ("4:6", "the student has hidden states 0 to 3, the teacher 0 to 6"),
        ("3:7", "the student has hidden states 0 to 3, the teacher 0 to 6"),
    ):
        with pytest.raises(ValueError, match=message):
            matches_of(wrong, [0, 2, 4], 6)
