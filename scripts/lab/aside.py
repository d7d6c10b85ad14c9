"""Products are written aside and renamed when they are whole, so that neither an error, nor a full disk, nor
an interruption leaves half of one, and an old product stays until the new one is there.
"""

from __future__ import annotations

import errno
import re
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

NO_ROOM = {
    errno.ENOSPC: "the disk is full",
    errno.EDQUOT: "the disk quota is used up",
    errno.EFBIG: "the file is larger than this system allows (ulimit -f)",
}


class NoRoomError(OSError):
    """A product could not be written for want of room; the message names it and what is left of it."""


def clear(product: Path) -> None:
    """Removes a file or a folder with all that is in it, if it is there."""
    if product.is_dir() and not product.is_symlink():
        shutil.rmtree(product)
    else:
        product.unlink(missing_ok=True)


def replace(aside: Path, product: Path) -> None:
    """Renames a file or folder over another; a folder in its place goes only after the rename."""
    if not product.is_dir():
        aside.replace(product)
        return
    old = product.with_name(f"{product.name}.replaced.partial")
    clear(old)
    product.rename(old)
    try:
        aside.rename(product)
    except BaseException:
        if not product.exists():
            old.rename(product)
        raise
    clear(old)


@contextmanager
def written_aside(product: Path) -> Iterator[Path]:
    """Gives the path to write to: a file or a folder beside `product`, which it becomes at the end.

    On any error or interruption it is removed, and so is a parent folder that was made for it. Raises
    NoRoomError where the disk is full.
    """
    aside = product.with_name(f"{product.stem}.partial{product.suffix}")
    clear(aside)
    made = not product.parent.is_dir()
    try:
        product.parent.mkdir(parents=True, exist_ok=True)
        yield aside
        replace(aside, product)
    except BaseException as error:
        clear(aside)
        if made and product.parent.is_dir() and not any(product.parent.iterdir()):
            product.parent.rmdir()
        reason = no_room(error)
        if reason is None:
            raise
        raise NoRoomError(
            f"{product}: {reason}. Nothing half-written was left; make room and start again"
        ) from error


def no_room(error: BaseException) -> str | None:
    """Why there was no room to write, or None where the error is another one."""
    if isinstance(error, NoRoomError):
        return None  # says already what is to be said
    if isinstance(error, OSError):
        return NO_ROOM.get(error.errno or 0)
    # Libraries in Rust (safetensors, tokenizers) tell the number of the error in their text only.
    found = re.search(r"\(os error (\d+)\)", str(error))
    if found:
        return NO_ROOM.get(int(found[1]))
    # torch.save says of a failed write only that the positions in its file do not add up.
    if isinstance(error, RuntimeError) and "inline_container.cc" in str(error):
        return "it could not be written, most likely because the disk is full"
    return None
