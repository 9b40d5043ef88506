"""Recurrent networks that read several steps at a time."""

import numpy as np
import pytest

from skrnn import RNNRegressor, make_windows

pytestmark = pytest.mark.usefixtures("eager")


def data(length=12):
    rows = np.random.default_rng(0).normal(size=(150, 2)).cumsum(axis=0)
    return make_windows(rows, length, target=0)


def by_segment(windows, size):
    """Windows whose steps are ``size`` steps beside each other; the oldest that are left go."""
    array = np.asarray(windows)
    array = array[:, array.shape[1] % size :]
    return array.reshape(len(array), -1, size * array.shape[2])


@pytest.mark.parametrize("size", [3, 5])
@pytest.mark.parametrize("engine", ["fused", "keras"])
def test_segments_are_windows_of_segments(engine, size):
    """As a page of NumPy lays them out."""
    X, y = data()
    params = {"epochs": 3, "dtype": "float64", "random_state": 0, "engine": engine}
    folded = by_segment(X, size)

    model = RNNRegressor("gru", 4, segment=size, **params).fit(X, y)
    other = RNNRegressor("gru", 4, **params).fit(folded, y)

    np.testing.assert_allclose(model.predict(X), other.predict(folded), rtol=1e-9)
    assert model.weights_[0].shape == (2 * size, 12)


def test_weights_are_those_of_any_length():
    """Whole segments more or less."""
    X, y = data()
    model = RNNRegressor("gru", 4, segment=3, epochs=1, random_state=0).fit(list(X.take()), y)

    assert model.predict([X[0][-7:]])[0] == pytest.approx(model.predict([X[0][-6:]])[0], rel=1e-6)


@pytest.mark.parametrize(
    ("params", "message"),
    [
        ({"segment": 0}, "segment must be a positive whole number, got 0"),
        ({"segment": 24}, "segment=24 leaves nothing of windows of 12 steps"),
        ({"segment": 2, "sequence_targets": True}, "not by segments: leave out segment=2"),
    ],
    ids=str,
)
def test_segments_that_cannot_be(params, message):
    """One clear error."""
    with pytest.raises(ValueError, match=message):
        RNNRegressor("gru", 4, **params).fit(*data())
