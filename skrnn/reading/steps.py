"""Steps: how far apart the rows of a file are, and which row of a regular grid each one is."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from skrnn.reading.problem import DataProblem, counted, when
from skrnn.reading.rows import Rows
from skrnn.windows.clock import naive

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
MONTHS = {1: ("M", "month"), 3: ("Q", "quarter"), 12: ("Y", "year")}
# A regular grid has at most so many rows for each row of the file.
LARGEST_GRID = 3
# Stamps may lie so far off their step, in steps.
JITTER = 0.25


@dataclass(frozen=True)
class Step:
    """The step of a file: so many of a unit of the calendar, or of microseconds ("fixed").

    ``offset`` is where steps lie that stamps are merely close to, in microseconds; None where
    stamps are exact.
    """

    unit: str
    n: int
    offset: int | None = None

    @property
    def words(self) -> str:
        """The step as one says it: 30 minutes."""
        if self.unit != "fixed":
            return counted(self.n, self.unit)
        for name, length in UNITS.items():
            if self.n % length == 0 and (name != "week" or self.n == length):
                return counted(self.n // length, name)
        return counted(self.n, "microsecond")

    @property
    def length(self) -> int | None:
        """Microseconds of a fixed step."""
        return self.n if self.unit == "fixed" else None

    def ordinals(self, times: pd.DatetimeIndex) -> np.ndarray:
        """Row numbers on the calendar: whole numbers, which have a meaning within a series only."""
        local = naive(times, local=self._counts_days)
        if self.unit == "business day":
            return np.busday_count("1970-01-01", local.to_numpy().astype("datetime64[D]"))
        if self.unit != "fixed":
            return local.to_period(self._letter).asi8 // self.n
        # Exact stamps of a series are whole steps apart, wherever the first one lies.
        shift = 0 if self.offset is None else self.n // 2 - self.offset
        return np.floor_divide(local.as_unit("us").asi8 + shift, self.n)

    def index(self, first: pd.Timestamp, n: int, name: str) -> pd.Index:
        """The labels of n rows."""
        if self.unit == "business day":
            return pd.date_range(first, periods=n, freq="B", unit=_unit(first), name=name)
        if self.unit != "fixed":
            freq = self._letter if self.n == 1 else f"{self.n}{self._letter}"
            return pd.period_range(first.tz_localize(None), periods=n, freq=freq, name=name)
        days, rest = divmod(self.n, DAY)
        freq = pd.Timedelta(self.n, "us") if rest else f"{days}D"
        return pd.date_range(
            self._on_grid(first), periods=n, freq=freq, unit=_unit(first), name=name
        )

    def _on_grid(self, first):
        if self.offset is None:
            return first
        micros = int(self.ordinals(pd.DatetimeIndex([first]))[0]) * self.n + self.offset
        naive = pd.Timestamp(np.datetime64(micros, "us"))
        if first.tz is None or self._counts_days:
            return naive.tz_localize(first.tz)
        return naive.tz_localize("UTC").tz_convert(first.tz)

    @property
    def _counts_days(self):
        return self.unit != "fixed" or self.n % DAY == 0

    @property
    def _letter(self):
        return {word: letter for letter, word in MONTHS.values()}[self.unit]


def _unit(first):
    """The unit that pandas takes, but for times that nanoseconds do not reach."""
    return None if 1700 <= first.year < 2200 else "us"


def exact_step(rows: Rows, unit: str) -> Step | None:
    """The step that all stamps of all series lie on, if there is one."""
    inside = np.diff(rows.codes) == 0
    local = naive(rows.times, local=True)
    times = _counted(rows)
    differences = np.diff(times.as_unit("us").asi8)[inside]
    return (
        _calendar_step(local, unit, differences, inside)
        or _fixed_step(times, differences)
        or _business_step(local, differences)
    )


def close_step(rows: Rows, where: str) -> Step:
    """The usual step that all stamps lie close to; ``where`` names file and column in messages."""
    times = _counted(rows)
    inside = np.diff(rows.codes) == 0
    differences = np.diff(times.as_unit("us").asi8)[inside]
    step = _jittering_step(times, differences, rows.codes)
    if step is None:
        _raise_irregular(differences, where)
    return step


def usual_difference(rows: Rows) -> int:
    """The most frequent time between two rows of a series, in microseconds."""
    inside = np.diff(rows.codes) == 0
    return _usual(np.diff(_counted(rows).as_unit("us").asi8)[inside])


def _counted(rows):
    """The times as differences are taken of them: of days in local time, as clocks change."""
    local = naive(rows.times, local=True)
    midnights = bool((local == local.normalize()).all())
    return local if midnights else naive(rows.times, local=False)


def _usual(differences):
    values, counts = np.unique(differences, return_counts=True)
    return int(values[counts.argmax()])


def _calendar_step(local, unit, differences, inside):
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
            return Step(MONTHS[n][1], usual // n)
    return None


def _on_days_of_months(local, differences):
    day = local.day.to_numpy()
    last = local.days_in_month.to_numpy()
    if len(np.unique(day)) == 1:
        return True
    at_border = (last - day <= 3).all() or (day <= 4).all()
    return bool(at_border and len(np.unique(differences)) > 1)


def _fixed_step(times, differences):
    """The most frequent difference, if all others are multiples of it."""
    step = _usual(differences)
    if (differences % step).any() or _is_business(times, differences):
        return None
    return Step("fixed", step)


def _is_business(times, differences):
    """Whether rows are working days alone: no weekend among them, and every weekend left out."""
    if (differences % DAY).any() or _usual(differences) != DAY or len(differences) < 9:
        return False
    return bool((times.dayofweek < 5).all())


def _business_step(local, differences):
    return Step("business day", 1) if _is_business(local, differences) else None


def _jittering_step(times, differences, codes):
    """A usual step that the stamps lie close to."""
    middle = float(np.median(differences)) / SECOND
    step = min(USUAL, key=lambda seconds: abs(np.log(seconds / middle))) * SECOND
    if abs(step / SECOND / middle - 1) > 0.1:
        return None
    micros = times.as_unit("us").asi8
    turns = np.exp(2j * np.pi * ((micros % step) / step)).mean()
    offset = round(float(np.angle(turns)) / (2 * np.pi) * step)
    offset = 0 if abs(offset) <= JITTER * step / 2 else _nearest_phase(micros % step, offset, step)
    off = (micros - offset + step // 2) % step - step // 2
    found = Step("fixed", step, offset % step)
    rows = np.diff(found.ordinals(times))[np.diff(codes) == 0]
    return found if np.abs(off).max() <= JITTER * step and (rows > 0).all() else None


def _nearest_phase(phases, offset, step):
    """The phase of some stamp that is nearest to the mean of all: steps are stamps of the file."""
    off = np.abs((phases - offset + step // 2) % step - step // 2)
    return int(phases[off.argmin()])


def jitter(rows: Rows, step: Step) -> int:
    """How far the farthest stamp lies off its step, in microseconds."""
    if step.offset is None:
        return 0
    times = naive(rows.times, local=step.n % DAY == 0)
    off = (times.as_unit("us").asi8 - step.offset + step.n // 2) % step.n - step.n // 2
    return int(np.abs(off).max())


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


def check_size(step: Step, rows: Rows, where: str) -> None:
    """A grid that is mostly empty is no step, or there is a stamp that does not belong."""
    inside = np.diff(rows.codes) == 0
    jumps = np.diff(step.ordinals(rows.times))
    needed = int(jumps[inside].sum()) + int((~inside).sum()) + 1
    if needed <= LARGEST_GRID * len(rows.codes) + 10:
        return
    gap = int(np.where(inside, jumps, 0).argmax())
    raise DataProblem(
        f"{where}: in steps of {step.words} there would be {needed:,} rows, and the file has "
        f"{len(rows.codes):,}, as there is nothing between {when(rows.times[gap])} and "
        f"{when(rows.times[gap + 1])}, for one: correct these stamps, resample the file to longer "
        "steps, or drop the column to count rows"
    )
