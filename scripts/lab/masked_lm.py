"""A masked language model around the encoder: masking, perplexity, training, and the folder that it is kept in."""

from __future__ import annotations

import pickle
import time
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import torch
from tokenizers import Tokenizer
from torch.nn import functional
from transformers import BertForMaskedLM, BertForTokenClassification

from scripts.lab.aside import written_aside
from scripts.lab.batches import IGNORED_LABEL, Batch
from scripts.lab.compute import autocast
from scripts.lab.encoding import load_tokenizer
from scripts.lab.pretrained import load_weights, read_bert_config, save_tokenizer
from scripts.lab.progress import progress
from scripts.lab.training import rate_factor

SAVE_EVERY_SECONDS = 60.0
MASKED_SHARE = 0.15  # of the tokens; of these 80 % become [MASK], 10 % another token, 10 % stay (BERT)
CLIP_NORM = 1.0


@dataclass(frozen=True)
class LmSettings:
    head_steps: int  # of the new head alone, the encoder as it is
    steps: int  # of the whole model
    head_rate: float
    rate: float
    source: str = ""  # digest of what it begins with and reads
    warmup_share: float = 0.06
    weight_decay: float = 0.01
    seed: int = 1
    bf16: bool = True


@dataclass(frozen=True)
class Masked:
    """A batch whose `labels` are the tokens that are hidden in `input_ids`, IGNORED_LABEL elsewhere."""

    batch: Batch

    @property
    def hidden(self) -> torch.Tensor:
        return self.batch.labels != IGNORED_LABEL


def mask_id(tokenizer: Tokenizer) -> int:
    found = tokenizer.token_to_id("[MASK]")
    if found is None:
        raise ValueError("the tokenizer lacks [MASK]: expected one of a BERT-like model")
    return found


def ordinary_tokens(batch: Batch, special: Sequence[int]) -> torch.Tensor:
    """True at tokens of the text, which may be hidden."""
    return batch.attention_mask.bool() & ~torch.isin(batch.input_ids, torch.tensor(special))


def mask_tokens(batch: Batch, tokenizer: Tokenizer, generator: torch.Generator) -> Masked:
    special = [tokenizer.token_to_id(token) for token in ("[CLS]", "[SEP]", "[PAD]")]
    chance = torch.rand(batch.input_ids.shape, generator=generator)
    hidden = ordinary_tokens(batch, special) & (chance < MASKED_SHARE)
    labels = batch.input_ids.masked_fill(~hidden, IGNORED_LABEL)
    how = torch.rand(batch.input_ids.shape, generator=generator)
    others = torch.randint(tokenizer.get_vocab_size(), batch.input_ids.shape, generator=generator)
    input_ids = batch.input_ids.clone()
    input_ids[hidden & (how < 0.8)] = mask_id(tokenizer)
    swapped = hidden & (how >= 0.8) & (how < 0.9)
    input_ids[swapped] = others[swapped]
    return Masked(Batch(input_ids, batch.attention_mask, batch.token_type_ids, labels))


def language_model_of(tagger: BertForTokenClassification) -> BertForMaskedLM:
    """The tagger's encoder, case classes included, under a new head whose words are the embeddings' own."""
    config = tagger.config.__class__.from_dict(tagger.config.to_dict())
    config.tie_word_embeddings = True
    model = BertForMaskedLM(config)
    model.bert.load_state_dict(tagger.bert.state_dict())
    model.tie_weights()
    return model


def hidden_logits(model: BertForMaskedLM, masked: Masked) -> torch.Tensor:
    """[hidden tokens, vocabulary]; the other tokens, six of seven, spare the product with the vocabulary."""
    states = model.bert(**masked.batch.inputs()).last_hidden_state
    return model.cls(states[masked.hidden])


@torch.no_grad()
def perplexity(model: BertForMaskedLM, masked: Sequence[Masked], bf16: bool) -> float:
    """exp of the mean cross entropy over the hidden tokens."""
    model.eval()
    total, tokens = 0.0, 0
    for item in progress(masked, "perplexity"):
        with autocast(model, bf16):
            logits = hidden_logits(model, item)
        labels = item.batch.labels[item.hidden]
        total += functional.cross_entropy(logits.float(), labels, reduction="sum").item()
        tokens += len(labels)
    return float(torch.tensor(total / tokens, dtype=torch.float64).exp())


