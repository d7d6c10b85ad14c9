"""One training loop for fine-tuning, distilling and recovering: layer decay, EMA, bf16, a checkpoint every
epoch.
"""

from __future__ import annotations

import argparse
import copy
import json
import pickle
import shutil
import time
from collections.abc import Callable, Collection
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any, Protocol

import torch
from tokenizers import Tokenizer
from transformers import BertForTokenClassification

from scripts.lab.adversarial import add_adversarial_gradients
from scripts.lab.aside import replace, written_aside
from scripts.lab.batches import Batch
from scripts.lab.compute import autocast
from scripts.lab.corpus import Sentence
from scripts.lab.model import save_checkpoint
from scripts.lab.progress import progress
from scripts.lab.serving import served_f1


@dataclass(frozen=True)
class TrainingSettings:
    epochs: int
    learning_rate: float
    batch_size: int = 32
    warmup_share: float = 0.06
    layer_decay: float = 0.9  # each layer further from the head learns this much slower; 1 = off
    ema: float = 0.998  # decay per step of the averaged weights, which are what is saved; 0 = off
    weight_decay: float = 0.01
    clip_norm: float = 1.0
    seed: int = 1
    adversarial: float = 0.0  # size of the perturbation of word embeddings; 0 = off
    freeze_embeddings: bool = False  # those of words, two thirds of a small model
    bf16: bool = True

    @classmethod
    def of(cls, args: argparse.Namespace) -> TrainingSettings:
        """As a script was asked; what it has no argument for is as above."""
        names = {field.name for field in fields(cls)}
        return cls(
            learning_rate=args.lr, **{name: value for name, value in vars(args).items() if name in names}
        )


SAVE_EVERY_SECONDS = 240.0  # within an epoch

Loss = Callable[[BertForTokenClassification, Batch], torch.Tensor]
# What an epoch is worth, "validationF1" among it.
Judge = Callable[[BertForTokenClassification], dict[str, object]]


class Constraint(Protocol):
    """What holds the weights of a model to a form while it is trained, such as that most of them are zero.

    What it must remember is in the model's state, so that it is kept with that of the training.
    """

    @property
    def settings(self) -> dict[str, object]:
        """Kept beside those of the training: a state of other settings is not gone on from."""
        ...

    def parameter_groups(self, model: BertForTokenClassification) -> list[dict[str, object]]:
        """Parameters of the model that are no weights, such as scores of them: learnt at these rates, not averaged."""
        ...

    def before_step(self, model: BertForTokenClassification, step: int, epochs: float) -> None:
        """Before each step; `epochs` are those done by then."""
        ...

    def product(
        self, model: BertForTokenClassification, averaged: BertForTokenClassification
    ) -> BertForTokenClassification:
        """The averaged weights in that form, as a plain model, which is judged and saved."""
        ...


def parameter_groups(
    model: BertForTokenClassification,
    settings: TrainingSettings,
    apart: Collection[torch.nn.Parameter] = (),
) -> list[dict[str, object]]:
    """All weights but those `apart`, with rate and decay of their layer."""
    layers = model.config.num_hidden_layers
    groups: dict[tuple[float, float], list[torch.nn.Parameter]] = {}
    left_out = {id(parameter) for parameter in apart}
    for name, parameter in model.named_parameters():
        if id(parameter) in left_out:
            continue
        words = name.startswith("bert.embeddings.word_embeddings.")
        if words and settings.freeze_embeddings:
            continue
        depth = 0
        if name.startswith("bert.encoder.layer."):
            depth = layers - int(name.split(".")[3])
        elif name.startswith("bert.embeddings.") and "token_type" not in name:
            depth = layers + 1  # the case classes are new and learn at full speed
        rate = settings.learning_rate * settings.layer_decay**depth
        decay = settings.weight_decay if parameter.ndim > 1 and not words else 0.0
        groups.setdefault((rate, decay), []).append(parameter)
    return [
        {"params": found, "lr": rate, "peak": rate, "weight_decay": decay}
        for (rate, decay), found in groups.items()
    ]


