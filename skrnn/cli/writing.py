"""Results are written whole or not at all, and overwrite nothing unless they are told to."""

import shutil
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from skrnn.reading import DataProblem


@contextmanager
def new_file(path: str | Path, force: bool, sources: Sequence = ()) -> Iterator[Path]:
    """A path for a file, which gets its name when the block ends well.

    A name that is taken is refused before, that of a source, which is read, even with ``force``.
    """
    path = Path(path)
    if path.resolve() in [Path(source).resolve() for source in sources if source is not None]:
        raise DataProblem(f"{path} is what is read: choose another out=")
    if path.exists() and not path.is_file():
        raise DataProblem(_taken(path, "is a folder" if path.is_dir() else "is no file"))
    if path.exists() and not force:
        raise DataProblem(_taken(path, "exists already"))
    with _inside(path.parent, path.name) as folder:
        yield folder / path.name
        (folder / path.name).replace(path)


@contextmanager
def new_folder(path: str | Path, names: Sequence[str], force: bool) -> Iterator[Path]:
    """A path for a folder of files with some names, which gets its name when the block ends well.

    A folder that is there gets the files then; what ``force`` overwrites has no other files.
    """
    path = Path(path)
    there = path.exists()
    if there:
        _check_folder(path, names, force)
    # A folder that is there stays: it may be a link, the current one, or where a volume is mounted.
    with _inside(path if there else path.parent, path.name) as folder:
        unfinished = folder / "new"
        unfinished.mkdir()
        yield unfinished
        if there:
            _put_in_place(unfinished, path, folder / "before")
        else:
            unfinished.replace(path)


def _put_in_place(new, path, before):
    """Files in place of those of before, which come back if that fails."""
    old = list(path.glob("[!.]*"))
    before.mkdir()
    placed = []
    try:
        for file in old:
            file.replace(before / file.name)
        for file in sorted(new.iterdir()):
            placed.append(file.replace(path / file.name))
    except BaseException:
        for file in placed:
            file.unlink()
        for file in list(before.iterdir()):
            file.replace(path / file.name)
        raise


def _check_folder(path, names, force):
    if not path.is_dir():
        raise DataProblem(_taken(path, "is a file"))
    others = sorted({file.name for file in path.iterdir()} - set(names))
    if others:
        raise DataProblem(_taken(path, f"has other files ({others[0]})"))
    if not force and any(path.iterdir()):
        raise DataProblem(_taken(path, "exists already"))


def _taken(path, why):
    remedy = "choose another out="
    if why == "exists already":
        remedy += ", or add force=True to overwrite it"
    return f"{path} {why}: {remedy}"


@contextmanager
def _inside(parent, name):
    """A hidden folder in another, which is gone afterwards."""
    try:
        folder = Path(tempfile.mkdtemp(prefix=f".{name}.", dir=parent))
    except OSError as error:
        raise DataProblem(
            f"{parent} cannot be written to ({error.strerror}): choose another out="
        ) from None
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)
