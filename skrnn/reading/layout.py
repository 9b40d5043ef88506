"""Layout: the delimiter, the header and the lines of a CSV file."""

import collections
import contextlib
import csv
import io
import re
from dataclasses import dataclass, replace

import numpy as np

from skrnn.reading.problem import DataProblem, counted, shown

# Commas last: where another delimiter splits the lines as evenly, the commas are decimal ones.
DELIMITERS = {"\t": "tab", ";": "semicolon", "|": "bar", ",": "comma"}
TRIED = "tab, semicolon, bar and comma"
SAMPLE_BYTES = 1 << 16
SAMPLE_ROWS = 500
# A header is looked for among so many first lines.
HEADER_ROWS = 60


@dataclass(frozen=True)
class Layout:
    """Where a CSV file's columns and rows are.

    ``lines`` are the line numbers of the rows, as an editor counts them; ``start`` is the byte
    where they begin.
    """

    data: bytes
    delimiter: str | None
    names: list[str]
    header: int
    start: int
    lines: np.ndarray
    skipped: list[str]


def find_layout(file: str, data: bytes, target: str) -> Layout:
    """The layout of a file's text, every line of which has as many fields as the header."""
    lines = data[:SAMPLE_BYTES].decode(errors="ignore").split("\n")
    sample = lines[: max(1, len(lines) - 1)] if len(data) > SAMPLE_BYTES else lines
    delimiter = _find_delimiter(sample, target)
    rows = _rows(sample, delimiter)
    at = _find_header(rows, target)
    header, names = rows[at]
    start = _offset(data, header)
    widths, numbers = _measure(file, data, start, header, delimiter)
    if not len(widths):
        raise DataProblem(f"{file} has a header (line {header}) and no rows: pass a file with rows")
    names = [name.strip() for name in names]
    names[0] = names[0].removeprefix("#").strip()
    wrong = np.flatnonzero(widths != len(names))
    layout = Layout(
        data=data,
        delimiter=delimiter,
        names=names,
        header=header,
        start=start,
        lines=numbers,
        skipped=[" ".join(row).strip() for _, row in rows[:at]],
    )
    if not len(wrong):
        return layout
    wider = None
    if (widths == len(names) + 1).all():
        wider = _wider_header(names, data[start : start + SAMPLE_BYTES], delimiter)
    if wider is None:
        _raise_ragged(file, layout, widths[wrong[0]], numbers[wrong[0]])
    return replace(layout, names=wider)


def _rows(lines, delimiter):
    """(number of the last line, fields) of the first rows that are not blank."""
    if delimiter is None:
        rows = (
            (number, [line.strip().strip('"')])
            for number, line in enumerate(lines, 1)
            if line.strip()
        )
        return [row for row, _ in zip(rows, range(SAMPLE_ROWS), strict=False)]
    with_ends = (line + "\n" for line in lines)
    reader = csv.reader(with_ends, delimiter=delimiter, skipinitialspace=True)
    rows = []
    # What is no CSV with this delimiter ends there.
    with contextlib.suppress(csv.Error):
        for fields in reader:
            if any(field.strip() for field in fields):
                rows.append((reader.line_num, fields))
            if len(rows) == SAMPLE_ROWS:
                break
    return rows


def _find_delimiter(sample, target):
    """The delimiter that splits most lines alike; None where none does."""
    scores = {
        delimiter: score
        for delimiter in DELIMITERS
        if (score := _score(_rows(sample, delimiter), target)) is not None
    }
    alone = any(line.strip(' \t"') == target for line in sample[:HEADER_ROWS])
    if not scores or (alone and not any(named for named, _ in scores.values())):
        return None
    return max(scores, key=scores.get)


def _score(rows, target):
    if not rows:
        return None
    width, n = _usual_width(rows)
    if width < 2:
        return None
    named = any(
        target in [field.strip() for field in fields]
        for _, fields in rows[:HEADER_ROWS]
        if len(fields) > 1
    )
    return named, n / len(rows)


def _usual_width(rows):
    """The number of fields that most rows have."""
    widths = collections.Counter(len(fields) for _, fields in rows)
    return max(widths.items(), key=lambda item: (item[1], item[0]))


def _find_header(rows, target):
    """The row that names the target, or else the first one that is as wide as most."""
    first = [fields for _, fields in rows[:HEADER_ROWS]]
    width = _usual_width(rows)[0]
    wide = (
        at
        for at, fields in enumerate(first)
        if len(fields) == width and not fields[0].startswith("#")
    )
    usual = next(wide, 0)
    named = (
        at
        for at, fields in enumerate(first)
        if target in _clean(fields) and (width == 1 or len(fields) > 1)
    )
    # A row of values may hold the word too.
    return next((at for at in named if at == usual or not any(map(_is_value, first[at]))), usual)


