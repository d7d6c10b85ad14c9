"""What an elastic tagger learns at each step: several of its shapes, from one teacher, by the sandwich rule."""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence

import torch
from torch.nn import functional
from transformers import BertForTokenClassification, PreTrainedTokenizerFast

from scripts.lab.batches import IGNORED_LABEL, Batch
from scripts.lab.corpus import Sentence
from scripts.lab.distillation import DistillationSettings, soft_loss
from scripts.lab.elastic_forward import run_in_shape
from scripts.lab.elastic_shapes import ElasticShape, Sandwich, cut_to
from scripts.lab.serving import served_f1


class ElasticLoss:
    """The mean loss of the shapes that a step trains, drawn anew for each batch.

    Each learns the teacher's logits, some of the labels, and the teacher's last hidden state with the last of its own:
    where few layers do the work of all, each must do more than it does among six, so that those before the last are
    left free. `bias` [labels] is what was added to the teacher's classifier for decoding: the labels are learnt
    without it.
    """

    def __init__(
        self,
        teacher: BertForTokenClassification,
        shapes: Sequence[ElasticShape],
        *,
        rule: Sandwich,
        settings: DistillationSettings,
        bias: torch.Tensor,
    ) -> None:
        self._teacher = teacher.eval().requires_grad_(False)
        self._shapes = list(shapes)
        self._rule = rule
        self._settings = settings
        self._bias = bias

    def __call__(self, model: BertForTokenClassification, batch: Batch) -> torch.Tensor:
        with torch.no_grad():
            taught = run_in_shape(self._teacher, batch, self._shapes[0])
        kept = batch.labels != IGNORED_LABEL
        others, goal = taught.logits[kept].float(), taught.hidden[kept].float()
        losses = []
        for shape in self._rule.draw(self._shapes, drawn()):
            learnt = run_in_shape(model, batch, shape)
            own = learnt.logits[kept].float()
            temperature = self._settings.temperature
            loss = temperature**2 * soft_loss(own, others, temperature)
            if self._settings.label_weight:
                labels = functional.cross_entropy(own - self._bias, batch.labels[kept])
                loss = loss + self._settings.label_weight * labels
            if self._settings.hidden_weight:
                distance = functional.mse_loss(learnt.hidden[kept].float(), goal)
                loss = loss + self._settings.hidden_weight * distance
            losses.append(loss)
        return torch.stack(losses).mean()


def drawn() -> random.Random:
    """Follows PyTorch's generator, which a run that goes on finds as it was."""
    return random.Random(int(torch.randint(2**31, ()).item()))


def judge_of(
    shapes: Sequence[ElasticShape],
    tokenizer: PreTrainedTokenizerFast,
    validation: Sequence[Sentence],
    *,
    case_types: bool,
    bf16: bool,
) -> Callable[[BertForTokenClassification], dict[str, object]]:
    """Judges an epoch by the mean served F1 of these cuts, as DynaBERT does (arXiv 2004.04037)."""

    def judge(model: BertForTokenClassification) -> dict[str, object]:
        found = {
            shape.name: served_f1(cut_to(model, shape), tokenizer, validation, case_types, bf16)
            for shape in shapes
        }
        return {"validationF1": round(sum(found.values()) / len(found), 5), "validationF1Of": found}

    return judge