def train_language_model(
    model: BertForMaskedLM, masked: Iterator[Masked], settings: LmSettings, state: Path, phase: str
) -> list[float]:
    """`phase` head trains what is above the encoder, all trains everything. Returns the loss of each step.

    `masked` gives the same batches at every start. State lies in `state`/resume.pt, written every minute and
    at the end of a phase; a run that is started again goes on from there.
    """
    only_head = phase == "head"
    steps = settings.head_steps if only_head else settings.steps
    peak = settings.head_rate if only_head else settings.rate
    model.requires_grad_(not only_head)
    if only_head:
        model.cls.predictions.transform.requires_grad_(True)
        model.cls.predictions.bias.requires_grad_(True)
    weights = [weight for weight in model.parameters() if weight.requires_grad]
    optimizer = torch.optim.AdamW(weights, lr=peak, weight_decay=settings.weight_decay, fused=True)
    losses: list[float] = []
    resume = state / "resume.pt"
    saved = read_resume(resume, settings)
    if saved is not None and saved["phase"] == phase:
        model.load_state_dict(saved["model"])
        optimizer.load_state_dict(saved["optimizer"])
        losses = saved["losses"]
        print(f"resumed after step {len(losses)} of {steps} ({phase})", flush=True)

    def save() -> None:
        with written_aside(resume) as aside:
            torch.save(
                {
                    "phase": phase,
                    "model": model.state_dict(),
                    "optimizer": optimizer.state_dict(),
                    "losses": losses,
                    "settings": asdict(settings),
                },
                aside,
            )

    saved_at = time.monotonic()
    model.train()
    for step in progress(range(steps), f"train {phase}"):
        item = next(masked)
        if step < len(losses):
            continue
        torch.manual_seed(settings.seed * 100_000 + step)  # the same dropout whether resumed or not
        for group in optimizer.param_groups:
            group["lr"] = peak * rate_factor(step / steps, settings.warmup_share)
        with autocast(model, settings.bf16):
            logits = hidden_logits(model, item)
        loss = functional.cross_entropy(logits.float(), item.batch.labels[item.hidden])
        loss.backward()
        torch.nn.utils.clip_grad_norm_(weights, CLIP_NORM)
        optimizer.step()
        optimizer.zero_grad(set_to_none=True)
        losses.append(round(loss.item(), 5))
        if time.monotonic() - saved_at >= SAVE_EVERY_SECONDS:
            save()
            saved_at = time.monotonic()
    save()
    model.requires_grad_(True)
    return losses


def read_resume(resume: Path, settings: LmSettings) -> dict[str, object] | None:
    """What an interrupted training left; ValueError where it is damaged or of other settings."""
    if not resume.is_file():
        return None
    try:
        saved = torch.load(resume, weights_only=True, map_location="cpu")
    except (RuntimeError, EOFError, LookupError, pickle.UnpicklingError) as error:
        raise ValueError(
            f"{resume}: damaged; remove {resume.parent} to begin from the beginning ({error})"
        ) from error
    if saved["settings"] != asdict(settings):
        raise ValueError(
            f"{resume} was made with other settings: pass the same ones, or remove {resume.parent}"
        )
    return saved


def save_language_model(model: BertForMaskedLM, tokenizer: Tokenizer, directory: Path) -> None:
    """A folder that `--base` of scripts.finetune and `--lm` of scripts.generate take; `directory` is new."""
    model.save_pretrained(directory)
    save_tokenizer(tokenizer, directory)


def load_language_model(directory: Path) -> tuple[BertForMaskedLM, Tokenizer]:
    """Raises FileNotFoundError or ValueError where there is none, or one without its head."""
    if not (directory / "config.json").is_file():
        raise FileNotFoundError(f"{directory}: no language model there; run scripts.pretrain first")
    config = read_bert_config(directory)
    model = load_weights(BertForMaskedLM, directory, config, fresh_head=False)
    return model.float(), load_tokenizer(directory / "tokenizer.json")
