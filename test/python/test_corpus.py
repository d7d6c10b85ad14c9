from __future__ import annotations

import tempfile
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scripts.lab.arguments import parser_for, resolve_places
from scripts.lab.corpus import (
    WNUT17_TYPES,
    CorpusError,
    Entity,
    Sentence,
    as_text,
    read_columns,
    read_split,
    read_wnut17,
)
from scripts.lab.labels import ENTITY_TYPES, tags_from_spans
from scripts.lab.smoke_corpus import write_smoke_corpus
from scripts.lab.tag_schemes import SCHEMES


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
        ("\nEU NNP I-NP I-ORG\n\nrejects O\n", r"train:4: expected 4 columns as in line 2, got 2"),
        ("EU NNP I-NP I-ORG\nrejects V x y O\n", r"train:2: expected 4 columns as in line 1, got 5"),
        (
            "EU NNP I-NP I-XYZ\n",
            r"eng\.train:1: expected O, or B-, I-, E-, S- with one of the types PER, .*, got 'I-XYZ'",
        ),
        ("EU O\nParis\tX-LOC\n", r"eng\.train:2: expected O, or B-.*, got 'X-LOC'"),
        ("EU O\r\nParis LOC\r\n", r"eng\.train:2: expected O, or B-.*, got 'LOC'"),
        ("", r"eng\.train: expected at least one sentence, found none"),
        ("\ufeff", r"eng\.train: expected at least one sentence, found none"),
        ("\n \n\t\r\n-DOCSTART- O\n", r"eng\.train: expected at least one sentence, found none"),
        (b"caf\xe9 O\n", r"eng\.train:1: expected UTF-8, got byte 0xe9 \(the line's byte 4\)"),
        (b"EU O\n\ncaf\xe9 O\n", r"eng\.train:3: expected UTF-8, got byte 0xe9 \(the line's byte 4\)"),
        (
            b"\xef\xbb\xbfEU O\nx\xff O\n",
            r"eng\.train:2: expected UTF-8, got byte 0xff \(the line's byte 2\)",
        ),
        ("EU O\n".encode("utf-16"), r"eng\.train:1: expected UTF-8, got byte 0xff"),
        (
            "EU I-ORG\n\nParis B-LOC\nLima I-LOC\n",
            r"train:3: lines 1 and 3 are of different schemes: I-ORG at .*",
        ),
        (
            "EU O\nOslo S-LOC\n\nAnn O\nLee I-PER\n",
            r"train:5: lines 2 and 5 .*: I-PER after O \(line 5\) is iob1",
        ),
        (
            "Oslo S-LOC\nAnn B-PER\nsat O\n",
            r"train:3: bioes forbids O after B-PER: expected I-PER or E-PER \(the file is bioes by line 1: S-LOC",
        ),
    ],
)
def test_a_malformed_file_is_refused_with_file_line_and_expectation(
    tmp_path: Path, text: str | bytes, message: str
) -> None:
    with pytest.raises(CorpusError, match=message):
        read_columns(write(tmp_path, text))


@pytest.mark.parametrize(
    ("scheme", "text", "message"),
    [
        ("bio", "a O\n\nAnn B-PER\nsat O\nLee I-PER\n", r"eng\.train:5: bio forbids I-PER after O"),
        ("iob1", "Ann I-PER\nLee B-PER\nof O\nRome B-LOC\n", r"eng\.train:4: iob1 forbids B-LOC after O"),
        (
            "bioes",
            "a O\n\nAnn B-PER\n\nb O\n",
            r"eng\.train:3: bioes forbids the end of a sentence after B-PER",
        ),
        ("bioes", "-DOCSTART- O\n\nAnn I-PER\n", r"eng\.train:3: bioes forbids I-PER at the beginning"),
        ("biluo", "a O\n", r"unknown scheme 'biluo': expected one of auto, iob1, bio, bioes"),
    ],
)
def test_a_sequence_that_the_given_scheme_forbids_is_refused_with_its_line(
    tmp_path: Path, scheme: str, text: str, message: str
) -> None:
    with pytest.raises(CorpusError, match=message):
        read_columns(write(tmp_path, text), scheme=scheme)


@pytest.mark.parametrize(
    ("scheme", "tags"),
    [
        ("iob1", ("I-PER", "I-PER", "B-PER", "I-LOC", "O")),
        ("bio", ("B-PER", "I-PER", "B-PER", "B-LOC", "O")),
        ("bioes", ("B-PER", "E-PER", "S-PER", "S-LOC", "O")),
    ],
)
def test_every_scheme_is_found_and_read_alike(tmp_path: Path, scheme: str, tags: tuple[str, ...]) -> None:
    path = write(tmp_path, "\ufeff" + "".join(f"w\t{tag}\r\n" for tag in tags) + "\r\n")
    wanted = [Sentence(("w",) * 5, ("B-PER", "I-PER", "B-PER", "B-LOC", "O"), 0)]
    assert read_columns(path) == read_columns(path, scheme=scheme) == wanted


