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
    """`matched` pairs hidden states (student's index, teacher's index); index 0 is the embedding layer.

    Batches that carry `soft_logits` are learnt from these, and the teacher is asked for its hidden states
    only.
    """
    teacher.eval()
    teacher.requires_grad_(False)

    def loss(student: BertForTokenClassification, batch: Batch) -> torch.Tensor:
        with_hidden = settings.hidden_weight > 0
        taught = None
        if with_hidden or batch.soft_logits is None:
            with torch.no_grad():
                taught = teacher(**batch.inputs(), output_hidden_states=with_hidden)
        learnt = student(**batch.inputs(), output_hidden_states=with_hidden)
        kept = batch.labels != IGNORED_LABEL
        others = taught.logits if batch.soft_logits is None else batch.soft_logits
        own = learnt.logits[kept].float()
        total = settings.temperature**2 * soft_loss(own, others[kept].float(), settings.temperature)
        total = total + settings.label_weight * functional.cross_entropy(own, batch.labels[kept])
        if with_hidden:
            distances = [
                functional.mse_loss(
                    learnt.hidden_states[mine][kept].float(), taught.hidden_states[its][kept].float()
                )
                for mine, its in matched
            ]
            total = total + settings.hidden_weight * torch.stack(distances).mean()
        return total

    return loss


def soft_loss(own: torch.Tensor, others: torch.Tensor, temperature: float) -> torch.Tensor:
    """KL divergence of the student's [tokens, labels] from the teachers', both softened, per token."""
    return functional.kl_div(
        functional.log_softmax(own / temperature, dim=-1),
        functional.log_softmax(others / temperature, dim=-1),
        log_target=True,
        reduction="batchmean",
    )


def even_matches(student_layers: Sequence[int], teacher_layers: int) -> list[tuple[int, int]]:
    """A student layer answers for all teacher layers up to the next one that it keeps."""
    if not student_layers or sorted(set(student_layers)) != list(student_layers):
        raise ValueError(f"layers {list(student_layers)}: expected increasing numbers without repeats")
    if student_layers[-1] >= teacher_layers or student_layers[0] < 0:
        raise ValueError(f"layers {list(student_layers)}: the teacher has layers 0 to {teacher_layers - 1}")
    ends = [*student_layers[1:], teacher_layers]
    return [(0, 0), *((index + 1, end) for index, end in enumerate(ends))]
