"""Training that goes on, fails, diverges or is interrupted."""

import warnings

import numpy as np
import pytest
from sklearn.exceptions import NotFittedError
from sklearn.model_selection import GridSearchCV, TimeSeriesSplit

from skrnn import ConvRegressor, DenseRegressor, LinearWindow, RNNRegressor, make_windows
from skrnn.evaluation import backtest
from skrnn.forecasters.base import finite_forecasts
from skrnn.neural.training import Course

ENGINES = ("fused", "keras")


def data(n=60):
    """Windows of a wave with noise, and the row behind each."""
    noise = np.random.default_rng(0).normal(scale=0.1, size=n)
    return make_windows(np.sin(np.arange(float(n))) + noise, 8)


def small(engine="fused", **params):
    """A network with dropouts, which depend on what is drawn."""
    steady = {"learning_rate_schedule": "constant", "dropout": 0.5, "batch_size": 16}
    return RNNRegressor("gru", 4, **{**steady, "random_state": 0, "engine": engine, **params})


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("rate", [1e-12, 0.01])
def test_epochs_one_by_one_are_as_many_at_once(engine, rate):
    """Four calls of partial_fit draw the orders and masks of a fit of four epochs."""
    X, y = data()
    whole = small(engine, epochs=4, learning_rate=rate).fit(X, y)

    single = small(engine, learning_rate=rate)
    for _ in range(4):
        single.partial_fit(X, y)

    assert single.history_["loss"] == pytest.approx(whole.history_["loss"], rel=1e-6)
    for ours, theirs in zip(single.weights_, whole.weights_, strict=True):
        np.testing.assert_allclose(ours, theirs, rtol=1e-6, atol=1e-8)


@pytest.mark.parametrize("engine", ENGINES)
def test_a_warm_start_draws_what_one_fit_would_have_drawn(engine):
    """Two fits of two epochs with warm_start are one of four."""
    X, y = data()
    whole = small(engine, epochs=4).fit(X, y)

    halves = small(engine, epochs=2, warm_start=True).fit(X, y).fit(X, y)

    assert halves.history_["loss"] == pytest.approx(whole.history_["loss"], rel=1e-6)


def test_continued_epochs_do_not_repeat_themselves():
    """At a rate of nothing, losses differ by what is left out alone: no two are the same."""
    X, y = data()
    model = small(learning_rate=1e-12)

    for _ in range(4):
        model.partial_fit(X, y)

    assert len(set(model.history_["loss"])) == 4


def test_other_data_go_on_in_an_order_of_their_own():
    """What is left of training goes on with more samples than before."""
    X, y = data()

    model = small().partial_fit(X[:30], y[:30]).partial_fit(X, y)

    assert len(model.history_["loss"]) == 2


@pytest.mark.parametrize(
    "change",
    [
        {"units": 2, "loss": "typo"},
        {"optimizer": "typo"},
        {"units": 0},
        {"epochs": 0},
        {"activation": "typo"},
    ],
)
def test_a_failed_refit_leaves_the_model_as_it_was(change):
    """What a fit would have changed stays when it raises."""
    X, y = data()
    model = RNNRegressor("lstm", 64, epochs=1, random_state=0).fit(X, y)
    before = model.predict(X)

    with pytest.raises(ValueError, match=".+"):
        model.set_params(**change).fit(X, y)

    np.testing.assert_array_equal(model.predict(X), before)


@pytest.mark.parametrize(
    "model",
    [RNNRegressor(loss="typo"), DenseRegressor(0), ConvRegressor(kernel_size=0), LinearWindow(-1)],
    ids=repr,
)
def test_a_failed_first_fit_leaves_nothing(model):
    """The estimator is not fitted then, and says so."""
    X, y = data()
    with pytest.raises(ValueError, match=".+"):
        model.fit(X, y)

    with pytest.raises(NotFittedError):
        model.predict(X)


@pytest.mark.parametrize("engine", ENGINES)
def test_training_that_diverges_at_once_raises(engine):
    """Nothing finite was learned: an error says what to change."""
    X, y = data()
    model = small(engine, optimizer="sgd", learning_rate=1e30, activation="relu")

    with pytest.raises(ValueError, match="became infinite in its first epoch.*learning_rate"):
        model.fit(X, y)


