"""Tables: the columns of a CSV or Parquet file, and the way back from a value to its line."""

import io
from dataclasses import dataclass, field
from pathlib import Path

import pandas as pd

from skrnn.reading.contents import PARQUET, Contents, read_contents, text_of
from skrnn.reading.layout import DELIMITERS, Layout, find_layout
from skrnn.reading.numbers import (
    MISSING_CELLS,
    POINT,
    NumberStyle,
    choose_style,
    is_ambiguous,
    known_cells,
    number_share,
    unsigned,
)
from skrnn.reading.problem import DataProblem, counted, shown

# Numbers are spelled as in so many first rows.
HEAD_ROWS = 2000


@dataclass
class Table:
    """What a file holds, column by column.

    ``frame`` has one row for each row of the file and one column for each name; text stays text.
    Names that the header has more than once are ``repeated``. ``labels`` are columns of whole
    numbers without a name, as the index of a frame is written.
    """

    contents: Contents
    frame: pd.DataFrame
    repeated: tuple[str, ...] = ()
    labels: tuple[str, ...] = ()
    notes: list[str] = field(default_factory=list)
    style: NumberStyle = POINT

    @property
    def file(self) -> str:
        """The file's name, for messages."""
        return self.contents.name

    @property
    def names(self) -> list[str]:
        """The columns."""
        return list(self.frame.columns)

    def line(self, row: int) -> str:
        """Where a row is: rows of Parquet files are counted from 1."""
        return f"row {row + 1}"

    def text(self, column: str) -> pd.Series:
        """The cells of a column as they are written; "" where there is nothing."""
        cells = self.frame[column]
        return cells.astype(object).where(cells.notna(), "").astype(str)

    def at(self, row: int, column: str) -> str:
        """File, line and column, for messages."""
        return f"{self.file}, {self.line(row)}, column {shown(column)}"

    def cell(self, row: int, column: str) -> str:
        """A cell as it is written, for messages."""
        return shown(self.text(column).iloc[row])


@dataclass
class TextTable(Table):
    """A CSV file: pandas reads plain numbers as such, and everything else as text."""

    layout: Layout = None

    def line(self, row: int) -> str:
        """Where a row is, as an editor counts lines."""
        return f"line {self.layout.lines[row]}"

    def text(self, column: str) -> pd.Series:
        """The cells of a column as they are written: read once more, as numbers forget that."""
        at = self.names.index(column)
        return _parse(self.layout, usecols=[at], dtype=str, na_filter=False)[at].str.strip()


def read_table(path: str | Path, target: str) -> Table:
    """The columns of a file; its format is told by what it begins with."""
    contents = read_contents(path)
    return _read_parquet(contents) if contents.is_parquet else _read_text(contents, target)


# ---------------------------------------------------------------------- CSV


def _read_text(contents, target):
    data, encoding = text_of(contents)
    layout = find_layout(contents.name, data, target)
    names, repeated = _unique_names(layout.names)
    try:
        style, why = _find_style(layout)
        frame = _parse(
            layout, keep_default_na=False, na_values=MISSING_CELLS, decimal=style.decimal
        )
    except (pd.errors.ParserError, OverflowError) as error:
        raise DataProblem(
            f"{contents.name} cannot be split into columns ({error}): correct these lines"
        ) from None
    if len(frame) != len(layout.lines):
        raise DataProblem(
            f"{contents.name}: its rows cannot be counted: remove lines of nothing but blanks or "
            "quotes"
        )
    notes = _notes_on_text(layout, encoding)
    if why:
        notes.append(f"{why[0].upper()}{why[1:]}.")
    return TextTable(
        contents=contents,
        frame=frame.set_axis(names, axis=1),
        repeated=repeated,
        labels=_labels(frame.set_axis(names, axis=1), names[:1] if _is_index(layout) else []),
        notes=notes,
        style=style,
        layout=layout,
    )


