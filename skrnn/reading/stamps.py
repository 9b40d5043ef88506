"""Stamps: a column of dates and times of any common spelling as times."""

import re
from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from skrnn.reading.numbers import known_cells
from skrnn.reading.problem import shown
from skrnn.reading.spellings import SHAPES, TIME, BadStampError, time_of_day

TIME_NAMES = re.compile(
    r"date|time|stamp|datum|zeit|fecha|hora|jahr|monat|month|year|week|quarter|period|epoch|unix"
    r"|^(ds|ts|dt|t|day)$",
    re.IGNORECASE,
)
SAMPLE = 400
# A column holds stamps if so many of its cells do; the others are mistakes in it.
STAMP_SHARE = 0.8


@dataclass
class Stamps:
    """Times, NaT where there is none; ``unit`` is the finest thing that the spelling tells."""

    times: pd.DatetimeIndex
    unit: str
    notes: list[str] = field(default_factory=list)


def looks_like_stamps(column: pd.Series, name: str) -> bool:
    """Whether a column holds stamps, by a sample of its cells, and by its name if it is numbers."""
    periods = isinstance(column.dtype, pd.PeriodDtype)
    if periods or pd.api.types.is_datetime64_any_dtype(column.dtype):
        return True
    if pd.api.types.is_bool_dtype(column.dtype) or isinstance(column.dtype, pd.CategoricalDtype):
        column = column.astype(object)
    if pd.api.types.is_numeric_dtype(column.dtype) and not TIME_NAMES.search(name):
        return False
    return _shape_of(_cells(column)) is not None


def read_stamps(column: pd.Series) -> Stamps:
    """The times of a column. Raises BadStampError with the row of a cell that is none."""
    if isinstance(column.dtype, pd.PeriodDtype):
        return Stamps(pd.DatetimeIndex(column.dt.to_timestamp()).as_unit("us"), "time")
    if pd.api.types.is_datetime64_any_dtype(column.dtype):
        return Stamps(pd.DatetimeIndex(column).as_unit("us"), "time")
    text = _cells(column)
    shape = _shape_of(text)
    if shape is None:
        row = int(text.index[0]) if len(text) else 0
        raise BadStampError(row, "is not a date or time that can be read")
    what = "date or time" if shape.unit in ("date", "time") else shape.unit
    wanted = f"is no {what} like the others, such as {shown(_example(text, shape))}"
    fits = text.str.fullmatch(shape.pattern).astype(bool)
    if not fits.all():
        raise BadStampError(int(text.index[~fits][0]), wanted)
    read, notes = shape.read(text)
    if read.isna().any():
        raise BadStampError(int(text.index[read.isna()][0]), wanted)
    times = pd.Series(pd.NaT, index=column.index, dtype=read.dtype)
    times[read.index] = read
    return Stamps(pd.DatetimeIndex(times).as_unit("us"), shape.unit, notes)


def read_clock(column: pd.Series) -> pd.Series | None:
    """Times of day, as text (13:30) or hours (13), as time deltas; None for any other column."""
    text = _cells(column)
    if not len(text):
        return None
    if text.str.fullmatch(r"\d{1,2}").all():
        hours = text.astype(int)
        return pd.to_timedelta(hours, unit="h") if hours.between(0, 24).all() else None
    return time_of_day(text) if text.str.fullmatch(TIME).all() else None


def _cells(column):
    """The cells that are there; whole numbers without a decimal point."""
    if pd.api.types.is_float_dtype(column.dtype):
        known = column.dropna()
        whole = np.isfinite(known) & (known == np.round(known)) & (known.abs() < 1e18)
        return known.astype("int64").astype(str) if whole.all() else known.astype(str)
    return known_cells(column)


def _shape_of(text):
    sample = text.iloc[:: max(1, len(text) // SAMPLE)]
    if not len(sample):
        return None
    shares = [float(sample.str.fullmatch(shape.pattern).mean()) for shape in SHAPES]
    share, shape = max(zip(shares, SHAPES, strict=True), key=lambda item: item[0])
    return shape if share >= STAMP_SHARE and _can_read(shape, sample) else None


def _example(text, shape):
    """The first cell of the usual spelling."""
    return text[text.str.fullmatch(shape.pattern).astype(bool)].iloc[0]


def _can_read(shape, sample):
    """Cells of the right shape may still be no stamps, such as words where months should be."""
    try:
        times, _ = shape.read(sample[sample.str.fullmatch(shape.pattern).astype(bool)])
    except BadStampError:
        return True
    return bool(times.notna().mean() >= STAMP_SHARE)
