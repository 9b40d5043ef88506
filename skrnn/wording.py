"""Numbers, times and sizes as people read them, in the terminal and on the page."""

import math
from collections.abc import Iterable

import pandas as pd

UNKNOWN = "–"
# The rungs of the ladder, in the order of their complexity.
RUNGS = {
    "naive": "naive forecast",
    "seasonal": "seasonal naive forecast",
    "smoothing": "exponential smoothing",
    "theta": "theta method",
    "arima": "ARIMA",
    "linear": "linear model",
    "dense": "dense network",
    "conv": "convolutional network",
    "mingru": "minimal recurrent network",
    "simple": "simple recurrent network",
    "lstm": "LSTM",
    "gru": "GRU",
    "ensemble": "ensemble",
}
BYTES = ("bytes", "kB", "MB", "GB", "TB")


def printable(text: str) -> str:
    """A text whose characters only show: those that steer a terminal are spelled out."""
    return "".join(
        letter if letter.isprintable() or letter == "\n" else ascii(letter)[1:-1] for letter in text
    )


def decimals_for(values: Iterable[float], digits: int = 3) -> int:
    """How many decimals give the smallest of some numbers that many digits: a column lines up."""
    sizes = [abs(value) for value in values if math.isfinite(value) and value]
    return max(0, digits - 1 - math.floor(math.log10(min(sizes)))) if sizes else 0


def decimals_of_errors(table: pd.DataFrame) -> dict[str, int]:
    """How many decimals each column of errors has in a table of models."""
    digits = {"mae": 4, "rmse": 4, "mase": 3, "smape": 3}
    return {name: decimals_for(table[name], n) for name, n in digits.items()}


def number(value: float, decimals: int | None = None) -> str:
    """A number with thousands set apart, in three digits or more unless decimals are given."""
    if not math.isfinite(value):
        return UNKNOWN
    if value and not 1e-4 <= abs(value) < 1e9:
        return f"{value:.2e}".replace("-", "−")
    decimals = decimals_for([value]) if decimals is None else min(decimals, 7)
    return f"{value:,.{decimals}f}".replace("-", "−")


def percent(share: float, decimals: int = 0) -> str:
    """A share as a percentage; one too small for the decimals still shows as more than nothing."""
    if not math.isfinite(share):
        return UNKNOWN
    if abs(share) >= 1e4:  # beside an error of nearly nothing
        return f"{100 * share:.0e} %".replace("-", "−").replace("+", "")
    least = 10**-decimals
    if 0 < 100 * share < least:
        return f"<{least:g} %"
    # Adding zero takes the sign off −0.
    return f"{round(100 * share, decimals) + 0.0:.{decimals}f} %".replace("-", "−")


def seconds(value: float) -> str:
    """A duration in the unit that suits it."""
    if not math.isfinite(value):
        return UNKNOWN
    if value < 0.01:
        return "<0.01 s"
    if value < 10:
        return f"{value:.2g} s"
    if value < 60:
        return f"{value:.0f} s"
    minutes, rest = divmod(round(value), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours} h {minutes} min" if hours else f"{minutes} min {rest} s"


def size(n_bytes: float) -> str:
    """The size of a file."""
    power = 0
    while n_bytes >= 999.5 and power < len(BYTES) - 1:
        n_bytes /= 1000
        power += 1
    return f"{n_bytes:.3g} {BYTES[power]}"


def count(n: int, noun: str, plural: str = "") -> str:
    """``1 row``, ``2,000 rows``."""
    return f"{n:,} {noun if n == 1 else plural or noun + 's'}"


def listing(things: Iterable, conjunction: str = "and") -> str:
    """``a, b and c``."""
    *first, last = [str(thing) for thing in things] or [""]
    return f"{', '.join(first)} {conjunction} {last}" if first else last


def moments(labels: Iterable) -> list:
    """The labels of rows, all alike: times without the parts that say nothing of any."""
    times = [label for label in labels if isinstance(label, pd.Timestamp)]
    if len(times) < len(labels) or not times:
        return [str(label) for label in labels]
    if all(time == time.normalize() for time in times):
        return [f"{time:%Y-%m-%d}" for time in times]
    form = "%Y-%m-%d %H:%M" if all(time.second == 0 for time in times) else "%Y-%m-%d %H:%M:%S"
    return [time.strftime(form) for time in times]


def shortened(name: object, length: int) -> str:
    """A name that fits a chart."""
    name = str(name)
    return name if len(name) <= length else f"{name[: length - 1]}…"
