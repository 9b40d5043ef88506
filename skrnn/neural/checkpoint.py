"""Checkpoint: what a training that is killed goes on from, in a file of its own."""

import hashlib
import os
from dataclasses import dataclass, fields, is_dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from skrnn.files import load, save
from skrnn.neural.feeding import Feed
from skrnn.neural.training import Progress, Trained, Training
from skrnn.warn import warn


@dataclass
class Kept:
    """A training between two epochs."""

    progress: Progress
    trained: Trained


class Checkpoint:
    """The file of one training, in a folder of many.

    Its name tells what is trained on what: another network, other data or another seed have a file
    of their own.

    Parameters
    ----------
    folder : str or Path
        The folder; made where it is missing.
    what : tuple
        All that the training depends on: numbers, text, records, arrays and feeds.
    """

    def __init__(self, folder: str | Path, what: tuple):
        self.path = Path(folder, f"{_digest(what)}.skrnn")
        self._has_failed = False

    def read(self) -> Kept | None:
        """What was kept; None where that is nothing, and an error where nothing can be kept."""
        self._check_folder()
        if not self.path.exists():
            return None
        try:
            return load(self.path)
        except ValueError as error:
            warn(f"training begins anew, as {error}")
            return None

    def keep(self, progress: Progress, trained: Trained) -> None:
        """Keep a training that has ended an epoch; what was kept before, until this is whole.

        A full disk ends no training: a warning says once that an epoch was not kept.
        """
        try:
            save(Kept(progress, trained), self.path)
        except OSError as error:
            if not self._has_failed:
                self._has_failed = True
                warn(
                    f"an epoch could not be kept in checkpoint={str(self.path.parent)!r} "
                    f"({error.strerror}): training goes on, but a fit that is cut begins from what "
                    "was kept before: make room there"
                )

    def _check_folder(self):
        folder = self.path.parent
        try:
            folder.mkdir(parents=True, exist_ok=True)
            why = "" if os.access(folder, os.W_OK) else "it is read-only"
        except OSError as error:
            why = error.strerror
        if why:
            raise ValueError(
                f"checkpoint={str(folder)!r} cannot be written to ({why}): name another folder"
            )


def _digest(what):
    digest = hashlib.sha256()
    for part in what:
        _add(digest, part)
    return digest.hexdigest()[:32]


def _add(digest, part: Any):
    """Add what a training depends on to the digest of all."""
    digest.update(type(part).__name__.encode())
    if isinstance(part, np.ndarray):
        digest.update(repr((part.shape, part.dtype.str)).encode())
        digest.update(np.ascontiguousarray(part).data)
    elif isinstance(part, Feed):
        windows = part.windows
        _add(digest, [windows.rows, windows.ends, windows.length, windows.sampling_rate])
        _add(digest, [windows.shift, repr(windows.form), windows.lengths, part.known_ahead])
        _add(digest, [windows.series, windows.bounds, windows.jumps])
        _add(digest, [part.y, part.weights, part.batch_size, part.order])
    elif isinstance(part, list | tuple):
        for one in part:
            _add(digest, one)
    elif isinstance(part, dict):
        _add(digest, list(part.items()))
    elif isinstance(part, Training):
        _add(digest, vars(replace(part, verbose=0)))
    elif is_dataclass(part):
        _add(digest, [getattr(part, field.name) for field in fields(part)])
    else:
        digest.update(repr(part).encode())
