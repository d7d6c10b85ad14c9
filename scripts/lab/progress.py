"""Progress on stderr: a bar on a terminal, one line a minute elsewhere."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterable, Iterator
from typing import TypeVar

from tqdm import tqdm

T = TypeVar("T")
SECONDS_BETWEEN_LINES = 60.0


def progress(items: Iterable[T], what: str) -> Iterator[T]:
    if sys.stderr.isatty():
        yield from tqdm(items, desc=what, leave=False)
        return
    bar = tqdm(items, desc=what, disable=True)
    total = len(items) if hasattr(items, "__len__") else None
    began = last = time.monotonic()
    for done, item in enumerate(bar):
        now = time.monotonic()
        if now - last >= SECONDS_BETWEEN_LINES:
            last = now
            print(
                f"{what}: {tqdm.format_meter(done, total, now - began, ascii=True)}",
                file=sys.stderr,
                flush=True,
            )
        yield item
