"""``skrnn compare`` on series that it does not know: one command each, with the same presets.

Of each series the newest rows are kept back. The command sees the others, chooses by itself, and
its model's file forecasts what was kept back: from one origin, or from several with
``skrnn forecast MODEL DATA`` and without another fit. MASE, and the weighted quantile loss of the
forecast and the ends of its 80 and 95 % intervals, are told beside those of the seasonal naive
forecast on the same rows; its quantiles are those of its changes over the horizon.

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
    """The same of the seasonal naive forecast, and MASE's scale for each series."""
    found, scales = [], []
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
    return np.array(found), np.array(scales)


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
    floor, scales = naive(task, kept)
    mase, loss = measures(quantiles, truth, scales)
    floor_mase, floor_loss = measures(floor, truth, scales)
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
parser.add_argument("--validation", action="store_true", help="leave the newest rows out for good")
args = parser.parse_args()
warnings.simplefilter("ignore")
print(f"presets: commit {settings().strip()}")
print(f"{'':24}{'recommended':12}{'MAE':>10}{'MASE':>8}{'sMAPE':>8}{'rel.':>8}{'WQL':>8}{'s':>7}")
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
            f"{line['seconds']:7.0f}  {line['recipe']}",
            flush=True,
        )
if not lines:
    print("Nothing measured: no task has that name.")
    sys.exit()
table = pd.DataFrame(lines)
for name in ("relative", "WQL relative"):
    print(f"geometric mean, {name}: {np.exp(np.log(table[name]).mean()):.3f}")
