from __future__ import annotations

import numpy as np
import pytest
import torch

from scripts.encoder_only import cosine, euclidean, first_subword_states, label_means, spans_of
from scripts.lab.encoding import encode_texts
from scripts.lab.labels import LABEL_INDEX, LABELS
from scripts.lab.smoke import small_model, small_tokenizer


def test_states_are_those_of_first_subwords_whatever_else_is_in_the_batch() -> None:
    tokenizer = small_tokenizer()
    encoder = small_model(tokenizer.get_vocab_size(), layers=2).bert.eval()
    encoded = encode_texts(tokenizer, ["Zyxwv moved .", "", "the day"])
    states = first_subword_states(encoder, tokenizer, encoded, bf16=False, what="test")
    assert [len(rows) for rows in states] == [3, 0, 2]
    for item, rows in zip(encoded, states, strict=True):
        (single,) = first_subword_states(encoder, tokenizer, [item], bf16=False, what="test")
        assert np.abs(rows - single).max(initial=0.0) < 1e-5
    ids = [tokenizer.token_to_id("[CLS]"), *encoded[0].ids, tokenizer.token_to_id("[SEP]")]
    types = [0, *encoded[0].case_types, 0]
    with torch.no_grad():
        hidden = encoder(torch.tensor([ids]), token_type_ids=torch.tensor([types])).last_hidden_state[0]
    first = [1 + start for start, _ in encoded[0].pre_token_ranges()]
    assert len(ids) - 2 > len(first)
    assert np.abs(states[0] - hidden[first].numpy()).max() < 1e-5


def test_means_are_of_each_label_and_none_may_lack() -> None:
    labels = np.repeat(np.arange(len(LABELS)), 2)
    states = np.stack([labels - 0.5, labels + 0.5]).T.reshape(-1, 2)
    assert label_means(states, labels).tolist() == [
        [index - 0.5, index + 0.5] for index in range(len(LABELS))
    ]
    with pytest.raises(ValueError, match="no token of I-MISC"):
        label_means(states, np.minimum(labels, len(LABELS) - 2))


def test_similarities_prefer_the_nearest_mean() -> None:
    means = np.array([[4.0, 0.0], [0.0, 1.0]])
    states = np.array([[1.0, 0.0], [0.5, 0.9]])
    assert cosine(states, means).argmax(axis=1).tolist() == [0, 1]
    assert cosine(states, means)[0].tolist() == [1.0, 0.0]
    # The first state points to the far mean, but is nearer to the other one.
    assert euclidean(states, means).tolist() == [[-4.5, -1.0], pytest.approx([-6.53, -0.13])]


def test_answers_are_legal_spans_over_the_text() -> None:
    (encoded,) = encode_texts(small_tokenizer(), ["Zyxwv Quv moved"])
    similarities = np.zeros((3, len(LABELS)))
    similarities[0, LABEL_INDEX["B-PER"]] = 1
    similarities[1, LABEL_INDEX["I-ORG"]] = 1  # forbidden after B-PER
    similarities[1, LABEL_INDEX["I-PER"]] = 0.9
    similarities[2, LABEL_INDEX["O"]] = 1
    assert spans_of(encoded, similarities) == [("PER", 0, 9)]
    assert spans_of(encoded, 50 * similarities) == [("PER", 0, 9)]
