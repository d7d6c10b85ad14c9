"""What an ensemble of teachers says of the training texts, asked once and kept on disk for every student.

A student that is trained for many epochs, and every further student, then costs no pass of a teacher at all.
The texts of an epoch follow from the seed and the augmentation alone, so equal settings find equal labels.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch
from transformers import BertForTokenClassification

from scripts.lab.aside import written_aside
from scripts.lab.batches import Batch
from scripts.lab.compute import autocast
from scripts.lab.encoding import load_tokenizer
from scripts.lab.model import load_checkpoint
from scripts.lab.pretrained import read_bert_config
from scripts.lab.progress import progress
from scripts.lab.records import sha256_of


def labels_key(teachers: Sequence[Path], settings: object) -> str:
    """Changes with any teacher's weights and with anything that decides the texts and their batches."""
    digest = hashlib.sha256(repr(settings).encode())
    for teacher in teachers:
        digest.update(sha256_of(teacher / "model.safetensors").encode())
    return digest.hexdigest()[:16]


def require_same_input(checkpoints: Sequence[Path]) -> None:
    """Raises ValueError where one of them splits texts in another way, so that its logits are of other tokens."""
    first, *others = ((folder, input_of(folder)) for folder in checkpoints)
    for folder, found in others:
        if found != first[1]:
            raise ValueError(
                f"{folder}: it has another tokenizer or other case classes than {first[0]}; "
                "expected teachers that read texts in the same way"
            )


def input_of(checkpoint: Path) -> tuple[str, object]:
    """What decides how a checkpoint reads a text."""
    config = read_bert_config(checkpoint)
    return load_tokenizer(checkpoint / "tokenizer.json").to_str(), config.type_vocab_size


@torch.no_grad()
def mean_logits(teachers: Sequence[BertForTokenClassification], batch: Batch) -> torch.Tensor:
    """Mean of the teachers' logits [batch, length, labels]: the geometric mean of their probabilities."""
    return torch.stack(
        [teacher(**batch.to(teacher.device).inputs()).logits.float().cpu() for teacher in teachers]
    ).mean(dim=0)


class SoftLabels:
    """`label` gives the batches of one pool epoch their `soft_logits`, from disk where they are there."""

    def __init__(
        self, teachers: Sequence[Path], directory: Path, settings: object, bf16: bool, device: torch.device
    ) -> None:
        self._teachers = list(teachers)
        self._directory = directory / labels_key(teachers, settings)
        self._bf16 = bf16
        self._device = device
        self._loaded: list[BertForTokenClassification] | None = None

    def label(self, batches: Sequence[Batch], pool_epoch: int) -> None:
        file = self._directory / f"epoch-{pool_epoch}.npz"
        if not file.is_file():
            self._write(file, batches, pool_epoch)
        with np.load(file) as saved:
            for index, batch in enumerate(batches):
                soft = torch.from_numpy(saved[f"batch_{index}"].astype(np.float32))
                if soft.shape[:2] != batch.input_ids.shape:
                    raise ValueError(f"{file}: labels of other texts; remove it to have them made again")
                batch.soft_logits = soft

    def _write(self, file: Path, batches: Sequence[Batch], pool_epoch: int) -> None:
        if self._loaded is None:
            self._loaded = [load_checkpoint(folder)[0].eval().to(self._device) for folder in self._teachers]
        found = {}
        for index, batch in enumerate(progress(batches, f"label texts {pool_epoch + 1}")):
            with autocast(self._loaded[0], self._bf16):
                # fp16 keeps a logit of 10 to .004, far below what the temperature smooths away.
                found[f"batch_{index}"] = mean_logits(self._loaded, batch).numpy().astype(np.float16)
        with written_aside(file) as aside:
            np.savez(aside, **found)