def _parse(layout, n_rows=None, **options):
    stream = io.BytesIO(layout.data)
    stream.seek(layout.start)
    return pd.read_csv(
        stream,
        # A character that text does not have: one column.
        sep=layout.delimiter or "\x1f",
        header=None,
        names=range(len(layout.names)),
        index_col=False,
        # Blank lines at the end of a single column are none of its values.
        nrows=len(layout.lines) if layout.delimiter is None and n_rows is None else n_rows,
        skip_blank_lines=layout.delimiter is not None,
        skipinitialspace=True,
        low_memory=False,
        float_precision="round_trip",
        **options,
    )


def _is_index(layout):
    """Whether the first column has no name, or the one that pandas gives it."""
    return layout.names[0] in ("", "Unnamed: 0") and len(layout.names) > 1


def _labels(frame, names):
    """Those of the columns that hold whole numbers."""
    return tuple(name for name in names if pd.api.types.is_integer_dtype(frame[name].dtype))


def _unique_names(names):
    """Names that are there and differ; and those that were there more than once."""
    unique = []
    repeated = []
    for at, name in enumerate(names):
        name = name or f"column {at + 1}"
        if name in unique:
            repeated.append(name)
            name = next(
                new
                for n in range(2, len(names) + 2)
                if (new := f"{name} ({n})") not in (*unique, *names)
            )
        unique.append(name)
    return unique, tuple(repeated)


def _notes_on_text(layout, encoding):
    notes = []
    if encoding:
        notes.append(f"The text is {encoding}.")
    if layout.delimiter not in (",", None):
        notes.append(f"Columns are separated by {DELIMITERS[layout.delimiter]}s.")
    # Excel writes such a line for itself.
    skipped = [line for line in layout.skipped if not line.startswith("sep=")]
    if skipped:
        notes.append(
            f"{counted(len(skipped), 'line')} before the header left out ({shown(skipped[0])})."
        )
    return notes


def _find_style(layout):
    """How the file writes numbers, by its first rows, or by all where these read both ways.

    Cells of the other style that come later are found when they are read.
    """
    columns = _number_cells(layout, HEAD_ROWS)
    plain = layout.delimiter == "," and b'"' not in layout.data
    if is_ambiguous(columns) and not plain and len(layout.lines) > HEAD_ROWS:
        columns = _number_cells(layout, len(layout.lines))
    return choose_style(columns, layout.delimiter)


def _number_cells(layout, n_rows):
    """The known cells of columns that mostly hold numbers."""
    text = _parse(layout, dtype=str, na_filter=False, n_rows=n_rows)
    columns = [unsigned(known_cells(column)) for _, column in text.items()]
    return [cells for cells in columns if number_share(cells.iloc[:HEAD_ROWS]) > 0.5]


# ---------------------------------------------------------------------- Parquet


def _read_parquet(contents):
    if not contents.data.startswith(PARQUET):
        raise DataProblem(
            f"{contents.name} is not a Parquet file, though it is named like one: write it again"
        )
    try:
        import pyarrow
    except ImportError:
        raise DataProblem(
            f"{contents.name} is a Parquet file, which needs pyarrow: pip install pyarrow"
        ) from None
    try:
        frame = pd.read_parquet(io.BytesIO(contents.data), engine="pyarrow")
    except (pyarrow.ArrowException, OSError, ValueError) as error:
        reason = str(error).splitlines()[0]
        raise DataProblem(
            f"{contents.name} is a Parquet file that cannot be read ({reason}): write it again"
        ) from None
    nameless = []
    if not isinstance(frame.index, pd.RangeIndex):
        nameless = [at for at, name in enumerate(frame.index.names) if name is None]
        frame = frame.reset_index()
    names, repeated = _unique_names([str(name) for name in frame.columns])
    frame.columns = names
    if not len(frame):
        raise DataProblem(f"{contents.name} has columns and no rows: pass a file with rows")
    labels = _labels(frame, [names[at] for at in nameless])
    return Table(contents, frame.reset_index(drop=True), repeated, labels)
