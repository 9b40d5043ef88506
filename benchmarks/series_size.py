"""A series' own size and age as inputs: whether a network of many series is better for them.

Windows that are changes or deviations have lost the level of their series. Here a dense network
gets it back, as the logarithm of the mean absolute value of as many rows as a window has, and the
age of the series, in columns that no form touches (``columns=``). Errors are means over all series,
each relative to its own mean change, and divided by the naive forecast's, at some origins before
the rows of M4's test; the mean of a few seeds.
"""

import argparse
import sys
from pathlib import Path

import numpy as np
import pandas as pd
from sklearn.pipeline import make_pipeline

from skrnn import (
    DenseRegressor,
    LogTransformer,
    SeasonalAnchor,
    SeriesScaler,
    TransformedWindowRegressor,
    WindowScaler,
    make_windows,
)

DATA = Path(__file__).parents[2] / "shared" / "data"
# File, rows of a season, of a window and of a forecast, and every how many windows are learned.
PANELS = {
    "weekly": ("m4_weekly.parquet", 1, 52, 13, 2),
    "weekly, long windows": ("m4_weekly.parquet", 1, 192, 13, 3),
    "hourly": ("m4_hourly.parquet", 24, 168, 48, 7),
}
COLUMNS = {"without": (), "size": ("size",), "age": ("age",), "both": ("size", "age")}


def frame(values, length, columns):
    """A series, and what is known of it at each row."""
    size = pd.Series(np.abs(values)).rolling(length, min_periods=1).mean()
    known = {"size": np.log(size.to_numpy() + 1e-9), "age": np.log(1 + np.arange(len(values)))}
    return pd.DataFrame({"value": values} | {name: known[name] for name in columns})


def model(season, seed):
    """A network of logarithms since the last season, each window in units of its own deviation."""
    network = DenseRegressor(
        (128, 64),
        loss="mae",
        learning_rate=0.003,
        batch_size=256,
        epochs=1 if args.quick else 15,
        random_state=seed,
    )
    inner = make_pipeline(SeriesScaler(), network)
    for transformer in (
        SeasonalAnchor(season, columns="value"),
        WindowScaler(columns="value"),
        LogTransformer(columns="value"),
    ):
        inner = TransformedWindowRegressor(inner, transformer, target="value")
    return inner


def error(series, columns, season, length, horizon, stride):
    """The error at the last origin, relative to the naive forecast's."""
    rows = [frame(one, length, columns) for one in series]
    X, y = make_windows(rows, length, horizon, target="value")
    behind = X.bounds[X.series + 1] - 1 - X.ends
    taught = np.flatnonzero(behind >= 2 * horizon)[::stride]
    tested = np.flatnonzero(behind == horizon)
    forecasts = [
        model(season, seed).fit(X[taught], y[taught]).predict(X[tested])
        for seed in range(args.seeds)
    ]
    truth = y[tested]
    units = []
    naive = []
    for number, end in enumerate(X.ends[tested]):
        past = X.rows[X.bounds[X.series[tested][number]] : end + 1, 0]
        units.append(np.abs(past[season:] - past[:-season]).mean())
        last = past[-season:][np.arange(horizon) % season]
        naive.append(np.abs(last - truth[number]).mean())
    units = np.array(units)
    missed = np.mean([np.abs(one - truth).mean(axis=1) for one in forecasts], axis=0)
    return (missed / units).mean() / (np.array(naive) / units).mean()


parser = argparse.ArgumentParser(
    description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
)
parser.add_argument("--origins", type=int, default=4, help="a horizon apart, the newest first")
parser.add_argument("--seeds", type=int, default=2)
parser.add_argument("--quick", action="store_true", help="one epoch, a few series and an origin")
args = parser.parse_args()
if not DATA.exists():
    print(f"Nothing measured: {DATA} is not there.")
    sys.exit()
if args.quick:
    args.origins = args.seeds = 1
for name, (file, season, length, horizon, stride) in PANELS.items():
    table = pd.read_parquet(DATA / file, columns=["series_id", "value"])
    every = [one.to_numpy(float) for _, one in table.groupby("series_id", sort=False)["value"]]
    every = every[:: 20 if args.quick else 1]
    print(f"{name:24}" + "".join(f"{columns:>10}" for columns in COLUMNS))
    for origin in range(1, args.origins + 1):
        # The newest rows of each series are M4's test.
        series = [one[: -origin * horizon] for one in every]
        series = [one for one in series if len(one) > length + 3 * horizon]
        found = [
            error(series, columns, season, length, horizon, stride) for columns in COLUMNS.values()
        ]
        cells = "".join(f"{value:10.3f}" for value in found)
        print(f"{f'  {origin} before the last':24}{cells}", flush=True)
