"""IntervalForecaster: shapes, what it is calibrated on, and what it refuses."""

import pickle

import numpy as np
import pandas as pd
import pytest
from sklearn.base import clone
from sklearn.exceptions import NotFittedError
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.model_selection import GridSearchCV, TimeSeriesSplit
from sklearn.pipeline import make_pipeline

from skrnn import (
    DenseClassifier,
    DirectForecaster,
    IntervalForecaster,
    LinearWindow,
    MultiOutputForecaster,
    NaiveForecaster,
    RecursiveForecaster,
    RNNRegressor,
    SeriesScaler,
    SlidingWindow,
    TransformedWindowRegressor,
    WindowScaler,
    future_rows,
    make_windows,
)
from skrnn.datasets import load_airline
from skrnn.evaluation import backtest
from tests.intervals.known import Zero, noise

QUANTILES = (0.05, 0.1, 0.5, 0.9, 0.95)
METHODS = {
    "conformal": IntervalForecaster(LinearWindow()),
    "normalized": IntervalForecaster(LinearWindow(), method="normalized"),
    "learned size": IntervalForecaster(LinearWindow(), method="normalized", size=Ridge()),
    "quantile": IntervalForecaster(LinearWindow(quantiles=QUANTILES), method="quantile"),
    "adaptive": IntervalForecaster(LinearWindow(), method="adaptive"),
}
ESTIMATORS = {
    "at once": LinearWindow(),
    "of scikit-learn": Ridge(),
    "pipeline": make_pipeline(SeriesScaler(), LinearWindow()),
    "direct": DirectForecaster(Ridge()),
    "recursive": RecursiveForecaster(LinearWindow()),
    "naive": NaiveForecaster(),
    "network": RNNRegressor("gru", 4, epochs=2, random_state=0),
}


@pytest.mark.parametrize("name", METHODS)
def test_shapes(name):
    """A lower and an upper end for each sample, lead and coverage, in the order of y."""
    X, y = noise(300, horizon=3)
    many = clone(METHODS[name]).fit(X, y)
    one = clone(METHODS[name]).fit(X.replace(leads=(1,)), y[:, 0])

    assert many.predict(X[:5]).shape == (5, 3)
    assert many.predict_interval(X[:5]).shape == (5, 3, 2)
    assert many.predict_interval(X[:5], (0.8, 0.9)).shape == (5, 3, 2, 2)
    assert many.predict_quantiles(X[:5], (0.1, 0.5, 0.9)).shape == (5, 3, 3)
    assert many.sample_paths(X[:5], 7, random_state=0).shape == (7, 5, 3)
    assert one.predict_interval(X[:5].replace(leads=(1,))).shape == (5, 2)
    assert one.predict_interval(X[:5].replace(leads=(1,)), [0.9]).shape == (5, 1, 2)
    assert one.predict_quantiles(X[:5].replace(leads=(1,)), 0.5).shape == (5, 1)
    assert one.sample_paths(X[:5].replace(leads=(1,)), 7).shape == (7, 5, 1)


@pytest.mark.parametrize("name", ESTIMATORS)
def test_intervals_by_loop(name):
    """They are the forecast, and what a loop over a fit on the older windows finds it missed."""
    X, y = noise(200, horizon=2)
    model = IntervalForecaster(ESTIMATORS[name], calibration_size=50).fit(X, y)

    older = make_windows_estimator(ESTIMATORS[name]).fit(X[:149], y[:149])
    missed = np.sort(y[150:] - older.predict(X[150:]), axis=0)
    everything = make_windows_estimator(ESTIMATORS[name]).fit(X, y)
    expected = everything.predict(X)[:, :, None] + missed[[4 - 1, 47 - 1]].T

    np.testing.assert_allclose(model.predict(X), everything.predict(X), rtol=1e-6)
    # Of 50 residuals the levels 0.08 and 0.92 are the fourth and the forty-seventh.
    np.testing.assert_allclose(model.predict_interval(X, 0.84), expected, rtol=1e-5)


def make_windows_estimator(estimator):
    """A fresh clone; of scikit-learn's own behind flattened windows."""
    estimator = clone(estimator)
    return MultiOutputForecaster(estimator) if isinstance(estimator, Ridge) else estimator


