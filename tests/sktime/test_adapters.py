"""The adapters to sktime: its own checks, forecasts by hand, and its compositions."""

import numpy as np
import pandas as pd
import pytest
from sklearn.base import BaseEstimator, RegressorMixin
from sklearn.ensemble import HistGradientBoostingRegressor
from sklearn.linear_model import Ridge
from sklearn.pipeline import make_pipeline
from sktime.datasets import load_airline
from sktime.forecasting.base import ForecastingHorizon
from sktime.forecasting.compose import ForecastX, TransformedTargetForecaster, make_reduction
from sktime.forecasting.conformal import ConformalIntervals
from sktime.forecasting.model_evaluation import evaluate
from sktime.forecasting.model_selection import ForecastingGridSearchCV
from sktime.forecasting.naive import NaiveForecaster as SktimeNaive
from sktime.split import ExpandingWindowSplitter, SlidingWindowSplitter
from sktime.transformations.series.detrend import Deseasonalizer, Detrender
from sktime.transformations.series.difference import Differencer as SktimeDifferencer
from sktime.utils.estimator_checks import check_estimator

from skrnn import (
    Differencer,
    LinearWindow,
    NaiveForecaster,
    RecursiveForecaster,
    RNNRegressor,
    SeriesScaler,
    TransformedWindowRegressor,
    Windows,
    make_windows,
)
from skrnn.sktime import WindowForecaster, WindowRegressorAdapter
from skrnn.sktime.forecaster import STRATEGIES

LENGTH = 6
AHEAD = [1, 2, 5]
# Its checks take long: those of the others where there is time.
SETTINGS = WindowForecaster.get_test_params()


def series(n=60, index=None, name="load"):
    rng = np.random.default_rng(8)
    values = 50 + 10 * np.sin(np.arange(n) / 3) + rng.normal(size=n)
    index = pd.period_range("2020-01", periods=n, freq="M") if index is None else index
    return pd.Series(values, index, name=name)


def exogenous(y, columns=("price", "holiday")):
    rng = np.random.default_rng(9)
    return pd.DataFrame(rng.normal(size=(len(y), len(columns))), y.index, list(columns))


def forecaster(strategy="recursive", regressor=None, length=LENGTH):
    return WindowForecaster(
        LinearWindow(alpha=0.5) if regressor is None else regressor, length, strategy
    )


def ridge_by_hand(table, targets, alpha):
    """Coefficients and intercept of ridge regression, from the normal equations."""
    table, targets = np.array(table), np.array(targets)
    mean, target_mean = table.mean(axis=0), targets.mean()
    centred = table - mean
    coef = (
        np.linalg.inv(centred.T @ centred + alpha * np.eye(table.shape[1]))
        @ centred.T
        @ (targets - target_mean)
    )
    return coef, target_mean - mean @ coef


def forecast_by_hand(
    y, strategy, ahead, X=None, X_future=None, *, lagged=False, length=LENGTH, alpha=0.5
):
    """Forecasts with one number at a time: window by window, lead by lead.

    The part of X ends at the row that is forecast or, `lagged`, where the part of y does.
    """
    y, n = [float(value) for value in y], len(y)
    X = (
        [[] for _ in range(n + max(ahead))]
        if X is None
        else [*X.to_numpy().tolist(), *X_future.to_numpy().tolist()]
    )

    def window(end, lead):
        at = end if lagged else end + lead
        past = [y[row] for row in range(end - length + 1, end + 1)]
        return past + [
            X[row][k] for k in range(len(X[0])) for row in range(at - length + 1, at + 1)
        ]

    def model(lead, last):
        ends = range(length - 1, n - last)
        return ridge_by_hand(
            [window(end, lead) for end in ends], [y[end + lead] for end in ends], alpha
        )

    if strategy == "recursive":
        coef, intercept = model(1, 1)
        for step in range(max(ahead)):
            y.append(float(np.dot(coef, window(n - 1 + step, 1)) + intercept))
        return [y[n - 1 + lead] for lead in ahead]
    fitted = [model(lead, max(ahead)) for lead in ahead]
    return [
        np.dot(coef, window(n - 1, lead)) + b for lead, (coef, b) in zip(ahead, fitted, strict=True)
    ]


# ---------------------------------------------------------------------- sktime's own checks


