"""Writing what a step found, reading it again, and telling which file it was found on."""

from __future__ import annotations

import hashlib
import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from scripts.lab.aside import written_aside

Facts = dict[str, Any]  # JSON as a step wrote it


def sha256_of(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def now() -> str:
    return datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def write_json(path: Path, value: object) -> None:
    """Writes aside, then renames: a reader never sees half a file."""
    with written_aside(path) as aside:
        aside.write_text(json.dumps(value, ensure_ascii=False, indent=2) + "\n", encoding="utf-8")


def read_made_by(path: Path, step: str) -> Facts:
    """Raises FileNotFoundError or ValueError naming the file and the script to run."""
    if not path.is_file():
        raise FileNotFoundError(f"{path}: no such file; run scripts.{step} first")
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except (json.JSONDecodeError, UnicodeDecodeError) as error:
        raise ValueError(f"{path}: expected JSON of scripts.{step}, got {error}; run it again") from error
    if not isinstance(found, dict):
        raise ValueError(f"{path}: expected an object of scripts.{step}, got {type(found).__name__}")
    return found


def need(found: Facts, path: Path, step: str, *keys: str) -> None:
    """Raises ValueError if a key is missing; `a.b` means b within a."""
    for key in keys:
        inner: Any = found
        for part in key.split("."):
            if not isinstance(inner, dict) or part not in inner:
                raise ValueError(f"{path}: expected {key!r} in it; run scripts.{step} again")
            inner = inner[part]
