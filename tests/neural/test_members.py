"""Several networks from different seeds, trained side by side."""

import pickle
import signal
import threading

import numpy as np
import pytest
from joblib import parallel_config
from sklearn.base import clone
from threadpoolctl import threadpool_limits

from skrnn import DenseRegressor, RNNClassifier, RNNRegressor, make_windows
from skrnn.neural.fused import threads

pytestmark = pytest.mark.usefixtures("eager")


def data(n=120, horizon=1):
    """Windows of a random walk, and what comes next."""
    rows = np.random.default_rng(0).normal(size=(n, 2)).cumsum(axis=0)
    return make_windows(rows, 6, horizon, target=0)


def network(**params):
    small = {"epochs": 3, "random_state": 5, "n_estimators": 4}
    return RNNRegressor("gru", 4, **{**small, **params})


@pytest.mark.parametrize("engine", ["fused", "keras"])
def test_a_member_is_a_network_of_its_seed(engine):
    """To the bit, and the forecast is the median of all."""
    X, y = data()
    model = network(engine=engine, n_estimators=2 if engine == "keras" else 4).fit(X, y)

    alone = [
        network(engine=engine, n_estimators=1, random_state=seed).fit(X, y)
        for seed in model.seeds_.tolist()
    ]

    for member, other in zip(model.estimators_, alone, strict=True):
        np.testing.assert_array_equal(member.predict(X), other.predict(X))
    expected = np.median([other.predict(X) for other in alone], axis=0)
    np.testing.assert_allclose(model.predict(X), expected, rtol=1e-12)


def test_members_differ():
    """Each has a seed of its own."""
    X, y = data()
    forecasts = [member.predict(X) for member in network().fit(X, y).estimators_]

    assert np.ptp(forecasts, axis=0).min() > 0


@pytest.mark.parametrize("limit", [1, 2])
def test_numbers_are_those_of_any_number_of_threads(limit):
    """Side by side or one after the other."""
    X, y = data()
    expected = network().fit(X, y).predict(X)

    with threadpool_limits(limit, user_api="blas"):
        found = network().fit(X, y).predict(X)
    with parallel_config("threading", n_jobs=limit):
        again = network().fit(X, y).predict(X)

    np.testing.assert_array_equal(found, expected)
    np.testing.assert_array_equal(again, expected)


def test_a_member_has_one_thread():
    """The others have theirs."""
    before = threads.allowed_threads()
    allowed = []

    threads.together(2, lambda thread, shared: allowed.append(threads.allowed_threads()))

    assert allowed == [1, 1]
    assert threads.allowed_threads() == before


def test_quantiles_are_medians_of_each():
    """So that they do not cross."""
    X, y = data(horizon=3)
    model = network(quantiles=(0.1, 0.5, 0.9)).fit(X, y)

    quantiles = model.predict_quantiles(X)

    each = [member.predict_quantiles(X) for member in model.estimators_]
    np.testing.assert_allclose(quantiles, np.median(each, axis=0), rtol=1e-12)
    assert (np.diff(quantiles, axis=2) >= 0).all()


def test_probabilities_are_means():
    """Of the members', and the likeliest class is that of the mean."""
    X, y = data()
    model = RNNClassifier("gru", 4, epochs=3, n_estimators=3, random_state=0).fit(X, y > 0)

    probabilities = model.predict_proba(X)

    each = [member.predict_proba(X) for member in model.estimators_]
    np.testing.assert_allclose(probabilities, np.mean(each, axis=0))
    np.testing.assert_allclose(np.exp(model.predict_log_proba(X)), probabilities)
    np.testing.assert_array_equal(model.predict(X), probabilities[:, 1] > 0.5)


def test_each_stops_by_itself():
    """On its own validation loss; the history is the mean of those that go on."""
    X, y = data()
    params = {"epochs": 60, "early_stopping": True, "patience": 2, "learning_rate": 0.05}
    model = network(**params).fit(X, y)

    lengths = [len(member.history_["val_loss"]) for member in model.estimators_]
    assert len(set(lengths)) > 1
    assert len(model.history_["val_loss"]) == max(lengths)
    first = [member.history_["loss"][0] for member in model.estimators_]
    assert model.history_["loss"][0] == pytest.approx(np.mean(first))


