"""Runs another script of the pipeline as a part of a comparison, in a process of its own."""

from __future__ import annotations

import signal
import subprocess
import sys
from collections.abc import Sequence
from typing import TextIO

from scripts.lab.arguments import Places


def run_other(script: str, arguments: Sequence[str], places: Places, seed: int) -> None:
    """Runs `python -m scripts.SCRIPT` with our data, checkpoints and seed, as `run_alone` does."""
    ours = ["--data", str(places.need_data()), "--checkpoints", str(places.checkpoints)]
    ours += ["--scheme", places.scheme, "--seed", str(seed)]
    run_alone(script, [*arguments, *ours])


def run_alone(script: str, arguments: Sequence[str], stdout: TextIO | None = None) -> None:
    """Runs `python -m scripts.SCRIPT`; its output is ours, or goes to `stdout`, and it ends with us.

    Raises ValueError where it fails; it has said why by then.
    """
    child = subprocess.Popen([sys.executable, "-m", f"scripts.{script}", *arguments], stdout=stdout)
    try:
        status = child.wait()
    except BaseException:
        child.send_signal(signal.SIGTERM)
        child.wait()
        raise
    if status:
        raise ValueError(f"scripts.{script} ended with status {status}; its message is above")
