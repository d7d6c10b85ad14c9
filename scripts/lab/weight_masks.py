"""Unstructured weight pruning: masks on the linear weights of an encoder, chosen anew while it is trained.

Every matrix loses the same share of its weights. By magnitude the smallest go (torch.nn.utils.prune); by movement
those that training moves towards zero (Sanh et al., arXiv 2005.07683): a score a weight, whose gradient is weight x
gradient of the masked weight, also where it is hidden, so that it can come back. Scores are learnt by the optimizer of
the weights at a rate of their own: its steps are of one size, so that neither large weights nor large gradients decide.
The share grows with the cube of the time that is left (Zhu and Gupta, arXiv 1710.01878).
"""

from __future__ import annotations

import copy
from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import Any

import torch
from torch.nn import functional
from torch.nn.utils.prune import L1Unstructured
from transformers import BertForTokenClassification

METHODS = ("magnitude", "movement")
BEGIN = 0.1  # epochs before the first weight goes, so that movement has gradients to judge by
MASK_EVERY = 5  # steps; ranking ten million weights takes about as long as a step


def share_at(epochs: float, final: float, ramp: float) -> float:
    """The share of weights that is hidden after so many epochs: 0 until BEGIN, `final` from `ramp` on."""
    if epochs < BEGIN:
        return 0.0
    left = max(0.0, 1 - (epochs - BEGIN) / (ramp - BEGIN))
    return final * (1 - left**3)


class _Masked(torch.autograd.Function):
    """weight x mask. Going back, all scores have a gradient, as if they were the mask, and hidden weights have none."""

    @staticmethod
    def forward(
        ctx: Any, weight: torch.Tensor, kept: torch.Tensor, scores: torch.Tensor | None
    ) -> torch.Tensor:
        ctx.save_for_backward(weight, kept)
        return weight * kept

    @staticmethod
    def backward(ctx: Any, gradient: torch.Tensor) -> tuple[torch.Tensor, None, torch.Tensor | None]:
        weight, kept = ctx.saved_tensors
        return gradient * kept, None, gradient * weight if ctx.needs_input_grad[2] else None


class MaskedLinear(torch.nn.Linear):
    """A linear map that hides some of its weights and keeps their values. Mask and scores are in its state."""

    def __init__(self, linear: torch.nn.Linear, method: str, score_start: float = 0.0) -> None:
        super().__init__(linear.in_features, linear.out_features, device="meta")
        self.weight, self.bias = linear.weight, linear.bias
        self.register_buffer("kept", torch.ones_like(linear.weight, dtype=torch.bool))
        sizes = linear.weight.detach().abs()
        scores = torch.nn.Parameter(score_start * sizes / sizes.mean()) if method == "movement" else None
        self.register_parameter("scores", scores)

    def forward(self, value: torch.Tensor) -> torch.Tensor:
        return functional.linear(value, _Masked.apply(self.weight, self.kept, self.scores), self.bias)

    @torch.no_grad()
    def hide(self, share: float) -> None:
        """Chooses anew which weights are hidden: exactly this share of them."""
        if self.scores is None:
            everything = torch.ones_like(self.kept)
            self.kept.copy_(L1Unstructured(share).compute_mask(self.weight.detach(), everything))
            return
        count = round(share * self.scores.numel())
        lowest = torch.topk(self.scores.flatten(), count, largest=False, sorted=False).indices
        self.kept.fill_(True)
        self.kept.view(-1)[lowest] = False

    @torch.no_grad()
    def plain(self, kept: torch.Tensor) -> torch.nn.Linear:
        """An ordinary linear map with zeros where `kept` says so."""
        made = torch.nn.Linear(self.in_features, self.out_features, device="meta")
        made.weight = torch.nn.Parameter(self.weight * kept)
        made.bias = torch.nn.Parameter(self.bias.clone())
        return made


def _exchange_linears(
    model: BertForTokenClassification, make: Callable[[str, torch.nn.Linear], torch.nn.Linear]
) -> None:
    """Puts what `make` makes of it in the place of every linear map of the encoder."""
    encoder = model.bert.encoder
    for path, module in list(encoder.named_modules()):
        if isinstance(module, torch.nn.Linear):
            parent, _, name = path.rpartition(".")
            setattr(encoder.get_submodule(parent), name, make(path, module))


@dataclass(frozen=True)
class WeightPruning:
    """Hides weights of a model that `scripts.lab.training.train` trains; see its Constraint."""

    share: float
    method: str
    ramp: float = 0.7  # of the first epoch, at whose end all is hidden that goes; then the others recover
    score_lr: float = 1e-2  # peak learning rate of the scores, by movement
    # x |weight| / mean of its matrix is what the scores are before the first step; 0 as in the paper, which has
    # thousands of steps. Scores are only ranked, so that what counts is score_lr / score_start.
    score_start: float = 1.0

    def __post_init__(self) -> None:
        if self.method not in METHODS:
            raise ValueError(f"method {self.method!r}: expected one of {', '.join(METHODS)}")
        if not 0 < self.share < 1:
            raise ValueError(f"--share {self.share:g}: expected more than 0 and less than 1")
        if not BEGIN < self.ramp <= 1:
            raise ValueError(f"--ramp {self.ramp:g}: expected more than {BEGIN:g} and at most 1")

    @property
    def settings(self) -> dict[str, object]:
        found = asdict(self)
        if self.method != "movement":
            del found["score_lr"], found["score_start"]
        return {"weightPruning": found}

    def masked(self, model: BertForTokenClassification) -> BertForTokenClassification:
        """A copy to train, of which nothing is hidden yet."""
        made = copy.deepcopy(model)
        _exchange_linears(made, lambda _, linear: MaskedLinear(linear, self.method, self.score_start))
        return made

    def parameter_groups(self, model: BertForTokenClassification) -> list[dict[str, object]]:
        masked = [module for module in model.modules() if isinstance(module, MaskedLinear)]
        scores = [module.scores for module in masked if module.scores is not None]
        group = {"params": scores, "lr": self.score_lr, "peak": self.score_lr, "weight_decay": 0.0}
        return [group] if scores else []

    def before_step(self, model: BertForTokenClassification, step: int, epochs: float) -> None:
        share = share_at(epochs, self.share, self.ramp)
        if share > 0 and step % MASK_EVERY == 0:
            self._hide(model, share)

    def product(
        self, model: BertForTokenClassification, averaged: BertForTokenClassification
    ) -> BertForTokenClassification:
        """A plain copy of `averaged` with zeros where `model` hides weights at the full share."""
        self._hide(model, self.share)
        encoder = model.bert.encoder
        made = copy.deepcopy(averaged)
        _exchange_linears(made, lambda path, linear: linear.plain(encoder.get_submodule(path).kept))
        return made

    def require_no_training(self) -> None:
        """Raises ValueError for a method that cannot judge by the weights alone."""
        if self.method != "magnitude":
            raise ValueError(
                f"--method {self.method} judges by what training does: give 1 epoch at least, or --method magnitude"
            )

    def at_once(self, model: BertForTokenClassification) -> BertForTokenClassification:
        """A plain copy, pruned without any training."""
        self.require_no_training()
        masked = self.masked(model)
        return self.product(masked, masked)

    @staticmethod
    def _hide(model: BertForTokenClassification, share: float) -> None:
        for module in model.bert.encoder.modules():
            if isinstance(module, MaskedLinear):
                module.hide(share)
