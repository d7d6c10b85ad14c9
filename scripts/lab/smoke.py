"""A tiny tokenizer and tiny random models, so that every script runs in seconds with nothing downloaded."""

from __future__ import annotations

import string
from pathlib import Path

import torch
from tokenizers import Tokenizer, decoders, models, normalizers, pre_tokenizers, processors
from transformers import BertConfig, BertForTokenClassification

from scripts.lab.labels import LABELS
from scripts.lab.pretrained import save_tokenizer

COMMON_WORDS = """
the of and in to a is was for on that with as by at from it his her an were are which or be this had
not but new said after team beat shares fell left moved named chair day quiet monday may london bank
prize cup union
""".split()  # noqa: SIM905


def small_tokenizer() -> Tokenizer:
    """WordPiece over printable ASCII, alone and as continuation, and some common words."""
    characters = [
        char for char in string.printable if char.isprintable() and not char.isspace() and not char.isupper()
    ]
    vocabulary = [
        "[PAD]",
        "[UNK]",
        "[CLS]",
        "[SEP]",
        "[MASK]",
        *characters,
        *(f"##{char}" for char in characters),
    ]
    vocabulary += [word for word in COMMON_WORDS if len(word) > 1]
    index = {token: position for position, token in enumerate(dict.fromkeys(vocabulary))}
    tokenizer = Tokenizer(models.WordPiece(index, unk_token="[UNK]"))
    tokenizer.normalizer = normalizers.BertNormalizer(lowercase=True)
    tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    tokenizer.decoder = decoders.WordPiece()
    tokenizer.add_special_tokens(["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"])
    tokenizer.post_processor = processors.TemplateProcessing(
        single="[CLS] $A [SEP]",
        pair="[CLS] $A [SEP] $B:1 [SEP]:1",
        special_tokens=[("[CLS]", index["[CLS]"]), ("[SEP]", index["[SEP]"])],
    )
    return tokenizer


def small_model(
    vocabulary_size: int, *, layers: int, hidden: int = 32, heads: int = 4, types: int = 5, seed: int = 1
) -> BertForTokenClassification:
    torch.manual_seed(seed)
    config = BertConfig(
        vocab_size=vocabulary_size,
        hidden_size=hidden,
        num_hidden_layers=layers,
        num_attention_heads=heads,
        intermediate_size=2 * hidden,
        max_position_embeddings=512,
        type_vocab_size=types,
        initializer_range=0.2,
        num_labels=len(LABELS),
        id2label=dict(enumerate(LABELS)),
        label2id={label: index for index, label in enumerate(LABELS)},
    )
    return BertForTokenClassification(config)


def write_smoke_base(directory: Path, layers: int = 6) -> Path:
    """A random uncased base model as a folder, as `--base` takes it."""
    directory.mkdir(parents=True, exist_ok=True)
    tokenizer = small_tokenizer()
    save_tokenizer(tokenizer, directory)
    small_model(tokenizer.get_vocab_size(), layers=layers, types=2).save_pretrained(directory)
    return directory