# sktime's update_predict puts its forecasts together as pandas 4 will no longer do it.
@pytest.mark.filterwarnings(
    "ignore:Sorting by default when concatenating all DatetimeIndex:DeprecationWarning"
)
# Distributions, which some checks ask for, are of skpro, which nothing here needs.
@pytest.mark.filterwarnings("ignore:Forecasters' predict_proba requires skpro:UserWarning")
# The series of the checks are short.
@pytest.mark.filterwarnings(
    "ignore:the level .* those of neighbouring leads are pooled:UserWarning"
)
@pytest.mark.parametrize(
    "params",
    [SETTINGS[0], *(pytest.param(params, marks=pytest.mark.long) for params in SETTINGS[1:])],
    ids=lambda params: str(list(params.values())),
)
def test_sktime_checks_forecaster(params):
    """The forecaster passes every check of sktime, with each strategy."""
    check_estimator(WindowForecaster(**params), raise_exceptions=True, verbose=False)


def test_sktime_checks_regressor():
    """The regressor on panels passes every check of sktime."""
    check_estimator(WindowRegressorAdapter, raise_exceptions=True, verbose=False)


def test_sktime_checks_network():
    """With a network inside, of all checks the one that asks most of it: two fits are the same in
    every scenario.
    """
    network = RNNRegressor("simple", 2, epochs=1, random_state=0)

    check_estimator(
        forecaster("multioutput", network, 3),
        True,
        tests_to_run="test_fit_idempotent",
        verbose=False,
    )


# ---------------------------------------------------------------------- forecasts by hand


@pytest.mark.parametrize("ahead", [[1], AHEAD, [3, 4]], ids=str)
@pytest.mark.parametrize("strategy", STRATEGIES)
def test_forecasts_by_hand(strategy, ahead):
    """The forecasts are those of plain loops, fh with gaps included."""
    y = series()

    forecast = forecaster(strategy).fit(y, fh=ahead).predict()

    np.testing.assert_allclose(forecast, forecast_by_hand(y, strategy, ahead), rtol=1e-8)


@pytest.mark.parametrize("strategy", ["recursive", "direct"])
def test_exogenous_by_hand(strategy):
    """The part of X in a window ends at the row that is forecast."""
    y = series()
    X = exogenous(y)

    forecast = forecaster(strategy).fit(y[:-5], X[:-5], fh=AHEAD).predict(X=X[-5:])

    np.testing.assert_allclose(
        forecast, forecast_by_hand(y[:-5], strategy, AHEAD, X[:-5], X[-5:]), rtol=1e-8
    )


@pytest.mark.parametrize("regressor", [LinearWindow(0.5), Ridge(0.5)], ids=repr)
@pytest.mark.parametrize("strategy", STRATEGIES)
def test_exogenous_columns_are_known_ahead(strategy, regressor):
    """What X says of the forecast row itself is used."""
    y = series()
    X = exogenous(y)
    y = 3 * X["price"]

    forecast = (
        forecaster(strategy, regressor.set_params(alpha=1e-9))
        .fit(y[:-2], X[:-2], fh=[1, 2])
        .predict(X=X[-2:])
    )

    np.testing.assert_allclose(forecast, y[-2:], atol=1e-6)


def test_recursion_is_that_of_skrnn():
    """The recursive forecast is RecursiveForecaster's on the same windows."""
    y = series()
    windows, targets = make_windows(y.to_frame(), LENGTH)
    model = RecursiveForecaster(LinearWindow(0.5)).fit(windows, targets)
    rows = y.to_numpy()[:, None]

    expected = []
    for _ in range(5):
        step = model.predict(Windows(rows, [len(rows) - 1], length=LENGTH, feature_names=["load"]))
        expected.append(step[0])
        rows = np.vstack([rows, step])

    np.testing.assert_allclose(forecaster().fit(y).predict(range(1, 6)), expected, rtol=1e-9)


@pytest.mark.parametrize("ahead", [[1], AHEAD], ids=str)
@pytest.mark.parametrize("strategy", STRATEGIES)
def test_agrees_with_make_reduction(strategy, ahead):
    """Without X the forecasts are those of sktime's own reduction."""
    y = series()
    reduction = make_reduction(Ridge(0.5), strategy, LENGTH).fit(y, fh=ahead)

    forecast = forecaster(strategy, Ridge(0.5)).fit(y, fh=ahead).predict()

    pd.testing.assert_series_equal(forecast, reduction.predict(), rtol=1e-9)


@pytest.mark.parametrize("strategy", STRATEGIES)
def test_relative_models_know_their_lead(strategy):
    """A seasonal difference inside is taken for each row's own season: the season goes on."""
    y = pd.Series(np.tile([5.0, 1.0, 9.0, 4.0], 10), name="y")
    regressor = TransformedWindowRegressor(LinearWindow(), Differencer(4))

    forecast = forecaster(strategy, regressor).fit(y, fh=[1, 3, 6]).predict()

    np.testing.assert_allclose(forecast, [5, 9, 1], atol=1e-9)


