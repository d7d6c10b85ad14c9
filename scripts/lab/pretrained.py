"""Reads models that transformers wrote, and says which file is at fault where one is missing, damaged or does
not fit. transformers itself gives missing weights random values and goes on. Writes tokenizers as it reads them.
"""

from __future__ import annotations

import json
import pickle
from pathlib import Path
from typing import TypeVar
from zipfile import BadZipFile

import transformers
from huggingface_hub.errors import StrictDataclassError
from safetensors import SafetensorError
from tokenizers import Tokenizer
from transformers import BertConfig, BertForTokenClassification, PreTrainedTokenizerFast

from scripts.lab.labels import LABELS

T = TypeVar("T", bound=BertForTokenClassification)
# What transformers raises for weights that it can open but not read.
DAMAGED = (SafetensorError, RuntimeError, EOFError, BadZipFile, pickle.UnpicklingError)
NAMED_WEIGHTS = 3  # in an error; more says nothing more


def read_json_object(path: Path) -> dict[str, object]:
    """Raises FileNotFoundError, or ValueError with the line that is at fault."""
    if not path.is_file():
        raise FileNotFoundError(f"{path}: no such file; expected one in a model folder")
    try:
        found = json.loads(path.read_bytes())
    except json.JSONDecodeError as error:
        raise ValueError(f"{path}:{error.lineno}: expected JSON, but it is damaged ({error.msg})") from error
    except UnicodeDecodeError as error:
        raise ValueError(f"{path}: expected JSON in UTF-8 ({error.reason} at byte {error.start})") from error
    if not isinstance(found, dict):
        raise ValueError(f"{path}: expected a JSON object, got {type(found).__name__}")
    return found


def read_bert_config(directory: Path) -> BertConfig:
    """Raises FileNotFoundError or ValueError where config.json is missing, damaged or of another model."""
    path = directory / "config.json"
    kind = read_json_object(path).get("model_type")
    if kind != "bert":
        raise ValueError(f"{path}: of type {kind!r}, expected a BERT-like encoder ('bert')")
    try:
        return BertConfig.from_pretrained(directory)
    except (StrictDataclassError, TypeError, ValueError, OSError) as error:
        raise ValueError(f"{path}: {one_line(error)}") from error


def require_labels(config: BertConfig, source: Path) -> None:
    """Raises ValueError unless the head's labels are ours, in our order."""
    found = [config.id2label.get(index) for index in range(len(config.id2label))]
    if found != list(LABELS):
        raise ValueError(
            f"{source}: its labels do not match: expected {', '.join(LABELS)}, "
            f"found {', '.join(map(str, found))}"
        )


def load_weights(kind: type[T], location: str | Path, config: BertConfig, *, fresh_head: bool) -> T:
    """The model with all its weights from `location`; with `fresh_head` those of `classifier` are made anew.

    Raises FileNotFoundError where there are none, ValueError where they are damaged, too few or of other
    sizes.
    """
    verbosity = transformers.logging.get_verbosity()
    transformers.logging.set_verbosity_error()  # its report of what it replaced is many lines; we raise
    try:
        model, info = kind.from_pretrained(
            location, config=config, output_loading_info=True, ignore_mismatched_sizes=True
        )
    except OSError as error:
        raise FileNotFoundError(f"{location}: {one_line(error)}") from error
    except DAMAGED as error:
        raise ValueError(
            f"{location}: its weights cannot be read, the file is damaged or cut short ({one_line(error)})"
        ) from error
    except (TypeError, ValueError) as error:
        raise ValueError(f"{location}: config.json does not make a model: {one_line(error)}") from error
    finally:
        transformers.logging.set_verbosity(verbosity)

    def matters(name: str) -> bool:
        return not (fresh_head and name.startswith("classifier."))

    missing = sorted(filter(matters, info["missing_keys"]))
    if missing:
        raise ValueError(f"{location}: weights are missing: {listed(missing)}; expected those of config.json")
    other = sorted(
        f"{name} is {list(found)} instead of {list(wanted)}"
        for name, found, wanted in info["mismatched_keys"]
        if matters(name)
    )
    if other:
        raise ValueError(f"{location}: weights are of other sizes than config.json says: {listed(other)}")
    return model


def save_tokenizer(tokenizer: Tokenizer, directory: Path) -> None:
    """As transformers has it in a folder of a BERT-like model."""
    PreTrainedTokenizerFast(
        tokenizer_object=tokenizer,
        unk_token="[UNK]",
        pad_token="[PAD]",
        cls_token="[CLS]",
        sep_token="[SEP]",
        mask_token="[MASK]",
    ).save_pretrained(directory)


def listed(names: list[str]) -> str:
    more = len(names) - NAMED_WEIGHTS
    return ", ".join(names[:NAMED_WEIGHTS]) + (f" and {more} more" if more > 0 else "")


def one_line(error: BaseException) -> str:
    return " ".join(str(error).split())
