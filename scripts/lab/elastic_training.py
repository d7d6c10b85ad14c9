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

    Each learns the teacher's logits, some of the labels, and the teacher's hidden state after every layer that
    stays (layer 4 that of layer 4, whatever came before it), so that a layer has one task in all depths. With
    `ends_only` a shape that lacks layers learns the last of these states only: where few layers do the work of all,
    the first must do more than it does among six. `bias` [labels] is what was added to the teacher's classifier for
    decoding: the labels are learnt without it.
    """

    def __init__(
        self,
        teacher: BertForTokenClassification,
        shapes: Sequence[ElasticShape],
        *,
        rule: Sandwich,
        settings: DistillationSettings,
        bias: torch.Tensor,
        ends_only: bool = False,
    ) -> None:
        self._teacher = teacher.eval().requires_grad_(False)
        self._shapes = list(shapes)
        self._rule = rule
        self._settings = settings
        self._bias = bias
        self._ends_only = ends_only

    def __call__(self, model: BertForTokenClassification, batch: Batch) -> torch.Tensor:
        with torch.no_grad():
            taught = run_in_shape(self._teacher, batch, self._shapes[0])
        kept = batch.labels != IGNORED_LABEL
        others = taught.logits[kept].float()
        goal = {index: state[kept].float() for index, state in taught.hidden.items()}
        chosen = self._rule.draw(self._shapes, drawn())
        losses = []
        for shape in chosen:
            learnt = run_in_shape(model, batch, shape)
            own = learnt.logits[kept].float()
            temperature = self._settings.temperature
            loss = temperature**2 * soft_loss(own, others, temperature)
            if self._settings.label_weight:
                labels = functional.cross_entropy(own - self._bias, batch.labels[kept])
                loss = loss + self._settings.label_weight * labels
            if self._settings.hidden_weight:
                whole = len(shape.layers) == len(self._shapes[0].layers)
                compared = shape.layers if whole or not self._ends_only else shape.layers[-1:]
                distances = [
                    functional.mse_loss(learnt.hidden[index][kept].float(), goal[index]) for index in compared
                ]
                loss = loss + self._settings.hidden_weight * torch.stack(distances).mean()
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
