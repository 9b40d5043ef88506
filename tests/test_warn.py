"""Warnings point to the line that called skrnn, however deep inside they are made."""

import warnings

import numpy as np
import pytest
from sklearn.pipeline import make_pipeline

from skrnn import DenseClassifier, DenseRegressor, LinearWindow, RNNRegressor, SlidingWindow

rows = np.random.default_rng(0).normal(size=(60, 5, 2))
padded = rows.copy()
padded[:50, 0] = np.nan
y = rows[:, -1, 0]
one_class = np.zeros(60, int)
codes = np.arange(300.0).reshape(60, 5) % 9


def more_codes(model, method):
    model.fit(codes, y)
    return lambda: getattr(model, method)(codes + 5, y)


def words():
    return RNNRegressor("gru", 3, embedding=3, epochs=1, warm_start=True)


CALLS = {
    "begins unknown, fit": lambda: DenseRegressor(epochs=1).fit(padded, y),
    "begins unknown, partial_fit": lambda: DenseRegressor(epochs=1).partial_fit(padded, y),
    "begins unknown, members": lambda: DenseRegressor(epochs=1, n_estimators=2).fit(padded, y),
    "one class, fit": lambda: DenseClassifier(epochs=1).fit(rows, one_class),
    "one class, partial_fit": lambda: DenseClassifier(epochs=1).partial_fit(rows, one_class),
    "codes, fit": more_codes(words(), "fit"),
    "codes, partial_fit": more_codes(words(), "partial_fit"),
    "diverges": lambda: DenseRegressor(epochs=9, optimizer="sgd", learning_rate=1e9).fit(rows, y),
    "lost rows, in a pipeline": lambda: (
        make_pipeline(SlidingWindow(5), LinearWindow())
        .fit(rows[:, 0], y)
        .predict(np.full((20, 2), np.nan))
    ),
}


@pytest.mark.parametrize("name", CALLS)
def test_a_warning_points_to_the_line_that_called(name):
    with warnings.catch_warnings(record=True) as told:
        warnings.simplefilter("always")
        CALLS[name]()

    assert {warning.filename for warning in told} == {__file__}
