"""The networks' defaults against the best of some twenty settings each, on eighteen public series.

Every series is cut in order of time into rows to train on, to validate on and to test on. The
settings are rates, schedules, numbers of epochs, early stopping, sizes, dropout, weight decay and
batches; each network's best is the one with the lowest error on the validation rows. That setting
and the defaults are then fitted anew on training and validation rows together, and forecast the
test rows, which nothing else sees: these figures decide. On the validation rows, the best of twenty
is also the luckiest.

A loss is by how much the error of the defaults, root mean squared, is above that of the best
setting. Beside it stands the loss of a rate of 0.001 throughout 20 epochs, as Keras has it. Errors
of fewer than 2,000 windows are the means of several seeds.

What was measured is kept in build/defaults.json and is not measured again; --anew forgets it, and
--series and --network measure a part. All of it takes twenty minutes on two cores.
"""

import argparse
import hashlib
import json
import sys
import time
from dataclasses import dataclass
from pathlib import Path

import joblib
import numpy as np
import pandas as pd
from sklearn.base import clone
from sklearn.pipeline import make_pipeline

from skrnn import (
    CalendarFeatures,
    ConvRegressor,
    DenseRegressor,
    Differencer,
    RNNRegressor,
    SeriesScaler,
    TransformedWindowRegressor,
    make_windows,
)
from skrnn.datasets import load_airline, make_waves

DATA = Path(__file__).parents[2] / "shared" / "data"
RIDERSHIP = "CTA_-_Ridership_-_Daily_Boarding_Totals.csv"
RESULTS = Path(__file__).parents[1] / "build" / "defaults.json"
BATCH = 64


@dataclass
class Task:
    """Windows of a series, and whether networks learn changes since so many rows."""

    rows: object
    length: int
    horizon: int = 1
    changes: int = 0
    stride: int = 1
    target: object = 0
    known_ahead: list | None = None


# ---------------------------------------------------------------------- the series


def column(file, name):
    return pd.read_csv(DATA / file)[name].to_numpy(float)


def statsmodels_data(name):
    from statsmodels import datasets

    return getattr(datasets, name).load_pandas().data


def rides():
    """Boardings of the trains by day, and the day's type in columns of 0 and 1."""
    table = pd.read_csv(DATA / RIDERSHIP, parse_dates=["service_date"], index_col="service_date")
    table = table[~table.index.duplicated()].sort_index().asfreq("D")["2014":"2019-05"]
    types = pd.get_dummies(table["day_type"], dtype=float)
    return table[["rail_boardings"]].rename(columns={"rail_boardings": "rail"}).join(types)


def victoria():
    """A year of demand by the hour, and the calendar."""
    table = pd.read_csv(DATA / "vic_electricity.csv", parse_dates=["Time"])
    table.index = pd.DatetimeIndex(table["Time"]).tz_convert("Etc/GMT-10")
    hours = table[["Demand", "Holiday"]].astype(float).asfreq("30min")[::2][:8760]
    return CalendarFeatures().fit_transform(hours)


