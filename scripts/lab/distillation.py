"""The loss by which a smaller tagger learns from a larger one: its logits, its hidden states, and some of
the labels.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch.nn import functional
from transformers import BertForTokenClassification

from scripts.lab.batches import IGNORED_LABEL, Batch
from scripts.lab.training import Loss


@dataclass(frozen=True)
class DistillationSettings:
    temperature: float = 2.0
    hidden_weight: float = 1.0
    label_weight: float = 0.3


def distillation_loss(
    teacher: BertForTokenClassification, matched: Sequence[tuple[int, int]], settings: DistillationSettings
) -> Loss:
    """`matched` pairs hidden states (student's index, teacher's index); index 0 is the embedding layer."""
    teacher.eval()
    teacher.requires_grad_(False)

    def loss(student: BertForTokenClassification, batch: Batch) -> torch.Tensor:
        with torch.no_grad():
            taught = teacher(**batch.inputs(), output_hidden_states=True)
        learnt = student(**batch.inputs(), output_hidden_states=True)
        kept = batch.labels != IGNORED_LABEL
        own, others = learnt.logits[kept].float(), taught.logits[kept].float()
        heat = settings.temperature
        soft = functional.kl_div(
            functional.log_softmax(own / heat, dim=-1),
            functional.log_softmax(others / heat, dim=-1),
            log_target=True,
            reduction="batchmean",
        )
        hidden = torch.stack(
            [
                functional.mse_loss(
                    learnt.hidden_states[mine][kept].float(), taught.hidden_states[its][kept].float()
                )
                for mine, its in matched
            ]
        ).mean()
        labels = functional.cross_entropy(own, batch.labels[kept])
        return heat**2 * soft + settings.hidden_weight * hidden + settings.label_weight * labels

    return loss


def even_matches(student_layers: Sequence[int], teacher_layers: int) -> list[tuple[int, int]]:
    """A student layer answers for all teacher layers up to the next one that it keeps."""
    if not student_layers or sorted(set(student_layers)) != list(student_layers):
        raise ValueError(f"layers {list(student_layers)}: expected increasing numbers without repeats")
    if student_layers[-1] >= teacher_layers or student_layers[0] < 0:
        raise ValueError(f"layers {list(student_layers)}: the teacher has layers 0 to {teacher_layers - 1}")
    ends = [*student_layers[1:], teacher_layers]
    return [(0, 0), *((index + 1, end) for index, end in enumerate(ends))]
