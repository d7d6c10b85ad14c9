"""How much memory a model holds in a process of its own.

    python -m scripts.lab.resident [MODEL --vocabulary N]

prints the resident set of this process in bytes, with MODEL after loading and three runs of each shape.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
from functools import cache
from pathlib import Path

from scripts.lab.runtime import LATENCY_SHAPES, open_session, shape_feeds

STATUS = Path("/proc/self/status")
ROOT = Path(__file__).resolve().parents[2]


def resident_bytes() -> int:
    """VmRSS of this process. Raises ValueError where the kernel does not tell it."""
    for line in STATUS.read_text(encoding="utf-8").splitlines():
        key, _, value = line.partition(":")
        if key == "VmRSS":
            return int(value.split()[0]) * 1024
    raise ValueError(f"{STATUS}: expected a line VmRSS, found none")


@cache
def empty_bytes() -> int:
    """Of a process that only imported onnxruntime, measured once."""
    return _measure()


def resident_mb(model_file: Path, vocabulary: int) -> float | None:
    """MB (10**6 bytes) that a fresh process holds with the model beyond one that only imported onnxruntime.

    None where there is no /proc to read it from.
    """
    if not STATUS.is_file():
        return None
    with_model = _measure(str(model_file.resolve()), "--vocabulary", str(vocabulary))
    return round((with_model - empty_bytes()) / 1e6, 1)


def _measure(*arguments: str) -> int:
    command = [sys.executable, "-m", "scripts.lab.resident", *arguments]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise RuntimeError(f"{' '.join(command[1:])} failed: {done.stderr.strip()}")
    return int(done.stdout)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("model", type=Path, nargs="?")
    parser.add_argument("--vocabulary", type=int, default=100)
    args = parser.parse_args()
    if args.model is not None:
        session = open_session(args.model, threads=1)
        for texts, tokens in LATENCY_SHAPES:
            feeds = shape_feeds(texts, tokens, args.vocabulary, seed=1)
            for _ in range(3):
                session.run(None, feeds)
    print(resident_bytes())


if __name__ == "__main__":
    main()