@pytest.mark.parametrize("engine", ENGINES)
def test_training_that_diverges_goes_back(engine):
    """The best weights are kept, and a warning says so."""
    X, y = data()
    model = small(engine, epochs=1).fit(X, y)
    before = model.predict(X)

    model.set_params(optimizer="sgd", learning_rate=1e30, warm_start=True, epochs=3)
    with pytest.warns(UserWarning, match="became infinite.* after 0 of 3 epochs"):
        model.fit(X, y)

    np.testing.assert_array_equal(model.predict(X), before)


def test_forecasts_that_became_infinite_are_the_mean():
    """Predictions are finite, and a warning says which are not the model's own."""
    values = np.array([[1.0, np.inf], [3.0, 4.0], [np.nan, 6.0]])

    with pytest.warns(UserWarning, match="2 of 3 forecasts became infinite, the first for sample"):
        forecasts = finite_forecasts(values, np.array([10.0, 20.0]))

    np.testing.assert_array_equal(forecasts, [[1, 20], [3, 4], [10, 6]])


def interrupting(monkeypatch, engine):
    """Have the second epoch of every training interrupted."""
    begin = Course.begin

    def pressed(course):
        if course.epoch == 1:
            raise KeyboardInterrupt
        begin(course)

    monkeypatch.setattr(Course, "begin", pressed)


@pytest.mark.parametrize("engine", ENGINES)
def test_an_interrupted_fit_keeps_what_it_has_learned(monkeypatch, engine):
    """Ctrl-C in a single fit is graceful."""
    X, y = data()
    interrupting(monkeypatch, engine)

    with pytest.warns(UserWarning, match="interrupted after 1 of 4 epochs"):
        model = small(engine, epochs=4).fit(X, y)

    assert np.isfinite(model.predict(X)).all()


@pytest.mark.parametrize("engine", ENGINES)
def test_an_interrupt_stops_a_search(monkeypatch, engine):
    """A half-trained candidate does not count: Ctrl-C in a search ends the search."""
    X, y = data()
    interrupting(monkeypatch, engine)
    search = GridSearchCV(small(engine, epochs=4), {"units": [2, 3]}, cv=TimeSeriesSplit(2))

    with pytest.raises(KeyboardInterrupt):
        search.fit(X, y)


def test_an_interrupt_stops_a_backtest(monkeypatch):
    """Ctrl-C in a fold's fit ends the backtest."""
    X, y = data()
    interrupting(monkeypatch, "fused")

    with pytest.raises(KeyboardInterrupt):
        backtest(small(epochs=4), X, y, cv=TimeSeriesSplit(2))


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("normalize_y", [True, False])
def test_the_keras_model_predicts_what_predict_does(engine, normalize_y):
    """Its last layer gives targets in their own unit."""
    X, y = data()
    model = small(engine, epochs=2, normalize_y=normalize_y).fit(X, 100 + 10 * y)

    keras = model.keras_model()

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        forecast = keras.predict(np.asarray(X), verbose=0)
    np.testing.assert_allclose(forecast[:, 0], model.predict(X), rtol=1e-5, atol=1e-6)


def test_a_loss_that_explodes():
    """Training stops long before it is infinite, and keeps the weights of its best epoch."""
    X, y = data()
    grows = {"activation": "linear", "optimizer": "sgd", "batch_size": 256, "random_state": 0}
    model = DenseRegressor(16, learning_rate=1.0, epochs=60, **grows)
    best = DenseRegressor(16, learning_rate=1.0, epochs=1, **grows).fit(X, y)

    with pytest.warns(UserWarning, match="far worse than it began, after .* of 60 epochs"):
        model.fit(X, y)

    assert max(model.history_["loss"]) <= 1000 * model.history_["loss"][0]
    np.testing.assert_array_equal(model.predict(X), best.predict(X))


@pytest.mark.parametrize(("before", "now"), [(1, 2), (2, 1), (2, 3)])
def test_training_goes_on_with_as_many_networks(before, now):
    """Whatever was learned is never thrown away without a word."""
    X, y = data()
    networks = "one network" if before == 1 else "2 networks"
    model = DenseRegressor(4, epochs=1, random_state=0, warm_start=True, n_estimators=before)
    model.fit(X, y).set_params(n_estimators=now)

    for train in (model.fit, model.partial_fit):
        with pytest.raises(
            ValueError, match=f"only go on with the {networks} .* got n_estimators={now}$"
        ):
            train(X, y)


