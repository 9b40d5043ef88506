"""Steps: how far apart the rows of a file are, and the clock that they keep to."""

from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd

from skrnn.reading.problem import DataProblem, counted, when
from skrnn.reading.rows import Rows
from skrnn.windows.clock import Clock, naive, zoned

SECOND = 1_000_000
DAY = 86_400 * SECOND
WEEK = 7 * DAY
UNITS = {
    "week": WEEK,
    "day": DAY,
    "hour": 3600 * SECOND,
    "minute": 60 * SECOND,
    "second": SECOND,
    "millisecond": 1000,
}
# What clocks are set to, in seconds: stamps that jitter are taken to mean one of these.
USUAL = [
    1,
    2,
    5,
    10,
    15,
    20,
    30,
    60,
    120,
    300,
    600,
    900,
    1200,
    1800,
    3600,
    7200,
    10800,
    14400,
    21600,
    28800,
    43200,
    86400,
]
# Months of a step, the letter of its periods, and what it is called.
MONTHS = {1: ("M", "month"), 3: ("Q", "quarter"), 12: ("Y", "year")}
CALENDAR_UNITS = {
    pd.offsets.BusinessDay: "business day",
    pd.offsets.MonthEnd: "month",
    pd.offsets.QuarterEnd: "quarter",
    pd.offsets.YearEnd: "year",
}
# A regular grid has at most so many rows for each row of the file.
LARGEST_GRID = 3
# Stamps may lie so far off their step, in steps.
JITTER = 0.25


def step_of(micros: int) -> pd.Timedelta:
    """A step of so many microseconds."""
    return pd.Timedelta(np.timedelta64(micros, "us"))


def micros_of(step: Any) -> int | None:
    """The microseconds of a step that is always as long; None for one of the calendar."""
    return step // pd.Timedelta(1, "us") if isinstance(step, pd.Timedelta) else None


def calendar_unit(step: Any) -> str:
    """What a step of the calendar counts."""
    return CALENDAR_UNITS[type(step)]


