"""New sentences by masked-LM infilling: some words outside of mentions are hidden, and the model's own put there."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import replace

import torch
from tokenizers import Tokenizer
from transformers import BertForMaskedLM

from scripts.lab.batches import SpecialTokens, collate
from scripts.lab.case_classes import ALL_CAPS, INITIAL, case_class
from scripts.lab.compute import autocast
from scripts.lab.corpus import Sentence, as_text
from scripts.lab.encoding import MAX_LENGTH, encode_texts
from scripts.lab.masked_lm import mask_id


def in_case_of(word: str, model: str) -> str:
    """The word, which an uncased vocabulary has in lower case, written as `model` is."""
    kind = case_class(model)
    if kind == ALL_CAPS:
        return word.upper()
    return word.capitalize() if kind == INITIAL else word


class Infiller:
    """Puts other words into sentences. Words that the tokenizer splits, numbers and mentions stay."""

    def __init__(
        self,
        model: BertForMaskedLM,
        tokenizer: Tokenizer,
        *,
        share: float,
        top: int,
        bf16: bool,
        uncased: bool,
    ) -> None:
        self._model = model.eval()
        self._tokenizer = tokenizer
        self._share = share
        self._top = top
        self._bf16 = bf16
        self._uncased = uncased
        self._mask = mask_id(tokenizer)
        self._special = SpecialTokens.of(tokenizer)
        self._words = word_ids(tokenizer, model.config.vocab_size)

    @torch.no_grad()
    def fill(self, sentences: Sequence[Sentence], rng: random.Random) -> list[Sentence]:
        """One new sentence for each that has a word to hide, with the old tags."""
        texts, _, ranges = zip(*(as_text(sentence) for sentence in sentences), strict=True)
        encoded = encode_texts(self._tokenizer, texts, self._uncased)
        chosen: list[dict[int, int]] = []  # index of the token in the sentence, by that of its piece
        kept = []
        hidden: list[int] = []  # what stood there, which is not put back
        for index, item in enumerate(encoded):
            picked = self._choose(sentences[index], item.offsets, ranges[index], rng)
            if picked and len(item.ids) <= MAX_LENGTH - 2:
                for piece in picked:
                    hidden.append(item.ids[piece])
                    item.ids[piece] = self._mask
                chosen.append(picked)
                kept.append(index)
        if not kept:
            return []
        batch = collate([encoded[index] for index in kept], self._special)
        with autocast(self._model, self._bf16):
            states = self._model.bert(**batch.inputs()).last_hidden_state
            rows, columns = torch.nonzero(batch.input_ids == self._mask, as_tuple=True)
            logits = self._model.cls(states[rows, columns]).float()
        logits[torch.arange(len(hidden)), torch.tensor(hidden)] = -torch.inf
        best = logits.masked_fill(~self._words, -torch.inf).topk(self._top, dim=-1)
        chances = best.values.softmax(-1).tolist()
        found: dict[tuple[int, int], str] = {}
        for place, (row, column) in enumerate(zip(rows.tolist(), columns.tolist(), strict=True)):
            drawn = rng.choices(best.indices[place].tolist(), chances[place])[0]
            found[row, column - 1] = self._tokenizer.id_to_token(drawn)
        return [
            self._with_words(sentences[index], {at: found[row, piece] for piece, at in chosen[row].items()})
            for row, index in enumerate(kept)
        ]

    def _choose(
        self,
        sentence: Sentence,
        offsets: Sequence[tuple[int, int]],
        ranges: Sequence[tuple[int, int]],
        rng: random.Random,
    ) -> dict[int, int]:
        whole = {offset: piece for piece, offset in enumerate(offsets)}
        return {  # in the order of the text, as the hidden tokens are found again
            whole[place]: index
            for index, place in enumerate(ranges)
            if place in whole
            and sentence.tags[index] == "O"
            and sentence.tokens[index].isalpha()
            and rng.random() < self._share
        }

    def _with_words(self, sentence: Sentence, words: dict[int, str]) -> Sentence:
        tokens = list(sentence.tokens)
        for index, word in words.items():
            tokens[index] = in_case_of(word, tokens[index]) if self._uncased else word
        return replace(sentence, tokens=tuple(tokens))


def word_ids(tokenizer: Tokenizer, size: int) -> torch.Tensor:
    """[size], true at entries of the vocabulary that are words of letters alone."""
    names = [tokenizer.id_to_token(index) or "" for index in range(size)]
    return torch.tensor([name.isalpha() for name in names])