@pytest.mark.parametrize("name", METHODS)
def test_ends_are_quantiles(name):
    """An interval's ends are the quantiles that leave out as much below as above."""
    X, y = noise(300, horizon=2)
    model = clone(METHODS[name]).fit(X, y)

    both = model.predict_interval(X[:9], (0.9, 0.8))

    ends = model.predict_quantiles(X[:9], QUANTILES)
    np.testing.assert_array_equal(both[:, :, 0], ends[:, :, [0, -1]])
    np.testing.assert_array_equal(both[:, :, 1], ends[:, :, [1, -2]])
    assert (np.diff(ends, axis=2) >= 0).all()
    np.testing.assert_array_equal(model.predict_interval(X[:9], 0.8), both[:, :, 1])


@pytest.mark.parametrize("name", METHODS)
def test_scale_and_shift_carry_over(name):
    """Intervals of data in another unit are the intervals in that unit."""
    X, y = noise(300, horizon=2)
    model = clone(METHODS[name])
    for linear in (model.estimator, model.size):
        if linear is not None:
            linear.set_params(alpha=1e-9)

    plain = model.fit(X, y).predict_interval(X, 0.9)
    paths = model.sample_paths(X[:4], 5, random_state=0)
    other = X.replace(rows=1000 + 50 * X.rows)
    model.fit(other, 1000 + 50 * y)

    np.testing.assert_allclose(model.predict_interval(other, 0.9), 1000 + 50 * plain, rtol=1e-6)
    moved = model.sample_paths(other[:4], 5, random_state=0)
    np.testing.assert_allclose(moved, 1000 + 50 * paths, rtol=1e-6)


def test_calibrated_on_what_no_fit_had_seen():
    """The calibration's fit ends so long before its first origin that no target is known later."""
    X, y = noise(100, horizon=4)

    model = IntervalForecaster(Zero(), calibration_size=20).fit(X, y)

    np.testing.assert_array_equal(model.residuals_.which, np.arange(80, 100))
    np.testing.assert_array_equal(model.residuals_.values, y[80:])
    np.testing.assert_array_equal(model.leads_, [1, 2, 3, 4])
    assert model.estimator_.n_fitted_ == 100


class Counting(Zero):
    """Remembers how many windows each fit saw."""

    fits = ()

    def fit(self, X, y, sample_weight=None):
        type(self).fits += (len(X),)
        return super().fit(X, y)


def test_blocks_are_fitted_on_all_that_is_known():
    """Each block's fit sees all targets up to its first origin; the last one everything."""
    X, y = noise(100, horizon=4)
    Counting.fits = ()

    IntervalForecaster(Counting(), calibration_size=0.3, n_blocks=3).fit(X, y)

    assert Counting.fits == (67, 77, 87, 100)


def test_share_of_a_panel():
    """A share counts windows, the newest of all series."""
    X, y = make_windows([np.zeros(60), np.zeros(60), np.zeros(20)], 5)

    model = IntervalForecaster(Zero(), calibration_size=0.25).fit(X, y)

    left = X.bounds[X.series + 1] - X.ends
    assert np.unique(left[model.residuals_.which]).tolist() == list(range(2, 13))


def test_a_panel_that_shares_no_dates():
    """Calibrated are the newest windows of each series, as a warning says."""
    panel = [pd.DataFrame({"a": np.zeros(60)}, dates(year)) for year in (2000, 2010, 2020)]
    X, y = make_windows(panel, 5)

    with pytest.warns(UserWarning, match="^Only 1 of the 3 series has rows among the newest "):
        model = IntervalForecaster(Zero(), calibration_size=0.25).fit(X, y)

    left = X.bounds[X.series + 1] - X.ends
    assert np.unique(left[model.residuals_.which]).tolist() == list(range(2, 16))
    assert np.unique(model.residuals_.series).tolist() == [0, 1, 2]


def dates(year):
    return pd.date_range(f"{year}-01-01", periods=60)


def test_residuals_of_panels_are_in_their_window_s_deviation():
    """Small and large series have their own widths."""
    random = np.random.default_rng(0)
    X, y = make_windows([random.normal(size=90), 1e3 * random.normal(size=90)], 9)

    model = IntervalForecaster(NaiveForecaster("mean"), calibration_size=0.5).fit(X, y)

    width = np.ptp(model.predict_interval(X, 0.8), axis=1)
    deviation = np.asarray(X)[:, :, 0].std(axis=1)
    np.testing.assert_allclose(width / deviation, (width / deviation)[0])