def m4(file, season, *, every, longest):
    """Some series, each in units of its mean change over a season in its older half."""
    table = pd.read_parquet(DATA / file)
    series = [one.to_numpy(float) for _, one in table.groupby("series_id", sort=False)["value"]]
    series = [one[-longest:] for one in series if len(one) >= longest][::every]
    older = [one[: len(one) // 2] for one in series]
    changes = [np.abs(one[season:] - one[:-season]).mean() for one in older]
    return [one / change for one, change in zip(series, changes, strict=True) if change > 0]


def uschange():
    from sktime.datasets import load_uschange

    y, X = load_uschange()
    return pd.concat([y, X], axis=1).to_numpy(float)


def sktime_series(name):
    from sktime import datasets

    return np.asarray(getattr(datasets, name)(), float)


TASKS = {
    "nile": lambda: Task(statsmodels_data("nile")["volume"].to_numpy(float), 12),
    "lynx": lambda: Task(np.log(sktime_series("load_lynx")), 10),
    "airline": lambda: Task(np.log(load_airline().to_numpy(float)[:, 0]), 12, 1, changes=12),
    "airline, levels": lambda: Task(load_airline().to_numpy(float)[:, 0], 12),
    "drugs": lambda: Task(sktime_series("load_PBS_dataset"), 18, 3),
    "us change": lambda: Task(uschange(), 8),
    "unemployment": lambda: Task(
        statsmodels_data("macrodata")["unemp"].to_numpy(float), 12, 2, changes=1
    ),
    "sunspots, yearly": lambda: Task(
        statsmodels_data("sunspots")["SUNACTIVITY"].to_numpy(float), 22, 2
    ),
    "el niño": lambda: Task(
        statsmodels_data("elnino").iloc[:, 1:].to_numpy(float).ravel()[:720], 24, 6
    ),
    "rail": lambda: Task(rides(), 28, 1, target="rail", known_ahead=["A", "U", "W"]),
    "rail, changes": lambda: Task(rides()[["rail"]], 28, 14, changes=7),
    "m4 weekly, changes": lambda: Task(
        m4("m4_weekly.parquet", 1, every=4, longest=280), 26, 4, changes=1, stride=5
    ),
    "co2": lambda: Task(
        statsmodels_data("co2")["co2"].interpolate().to_numpy(float), 26, 4, changes=52
    ),
    "sunspots": lambda: Task(column("monthly-sunspots.csv", "Sunspots"), 36, 12),
    "taylor": lambda: Task(column("taylor.csv", "Y")[::2], 48, 24, changes=24),
    "waves": lambda: Task(list(make_waves(5000, 41, random_state=42)), 40, 1),
    "electricity": lambda: Task(victoria(), 48, 24, target="Demand", known_ahead="ahead", stride=2),
    "m4 hourly": lambda: Task(
        m4("m4_hourly.parquet", 24, every=5, longest=700), 24, 12, changes=24, stride=2
    ),
}


def windows_of(task):
    """X, y, and the samples to train on, to validate on and to test on, with a gap between."""
    ahead = task.known_ahead
    if ahead == "ahead":
        ahead = [name for name in task.rows if name != task.target]
    X, y = make_windows(
        task.rows,
        task.length + task.changes,
        task.horizon,
        target=task.target,
        known_ahead=ahead,
        stride=task.stride,
    )
    if len(np.unique(X.series)) == len(X):
        age = np.arange(len(X))
        gap = 0
    else:
        age = X.ends - X.bounds[X.series]
        gap = task.horizon - 1
    # Few windows are validated on more of them.
    shares = (0.5, 0.75) if len(X) < 500 else (0.6, 0.8)
    first, second = np.quantile(age, shares)
    train = np.flatnonzero(age <= first - gap)
    validation = np.flatnonzero((age > first) & (age <= second - gap))
    both = np.flatnonzero(age <= second - gap)
    test = np.flatnonzero(age > second)
    return X, y, (train, validation), (both, test)


# ---------------------------------------------------------------------- the settings

NETWORKS = {
    "lstm": RNNRegressor("lstm"),
    "gru": RNNRegressor("gru"),
    "dense": DenseRegressor(),
    "conv": ConvRegressor(),
}


# Rates that fall along a cosine to nothing, for how many epochs, and whether they stop early.
FALLING = [
    (0.001, "many", True),
    (0.003, "few", False),
    (0.003, "many", False),
    (0.003, "many", True),
    (0.005, 40, False),
    (0.01, "few", False),
    (0.01, "few", True),
    (0.01, 30, False),
    (0.01, 40, False),
    (0.01, 40, True),
    (0.01, "many", False),
    (0.01, "many", True),
]


def epochs_of(kind, n, batch):
    """Few are 20; many at least 50, and as many as make 1,500 steps."""
    if kind == "many":
        return max(50, -(-1500 // -(-n // batch)))
    return 20 if kind == "few" else kind


def setting(n, *, rate, epochs, stops=False, schedule="cosine", decay=None, batch=BATCH, **more):
    """The parameters of a setting, for so many windows, all of training named."""
    number = epochs_of(epochs, n, batch)
    if decay is None:
        decay = 0 if schedule == "cosine" else 1.0
    return {
        "learning_rate": rate,
        "learning_rate_schedule": schedule,
        "learning_rate_decay": decay,
        "batch_size": batch,
        "epochs": number,
        "early_stopping": stops,
        "validation_fraction": None,
        "patience": max(10, number // 5),
        **more,
    }


def settings(n):
    """Name: parameters, for so many training windows."""
    found = {"0.001, few": setting(n, rate=0.001, epochs="few", schedule="constant")}
    for rate, epochs, stops in FALLING:
        name = f"{rate} falls, {epochs}{', stops' if stops else ''}"
        found[name] = setting(n, rate=rate, epochs=epochs, stops=stops)
    common = {"epochs": "many", "stops": True}
    return found | {
        "0.001, many, stops": setting(n, rate=0.001, schedule="constant", **common),
        "0.003, many, stops": setting(n, rate=0.003, schedule="constant", **common),
        "0.01 to a 100th, few": setting(
            n, rate=0.01, epochs="few", schedule="exponential", decay=0.01
        ),
        "wide": setting(n, rate=0.003, **common, wide=64),
        "two layers": setting(n, rate=0.003, **common, wide=(32, 32)),
        "dropout": setting(n, rate=0.003, **common, dropout=0.2),
        "weight decay": setting(n, rate=0.003, **common, weight_decay=0.1),
        "small batches": setting(n, rate=0.003, **common, batch=16),
    }


def network_of(name, params, seed):
    params = dict(params)
    if "wide" in params:
        params["filters" if name == "conv" else "units"] = params.pop("wide")
    return clone(NETWORKS[name]).set_params(random_state=seed, **params)


# ---------------------------------------------------------------------- measuring


def key_of(network):
    """What tells a network with its parameters from others."""
    params = {name: str(value) for name, value in network.get_params().items()}
    return hashlib.sha1(json.dumps(params, sort_keys=True).encode()).hexdigest()[:16]


def error(network, task, X, y, train, test):
    """The root mean squared error of forecasts in the series' own unit, and the seconds."""
    model = make_pipeline(SeriesScaler(), network)
    if task.changes:
        model = TransformedWindowRegressor(
            model, Differencer(task.changes, columns=[task.target]), target=task.target
        )
    start = time.perf_counter()
    model.fit(X[train], y[train])
    seconds = time.perf_counter() - start
    found = model.predict(X[test]) - y[test]
    return float(np.sqrt((found**2).mean())), seconds


class Results:
    """What was measured, by series, samples and network; kept in a file."""

    def __init__(self, path):
        self.path = path
        self.known = json.loads(path.read_text()) if path.exists() else {}

    def measure(self, series, part, networks, run):
        """The errors of networks; those that are not known are measured, two at a time."""
        keys = [f"{series} | {part} | {key_of(network)}" for network in networks]
        new = [(key, one) for key, one in zip(keys, networks, strict=True) if key not in self.known]
        if new:
            with joblib.parallel_config("loky", inner_max_num_threads=1):
                found = joblib.Parallel(args.jobs)(joblib.delayed(run)(one) for _, one in new)
            self.known |= {key: value for (key, _), value in zip(new, found, strict=True)}
            self.path.parent.mkdir(exist_ok=True)
            self.path.write_text(json.dumps(self.known))
        return np.array([self.known[key][0] for key in keys])


def seeds_for(n):
    """Few windows leave more to chance."""
    if n < 500:
        return 3
    return 2 if n < 2000 else 1


def measure(series, results):
    """Print a line for each network; their losses on validation and on test rows."""
    task = TASKS[series]()
    X, y, halves, whole = windows_of(task)
    n = len(halves[0])
    n_seeds = 1 if args.quick else seeds_for(n)
    parts = {"validation": (n, halves), "test": (len(whole[0]), whole)}
    losses = []

    def errors(name, part, choices):
        """The mean error of each choice."""
        n, samples = parts[part]
        params = {**settings(n), "defaults": {}}
        networks = [
            network_of(name, params[choice], seed) for choice in choices for seed in range(n_seeds)
        ]
        found = results.measure(
            series, part, networks, lambda network: error(network, task, X, y, *samples)
        )
        return dict(zip(choices, found.reshape(-1, n_seeds).mean(axis=1), strict=True))

    for name in args.network or NETWORKS:
        choices = list(settings(n))[: 2 if args.quick else None]
        found = errors(name, "validation", [*choices, "defaults"])
        best = min(choices, key=found.get)
        tested = errors(name, "test", list(dict.fromkeys([best, "defaults", choices[0]])))
        losses.append(
            [
                one[choice] / one[best] - 1
                for one in (found, tested)
                for choice in (choices[0], "defaults")
            ]
        )
        cells = "".join(f"{loss:11.1%}" for loss in losses[-1])
        print(f"{series:20}{n:7}{task.length:7}  {name:6}{cells}   {best}", flush=True)
    return losses


if __name__ == "__main__":
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--series", action="append", choices=TASKS, help="one of them; repeatable")
    parser.add_argument("--network", action="append", choices=NETWORKS)
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--anew", action="store_true", help="forget what was measured")
    parser.add_argument("--quick", action="store_true", help="two series and two settings")
    args = parser.parse_args()
    if not DATA.exists():
        print(f"Nothing measured: {DATA} is not there.")
        sys.exit()
    if args.anew:
        RESULTS.unlink(missing_ok=True)
    results = Results(RESULTS)
    start = time.perf_counter()
    print(f"{'':42}{'validation rows':>22}{'test rows':>22}")
    print(f"{'':20}windows  steps        {('   0.001, 20' + '   defaults') * 2}   best setting")
    losses = []
    for series in args.series or (["nile", "airline"] if args.quick else TASKS):
        losses += measure(series, results)
    for word, function in (("median", np.median), ("worst", np.max)):
        cells = "".join(f"{loss:11.1%}" for loss in function(losses, axis=0))
        print(f"{word:42}{cells}")
    print(f"{time.perf_counter() - start:.0f} s")
