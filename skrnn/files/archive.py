"""Archive: the zip of a file, its header and checksum, and arrays that are as large as they say."""

import hashlib
import io
import json
import math
import os
import re
import tempfile
import zipfile
from pathlib import Path

import numpy as np

from skrnn.versions import version_of

FORMAT = 1
HEADER = "skrnn.json"
TREE = "model.json"
MAKE = "make one with skrnn.save, or with skrnn fit or compare"
AGAIN = "fit the model again, and save it"
_PACKAGES = ("skrnn", "scikit-learn", "numpy")
_MEMBER = re.compile(r"[a-z0-9]+\.(json|npy)")
# How files of older versions begin, which are pickles, and how zips do.
_PICKLES = (b"skrnn model 1\n", b"\x80")
_ZIP = b"PK"
_NUMBERS = "biufcmMSUV"


def damaged(name: str, why: object) -> ValueError:
    """The error of a file that is not as it was written."""
    reason = str(why) or type(why).__name__
    return ValueError(f"{name} is damaged ({reason}): {AGAIN}, or copy the file again")


def content_of(members: dict[str, bytes]) -> bytes:
    """A file of these members, with its header."""
    header = {
        "format": FORMAT,
        "versions": {name: version_of(name) for name in _PACKAGES},
        "sha256": _checksum(members),
    }
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_STORED) as archive:
        for name, member in {HEADER: json.dumps(header).encode(), **members}.items():
            # Without the time: the same estimator is the same file.
            archive.writestr(zipfile.ZipInfo(name), member)
    return file.getvalue()


def write_whole(path: Path, content: bytes) -> None:
    """Write a file whole, or leave what was there; a link stays one."""
    path = Path(os.path.realpath(path))
    if not path.parent.is_dir():
        raise FileNotFoundError(
            f"{path.name} cannot be written, as there is no folder {path.parent}: make it first"
        )
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        os.chmod(name, _mode_of(path))
        os.replace(name, path)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise


def _mode_of(path):
    """Who may read a file: as before, or as with any new file."""
    if path.exists():
        return path.stat().st_mode & 0o777
    umask = os.umask(0)
    os.umask(umask)
    return 0o666 & ~umask


def members_of(path: Path) -> dict[str, bytes]:
    """The members of a file that is whole, and of a format that is known."""
    if path.is_dir():
        raise ValueError(f"{path} is a folder: name a model's file in it")
    with path.open("rb") as file:
        # The first bytes tell others apart, however large they are.
        beginning = file.read(len(max(_PICKLES, key=len)))
        if beginning.startswith(_PICKLES):
            raise ValueError(
                f"{path.name} is a pickle, as older versions of skrnn wrote, and opening one runs "
                f"what is in it: {AGAIN}"
            )
        if not beginning.startswith(_ZIP):
            raise ValueError(f"{path.name} is not a file that skrnn wrote: {MAKE}")
        content = beginning + file.read()
    try:
        members = _members(content)
    except (zipfile.BadZipFile, EOFError, RuntimeError, ValueError, OSError) as error:
        raise damaged(path.name, error) from None
    _check_header(path.name, members)
    for member, array in members.items():
        if member.endswith(".npy"):
            _check_array(path.name, member, array)
    return members


def _members(content):
    """The members, of which none is compressed, or larger than the file."""
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
    if HEADER not in members or TREE not in members:
        raise ValueError(f"{name} is not a file that skrnn wrote: {MAKE}")
    try:
        header = json.loads(members[HEADER])
        number = header["format"]
        checksum = header["sha256"]
        written_by = header["versions"]["skrnn"]
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise damaged(name, error) from None
    if type(number) is not int or number < 1:
        raise damaged(name, f"its format is {number!r}")
    if number > FORMAT:
        raise ValueError(
            f"{name} was written by skrnn {written_by}, whose files this version does not know: "
            "install that version or a newer one"
        )
    if checksum != _checksum(members):
        raise damaged(name, "its checksum is another")


def _check_array(name, member, content):
    """Whether an array holds numbers or text, and is as large as it says."""
    try:
        claimed = _claimed_size(content)
    except Exception as error:
        # NumPy raises what the parts of a header that it parses raise.
        raise damaged(name, error) from None
    if claimed != len(content):
        raise damaged(name, f"the array {member} is not as large as it says")


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
    if dtype.hasobject or dtype.kind not in _NUMBERS:
        raise ValueError("an array of objects")
    if any(size < 0 for size in shape):
        raise ValueError(f"an array of the shape {shape}")
    return file.tell() + math.prod(shape) * dtype.itemsize