@pytest.mark.parametrize("strategy", STRATEGIES)
def test_target_parameters_mean_y(strategy):
    """A regressor that asks for its target's column finds y, whatever X is called."""
    y = series()
    X = exogenous(y, columns=[0, 1])

    forecast = forecaster(strategy, NaiveForecaster()).fit(y[:-2], X[:-2], fh=[2]).predict(X=X[-2:])

    assert forecast.tolist() == [y.iloc[-3]]


@pytest.mark.parametrize("strategy", STRATEGIES)
def test_networks(strategy):
    """A network is a regressor like any other, with its scaling inside."""
    y = series()
    network = make_pipeline(SeriesScaler(), RNNRegressor("gru", 4, epochs=2, random_state=0))

    forecast = forecaster(strategy, network).fit(y, fh=AHEAD).predict()

    assert forecast.between(y.min(), y.max()).all()


# ---------------------------------------------------------------------- indices and horizons

INDICES = [
    pd.period_range("2020-01", periods=60, freq="M"),
    pd.period_range("2020-01", periods=60, freq="2M"),
    pd.date_range("2020-01-01", periods=60, freq="MS"),
    pd.date_range("2024-03-29", periods=60, freq="h", tz="Europe/Berlin"),
    pd.bdate_range("2020-01-01", periods=60),
    pd.RangeIndex(7, 67),
]


# What sktime does to absolute labels of hours with a time zone, and of business days.
@pytest.mark.filterwarnings(
    "ignore:Converting to PeriodArray/Index representation will drop timezone:UserWarning"
)
@pytest.mark.filterwarnings(r"ignore:PeriodDtype\[B\] is deprecated:FutureWarning")
@pytest.mark.parametrize("absolute", [False, True], ids=["relative", "absolute"])
@pytest.mark.parametrize(
    "index", INDICES, ids=lambda index: f"{type(index).__name__} {getattr(index, 'freqstr', '')}"
)
@pytest.mark.parametrize("strategy", ["recursive", "direct"])
def test_every_index(strategy, index, absolute):
    """The kind of index changes the labels of the forecasts, not their values; the name is y's."""
    y = series(index=index)
    labels = index[[55, 56, 59]]
    fh = ForecastingHorizon(labels, is_relative=False) if absolute else AHEAD

    forecast = forecaster(strategy).fit(y[:55], fh=fh).predict()

    np.testing.assert_allclose(
        forecast, forecaster(strategy).fit(series()[:55], fh=AHEAD).predict(), rtol=1e-12
    )
    assert forecast.index.tolist() == labels.tolist()
    assert forecast.name == "load"


def test_whole_numbers_in_larger_steps():
    """sktime's fh counts whole numbers: rows two apart are forecast at even ones, and an odd one is
    an error.
    """
    y = series(index=pd.RangeIndex(0, 120, 2))

    forecast = forecaster().fit(y).predict([2, 10])

    assert forecast.index.tolist() == [120, 128]
    np.testing.assert_allclose(forecast, forecaster().fit(series()).predict([1, 5]), rtol=1e-12)
    with pytest.raises(ValueError, match="goes in steps of 2: name multiples of 2"):
        forecaster().fit(y).predict([1])


def test_series_without_a_name():
    """A series that has no name gets none."""
    assert forecaster().fit(series(name=None)).predict([1]).name is None


def test_only_the_recursion_does_without_fh_in_fit():
    """sktime's tag follows the strategy, also where it is set later."""
    y = series()

    with pytest.raises(ValueError, match="must be passed to `fit`"):
        forecaster("recursive").set_params(strategy="direct").fit(y)
    assert len(forecaster("direct").set_params(strategy="recursive").fit(y).predict([4])) == 1


@pytest.mark.parametrize("strategy", STRATEGIES)
def test_past_rows_are_forecast_from_the_window_before(strategy):
    """In-sample forecasts are the fitted model's for the windows that end before the rows."""
    y = series()

    forecast = forecaster(strategy).fit(y, fh=[-4, 0, 1, 3]).predict()

    windows, targets = make_windows(
        y.to_frame(), LENGTH, leads=[1, 3] if strategy != "recursive" else 1
    )
    one = LinearWindow(0.5).fit(windows, targets.reshape(len(targets), -1)[:, 0])
    past = Windows(y.to_numpy()[:, None], [54, 58], length=LENGTH, feature_names=["load"])
    np.testing.assert_allclose(forecast.iloc[:2], one.predict(past), rtol=1e-9)