@pytest.mark.parametrize(
    ("change", "named"),
    [
        ({"dropout": 0.1}, "dropout"),
        ({"units": 5}, "units"),
        ({"units": (4, 4)}, "its layers"),
        ({"dtype": "float64", "units": 5}, "dtype and units"),
    ],
)
def test_what_changed_since_is_named(change, named):
    X, y = data()
    model = small(epochs=1, warm_start=True).fit(X, y).set_params(**change)

    with pytest.raises(ValueError, match=f"but {named} changed since"):
        model.fit(X, y)


@pytest.mark.parametrize("decay", [0.1, 1])
def test_the_rate_of_partial_fit_stays(decay):
    """It has no end to fall to, whatever a whole fit would leave of the rate."""
    X, y = data()
    schedule = {"learning_rate_schedule": "exponential", "random_state": 0}

    plain = DenseRegressor(4, **schedule).partial_fit(X, y)
    model = DenseRegressor(4, **schedule, learning_rate_decay=decay).partial_fit(X, y)

    assert model.training_ == plain.training_
    np.testing.assert_array_equal(model.predict(X), plain.predict(X))


@pytest.mark.parametrize(
    ("schedule", "decay", "message"),
    [
        ("cosine", -1, "must be at least 0 and at most 1, got -1"),
        ("exponential", 0, "must be above 0 and at most 1, got 0"),
        ("exponential", 2, "must be above 0 and at most 1, got 2"),
    ],
)
def test_what_is_left_of_the_rate_is_a_share(schedule, decay, message):
    model = DenseRegressor(4, learning_rate_schedule=schedule, learning_rate_decay=decay)

    with pytest.raises(ValueError, match=f"^learning_rate_decay {message}$"):
        model.fit(*data())


@pytest.mark.parametrize(
    ("model", "name"),
    [
        (RNNRegressor, "bidirectional"),
        (RNNRegressor, "go_backwards"),
        (ConvRegressor, "batch_norm"),
        (DenseRegressor, "early_stopping"),
        (DenseRegressor, "normalize_y"),
        (DenseRegressor, "warm_start"),
    ],
)
@pytest.mark.parametrize("value", ["no", 0, np.nan, None])
def test_flags_are_true_or_false(model, name, value):
    """What is neither is no silent yes."""
    with pytest.raises(ValueError, match=f"^{name} must be True or False, got {value!r}$"):
        model(epochs=1, **{name: value}).fit(*data())


def test_other_quantiles_are_not_what_was_learned():
    """As many of other levels would be told by the names of those before."""
    X, y = data()
    model = DenseRegressor(4, epochs=1, quantiles=(0.1, 0.5, 0.9), random_state=0).fit(X, y)
    model.set_params(quantiles=(0.2, 0.5, 0.8))

    with pytest.raises(ValueError, match="but quantiles changed since"):
        model.partial_fit(X, y)


@pytest.mark.parametrize("engine", ENGINES)
def test_the_optimizer_is_that_of_the_best_epoch(engine):
    """What early stopping goes back to is what a fit that ended there would have left."""
    X, y = data()
    X_new, y_new = make_windows(np.random.default_rng(1).normal(size=40), 8)
    common = {"random_state": 0, "learning_rate": 0.05, "learning_rate_schedule": "constant"}
    stopped = DenseRegressor(
        4, epochs=60, early_stopping=True, patience=3, engine=engine, **common
    ).fit(X, y, validation_data=(X_new, y_new))
    best = int(np.argmin(stopped.history_["val_loss"])) + 1
    assert best < len(stopped.history_["loss"])

    ended = DenseRegressor(4, epochs=best, engine=engine, **common).fit(X, y)

    for ours, theirs in zip(
        stopped.trained_.optimizer_state, ended.trained_.optimizer_state, strict=True
    ):
        np.testing.assert_allclose(ours, theirs, rtol=1e-4, atol=1e-6)


def test_validation_takes_a_weight():
    X, y = data()
    weights = np.eye(9)[0]
    X = np.asarray(X)
    X[0, 0] = np.nan

    with pytest.raises(ValueError, match="validation_data has no .* and a weight above 0"):
        DenseRegressor(4, epochs=1).fit(X, y, validation_data=(X[:9], y[:9], weights))