def rate_factor(done: float, warmup_share: float) -> float:
    """Linear up, then linear down to zero; `done` runs from 0 to 1."""
    if done < warmup_share:
        return done / warmup_share
    return max(0.0, (1 - done) / (1 - warmup_share))


def random_state() -> list[torch.Tensor]:
    """That of PyTorch's generators, from which dropout draws."""
    devices = [torch.cuda.get_rng_state()] if torch.cuda.is_available() else []
    return [torch.get_rng_state(), *devices]


def set_random_state(state: list[torch.Tensor]) -> None:
    torch.set_rng_state(state[0])
    if len(state) > 1 and torch.cuda.is_available():
        torch.cuda.set_rng_state(state[1])


def read_state(resume: Path) -> dict[str, object]:
    try:
        return torch.load(resume, weights_only=True, map_location="cpu")
    except (RuntimeError, EOFError, pickle.UnpicklingError) as error:
        raise ValueError(
            f"{resume}: damaged; remove {resume.parent} to train from the beginning ({error})"
        ) from error


def saved_state(directory: Path) -> dict[str, Any] | None:
    """What an interrupted training of `directory` left to go on from."""
    state = directory.with_name(directory.name + ".training")
    if not (state / "resume.pt").is_file():
        return None
    saved = read_state(state / "resume.pt")
    # Without its best epoch the state is that of a run that ended, and was stopped while it tidied up.
    return saved if not saved["history"] or (state / "best").is_dir() else None