def test_past_rows_of_a_direct_fit_for_later_rows():
    """A model for three rows ahead forecasts past rows from three rows before."""
    y = series()

    forecast = forecaster("direct").fit(y, fh=[0, 3]).predict()

    earlier = forecaster("direct").fit(y, fh=[3]).update(y[-5:-3], update_params=False).predict()
    np.testing.assert_allclose(forecast.iloc[0], earlier.iloc[0], rtol=1e-12)


def test_rows_before_the_first():
    """The first row has no window and gets the mean of the training target; before it there is
    nothing.
    """
    y = series()
    fitted = forecaster().fit(y)

    assert fitted.predict([-59]).iloc[0] == pytest.approx(y[LENGTH:].mean())
    with pytest.raises(ValueError, match="fh must not reach before the first row of y, got 1 row"):
        fitted.predict([-60])


def test_residuals():
    """sktime's residuals of the training rows are y less the in-sample forecasts."""
    y = series()
    fitted = forecaster().fit(y, exogenous(y))

    residuals = fitted.predict_residuals(y[10:])

    assert residuals.abs().mean() < 2


# ---------------------------------------------------------------------- update


@pytest.mark.parametrize("strategy", STRATEGIES)
def test_update_fits_anew(strategy):
    """update is a fit on all rows."""
    y = series()
    X = exogenous(y)

    updated = forecaster(strategy).fit(y[:40], X[:40], fh=AHEAD).update(y[40:55], X[40:55])

    expected = forecaster(strategy).fit(y[:55], X[:55], fh=AHEAD).predict(X=X[55:])
    np.testing.assert_allclose(updated.predict(X=X[55:]), expected, rtol=1e-12)


@pytest.mark.parametrize("strategy", STRATEGIES)
def test_update_without_parameters_only_looks(strategy):
    """With update_params=False the model stays, and looks at the new rows."""
    y = series()
    fitted = forecaster(strategy).fit(y[:40], fh=[1])
    model = fitted.model_

    fitted.update(y[40:50], update_params=False)

    last = Windows(y.to_numpy()[:, None], [49], length=LENGTH, feature_names=["load"])
    assert fitted.model_ is model
    assert fitted.predict().iloc[0] == pytest.approx(model.predict(last).item(), rel=1e-12)


@pytest.mark.parametrize("strategy", STRATEGIES)
def test_rows_behind_the_cutoff_are_not_looked_at(strategy):
    """After an update with past rows, forecasts start from these."""
    y = series()
    changed = y.copy()
    changed[50:] += 1000
    fitted = forecaster(strategy).fit(y, fh=AHEAD)
    fitted._cur_y = changed

    forecast = fitted.update(y[40:50], update_params=False).predict()

    assert forecast.index[0] == y.index[50]
    assert forecast.between(y.min(), y.max()).all()


@pytest.mark.parametrize("strategy", STRATEGIES)
def test_update_by_one_row_without_a_freq(strategy):
    """A time index need not carry its step, nor can a single new row."""
    y = series(index=pd.DatetimeIndex(list(pd.date_range("2020-01-01", periods=60, freq="MS"))))
    X = exogenous(y)
    fitted = forecaster(strategy).fit(y[:50], X[:50], fh=[1, 3])

    forecast = fitted.update(y[50:51], X[50:51], update_params=False).predict(X=X[51:])

    assert forecast.index.tolist() == y.index[[51, 53]].tolist()


def test_absolute_rows_after_an_update():
    """Absolute rows come nearer with each update: the recursion reaches them, a direct fit says
    what to do.
    """
    y = series()
    fh = ForecastingHorizon(y.index[-3:], is_relative=False)

    recursive = forecaster().fit(y[:-5], fh=fh).update(y[-5:-4], update_params=False)
    direct = forecaster("direct").fit(y[:-5], fh=fh).update(y[-5:-4], update_params=False)

    assert recursive.predict().index.tolist() == y.index[-3:].tolist()
    with pytest.raises(
        ValueError, match=r"was fitted for \[3, 4, 5\] rows ahead, but fh now lies \[2, 3, 4\]"
    ):
        direct.predict()


# ---------------------------------------------------------------------- what is unknown or wrong


@pytest.mark.parametrize("regressor", [LinearWindow(0.5), Ridge(0.5)], ids=repr)
@pytest.mark.parametrize("strategy", STRATEGIES)
def test_unknown_rows(strategy, regressor):
    """NaN and missing rows are the same: their windows are left out of fit, in predict they are
    filled.
    """
    y = series()
    holes = y.mask(np.isin(np.arange(60), [20, 57]))

    forecast = forecaster(strategy, regressor).fit(holes, fh=AHEAD).predict()
    missing = forecaster(strategy, regressor).fit(holes.dropna(), fh=AHEAD).predict()

    np.testing.assert_allclose(missing, forecast, rtol=1e-12)
    filled = y.copy()
    filled.iloc[57] = y.iloc[56]
    expected = (
        forecaster(strategy, regressor)
        .fit(holes, fh=AHEAD)
        .update(filled[57:58], update_params=False)
    )
    expected = expected.update(y[-1:], update_params=False)
    np.testing.assert_allclose(forecast, expected.predict(), rtol=1e-12)


