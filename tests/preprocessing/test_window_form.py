"""columns= of what expresses windows by themselves: the others pass unchanged."""

import numpy as np
import pandas as pd
import pytest
from sklearn.base import clone

from skrnn import SeasonalAnchor, WindowScaler, make_windows

TRANSFORMERS = [SeasonalAnchor(3), WindowScaler(), WindowScaler("last", scale="mean_abs")]


@pytest.fixture
def samples():
    rows = np.random.default_rng(0).normal([20, -3, 1], [1, 5, 2], size=(80, 3)).cumsum(axis=0)
    frame = pd.DataFrame(rows, columns=["demand", "heat", "holiday"])
    return make_windows(frame, 7, 2, target="demand", known_ahead=["holiday"])


@pytest.mark.parametrize("transformer", TRANSFORMERS, ids=repr)
@pytest.mark.parametrize("columns", [["heat"], ["holiday", "demand"], [], 1], ids=str)
def test_some_columns(samples, transformer, columns):
    """Chosen columns are expressed as all would be, and the others are what they were."""
    X, _ = samples
    names = [["demand", "heat", "holiday"][columns]] if columns == 1 else columns

    some = np.asarray(clone(transformer).set_params(columns=columns).fit_transform(X))

    whole = np.asarray(clone(transformer).fit_transform(X))
    for position, name in enumerate(X.feature_names):
        expected = whole if name in names else np.asarray(X)
        np.testing.assert_allclose(some[:, :, position], expected[:, :, position], rtol=1e-12)


@pytest.mark.parametrize("transformer", TRANSFORMERS, ids=repr)
def test_target_outside_passes_unchanged(samples, transformer):
    """What is forecast of a column that is not chosen is in its own unit."""
    X, y = samples
    other = clone(transformer).set_params(columns=["heat"]).fit(X)

    np.testing.assert_array_equal(other.relative_target(X, y, 0), y)
    np.testing.assert_array_equal(other.absolute_target(X, y, 0), y)


@pytest.mark.parametrize("transformer", TRANSFORMERS, ids=repr)
def test_targets_come_back(samples, transformer):
    """Of a chosen column they are undone, whatever the other columns are."""
    X, y = samples
    one = clone(transformer).set_params(columns=["demand"]).fit(X)

    relative = one.relative_target(X, y, 0)

    assert not np.allclose(relative, y)
    np.testing.assert_allclose(one.absolute_target(X, relative, 0), y)


def test_size_of_a_column_that_is_not_divided(samples):
    """It is its deviation, as for transformers that divide nothing."""
    X, _ = samples
    scaler = WindowScaler(scale="mean_abs", columns=["heat"]).fit(X)

    np.testing.assert_allclose(scaler.sizes(X, 0), np.asarray(X)[:, :, 0].std(axis=1))


def test_unknown_columns_are_refused(samples):
    """In one line that names the parameter."""
    X, _ = samples
    with pytest.raises(ValueError, match="columns"):
        WindowScaler(columns=["heta"]).fit(X)
