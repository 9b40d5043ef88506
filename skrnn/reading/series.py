"""read_series: a file as regular series, with notes on all that was decided on the way."""

import numbers
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np
import pandas as pd

from skrnn.reading.columns import AS_ASKED, note_on_marker, notes_on_left_out, read_columns
from skrnn.reading.frames import (
    MIN_KNOWN,
    find_gaps,
    note_on_spring,
    notes_on_frames,
    regular_frames,
    timely_frames,
    usable_frames,
)
from skrnn.reading.kinds import choose_kinds, columns_in_file
from skrnn.reading.problem import DataProblem, counted, shown
from skrnn.reading.roles import Roles, check_names, series_keys
from skrnn.reading.rows import Rows, order_rows, unique_rows
from skrnn.reading.seasons import OLDEST_SHARE, Season, find_season, fitting_seasons
from skrnn.reading.stamps import TIME_NAMES
from skrnn.reading.steps import check_size, close_clock, exact_clock, in_words
from skrnn.reading.strays import settle_strays
from skrnn.reading.tables import Table, read_table
from skrnn.reading.times import JOINT, Times, find_times, first_column
from skrnn.reading.worth import worthless_columns
from skrnn.wording import listing


@dataclass(frozen=True)
class Reading:
    """What a file holds.

    Attributes
    ----------
    frames : dict of str to DataFrame
        The regular frame of each series, the target first; missing rows are there as NaN.
    target : str
        The column to forecast.
    known_ahead : tuple of str
        Columns whose future is known.
    time : str or None
        The column of the time, or columns as "date + hour", which ``read_series`` takes as well;
        None where rows are merely counted.
    series : str or None
        The column that tells series apart.
    step : str or None
        How far apart rows are, in words.
    season : int
        The season in rows; 1 for none.
    season_why : str
        The reason for it, in a sentence.
    notes : list of str
        What was taken, left out or changed, and why, in sentences.
    gaps : DataFrame
        Stretches in which the target is unknown, longest first: "series", "first", "last" and
        "n_rows".
    future : dict of str to DataFrame
        The columns known ahead in the rows behind the last known target, for each series that has
        such rows.
    path : Path
        The file.
    sha256 : str
        Its checksum.
    n_bytes : int
        Its size.
    kinds : dict of str to tuple of str
        The file's columns of text, and the kinds of each that have become columns of 0 and 1, such
        as "weather=rain".
    seasons : tuple of int
        The natural seasons in rows, such as a day's and a week's, that fit often enough into the
        series.
    """

    frames: dict[str, pd.DataFrame]
    target: str
    known_ahead: tuple[str, ...]
    time: str | None
    series: str | None
    step: str | None
    season: int
    season_why: str
    notes: list[str] = field(repr=False)
    gaps: pd.DataFrame = field(repr=False)
    future: dict[str, pd.DataFrame] = field(repr=False)
    path: Path
    sha256: str
    n_bytes: int
    kinds: dict[str, tuple[str, ...]] = field(default_factory=dict)
    seasons: tuple[int, ...] = ()

    def only(self, columns: Sequence[str] | None = None, ignore: Sequence[str] = ()) -> "Reading":
        """The reading with some of its columns.

        Parameters
        ----------
        columns : sequence of str, default=None
            The only columns that stay beside the target and those known ahead. None: all.
        ignore : sequence of str, default=()
            Columns that go.

        Returns
        -------
        reading : Reading
        """
        if columns is None and not len(ignore):
            return self
        present = next(iter(self.frames.values())).columns
        in_file = columns_in_file(present, self.kinds)
        wanted = in_file if columns is None else _names(columns)
        for argument, names in (("columns", wanted), ("ignore", _names(ignore))):
            for name in names:
                if name not in in_file:
                    raise DataProblem(
                        f"{argument}= has no {name!r}: choose among {listing(in_file)}"
                    )
        if self.target in _names(ignore):
            raise DataProblem(f"ignore= has {self.target!r}, the target: take it out")
        always = {self.target, *columns_in_file(self.known_ahead, self.kinds)}
        kept = {*always, *wanted} - set(_names(ignore))
        lost = [name for name in in_file if name not in kept]
        gone = [name for name in present if columns_in_file([name], self.kinds)[0] in lost]
        known_ahead = tuple(name for name in self.known_ahead if name not in gone)
        future = {}
        if known_ahead:
            future = {key: frame[list(known_ahead)] for key, frame in self.future.items()}
        return replace(
            self,
            frames={key: frame.drop(columns=gone) for key, frame in self.frames.items()},
            known_ahead=known_ahead,
            future=future,
            kinds={name: own for name, own in self.kinds.items() if name not in lost},
            notes=[*self.notes, *notes_on_left_out(dict.fromkeys(lost, AS_ASKED))],
        )


