"""Results are written whole or not at all, and overwrite nothing unless they are told to."""

import shutil
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from skrnn.comparison.keeping import Kept, OfAnother
from skrnn.reading import DataProblem

UNFINISHED = "unfinished"


@contextmanager
def new_file(path: str | Path, force: bool, sources: Sequence = ()) -> Iterator[Path]:
    """A path for a file, which gets its name when the block ends well.

    A name that is taken is refused before, that of a source, which is read, even with ``force``.
    A link stays one: it is the file behind it that is written, for the same readers.
    """
    path = Path(path)
    target = path.resolve()
    if target in [Path(source).resolve() for source in sources if source is not None]:
        raise DataProblem(f"{path} is what is read: choose another out=")
    if path.exists() and not path.is_file():
        raise DataProblem(_taken(path, "is a folder" if path.is_dir() else "is no file"))
    if path.exists() and not force:
        raise DataProblem(_taken(path, "exists already"))
    with _inside(target.parent, path.name) as folder:
        unfinished = folder / path.name
        yield unfinished
        if target.exists():
            shutil.copymode(target, unfinished)
        unfinished.replace(target)


@dataclass(frozen=True)
class Unfinished:
    """What a command has made so far of a folder of results, beside them in that folder.

    Attributes
    ----------
    kept : Path
        The folder of what is finished, from which a run that is cut goes on.
    results : Path
        The folder of the files that get their place in the end.
    """

    kept: Path
    results: Path


@contextmanager
def new_folder(
    path: str | Path,
    names: Sequence[str],
    force: bool,
    resume: bool = False,
    sources: Sequence[str | Path] = (),
) -> Iterator[Unfinished]:
    """Where results with some names are made, which get into the folder when the block ends well.

    It is ``path/unfinished``, and is gone then. A block that ends otherwise leaves there what it
    has kept, and its error says so in ``kept``; ``resume`` goes on with that. What ``force``
    overwrites has no other files. No source, from which results are made, is overwritten.
    """
    path = Path(path)
    read = {Path(source).resolve() for source in sources}
    for name in names:
        if (path / name).resolve() in read:
            raise DataProblem(
                f"{path / name} is what is read, and results would take its place: choose another "
                "out="
            )
    folder = path / UNFINISHED
    is_new = not path.exists()
    _check_folder(path, names, force, resume)
    try:
        path.mkdir(exist_ok=True)
        # What a run that was cut has begun to write, and what it was told to forget.
        for name in ("results", "before") if resume else ("",):
            shutil.rmtree(folder / name, ignore_errors=True)
        unfinished = Unfinished(kept=folder / "kept", results=folder / "results")
        unfinished.results.mkdir(parents=True)
    except OSError as error:
        where = path.parent if is_new else path
        raise DataProblem(
            f"{where} cannot be written to ({error.strerror}): choose another out="
        ) from None
    try:
        yield unfinished
        _put_in_place(unfinished.results, path, folder / "before", names)
        shutil.rmtree(folder, ignore_errors=True)
    except BaseException as error:
        _name(error, path)
        shutil.rmtree(unfinished.results, ignore_errors=True)
        if not Kept(unfinished.kept).is_empty:
            if not isinstance(error, OfAnother):
                error.kept = f"what is finished is kept: go on with resume={str(path)!r}"
        else:
            shutil.rmtree(folder, ignore_errors=True)
            if is_new:
                path.rmdir()
        raise


def _put_in_place(new, path, before, names):
    """Files in place of those of before, which come back if that fails."""
    old = [path / name for name in names if (path / name).exists()]
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


def _check_folder(path, names, force, resume):
    if resume and not (path / UNFINISHED).is_dir():
        raise DataProblem(f"{path} keeps nothing that is unfinished: leave out resume= to begin")
    if not path.exists():
        return
    if not path.is_dir():
        raise DataProblem(_taken(path, "is a file"))
    found = {file.name for file in path.iterdir()}
    others = sorted(found - {*names, UNFINISHED})
    if others:
        raise DataProblem(_taken(path, f"has other files ({others[0]})"))
    # Who began was allowed to overwrite what is there.
    if force or resume:
        return
    if UNFINISHED in found:
        raise DataProblem(
            f"{path} has an unfinished run: go on with resume={str(path)!r}, or begin anew with "
            "force=True"
        )
    if found:
        raise DataProblem(_taken(path, "exists already"))


def _taken(path, why):
    remedy = "choose another out="
    if why == "exists already":
        remedy += ", or add force=True to overwrite it"
    return f"{path} {why}: {remedy}"


def _name(error, place):
    """Say where something could not be written: a full disk tells no name."""
    if isinstance(error, OSError) and error.errno and error.filename is None:
        error.filename = str(place)


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
    except OSError as error:
        _name(error, parent)
        raise
    finally:
        shutil.rmtree(folder, ignore_errors=True)
