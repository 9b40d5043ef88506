"""Comparisons made of real backtests on made-up rows, and the pages that report them."""

from dataclasses import replace
from datetime import datetime
from pathlib import Path, PureWindowsPath
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
from sklearn.linear_model import Ridge
from sklearn.pipeline import make_pipeline

from skrnn import FlattenWindows, LinearWindow, NaiveForecaster, make_windows
from skrnn.comparison import fit_model
from skrnn.comparison.effort import EFFORTS, Allowance
from skrnn.comparison.forms import Columns, Form
from skrnn.comparison.ladder import Ladder
from skrnn.comparison.plan import Plan
from skrnn.comparison.preparation import Preparation
from skrnn.comparison.recipes import Recipe
from skrnn.comparison.result import Comparison
from skrnn.comparison.verdict import Verdict
from skrnn.evaluation import backtest
from skrnn.reading import Reading
from skrnn.report import report_html

COVERAGES = (0.8, 0.95)
MADE = datetime(2026, 3, 4, 5, 6)
# What a file may call a column, and what must not happen then.
NASTY = (
    "<script>alert(1)</script>",
    "</script><img src=x onerror=alert(2)>",
    'C:\\new "quoted" & %{x}',
)


def rows_of(n_rows, seed=0, columns=("temperature", "wind"), start="2024-01-01"):
    """Hours of a daily wave with noise; the first column is the target."""
    rng = np.random.default_rng(seed)
    hours = np.arange(n_rows)
    rows = rng.normal(size=(n_rows, len(columns))) + 4
    rows[:, 0] += 5 * np.sin(2 * np.pi * hours / 24) + 0.2 * rng.normal(size=n_rows).cumsum()
    return pd.DataFrame(rows, pd.date_range(start, periods=n_rows, freq="h"), list(columns))


def models(season):
    """Quick stand-ins for rungs of the ladder, by the names of these."""
    return {
        "naive": NaiveForecaster(),
        "seasonal": NaiveForecaster("seasonal", season=season),
        "linear": LinearWindow(),
        "gru": make_pipeline(FlattenWindows(), Ridge(1e4)),
    }


def reading_of(frames, season=24, **changes):
    """What was read: one frame for each series."""
    columns = next(iter(frames.values())).columns
    known = {
        "frames": frames,
        "target": columns[0],
        "known_ahead": tuple(columns[2:3]),
        "time": "when",
        "series": None,
        "step": "1 hour",
        "season": season,
        "season_why": "Season of 24 rows (a day): the value of one season before errs less than "
        "the last value.",
        "notes": ["2 rows with the same time were averaged."],
        "gaps": pd.DataFrame(columns=["series", "first", "last", "n_rows"]),
        "future": {},
        "sha256": "3c" * 32,
        "n_bytes": 123456,
        "path": Path("data/weather.csv"),
    }
    return Reading(**{**known, **changes})


def history(n_epochs, start=1.0):
    """Losses that fall, as training leaves them."""
    epochs = np.arange(n_epochs)
    loss = start * np.exp(-epochs / 5) + 0.1
    return {"loss": loss.tolist(), "val_loss": (loss + 0.05 + 0.002 * epochs).tolist()}


def comparison_of(frames, *, horizon=6, window=24, season=24, n_folds=3, names=None, **changes):
    """What a run of the ladder's stand-ins finds on some series."""
    reading = reading_of(frames, season)
    X, y = make_windows(
        list(frames.values()),
        window,
        horizon,
        target=reading.target,
        known_ahead=reading.known_ahead,
    )
    ladder = {
        name: model for name, model in models(season).items() if names is None or name in names
    }
    floor = NaiveForecaster(target=0)
    results = {
        name: backtest(model, X, y, cv=n_folds, baseline=floor, coverages=COVERAGES)
        for name, model in ladder.items()
    }
    folds = [(np.arange(50 * (fold + 1)), np.arange(50)) for fold in range(n_folds)]
    preparation = Preparation(
        columns=tuple(next(iter(frames.values())).columns),
        known_ahead=reading.known_ahead,
        calendar=(),
        length=window,
        horizon=horizon,
        season=season,
    )
    recipe = Recipe(window=window, season=season, form=Form("season"))
    rungs = Ladder(
        columns=Columns(preparation.columns),
        season=season,
        seed=0,
        allowance=Allowance(1.0, EFFORTS["quick"]),
        recipes=dict.fromkeys(ladder, recipe),
    )
    plan = Plan(
        preparation=preparation,
        ladder=rungs,
        folds=folds,
        models=tuple(ladder),
        notes=("The horizon is a guess.",),
        coverages=COVERAGES,
    )
    found = {
        "reading": reading,
        "plan": plan,
        "results": results,
        "unfinished": {"lstm": "it took longer than 60 seconds"},
        "verdict": Verdict(
            "linear", "linear", True, "Use linear: it takes 40 % off the naive forecast's error."
        ),
        "measure": "relative" if len(frames) > 1 else "mae",
        "training": {"gru": [history(20 + fold) for fold in range(n_folds)]},
        "weights": weights_of(window, next(iter(frames.values())).columns),
        "model": None,
        "seconds": 83.2,
        "command": f'skrnn compare {reading.path} --target "{reading.target}" --horizon {horizon}',
        "versions": {"Python": "3.11.9", "skrnn": "0.1.0"},
    }
    return Comparison(**{**found, **changes})


def with_model(comparison):
    """The comparison with a model that forecasts."""
    return replace(comparison, model=fit_model(comparison.reading, "naive", horizon=6, window=24))


def weights_of(window, columns):
    """Weights that are larger at newer steps and of earlier columns."""
    sizes = np.exp(-np.arange(window) / 6)[:, None] / (1 + np.arange(len(columns)))
    return pd.DataFrame(sizes, pd.RangeIndex(window), columns)


def traces_of(chart, **meta):
    """The traces whose "meta" says all of this."""
    return [trace for trace in chart.figure.data if meta.items() <= trace.meta.items()]


def options_of(chart, name):
    """What may be chosen, by value, and whether it is at first."""
    (choice,) = [choice for choice in chart.choices if choice.name == name]
    return {option["value"]: option["chosen"] for option in choice.options}


def data_alone(frames, **changes):
    """A comparison of which nothing but the data are known."""
    return SimpleNamespace(reading=reading_of(frames, **changes))


@pytest.fixture(scope="session")
def comparison():
    """One series of hours with a season of a day."""
    return comparison_of({"weather": rows_of(700, columns=("temperature", "wind", "holiday"))})


@pytest.fixture(scope="session")
def page(comparison):
    """Its page."""
    return report_html(comparison, made=MADE)


@pytest.fixture(scope="session")
def panel():
    """Three series of two columns."""
    return comparison_of(
        {name: rows_of(300, seed) for seed, name in enumerate(("north", "south", "west"))}
    )


@pytest.fixture(scope="session")
def nasty():
    """Names that would be HTML, JavaScript or a path of Windows, if they were let."""
    reading = {NASTY[0]: rows_of(300, columns=NASTY), NASTY[1]: rows_of(300, 1, columns=NASTY)}
    made = comparison_of(reading, n_folds=2)
    known = replace(made.reading, path=PureWindowsPath("C:\\data\\<b>new.csv"), notes=list(NASTY))
    return replace(made, reading=known)


@pytest.fixture(scope="session")
def single_lead():
    """A comparison of forecasts one row ahead, of one column without a season."""
    return comparison_of(
        {"only": rows_of(200, columns=("load",))}, horizon=1, season=1, names=("naive", "linear")
    )