def read_series(
    path: str | Path,
    target: str,
    *,
    time: str | None = None,
    series: str | None = None,
    season: int | str = "auto",
    known_ahead: Sequence[str] = (),
    columns: Sequence[str] | None = None,
    ignore: Sequence[str] = (),
    kinds: Mapping[str, Sequence[str]] | None = None,
) -> Reading:
    r"""Read a CSV or Parquet file as regular series.

    Encoding, delimiter, decimal and thousands separators, the column of the time and its spelling,
    the step and the season are found, and the notes tell what was found. Rows are sorted; rows that
    are missing are put in as unknown.

    Parameters
    ----------
    path : str or path-like
        A CSV file (also as .gz, or alone in a .zip) or a Parquet file; "-" reads standard input.
    target : str
        The column to forecast.
    time : str, default=None
        The column of the time. None looks for it, and counts rows where there is none.
    series : str, default=None
        The column that tells several series apart.
    season : int or "auto", default="auto"
        The season in rows; 1 for none. "auto" chooses from the oldest 60 % of the rows.
    known_ahead : sequence of str, default=()
        Columns whose future is known.
    columns : sequence of str, default=None
        The only columns that are used beside the target and those known ahead. None: all but those
        that tell nothing, as a note says: constants, counters of rows, and copies of others.
    ignore : sequence of str, default=()
        Columns that are not used.
    kinds : dict of str to sequence of str, default=None
        Columns of text, and the kinds of each that become columns of 0 and 1, as the ``kinds`` of
        an earlier reading has them. Of others, the kinds that the oldest 60 % of the rows have, 20
        at most.

    Returns
    -------
    reading : Reading
        The series and what is known about them.

    Raises
    ------
    DataProblem
        In one line: the file, the line or column, what is wrong, and what to do.

    Examples
    --------
    >>> import pathlib, tempfile
    >>> from skrnn.reading import read_series
    >>> path = pathlib.Path(tempfile.mkdtemp()) / "demand.csv"
    >>> rows = [f"{day:02}.03.2024;{day},5" for day in range(1, 31)]
    >>> _ = path.write_text("\n".join(["day;load", *rows]))
    >>> reading = read_series(path, "load")
    >>> reading.step, reading.frames["demand"]["load"].tolist()[:3]
    ('1 day', [1.5, 2.5, 3.5])
    >>> print(*reading.notes, sep="\n")
    Columns are separated by semicolons.
    Numbers have decimal commas.
    The time is column 'day'.
    Dates are read as day/month/year, as '13.03.2024' is.
    """
    _check_season(season)
    table = read_table(path, str(target))
    roles = Roles(
        target=str(target),
        time=first_column(table, time),
        series=series,
        known_ahead=_names(known_ahead),
        columns=None if columns is None else _names(columns),
        ignore=_names(ignore),
    )
    check_names(table, roles)
    taken = {roles.target, series, *roles.needed, *roles.ignore}
    times = find_times(table, roles.time, taken)
    given = {name: tuple(own) for name, own in (kinds or {}).items()}
    return _reading(table, roles, times, season, given)


def _names(names):
    return (names,) if isinstance(names, str) else tuple(names)


def _reading(table, roles, times, season, given):
    """What a table holds, where its columns' roles and the times of its rows are known."""
    target = roles.target
    skipped = {roles.series, *(times.columns if times else ())}
    others = [name for name in table.names if name not in skipped]
    columns = read_columns(table, roles, others, given)
    names = list(columns.values.columns)
    codes, keys = series_keys(table, roles.series)
    words = tuple(names.index(name) for name in columns.words)
    rows = replace(_rows(table, columns.values, times, codes), words=words)
    rows, clock = _regular(rows, table, times, roles.series is not None)
    frames = regular_frames(rows, clock, names, keys, times.name if times else None)
    frames, future, notes_on_cuts = usable_frames(frames, target, roles.known_ahead, table.file)
    frames, notes_on_late = timely_frames(
        frames, target, roles.known_ahead, roles.needed, table.file
    )
    n_old = _old_rows(list(frames.values()))
    kinds = choose_kinds(frames, n_old, columns.words, given)
    _check_needed(table, roles, kinds.reasons)
    frames = {key: kinds.spread(frame) for key, frame in frames.items()}
    needed = (target, *kinds.columns(roles.needed))
    reasons = worthless_columns(frames, n_old, needed, kinds.origin)
    if reasons:
        frames = {key: frame.drop(columns=list(reasons)) for key, frame in frames.items()}
    step = None if clock is None else clock.step
    found = _season(season, frames, target, step, n_old)
    gaps = find_gaps(frames, target)
    notes = [
        *table.notes,
        *columns.notes,
        *kinds.notes,
        *notes_on_left_out({**columns.reasons, **kinds.reasons, **reasons}),
        *(times.notes if times else [_why_counted(table)]),
        *note_on_marker(table, target, columns.values[target].to_numpy()),
        *rows.notes,
        *notes_on_cuts,
        *notes_on_late,
        *note_on_spring(rows, clock),
        *notes_on_frames(frames, target, gaps),
    ]
    return Reading(
        frames=frames,
        target=target,
        known_ahead=kinds.columns(roles.known_ahead),
        time=JOINT.join(times.columns) if times else None,
        series=roles.series,
        step=None if step is None else in_words(step),
        season=found.n_rows,
        season_why=found.why,
        notes=notes,
        gaps=gaps,
        future={key: kinds.spread(frame) for key, frame in future.items()},
        path=table.contents.path,
        sha256=table.contents.sha256,
        n_bytes=table.contents.n_bytes,
        kinds=kinds.chosen,
        seasons=fitting_seasons(step, int(np.median([len(frame) for frame in frames.values()]))),
    )