def test_unknown_values_of_X():
    """NaN in the future of X is filled; a row that is not there is an error that names it."""
    y = series()
    X = exogenous(y)
    fitted = forecaster().fit(y[:-5], X[:-5])
    X.iloc[-4, 0] = np.nan

    assert np.isfinite(fitted.predict(AHEAD, X=X[-5:])).all()
    with pytest.raises(
        ValueError, match="all 5 rows up to the last of fh, but has none for 2024-10 and 1 more"
    ):
        fitted.predict(AHEAD, X=X.iloc[[-5, -4, -1]])


def test_arrays_as_X():
    """The rows of an array count from 0, so it holds the past as well; an array of the future is
    refused.
    """
    y = series(index=pd.RangeIndex(60))
    X = exogenous(y)
    fitted = forecaster().fit(y[:-5].to_numpy(), X[:-5].to_numpy())

    whole = fitted.predict(AHEAD, X=X.to_numpy())

    np.testing.assert_allclose(
        whole.ravel(), forecaster().fit(y[:-5], X[:-5]).predict(AHEAD, X[-5:]), rtol=1e-12
    )
    with pytest.raises(ValueError, match="has none for 55 and 4 more .it goes from 0 to 4."):
        fitted.predict(AHEAD, X=X[-5:].to_numpy())


def test_forecast_x_brings_what_X_lacks():
    """sktime's ForecastX forecasts X, so that none is needed in predict."""
    y = series()
    X = exogenous(y)

    forecast = ForecastX(forecaster(), SktimeNaive()).fit(y, X, fh=range(1, 6)).predict()

    expected = pd.concat([X[-1:]] * 5).set_axis(pd.period_range("2025-01", periods=5, freq="M"))
    np.testing.assert_allclose(
        forecast, forecaster().fit(y, X).predict(range(1, 6), X=expected), rtol=1e-9
    )


def test_X_comes_as_in_fit():
    """X that is missing, renamed or new is an error, in predict and in update."""
    y = series()
    X = exogenous(y)
    fitted = forecaster().fit(y[:50], X[:50], fh=[1])

    with pytest.raises(
        ValueError, match="the columns of fit in predict, 'price', 'holiday', got no X"
    ):
        fitted.predict()
    with pytest.raises(
        ValueError, match="the columns of fit in predict, 'price', 'holiday', got 'price', 'x'"
    ):
        fitted.predict(X=X[50:].rename(columns={"holiday": "x"}))
    with pytest.raises(
        ValueError, match="the columns of fit in update, 'price', 'holiday', got no X"
    ):
        fitted.update(y[50:])
    with pytest.raises(
        ValueError, match="the columns of fit in predict, no X, got 'price', 'holiday'"
    ):
        forecaster().fit(y[:50], fh=[1]).predict(X=X[50:])