def test_sizes_of_a_season():
    """A number as size counts in mean changes over so many rows."""
    random = np.random.default_rng(0)
    X, y = make_windows([random.normal(size=90), 1e3 * random.normal(size=90)], 9)

    model = IntervalForecaster(NaiveForecaster("mean"), calibration_size=0.5, size=4).fit(X, y)

    steps = np.asarray(X)[:, :, 0]
    change = np.abs(steps[:, 4:] - steps[:, :-4]).mean(axis=1)
    width = np.ptp(model.predict_interval(X, 0.8), axis=1)
    np.testing.assert_allclose(width / change, (width / change)[0])


@pytest.mark.parametrize("method", ["conformal", "normalized", "adaptive"])
@pytest.mark.parametrize("size", ["deviation", 4])
def test_a_size_counts_with_every_method(method, size):
    """Of one series too: intervals are as many times as wide as the size."""
    X, y = noise(300, length=9)

    model = IntervalForecaster(NaiveForecaster("mean"), method=method, size=size).fit(X, y)

    steps = np.asarray(X)[:, :, 0]
    sizes = {"deviation": steps.std(axis=1), 4: np.abs(steps[:, 4:] - steps[:, :-4]).mean(axis=1)}
    width = np.ptp(model.predict_interval(X, 0.8), axis=1)
    np.testing.assert_allclose(width / sizes[size], (width / sizes[size])[0])


def test_constant_windows_have_the_usual_size():
    """Where a window tells of no size, intervals are as wide as usual."""
    X, y = noise(200)
    model = IntervalForecaster(Zero(), method="normalized").fit(X, y)

    flat, empty = model.predict_interval(np.array([[[5.0]] * 3, [[np.nan]] * 3]))

    widths = np.ptp(model.predict_interval(X), axis=1)
    assert np.ptp(flat) == np.ptp(empty)
    assert np.quantile(widths, 0.4) < np.ptp(flat) < np.quantile(widths, 0.6)


def test_normalized_intervals_widen_where_errors_do():
    """Where the noise of a window is small, so are its intervals."""
    rows = np.random.default_rng(0).normal(size=2000) * np.repeat([1, 10] * 10, 100)
    X, y = make_windows(rows, 20)

    for size in (None, RNNRegressor("gru", 4, epochs=20, random_state=0)):
        model = IntervalForecaster(Zero(), method="normalized", size=size, calibration_size=0.5)
        width = np.ptp(model.fit(X, y).predict_interval(X), axis=1)
        assert np.median(width[1850:1880]) < 0.4 * np.median(width[1750:1780])


@pytest.mark.parametrize("method", ["conformal", "normalized", "adaptive"])
def test_rows_and_windows_agree(method):
    """A pipeline that makes the windows of rows gives the intervals of these windows."""
    frame = load_airline()[:120]
    y = frame["passengers"]
    pipe = make_pipeline(SlidingWindow(12), MultiOutputForecaster(LinearWindow(), 3))
    of_rows = IntervalForecaster(pipe, method=method, calibration_size=40).fit(frame, y)
    X, targets = make_windows(frame, 12, 3)
    of_windows = IntervalForecaster(LinearWindow(), method=method, calibration_size=38)
    of_windows.fit(X, targets)

    ends = of_rows.predict_interval(frame, 0.8)

    assert ends.shape == (120, 3, 2)
    # The newest two rows tell of the first leads alone.
    np.testing.assert_allclose(
        of_rows.residuals_.relative[:38], of_windows.residuals_.relative, rtol=1e-6
    )
    np.testing.assert_allclose(
        ends[12:118, 2], of_windows.predict_interval(X, 0.8)[:, 2], rtol=1e-6
    )


def test_the_future_of_rows():
    """Rows that do not exist yet have intervals."""
    frame = load_airline()
    pipe = make_pipeline(SlidingWindow(12, lead=6), LinearWindow())
    model = IntervalForecaster(pipe, calibration_size=40).fit(frame, frame["passengers"])

    ends = model.predict_interval(future_rows(frame, 6), 0.8)[-6:]

    assert np.isfinite(ends).all()
    assert (np.ptp(ends, axis=1) > 0).all()


