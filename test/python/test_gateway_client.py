from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest

from scripts.lab.decoding import Span
from scripts.lab.gateway_client import ask_gateway


class Gateway(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        known = body["variant"] == "full" and self.headers["Cache-Control"] == "no-cache"
        entity = {"label": "PER", "start": 0, "end": 3, "text": body["text"][:3], "score": 0.5}
        answer = {"entities": [entity]} if known else {"code": "unknown_variant"}
        payload = json.dumps(answer).encode()
        self.send_response(200 if known else 404)
        self.send_header("Content-Length", str(len(payload)))
        self.end_headers()
        self.wfile.write(payload)

    def log_message(self, *_: object) -> None:
        """Keeps the test's output clean."""


@pytest.fixture
def url() -> Iterator[str]:
    server = HTTPServer(("127.0.0.1", 0), Gateway)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()


def test_each_text_is_asked_past_the_cache(url: str) -> None:
    assert ask_gateway(url, ["Ada met", "Bob left"], "full") == [[Span("PER", 0, 3, 0.5)]] * 2


def test_a_refusal_names_status_code_and_variant(url: str) -> None:
    with pytest.raises(ValueError, match="404 unknown_variant for variant 'none'"):
        ask_gateway(url, ["Ada"], "none")


def test_another_scheme_is_refused() -> None:
    with pytest.raises(ValueError, match="expected http://HOST:PORT"):
        ask_gateway("ftp://x", ["Ada"], "full")
