"""The records that the report was written from, kept beside it.

A record is what a step measured: a JSON file under CHECKPOINTS, some with arrays beside it. A clone has no
CHECKPOINTS, so scripts.report keeps a copy of what it used in MODELS/report/records, under the same relative paths:
JSON as it is, of arrays only those that it needs.
"""

from __future__ import annotations

import io
import shutil
import zipfile
import zlib
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

import numpy as np

from scripts.lab.arguments import Places
from scripts.lab.aside import written_aside
from scripts.lab.records import Facts, need, read_made_by

# What numpy and zipfile raise for bytes that are no npz file of these arrays.
DAMAGED = (OSError, EOFError, KeyError, ValueError, RuntimeError, zipfile.BadZipFile, zlib.error)


class Records:
    """Finds records in CHECKPOINTS or, where one is not there, among the kept ones, and remembers those that were read.

    They are named by their path under CHECKPOINTS, such as `latency/full.json`.
    """

    def __init__(self, places: Places) -> None:
        self.places = places
        self.kept = places.models / "report" / "records"
        self._read: dict[str, bytes] = {}

    def find(self, record: str) -> Path:
        """The file that is read; where there is none, the one that a step would write."""
        made, kept = self.places.checkpoints / record, self.kept / record
        return kept if kept.is_file() and not made.is_file() else made

    def has(self, record: str) -> bool:
        return self.find(record).is_file()

    def files(self, kind: str, names: Iterable[str]) -> str:
        """Where the records of these rows lie, for a message."""
        return ", ".join(str(self.find(f"{kind}/{name}.json")) for name in names)

    def read(self, record: str, step: str, *keys: str) -> Facts:
        """Raises FileNotFoundError or ValueError naming the file and the script to run; see `need` for `keys`."""
        path = self.find(record)
        found = read_made_by(path, step)
        need(found, path, step, *keys)
        self._read[record] = path.read_bytes()
        return found

    def read_counts(self, record: str, names: Sequence[str], remedy: str) -> dict[str, np.ndarray]:
        """Counts [sentences, 3] and single values of these names, from the file that lies beside the record.

        Raises FileNotFoundError or ValueError naming that file and the remedy.
        """
        path = self.find(record).with_suffix(".npz")
        if not path.is_file():
            raise FileNotFoundError(f"{path}: no such file; {remedy}")
        try:
            with np.load(path, allow_pickle=False) as saved:
                found = {name: saved[name] for name in names}
            for name, array in found.items():
                if array.ndim and array.shape[1:] != (3,):
                    raise ValueError(f"expected {name} of [sentences, 3], got {list(array.shape)}")
        except DAMAGED as error:
            raise ValueError(f"{path}: damaged ({error}); {remedy}") from error
        # Not packed again if it was kept before: another zlib would make other bytes of the same arrays.
        is_kept = path.is_relative_to(self.kept)
        self._read[str(Path(record).with_suffix(".npz"))] = path.read_bytes() if is_kept else packed(found)
        return found

    def keep(self, *, others: bool = False) -> None:
        """Replaces the kept records by those that were read; what nothing uses any more goes, unless `others` stay."""
        if others and not self._read:
            return
        with written_aside(self.kept) as aside:
            if others and self.kept.is_dir():
                shutil.copytree(self.kept, aside)
            for record, content in sorted(self._read.items()):
                file = aside / record
                file.parent.mkdir(parents=True, exist_ok=True)
                file.write_bytes(content)


def packed(arrays: Mapping[str, np.ndarray]) -> bytes:
    """An npz file; the same arrays have the same bytes, since numpy gives its members a fixed date."""
    file = io.BytesIO()
    np.savez_compressed(file, **arrays)
    return file.getvalue()