def test_sample_weights_reach_the_estimator():
    """The calibration's fits get the weights of their samples, the last fit all of them."""
    X, y = noise(100)
    weights = np.arange(1.0, 101.0)

    model = IntervalForecaster(Zero()).fit(X, y, sample_weight=weights)

    np.testing.assert_array_equal(model.estimator_.weights_, weights)


def test_searched():
    """The estimator's parameters, and its own, are searched; the best is calibrated."""
    X, y = noise(200, horizon=2)
    grid = {"estimator__alpha": [0.1, 1e6], "method": ["conformal", "adaptive"]}

    search = GridSearchCV(
        IntervalForecaster(LinearWindow()), grid, cv=TimeSeriesSplit(2, gap=1)
    ).fit(X, y)

    assert search.best_estimator_.predict_interval(X[:3], 0.8).shape == (3, 2, 2)


def test_around_a_search():
    """A search inside is done anew for the calibration."""
    X, y = noise(200)
    search = GridSearchCV(LinearWindow(), {"alpha": [0.1, 10]}, cv=TimeSeriesSplit(2))

    model = IntervalForecaster(search).fit(X, y)

    assert model.estimator_.best_params_["alpha"] in (0.1, 10)
    assert np.isfinite(model.predict_interval(X)).all()


def test_backtested():
    """A backtest forecasts what the estimator does."""
    X, y = noise(300)

    with_intervals = backtest(IntervalForecaster(LinearWindow()), X, y, cv=3)

    plain = backtest(LinearWindow(), X, y, cv=3)
    pd.testing.assert_frame_equal(with_intervals.predictions, plain.predictions)


@pytest.mark.parametrize("name", METHODS)
def test_pickled(name):
    """A pickled one gives the same intervals."""
    X, y = noise(200)
    model = clone(METHODS[name]).fit(X, y)

    twin = pickle.loads(pickle.dumps(model))

    np.testing.assert_array_equal(twin.predict_interval(X), model.predict_interval(X))


def test_unknown_truths():
    """Targets that are unknown are no residuals."""
    X, y = noise(100, horizon=2)
    y[95:, 1] = np.nan
    y[90] = np.nan

    model = IntervalForecaster(Zero(), calibration_size=20).fit(X, y)

    assert 90 not in model.residuals_.which
    assert np.isnan(model.residuals_.values).sum() == 5
    assert np.isfinite(model.predict_interval(X, 0.8)).all()


def test_constant_series():
    """Forecasts that were always right have intervals without width, of every method."""
    X, y = make_windows(np.full(200, 7.0), 3, 2)

    for name in ("conformal", "normalized", "adaptive"):
        model = clone(METHODS[name]).set_params(estimator=NaiveForecaster()).fit(X, y)
        np.testing.assert_array_equal(model.predict_interval(X, 0.9), 7.0)
        np.testing.assert_array_equal(model.sample_paths(X[:2], 3), 7.0)


@pytest.mark.parametrize("name", METHODS)
def test_unfitted(name):
    """Before fit there is nothing to tell."""
    X, _ = noise(20)
    model = clone(METHODS[name])

    for call in (model.predict, model.predict_interval, model.sample_paths):
        with pytest.raises(NotFittedError):
            call(X)
    with pytest.raises(NotFittedError):
        model.predict_quantiles(X, 0.5)


@pytest.mark.parametrize(
    ("params", "message"),
    [
        ({"method": "cqr"}, "method must be one of 'conformal', 'normalized', 'quantile', 'adap"),
        ({"calibration_size": 1.5}, "calibration_size must be a share above 0 and below 1, or a"),
        ({"calibration_size": 40.0}, "or a whole number of origins, got 40.0"),
        ({"calibration_size": 0}, "calibration_size must be a positive whole number, got 0"),
        ({"calibration_size": 100}, "calibration_size=100 must be fewer than the 100 origins"),
        ({"calibration_size": 98}, "leaves nothing to fit on before the 98 newest of 100 origins"),
        ({"calibration_size": 3, "n_blocks": 4}, "n_blocks=4 blocks need as many origins"),
        ({"n_blocks": 0}, "n_blocks must be a positive whole number, got 0"),
        ({"method": "quantile"}, "and Zero learns none: use another method, or a network or li"),
        ({"method": "normalized", "size": 3}, "size=3 must be a season of rows within the window"),
        (
            {"method": "normalized", "size": "x"},
            'size must be "deviation", a whole number of rows, a reg',
        ),
        ({"size": LogisticRegression()}, "size must forecast numbers, got the classifier Logistic"),
        ({"estimator": DenseClassifier()}, "estimator must forecast numbers, got the classifier D"),
        ({"estimator": LinearWindow}, r"must be an estimator that predicts, got the class Lin"),
        ({"estimator": None}, "estimator must be an estimator that predicts, got None"),
        ({"method": "quantile", "size": 3}, 'size=3 has no part in method="quantile"'),
        ({"method": "normalized", "target": 3}, "target=3 is not a column: there are 1"),
    ],
    ids=str,
)
def test_bad_parameters(params, message):
    """What cannot be calibrated says so, with the remedy."""
    X, y = noise(100, horizon=4)

    with pytest.raises(ValueError, match=message):
        IntervalForecaster(Zero()).set_params(**params).fit(X, y)


