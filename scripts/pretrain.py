"""Goes on with the masked-LM training of an encoder on unlabelled text, and measures what that is worth.

    python -m scripts.pretrain --data ../shared/data/conll2003
    python -m scripts.pretrain --data FOLDER --text lines.txt --steps 2000 --name pretrained-news
    python -m scripts.finetune --data FOLDER --base checkpoints/pretrained --name full-pretrained
    python -m scripts.pretrain --smoke

The text is the corpus' own training sentences without their labels, or --text, one text a line. The base comes
without a head, so a new one is trained first, with the encoder as it is: its perplexity is the one before. Then
everything is trained. Both are measured on the validation split, on the same hidden tokens.

Writes CHECKPOINTS/NAME, which --base takes, with the head, and pretraining.json beside the weights. An interrupted
run goes on after the last minute.
"""

from __future__ import annotations

import argparse
import hashlib
import random
import shutil
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path

import torch
from tokenizers import Tokenizer

from scripts.lab.arguments import (
    add_precision_argument,
    clear,
    command_line,
    over_zero,
    parser_for,
    positive,
    refuse_overwrite,
    resolve_places,
    run_script,
    show_config,
)
from scripts.lab.aside import written_aside
from scripts.lab.augmentation import Augmentation, epoch_sentences
from scripts.lab.batches import training_batches
from scripts.lab.corpus import CorpusError, Sentence
from scripts.lab.dropout import set_dropout
from scripts.lab.masked_lm import (
    LmSettings,
    Masked,
    language_model_of,
    mask_id,
    mask_tokens,
    perplexity,
    save_language_model,
    train_language_model,
)
from scripts.lab.model import DEFAULT_BASE, load_base
from scripts.lab.processor import processor_name
from scripts.lab.records import now, write_json
from scripts.lab.smoke_products import smoke_base
from scripts.lab.versions import library_versions

AS_WRITTEN = Augmentation(replace_share=0, lower_share=0, max_joined=4)


def parse() -> argparse.Namespace:
    parser = parser_for(__doc__)
    group = parser.add_argument_group("pretraining")
    group.add_argument(
        "--base", default=DEFAULT_BASE, help="folder or name of a BERT-like encoder (%(default)s)"
    )
    group.add_argument(
        "--text", type=Path, help="UTF-8 file, one text a line (the corpus' training sentences)"
    )
    group.add_argument("--name", default="pretrained", help="name of the checkpoint (%(default)s)")
    group.add_argument("--head-steps", type=positive, default=300, help="of the new head alone (%(default)s)")
    group.add_argument("--steps", type=positive, default=1000, help="of the whole model (%(default)s)")
    group.add_argument(
        "--head-lr", type=over_zero, default=1e-3, help="peak learning rate of the head alone (%(default)s)"
    )
    group.add_argument(
        "--lr", type=over_zero, default=1e-4, help="peak learning rate of the whole (%(default)s)"
    )
    group.add_argument("--batch-size", type=positive, default=32, help="texts (%(default)s)")
    group.add_argument("--dropout", type=float, default=0.1, help="of hidden states (%(default)s)")
    add_precision_argument(group)
    return parser.parse_args()