def train(
    model: BertForTokenClassification,
    tokenizer: Tokenizer,
    *,
    case_types: bool,
    settings: TrainingSettings,
    epoch_batches: Callable[[int], list[Batch]],
    loss: Loss,
    validation: list[Sentence],
    directory: Path,
    meta: dict[str, object],
    judge: Judge | None = None,
    constraint: Constraint | None = None,
) -> dict[str, object]:
    """Trains, keeps the epoch that serves best on validation in `directory`, and returns what stands in
    training.json. `judge` says what serves best; without it served F1 does. `constraint` is what weights are held to.

    State lies in `directory`.training, after each epoch and every few minutes; a run that is started again goes on from
    there. It may have another number of epochs: the learning rate falls to zero by then.
    """
    state = directory.with_name(directory.name + ".training")
    state.mkdir(parents=True, exist_ok=True)
    torch.manual_seed(settings.seed)
    own_groups = [] if constraint is None else constraint.parameter_groups(model)
    own = [parameter for group in own_groups for parameter in group["params"]]
    weight_groups = parameter_groups(model, settings, own)
    optimizer = torch.optim.AdamW([*weight_groups, *own_groups], lr=settings.learning_rate, fused=True)
    averaged = copy.deepcopy(model)
    history: list[dict[str, Any]] = []
    step = 0
    within: dict[str, Any] | None = None  # of an epoch that was interrupted

    asked = asdict(settings) | ({} if constraint is None else constraint.settings)
    resume = state / "resume.pt"
    saved = saved_state(directory)
    if saved is not None:
        if saved["settings"] | {"epochs": settings.epochs} != asked:
            raise ValueError(f"{resume} was made with other settings: pass the same ones, or remove {state}")
        model.load_state_dict(saved["model"])
        averaged.load_state_dict(saved["averaged"])
        optimizer.load_state_dict(saved["optimizer"])
        history, step, within = saved["history"], saved["step"], saved.get("within")
        if len(history) + (within is not None) > settings.epochs:
            raise ValueError(f"{resume} is past epoch {settings.epochs}: pass more epochs, or remove {state}")
        batch_in_words = f", batch {within['batches']} of the next," if within else ""
        print(f"resumed after epoch {len(history)}{batch_in_words} of {settings.epochs}", flush=True)

    if settings.freeze_embeddings and not settings.adversarial:
        model.bert.embeddings.word_embeddings.requires_grad_(False)  # spares their gradient
    trained_weights = {id(weight) for group in weight_groups for weight in group["params"]}
    pairs = zip(model.parameters(), averaged.parameters(), strict=True)
    weights, averaged_weights = zip(*(pair for pair in pairs if id(pair[0]) in trained_weights), strict=True)

    def cast_loss(tagger: BertForTokenClassification, batch: Batch) -> torch.Tensor:
        with autocast(tagger, settings.bf16):
            return loss(tagger, batch)

    def save(within: dict[str, Any] | None) -> None:
        with written_aside(resume) as aside:
            torch.save(
                {
                    "model": model.state_dict(),
                    "averaged": averaged.state_dict(),
                    "optimizer": optimizer.state_dict(),
                    "history": history,
                    "step": step,
                    "settings": asked,
                    "within": within,
                },
                aside,
            )

    for epoch in range(len(history), settings.epochs):
        began = saved_at = time.monotonic()
        torch.manual_seed(settings.seed * 1000 + epoch)  # the same dropout whether resumed or not
        batches = epoch_batches(epoch)
        model.train()
        losses = torch.zeros((), device=model.device)
        done = 0
        if within is not None:
            done, losses = within["batches"], losses + within["losses"]
            began -= within["seconds"]
            set_random_state(within["random"])
            within = None
        for index, batch in enumerate(progress(batches, f"epoch {epoch + 1}/{settings.epochs}")):
            if index < done:
                continue
            factor = rate_factor((epoch + index / len(batches)) / settings.epochs, settings.warmup_share)
            for group in optimizer.param_groups:
                group["lr"] = group["peak"] * factor
            if constraint is not None:
                constraint.before_step(model, step, epoch + index / len(batches))
            placed = batch.to(model.device)
            value = cast_loss(model, placed)
            value.backward()
            if settings.adversarial:
                add_adversarial_gradients(model, placed, cast_loss, settings.adversarial)
            torch.nn.utils.clip_grad_norm_([*weights, *own], settings.clip_norm)
            optimizer.step()
            model.zero_grad(set_to_none=True)
            step += 1
            losses += value.detach()
            # Early on the average follows quickly, or it would remember the untrained head for an epoch.
            decay = min(settings.ema, (1 + step) / (10 + step))
            with torch.no_grad():
                torch._foreach_lerp_(averaged_weights, weights, 1 - decay)
            now = time.monotonic()
            if now - saved_at >= SAVE_EVERY_SECONDS:
                seconds, saved_at = now - began, now
                save(
                    {
                        "batches": index + 1,
                        "losses": losses.item(),
                        "seconds": seconds,
                        "random": random_state(),
                    }
                )
        trained = time.monotonic()
        product = averaged if constraint is None else constraint.product(model, averaged)
        if judge is None:
            worth = {"validationF1": served_f1(product, tokenizer, validation, case_types, settings.bf16)}
        else:
            worth = judge(product)
        best = worth["validationF1"] >= max((past["validationF1"] for past in history), default=0.0)
        history.append(
            {
                "epoch": epoch + 1,
                "loss": round(losses.item() / len(batches), 5),
                **worth,
                "trainSeconds": round(trained - began, 1),
                "validateSeconds": round(time.monotonic() - trained, 1),
            }
        )
        print(json.dumps(history[-1]), flush=True)
        if best:
            save_checkpoint(product, tokenizer, state / "best")
        save(None)

    record = {
        **meta,
        "settings": asked,
        "device": model.device.type,
        "caseTypes": case_types,
        "history": history,
    }
    with written_aside(state / "best" / "training.json") as aside:
        aside.write_text(json.dumps(record, indent=2) + "\n", encoding="utf-8")
    replace(state / "best", directory)
    shutil.rmtree(state)
    return record
