"""Hidden costs: a small piece of work with a long series behind it, and many small series.

What one window costs should not depend on the rows that nobody looks at. "before" is what the same
took on this kind of machine when it did.
"""

import argparse
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
from sklearn.base import clone
from sklearn.model_selection import TimeSeriesSplit
from sklearn.pipeline import make_pipeline

from skrnn import (
    Differencer,
    DirectForecaster,
    LinearWindow,
    RecursiveForecaster,
    SlidingWindow,
    TransformedWindowRegressor,
    future_rows,
    make_windows,
)
from skrnn.comparison import compare
from skrnn.evaluation import backtest
from skrnn.evaluation.measures import measures
from skrnn.reading import read_series

COLUMNS = 20
LENGTH = 24
HORIZON = 24
SMALL = 200
MOST = 3
FASTER = 5


@dataclass(frozen=True)
class Case:
    """A piece of work, ready to be timed by ``prepare(size)``, on a large and on a small store.

    ``small`` and ``before_small`` are None where nothing is small: the aim is then to be faster
    than before.
    """

    name: str
    prepare: Callable[[int], Callable[[], object]]
    large: int
    before: float
    small: int | None = None
    before_small: float | None = None


def make_rows(n_rows):
    rng = np.random.default_rng(0)
    rows = rng.standard_normal((n_rows, COLUMNS))
    rows[:, 0] += np.sin(np.arange(n_rows) / 4)
    return rows


def make_samples(n_rows):
    """Windows whose last column is known ahead: each lead is a model of its own."""
    return make_windows(make_rows(n_rows), LENGTH, HORIZON, target=0, known_ahead=[COLUMNS - 1])


def forecast_one(model):
    """Forecast the newest window, with a model that was fitted on few rows."""

    def prepare(n_rows):
        fitted = clone(model).fit(*make_samples(SMALL))
        X, _ = make_samples(n_rows)
        return lambda: fitted.predict(X[-1:])

    return prepare


def fit_on_hundred(model):
    """Fit on the newest hundred windows."""

    def prepare(n_rows):
        X, y = make_samples(n_rows)
        return lambda: clone(model).fit(X[-100:], y[-100:])

    return prepare


def forecast_future(first):
    """Forecast the rows to come: those from ``first`` on, of all rows with these behind them."""

    def prepare(n_rows):
        index = pd.date_range("2000", periods=n_rows, freq="h")
        rows = pd.DataFrame(make_rows(n_rows), index=index).add_prefix("x")
        pipe = make_pipeline(SlidingWindow(LENGTH, lead=HORIZON), LinearWindow())
        pipe.fit(rows[-SMALL:], rows["x0"][-SMALL:])
        if first == 0:
            return lambda: pipe.predict(future_rows(rows, HORIZON))[-HORIZON:]
        return lambda: pipe.predict(future_rows(rows[-9:], HORIZON)[first:])

    return prepare


