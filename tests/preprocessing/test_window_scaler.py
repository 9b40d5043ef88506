"""WindowScaler: every window by itself."""

import numpy as np
import pytest

from skrnn import Windows, WindowScaler, make_windows


@pytest.fixture
def rows():
    """Two columns, far from zero."""
    return np.random.default_rng(0).normal([1000, -3], [0.1, 5], size=(60, 2))


def by_hand(X):
    X = np.asarray(X)
    return (X - np.nanmean(X, axis=1, keepdims=True)) / np.nanstd(X, axis=1, keepdims=True)


@pytest.mark.parametrize("rate", [1, 2])
def test_windows(rows, rate):
    """Each feature of each window gets mean 0 and deviation 1; windows stay lazy."""
    X, _ = make_windows(rows, 5, target=0, sampling_rate=rate)

    scaled = WindowScaler().fit_transform(X)

    assert isinstance(scaled, Windows)
    np.testing.assert_allclose(np.asarray(scaled), by_hand(X), atol=1e-9)


@pytest.mark.parametrize("shape", [(12, 5), (6, 5, 2)])
def test_arrays(rows, shape):
    """Arrays stay arrays."""
    X = rows.ravel()[: np.prod(shape)].reshape(shape)

    scaled = WindowScaler().fit_transform(X)

    assert scaled.shape == shape
    np.testing.assert_allclose(scaled, by_hand(X), atol=1e-9)


def test_constant_window():
    """A constant window becomes zeros, whatever its level and precision."""
    X = np.full((3, 7, 1), 0.1) * np.array([1, 1e6, -1e-6])[:, None, None]

    assert (WindowScaler().fit_transform(X) == 0).all() or np.abs(
        WindowScaler().fit_transform(X)
    ).max() < 1e-6
    assert np.abs(WindowScaler().fit_transform(X.astype("float32"))).max() < 1e-6


def test_unknown_steps():
    """Unknown steps stay unknown and do not count; one without known steps warns of nothing."""
    nan = np.nan
    X = np.array([[1.0, nan, 3.0], [nan, nan, nan]])

    scaled = WindowScaler().fit_transform(X)

    np.testing.assert_array_equal(scaled, [[-1, nan, 1], [nan, nan, nan]])


def test_slice_keeps_scale(rows):
    """A window is scaled the same in any company."""
    X, _ = make_windows(rows, 5, target=0)
    scaled = WindowScaler().fit_transform(X)

    np.testing.assert_array_equal(np.asarray(scaled[7:9]), np.asarray(scaled)[7:9])


def test_target(rows):
    """The target is measured in deviations from its own window's mean, and comes back."""
    X, y = make_windows(rows, 5, 2, target=1)
    steps = np.asarray(X)[:, :, 1]
    scaler = WindowScaler().fit(X)

    relative = scaler.relative_target(X, y, 1)

    np.testing.assert_allclose(
        relative, (y - steps.mean(1, keepdims=True)) / steps.std(1, keepdims=True)
    )
    np.testing.assert_allclose(scaler.absolute_target(X, relative, 1), y)


def test_float32(rows):
    """Single precision stays single."""
    assert WindowScaler().fit_transform(rows.astype("float32")[None]).dtype == np.float32


def test_input_stays(rows):
    """Neither arrays nor rows are scaled in place."""
    before = rows.copy()

    WindowScaler().fit_transform(rows[None])
    np.asarray(WindowScaler().fit_transform(make_windows(rows, 5, target=0)[0]))

    np.testing.assert_array_equal(rows, before)
