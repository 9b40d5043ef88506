"""``skrnn compare`` on series that it does not know: one command each, with the same presets.

Of each series the newest rows are kept back. The command sees the others, chooses by itself, and
its model's file forecasts what was kept back: from one origin, or from several with
``skrnn forecast MODEL DATA`` and without another fit. MASE, and the weighted quantile loss of the
forecast and the ends of its 80 and 95 % intervals, are told beside those of the seasonal naive
forecast on the same rows; its quantiles are those of its changes over the horizon. Published
comparisons take normal ones, from the deviation of its changes over a season, which grows with
every season ahead: the loss beside these is told, too.

--by-hand fits what the scripts on electricity and ridership have by hand on the same rows, one
after the other, and forecasts from the same origins: what the best of them reaches, as if the
test's rows had chosen it, stands beside the command's.

Presets were chosen on the rows before (--validation), which leaves the newest out for good.
"""

import argparse
import contextlib
import io
import subprocess
import sys
import tempfile
import time
import warnings
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
from scipy.stats import norm
from sklearn.pipeline import make_pipeline

from skrnn import (
    CalendarFeatures,
    Differencer,
    LinearWindow,
    RecursiveForecaster,
    RNNRegressor,
    SeriesScaler,
    TransformedWindowRegressor,
    make_windows,
)
from skrnn.cli import commands

DATA = Path(__file__).parents[2] / "shared" / "data"
QUANTILES = (0.025, 0.1, 0.5, 0.9, 0.975)


@dataclass(frozen=True)
class Task:
    """A table, its target, and what is forecast of it."""

    name: str
    table: pd.DataFrame
    target: str
    horizon: int
    season: int
    origins: int = 8
    options: tuple = ()

    @property
    def series(self):
        """The column that tells the series apart."""
        return dict(self.options).get("series")


def load_tasks():
    """All tasks whose data are at hand."""
    return [
        *_of_files(),
        *_of_packages(),
    ]


def _of_files():
    if not DATA.is_dir():
        print(f"{DATA} is not there: the series of packages alone")
        return
    hourly = pd.read_parquet(
        DATA / "m4_hourly.parquet", columns=["series_id", "timestamp", "value"]
    )
    yield Task("M4 hourly", hourly, "value", 48, 24, 1, (("series", "series_id"),))
    weekly = pd.read_parquet(DATA / "m4_weekly.parquet")
    yield Task("M4 weekly", weekly, "value", 13, 1, 1, (("series", "series_id"),))
    table = pd.read_csv(DATA / "vic_electricity.csv").drop(columns="Date")
    known = (("known_ahead", ("Holiday",)),)
    yield Task("electricity, Victoria", table, "Demand", 48, 336, 30, known)
    table = pd.read_csv(DATA / "taylor.csv")
    yield Task("electricity, England", table, "Y", 48, 336, 14)
    table = pd.read_csv(DATA / "CTA_-_Ridership_-_Daily_Boarding_Totals.csv")
    # One row is there twice in places.
    table = table.drop_duplicates("service_date").drop(columns=["bus", "rail_boardings"])
    table["service_date"] = pd.to_datetime(table["service_date"])
    table = table.sort_values("service_date", ignore_index=True)
    known = (("known_ahead", ("day_type",)),)
    yield Task("ridership", table, "total_rides", 14, 7, 26, known)
    yield Task("sunspots", pd.read_csv(DATA / "monthly-sunspots.csv"), "Sunspots", 12, 1, 20)
    table = pd.read_csv(DATA / "airline-passengers.csv")
    yield Task("airline", table, table.columns[-1], 12, 12, 2)