def main() -> None:
    # 1. Settings.
    args = parse()
    places = resolve_places(args)
    if args.smoke:
        args.base, args.head_steps, args.steps, args.lr = smoke_base(places), 6, 12, 2e-3
    show_config(args)
    target = places.checkpoints / args.name
    state = target.with_name(target.name + ".training")
    refuse_overwrite(target, args.force)
    if args.smoke:
        clear(state)
    random.seed(args.seed)
    torch.manual_seed(args.seed)

    # 2. Text and model.
    sentences = read_lines_of_text(args.text) if args.text else places.read_split("train")
    validation = places.read_split("validation")
    tagger, tokenizer, case_types = load_base(args.base)
    mask_id(tokenizer)  # an error now rather than later
    set_dropout(tagger, args.dropout)
    model = language_model_of(tagger)
    held_out = fixed_masks(validation, tokenizer, case_types, args)
    settings = LmSettings(
        head_steps=args.head_steps,
        steps=args.steps,
        head_rate=args.head_lr,
        rate=args.lr,
        source=source_of(tagger, sentences, args),
        seed=args.seed,
        bf16=args.bf16,
    )
    state.mkdir(parents=True, exist_ok=True)

    def batches(phase: int) -> Iterator[Masked]:
        return masked_batches(sentences, tokenizer, case_types, args, seed=args.seed * 10 + phase)

    # 3. A head for the encoder as it is, then everything.
    between = state / "before.pt"
    if between.is_file():
        saved = torch.load(between, weights_only=True)
        model.load_state_dict(saved["model"])
        before = saved["before"]
    else:
        before = {"newHead": perplexity(model, held_out, args.bf16)}
        train_language_model(model, batches(0), settings, state, "head")
        before["trainedHead"] = perplexity(model, held_out, args.bf16)
        with written_aside(between) as aside:
            torch.save({"model": model.state_dict(), "before": before}, aside)
    print(f"perplexity before: {before}", flush=True)
    losses = train_language_model(model, batches(1), settings, state, "all")
    after = perplexity(model, held_out, args.bf16)

    # 4. Weights, tokenizer and figures.
    record = {
        "command": command_line("pretrain"),
        "base": args.base if args.base == DEFAULT_BASE else Path(args.base).name,
        "text": args.text.name if args.text else "training sentences of the corpus",
        "texts": len(sentences),
        "settings": asdict(settings) | {"batchSize": args.batch_size},
        "perplexity": {key: round(value, 3) for key, value in {**before, "pretrained": after}.items()},
        "hiddenTokens": sum(int(item.hidden.sum()) for item in held_out),
        "lastLosses": losses[-10:],
        "caseTypes": case_types,
        "cpu": processor_name(),
        "measuredAt": now(),
        "versions": library_versions(),
    }
    with written_aside(target) as aside:
        aside.mkdir()
        save_language_model(model, tokenizer, aside)
        write_json(aside / "pretraining.json", record)
    shutil.rmtree(state)
    print(
        f"{args.name}: perplexity on validation {before['trainedHead']:.2f} before, {after:.2f} after, in {target}"
    )


def source_of(tagger: torch.nn.Module, sentences: list[Sentence], args: argparse.Namespace) -> str:
    """Changes with the base's weights, the texts and how they are batched."""
    digest = hashlib.sha256(repr((args.batch_size, args.dropout, sentences)).encode())
    for weight in tagger.bert.parameters():
        digest.update(weight.detach().numpy().tobytes())
    return digest.hexdigest()[:16]


def read_lines_of_text(path: Path) -> list[Sentence]:
    """A text a line, as sentences without entities. Raises CorpusError."""
    if not path.is_file():
        raise CorpusError(f"{path}: no such file; expected a UTF-8 file with one text a line")
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except UnicodeDecodeError as error:
        raise CorpusError(f"{path}: expected UTF-8 ({error.reason} at byte {error.start})") from error
    found = [
        Sentence(words, ("O",) * len(words), number)  # documents of their own: lines are not joined
        for number, line in enumerate(lines)
        if (words := tuple(line.split()))
    ]
    if not found:
        raise CorpusError(f"{path}: expected a text at least, found none")
    return found


def masked_batches(
    sentences: list[Sentence], tokenizer: Tokenizer, case_types: bool, args: argparse.Namespace, seed: int
) -> Iterator[Masked]:
    """Without end, other neighbours and other hidden tokens each time round."""
    generator = torch.Generator().manual_seed(seed)
    rng = random.Random(seed)
    while True:
        texts = epoch_sentences(sentences, {}, AS_WRITTEN, rng)
        for batch in training_batches(
            texts, tokenizer, batch_size=args.batch_size, case_types=case_types, rng=rng
        ):
            masked = mask_tokens(batch, tokenizer, generator)
            if masked.hidden.any():
                yield masked


def fixed_masks(
    validation: list[Sentence], tokenizer: Tokenizer, case_types: bool, args: argparse.Namespace
) -> list[Masked]:
    """The same tokens are hidden whatever the settings, so that perplexities of all runs compare."""
    generator = torch.Generator().manual_seed(0)
    batches = training_batches(
        validation, tokenizer, batch_size=64, case_types=case_types, rng=random.Random(0)
    )
    found = [mask_tokens(batch, tokenizer, generator) for batch in batches]
    found = [item for item in found if item.hidden.any()]
    if not found:
        raise ValueError("the validation split is too small: not one token of it was hidden")
    return found


if __name__ == "__main__":
    run_script(main, resumes_after="the last minute")
