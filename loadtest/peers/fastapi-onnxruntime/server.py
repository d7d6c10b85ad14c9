"""The peer `fastapi-onnxruntime` of `npm run loadtest -- peers`: as the documents of its packages show them.

By hand, from this folder (MODEL_DIR holds model.onnx and card.json, THREADS is optional):
    MODEL_DIR=../../../models/full-int8 TOKENIZER=../../../models/tokenizer/tokenizer.json \
        .venv/bin/python -m uvicorn server:app --port 8001
"""

import json
import os
from pathlib import Path

import numpy as np
import onnxruntime as ort
from fastapi import FastAPI
from pydantic import BaseModel
from tokenizers import Encoding, Tokenizer

MODEL_DIR = Path(os.environ["MODEL_DIR"])
CARD = json.loads((MODEL_DIR / "card.json").read_text())
LABELS: list[str] = CARD["labels"]

tokenizer = Tokenizer.from_file(os.environ["TOKENIZER"])
tokenizer.enable_truncation(max_length=CARD["inputs"]["maxLength"])
tokenizer.no_padding()

options = ort.SessionOptions()
if "THREADS" in os.environ:
    options.intra_op_num_threads = int(os.environ["THREADS"])
session = ort.InferenceSession(MODEL_DIR / CARD["file"], options, providers=["CPUExecutionProvider"])

app = FastAPI()


class Query(BaseModel):
    text: str


class Entity(BaseModel):
    label: str
    text: str
    start: int
    end: int
    score: float


class Answer(BaseModel):
    entities: list[Entity]


def case_class(word: str) -> int:
    """What the model is told about capitals: 0 none, 1 Initial, 2 ALL CAPS, 3 mixed, 4 has a digit."""
    if any(letter.isdecimal() for letter in word):
        return 4
    capitals = sum(letter.isupper() for letter in word)
    if capitals == 0:
        return 0
    if capitals > 1:
        return 3 if any(letter.islower() for letter in word) else 2
    return 1 if word[0].isupper() else 3


def case_classes(text: str, encoding: Encoding) -> list[int]:
    """The class of each token's word; 0 for the special tokens."""
    words = [word for word in encoding.word_ids if word is not None]
    classes = {}
    for word in set(words):
        start, end = encoding.word_to_chars(word)
        classes[word] = case_class(text[start:end])
    return [0 if word is None else classes[word] for word in encoding.word_ids]


def find_entities(text: str, encoding: Encoding, probabilities: np.ndarray) -> list[Entity]:
    """Each word has the label of its first token; I- goes on with an entity of its type, anything else begins one."""
    best = probabilities.argmax(axis=-1)
    found: list[tuple[str, int, int, list[float]]] = []
    seen = before = None
    for index, word in enumerate(encoding.word_ids):
        if word is None or word == seen:
            continue
        seen = word
        label, score = LABELS[best[index]], float(probabilities[index, best[index]])
        start, end = encoding.word_to_chars(word)
        prefix, _, kind = label.partition("-")
        if prefix == "I" and before == kind:
            kind_before, first, _, scores = found[-1]
            found[-1] = (kind_before, first, end, [*scores, score])
        elif prefix != "O":
            found.append((kind, start, end, [score]))
        before = kind if prefix != "O" else None
    return [
        Entity(label=kind, text=text[start:end], start=start, end=end, score=sum(scores) / len(scores))
        for kind, start, end, scores in found
    ]


# Not async: FastAPI runs it in a thread, and onnxruntime lets go of the interpreter while it computes.
@app.post("/ner")
def ner(query: Query) -> Answer:
    encoding = tokenizer.encode(query.text)
    types = case_classes(query.text, encoding) if CARD["inputs"]["caseTypes"] else encoding.type_ids
    (logits,) = session.run(
        ["logits"],
        {
            "input_ids": np.array([encoding.ids], dtype=np.int64),
            "attention_mask": np.array([encoding.attention_mask], dtype=np.int64),
            "token_type_ids": np.array([types], dtype=np.int64),
        },
    )
    exponents = np.exp(logits[0] - logits[0].max(axis=-1, keepdims=True))
    probabilities = exponents / exponents.sum(axis=-1, keepdims=True)
    return Answer(entities=find_entities(query.text, encoding, probabilities))


@app.get("/readyz")
def ready() -> dict[str, bool]:
    return {"ready": True}
