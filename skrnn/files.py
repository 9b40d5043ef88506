"""Files: fitted estimators as numbers and text, opened without trusting who wrote them.

A file is the zip that skops writes, uncompressed, with one member more: the format's version, the
packages' versions, and a checksum over all other members. What it is made of is checked before
anything is built.
"""

import hashlib
import importlib
import io
import json
import math
import os
import re
import tempfile
import zipfile
from collections.abc import Iterator
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np

FORMAT = 1
HEADER = "skrnn.json"
_PACKAGES = ("scikit-learn", "numpy", "skops")
_MEMBER = re.compile(r"[A-Za-z0-9_-]+\.(json|npy|npz)")
# How files of older versions begin, which are pickles.
_PICKLES = (b"skrnn model 1\n", b"\x80")
_MAKE = "make one with skrnn.save, or with skrnn fit or compare"
_AGAIN = "fit the model again, and save it"


def save(estimator: Any, path: str | Path) -> None:
    """Write a fitted estimator to a file: numbers and text, no pickle.

    Parameters
    ----------
    estimator : estimator
        An estimator of skrnn or scikit-learn, a Pipeline or search of them, or a ``ForecastModel``.
        What is not theirs, such as functions of one's own, callbacks and Keras objects, is refused
        by name.
    path : str or Path
        The file. One that is there is replaced in the end, whole or not at all.

    Examples
    --------
    >>> import tempfile
    >>> from pathlib import Path
    >>> import skrnn
    >>> from skrnn.datasets import load_airline
    >>> X, y = skrnn.make_windows(load_airline(), length=24)
    >>> model = skrnn.LinearWindow().fit(X, y)
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     skrnn.save(model, Path(folder, "airline.skrnn"))
    ...     loaded = skrnn.load(Path(folder, "airline.skrnn"))
    >>> (loaded.predict(X) == model.predict(X)).all()
    True
    """
    write_whole(Path(path), _content_of(estimator))


def load(path: str | Path) -> Any:
    """Read what ``save`` wrote.

    Nothing in a file is run. It is refused, with a ``ValueError`` that says why, if it is damaged,
    of a newer version, or holds types that are neither classes of skrnn or scikit-learn nor what
    skops trusts of NumPy and SciPy. A checksum tells what was damaged on the way, not who wrote it:
    a model that a stranger made up may still forecast nonsense, or, of scikit-learn's trees, stop
    the process.

    Parameters
    ----------
    path : str or Path
        The file.

    Returns
    -------
    estimator : estimator
        It forecasts what the one that was saved does, and goes on learning as that would.
    """
    path = Path(path)
    if path.is_dir():
        raise ValueError(f"{path} is a folder: name a model's file in it")
    content = path.read_bytes()
    _check_beginning(path.name, content)
    try:
        members = _members(content)
    except (zipfile.BadZipFile, EOFError, NotImplementedError, RuntimeError, OSError) as error:
        raise _damaged(path.name, error) from None
    _check_header(path.name, members)
    _check_arrays(path.name, members)
    return _built(path.name, content)


# ---------------------------------------------------------------------- writing


def _content_of(estimator) -> bytes:
    import skops.io

    from skrnn import __version__

    try:
        content = skops.io.dumps(estimator, compression=zipfile.ZIP_STORED)
        foreign = _foreign_types(content)
    except Exception as error:
        # Skops raises what the object's own reduction raises.
        raise ValueError(
            f"{_where(estimator, None)} cannot be written to a file ({error}): only estimators of "
            "skrnn and scikit-learn, numbers, text and arrays can"
        ) from None
    if foreign:
        raise ValueError(
            f"{_where(estimator, foreign[0])} is {foreign[0]}, which a file cannot hold that is to "
            "be opened without trust: leave it out of the estimator that is saved"
        )
    members = _members(content)
    _check_arrays("the estimator", members)
    # Skops writes it to be read by eye, which takes several times the room.
    members["schema.json"] = json.dumps(json.loads(members["schema.json"])).encode()
    header = {
        "format": FORMAT,
        "skrnn": __version__,
        **{name: version(name) for name in _PACKAGES},
        "sha256": _checksum(members),
    }
    members[HEADER] = json.dumps(header).encode()
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_STORED) as archive:
        for name, member in members.items():
            # Without the time: the same estimator is the same file.
            archive.writestr(zipfile.ZipInfo(name), member)
    return file.getvalue()


def _where(estimator, name):
    """The parameter that holds something of that type, or that cannot be written, in words."""
    import skops.io

    params = estimator.get_params() if hasattr(estimator, "get_params") else {}
    # Parameters of parts come behind the parts, and say it more exactly.
    for param, value in reversed(params.items()):
        if name is None:
            try:
                skops.io.dumps(value)
            except Exception:
                return f"{param}={value!r} of {type(estimator).__name__}"
        elif name in (_name_of(value), _name_of(type(value))):
            return f"{param}={value!r} of {type(estimator).__name__}"
    return f"this {type(estimator).__name__}"


