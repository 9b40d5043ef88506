"""Sequence targets and the decoder with what every network can do."""

import pickle

import numpy as np
import pandas as pd
import pytest
from sklearn.model_selection import GridSearchCV, TimeSeriesSplit
from sklearn.pipeline import make_pipeline

from skrnn import (
    CalendarFeatures,
    Differencer,
    MultiOutputForecaster,
    RecursiveForecaster,
    RNNRegressor,
    SeriesScaler,
    SlidingWindow,
    TransformedWindowRegressor,
    future_rows,
    make_windows,
)

KINDS = pytest.mark.parametrize(
    "kind", [{"sequence_targets": True}, {"decoder": "recurrent"}], ids=str
)
EXACT = {"dtype": "float64", "batch_size": 500, "optimizer": "sgd"}


def network(kind, **params):
    return RNNRegressor("simple", 4, **{"epochs": 2, "random_state": 0, **kind, **params})


def frame(n=90):
    rows = np.random.default_rng(0).normal(size=(n, 2)).cumsum(axis=0)
    return pd.DataFrame(rows, pd.date_range("2024-01-01", periods=n, freq="h"), ["load", "price"])


def windows(horizon=3):
    return make_windows(frame(), 5, horizon, target="load", known_ahead="price")


@KINDS
def test_warm_start_goes_on(kind):
    """Two fits of two epochs have the losses of four, and fall on."""
    X, y = windows()
    model = network(kind, warm_start=True)

    first = model.fit(X, y).history_["loss"]
    both = model.fit(X, y).history_["loss"]

    assert both[:2] == first
    assert both[2] < first[0]


@KINDS
def test_partial_fit_goes_on(kind):
    """Each call adds an epoch, also on part of the windows with unknown targets."""
    X, y = windows()
    y[5, 1] = np.nan
    model = network(kind)

    losses = [
        model.partial_fit(X[part], y[part]).history_["loss"] for part in (slice(None), slice(20))
    ]

    assert [len(loss) for loss in losses] == [1, 2]
    assert np.isfinite(losses[1]).all()


@KINDS
def test_weights_count_as_copies(kind):
    """A sample of weight 2 counts as the sample twice, one of weight 0 as none."""
    X, y = windows()
    weights = np.arange(len(X)) % 3
    copies = np.repeat(np.arange(len(X)), weights)

    weighted = network(kind, **EXACT).fit(X, y, sample_weight=weights)
    copied = network(kind, **EXACT).fit(X[copies], y[copies])

    np.testing.assert_allclose(weighted.predict(X), copied.predict(X), rtol=1e-9)


@KINDS
def test_validation_data(kind):
    """The validation loss is the error of what predict gives."""
    X, y = windows()
    model = network(kind, normalize_y=False, epochs=1, dtype="float64")

    model.fit(X[:60], y[:60], validation_data=(X[62:], y[62:]))

    error = np.mean((model.predict(X[62:]) - y[62:]) ** 2)
    assert model.history_["val_loss"] == pytest.approx([error])


@KINDS
def test_early_stopping_keeps_the_best(kind):
    """The weights are those of the epoch with the lowest validation loss."""
    X, y = windows()
    options = {"normalize_y": False, "dtype": "float64", "learning_rate": 0.05}

    model = network(
        kind, early_stopping=True, patience=2, validation_fraction=0.2, epochs=8, **options
    ).fit(X, y)

    n_newest = int(np.ceil(0.2 * len(X)))
    error = np.mean((model.predict(X[-n_newest:]) - y[-n_newest:]) ** 2)
    assert min(model.history_["val_loss"]) == pytest.approx(error)


@KINDS
def test_unknown_targets_are_left_out(kind):
    """A sample with an unknown target is no sample."""
    X, y = windows()
    unknown = np.isin(np.arange(len(X)), [5, 30, 31])
    y[unknown, 1] = np.nan

    one, two = (network(kind, **EXACT).fit(X[which], y[which]) for which in (slice(None), ~unknown))

    np.testing.assert_array_equal(one.predict(X), two.predict(X))