def _check_needed(table, roles, reasons):
    """No column of text that was asked for is left out."""
    for name in roles.needed:
        if name in reasons:
            raise DataProblem(
                f"{table.file}, column {shown(name)}: is {reasons[name]}: write what tells of it "
                "as columns of numbers, and name these"
            )


def _check_season(season):
    whole = isinstance(season, numbers.Integral) and not isinstance(season, bool) and season >= 1
    if season != "auto" and not whole:
        raise DataProblem(
            f"season must be 'auto' or a whole number of rows, got {season!r}: pass e.g. 24, or 1 "
            "for none"
        )


def _why_counted(table):
    """Rows are counted without a column of times; one that is named like one is worth a look."""
    texts = (name for name in table.names if pd.api.types.is_string_dtype(table.frame[name].dtype))
    name = next((name for name in texts if TIME_NAMES.search(name)), None)
    if name is None:
        return "No column holds times: rows are counted."
    cell = shown(table.frame[name].dropna().iloc[0])
    return (
        f"Column {shown(name)} holds no times that can be read, such as {cell}: rows are counted."
    )


def _rows(table: Table, values: pd.DataFrame, times: Times | None, codes) -> Rows:
    """All rows but empty ones."""
    source = np.arange(len(values))
    if times is None:
        clock = pd.DatetimeIndex(source.astype("datetime64[us]"))
        order = np.argsort(codes, kind="stable")
        return Rows(values.to_numpy()[order], clock[order], codes[order], source[order])
    lost = np.flatnonzero(times.times.isna())
    if len(lost):
        full = table.frame.iloc[lost].notna().any(axis=1).to_numpy()
        if full.any():
            row = int(lost[full][0])
            raise DataProblem(
                f"{table.at(row, times.columns[0])}: is empty: write the time of every row, or "
                "remove the row"
            )
    kept = np.flatnonzero(~times.times.isna())
    return Rows(values.to_numpy()[kept], times.times[kept], codes[kept], source[kept])


def _regular(rows, table, times, has_series):
    """Rows in time order, each time once, and their clock."""
    if len(rows.codes) < MIN_KNOWN:
        raise DataProblem(
            f"{table.file}: has {counted(len(rows.codes), 'row')}, and at least {MIN_KNOWN} are "
            "needed: pass a longer file"
        )
    if times is None:
        return rows, None
    rows = unique_rows(order_rows(rows), table, times.columns, has_series)
    where = f"{table.file}, column {shown(times.columns[0])}"
    if (np.diff(rows.codes) != 0).all():
        raise DataProblem(
            f"{where}: no series has two rows: a step cannot be told, so pass more rows"
        )
    clock = exact_clock(rows, times.unit)
    if clock is None:
        rows = settle_strays(rows, table)
        clock = exact_clock(rows, times.unit)
    if clock is None:
        rows, clock = close_clock(rows, where)
    check_size(clock, rows, where)
    return rows, clock


def _old_rows(frames):
    """How many rows of each series are among the oldest of all: newer ones are for testing."""
    if isinstance(frames[0].index, pd.RangeIndex):
        # Without times, series end together.
        newer = max(map(len, frames)) - int(OLDEST_SHARE * max(map(len, frames)))
        return [max(0, len(frame) - newer) for frame in frames]
    times = frames[0].index.append([frame.index for frame in frames[1:]]).unique().sort_values()
    last = times[int(OLDEST_SHARE * len(times)) - 1]
    return [int(frame.index.searchsorted(last, side="right")) for frame in frames]


def _season(season, frames, target, step, n_old) -> Season:
    if season != "auto":
        why = f"Season of {season} rows" if season > 1 else "No season"
        return Season(int(season), f"{why}, as asked for.")
    values = [frame[target].to_numpy() for frame in frames.values()]
    return find_season(values, step, n_old)
