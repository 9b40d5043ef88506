"""Forms: what a rung learns of each column."""

import numpy as np
import pandas as pd
import pytest
from sklearn.base import BaseEstimator, RegressorMixin

from skrnn import make_windows
from skrnn.comparison.forms import Columns
from skrnn.comparison.recipes import FORMS

COLUMNS = Columns(("rides", "heat", "holiday", "hour_sin"), ("holiday",), ("hour_sin",))


class Looks(RegressorMixin, BaseEstimator):
    """Remembers the windows that it is given, and forecasts nothing."""

    def fit(self, X, y):
        self.n_features_in_ = X.n_features
        self.windows_ = np.asarray(X)
        return self

    def predict(self, X):
        return np.zeros(len(X))


@pytest.fixture
def samples():
    rng = np.random.default_rng(0)
    rows = rng.uniform(1, 9, size=(60, 4)).cumsum(axis=0)
    frame = pd.DataFrame(rows, columns=list(COLUMNS.all))
    return make_windows(frame, 12, target="rides", known_ahead=["holiday", "hour_sin"])


@pytest.mark.parametrize("form", FORMS, ids=lambda form: form.words(4))
def test_each_column_as_it_tells_most(samples, form):
    """The calendar stays the calendar in every form, and what is known ahead is not scaled."""
    X, y = samples

    fitted = form.around(Looks(), 4, COLUMNS).fit(X, y)

    inner = fitted
    while not isinstance(inner, Looks):
        inner = inner.regressor_
    lost = form.steps_lost(4)
    came = np.asarray(X)[:, lost:]
    found = inner.windows_
    same = [np.allclose(found[:, :, n], came[:, :, n]) for n in range(4)]
    changes = form.since != "nothing"
    # A scaled window since its own last season leaves alone what is not scaled.
    of_rows = form.since in ("row", "season")
    holidays_change = of_rows or (changes and not form.scaled)
    is_told = changes or form.scaled
    assert same == [not is_told and not form.logs, not is_told, not holidays_change, True]


def test_of_the_target_alone(samples):
    """Columns that a recipe leaves out are not asked for."""
    assert COLUMNS.of(("rides",)).changing is None
    assert COLUMNS.of(("rides", "hour_sin")).measured == ["rides"]
    assert COLUMNS.of(None) is COLUMNS
