"""Contents: bytes, packing and encodings."""

import gzip
import hashlib
import io
import zipfile

import pytest

from skrnn.reading import DataProblem, read_series
from tests.reading.files import days


def zipped(**files):
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        for name, text in files.items():
            archive.writestr(f"{name}.csv", text)
    return stream.getvalue()


def problem_of(path, target="load"):
    with pytest.raises(DataProblem) as caught:
        read_series(path, target)
    return str(caught.value)


@pytest.mark.parametrize(
    ("encoding", "note"),
    [
        ("utf-8", None),
        ("utf-8-sig", None),
        ("utf-16", "The text is UTF-16."),
        ("utf-16-le", "The text is UTF-16."),
        ("utf-16-be", "The text is UTF-16."),
        ("cp1252", "The text is Windows-1252."),
    ],
)
def test_encodings(write, encoding, note):
    """Text of any usual encoding is read, and named where it is not UTF-8."""
    path = write(days().replace("load", "größe"), encoding=encoding)

    reading = read_series(path, "größe")

    assert reading.frames["demand"]["größe"].iloc[0] == 20.5
    assert [said for said in reading.notes if "The text" in said] == ([note] if note else [])


@pytest.mark.parametrize("end", ["\r\n", "\r"])
def test_line_ends(write, end):
    """Lines may end as on Windows and on old Macs."""
    path = write(days().replace("\n", end))

    assert len(read_series(path, "load").frames["demand"]) == 40


@pytest.mark.parametrize(
    ("name", "packed"),
    [("demand.csv.gz", gzip.compress(days().encode())), ("demand.zip", zipped(inside=days()))],
)
def test_packed(write, name, packed):
    """Packed files are read as they are, and the series is named after the file."""
    reading = read_series(write(packed, name), "load")

    assert list(reading.frames) == ["demand"]
    assert len(reading.frames["demand"]) == 40


def test_checksum(write):
    """The checksum and the size are those of the file, packed or not."""
    packed = gzip.compress(days().encode())

    reading = read_series(write(packed, "demand.csv.gz"), "load")

    assert (reading.sha256, reading.n_bytes) == (hashlib.sha256(packed).hexdigest(), len(packed))


def test_missing_file(tmp_path, write):
    """A file that is not there: the message has those that are."""
    write(days(), "other.csv")

    assert problem_of(tmp_path / "demand.csv") == (
        f"{tmp_path / 'demand.csv'} does not exist: check the path; its folder has 'other.csv'"
    )


def test_missing_folder(tmp_path):
    """A folder that is not there is named."""
    path = tmp_path / "data" / "demand.csv"

    assert (
        problem_of(path)
        == f"{path} does not exist: check the path; there is no folder {path.parent}"
    )


def test_folder(tmp_path):
    """A folder is no file."""
    assert problem_of(tmp_path) == f"{tmp_path} is a folder: name a file in it"


def test_unreadable(write, monkeypatch):
    """A file that may not be read says why."""
    path = write(days())

    def refuse(self):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr("pathlib.Path.read_bytes", refuse)

    assert problem_of(path) == f"{path} cannot be read (Permission denied): check its permissions"


@pytest.mark.parametrize("content", [b"", b" \n\n", b"\xef\xbb\xbf\n"])
def test_empty(write, content):
    """An empty file."""
    assert problem_of(write(content)) == "demand.csv is empty: pass a file with a header and rows"


def test_nul_bytes(write):
    """A NUL byte in text, with its line."""
    content = days().encode().replace(b"2024-01-09", b"2024\0-01-09")

    assert problem_of(write(content)) == (
        "demand.csv, line 10: holds 1 NUL byte, so it is binary or damaged: pass a CSV or Parquet "
        "file"
    )


@pytest.mark.parametrize(
    ("start", "what"), [(b"%PDF-1.7", "a PDF document"), (b"\xd0\xcf\x11\xe0", "an Excel workbook")]
)
def test_foreign_formats(write, start, what):
    """Formats that are no text are named."""
    assert problem_of(write(start + b"\0" * 50)) == (
        f"demand.csv is {what}: save the table as CSV or Parquet, and pass that"
    )


def test_workbook(write):
    """A workbook of today is a zip archive, and is not unpacked."""
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        archive.writestr("[Content_Types].xml", "")

    assert problem_of(write(stream.getvalue(), "demand.xlsx")) == (
        "demand.xlsx is a workbook or document: save its sheet as CSV, and pass that"
    )


def test_archive_of_several(write):
    """An archive of several files names them."""
    path = write(zipped(a=days(), b=days()), "demand.zip")

    assert (
        problem_of(path)
        == "demand.zip must hold one file, got 'a.csv' and 'b.csv': unpack it, and pass one"
    )


def test_damaged_archives(write):
    """Damaged archives are said to be damaged."""
    gz = problem_of(write(gzip.compress(days().encode())[:60], "demand.csv.gz"))
    zip_ = problem_of(write(zipped(a=days())[:60], "demand.zip"))

    assert gz.startswith("demand.csv.gz is a damaged gzip file (")
    assert zip_.startswith("demand.zip is a zip archive that does not open (")