@pytest.mark.parametrize(
    ("forecaster", "message"),
    [
        (
            forecaster(length=60),
            "window_length=60 and a forecast 1 row.* need 61 rows of y, got 60: pass a longer",
        ),
        (
            forecaster("direct", length=56),
            "window_length=56 and a forecast 5 row.* need 61 rows of y, got 60",
        ),
        (forecaster(length=2.5), "window_length must be a positive whole number, got 2.5"),
        (
            forecaster("dirrec"),
            "strategy must be one of 'recursive', 'direct', 'multioutput', got 'dirrec'",
        ),
        (
            forecaster(regressor="ridge"),
            "regressor must be a regressor of skrnn or scikit-learn.*got 'ridge'",
        ),
        (
            forecaster(regressor=SktimeNaive()),
            "regressor must be a regressor of skrnn or scikit-learn",
        ),
        (
            forecaster("multioutput", HistGradientBoostingRegressor()),
            "needs a regressor of several outputs, and HistGradientBoostingRegressor has one: use "
            "strategy='direct'",
        ),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_errors(forecaster, message):
    """What cannot work says so in fit, with the remedy."""
    with pytest.raises(ValueError, match=message):
        forecaster.fit(series(), fh=AHEAD)


def test_y_among_X():
    """A copy of y among the columns of X would be its future; a column that is only called so is
    none.
    """
    y = series()
    X = exogenous(y, columns=["load", "price"])

    assert len(forecaster().fit(y[:50], X[:50]).predict([1], X=X[50:])) == 1
    with pytest.raises(
        ValueError,
        match="X must not hold y itself, whose future is not known: drop the column 'copy'",
    ):
        forecaster().fit(y, X.assign(copy=y))


def test_nothing_known():
    """A series of unknown values, and one with a gap in every window, are errors."""
    y = series()

    with pytest.raises(ValueError, match="y must have a known value"):
        forecaster().fit(y * np.nan)
    with pytest.raises(ValueError, match="windows are incomplete"):
        forecaster().fit(y.where(np.arange(60) % 3 > 0))


# ---------------------------------------------------------------------- sktime's compositions


def test_grid_search():
    """The window, the strategy and the regressor's own parameters are searched together."""
    y = load_airline()
    grid = {
        "window_length": [6, 24],
        "regressor__alpha": [0.5, 1e9],
        "strategy": ["recursive", "direct"],
    }
    cv = ExpandingWindowSplitter(fh=range(1, 13), initial_window=96, step_length=24)

    search = ForecastingGridSearchCV(forecaster(), cv=cv, param_grid=grid, backend=None).fit(
        y, fh=range(1, 13)
    )

    assert search.best_params_["window_length"] == 24
    assert search.best_params_["regressor__alpha"] == 0.5
    assert len(search.predict()) == 12


@pytest.mark.parametrize("strategy", STRATEGIES)
@pytest.mark.parametrize("mode", ["refit", "update", "no-update_params"])
def test_evaluate(strategy, mode):
    """In sktime's back-test a linear model forecasts a year of the airline data better than its
    last value.
    """
    y = load_airline()
    cv = ExpandingWindowSplitter(fh=range(1, 13), initial_window=120, step_length=12)

    scores = evaluate(forecaster(strategy, length=24), cv, y, strategy=mode, error_score="raise")

    naive = evaluate(SktimeNaive(), cv, y, error_score="raise")
    name = "test_MeanAbsolutePercentageError"
    assert scores[name].mean() < naive[name].mean()


def test_evaluate_with_X():
    """sktime's back-test hands over X as it is needed."""
    y = series()
    X = exogenous(y)
    cv = ExpandingWindowSplitter(fh=[1, 2, 3], initial_window=40, step_length=10)

    scores = evaluate(forecaster(), cv, 3 * X["price"], X, error_score="raise")

    assert len(scores) == 2
    assert scores["test_MeanAbsolutePercentageError"].max() < 0.5


TRANSFORMERS = [
    SktimeDifferencer(lags=12),
    Detrender(),
    Deseasonalizer(sp=12),
    Deseasonalizer(sp=12, model="multiplicative"),
]


@pytest.mark.parametrize("transformer", TRANSFORMERS, ids=repr)
@pytest.mark.parametrize("strategy", STRATEGIES)
def test_transformed_target(strategy, transformer):
    """Behind a transformer the forecasts are those of the transformed series, brought back."""
    y = load_airline()
    fh = list(range(1, 13))
    steps = [("transformer", transformer), ("forecaster", forecaster(strategy, length=12))]

    forecast = TransformedTargetForecaster(steps).fit(y[:-12], fh=fh).predict()

    inner = transformer.clone().fit(y[:-12])
    changes = (
        forecaster(strategy, length=12).fit(inner.transform(y[:-12]).dropna(), fh=fh).predict()
    )
    np.testing.assert_allclose(forecast, inner.inverse_transform(changes), rtol=1e-6)
    assert (forecast - y[-12:]).abs().mean() < 50


@pytest.mark.parametrize("strategy", STRATEGIES)
def test_a_season_that_sktime_takes_out(strategy):
    """Without its season, of which a short window sees too little, the airline data is forecast
    much better.
    """
    y = load_airline()
    fh = list(range(1, 13))
    model = forecaster(strategy, LinearWindow(), length=4)

    without = (Deseasonalizer(sp=12, model="multiplicative") * model).fit(y[:-12], fh=fh).predict()

    plain = model.clone().fit(y[:-12], fh=fh).predict()
    assert (without - y[-12:]).abs().mean() < 0.6 * (plain - y[-12:]).abs().mean()


def test_a_season_that_sktime_takes_out_after_an_update():
    """The season goes on where the new rows end."""
    y = load_airline()
    pipeline = Deseasonalizer(sp=12) * forecaster(length=12)

    updated = pipeline.fit(y[:-17], fh=[1, 2, 3]).update(y[-17:-12], update_params=False).predict()

    assert updated.index.tolist() == y.index[-12:-9].tolist()
    assert (updated - y[-12:-9]).abs().mean() < 30


def test_update_predict():
    """sktime's moving cutoff gives each forecast from the rows up to its own."""
    y = series()
    cv = SlidingWindowSplitter(fh=[1], window_length=1)

    moving = forecaster().fit(y[:50], fh=[1]).update_predict(y[50:], cv, update_params=False)

    expected = forecaster().fit(y[:50]).update(y[50:], update_params=False).predict(range(-8, 1))
    np.testing.assert_allclose(moving, expected, rtol=1e-12)


@pytest.mark.parametrize("ahead", [[1], AHEAD, [3, 4]], ids=str)
@pytest.mark.parametrize("strategy", STRATEGIES)
def test_intervals_by_hand(strategy, ahead):
    """Intervals are forecasts and what a loop finds that forecasts of the newest rows missed."""
    y = series()
    model = WindowForecaster(LinearWindow(alpha=0.5), LENGTH, strategy, calibration_size=20)
    model.fit(y, fh=ahead)

    ends = model.predict_interval(coverage=[0.8])

    first = 60 - 20 - max(ahead)
    earlier = forecaster(strategy).fit(y[: first + 1], fh=ahead)
    missed = {lead: [] for lead in ahead}
    for origin in range(first, 59):
        now = earlier.clone().fit(y[: first + 1], fh=ahead)
        if origin > first:
            now.update(y[first + 1 : origin + 1], update_params=False)
        known = [lead for lead in ahead if origin + lead < 60]
        for lead, forecast in zip(ahead, now.predict(), strict=True):
            if lead in known:
                missed[lead].append(y.iloc[origin + lead] - forecast)
    forecast = model.predict()
    for row, lead in enumerate(ahead):
        in_order = np.sort(missed[lead])
        n = len(in_order)
        lower = in_order[int(np.floor(0.1 * (n + 1) + 1e-9)) - 1]
        upper = in_order[int(np.ceil(0.9 * (n + 1) - 1e-9)) - 1]
        expected = forecast.iloc[row] + np.array([lower, upper])
        np.testing.assert_allclose(ends.iloc[row], expected, rtol=1e-6)


@pytest.mark.parametrize("strategy", STRATEGIES)
def test_quantiles(strategy):
    """Quantiles have a column for each level; the ends of an interval are two of them."""
    y = series(200)
    fh = [-3, 0, 2]
    model = forecaster(strategy).fit(y, fh=fh)

    quantiles = model.predict_quantiles(alpha=[0.1, 0.5, 0.9])

    assert quantiles.columns.tolist() == [("load", 0.1), ("load", 0.5), ("load", 0.9)]
    assert quantiles.index.tolist() == model.predict().index.tolist()
    assert (np.diff(quantiles, axis=1) >= 0).all()
    ends = model.predict_interval(coverage=0.8)
    np.testing.assert_allclose(ends, quantiles.iloc[:, [0, 2]], rtol=1e-12)


def test_intervals_with_X_and_gaps():
    """Columns whose future is known, and rows that are missing, change nothing about it."""
    y = series(150)
    X = exogenous(y)
    y = y + 5 * X["price"]
    missing = np.isin(np.arange(150), [60, 130])
    model = forecaster().fit(y[:-5][~missing[:-5]], X[:-5][~missing[:-5]])

    ends = model.predict_interval(range(1, 6), X=X[-5:], coverage=0.8).to_numpy()

    assert np.isfinite(ends).all()
    assert np.ptp(ends, axis=1).max() < 10


def test_too_few_rows_for_intervals():
    """Without rows to fit on before those that are calibrated on, the error says how many."""
    model = WindowForecaster(LinearWindow(), 20, calibration_size=40).fit(series())

    with pytest.raises(
        ValueError, match="intervals need 21 rows to fit on before the 40 .* got 16"
    ):
        model.predict_interval([5], coverage=0.8)


@pytest.mark.parametrize("strategy", ["recursive", "direct"])
def test_intervals_of_sktime(strategy):
    """sktime makes intervals of its own around the forecasts."""
    y = series()
    conformal = ConformalIntervals(forecaster(strategy), initial_window=50)

    intervals = conformal.fit(y, fh=AHEAD).predict_interval(coverage=0.9)

    lower, upper = intervals.to_numpy().T
    assert (lower < conformal.predict()).all()
    assert (conformal.predict() < upper).all()


@pytest.mark.parametrize("strategy", STRATEGIES)
def test_several_columns(strategy):
    """Each column of y is forecast by itself, as sktime does it."""
    y = pd.DataFrame({"a": series(), "b": series() ** 2})

    forecast = forecaster(strategy).fit(y, fh=AHEAD).predict()

    for name, column in y.items():
        alone = forecaster(strategy).fit(column, fh=AHEAD).predict()
        np.testing.assert_allclose(forecast[name], alone, rtol=1e-12)


def test_panel():
    """Each series of a panel is forecast by itself, as sktime does it."""
    y = pd.concat({"north": series().to_frame(), "south": (series() ** 2)[:40].to_frame()})

    forecast = forecaster().fit(y, fh=AHEAD).predict()

    alone = forecaster().fit(y.loc["south"], fh=AHEAD).predict()
    np.testing.assert_allclose(forecast.loc["south"], alone, rtol=1e-12)


# ---------------------------------------------------------------------- make_reduction


class Recorder(RegressorMixin, BaseEstimator):
    """Keeps the windows that it is fitted on, as (samples, steps, features)."""

    seen = None

    def fit(self, X, y):
        type(self).seen = np.asarray(X)
        self.shape_ = np.shape(y)[1:]
        return self

    def predict(self, X):
        return np.zeros((len(X), *self.shape_))

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.input_tags.three_d_array = True
        return tags


@pytest.mark.parametrize(
    "regressor", [LinearWindow(0.5), WindowRegressorAdapter(LinearWindow(0.5))], ids=repr
)
@pytest.mark.parametrize("strategy", STRATEGIES)
def test_reduction_by_hand(strategy, regressor):
    """In sktime's reduction, tabular or on panels, the forecasts are those of plain loops."""
    y = series()

    forecast = make_reduction(regressor, strategy, LENGTH).fit(y, fh=AHEAD).predict()

    np.testing.assert_allclose(forecast, forecast_by_hand(y, strategy, AHEAD), rtol=1e-8)


@pytest.mark.parametrize(
    "regressor", [LinearWindow(0.5), WindowRegressorAdapter(LinearWindow(0.5))], ids=repr
)
@pytest.mark.parametrize("strategy", STRATEGIES)
def test_reduction_with_X_by_hand(strategy, regressor):
    """With X, whose part of the window ends with y's in sktime's reduction, they are so too."""
    y = series()
    X = exogenous(y)
    reduction = make_reduction(regressor, strategy, LENGTH).fit(y[:-5], X[:-5], fh=AHEAD)

    forecast = reduction.predict(X=X[-5:])

    expected = forecast_by_hand(y[:-5], strategy, AHEAD, X[:-5], X[-5:], lagged=True)
    np.testing.assert_allclose(np.ravel(forecast), expected, rtol=1e-8)


def test_adapter_hands_over_windows():
    """Behind the adapter a regressor gets (samples, steps, features), oldest step first, y before
    X.
    """
    y = series()
    X = exogenous(y)

    make_reduction(WindowRegressorAdapter(Recorder()), window_length=LENGTH).fit(y, X)

    assert Recorder.seen.shape == (54, LENGTH, 3)
    np.testing.assert_array_equal(Recorder.seen[7, :, 0], y[7:13])
    np.testing.assert_array_equal(Recorder.seen[7, :, 1:], X[7:13])


@pytest.mark.parametrize("strategy", STRATEGIES)
def test_networks_in_a_reduction(strategy):
    """Networks work in sktime's reduction, tabular and behind the adapter alike."""
    y = series() / 50
    network = RNNRegressor("simple", 4, epochs=1, random_state=0)

    table, panel = (
        make_reduction(regressor, strategy, LENGTH).fit(y, fh=[1, 2]).predict()
        for regressor in (network, WindowRegressorAdapter(network))
    )

    np.testing.assert_allclose(np.ravel(panel), np.ravel(table), rtol=1e-5)


def test_adapter_on_incomplete_panels():
    """Instances with unknown values are left out of fit and filled in predict, by any regressor."""
    X = np.random.default_rng(0).normal(size=(30, 2, 5))
    y = X[:, 0, -1] - X[:, 1, 0]
    holes = X.copy()
    holes[3, 0, 2] = np.nan

    for regressor in (LinearWindow(1e-9), Ridge(1e-9)):
        forecast = WindowRegressorAdapter(regressor).fit(holes, y).predict(holes)

        np.testing.assert_allclose(forecast, y, atol=1e-6)


def test_residuals_are_of_the_rows_that_it_knows():
    """They need not be told again: it has them."""
    y = load_airline()
    forecaster = WindowForecaster(Ridge(), 12).fit(y, fh=[1])

    found = forecaster.predict_residuals()

    expected = forecaster.predict_residuals(y)
    pd.testing.assert_series_equal(found, expected)
    assert len(found) == len(y)