def _of_packages():
    with contextlib.suppress(ImportError):
        import statsmodels.api as sm

        table = sm.datasets.co2.load_pandas().data.reset_index(names="week")
        yield Task("CO2", table, "co2", 26, 52, 8)
        table = sm.datasets.nile.load_pandas().data.astype({"year": int})
        yield Task("Nile", table, "volume", 5, 1, 4)
        table = sm.datasets.macrodata.load_pandas().data
        year, quarter = table["year"].astype(int), table["quarter"].astype(int)
        table.insert(
            0, "time", [f"{y}-{3 * q - 2:02}-01" for y, q in zip(year, quarter, strict=True)]
        )
        table = table.drop(columns=["year", "quarter"])
        yield Task("unemployment", table, "unemp", 4, 1, 8)
        yield Task("inflation", table, "infl", 4, 1, 8)
        table = (
            sm.datasets.elnino.load_pandas().data.set_index("YEAR").stack().to_frame("temperature")
        )
        table.insert(0, "month", pd.date_range("1950-01-01", periods=len(table), freq="MS"))
        yield Task("El Niño", table, "temperature", 12, 12, 8)
    with contextlib.suppress(ImportError):
        from sktime.datasets import load_lynx, load_PBS_dataset, load_shampoo_sales, load_uschange

        for name, series, horizon, season, origins in (
            ("lynx", load_lynx(), 5, 1, 4),
            ("shampoo", load_shampoo_sales(), 4, 1, 2),
            ("PBS", load_PBS_dataset(), 12, 12, 4),
            ("US consumption", load_uschange()[0], 4, 1, 6),
        ):
            index = series.index.astype(str)
            table = pd.DataFrame({"time": index, "value": series.to_numpy(float)})
            yield Task(name, table, "value", horizon, season, origins)


def cut(task, n_rows):
    """The table without the newest rows of each series."""
    if task.series is None:
        return task.table.iloc[: len(task.table) - n_rows]
    back = task.table.groupby(task.series, sort=False).cumcount(ascending=False)
    return task.table[back >= n_rows]


def values_of(task, table):
    """The target of each series of a table."""
    groups = [table] if task.series is None else table.groupby(task.series, sort=False)
    if task.series is not None:
        groups = [group for _, group in groups]
    return [group[task.target].to_numpy(float) for group in groups]


def forecasts(task, model, kept, folder):
    """(origins × series, quantiles, horizon) of a model's file, and the truth."""
    found, truth = [], []
    for origin in range(task.origins, 0, -1):
        path = folder / "rows.csv"
        n_ahead = (origin - 1) * task.horizon
        known = cut(task, kept + n_ahead)
        past = cut(task, kept + n_ahead + task.horizon)
        # What is known ahead of the rows to forecast is told, their target is not.
        rows = known.copy()
        rows.loc[rows.index.difference(past.index), task.target] = np.nan
        rows.to_csv(path, index=False)
        table = commands.forecast(model, path)
        names = ["lower_0.95", "lower_0.8", task.target, "upper_0.8", "upper_0.95"]
        # A model that has seen few forecasts tells no ends of 95 %.
        table = table.reindex(columns=names)
        found.append(table.to_numpy(float).reshape(-1, task.horizon, 5))
        truth += [values[-task.horizon :] for values in values_of(task, known)]
    return np.concatenate(found), np.array(truth)


