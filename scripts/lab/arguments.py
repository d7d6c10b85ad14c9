"""The arguments that all scripts share, and what they come to (`--smoke` moves everything into a folder of
its own).
"""

from __future__ import annotations

import argparse
import json
import math
import signal
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from types import FrameType

from scripts.lab.aside import NoRoomError, clear, no_room
from scripts.lab.corpus import CorpusError, Sentence, read_split
from scripts.lab.processor import has_bf16
from scripts.lab.smoke_corpus import write_smoke_corpus
from scripts.lab.tag_schemes import SCHEMES

__all__ = [
    "Places",
    "add_precision_argument",
    "add_training_arguments",
    "clear",
    "command_line",
    "not_negative",
    "over_zero",
    "parser_for",
    "positive",
    "refuse_overwrite",
    "resolve_places",
    "run_script",
    "show_config",
]


@dataclass(frozen=True)
class Places:
    data: Path | None
    checkpoints: Path
    models: Path
    scheme: str = "auto"  # of the column files

    def read_split(self, split: str) -> list[Sentence]:
        """Sentences of train, validation or test, in BIO. Raises CorpusError."""
        return read_split(self.need_data(), split, scheme=self.scheme)

    def measurement(self, kind: str, name: str) -> Path:
        """Where the figures of this kind ("evaluations", "calibration", "robustness") of a variant lie."""
        return self.checkpoints / kind / f"{name}.json"

    def need_data(self) -> Path:
        if self.data is None:
            raise CorpusError("pass --data FOLDER with the CoNLL-2003 column files (or --smoke)")
        return self.data


def parser_for(docstring: str | None) -> argparse.ArgumentParser:
    """Places and run flags are the same everywhere; a script adds its own groups before parsing."""
    parser = argparse.ArgumentParser(
        description=docstring, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    places = parser.add_argument_group("places")
    places.add_argument(
        "--data", type=Path, help="folder with eng.train, eng.testa and eng.testb (CoNLL columns)"
    )
    places.add_argument(
        "--scheme",
        choices=("auto", *SCHEMES),
        default="auto",
        help="how the column files write entities (%(default)s: found in each file)",
    )
    places.add_argument(
        "--checkpoints", type=Path, default=Path("checkpoints"), help="trained weights (%(default)s)"
    )
    places.add_argument(
        "--models", type=Path, default=Path("models"), help="what the gateway serves (%(default)s)"
    )
    run = parser.add_argument_group("run")
    run.add_argument("--seed", type=int, default=1, help="seed of everything random (%(default)s)")
    run.add_argument(
        "--smoke", action="store_true", help="tiny made-up data and model under CHECKPOINTS/smoke, seconds"
    )
    run.add_argument("--force", action="store_true", help="overwrite what exists")
    return parser


def add_precision_argument(group: argparse._ArgumentGroup) -> None:
    group.add_argument(
        "--bf16",
        action=argparse.BooleanOptionalAction,
        default=has_bf16(),
        help="products in bf16 (where the CPU has them)",
    )


def not_negative(text: str) -> float:
    value = float(text)
    if not 0 <= value < math.inf:
        raise argparse.ArgumentTypeError(f"{text}: expected 0 or more")
    return value


def over_zero(text: str) -> float:
    value = float(text)
    if not 0 < value < math.inf:
        raise argparse.ArgumentTypeError(f"{text}: expected more than 0")
    return value


def positive(text: str) -> int:
    value = int(text)
    if value < 1:
        raise argparse.ArgumentTypeError(f"{text}: expected 1 or more")
    return value


def add_training_arguments(group: argparse._ArgumentGroup, *, adversarial: float, dropout: float) -> None:
    group.add_argument(
        "--adversarial",
        type=not_negative,
        default=adversarial,
        help="also learn from word embeddings moved by this much against the label; 0 = off, and half the "
        "time (%(default)s)",
    )
    group.add_argument("--dropout", type=float, default=dropout, help="of hidden states (%(default)s)")
    group.add_argument(
        "--device", choices=("auto", "cpu", "cuda"), default="auto", help="where to train (%(default)s)"
    )
    add_precision_argument(group)


def resolve_places(args: argparse.Namespace) -> Places:
    if not args.smoke:
        return Places(args.data, args.checkpoints, args.models, args.scheme)
    root = args.checkpoints / "smoke"
    args.force = True
    args.data = write_smoke_corpus(root / "data", scheme=args.scheme)
    args.checkpoints = root
    args.models = root / "models"
    return Places(args.data, args.checkpoints, args.models, args.scheme)


def refuse_overwrite(product: Path, force: bool) -> None:
    if product.exists() and not force:
        raise FileExistsError(f"{product} exists already; pass --force to make it again")


def show_config(args: argparse.Namespace) -> None:
    print(json.dumps({key: value for key, value in vars(args).items()}, default=str), flush=True)


def command_line(module: str) -> str:
    """What to type to get the same again; folders of this machine are left out."""
    kept: list[str] = []
    skip = False
    for argument in sys.argv[1:]:
        if skip:
            skip = False
        elif argument in ("--data", "--checkpoints", "--models"):
            skip = True
        elif not argument.startswith(("--data=", "--checkpoints=", "--models=")):
            kept.append(argument)
    return " ".join(["python", "-m", f"scripts.{module}", *kept])


class Terminated(BaseException):
    """SIGTERM came. Like KeyboardInterrupt it is no Exception, so that nothing but cleaning up catches it."""


def raise_terminated(number: int, frame: FrameType | None) -> None:
    raise Terminated


def run_script(main: Callable[[], None], resumes_after: str | None = None) -> None:
    """Wrong input or a full disk ends with one clear line and status 2, an interruption with one line and
    status 130 or 143; anything else is a bug and keeps its trace.

    `resumes_after` says after what an interrupted run goes on when it is started again.
    """
    previous = signal.signal(signal.SIGTERM, raise_terminated)
    try:
        main()
    except (ValueError, OSError) as error:
        print(f"error: {said(error)}", file=sys.stderr)
        raise SystemExit(2) from error
    except (KeyboardInterrupt, Terminated) as stop:
        again = f"it goes on after {resumes_after}" if resumes_after else "it begins anew"
        print(
            f"interrupted; no half-written product was left. Started again with the same arguments, {again}.",
            file=sys.stderr,
        )
        raise SystemExit(143 if isinstance(stop, Terminated) else 130) from None
    finally:
        signal.signal(signal.SIGTERM, previous)


def said(error: Exception) -> str:
    """An error of the system names its file and what is wrong, without its number."""
    if not isinstance(error, OSError) or isinstance(error, NoRoomError) or error.strerror is None:
        return str(error)
    where = f"{error.filename}: " if error.filename is not None else ""
    return where + (no_room(error) or error.strerror)