def test_a_few_needless_begins_among_thousands_are_read_and_told(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    many = "Ann I-PER\nsat O\n" * 1000
    path = write(tmp_path, many + "Rome B-LOC\nLima I-LOC\n")
    for scheme in ("auto", "iob1"):
        assert read_columns(path, scheme=scheme)[0].tags[-2:] == ("B-LOC", "I-LOC")
        assert "train: B- where IOB1 needs none, read as I-: line 2001" in capsys.readouterr().err
    with pytest.raises(CorpusError, match=r"train:1: bio forbids I-PER at the beginning"):
        read_columns(path, scheme="bio")
    with pytest.raises(CorpusError, match=r"train:2001: lines 1 and 2001 are of different schemes"):
        read_columns(write(tmp_path, many + "Rome B-LOC\nsat O\n" * 2))


def test_types_of_another_corpus_are_mapped_and_unknown_ones_named(tmp_path: Path) -> None:
    text = "Acme\tB-corporation\nband\tB-group\nDune\tB-creative-work\nII\tI-creative-work\n"
    path = tmp_path / "emerging.test.annotated"
    path.write_text(text + "\t\nhi\tO\n")
    assert read_wnut17(tmp_path, "test") == [
        Sentence(("Acme", "band", "Dune", "II"), ("B-ORG", "B-ORG", "B-MISC", "I-MISC"), 0),
        Sentence(("hi",), ("O",), 0),
    ]
    path.write_text(text + "expo\tB-event\n")
    with pytest.raises(CorpusError, match=r"annotated:5: .* types person, .*, creative-work, got 'B-event'"):
        read_wnut17(tmp_path, "test")
    with pytest.raises(CorpusError, match=r"emerging\.dev\.conll: no such file"):
        read_wnut17(tmp_path, "validation")
    with pytest.raises(CorpusError, match=r"nowhere: not a folder; expected one with wnut17train.conll"):
        read_wnut17(tmp_path / "nowhere", "train")


def test_neighbours_of_one_mapped_type_stay_two_entities(tmp_path: Path) -> None:
    path = write(tmp_path, "Acme I-corporation\nband I-group\n")
    assert read_columns(path, types=WNUT17_TYPES)[0].tags == ("B-ORG", "B-ORG")


def test_a_folder_in_place_of_a_file_is_named(tmp_path: Path) -> None:
    (tmp_path / "eng.train").mkdir()
    with pytest.raises(CorpusError, match=r"eng\.train: a folder; expected a column file"):
        read_split(tmp_path, "train")


def test_a_missing_folder_file_or_split_is_named(tmp_path: Path) -> None:
    with pytest.raises(CorpusError, match=r"nowhere: not a folder"):
        read_split(tmp_path / "nowhere", "train")
    with pytest.raises(CorpusError, match=r"eng\.testa: no such file"):
        read_split(tmp_path, "validation")
    with pytest.raises(CorpusError, match="unknown split 'dev'"):
        read_split(tmp_path, "dev")


words = st.text(
    st.characters(blacklist_categories=("Cs",), blacklist_characters=" \t\n\r"), min_size=1, max_size=6
)
odd_words = st.sampled_from(
    ["\u00a0", "\u2028", "\x85", "\u200b\u200d", "\ufeff", "e\u0301", "\U0001f468\u200d\U0001f469", "\x0b"]
)


@given(st.lists(words | odd_words, min_size=1, max_size=8), st.data())
def test_gold_entities_cut_their_tokens_out_of_the_text(tokens: list[str], data: st.DataObject) -> None:
    start = data.draw(st.integers(0, len(tokens) - 1))
    end = data.draw(st.integers(start + 1, len(tokens)))
    kind = data.draw(st.sampled_from(ENTITY_TYPES))
    sentence = Sentence(tuple(tokens), tuple(tags_from_spans([(kind, start, end)], len(tokens))), 1)
    text, entities, ranges = as_text(sentence)
    assert [text[first:last] for first, last in ranges] == tokens
    assert entities == [Entity(kind, ranges[start][0], ranges[end - 1][1])]
    assert text[entities[0].start : entities[0].end] == " ".join(tokens[start:end])


@given(st.lists(st.lists(words | odd_words, min_size=1, max_size=5), min_size=1, max_size=3))
def test_any_token_is_read_as_it_is_written(sentences: list[list[str]]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        lines = "\n\n".join("\n".join(f"{token}\tO" for token in tokens) for tokens in sentences)
        found = read_columns(write(Path(folder), "first O\n\n" + lines))
    assert [list(sentence.tokens) for sentence in found] == [["first"], *sentences]


@pytest.mark.parametrize("scheme", ["auto", *SCHEMES])
def test_smoke_data_hold_the_same_entities_in_the_scheme_that_is_asked_for(
    tmp_path: Path, scheme: str
) -> None:
    asked = ["--smoke", "--scheme", scheme, "--checkpoints", str(tmp_path)]
    places = resolve_places(parser_for("").parse_args(asked))
    assert places.scheme == scheme
    plain = read_split(write_smoke_corpus(tmp_path / "plain"), "train", scheme="iob1")
    assert places.read_split("train") == plain
    assert places.read_split("train") == read_split(tmp_path / "smoke" / "data", "train")  # by its evidence
    if scheme == "bioes":
        with pytest.raises(CorpusError, match=r"eng\.train:\d+: bio forbids [ES]-"):
            read_split(tmp_path / "smoke" / "data", "train", scheme="bio")