@KINDS
def test_one_output_with_and_without_its_axis(kind):
    """y (n,) and (n, 1) learn the same."""
    X, y = windows(1)

    flat, column = (network(kind).fit(X, targets).predict(X) for targets in (y, y[:, None]))

    assert column.shape == (len(X), 1)
    np.testing.assert_array_equal(column[:, 0], flat)


@KINDS
def test_double_precision(kind):
    """Weights and forecasts are calculated in it."""
    X, y = windows()

    model, single = (network(kind, dtype=dtype).fit(X, y) for dtype in ("float64", "float32"))
    single.weights_, single.y_offset_, single.y_scale_ = (
        model.weights_,
        model.y_offset_,
        model.y_scale_,
    )

    assert {weight.dtype for weight in model.weights_} == {np.dtype("float64")}
    np.testing.assert_allclose(model.predict(X), single.predict(X), rtol=1e-3, atol=1e-4)


@KINDS
def test_pickle(kind):
    """A pickled network forecasts the same, and goes on training the same."""
    X, y = windows()
    model = network(kind, warm_start=True).fit(X, y)

    twin = pickle.loads(pickle.dumps(model))

    np.testing.assert_array_equal(twin.predict(X), model.predict(X))
    np.testing.assert_array_equal(twin.fit(X, y).predict(X), model.fit(X, y).predict(X))


@KINDS
def test_in_a_search(kind):
    """A search over the parameter itself fits each kind."""
    X, y = windows()
    (name,) = kind
    grid = {f"rnnregressor__{name}": [RNNRegressor().get_params()[name], kind[name]]}

    search = GridSearchCV(
        make_pipeline(SeriesScaler(), network({})), grid, cv=TimeSeriesSplit(2, gap=2)
    ).fit(X, y)

    scores = search.cv_results_["mean_test_score"]
    assert np.isfinite(scores).all()
    assert scores[0] != scores[1]


@KINDS
def test_differences_rows_in(kind):
    """Rows in, differenced against the window, with a calendar known ahead: a line that goes on."""
    index = pd.date_range("2024-01-01", periods=120, freq="h")
    line = pd.DataFrame({"load": 1000 + 5.0 * np.arange(120)}, index)
    inner = TransformedWindowRegressor(network(kind), Differencer(1, columns="load"), target="load")
    pipe = make_pipeline(
        CalendarFeatures("hour"),
        SlidingWindow(6, known_ahead=["hour_sin", "hour_cos"]),
        MultiOutputForecaster(inner, 4),
    ).fit(line, line["load"])

    ahead = pipe.predict(future_rows(line, 4))[120]

    # Training targets are constant, and no more than a little training leaves the network about one
    # off.
    np.testing.assert_allclose(ahead, 1600 + 5.0 * np.arange(4), atol=4)


@pytest.mark.parametrize(
    "kind", [{}, {"sequence_targets": True}, {"decoder": "recurrent"}], ids=str
)
def test_one_step_of_a_recursion(kind):
    """What is known ahead is read by the model of one step as it was in its training."""
    X, y = windows(1)

    recursion = RecursiveForecaster(network(kind)).fit(X, y)

    np.testing.assert_allclose(recursion.predict(X), network(kind).fit(X, y).predict(X), rtol=1e-5)


def test_strategies_inside_a_relative_target_are_refused():
    """What makes many leads of one goes outside, and the error says so."""
    data = frame()
    inner = MultiOutputForecaster(network({}), 3)
    pipe = make_pipeline(SlidingWindow(5), TransformedWindowRegressor(inner, Differencer(1)))

    with pytest.raises(ValueError, match="put what makes many leads of one outside"):
        pipe.fit(data, data["load"]).predict(data)
