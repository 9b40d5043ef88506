"""Keeping: what of a comparison is finished, in a folder from which a cut one goes on."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

import numpy as np

from skrnn.comparison.options import Options
from skrnn.files import load, save
from skrnn.reading import DataProblem, Reading
from skrnn.versions import versions
from skrnn.windows import Windows

BEGUN = "begun"
# It changes no number: a comparison may go on with more fits in parallel, or fewer.
FREE = ("jobs",)


@dataclass(frozen=True)
class Begun:
    """What a comparison that is kept depends on.

    Attributes
    ----------
    what : dict of str to dict of str to str
        The file, the options, the versions and the plan, each in parts.
    """

    what: dict


class OfAnother(DataProblem):
    """What is kept is of another comparison."""


class Kept:
    """What of a comparison is finished, in a folder with a file for each.

    Parameters
    ----------
    folder : Path, default=None
        The folder; made where it is missing. None keeps nothing.
    """

    def __init__(self, folder: Path | None = None):
        self.folder = None if folder is None else Path(folder)

    @property
    def is_empty(self) -> bool:
        """Whether nothing is finished that would be lost."""
        return not self._names() - {BEGUN}

    def begin(self, what: dict) -> None:
        """Begin a comparison, or go on with it; what is kept of another one is an error."""
        if self.folder is None:
            return
        self.folder.mkdir(parents=True, exist_ok=True)
        if not self._names():
            self.put(BEGUN, Begun(what))
            return
        before = self.get(BEGUN)
        if before is None:
            raise OfAnother(
                f"what {self.folder.parent} keeps cannot be read: begin anew with force=True and "
                "without resume="
            )
        for matter, parts in what.items():
            old = before.what.get(matter, {})
            for name in sorted({*parts, *old}):
                if old.get(name) != parts.get(name):
                    words = _difference(matter, name, old.get(name), parts.get(name))
                    raise OfAnother(
                        f"what {self.folder.parent} keeps was made {words}: go on as it was begun, "
                        "or begin anew with force=True and without resume="
                    )

    def get(self, name: str) -> Any | None:
        """What was kept under a name; None where nothing was, or nothing that can be read."""
        if self.folder is None or not self._path(name).exists():
            return None
        try:
            return load(self._path(name))
        except ValueError:
            # What is damaged is run anew, to the same numbers.
            return None

    def put(self, name: str, value: Any) -> None:
        """Keep something, whole or not at all."""
        if self.folder is not None:
            save(value, self._path(name))

    def _names(self):
        return set() if self.folder is None else {file.stem for file in self.folder.glob("*.skrnn")}

    def _path(self, name):
        return self.folder / f"{name}.skrnn"


def identity(
    reading: Reading, options: Options, plan: Sequence, X: Windows, y: np.ndarray, folds: list
) -> dict[str, dict[str, str]]:
    """What a comparison depends on, in words: what differs in none of it is the same."""
    asked = {
        option.name: _words(getattr(options, option.name))
        for option in fields(options)
        if option.name not in FREE
    }
    read = {
        name: _words(getattr(reading, name))
        for name in ("target", "time", "series", "known_ahead", "season")
    }
    planned = {type(part).__name__: repr(part) for part in plan}
    arrays = [X.rows, X.ends, y, *(array for fold in folds for array in fold)]
    return {
        "file": {"SHA-256": reading.sha256},
        "options": {**asked, **read},
        "versions": versions(),
        "plan": {**planned, "windows": _digest(arrays)},
    }


def _words(value):
    return ",".join(map(str, value)) if isinstance(value, tuple | list) else repr(value)


def _difference(matter, name, old, new):
    if matter == "file":
        return "from other data"
    if matter == "options":
        return f"with {name}={old}, not {new}"
    if matter == "versions":
        return f"with {name} {old}, not {new}"
    return "by another plan"


def _digest(arrays):
    digest = hashlib.sha256()
    for array in arrays:
        digest.update(repr((array.shape, array.dtype.str)).encode())
        digest.update(np.ascontiguousarray(array).data)
    return digest.hexdigest()
