"""Encoder and decoder: a second layer that is unrolled over the leads."""

import numpy as np
import pandas as pd
import pytest
from sklearn.pipeline import make_pipeline

from skrnn import (
    MultiOutputForecaster,
    RNNRegressor,
    SeriesScaler,
    SlidingWindow,
    WindowScaler,
    future_rows,
    make_windows,
)
from tests import oracles

CELLS = {
    "simple": oracles.simple_rnn,
    "lstm": oracles.lstm,
    "gru": oracles.gru,
    "mingru": oracles.mingru,
    "minlstm": oracles.minlstm,
}
NET = {
    "decoder": "recurrent",
    "epochs": 1,
    "random_state": 0,
    "normalize_y": False,
    "dtype": "float64",
}


def frame(n=90):
    """A target, and a column that is known ahead and moves it."""
    rng = np.random.default_rng(1)
    price = rng.normal(size=n)
    index = pd.date_range("2024-01-01", periods=n, freq="h")
    return pd.DataFrame({"demand": np.sin(np.arange(n) / 5) - price, "price": price}, index)


def with_random_weights(model, X, y):
    model.fit(X, y)
    rng = np.random.default_rng(7)
    model.weights_ = [rng.normal(scale=0.4, size=w.shape) for w in model.weights_]
    return model, model.weights_


@pytest.mark.parametrize("cell", CELLS)
def test_decoder_against_the_equations(cell):
    """It begins with the encoder's state, and reads its last output and what is known ahead at
    every lead.
    """
    data = frame()
    X, y = make_windows(data, 5, 3, target="demand", known_ahead="price")
    model, weights = with_random_weights(RNNRegressor(cell, 4, **NET), X, y)

    past = np.stack([data.to_numpy()[end - 4 : end + 1] for end in X.ends])
    future = np.stack([data["price"].to_numpy()[end + 1 : end + 4, None] for end in X.ends])
    state = [np.zeros((len(X), 4))] * (2 if cell == "lstm" else 1)
    *layers, kernel, bias = weights
    half = len(layers) // 2
    encoded = CELLS[cell](past, *layers[:half], state=state)
    context = np.repeat(encoded[:, -1:], 3, axis=1)
    decoded = CELLS[cell](np.concatenate([context, future], axis=2), *layers[half:], state=state)

    np.testing.assert_allclose(model.predict(X), (decoded @ kernel + bias)[:, :, 0], rtol=1e-10)


@pytest.mark.parametrize(
    "params",
    [
        {"cell": "simple"},
        {"cell": "lstm", "bidirectional": True},
        {"cell": "gru", "units": (6, 4), "dense_units": 5},
    ],
)
def test_learns_what_is_known_ahead(params):
    """The price of the row that is forecast decides, and only the decoder reads it."""
    X, y = make_windows(frame(300), 5, 4, target="demand", known_ahead="price")
    options = {
        **NET,
        "epochs": 30,
        "learning_rate": 0.02,
        "units": 6,
        "normalize_y": True,
        **params,
    }

    model = RNNRegressor(**options).fit(X[:250], y[:250])

    assert model.score(X[254:], y[254:]) > 0.8


def test_each_lead_reads_its_own_row():
    """Another price at one lead changes that forecast and those behind it, none before."""
    data = frame()
    X, y = make_windows(data, 5, 4, target="demand", known_ahead="price")
    model, _ = with_random_weights(RNNRegressor("gru", 4, **NET), X, y)
    rows = X.rows.copy()
    rows[X.ends[10] + 3, 1] += 1

    moved = model.predict(X.replace(rows=rows))[10] != model.predict(X)[10]

    assert moved.tolist() == [False, False, True, True]


def test_rows_in():
    """Behind SlidingWindow, and beyond the last row with a price that is known."""
    data = frame()
    pipe = make_pipeline(
        SeriesScaler(),
        SlidingWindow(6, known_ahead="price"),
        MultiOutputForecaster(
            RNNRegressor(
                "gru", 8, decoder="recurrent", epochs=80, learning_rate=0.02, random_state=0
            ),
            4,
        ),
    ).fit(data, data["demand"])
    ahead = future_rows(data, 4)
    ahead.loc[ahead.index[-4:], "price"] = [0.0, 5.0, 0.0, 0.0]

    forecast = pipe.predict(ahead)[len(data)]

    assert forecast[1] < forecast[0] - 1


def test_unknown_prices_are_filled():
    """A price that is missing at predict is the nearest known one."""
    data = frame()
    X, y = make_windows(data, 5, 3, target="demand", known_ahead="price")
    model, _ = with_random_weights(RNNRegressor("gru", 4, **NET), X, y)
    rows, filled = X.rows.copy(), X.rows.copy()
    rows[X.ends[10] + 2, 1] = np.nan
    filled[X.ends[10] + 2, 1] = filled[X.ends[10] + 1, 1]

    np.testing.assert_array_equal(
        model.predict(X.replace(rows=rows)[10:11]), model.predict(X.replace(rows=filled)[10:11])
    )


def test_unknown_prices_are_not_learned_from():
    """Windows are left out whose leads have an unknown price, or whose past does."""
    data = frame()
    data.iloc[40, 1] = np.nan
    X, y = make_windows(data, 5, 3, target="demand", known_ahead="price")
    kept = np.abs(X.ends - 38.5) > 5
    kept |= (X.ends < 37) | (X.ends > 44)

    whole, cut = (
        RNNRegressor("simple", 4, **NET).fit(X[part], y[part]) for part in (slice(None), kept)
    )

    np.testing.assert_array_equal(whole.predict(X), cut.predict(X))


def test_windows_scaled_by_themselves_have_no_rows_ahead():
    """What is known ahead is read row by row."""
    X, y = make_windows(frame(), 5, 3, target="demand", known_ahead="price")

    with pytest.raises(ValueError, match="scale rows"):
        make_pipeline(WindowScaler(), RNNRegressor("gru", 4, **NET)).fit(X, y)


def test_keras_model_takes_both():
    """The stock model has a second input for what is known ahead."""
    X, y = make_windows(frame(), 5, 3, target="demand", known_ahead="price")
    model = RNNRegressor("gru", 4, **NET).fit(X, y)

    past = X.replace(shift=None).take()
    future = X.values_at(1, [1, 2, 3])[:, :, None]
    outputs = model.keras_model().predict([past, future], verbose=0)

    np.testing.assert_allclose(outputs, model.predict(X), rtol=1e-4)
