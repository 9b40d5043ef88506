"""Newer: series that a model forecasts from in place of those that it was fitted on."""

from typing import Any

import pandas as pd

from skrnn.comparison.preparation import with_future
from skrnn.reading import DataProblem, Reading
from skrnn.windows.clock import clock_of

TIMES = (pd.DatetimeIndex, pd.PeriodIndex)


def newer_frames(newer: Any, fitted: dict) -> dict:
    """The frames of newer series, with their times in the zone of those of the fit.

    Times of another kind or step are an error: the calendar, seasons and windows would mean
    something else.
    """
    if isinstance(newer, Reading):
        newer = with_future(newer)
    if not isinstance(newer, dict):
        raise DataProblem(
            "frames= must be a Reading, or a dict of DataFrames by their series' names, got a "
            f"{type(newer).__name__}: as in frames={{'name': frame}}"
        )
    if not newer:
        raise DataProblem("frames= has no series: bring at least one, or None for those of the fit")
    ours = next(iter(fitted.values())).index
    clock = clock_of(ours)
    return {name: _as_fitted(name, frame, ours, clock) for name, frame in newer.items()}


def _as_fitted(name, frame, ours, clock):
    if not isinstance(frame, pd.DataFrame):
        raise DataProblem(
            f"frames= must hold DataFrames, got a {type(frame).__name__} for series {name!r}"
        )
    theirs = frame.index
    if isinstance(theirs, TIMES) != isinstance(ours, TIMES):
        have, had = ("times", "none") if isinstance(theirs, TIMES) else ("no times", "some")
        raise DataProblem(
            f"the rows of series {name!r} have {have}, but those that the model was fitted on had "
            f"{had}: bring them alike, or fit a model on these"
        )
    other = None
    if isinstance(ours, pd.PeriodIndex) and isinstance(theirs, pd.DatetimeIndex):
        frame = frame.set_axis(theirs.tz_localize(None).to_period(ours.freq))
        other = None if frame.index.is_unique else "shorter steps"
    elif isinstance(ours, pd.DatetimeIndex):
        if isinstance(theirs, pd.PeriodIndex):
            frame = frame.to_timestamp()
        frame = _in_zone(name, frame, ours.tz)
    newer = clock_of(frame.index) if isinstance(frame.index, TIMES) else None
    if other is None and None not in (clock, newer) and newer.step != clock.step:
        other = f"steps of {newer.describe()}"
    if other is not None:
        raise DataProblem(
            f"the rows of series {name!r} are in {other}, but those that the model was fitted on "
            f"in steps of {clock.describe()}: resample the data, or fit a model on them"
        )
    return frame


def _in_zone(name, frame, zone):
    """The rows with their times in a zone; where one of both has none, nothing tells which."""
    if (frame.index.tz is None) != (zone is None):
        zones = [f"are in {tz}" if tz else "have no time zone" for tz in (frame.index.tz, zone)]
        raise DataProblem(
            f"the times of series {name!r} {zones[0]}, and those that the model was fitted on "
            f"{zones[1]}: bring them alike, or fit a model on these"
        )
    return frame if zone is None else frame.tz_convert(zone)