def test_training_goes_on_with_all():
    """Four times ``partial_fit`` are a ``fit`` of four epochs, and so is a warm start of three."""
    X, y = data()
    steady = {"learning_rate_schedule": "constant"}
    once = network(epochs=4, **steady).fit(X, y)

    model = network(**steady)
    for _ in range(4):
        model.partial_fit(X, y)
    warm = network(epochs=1, warm_start=True, **steady).fit(X, y).set_params(epochs=3).fit(X, y)

    np.testing.assert_allclose(model.predict(X), once.predict(X), rtol=1e-6)
    np.testing.assert_allclose(warm.predict(X), once.predict(X), rtol=1e-6)
    with pytest.raises(ValueError, match="can only go on with the 4 networks"):
        model.set_params(n_estimators=3).partial_fit(X, y)


def test_classes_that_come_later():
    """They are named to all members."""
    X, y = data()
    model = RNNClassifier("gru", 4, n_estimators=2, random_state=0)

    model.partial_fit(X[:5], ["a"] * 5, classes=["a", "b"]).partial_fit(X, ["b"] * len(y))

    assert model.classes_.tolist() == ["a", "b"]


def test_a_failed_fit_changes_nothing():
    """Nor any member."""
    X, y = data()
    model = network().fit(X, y)
    before = model.predict(X)

    with pytest.raises(ValueError, match="units"):
        model.set_params(units=0).fit(X, y)

    np.testing.assert_array_equal(model.set_params(units=4).predict(X), before)


@pytest.mark.parametrize("engine", ["fused", "fused, one thread", "keras"])
def test_ctrl_c_ends_all(engine, monkeypatch, eager):
    """And no thread goes on behind it."""
    engine, _, alone = engine.partition(", ")
    if alone:
        monkeypatch.setattr(threads, "allowed_threads", lambda: 1)
    X, y = data(2000)
    model = network(epochs=100_000, n_estimators=8, engine=engine)
    timer = threading.Timer(1.0, signal.raise_signal, [signal.SIGINT])
    # What runs in the background is often started without it.
    handler = signal.signal(signal.SIGINT, signal.default_int_handler)

    try:
        timer.start()
        with pytest.raises(KeyboardInterrupt):
            model.fit(X, y)
    finally:
        signal.signal(signal.SIGINT, handler)

    assert not [thread for thread in threading.enumerate() if thread.name.startswith("skrnn")]
    assert not hasattr(model, "estimators_")


def test_one_network_after_several():
    """Leaves nothing of them."""
    X, y = data()
    model = network().fit(X, y)

    model.set_params(n_estimators=1).fit(X, y)

    assert not hasattr(model, "estimators_")
    np.testing.assert_array_equal(model.predict(X), clone(model).fit(X, y).predict(X))


def test_keras_models():
    """A list of one for each member."""
    X, y = data()
    model = DenseRegressor(4, epochs=1, n_estimators=2, random_state=0).fit(X, y)

    forecasts = [np.asarray(keras(np.asarray(X)))[:, 0] for keras in model.keras_model()]

    np.testing.assert_allclose(np.median(forecasts, axis=0), model.predict(X), rtol=1e-4)


def test_sequences_and_unknown_windows():
    """Are forecast as one network forecasts them."""
    X = [np.random.default_rng(i).normal(size=(3 + i % 5, 1)) for i in range(40)]
    y = np.array([x.sum() for x in X])
    model = network().fit(X, y)

    assert model.predict([np.full((2, 1), np.nan)])[0] == pytest.approx(y.mean())
    np.testing.assert_allclose(model.predict(X)[3], model.predict([X[3]])[0], rtol=1e-6)


def test_pickle_and_names():
    """All members, and the names of columns."""
    X, y = data()
    model = network().fit(X.replace(feature_names=("a", "b")), y)

    twin = pickle.loads(pickle.dumps(model))

    np.testing.assert_array_equal(twin.predict(X), model.predict(X))
    assert model.feature_names_in_.tolist() == ["a", "b"]
    with pytest.raises(ValueError, match="must have the columns"):
        model.predict(X.replace(feature_names=("b", "a")))


@pytest.mark.parametrize("n_estimators", [0, 1.5, "two"])
def test_a_number_of_networks(n_estimators):
    """Is a positive whole number."""
    with pytest.raises(ValueError, match="n_estimators must be a positive whole number"):
        network(n_estimators=n_estimators).fit(*data())


def test_members_keep_nothing_of_who_fits_them():
    """A Pipeline leaves things in an estimator for as long as it fits it."""
    model = network()
    model._of_whoever_fits = object()
    model.fit(*data())

    assert not any(hasattr(member, "_of_whoever_fits") for member in model.estimators_)