def naive(task, kept):
    """The same of the seasonal naive forecast, also normal, and MASE's scale for each series."""
    found, normal, scales = [], [], []
    for origin in range(task.origins, 0, -1):
        for values in values_of(task, cut(task, kept + origin * task.horizon)):
            season = task.season if len(values) > 2 * task.season else 1
            filled = pd.Series(values).ffill().bfill().to_numpy()
            changes = np.abs(filled[season:] - filled[:-season])
            scales.append(changes.mean())
            phases = np.arange(task.horizon) % season
            last = filled[-season:][phases]
            quantiles = []
            for lead in range(task.horizon):
                lag = season * (lead // season + 1)
                differences = filled[lag:] - filled[:-lag]
                quantiles.append(last[lead] + np.quantile(differences, QUANTILES))
            quantiles = np.array(quantiles)
            quantiles[:, 2] = last
            found.append(quantiles)
            deviation = np.sqrt(np.mean((filled[season:] - filled[:-season]) ** 2))
            seasons = np.arange(task.horizon) // season + 1
            spread = deviation * np.sqrt(seasons)[:, None] * norm.ppf(QUANTILES)
            normal.append(last[:, None] + spread)
    return np.array(found), np.array(normal), np.array(scales)


def measures(quantiles, truth, scales):
    """(MASE, weighted quantile loss)."""
    known = np.isfinite(truth)
    missed = np.where(known, np.abs(quantiles[..., 2] - truth), np.nan)
    fine = scales > 0
    mase = np.nanmean(np.nanmean(missed[fine], axis=1) / scales[fine])
    levels = np.array(QUANTILES)
    # An end that is unknown is the forecast itself.
    quantiles = np.where(np.isfinite(quantiles), quantiles, quantiles[..., 2:3])
    errors = np.where(known, truth, np.nan)[..., None] - quantiles
    loss = np.nansum(np.maximum(levels * errors, (levels - 1) * errors))
    return mase, 2 * loss / len(levels) / np.nansum(np.abs(truth))


# ---------------------------------------------------------------------- by hand


@dataclass(frozen=True)
class Hand:
    """What a script has by hand: rows of a task, and models with their windows' lengths.

    Models of several seeds are a list: their mean is taken.
    """

    rows: pd.DataFrame
    known_ahead: list
    models: dict


def network(cell="gru", units=32, seed=0, **options):
    network = RNNRegressor(cell, units, loss="mae", random_state=seed, **options)
    return make_pipeline(SeriesScaler(), network)


def electricity_by_hand(rows, target, asked):
    """The models of electricity.py."""
    day, week = 48, 336

    def weekly(model):
        return TransformedWindowRegressor(model, Differencer(week, columns=[target]), target=target)

    linear = make_pipeline(SeriesScaler(), LinearWindow())
    models = {
        "linear": (linear, week),
        "linear, weekly differences": (weekly(linear), day + week),
        "GRU": (network(dense_units=32), day),
        "GRU, weekly differences": (weekly(network(dense_units=32)), day + week),
    }
    ahead = [name for name in rows if name not in asked]
    return Hand(rows, ahead, models)


def victoria_by_hand(task):
    table = task.table
    table.index = pd.DatetimeIndex(pd.to_datetime(table["Time"])).tz_convert("Etc/GMT-10")
    table = table[["Demand", "Temperature", "Holiday"]].astype(float).asfreq("30min")
    rows = CalendarFeatures().fit_transform(table)
    return electricity_by_hand(rows, "Demand", ("Demand", "Temperature"))


def england_by_hand(task):
    table = task.table.astype(float)
    table.index = pd.date_range("2000-06-05", periods=len(table), freq="30min")
    rows = CalendarFeatures(("hour", "dayofweek")).fit_transform(table[["Y"]])
    return electricity_by_hand(rows, "Y", ("Y",))


def ridership_by_hand(task):
    """The models of ridership_days.py, that learn from three years."""
    table = task.table.set_index("service_date").asfreq("D")
    types = pd.get_dummies(table["day_type"], dtype=float)
    rows = table[["total_rides"]].astype(float).join(types)
    rows = rows.iloc[-(3 * 365 + 2 * task.origins * task.horizon) :]
    seeds = range(3)
    linear = make_pipeline(SeriesScaler(), LinearWindow())
    models = {
        "linear": (linear, 56),
        "linear, recursive": (RecursiveForecaster(linear), 56),
        "GRU 32, recursive": ([RecursiveForecaster(network(seed=seed)) for seed in seeds], 56),
        "SimpleRNN 32": ([network("simple", seed=seed) for seed in seeds], 56),
        "GRU 128": ([network(units=128, seed=seed) for seed in seeds], 56),
        "GRU 64, sequence to sequence": (
            [network(units=64, seed=seed, sequence_targets=True) for seed in seeds],
            56,
        ),
        "GRU 64, recurrent decoder": (
            [network(units=64, seed=seed, decoder="recurrent") for seed in seeds],
            56,
        ),
    }
    return Hand(rows, list(types), models)


HANDS = {
    "electricity, Victoria": victoria_by_hand,
    "electricity, England": england_by_hand,
    "ridership": ridership_by_hand,
}


def by_hand(task, kept):
    """The mean absolute error of each model by hand on the task's test rows; prints a line each."""
    hand = HANDS[task.name](task)
    rows = hand.rows.iloc[: len(hand.rows) - kept]
    n_test = task.origins * task.horizon
    found = {}
    for name, (models, length) in hand.models.items():
        models = models if isinstance(models, list) else [models]
        start = time.perf_counter()
        X, y = make_windows(
            rows, length, task.horizon, target=task.target, known_ahead=hand.known_ahead
        )
        train = slice(0, len(y) - n_test)
        # The windows that end where each origin's rows begin.
        test = np.arange(len(y) - n_test + task.horizon - 1, len(y), task.horizon)
        forecasts = [model.fit(X[train], y[train]).predict(X[test]) for model in models]
        found[name] = np.nanmean(np.abs(np.mean(forecasts, axis=0) - y[test]))
        seconds = time.perf_counter() - start
        print(f"  {name:34}{found[name]:10.5g}{'':40}{seconds:7.0f}", flush=True)
    return found


# ---------------------------------------------------------------------- the command


def run(task, kept, folder, how):
    """One line of the table."""
    out = folder / "out"
    train = cut(task, kept + task.origins * task.horizon)
    path = folder / "train.csv"
    train.to_csv(path, index=False)
    start = time.perf_counter()
    comparison, _ = commands.compare(
        path, task.target, horizon=task.horizon, out=out, force=True, **dict(task.options), **how
    )
    seconds = time.perf_counter() - start
    quantiles, truth = forecasts(task, out / "model.skrnn", kept, folder)
    floor, normal, scales = naive(task, kept)
    mase, loss = measures(quantiles, truth, scales)
    floor_mase, floor_loss = measures(floor, truth, scales)
    _, normal_loss = measures(normal, truth, scales)
    smape = 200 * np.nanmean(
        np.abs(quantiles[..., 2] - truth) / (np.abs(quantiles[..., 2]) + np.abs(truth))
    )
    mae = np.nanmean(np.abs(quantiles[..., 2] - truth))
    recipe = comparison.plan.ladder.recipes.get(comparison.verdict.recommended)
    return {
        "name": task.name,
        "recommended": comparison.verdict.recommended,
        "MAE": mae,
        "MASE": mase,
        "sMAPE": smape,
        "relative": mase / floor_mase,
        "WQL relative": loss / floor_loss,
        "WQL relative to normal": loss / normal_loss,
        "seconds": seconds,
        "recipe": "" if recipe is None else recipe.words(comparison.verdict.recommended),
    }


def settings():
    """The commit and date of the presets."""
    with contextlib.suppress(OSError):
        asked = ["git", "log", "-1", "--format=%h of %cs", "--", "skrnn"]
        here = Path(__file__).parents[1]
        return subprocess.run(asked, capture_output=True, text=True, cwd=here, check=False).stdout
    return "unknown"


parser = argparse.ArgumentParser(
    description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
)
parser.add_argument("--only", help="tasks whose name has this")
parser.add_argument("--budget", type=float, help="minutes for each")
parser.add_argument("--effort", help="quick, default or best")
parser.add_argument("--models", help="as in skrnn compare")
parser.add_argument("--by-hand", action="store_true", help="scripts' models beside it, where any")
parser.add_argument("--validation", action="store_true", help="leave the newest rows out for good")
args = parser.parse_args()
warnings.simplefilter("ignore")
print(f"presets: commit {settings().strip()}")
heads = ("MAE", 10), ("MASE", 8), ("sMAPE", 8), ("rel.", 8), ("WQL", 8), ("normal", 8), ("s", 7)
print(f"{'':24}{'recommended':12}" + "".join(f"{head:>{width}}" for head, width in heads))
lines = []
how = {name: getattr(args, name) for name in ("budget", "effort") if getattr(args, name)}
if args.models:
    how["models"] = args.models.split(",")
with tempfile.TemporaryDirectory() as name:
    for task in load_tasks():
        if args.only and args.only.lower() not in task.name.lower():
            continue
        kept = task.origins * task.horizon if args.validation else 0
        with contextlib.redirect_stderr(io.StringIO()):
            line = run(task, kept, Path(name), how)
        lines.append(line)
        print(
            f"{line['name']:24}{line['recommended']:12}{line['MAE']:10.5g}{line['MASE']:8.3f}"
            f"{line['sMAPE']:8.2f}{line['relative']:8.3f}{line['WQL relative']:8.3f}"
            f"{line['WQL relative to normal']:8.3f}"
            f"{line['seconds']:7.0f}  {line['recipe']}",
            flush=True,
        )
        if args.by_hand and task.name in HANDS:
            found = by_hand(task, kept)
            best = min(found, key=found.get)
            print(f"  beside the best by hand, {best}: {line['MAE'] / found[best]:.3f}", flush=True)
if not lines:
    print("Nothing measured: no task has that name.")
    sys.exit()
table = pd.DataFrame(lines)
for name in ("relative", "WQL relative", "WQL relative to normal"):
    print(f"geometric mean, {name}: {np.exp(np.log(table[name]).mean()):.3f}")
