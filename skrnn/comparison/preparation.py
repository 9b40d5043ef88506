"""Preparation.

How the rows of series become windows, the same for comparing, fitting and forecasting.
"""

from dataclasses import dataclass
from math import gcd

import numpy as np
import pandas as pd

from skrnn.preprocessing import CalendarFeatures
from skrnn.reading import DataProblem, fill_past
from skrnn.reading.problem import when
from skrnn.windows import Windows, future_rows, make_windows
from skrnn.windows.clock import clock_of

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
        return [
            *self.known_ahead,
            *(f"{field}_{part}" for field in self.calendar for part in ("sin", "cos")),
        ]

    def windows(self, frames: dict):
        """(X, y) of all series: windows without gaps, filled from their past.

        Y is as it is, NaN where unknown.
        """
        return self._cut(
            [self._columns_of(frame) for frame in frames.values()], self.stride(frames)
        )

    def stride(self, frames: dict) -> int:
        """The rows from one window to the next.

        1 unless there are more targets than it takes to learn.
        """
        n_windows = sum(
            max(0, len(frame) - self.length - self.horizon + 1) for frame in frames.values()
        )
        return spacing(n_windows * self.horizon, MOST_TARGETS, self.season)

    def newest(self, frames: dict):
        """(X, labels).

        For each series the window behind which nothing is known, and the rows that it forecasts.
        """
        if max(map(len, frames.values())) < self.length:
            raise DataProblem(
                f"{max(map(len, frames.values()))} rows are too few: a forecast of the model rests "
                f"on {self.length}, "
                "so bring as many"
            )
        tables = [
            self._with_future(name, self._columns_of(frame)) for name, frame in frames.items()
        ]
        X, _ = self._cut(tables)
        # Also of a series that is shorter than a window: its first steps are unknown.
        newest = X.replace(ends=X.bounds[1:] - 1 - self.horizon, series=np.arange(len(tables)))
        return newest, [table.index[-self.horizon :] for table in tables]

    def tail(self, frames: dict) -> dict:
        """The newest rows of each series, filled from their past.

        As many as a forecast depends on.
        """
        n_rows = self.length + self.season + 1
        tails = {}
        for name, frame in frames.items():
            past, given = self._split(name, self._columns_of(frame))
            tails[name] = pd.concat([fill_past(past, self.season).iloc[-n_rows:], given])
        return tails

    def _split(self, name, table):
        """The rows up to the last known target, and those behind it."""
        known = np.flatnonzero(table[self.target].notna())
        if not len(known):
            raise DataProblem(
                f"series {name!r} has no known {self.target!r}: nothing can be forecast from it"
            )
        return table.iloc[: known[-1] + 1], table.iloc[known[-1] + 1 :]

    def _cut(self, tables, stride=1) -> tuple[Windows, np.ndarray]:
        if self.calendar:
            tables = [CalendarFeatures(self.calendar).fit_transform(table) for table in tables]
        X, y = make_windows(
            tables,
            self.length,
            self.horizon,
            target=self.target,
            known_ahead=self.ahead,
            stride=stride,
        )
        filled = [fill_past(table, self.season).to_numpy(np.float64) for table in tables]
        return X.replace(rows=filled[0] if len(filled) == 1 else np.concatenate(filled)), y

    def _columns_of(self, frame):
        missing = [column for column in self.columns if column not in frame.columns]
        if missing:
            raise DataProblem(
                f"column {missing[0]!r} is missing: the model was fitted on "
                f"{', '.join(self.columns)}"
            )
        return _regular(frame[list(self.columns)])

    def _with_future(self, name, table):
        """The rows up to the last known target, and the horizon behind them with what is known ahead."""
        past, given = self._split(name, table)
        rows = future_rows(past, self.horizon)
        for column in self.known_ahead:
            values = given[column].reindex(rows.index[-self.horizon :])
            if values.isna().any():
                row = when(values.index[values.isna()][0])
                raise DataProblem(
                    f"column {column!r} is known ahead, but has no value for {row}: append the "
                    f"{self.horizon} rows to forecast, with {self.target!r} left empty"
                )
            rows.loc[rows.index[-self.horizon :], column] = values
        return rows


def spacing(n: int, most: int, season: int) -> int:
    """The least spacing that keeps at most so many of n, and that has no rhythm in common with the season."""
    every = max(1, -(-n // most))
    while gcd(every, season) > 1:
        every += 1
    return every


def with_future(reading) -> dict:
    """The series with the rows behind their last known target, of which only what is known ahead is known."""
    return {
        name: pd.concat([frame, reading.future.get(name)]) for name, frame in reading.frames.items()
    }


def _regular(table):
    """The table with a row for each step of its index; those that were missing are unknown."""
    clock = clock_of(table.index)
    positions = None if clock is None else clock.positions(table.index)
    if positions is None or positions[-1] - positions[0] == len(table) - 1:
        return table
    labels = clock.labels(table.index[:1], positions[-1] - positions[0])
    return table.reindex(table.index[:1].append(labels).rename(table.index.name))


def taught_targets(X: Windows, y: np.ndarray) -> np.ndarray:
    """The targets to learn from.

    Those that are unknown beside known ones are what their past fills them with.
    """
    unknown = np.isnan(y)
    if y.ndim == 1 or not unknown.any():
        return y
    partly = unknown & ~unknown.all(axis=1, keepdims=True)
    return np.where(partly, X.values_at(0, X.leads), y)


def calendar_fields(index: pd.Index) -> tuple[str, ...]:
    """The fields of the calendar that a time index runs through at least twice, in at least four steps."""
    if not isinstance(index, pd.DatetimeIndex | pd.PeriodIndex) or len(index) < 3:
        return ()
    times = index.to_timestamp() if isinstance(index, pd.PeriodIndex) else index
    step, span = pd.Series(times).diff().median(), times[-1] - times[0]
    turns = {"hour": "1D", "dayofweek": "7D", "dayofyear": "366D"}
    return tuple(
        field
        for field, turn in turns.items()
        if 4 * step <= pd.Timedelta(turn) and span >= 2 * pd.Timedelta(turn)
    )
