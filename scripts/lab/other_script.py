"""Runs another script of the pipeline as a part of a comparison, in a process of its own."""

from __future__ import annotations

import signal
import subprocess
import sys
from collections.abc import Sequence

from scripts.lab.arguments import Places


def run_other(script: str, arguments: Sequence[str], places: Places, seed: int) -> None:
    """Runs `python -m scripts.SCRIPT` with our data, checkpoints and seed; its output is ours, and it ends with us.

    Raises ValueError where it fails; it has said why by then.
    """
    command = [sys.executable, "-m", f"scripts.{script}", *arguments]
    command += ["--data", str(places.need_data()), "--checkpoints", str(places.checkpoints)]
    command += ["--scheme", places.scheme, "--seed", str(seed)]
    child = subprocess.Popen(command)
    try:
        status = child.wait()
    except BaseException:
        child.send_signal(signal.SIGTERM)
        child.wait()
        raise
    if status:
        raise ValueError(f"scripts.{script} ended with status {status}; its message is above")
