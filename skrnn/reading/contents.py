"""Contents: the bytes of a file, unpacked, and text of any encoding as UTF-8."""

import gzip
import hashlib
import io
import sys
import zipfile
import zlib
from dataclasses import dataclass, replace
from pathlib import Path

from skrnn.reading.problem import DataProblem, counted, listed

# How files begin that are no text, and what each is called.
FOREIGN = {
    b"%PDF": "a PDF document",
    b"\x89HDF": "an HDF5 file",
    b"\xd0\xcf\x11\xe0": "an Excel workbook",
    b"SQLite format 3": "an SQLite database",
    b"\x28\xb5\x2f\xfd": "a zstd archive",
    b"BZh": "a bzip2 archive",
    b"\xfd7zXZ": "an xz archive",
    b"\x89PNG": "a picture",
    b"ARROW1": "an Arrow (Feather) file",
}
PARQUET = b"PAR1"
# The path that stands for standard input.
STDIN = Path("-")


@dataclass(frozen=True)
class Contents:
    """A file's bytes without their packing, and the checksum of the file as it is."""

    path: Path
    data: bytes
    sha256: str
    n_bytes: int

    @property
    def name(self) -> str:
        """The file's name, for messages."""
        return name_of(self.path)

    @property
    def stem(self) -> str:
        """The name without what tells the format: demand.csv.gz is demand."""
        return without_ending(self.name)

    @property
    def is_parquet(self) -> bool:
        """Whether it is one, or is named as one."""
        return self.data.startswith(PARQUET) or self.path.suffix.lower() in (".parquet", ".pq")


def name_of(path: str | Path) -> str:
    """What a file is called in messages."""
    return "standard input" if Path(path) == STDIN else Path(path).name


def read_contents(path: str | Path) -> Contents:
    """The bytes of a file; a gzip file or a zip archive of one file is unpacked.

    "-" is standard input.
    """
    path = Path(path).expanduser()
    raw = sys.stdin.buffer.read() if path == STDIN else _read_bytes(path)
    contents = Contents(path, raw, hashlib.sha256(raw).hexdigest(), len(raw))
    if not raw.strip():
        raise DataProblem(f"{contents.name} is empty: pass a file with a header and rows")
    return replace(contents, data=_unpack(contents.name, raw))


def _read_bytes(path):
    if path.is_dir():
        raise DataProblem(f"{path} is a folder: name a file in it")
    try:
        return path.read_bytes()
    except FileNotFoundError:
        raise DataProblem(f"{path} does not exist: check the path{_neighbours(path)}") from None
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or error
        raise DataProblem(f"{path} cannot be read ({reason}): check its permissions") from None


def _neighbours(path):
    """What lies in the folder and may have been meant."""
    if not path.parent.is_dir():
        return f"; there is no folder {path.parent}"
    endings = (".csv", ".tsv", ".txt", ".parquet", ".pq", ".gz", ".zip")
    try:
        names = sorted(
            file.name for file in path.parent.iterdir() if file.suffix.lower() in endings
        )
    except OSError:
        return ""
    return f"; its folder has {listed(names, 5)}" if names else ""


def _unpack(name, raw):
    if raw.startswith(b"\x1f\x8b"):
        return _gunzip(name, raw)
    return _unzip(name, raw) if raw.startswith(b"PK\x03\x04") else raw


def _gunzip(name, raw):
    try:
        return gzip.decompress(raw)
    except (OSError, EOFError, zlib.error) as error:
        raise DataProblem(
            f"{name} is a damaged gzip file ({error}): fetch or make it again"
        ) from None


def _unzip(name, raw):
    try:
        with zipfile.ZipFile(io.BytesIO(raw)) as archive:
            names = [info.filename for info in archive.infolist() if _is_content(info)]
            if "[Content_Types].xml" in names or "mimetype" in names:
                raise DataProblem(
                    f"{name} is a workbook or document: save its sheet as CSV, and pass that"
                )
            if len(names) != 1:
                raise DataProblem(
                    f"{name} must hold one file, got {listed(names, 5)}: unpack it, and pass one"
                )
            return archive.read(names[0])
    except (zipfile.BadZipFile, zlib.error, EOFError, RuntimeError, NotImplementedError) as error:
        raise DataProblem(
            f"{name} is a zip archive that does not open ({error}): unpack it by hand"
        ) from None


def _is_content(info):
    return not info.is_dir() and not info.filename.startswith("__MACOSX/")


def text_of(contents: Contents) -> tuple[bytes, str | None]:
    """(text, encoding): UTF-8 with single line feeds, and the name of what it was if not that."""
    for start, what in FOREIGN.items():
        if contents.data.startswith(start):
            raise DataProblem(
                f"{contents.name} is {what}: save the table as CSV or Parquet, and pass that"
            )
    data, encoding = _as_utf8(contents)
    if b"\r" in data:
        data = data.replace(b"\r\n", b"\n").replace(b"\r", b"\n")
    if not data.strip():
        raise DataProblem(f"{contents.name} is empty: pass a file with a header and rows")
    return data, encoding


def _as_utf8(contents):
    data = contents.data
    if data.startswith(b"\xef\xbb\xbf"):
        data = data[3:]
    wide = _utf16(data)
    if wide:
        try:
            return data.decode(wide).removeprefix("\ufeff").encode(), "UTF-16"
        except UnicodeDecodeError:
            raise DataProblem(
                f"{contents.name} begins as UTF-16 text and is damaged: save it again"
            ) from None
    _check_no_nul(contents, data)
    try:
        data.decode()
    except UnicodeDecodeError:
        return _from_one_byte(data)
    return data, None


def _utf16(data):
    """The byte order of UTF-16 text, by its mark or by where the zeros of plain letters are."""
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        return "utf-16"
    start = data[:2000]
    even = start[::2].count(0)
    odd = start[1::2].count(0)
    if max(even, odd) > 0.4 * len(start) and min(even, odd) < 0.05 * len(start):
        return "utf-16-le" if odd > even else "utf-16-be"
    return None


def _check_no_nul(contents, data):
    at = data.find(b"\0")
    if at >= 0:
        line = data.count(b"\n", 0, at) + 1
        n = data.count(b"\0")
        raise DataProblem(
            f"{contents.name}, line {line}: holds {counted(n, 'NUL byte')}, so it is binary or "
            "damaged: pass a CSV or Parquet file"
        )


def _from_one_byte(data):
    try:
        return data.decode("cp1252").encode(), "Windows-1252"
    except UnicodeDecodeError:
        return data.decode("latin-1").encode(), "Latin-1"


def without_ending(name: str) -> str:
    """A file's name without what tells the format."""
    short = name
    for ending in (".gz", ".zip", ".csv", ".tsv", ".txt", ".parquet", ".pq"):
        short = short[: -len(ending)] if short.lower().endswith(ending) else short
    return short or name