def in_words(step: Any) -> str:
    """A step as one says it: 30 minutes."""
    micros = micros_of(step)
    if micros is None:
        return counted(step.n, calendar_unit(step))
    for name, length in UNITS.items():
        if micros % length == 0 and (name != "week" or micros == length):
            return counted(micros // length, name)
    return counted(micros, "microsecond")


def exact_clock(rows: Rows, unit: str) -> Clock | None:
    """The clock that all stamps of all series keep to, each from its own first, if there is one."""
    inside = np.diff(rows.codes) == 0
    local = naive(rows.times, local=True)
    times = _counted(rows)
    differences = np.diff(times.as_unit("us").asi8)[inside]
    freq = _calendar_freq(local, unit, differences, inside)
    if freq is not None:
        origin = local[0].to_period(freq)
        return Clock(origin.freq, origin)
    if _is_business(local, differences):
        return Clock(pd.offsets.BusinessDay(), rows.times[0])
    step = _usual(differences)
    return None if (differences % step).any() else Clock(step_of(step), rows.times[0])


def close_clock(rows: Rows, where: str) -> tuple[Rows, Clock]:
    """The clock of the usual step that all stamps lie close to, and the rows set to it.

    ``where`` names file and column in messages.
    """
    inside = np.diff(rows.codes) == 0
    differences = np.diff(_counted(rows).as_unit("us").asi8)[inside]
    middle = float(np.median(differences)) / SECOND
    step = min(USUAL, key=lambda seconds: abs(np.log(seconds / middle))) * SECOND
    counts_days = step % DAY == 0
    times = naive(rows.times, local=counts_days)
    off = _off_steps(times.as_unit("us").asi8, step)
    set_times = times - off.astype("timedelta64[us]")
    distances = np.diff(set_times.as_unit("us").asi8)[inside]
    is_usual = abs(step / SECOND / middle - 1) <= 0.1
    if not is_usual or np.abs(off).max() > JITTER * step or (distances <= 0).any():
        _raise_irregular(differences, where)
    rows = replace(rows, times=zoned(set_times, rows.times.tz, local=counts_days))
    if not off.any():
        return rows, Clock(step_of(step), rows.times[0])
    rows = rows.noted(
        f"Stamps lie up to {span(np.abs(off).max())} off steps of {in_words(step_of(step))}: each "
        "was set to the nearest step."
    )
    return rows, Clock(step_of(step), rows.times[0])


def usual_difference(rows: Rows) -> int:
    """The most frequent time between two rows of a series, in microseconds."""
    inside = np.diff(rows.codes) == 0
    return _usual(np.diff(_counted(rows).as_unit("us").asi8)[inside])


def _counted(rows):
    """The times as differences are taken of them: of days in local time, as clocks change.

    Days are what has the same time of day in each row.
    """
    local = naive(rows.times, local=True)
    of_day = local - local.normalize()
    return local if len(local) and (of_day == of_day[0]).all() else naive(rows.times, local=False)


def _usual(differences):
    values, counts = np.unique(differences, return_counts=True)
    return int(values[counts.argmax()])


def _calendar_freq(local, unit, differences, inside):
    """Months, quarters or years: written so, or on the same day, or at the ends, of months."""
    written = unit in ("month", "quarter", "year")
    if not written and differences.min() < 26 * DAY:
        return None
    if not written and not _on_days_of_months(local, differences):
        return None
    months = np.diff(local.year.to_numpy() * 12 + local.month.to_numpy())[inside]
    usual = _usual(months)
    if usual <= 0 or (months % usual).any():
        usual = int(np.gcd.reduce(months))
    for n in (12, 3, 1):
        if usual and usual % n == 0:
            return f"{usual // n}{MONTHS[n][0]}"
    return None


def _on_days_of_months(local, differences):
    day = local.day.to_numpy()
    last = local.days_in_month.to_numpy()
    if len(np.unique(day)) == 1:
        return True
    at_border = (last - day <= 3).all() or (day <= 4).all()
    return bool(at_border and len(np.unique(differences)) > 1)


def _is_business(times, differences):
    """Whether rows are working days alone: no weekend among them, and every weekend left out."""
    if (differences % DAY).any() or _usual(differences) != DAY or len(differences) < 9:
        return False
    return bool((times.dayofweek < 5).all())


def _off_steps(micros, step):
    """How far each stamp lies off the steps of the phase that most of them are close to."""
    turns = np.exp(2j * np.pi * ((micros % step) / step)).mean()
    phase = round(float(np.angle(turns)) / (2 * np.pi) * step)
    phase = 0 if abs(phase) <= JITTER * step / 2 else _nearest_phase(micros % step, phase, step)
    return (micros - phase + step // 2) % step - step // 2


def _nearest_phase(phases, mean, step):
    """The phase of some stamp that is nearest to the mean of all: steps are stamps of the file."""
    off = np.abs((phases - mean + step // 2) % step - step // 2)
    return int(phases[off.argmin()])


def _raise_irregular(differences, where):
    values, counts = np.unique(differences, return_counts=True)
    most = counts.argmax()
    coarser = _coarser(np.median(differences))
    raise DataProblem(
        f"{where}: the rows have no regular step: they are from {span(values[0])} to "
        f"{span(values[-1])} apart, and the most frequent step ({span(values[most])}) is that of "
        f"{counts[most] / len(differences):.0%}: resample the file first, e.g. "
        f"frame.resample('{coarser}').mean(), or drop the column to count rows"
    )


def span(micros: float) -> str:
    """A length of time in its largest fitting unit."""
    for name, length in list(UNITS.items())[1:]:
        if micros >= length:
            n = micros / length
            return counted(int(n), name) if n == int(n) else f"{n:.3g} {name}s"
    return f"{micros} microseconds"


def _coarser(micros):
    names = {
        60: "1min",
        600: "10min",
        1800: "30min",
        3600: "1h",
        21600: "6h",
        86400: "1D",
        604800: "1W",
    }
    return next((name for seconds, name in names.items() if seconds * SECOND >= micros), "1MS")


def check_size(clock: Clock, rows: Rows, where: str) -> None:
    """A grid that is mostly empty is no step, or there is a stamp that does not belong."""
    inside = np.diff(rows.codes) == 0
    jumps = np.diff(clock.rows(rows.times))
    needed = int(jumps[inside].sum()) + int((~inside).sum()) + 1
    if needed <= LARGEST_GRID * len(rows.codes) + 10:
        return
    gap = int(np.where(inside, jumps, 0).argmax())
    raise DataProblem(
        f"{where}: in steps of {in_words(clock.step)} there would be {needed:,} rows, and the "
        f"file has {len(rows.codes):,}, as there is nothing between {when(rows.times[gap])} and "
        f"{when(rows.times[gap + 1])}, for one: correct these stamps, resample the file to longer "
        "steps, or drop the column to count rows"
    )
