"""Preparation: how rows become windows, the same for comparing, fitting and forecasting."""

from dataclasses import dataclass
from math import gcd

import numpy as np
import pandas as pd

from skrnn.comparison.panel import Following, Panel, regular
from skrnn.evaluation.changes import changes_by_lead
from skrnn.evaluation.past_changes import PastChanges
from skrnn.reading import DataProblem, Reading
from skrnn.reading.problem import when
from skrnn.windows import Windows
from skrnn.windows.filling import rows_from_past
from skrnn.windows.sliding import check_enough_rows
from skrnn.wording import count

# Windows times leads: with more, the errors are no smaller, and memory and time are spent on
# neighbours that are alike.
MOST_TARGETS = 5_000_000


@dataclass(frozen=True)
class Preparation:
    """How the rows of series become windows.

    Attributes
    ----------
    columns : tuple of str
        The columns of the series; the target is the first.
    known_ahead : tuple of str
        Those whose future is known.
    calendar : tuple of str
        The fields of ``CalendarFeatures`` that are added, which are known ahead too.
    length, horizon, season : int
        Steps of a window, rows that are forecast, and rows of a season.
    """

    columns: tuple
    known_ahead: tuple
    calendar: tuple
    length: int
    horizon: int
    season: int

    @property
    def target(self) -> str:
        """The column that is forecast."""
        return self.columns[0]

    @property
    def ahead(self) -> list:
        """All columns that are known ahead."""
        return [*self.known_ahead, *self.waves]

    @property
    def waves(self) -> tuple:
        """The columns of the calendar."""
        return tuple(f"{field}_{wave}" for field in self.calendar for wave in ("sin", "cos"))

    def windows(self, frames: dict) -> tuple[Windows, np.ndarray]:
        """(X, y) of all series: windows without gaps, filled from their past.

        Y is as it is, NaN where unknown.
        """
        panel = self._panel(frames)
        check_enough_rows(np.diff(panel.bounds).max(), self.length, 1, self.horizon)
        X = self._cut(panel, self.stride(frames))
        y = X.values_at(0, X.leads)
        if self.horizon == 1:
            y = y[:, 0]
        return self._filled(X), y

    def stride(self, frames: dict) -> int:
        """Rows from one window to the next: 1, unless there are more targets than it takes."""
        n_windows = sum(
            max(0, len(frame) - self.length - self.horizon + 1) for frame in frames.values()
        )
        return every_of(n_windows * self.horizon, MOST_TARGETS)

    def newest(self, frames: dict, *, short: bool = False) -> tuple[Windows, list]:
        """(X, labels): each series' newest window, and the rows that it forecasts.

        If ``short``, also of a series that has no whole window, whose first steps are unknown.
        """
        panel = self._panel(frames)
        longest = max(self._known(panel, list(frames)))
        if not short and longest < self.length:
            raise DataProblem(
                f"{count(longest, 'row')} up to the last known {self.target!r} are too few: a "
                f"forecast of the model rests on {self.length}, so bring as many, and then those "
                "to forecast"
            )
        ahead = self._with_future(panel, list(frames))
        X = self._filled(self._cut(ahead))
        ends = X.bounds[1:] - 1 - self.horizon
        newest = X.replace(ends=ends, series=np.arange(len(frames)))
        return newest, [labels[-self.horizon :] for labels in ahead.labels]

    def tail(self, frames: dict) -> dict:
        """The newest rows of each series, filled from their past, that a forecast depends on."""
        n_rows = self.length + self.season + 1
        panel = self._panel(frames)
        known = self._known(panel, list(frames))
        filled = panel.filled(self.season).values
        columns = pd.Index(list(self.columns))
        tails = {}
        for name, labels, start, n in zip(
            frames, panel.labels, panel.bounds[:-1], known, strict=True
        ):
            first = max(0, n - n_rows)
            past = filled[start + first : start + n]
            # What is known ahead stays as it is.
            given = panel.values[start + n : start + len(labels)]
            values = np.concatenate([past, given])
            tails[name] = pd.DataFrame(values, labels[first:], columns, copy=False)
        return tails

    def changes(self, frames: dict, memory: float, before: np.ndarray | None = None) -> np.ndarray:
        """How much each series' target has changed over each lead (n_series, n_leads).

        As ``changes_by_lead`` at its last known value; NaN of one that has never changed.
        ``before`` is the same of rows before the first.
        """
        panel = self._panel(frames)
        known = self._known(panel, list(frames))
        found = changes_by_lead(
            panel.values[:, 0],
            panel.bounds,
            panel.bounds[:-1] + known - 1,
            leads=np.arange(1, self.horizon + 1),
            season=self.season,
            memories=(memory,),
            before=before,
        )
        return found[:, :, 0]

    def past(self, frames: dict) -> PastChanges | None:
        """What the target has changed over each lead, row by row; None of several series."""
        if len(frames) > 1:
            return None
        values = self._panel(frames).values[:, 0]
        return PastChanges(values, np.arange(1, self.horizon + 1), self.season)

    def _panel(self, frames):
        return Panel.of([regular(self._columns_of(frame)) for frame in frames.values()])

    def _columns_of(self, frame):
        if tuple(frame.columns) == self.columns:
            return frame
        missing = [column for column in self.columns if column not in frame.columns]
        if missing:
            raise DataProblem(
                f"column {missing[0]!r} is missing: the model was fitted on "
                f"{', '.join(self.columns)}"
            )
        return frame[list(self.columns)]

    def _known(self, panel, names):
        """How many rows each series has up to its last known target."""
        known = panel.known(0)
        if not known.all():
            name = names[int(np.argmin(known))]
            raise DataProblem(
                f"series {name!r} has no known {self.target!r}: nothing can be forecast from it"
            )
        return known

    def _cut(self, panel, stride=1) -> Windows:
        """All windows of a panel that have all of their rows and targets, with any calendar."""
        panel = panel.with_calendar(self.calendar)
        lengths = np.diff(panel.bounds)
        # As ranges, one behind the other: from the first row that has a whole window before it.
        free = np.maximum(0, lengths - self.length - self.horizon + 1)
        counts = -(-free // stride)
        series = np.repeat(np.arange(len(lengths)), counts)
        number = np.arange(len(series)) - np.repeat(np.cumsum(counts) - counts, counts)
        place = places(number, stride, self.season)
        there = place < free[series]
        series, place = series[there], place[there]
        ahead = [self.horizon if name in self.ahead else 0 for name in panel.columns]
        return Windows(
            panel.values,
            panel.bounds[series] + self.length - 1 + place,
            length=self.length,
            bounds=panel.bounds,
            series=series,
            leads=range(1, self.horizon + 1),
            shift=ahead,
            feature_names=panel.columns,
            index=panel.index,
        )

    def _filled(self, X):
        return X.replace(rows=rows_from_past(X.rows, self.season, X.bounds))

    def _with_future(self, panel, names) -> Panel:
        """The rows up to the last known target, and those to forecast with what is known ahead."""
        known = self._known(panel, names)
        following = Following(self.horizon)
        blocks = []
        labels = []
        starts = panel.bounds[:-1]
        for name, index, start, n in zip(names, panel.labels, starts, known, strict=True):
            values = panel.values[start : start + len(index)]
            future = following(index[:n])
            rows = np.full((self.horizon, len(self.columns)), np.nan)
            if self.known_ahead:
                of = f" of series {name!r}" if len(names) > 1 else ""
                self._tell_ahead(rows, future, index[n:].get_indexer(future), values[n:], of)
            blocks += [values[:n], rows]
            labels.append(index[:n].append(future))
        return Panel(np.concatenate(blocks), labels, panel.columns)

    def _tell_ahead(self, rows, labels, found, given, of):
        """Fill in what is known ahead of the rows to forecast, from the rows that were given."""
        for column in self.known_ahead:
            position = self.columns.index(column)
            known = found >= 0
            rows[known, position] = given[found[known], position]
            unknown = np.isnan(rows[:, position])
            if unknown.any():
                row = when(labels[unknown][0])
                raise DataProblem(
                    f"column {column!r} is known ahead, but has no value for {row}{of}: bring all "
                    f"{self.horizon} rows to forecast, with {self.target!r} left empty"
                )


def every_of(n: int, most: int) -> int:
    """The least distance of so many that at most so many are left."""
    return max(1, -(-n // most))


def places(number: np.ndarray, every: int, season: int) -> np.ndarray:
    """Where the numbered ones lie of which one in ``every`` is taken.

    At all times of the season alike: where these would come in a rhythm, each round of it begins
    one later.
    """
    common = gcd(every, season)
    later = number // (season // common) if common > 1 else 0
    return every * number + later


def spread(n: int, most: int, season: int) -> np.ndarray:
    """The places of at most so many of n, evenly spaced, at all times of the season alike."""
    every = every_of(n, most)
    found = places(np.arange(-(-n // every)), every, season)
    return found[found < n]


def thinned(which: np.ndarray, most: int, season: int) -> np.ndarray:
    """At most so many of some, as ``spread`` has their places."""
    return which[spread(len(which), most, season)]


def with_future(reading: Reading) -> dict:
    """The series with the rows behind their last known target, of which some columns are known."""
    return {
        name: pd.concat([frame, reading.future[name]]) if name in reading.future else frame
        for name, frame in reading.frames.items()
    }


def taught_targets(X: Windows, y: np.ndarray) -> np.ndarray:
    """The targets to learn from; unknown ones beside known ones are filled from their past."""
    unknown = np.isnan(y)
    if y.ndim == 1 or not unknown.any():
        return y
    partly = unknown & ~unknown.all(axis=1, keepdims=True)
    return np.where(partly, X.values_at(0, X.leads), y)


def calendar_fields(index: pd.Index) -> tuple[str, ...]:
    """The fields of the calendar that an index runs through twice, in four steps or more."""
    if not isinstance(index, pd.DatetimeIndex | pd.PeriodIndex) or len(index) < 3:
        return ()
    times = index.to_timestamp() if isinstance(index, pd.PeriodIndex) else index
    step = pd.Series(times).diff().median()
    span = times[-1] - times[0]
    turns = {"hour": "1D", "dayofweek": "7D", "dayofyear": "366D"}
    return tuple(
        field
        for field, turn in turns.items()
        if 4 * step <= pd.Timedelta(turn) and span >= 2 * pd.Timedelta(turn)
    )
