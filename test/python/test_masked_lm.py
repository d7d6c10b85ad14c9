from __future__ import annotations

import itertools
import math
import random
from collections.abc import Iterator
from pathlib import Path

import pytest
import torch
from tokenizers import Tokenizer

import scripts.lab.masked_lm as masked_lm
from scripts.lab.batches import IGNORED_LABEL, Batch, training_batches
from scripts.lab.corpus import CorpusError, Sentence
from scripts.lab.infilling import Infiller, in_case_of
from scripts.lab.masked_lm import (
    LmSettings,
    Masked,
    hidden_logits,
    language_model_of,
    load_language_model,
    mask_tokens,
    perplexity,
    save_language_model,
    train_language_model,
)
from scripts.lab.model import load_base
from scripts.lab.smoke import small_model, small_tokenizer
from scripts.pretrain import read_lines_of_text

SENTENCES = [
    Sentence(
        ("The", "team", "of", "Acme", "moved", "to", "London", "on", "Monday", "."),
        ("O", "O", "O", "B-ORG", "O", "O", "B-LOC", "O", "O", "O"),
        1,
    ),
    Sentence(("THE", "bank", "said", "it", "fell", "."), ("O",) * 6, 1),
]
SETTINGS = LmSettings(head_steps=3, steps=4, head_rate=1e-3, rate=1e-2, bf16=False)


@pytest.fixture
def small() -> Tokenizer:
    return small_tokenizer()


@pytest.fixture
def batch(small: Tokenizer) -> Batch:
    (found,) = training_batches(SENTENCES, small, batch_size=2, case_types=True, rng=random.Random(1))
    return found


def masked_of(batch: Batch, small: Tokenizer, seed: int) -> Masked:
    return mask_tokens(batch, small, torch.Generator().manual_seed(seed))


def test_hidden_are_tokens_of_the_text_and_the_labels_are_what_stood_there(
    batch: Batch, small: Tokenizer
) -> None:
    special = torch.tensor([small.token_to_id(token) for token in ("[CLS]", "[SEP]", "[PAD]")])
    masks = total = 0
    for seed in range(300):
        masked = masked_of(batch, small, seed)
        hidden = masked.hidden
        assert not (hidden & torch.isin(batch.input_ids, special)).any()
        assert torch.equal(masked.batch.labels[hidden], batch.input_ids[hidden])
        assert torch.equal(masked.batch.input_ids[~hidden], batch.input_ids[~hidden])
        total += int(hidden.sum())
        masks += int((masked.batch.input_ids[hidden] == small.token_to_id("[MASK]")).sum())
    ordinary = int((~torch.isin(batch.input_ids, special)).sum())
    assert total / (300 * ordinary) == pytest.approx(0.15, abs=0.02)
    assert masks / total == pytest.approx(0.8, abs=0.05)


def test_perplexity_is_that_of_the_hidden_tokens(batch: Batch, small: Tokenizer) -> None:
    model = language_model_of(small_model(small.get_vocab_size(), layers=2)).eval()
    masked = masked_of(batch, small, 3)
    logits = model(**masked.batch.inputs()).logits
    torch.testing.assert_close(hidden_logits(model, masked), logits[masked.hidden])
    loss = torch.nn.functional.cross_entropy(
        logits.flatten(0, 1), masked.batch.labels.flatten(), ignore_index=IGNORED_LABEL
    )
    assert perplexity(model, [masked], bf16=False) == pytest.approx(math.exp(loss.item()), rel=1e-4)


def test_the_head_is_trained_alone_first_and_then_everything(
    batch: Batch, small: Tokenizer, tmp_path: Path
) -> None:
    tagger = small_model(small.get_vocab_size(), layers=2)
    model = language_model_of(tagger)
    masked = itertools.cycle([masked_of(batch, small, 3)])
    train_language_model(model, masked, SETTINGS, tmp_path, "head")
    for name, weight in model.bert.named_parameters():
        assert torch.equal(weight, tagger.bert.get_parameter(name)), name
    before = perplexity(model, [next(masked)], bf16=False)
    train_language_model(model, masked, SETTINGS, tmp_path, "all")
    words = model.bert.embeddings.word_embeddings.weight
    assert not torch.equal(words, tagger.bert.embeddings.word_embeddings.weight)
    assert model.cls.predictions.decoder.weight.data_ptr() == words.data_ptr(), "tied"
    assert perplexity(model, [next(masked)], bf16=False) < before


