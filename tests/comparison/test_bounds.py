"""Amounts, of which nothing below zero is forecast."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from skrnn import make_windows
from skrnn.comparison import compare, fit_model
from skrnn.comparison.bounds import least_of
from skrnn.comparison.effort import EFFORTS
from skrnn.comparison.model import load_model

NOTE = "No forecast is below 0, as no known value is and many are 0."


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

    np.testing.assert_array_equal(least_of(X, y), [least])


def test_nothing_below_zero_is_forecast(make_reading, tmp_path):
    """By no model, in no fold, and by no interval; what is told of them counts that."""
    models = ["linear", "smoothing", "gru", "dense", "ensemble"]

    found = compare(make_reading(rare_sales(), 7), models=models)

    assert found.plan.notes[0] == NOTE
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
    model = fit_model(make_reading(rare_sales(), 7), "linear")
    table = model.forecast()

    assert model.facts["bound"] == NOTE[0].lower() + NOTE[1:-1]
    assert table.filter(regex="sold|lower").to_numpy().min() == 0


def test_newer_rows_that_are_below_lift_the_bound(make_reading):
    """Those of the file that no test may know of, and those that come to be known later."""
    rows = rare_sales()
    model = fit_model(make_reading(rows, 7), "naive")
    later = rows.shift(freq="3D").iloc[-60:].copy()
    later.iloc[-1] = -5.0
    returned = pd.concat([rows.iloc[:-1], later.iloc[[-1]]])

    assert (model.forecast({"one": later})["sold"] == -5).all()
    assert model.forecast({"other": rows})["lower_0.95"].min() == 0
    found = compare(make_reading(returned, 7), models=["naive"], horizon=1)
    assert found.plan.notes[0].startswith("Forecasts in the tests are not below 0, as no older")
    assert found.model.forecast()["sold"].item() == -5


def test_each_series_has_its_own_bound(make_reading, tmp_path):
    """Snow is not below zero, temperatures are."""
    snow = rare_sales()
    temperature = pd.DataFrame(rare_sales(seed=1) - 3.5)
    reading = make_reading({"snow": snow, "temperature": temperature}, 7)

    found = compare(reading, models=["linear"])

    assert "No forecast of 1 of 2 series is below 0, as no" in found.plan.notes[0]
    table = found.results["linear"].predictions
    lowest = table.groupby("series")[["predicted", "lower_0.95"]].min()
    assert (lowest.loc[0] == 0).all()
    assert (lowest.loc[1] < 0).all()
    found.model.save(tmp_path / "model.skrnn")
    model = load_model(tmp_path / "model.skrnn")
    lower = model.forecast()["lower_0.95"].to_numpy().reshape(2, -1)
    assert lower[0].min() == 0 > lower[1].min()


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

    assert found.results["linear"].predictions["lower_0.95"].min() < 0
    assert found.model.forecast()["lower_0.95"].min() == 0


def test_a_row_that_many_windows_forecast_is_one():
    """Three rows are zero where three are, whatever the horizon."""
    rows = np.arange(1.0, 91)
    for n_zeros, least in ((1, -np.inf), (2, -np.inf), (3, 0.0)):
        rows[40 : 40 + n_zeros] = 0
        for horizon in (1, 12):
            X, y = make_windows(rows, 8, horizon)
            assert least_of(X, y).tolist() == [least]