def _clean(fields):
    return [field.strip().removeprefix("#").strip() for field in fields]


def _is_value(field):
    return re.fullmatch(r"[+-]?\d[\d.,:/-]*", field.strip()) is not None


def _offset(data, n_lines):
    at = 0
    for _ in range(n_lines):
        at = data.find(b"\n", at) + 1
        if not at:
            return len(data)
    return at


def _measure(file, data, start, header, delimiter):
    """Fields in each row, and the line that it begins on; blank lines are rows of one column."""
    if delimiter is None:
        n = data[start:].rstrip().count(b"\n") + bool(data[start:].strip())
        return np.ones(n, np.int64), np.arange(header + 1, header + 1 + n)
    if data.find(b'"', start) < 0:
        return _measure_plain(data, start, header, delimiter)
    return _measure_quoted(file, data, start, header, delimiter)


def _measure_plain(data, start, header, delimiter):
    body = np.frombuffer(data, np.uint8, offset=start)
    ends = np.flatnonzero(body == ord("\n"))
    if len(body) and body[-1] != ord("\n"):
        ends = np.append(ends, len(body))
    marks = np.flatnonzero(body == ord(delimiter))
    widths = np.diff(np.searchsorted(marks, ends), prepend=0) + 1
    begins = np.append(0, ends[:-1] + 1)[: len(ends)]
    # A tab is white space as well: where it is the delimiter, a line of tabs is a row of empty
    # cells.
    short = np.flatnonzero(widths == 1)
    blank = [at for at in short if not bytes(body[begins[at] : ends[at]]).strip()]
    kept = np.setdiff1d(np.arange(len(ends)), blank, assume_unique=True) if blank else slice(None)
    lines = np.arange(header + 1, header + 1 + len(ends))
    return widths[kept], lines[kept]


def _measure_quoted(file, data, start, header, delimiter):
    text = io.TextIOWrapper(io.BytesIO(data[start:]), encoding="utf-8", newline="")
    reader = csv.reader(text, delimiter=delimiter, skipinitialspace=True)
    measured = []
    try:
        for row in reader:
            blank = not row or (len(row) == 1 and not row[0].strip())
            measured.append((len(row), reader.line_num, blank))
    except csv.Error:
        # A field without end: it began behind the row before.
        _raise_unclosed(file, header + 1 + (measured[-1][1] if measured else 0))
    widths, ends, blank = np.array(measured, dtype=np.int64).reshape(-1, 3).T
    begins = np.append(0, ends[:-1])[: len(ends)] + header + 1
    if len(begins) and _is_open(data, begins[-1], delimiter):
        _raise_unclosed(file, begins[-1])
    kept = blank == 0
    return widths[kept], begins[kept]


def _is_open(data, line, delimiter):
    """Whether a field of the last row opens with a quotation mark that nothing closes."""
    last = data[_offset(data, int(line) - 1) :].decode()
    return re.search(rf'(?:^|{re.escape(delimiter)})\s*"(?:[^"]|"")*$', last) is not None


def _raise_unclosed(file, line):
    raise DataProblem(
        f'{file}, line {line}: a quotation mark (") is opened and never closed: close or remove it'
    )


def _wider_header(names, body, delimiter):
    """The names of columns where each row has one field more: an empty one, or a row counter."""
    lines = body.decode(errors="ignore").split("\n")[:200]
    fields = [row for _, row in _rows(lines, delimiter) if len(row) == len(names) + 1]
    if all(not row[-1].strip() for row in fields):
        return [*names, ""]
    counters = [str(at + 1) for at in range(len(fields))]
    return ["", *names] if [row[0].strip() for row in fields] == counters else None


def _raise_ragged(file, layout, width, line):
    data = layout.data
    text = data[_offset(data, line - 1) :].split(b"\n", 1)[0].decode(errors="replace")
    if text.count('"') % 2:
        _raise_unclosed(file, line)
    n_names = len(layout.names)
    others = [
        name
        for mark, name in DELIMITERS.items()
        if mark != layout.delimiter and text.count(mark) >= n_names - 1
    ]
    if others and width < n_names:
        remedy = (
            f"it is split by {others[0]}s, the header by {DELIMITERS[layout.delimiter]}s: use one "
            "of them throughout"
        )
    elif layout.delimiter == "," and width > n_names:
        remedy = "put quotes around text with commas, and write numbers with decimal points"
    else:
        remedy = "correct the line, or remove it"
    raise DataProblem(
        f"{file}, line {line}: has {counted(width, 'field')} where the header (line "
        f"{layout.header}) has {n_names} ({shown(text)}): {remedy}"
    )
