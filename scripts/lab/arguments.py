"""The arguments that all scripts share, and what they come to (`--smoke` moves everything into a folder of
its own).
"""

from __future__ import annotations

import argparse
import json
import shutil
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from scripts.lab.corpus import CorpusError
from scripts.lab.smoke_corpus import write_smoke_corpus


@dataclass(frozen=True)
class Places:
    data: Path | None
    checkpoints: Path
    models: Path

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


def resolve_places(args: argparse.Namespace) -> Places:
    if not args.smoke:
        return Places(args.data, args.checkpoints, args.models)
    root = args.checkpoints / "smoke"
    args.force = True
    args.data = write_smoke_corpus(root / "data")
    args.checkpoints = root
    args.models = root / "models"
    return Places(args.data, args.checkpoints, args.models)


def refuse_overwrite(product: Path, force: bool) -> None:
    if product.exists() and not force:
        raise FileExistsError(f"{product} exists already; pass --force to make it again")


def clear(product: Path) -> None:
    if product.is_dir():
        shutil.rmtree(product)
    else:
        product.unlink(missing_ok=True)


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


def run_script(main: Callable[[], None]) -> None:
    """Wrong input ends with one clear line and status 2; anything else is a bug and keeps its trace."""
    try:
        main()
    except (ValueError, FileNotFoundError, FileExistsError) as error:
        print(f"error: {error}", file=sys.stderr)
        raise SystemExit(2) from error