def _name_of(value):
    return f"{getattr(value, '__module__', '')}.{getattr(value, '__name__', '')}"


def write_whole(path: Path, content: bytes) -> None:
    """Write a file whole, or leave what was there."""
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        # A file made by mkstemp is its owner's alone.
        umask = os.umask(0)
        os.umask(umask)
        os.chmod(name, 0o666 & ~umask)
        os.replace(name, path)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise


# ---------------------------------------------------------------------- reading


def _check_beginning(name, content):
    if content.startswith(_PICKLES):
        raise ValueError(
            f"{name} is a pickle, as older versions of skrnn wrote, and opening one runs what is "
            f"in it: {_AGAIN}"
        )
    if not content.startswith(b"PK"):
        raise ValueError(f"{name} is not a file that skrnn wrote: {_MAKE}")


def _members(content: bytes) -> dict[str, bytes]:
    """The members of a file, of which none is compressed, or larger than the file says."""
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        infos = archive.infolist()
        for info in infos:
            if info.compress_type != zipfile.ZIP_STORED or info.file_size != info.compress_size:
                raise zipfile.BadZipFile(f"{info.filename} is compressed")
            if not _MEMBER.fullmatch(info.filename):
                raise zipfile.BadZipFile(f"{info.filename!r} is no name of a member")
        names = {info.filename for info in infos}
        if len(names) < len(infos) or sum(info.file_size for info in infos) > len(content):
            raise zipfile.BadZipFile("its members are not those that it lists")
        return {info.filename: archive.read(info) for info in infos}


def _checksum(members):
    digest = hashlib.sha256()
    for name in sorted(members):
        if name != HEADER:
            digest.update(f"{name} {len(members[name])}\n".encode())
            digest.update(members[name])
    return digest.hexdigest()


def _check_header(name, members):
    if HEADER not in members:
        raise ValueError(f"{name} is not a file that skrnn wrote: {_MAKE}")
    try:
        header = json.loads(members[HEADER])
        number = int(header["format"])
        checksum = header["sha256"]
        written = header["skrnn"]
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise _damaged(name, error) from None
    if number > FORMAT:
        raise ValueError(
            f"{name} was written by skrnn {written}, whose files this version does not know: "
            "install that version or a newer one"
        )
    if checksum != _checksum(members):
        raise _damaged(name, "its checksum is another")


def _check_arrays(name, members):
    """Whether each array is as large as it says, and holds numbers."""
    for member, content in members.items():
        if member.endswith(".npz"):
            raise ValueError(f"{name} holds a sparse matrix ({member}), which files cannot have")
        if member.endswith(".npy"):
            try:
                claimed = _claimed_size(content)
            except (ValueError, EOFError, SyntaxError, RecursionError) as error:
                raise _damaged(name, error) from None
            if claimed != len(content):
                raise _damaged(name, f"the array {member} is not as large as it says")


def _claimed_size(content):
    """How long an array's member is by what stands at its beginning."""
    file = io.BytesIO(content)
    number = np.lib.format.read_magic(file)
    readers = {
        (1, 0): np.lib.format.read_array_header_1_0,
        (2, 0): np.lib.format.read_array_header_2_0,
    }
    if number not in readers:
        raise ValueError(f"an array of the version {number}")
    shape, _, dtype = readers[number](file)
    if dtype.hasobject:
        raise ValueError("an array of objects")
    return file.tell() + math.prod(shape) * dtype.itemsize


def _built(name, content):
    import skops.io

    try:
        types = skops.io.get_untrusted_types(data=content)
        foreign = list(_foreign(types))
    except Exception as error:
        raise _damaged(name, error) from None
    if foreign:
        raise ValueError(f"{name} holds {', '.join(foreign)}, which skrnn does not trust: {_MAKE}")
    try:
        return skops.io.loads(content, trusted=types)
    except Exception as error:
        # What a damaged state raises is not known; the checksum tells apart what is merely cut.
        raise _damaged(name, error) from None


def _foreign_types(content):
    import skops.io

    return list(_foreign(skops.io.get_untrusted_types(data=content)))


def _foreign(types: list[str]) -> Iterator[str]:
    """Those of some types that are no classes of skrnn or scikit-learn."""
    for name in types:
        if not _is_known(name):
            yield name


def _is_known(name):
    module, _, attribute = name.rpartition(".")
    if not re.fullmatch(r"(skrnn|sklearn)(\.[a-z0-9_]+)*", module):
        return False
    try:
        found = getattr(importlib.import_module(module), attribute, None)
    except ImportError:
        return False
    return isinstance(found, type) and found.__module__ == module


def _damaged(name, why):
    reason = str(why) or type(why).__name__
    return ValueError(f"{name} is damaged ({reason}): {_AGAIN}, or copy the file again")