def test_arrays_of_several_columns_do_not_tell_the_target():
    """Sizes of another column's would be as wrong as silent."""
    rng = np.random.default_rng(0)
    frame = pd.DataFrame(rng.normal(size=(300, 2)) * [9, 1], columns=["other", "y"])
    X, y = make_windows(frame, 8, target="y")
    model = IntervalForecaster(LinearWindow(), method="normalized")

    assert model.fit(X, y).sizes_.column == 1
    with pytest.raises(ValueError, match="X has no column with y's values: name it"):
        model.fit(np.asarray(X), y)
    assert clone(model).set_params(target=1).fit(np.asarray(X), y).sizes_.column == 1


def test_rows_as_windows_are_told_how_to_come():
    """What makes windows of rows stands inside, where a pipeline has no intervals."""
    frame = load_airline()

    with pytest.warns(
        UserWarning, match=r"IntervalForecaster\(make_pipeline\(SlidingWindow\(\), …"
    ):
        IntervalForecaster(LinearWindow()).fit(frame, frame["passengers"])


def test_bad_questions():
    """A coverage of 1, another horizon, and a level that was not learned, are errors."""
    X, y = noise(200, horizon=2)
    model = IntervalForecaster(Zero()).fit(X, y)
    learned = IntervalForecaster(Zero((0.1, 0.9)), method="quantile").fit(X, y)

    with pytest.raises(ValueError, match="coverage must be above 0 and below 1"):
        model.predict_interval(X, 1)
    with pytest.raises(ValueError, match="quantiles must be above 0 and below 1"):
        model.predict_quantiles(X, [0, 0.5])
    with pytest.raises(ValueError, match="leads that were calibrated, 1, 2, got windows for 1 to"):
        model.predict_interval(X.replace(leads=(1, 2, 3)))
    with pytest.raises(ValueError, match="must be among the learned ones, 0.1, 0.9, got 0.05"):
        learned.predict_interval(X, 0.9)
    with pytest.raises(AttributeError, match="has no attribute 'update'"):
        model.update(X, y)


def test_leads_that_y_does_not_have():
    """Inside a pipeline on rows y has the first lead alone; around it the rows have all."""
    frame = load_airline()
    many = MultiOutputForecaster(LinearWindow(), 3)
    inside = make_pipeline(SlidingWindow(12), IntervalForecaster(many))

    with pytest.raises(ValueError, match="put IntervalForecaster around the whole pipeline"):
        inside.fit(frame, frame["passengers"])


def test_a_target_that_no_column_has():
    """Local sizes are those of the target's past: a target that is nowhere must be named."""
    X, y = noise(200)
    model = IntervalForecaster(LinearWindow(), method="normalized")

    with pytest.raises(ValueError, match=r"X has no column with y's values: name it \(target=\)"):
        model.fit(X, y**2)

    assert np.isfinite(model.set_params(target=0).fit(X, y**2).predict_interval(X)).all()


def test_transformed_targets_keep_their_quantiles():
    """Quantiles that a wrapper undoes are corrected in the unit of y."""
    X, y = noise(400)
    inner = TransformedWindowRegressor(LinearWindow(quantiles=(0.1, 0.5, 0.9)), WindowScaler())

    ends = IntervalForecaster(inner, method="quantile").fit(X, y).predict_interval(X, 0.8)

    assert 0.7 < np.mean((ends[:, 0] <= y) & (y <= ends[:, 1])) < 0.9
