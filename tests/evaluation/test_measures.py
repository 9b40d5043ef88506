"""Measures against sktime, scikit-learn and their definitions."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.metrics import mean_absolute_error, root_mean_squared_error
from sklearn.pipeline import make_pipeline
from sktime.performance_metrics.forecasting import (
    mean_absolute_percentage_error,
    mean_absolute_scaled_error,
)

from skrnn import LinearWindow, NaiveForecaster, SlidingWindow, make_windows
from skrnn.evaluation import backtest
from skrnn.evaluation.measures import by, measures, skill

VALUES = st.lists(st.floats(-100, 100).map(lambda v: round(v, 3)), min_size=2, max_size=8)


def table(true, predicted, scale=1.0, **columns):
    return pd.DataFrame(
        {"true": true, "predicted": predicted, "scale": scale, **columns}, dtype=float
    )


def walk(n=120, seed=0):
    return 50 + np.random.default_rng(seed).normal(size=(n, 1)).cumsum(axis=0)


def test_by_hand():
    """The M4 competition's definitions, on numbers that can be worked out."""
    found = measures(table([1, 2, 4], [2, 2, 0], scale=[2, 2, 2]))

    assert found["mae"] == pytest.approx(5 / 3)
    assert found["rmse"] == pytest.approx(np.sqrt(17 / 3))
    assert found["mase"] == pytest.approx(5 / 6)
    # 200/3 · (1/3 + 0 + 4/4)
    assert found["smape"] == pytest.approx(200 / 3 * 4 / 3)


@settings(deadline=None)
@given(VALUES, st.integers(0, 99))
def test_against_scikit_learn_and_sktime(true, seed):
    """The same as theirs on any numbers."""
    predicted = np.array(true) + np.random.default_rng(seed).normal(size=len(true))

    found = measures(table(true, predicted))

    assert found["mae"] == pytest.approx(mean_absolute_error(true, predicted))
    assert found["rmse"] == pytest.approx(root_mean_squared_error(true, predicted))
    assert found["smape"] == pytest.approx(
        100 * mean_absolute_percentage_error(true, predicted, symmetric=True)
    )


def test_smape_of_zeros():
    """A true zero that is forecast exactly is no error; one that is missed is the largest."""
    assert measures(table([0, 0], [0, 3]))["smape"] == pytest.approx(100)


def test_smape_of_the_smallest_numbers():
    """It is a share, whatever their size."""
    found = measures(table([1e-100, 3e-100], [2e-100, 3e-100]))["smape"]

    assert found == pytest.approx(100 / 3)


@pytest.mark.parametrize("season", [1, 7])
@pytest.mark.parametrize("rows_in", [True, False])
def test_mase_against_sktime(season, rows_in):
    """Errors relative to the seasonal naive forecast of the training targets, as Hyndman and
    Koehler define it.
    """
    rows = walk()
    X, y = make_windows(rows, 5)
    model = model_of(rows_in)

    result = backtest(
        model,
        *((rows, rows[:, 0]) if rows_in else (X, y)),
        cv=2,
        baseline=NaiveForecaster(season=season),
    )

    for fold, part in result.predictions.groupby("fold"):
        first = part["origin"].min()
        trained = rows[0 if rows_in else 5 : first + 1, 0]
        expected = mean_absolute_scaled_error(
            part["true"], part["predicted"], y_train=trained, sp=season
        )
        assert result.by_fold.loc[fold, "mase"] == pytest.approx(expected)


def model_of(rows_in):
    return make_pipeline(SlidingWindow(5), LinearWindow()) if rows_in else LinearWindow()


def test_mase_of_many_leads_counts_each_row_once():
    """The training targets of neighbouring windows are the same rows."""
    rows = walk()
    X, y = make_windows(rows, 5, 4)

    result = backtest(LinearWindow(), X, y, cv=2)

    part = result.predictions.query("fold == 0")
    trained = rows[5 : part["origin"].min() + 1, 0]
    expected = mean_absolute_scaled_error(part["true"], part["predicted"], y_train=trained, sp=1)
    assert result.by_fold.loc[0, "mase"] == pytest.approx(expected)


def test_mase_of_each_series_by_itself():
    """A series of a panel has a scale of its own, whatever the size of the others, and no change
    across its borders.
    """
    panel = [walk(), 1000 * walk(seed=1)]
    X, y = make_windows(panel, 5)

    result = backtest(LinearWindow(), X, y, cv=2, baseline=NaiveForecaster(season=3))

    part = result.predictions.query("fold == 1")
    first = part["origin"].min()
    scales = [np.abs(one[8 : first + 1] - one[5 : first - 2]).mean() for one in panel]
    error = (part["true"] - part["predicted"]).abs() / np.array(scales)[part["series"]]
    assert result.by_fold.loc[1, "mase"] == pytest.approx(error.mean())


def test_mase_skips_what_is_unknown():
    """Only changes between two known values a season apart count."""
    rows = walk()[:, 0]
    rows[[20, 21, 30]] = np.nan

    result = backtest(model_of(True), rows[:, None], rows, cv=2, baseline=NaiveForecaster(season=2))

    part = result.predictions.query("fold == 0")
    trained = rows[: part["origin"].min() + 1]
    scale = np.nanmean(np.abs(trained[2:] - trained[:-2]))
    assert result.by_fold.loc[0, "mase"] == pytest.approx(result.by_fold.loc[0, "mae"] / scale)


def test_mase_counts_missing_rows():
    """Neighbours across a gap are no season apart."""
    frame = pd.DataFrame(walk(), pd.date_range("2024", periods=120, freq="D"), ["v"]).drop(
        pd.date_range("2024-01-20", periods=4)
    )

    result = backtest(model_of(True), frame, frame["v"], cv=2)

    part = result.predictions.query("fold == 0")
    trained = frame["v"].asfreq("D")[: part["origin"].min()]
    assert result.by_fold.loc[0, "mase"] == pytest.approx(
        result.by_fold.loc[0, "mae"] / trained.diff().abs().mean()
    )


def test_mase_without_a_change_in_training():
    """A series that never changed has no scale, and no MASE."""
    rows = np.append(np.full(60, 3.0), walk(30))

    result = backtest(model_of(True), rows[:, None], rows, cv=2)

    assert np.isnan(result.by_fold.loc[0, "mase"])
    assert np.isfinite(result.by_fold.loc[1, "mae"])


@pytest.mark.parametrize(
    ("error", "baseline_error", "expected"),
    [(0, 2, 1), (2, 2, 0), (4, 2, -1), (0, 0, 0), (1, 0, -np.inf)],
)
def test_skill(error, baseline_error, expected):
    """The share of the baseline's error that is gone."""
    assert skill(error, baseline_error) == expected


def test_groups():
    """Each value of a column has the measures of its own lines."""
    lines = table([1, 2, 3, 4], [1, 1, 5, 4], baseline=[0, 0, 0, 0], lead=[1, 2, 1, 2])

    found = by(lines, "lead")

    assert found.index.name == "lead"
    assert found["mae"].tolist() == [1.0, 0.5]
    assert found["baseline_mae"].tolist() == [2.0, 3.0]
    assert found["skill"].tolist() == [0.5, 1 - 0.5 / 3]
