from __future__ import annotations

import random
from pathlib import Path

import numpy as np
import pytest
import torch
from tokenizers import Tokenizer

from scripts.lab.batches import Batch, training_batches
from scripts.lab.corpus import Sentence
from scripts.lab.distillation import DistillationSettings, distillation_loss, soft_loss
from scripts.lab.model import load_checkpoint, save_checkpoint
from scripts.lab.smoke import small_model
from scripts.lab.soft_labels import SoftLabels, mean_logits

SENTENCES = [
    Sentence(("Ada", "Lovelace", "met", "Acme"), ("B-PER", "I-PER", "O", "B-ORG"), 1),
    Sentence(("It", "rained", "in", "Lima"), ("O", "O", "O", "B-LOC"), 1),
]


@pytest.fixture
def batches(tokenizer: Tokenizer) -> list[Batch]:
    return training_batches(SENTENCES, tokenizer, batch_size=1, case_types=True, rng=random.Random(1))


@pytest.fixture
def teachers(tokenizer: Tokenizer, tmp_path: Path) -> list[Path]:
    folders = [tmp_path / name for name in ("first", "second")]
    for seed, folder in enumerate(folders):
        save_checkpoint(small_model(tokenizer.get_vocab_size(), layers=2, seed=seed), tokenizer, folder)
    return folders


def test_labels_are_the_mean_of_the_teachers_and_are_asked_for_once(
    batches: list[Batch], teachers: list[Path], tmp_path: Path
) -> None:
    SoftLabels(teachers, tmp_path / "labels", "settings", bf16=False, device=torch.device("cpu")).label(
        batches, 0
    )
    models = [load_checkpoint(folder)[0].eval() for folder in teachers]
    for batch in batches:
        one, other = (model(**batch.inputs()).logits for model in models)
        torch.testing.assert_close(batch.soft_logits, (one + other) / 2, atol=2e-3, rtol=2e-3)

    (file,) = (tmp_path / "labels").rglob("*.npz")
    with np.load(file) as saved:
        np.savez(file, **{name: values + 1 for name, values in saved.items()})
    before = [batch.soft_logits for batch in batches]
    SoftLabels(teachers, tmp_path / "labels", "settings", bf16=False, device=torch.device("cpu")).label(
        batches, 0
    )
    for batch, old in zip(batches, before, strict=True):
        torch.testing.assert_close(batch.soft_logits, old + 1, atol=2e-3, rtol=2e-3)


@pytest.mark.parametrize("change", ["weights", "settings", "order"])
def test_labels_of_other_teachers_or_texts_are_not_taken(
    batches: list[Batch], teachers: list[Path], tmp_path: Path, tokenizer: Tokenizer, change: str
) -> None:
    SoftLabels(teachers, tmp_path / "labels", "settings", bf16=False, device=torch.device("cpu")).label(
        batches, 0
    )
    settings = "settings"
    if change == "weights":
        other = small_model(tokenizer.get_vocab_size(), layers=2, seed=7)
        save_checkpoint(other, tokenizer, teachers[0])
    elif change == "settings":
        settings = "others"
    else:
        teachers = teachers[:1]
    SoftLabels(teachers, tmp_path / "labels", settings, bf16=False, device=torch.device("cpu")).label(
        batches, 0
    )
    assert len(list((tmp_path / "labels").rglob("*.npz"))) == 2


def test_labels_that_do_not_fit_the_texts_are_refused(
    batches: list[Batch], teachers: list[Path], tmp_path: Path
) -> None:
    labels = SoftLabels(teachers, tmp_path / "labels", "settings", bf16=False, device=torch.device("cpu"))
    labels.label(batches, 0)
    assert batches[0].input_ids.shape != batches[1].input_ids.shape
    with pytest.raises(ValueError, match="labels of other texts; remove it"):
        labels.label(batches[::-1], 0)


def test_a_student_that_agrees_with_the_ensemble_has_only_the_label_loss(
    batches: list[Batch], teachers: list[Path]
) -> None:
    student, *_ = load_checkpoint(teachers[0])
    other, *_ = load_checkpoint(teachers[1])
    student.eval()
    batch = batches[0]
    settings = DistillationSettings(temperature=2.0, hidden_weight=0.0, label_weight=0.0)
    batch.soft_logits = mean_logits([student], batch)
    # The other tagger is the teacher, and would be noticed if its logits counted.
    assert distillation_loss(other, [(0, 0)], settings)(student, batch).item() == pytest.approx(0, abs=1e-5)
    batch.soft_logits = None
    assert distillation_loss(other, [(0, 0)], settings)(student, batch).item() > 1e-3


def test_the_soft_loss_is_a_mean_over_tokens() -> None:
    own, others = torch.randn(5, 9), torch.randn(5, 9)
    once = soft_loss(own, others, 2.0)
    assert once > 0
    torch.testing.assert_close(soft_loss(own.repeat(3, 1), others.repeat(3, 1), 2.0), once)
