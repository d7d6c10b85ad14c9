"""The losses by which a smaller tagger learns from a larger one: its logits or its labels, its hidden states,
its attention relations, and some of the corpus' labels.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass

import torch
from torch.nn import functional
from transformers import BertForTokenClassification

from scripts.lab.batches import IGNORED_LABEL, Batch
from scripts.lab.relations import projections, relation_loss
from scripts.lab.training import Loss

TARGETS = ("soft", "hard", "none")


@dataclass(frozen=True)
class DistillationSettings:
    temperature: float = 2.0
    hidden_weight: float = 1.0
    label_weight: float = 0.3
    target: str = "soft"  # the teacher's logits, its most probable labels, or neither
    relation_weight: float = 0.0
    relation_heads: int = 12

    def __post_init__(self) -> None:
        if self.target not in TARGETS:
            raise ValueError(f"target {self.target!r}: expected one of {', '.join(TARGETS)}")
        if self.target == "none" and not (self.label_weight or self.hidden_weight or self.relation_weight):
            raise ValueError(
                "--target none leaves nothing to learn: give --label-weight, --hidden-weight or --relation-weight"
            )


def distillation_loss(
    teacher: BertForTokenClassification, matched: Sequence[tuple[int, int]], settings: DistillationSettings
) -> Loss:
    """`matched` pairs hidden states (student's index, teacher's index); index 0 is the embedding layer.

    Relations are those of both last layers. Batches that carry `soft_logits` are learnt from these, and the
    teacher is asked for its hidden states and relations only.
    """
    teacher.eval()
    teacher.requires_grad_(False)
    with_hidden, with_relations = settings.hidden_weight > 0, settings.relation_weight > 0

    def loss(student: BertForTokenClassification, batch: Batch) -> torch.Tensor:
        with ExitStack() as stack:
            if with_relations:
                own_parts, its_parts = (
                    stack.enter_context(projections(model, model.config.num_hidden_layers - 1))
                    for model in (student, teacher)
                )
            taught = None
            asked = settings.target != "none" and batch.soft_logits is None
            if asked or with_hidden or with_relations:
                with torch.no_grad():
                    taught = teacher(**batch.inputs(), output_hidden_states=with_hidden)
            learnt = student(**batch.inputs(), output_hidden_states=with_hidden)
        kept = batch.labels != IGNORED_LABEL
        own = learnt.logits[kept].float()
        total = own.new_zeros(())
        if settings.target != "none":
            others = (taught.logits if batch.soft_logits is None else batch.soft_logits)[kept].float()
            if settings.target == "hard":
                total = total + functional.cross_entropy(own, others.argmax(-1))
            else:
                total = total + settings.temperature**2 * soft_loss(own, others, settings.temperature)
        if settings.label_weight > 0:
            total = total + settings.label_weight * functional.cross_entropy(own, batch.labels[kept])
        if with_hidden:
            distances = [
                functional.mse_loss(
                    learnt.hidden_states[mine][kept].float(), taught.hidden_states[its][kept].float()
                )
                for mine, its in matched
            ]
            total = total + settings.hidden_weight * torch.stack(distances).mean()
        if with_relations:
            divergence = relation_loss(own_parts, its_parts, batch.attention_mask, settings.relation_heads)
            total = total + settings.relation_weight * divergence
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


def matches_of(layer_map: str, student_layers: Sequence[int], teacher_layers: int) -> list[tuple[int, int]]:
    """Which hidden state of the student learns which of the teacher's: `even`, or pairs such as 0:0,3:6."""
    even = even_matches(student_layers, teacher_layers)
    if layer_map == "even":
        return even
    matched = []
    for pair in layer_map.split(","):
        mine, colon, its = pair.partition(":")
        if not (colon and mine.strip().isdecimal() and its.strip().isdecimal()):
            raise ValueError(f"--layer-map {layer_map!r}: expected even, or pairs such as 0:0,3:6")
        matched.append((int(mine), int(its)))
        if matched[-1][0] > len(student_layers) or matched[-1][1] > teacher_layers:
            raise ValueError(
                f"--layer-map {pair}: the student has hidden states 0 to {len(student_layers)}, "
                f"the teacher 0 to {teacher_layers}"
            )
    return matched