def test_an_interrupted_training_comes_to_the_same_weights(
    batch: Batch, small: Tokenizer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(masked_lm, "SAVE_EVERY_SECONDS", 0.0)
    start = language_model_of(small_model(small.get_vocab_size(), layers=2))
    weights = {name: value.clone() for name, value in start.state_dict().items()}

    def batches(stop_after: int | None = None) -> Iterator[Masked]:
        for step in itertools.count():
            if step == stop_after:
                raise KeyboardInterrupt
            yield masked_of(batch, small, 10 + step)

    found = []
    for folder, stops in (("whole", []), ("parts", [1, 3])):
        (tmp_path / folder).mkdir()
        for stop in stops:
            model = language_model_of(small_model(small.get_vocab_size(), layers=2))
            model.load_state_dict(weights)
            with pytest.raises(KeyboardInterrupt):
                train_language_model(model, batches(stop), SETTINGS, tmp_path / folder, "all")
        model = language_model_of(small_model(small.get_vocab_size(), layers=2))
        model.load_state_dict(weights)
        losses = train_language_model(model, batches(), SETTINGS, tmp_path / folder, "all")
        assert len(losses) == SETTINGS.steps
        found.append(model.state_dict())
    for name, value in found[0].items():
        torch.testing.assert_close(found[1][name], value, msg=name)

    other = LmSettings(head_steps=3, steps=9, head_rate=1e-3, rate=1e-2, bf16=False)
    with pytest.raises(ValueError, match="made with other settings"):
        train_language_model(model, batches(), other, tmp_path / "parts", "all")
    (tmp_path / "parts" / "resume.pt").write_bytes(b"torn")
    with pytest.raises(ValueError, match=r"resume\.pt: damaged; remove"):
        train_language_model(model, batches(), SETTINGS, tmp_path / "parts", "all")


@pytest.fixture
def kept(small: Tokenizer, tmp_path: Path) -> Path:
    folder = tmp_path / "lm"
    save_language_model(language_model_of(small_model(small.get_vocab_size(), layers=2)), small, folder)
    return folder


def test_what_is_kept_is_a_base_with_its_case_classes_and_a_language_model(kept: Path) -> None:
    model, tokenizer = load_language_model(kept)
    tagger, of_base, case_types = load_base(str(kept))
    assert (case_types, of_base.to_str()) == (True, tokenizer.to_str())
    for name, weight in model.bert.named_parameters():
        assert torch.equal(weight, tagger.bert.get_parameter(name)), name
    types = tagger.bert.embeddings.token_type_embeddings.weight
    assert not torch.equal(types[0], types[1]), "the five case classes are not made anew"
    with pytest.raises(FileNotFoundError, match=r"run scripts\.pretrain first"):
        load_language_model(kept.parent)


def test_infilling_changes_words_outside_of_mentions_and_keeps_their_case(
    kept: Path, tokenizer: Tokenizer
) -> None:
    model, own = load_language_model(kept)
    infiller = Infiller(model, own, share=1.0, top=3, bf16=False, uncased=True)
    made = infiller.fill(SENTENCES, random.Random(1))
    assert made == infiller.fill(SENTENCES, random.Random(1))
    assert len(made) == 2
    for old, new in zip(SENTENCES, made, strict=True):
        assert (new.tags, len(new.tokens)) == (old.tags, len(old.tokens))
        for before, after, tag in zip(old.tokens, new.tokens, old.tags, strict=True):
            if tag != "O" or not before.isalpha():
                assert after == before
        assert new.tokens != old.tokens
    assert made[0].tokens[0][0].isupper() and made[0].tokens[1].islower()
    assert all(word.isupper() for word in made[1].tokens[:1])
    nothing = Sentence(("1", "-", "2"), ("O", "O", "O"), 1)
    assert infiller.fill([nothing], random.Random(1)) == []


@pytest.mark.parametrize(
    ("model", "expected"), [("The", "Bank"), ("THE", "BANK"), ("the", "bank"), ("mAd", "bank")]
)
def test_a_word_is_written_as_the_one_that_it_replaces(model: str, expected: str) -> None:
    assert in_case_of("bank", model) == expected


def test_text_that_cannot_be_read_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "lines.txt"
    file.write_text("Ada met Acme .\n\n It rained.\n", encoding="utf-8")
    found = read_lines_of_text(file)
    assert [sentence.tokens for sentence in found] == [("Ada", "met", "Acme", "."), ("It", "rained.")]
    assert found[0].document != found[1].document
    for content, message in ((b"\n \n", "expected a text at least"), (b"a\xff", "expected UTF-8")):
        file.write_bytes(content)
        with pytest.raises(CorpusError, match=message):
            read_lines_of_text(file)
    with pytest.raises(CorpusError, match=r"none\.txt: no such file; expected a UTF-8 file"):
        read_lines_of_text(tmp_path / "none.txt")
