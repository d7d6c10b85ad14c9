"""Makes `scripts` importable however pytest is started, and keeps property tests steady on a busy machine."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings
from tokenizers import Tokenizer

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))

settings.register_profile(
    "entier", deadline=None, max_examples=100, derandomize=True, suppress_health_check=[HealthCheck.too_slow]
)
settings.load_profile("entier")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The smoke chain takes longer than all others together, so one process begins with it."""
    items.sort(key=lambda item: item.path.name != "test_smoke_chain.py")


@pytest.fixture(scope="session")
def root() -> Path:
    return ROOT


@pytest.fixture(scope="session")
def run_script() -> Callable[..., subprocess.CompletedProcess[str]]:
    """Runs `python -m scripts.NAME` with the given arguments, as a user would."""

    def run(name: str, *arguments: str | Path) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-m", f"scripts.{name}", *map(str, arguments)],
            cwd=ROOT,
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )

    return run


@pytest.fixture(scope="session")
def tokenizer() -> Tokenizer:
    from scripts.lab.encoding import load_tokenizer

    return load_tokenizer(ROOT / "models" / "tokenizer" / "tokenizer.json")