def result_of_folds(n_rows, n_folds=200):
    X, y = make_windows(make_rows(n_rows)[:, :1], LENGTH, target=0)
    splits = TimeSeriesSplit(n_folds, test_size=max(1, min(20, len(X) // (2 * n_folds))))
    return lambda: backtest(LinearWindow(), X, y, cv=splits, refit=False)


def measures_of_fold(n_rows):
    table = result_of_folds(n_rows, n_folds=2)().predictions[:20]
    return lambda: measures(table)


def windows_of_frames(n_series):
    values = np.random.default_rng(0).standard_normal((n_series, 60, 2))
    frames = [pd.DataFrame(series, columns=["a", "b"]) for series in values]
    return lambda: make_windows(frames, LENGTH, target="a")


def read_panel(n_series):
    rng = np.random.default_rng(0)
    days = pd.date_range("2024", periods=80).strftime("%Y-%m-%d")
    table = pd.DataFrame(
        {
            "shop": np.repeat([f"s{i:05}" for i in range(n_series)], len(days)),
            "day": np.tile(days, n_series),
            "sales": 50 + 9 * rng.standard_normal(n_series * len(days)),
        }
    )
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "panel.csv")
        table.to_csv(path, index=False)
        return read_series(path, "sales", time="day", series="shop", season=7)


def compare_panel(n_series):
    reading = read_panel(n_series)
    return lambda: compare(reading, horizon=7, models=("naive", "linear"), folds=3)


def forecast_panel(n_series):
    model = compare_panel(n_series)().model
    return lambda: model.forecast()


DIFFERENCED = TransformedWindowRegressor(LinearWindow(), Differencer(1))
DIRECT = DirectForecaster(LinearWindow(), HORIZON)
RECURSIVE = RecursiveForecaster(DIFFERENCED, HORIZON)
ROWS = 400_000

CASES = [
    Case("one window, LinearWindow", forecast_one(LinearWindow()), ROWS, 0.064, SMALL, 0.00019),
    Case("one window, differenced", forecast_one(DIFFERENCED), ROWS, 0.274, SMALL, 0.0007),
    Case("one window, DirectForecaster", forecast_one(DIRECT), ROWS, 1.623, SMALL, 0.005),
    Case("100 windows, its fit", fit_on_hundred(DIRECT), ROWS, 2.374, SMALL, 0.047),
    Case("one window, RecursiveForecaster", forecast_one(RECURSIVE), ROWS, 0.258, SMALL, 0.16),
    Case("100 windows, its fit", fit_on_hundred(RECURSIVE), ROWS, 7.348, SMALL, 0.07),
    Case("24 future rows, and all others", forecast_future(0), ROWS, 0.255),
    Case("24 future rows alone", forecast_future(-HORIZON), ROWS, 0.255, SMALL, 0.005),
    Case("backtest, 200 folds", result_of_folds, ROWS, 8.4),
    Case("measures of a fold", measures_of_fold, 100_000, 0.001),
    Case("windows of frames of 60 rows", windows_of_frames, 20_000, 15.7),
    Case("compare, series of 80 rows", compare_panel, 5_000, 70.0),
    Case("its forecast", forecast_panel, 5_000, 28.0),
]


def seconds_of(case, size):
    """The best of several runs, of as many as take a second."""
    work = case.prepare(size)
    best = np.inf
    begin = time.perf_counter()
    for _ in range(20):
        start = time.perf_counter()
        work()
        best = min(best, time.perf_counter() - start)
        if time.perf_counter() - begin > 1:
            break
    return best


def ms(seconds):
    return "" if seconds is None else f"{1000 * seconds:,.1f}"


def report(case, scale):
    """A line of the table: times, their ratio, times before, and whether the aim is reached."""
    large = seconds_of(case, case.large // scale)
    if case.small is None:
        faster = case.before / large
        ratio = f"{faster:.1f}x faster"
        reached = faster >= FASTER
        small = None
    else:
        small = seconds_of(case, case.small)
        ratio = f"{large / small:.1f}"
        reached = large <= MOST * small
    before = [ms(case.before), ms(case.before_small)]
    print(
        f"{case.name:34}{ms(large):>10}{ms(small):>9}{ratio:>15}{before[0]:>12}{before[1]:>9}"
        f"   {'' if reached else 'missed'}",
        flush=True,
    )


parser = argparse.ArgumentParser(description=__doc__)
parser.add_argument("--quick", action="store_true", help="a hundredth of the rows and series")
parser.add_argument("--only", default="", help="cases whose name has this in it")
args = parser.parse_args()

print(f"Milliseconds, large and small; aim: {MOST} times the small, or {FASTER} times faster")
print(f"{'':34}{'large':>10}{'small':>9}{'ratio':>15}{'before':>12}{'small':>9}")
for case in CASES:
    if args.only in case.name:
        report(case, 100 if args.quick else 1)
