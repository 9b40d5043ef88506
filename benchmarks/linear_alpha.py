"""LinearWindow with alpha="auto" against alpha=1: test errors on real series, and what it costs.

Every series is forecast as it is and as changes since its last season, in three folds that follow
each other, always from scaled features. Below 1, "auto" is better. The cost is the ratio of one fit
with "auto" to one with a number, the fastest of seven.
"""

import argparse
import time
from pathlib import Path

import numpy as np
import pandas as pd
from sklearn.model_selection import TimeSeriesSplit
from sklearn.pipeline import make_pipeline

from skrnn import (
    Differencer,
    LinearWindow,
    SeriesScaler,
    TransformedWindowRegressor,
    make_windows,
)
from skrnn.datasets import make_waves

DATA = Path(__file__).parents[2] / "shared" / "data"
RIDERSHIP = "CTA_-_Ridership_-_Daily_Boarding_Totals.csv"
HOURLY = ["H1", "H50", "H120", "H200", "H300", "H400"]
WEEKLY = ["W1", "W30", "W100", "W200", "W300", "W359"]


def column(file, name):
    return pd.read_csv(DATA / file)[name].to_numpy(float)


def m4(file, ids):
    table = pd.read_parquet(DATA / file)
    return {name: table["value"][table["series_id"] == name].to_numpy(float) for name in ids}


def load():
    """Name: (series, length, horizon, season)."""
    taylor = column("taylor.csv", "Y")
    demand = column("vic_electricity.csv", "Demand")
    rides = pd.read_csv(DATA / RIDERSHIP, parse_dates=["service_date"])
    rides = rides.drop_duplicates("service_date").sort_values("service_date")
    series = {
        "airline": (column("airline-passengers.csv", "Passengers"), 24, 12, 12),
        "sunspots": (column("monthly-sunspots.csv", "Sunspots"), 132, 12, 132),
        "sunspots, short windows": (column("monthly-sunspots.csv", "Sunspots"), 36, 12, 12),
        "taylor": (taylor, 336, 48, 48),
        "taylor, hourly": (taylor[::2], 168, 24, 168),
        "rail": (rides["rail_boardings"].to_numpy(float)[-1500:], 56, 14, 7),
        "bus": (rides["bus"].to_numpy(float)[:3000], 56, 14, 7),
        "victoria, hourly": (demand[::2][:8760], 168, 24, 24),
        "victoria, since last week": (demand[::2][:8760], 168, 24, 168),
        "waves, 300 series": (list(make_waves(300, 51, random_state=0)), 20, 10, 1),
        "waves, one": (make_waves(1, 2000, random_state=1)[0], 30, 10, 1),
    }
    series |= {name: (one, 72, 24, 24) for name, one in m4("m4_hourly.parquet", HOURLY).items()}
    series |= {name: (one, 26, 13, 1) for name, one in m4("m4_weekly.parquet", WEEKLY).items()}
    return series


def errors(model, X, y, folds):
    """The mean squared and the mean absolute error over all folds, and the alphas."""
    found = []
    alphas = []
    for train, test in folds:
        model.fit(X[train], y[train])
        found.append(model.predict(X[test]) - y[test])
        inner = model.regressor_ if isinstance(model, TransformedWindowRegressor) else model
        alphas.append(inner[-1].alpha_)
    found = np.concatenate(found)
    return (found**2).mean(), np.abs(found).mean(), alphas


def folds_of(X, horizon):
    """Three folds; of a panel, the series' own parts."""
    if len(np.unique(X.series)) == 1:
        yield from TimeSeriesSplit(3, gap=horizon - 1, test_size=len(X) * 3 // 20).split(X)
        return
    age = X.ends - X.bounds[X.series]
    for share in (0.55, 0.7, 0.85):
        first = np.quantile(age, share)
        last = np.quantile(age, share + 0.15)
        yield np.flatnonzero(age <= first - horizon), np.flatnonzero((age > first) & (age <= last))


def compare():
    print(f"{'':34}{'windows':>8}{'inputs':>7}{'squared':>9}{'absolute':>9}   alpha by fold")
    ratios = []
    for name, (series, length, horizon, season) in load().items():
        for form in ("levels", "changes"):
            changes = form == "changes"
            X, y = make_windows(series, length + season * changes, horizon)
            folds = list(folds_of(X, horizon))
            results = []
            for alpha in (1.0, "auto"):
                model = make_pipeline(SeriesScaler(), LinearWindow(alpha))
                if changes:
                    model = TransformedWindowRegressor(model, Differencer(season))
                results.append(errors(model, X, y, folds))
            (squared, absolute, _), (squared_auto, absolute_auto, alphas) = results
            ratios.append((squared_auto / squared, absolute_auto / absolute))
            shown = " ".join(f"{alpha:.2g}" for alpha in alphas)
            print(
                f"{f'{name}, {form}':34}{len(X):8}{length:7}{ratios[-1][0]:9.3f}"
                f"{ratios[-1][1]:9.3f}   {shown}",
                flush=True,
            )
    ratios = np.array(ratios)
    squared, absolute = np.exp(np.log(ratios).mean(axis=0))
    print(f"geometric mean: squared {squared:.3f}, absolute {absolute:.3f}")
    print(f"worst:          squared {ratios[:, 0].max():.3f}, absolute {ratios[:, 1].max():.3f}")
    print(f"worse by more than 1 % (squared): {(ratios[:, 0] > 1.01).sum()} of {len(ratios)}")


def seconds(models, X, y, times):
    """The fastest fit of each, in turn, so that a busy moment of the machine meets all."""
    best = np.full(len(models), np.inf)
    for _ in range(times):
        for i, model in enumerate(models):
            start = time.perf_counter()
            model.fit(X, y)
            best[i] = min(best[i], time.perf_counter() - start)
    return best


# Rows, length, columns, horizon, sampling rate.
SIZES = {
    "Gram matrix dominates": [
        (210_000, 120, 14, 1, 6),
        (210_000, 60, 14, 1, 1),
        (100_000, 168, 1, 24, 1),
        (100_000, 24, 6, 1, 1),
    ],
    "elsewhere": [
        (3_000, 120, 14, 1, 1),
        (4_000, 168, 6, 24, 1),
        (1_500, 168, 14, 1, 1),
        (1_500, 168, 1, 24, 1),
        (500, 168, 6, 24, 1),
        (1_000, 24, 1, 1, 1),
        (120, 24, 1, 12, 1),
    ],
}


def cost():
    rng = np.random.default_rng(0)
    for kind, sizes in SIZES.items():
        print(f"\n{kind:24}{'windows':>9}{'inputs':>8}{'fit [s]':>9}  auto  mae, in fits")
        for n, length, columns, horizon, rate in sizes:
            n = n // 10 if args.quick else n
            rows = rng.normal(size=(n + length * rate, columns))
            rows += 0.1 * rows.cumsum(axis=0)
            X, y = make_windows(rows, length, horizon, target=0, sampling_rate=rate)
            one, auto = seconds([LinearWindow(), LinearWindow("auto")], X, y, 7)
            absolute = seconds([LinearWindow(loss="mae")], X, y, 1)[0]
            print(
                f"{'':24}{len(X):9}{length * columns:8}{one:9.3f}{auto / one:6.1f}"
                f"{absolute / one:6.0f}",
                flush=True,
            )


parser = argparse.ArgumentParser(
    description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
)
parser.add_argument("--quick", action="store_true", help="the cost alone, of a tenth of the rows")
args = parser.parse_args()

if not args.quick:
    if DATA.exists():
        compare()
    else:
        print(f"No errors compared: {DATA} is not there.")
cost()
