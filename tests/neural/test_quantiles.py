"""Networks that learn quantiles."""

import numpy as np
import pytest
from sklearn.model_selection import GridSearchCV, TimeSeriesSplit

from skrnn import ConvRegressor, DenseRegressor, RNNRegressor, make_windows
from tests import oracles

pytestmark = pytest.mark.usefixtures("eager")

ENGINES = ("fused", "keras")
LEVELS = (0.1, 0.5, 0.9)


def data(n=200, horizon=1, seed=0):
    """Windows of noise whose spread follows the column beside it, and the rows behind each."""
    rng = np.random.default_rng(seed)
    spread = np.repeat(rng.choice([0.5, 2.0], size=-(-n // 20)), 20)[:n]
    rows = np.stack([spread * rng.normal(size=n) + 5, spread], axis=1)
    return make_windows(rows, 4, horizon, target=0)


def small(kind=DenseRegressor, **params):
    """A network of three quantiles."""
    common = {"quantiles": LEVELS, "epochs": 2, "random_state": 0, "learning_rate": 0.01}
    return kind(**{**common, **params})


KINDS = {
    "dense": DenseRegressor(8),
    "conv": ConvRegressor(4),
    "gru": RNNRegressor("gru", 4),
    "sequence": RNNRegressor("simple", 4, sequence_targets=True),
    "decoder": RNNRegressor("lstm", 3, decoder="recurrent", dense_units=3),
}


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("horizon", [1, 3])
def test_shapes_and_order(kind, engine, horizon):
    """Quantiles have an axis of their own, the last, and never fall along it."""
    X, y = data(60, horizon)
    model = KINDS[kind].set_params(quantiles=LEVELS, engine=engine, epochs=1, random_state=0)

    values = model.fit(X, y).predict_quantiles(X)

    assert values.shape == (*y.shape, 3)
    assert (np.diff(values) >= 0).all()
    np.testing.assert_array_equal(model.predict(X), values[..., 1])
    assert model.predict(X).shape == y.shape


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("horizon", [1, 3])
def test_both_engines_learn_the_same(kind, horizon):
    """An epoch from the same weights has the same loss, and ends with the same weights."""
    X, y = data(50, horizon)
    weights = np.random.default_rng(0).uniform(0.5, 2, size=len(X))
    model = KINDS[kind].set_params(
        quantiles=LEVELS,
        dtype="float64",
        batch_size=16,
        epochs=1,
        learning_rate=0.001,
        random_state=0,
    )
    first = model.set_params(engine="fused", warm_start=False).fit(X, y, weights)
    state = first.trained_

    ends = []
    for engine in ENGINES:
        other = type(first)(**first.get_params()).set_params(engine=engine, warm_start=True)
        vars(other).update({k: v for k, v in vars(first).items() if k.endswith("_")})
        other.trained_ = state
        ends.append(other.fit(X, y, weights))

    ours, theirs = ends
    assert ours.history_["loss"] == pytest.approx(theirs.history_["loss"], rel=1e-6)
    for one, two in zip(ours.weights_, theirs.weights_, strict=True):
        np.testing.assert_allclose(one, two, rtol=1e-5, atol=1e-7)


@pytest.mark.parametrize("engine", ENGINES)
def test_the_loss_is_the_pinball_loss(engine):
    """What training says of itself is the mean of all quantiles' losses, in the scaled unit."""
    X, y = data(60)
    model = small(
        engine=engine, dtype="float64", epochs=1, learning_rate=1e-12, batch_size=100
    ).fit(X, y)

    scaled = (y - model.y_offset_) / model.y_scale_
    values = (model.predict_quantiles(X) - model.y_offset_) / model.y_scale_

    assert model.history_["loss"][0] == pytest.approx(oracles.pinball(scaled, values, LEVELS))


def test_they_cover_what_they_promise():
    """Between the outer quantiles lie 80 % of the truths, where the spread is known."""
    X, y = data(4000)
    model = small(units=16, epochs=30).fit(X[:3000], y[:3000])

    low, _, high = model.predict_quantiles(X[3000:]).T

    assert np.mean((y[3000:] >= low) & (y[3000:] <= high)) == pytest.approx(0.8, abs=0.06)
    spread = np.asarray(X[3000:])[:, -1, 1]
    assert (high - low)[spread == 2].mean() > 2 * (high - low)[spread == 0.5].mean()


def test_some_of_the_learned_can_be_asked_for():
    """In the order in which they are asked for."""
    X, y = data(60)
    model = small().fit(X, y)

    some = model.predict_quantiles(X, (0.9, 0.1))

    np.testing.assert_array_equal(some, model.predict_quantiles(X)[:, [2, 0]])


def test_others_cannot_be_asked_for():
    """An error names those that were learned."""
    X, y = data(60)
    model = small().fit(X, y)

    with pytest.raises(ValueError, match=r"among the learned ones, 0\.1, 0\.5, 0\.9, got 0\.25"):
        model.predict_quantiles(X, 0.25)


def test_quantiles_that_were_not_learned():
    """A network of numbers says how to learn them."""
    X, y = data(60)
    model = DenseRegressor(4, epochs=1).fit(X, y)

    with pytest.raises(ValueError, match=r"fit with quantiles=\(0\.1, 0\.5, 0\.9\)"):
        model.predict_quantiles(X)


def test_another_loss_beside_them():
    """They replace the loss."""
    X, y = data(60)

    with pytest.raises(ValueError, match=r"in place of loss='mae': leave one of them out"):
        small(loss="mae").fit(X, y)


@pytest.mark.parametrize("quantiles", [(), (0.5, 0.1), (0.0, 0.5), (0.5, 1.0), "0.5", (0.5, 0.5)])
def test_what_is_no_quantile(quantiles):
    """One clear error before anything starts."""
    X, y = data(60)

    with pytest.raises(ValueError, match="quantiles must be numbers above 0 and below 1"):
        small(quantiles=quantiles).fit(X, y)


def test_the_median_between_its_neighbours():
    """Where 0.5 is not among the quantiles, predict lies between the two around it."""
    X, y = data(60)
    model = small(quantiles=(0.2, 0.4, 0.8)).fit(X, y)

    values = model.predict_quantiles(X)

    np.testing.assert_allclose(model.predict(X), 0.75 * values[:, 1] + 0.25 * values[:, 2])


def test_windows_of_which_nothing_is_known():
    """They get the quantiles of the training targets."""
    X, y = data(60)
    model = small().fit(X, y)

    values = model.predict_quantiles(np.full((1, 4, 2), np.nan))

    np.testing.assert_allclose(values[0], np.quantile(y, LEVELS))


def test_a_search_over_quantiles_and_units():
    """They live in stock searches, judged by the median."""
    X, y = data(80)
    search = GridSearchCV(small(epochs=1), {"units": [2, 4]}, cv=TimeSeriesSplit(2, gap=0))

    assert np.isfinite(search.fit(X, y).best_score_)


@pytest.mark.parametrize("engine", ENGINES)
def test_the_keras_model_predicts_the_quantiles(engine):
    """In their own unit, those of an output beside each other."""
    X, y = data(60, 3)
    model = small(engine=engine).fit(X, y)

    outputs = model.keras_model().predict(np.asarray(X, np.float32), verbose=0)

    np.testing.assert_allclose(outputs.reshape(-1, 3, 3), model.predict_quantiles(X), rtol=1e-4)


def test_early_stopping_watches_the_pinball_loss():
    """The validation loss is that of the newest part."""
    X, y = data(100)
    model = small(early_stopping=True, epochs=3, dtype="float64").fit(X, y)

    assert len(model.history_["val_loss"]) == len(model.history_["loss"])
    assert np.isfinite(model.history_["val_loss"]).all()


@pytest.mark.parametrize("quantiles", [None, (0.1, 0.9)])
def test_parameters_set_after_the_fit_do_not_reach_its_forecasts(quantiles):
    """What was learned is forecast, and training does not go on with other quantiles."""
    X, y = data(60)
    model = small().fit(X, y)
    before = model.predict_quantiles(X)

    model.set_params(quantiles=quantiles)

    np.testing.assert_array_equal(model.predict_quantiles(X), before)
    np.testing.assert_array_equal(model.predict(X), before[:, 1])
    with pytest.raises(ValueError, match="training can only go on with the network as it is"):
        model.partial_fit(X, y)


def test_quantiles_set_after_a_fit_of_numbers():
    """The fitted network forecasts numbers still."""
    X, y = data(60)
    model = DenseRegressor(4, epochs=1, random_state=0).fit(X, y)
    before = model.predict(X)

    model.set_params(quantiles=LEVELS)

    np.testing.assert_array_equal(model.predict(X), before)
