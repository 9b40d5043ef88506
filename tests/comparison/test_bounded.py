"""Amounts, of which nothing below zero is forecast."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from skrnn import make_windows
from skrnn.comparison import compare, fit_model
from skrnn.comparison.bounded import least_of
from skrnn.comparison.effort import EFFORTS
from skrnn.comparison.model import load_model


@pytest.fixture(autouse=True)
def short_training(monkeypatch):
    monkeypatch.setitem(EFFORTS, "default", replace(EFFORTS["quick"], updates=150, contenders=2))


def rare_sales(n=240, seed=0):
    """Pieces sold a day: mostly none."""
    rng = np.random.default_rng(seed)
    sold = rng.poisson(np.where(np.arange(n) % 7 < 2, 3.0, 0.3)).astype(float)
    return pd.DataFrame({"sold": sold}, pd.date_range("2024-01-01", periods=n, name="day"))


@pytest.mark.parametrize(
    ("values", "least"),
    [
        (np.arange(100.0) % 5, 0.0),
        (np.where(np.arange(100) % 9, np.nan, 0.0), 0.0),
        (1 + np.arange(100.0) % 5, -np.inf),
        (np.arange(100.0) % 5 - 1, -np.inf),
        (np.arange(100.0), -np.inf),
    ],
    ids=["often zero", "with gaps", "never zero", "below zero", "once zero"],
)
def test_what_is_an_amount(values, least):
    X, y = make_windows(values, 4)

    assert least_of(X, y) == least


def test_nothing_below_zero_is_forecast(make_reading, tmp_path):
    """By no model, in no fold, and by no interval; what is told of them counts that."""
    models = ["linear", "smoothing", "gru", "dense", "ensemble"]

    found = compare(make_reading(rare_sales(), 7), models=models)

    assert "sold is never below 0 and often 0: no forecast is below." in found.plan.notes
    for result in found.results.values():
        told = result.predictions.filter(regex="predicted|lower|upper").to_numpy()
        assert np.nanmin(told) == 0
    held = found.results["linear"].predictions
    within = (held["lower_0.8"] <= held["true"]) & (held["true"] <= held["upper_0.8"])
    there = held["lower_0.8"].notna()
    assert found.table.loc["linear", "coverage_0.8"] == pytest.approx(within[there].mean())
    found.model.save(tmp_path / "model.skrnn")
    table = load_model(tmp_path / "model.skrnn").forecast()
    assert table.filter(regex="sold|lower").to_numpy().min() == 0


def test_the_linear_models_picture_looks_through_it(make_reading):
    found = compare(make_reading(rare_sales(), 7), models=["linear"])

    assert found.weights is not None


def test_fit_bounds_too(make_reading):
    table = fit_model(make_reading(rare_sales(), 7), "linear").forecast()

    assert table.filter(regex="sold|lower").to_numpy().min() == 0


def test_others_are_not_bounded(make_reading):
    """Also where nothing is below zero but in rows that are tested."""
    rows = rare_sales()
    rows["sold"] -= 1
    below = compare(make_reading(rows, 7), models=["linear"])

    assert not any("below 0" in note for note in below.plan.notes)
    assert below.model.forecast()["lower_0.95"].min() < -1


@pytest.mark.filterwarnings("ignore:.*have no logarithm")
def test_rows_that_are_tested_do_not_decide(make_reading):
    """What is positive at first is not bounded by zeros that come later."""
    rows = rare_sales()
    rows.iloc[:200] += 1
    found = compare(make_reading(rows, 7), models=["linear"], folds=3)

    assert not any("below 0" in note for note in found.plan.notes)
