"""Asks a running gateway, one text a request, past its cache."""

from __future__ import annotations

import http.client
import json
from collections.abc import Sequence
from urllib.parse import urlsplit

from scripts.lab.decoding import Span
from scripts.lab.progress import progress

BUDGET_MS = 600_000  # the most that the gateway takes: accuracy is measured here, not speed


def ask_gateway(url: str, texts: Sequence[str], variant: str) -> list[list[Span]]:
    parts = urlsplit(url)
    if parts.scheme != "http" or not parts.hostname:
        raise ValueError(f"--url {url!r}: expected http://HOST:PORT")
    connection = http.client.HTTPConnection(parts.hostname, parts.port or 80, timeout=60)
    headers = {"Content-Type": "application/json", "Cache-Control": "no-cache"}
    answers = []
    for text in progress(texts, f"ask {variant}"):
        body = json.dumps({"text": text, "variant": variant, "latency_budget_ms": BUDGET_MS})
        connection.request("POST", "/ner", body.encode(), headers)
        response = connection.getresponse()
        payload = json.loads(response.read())
        if response.status != 200:
            raise ValueError(
                f"the gateway answered {response.status} {payload.get('code')} for variant {variant!r}"
            )
        answers.append([Span(e["label"], e["start"], e["end"], e["score"]) for e in payload["entities"]])
    connection.close()
    return answers
