from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scripts.lab.corpus import CorpusError, Entity, Sentence, as_text, read_columns, read_split
from scripts.lab.labels import ENTITY_TYPES, tags_from_spans


def write(directory: Path, text: str | bytes) -> Path:
    path = directory / "eng.train"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return path


def test_sentences_documents_and_bio_are_read(tmp_path: Path) -> None:
    path = write(
        tmp_path,
        "-DOCSTART- -X- -X- O\n\nEU NNP I-NP I-ORG\nrejects VBZ I-VP O\n\n\n"
        "-DOCSTART- -X- -X- O\n\nParis NNP I-NP I-LOC",
    )
    assert read_columns(path) == [
        Sentence(("EU", "rejects"), ("B-ORG", "O"), 1),
        Sentence(("Paris",), ("B-LOC",), 2),
    ]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("EU NNP I-NP I-ORG\nrejects\n", r"train:2: expected a token and a tag at least, got 'rejects'"),
        (
            "EU NNP I-NP I-ORG\n\nrejects O\n",
            r"train:3: expected 4 columns as in the lines above, got 2",
        ),
        ("EU NNP I-NP I-XYZ\n", r"eng\.train:1: expected a tag of O, B-PER.*, got 'I-XYZ'"),
        ("\n\n", r"eng\.train: expected at least one sentence, found none"),
        (b"caf\xe9 O\n", r"eng\.train: not UTF-8 at byte 3"),
    ],
)
def test_a_malformed_file_is_refused_with_file_line_and_expectation(
    tmp_path: Path, text: str | bytes, message: str
) -> None:
    with pytest.raises(CorpusError, match=message):
        read_columns(write(tmp_path, text))


def test_a_missing_folder_file_or_split_is_named(tmp_path: Path) -> None:
    with pytest.raises(CorpusError, match=r"nowhere: not a folder"):
        read_split(tmp_path / "nowhere", "train")
    with pytest.raises(CorpusError, match=r"eng\.testa: no such file"):
        read_split(tmp_path, "validation")
    with pytest.raises(CorpusError, match="unknown split 'dev'"):
        read_split(tmp_path, "dev")


words = st.text(st.characters(blacklist_categories=("Cs", "Zs", "Zl", "Zp", "Cc")), min_size=1, max_size=6)


@given(st.lists(words, min_size=1, max_size=8), st.data())
def test_gold_entities_cut_their_tokens_out_of_the_text(tokens: list[str], data: st.DataObject) -> None:
    start = data.draw(st.integers(0, len(tokens) - 1))
    end = data.draw(st.integers(start + 1, len(tokens)))
    kind = data.draw(st.sampled_from(ENTITY_TYPES))
    sentence = Sentence(tuple(tokens), tuple(tags_from_spans([(kind, start, end)], len(tokens))), 1)
    text, entities, ranges = as_text(sentence)
    assert [text[first:last] for first, last in ranges] == tokens
    assert entities == [Entity(kind, ranges[start][0], ranges[end - 1][1])]
    assert text[entities[0].start : entities[0].end] == " ".join(tokens[start:end])
