from __future__ import annotations

from pathlib import Path

import pytest
from tokenizers import Tokenizer, normalizers

from scripts.lab.model import load_base, load_checkpoint, save_checkpoint
from scripts.lab.smoke import write_smoke_base


def test_an_uncased_base_is_given_case_classes_that_begin_alike(tmp_path: Path) -> None:
    model, _, case_types = load_base(str(write_smoke_base(tmp_path / "base", layers=1)))
    rows = model.bert.embeddings.token_type_embeddings.weight
    assert case_types
    assert rows.shape[0] == 5
    assert (rows == rows[0]).all()


def test_a_cased_base_is_left_alone_and_survives_a_checkpoint(tmp_path: Path) -> None:
    base = write_smoke_base(tmp_path / "base", layers=1)
    tokenizer = Tokenizer.from_file(str(base / "tokenizer.json"))
    tokenizer.normalizer = normalizers.BertNormalizer(lowercase=False)
    tokenizer.save(str(base / "tokenizer.json"))
    model, loaded, case_types = load_base(str(base))
    assert (case_types, model.config.type_vocab_size) == (False, 2)
    save_checkpoint(model, loaded, tmp_path / "saved")
    assert load_checkpoint(tmp_path / "saved")[2] is False


def test_a_folder_without_a_model_is_named(tmp_path: Path) -> None:
    with pytest.raises(
        FileNotFoundError, match=r"config\.json: no such file; expected one in a model folder"
    ):
        load_base(str(tmp_path))


def test_a_missing_checkpoint_is_named(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match="no checkpoint there"):
        load_checkpoint(tmp_path / "none")
