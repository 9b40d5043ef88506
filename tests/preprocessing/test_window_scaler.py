"""WindowScaler: every window by itself."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from skrnn import Windows, WindowScaler, make_windows
from tests.preprocessing.panels import panel_windows


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


# ---------------------------------------------------------------------- other centers and scales

CENTERS = st.sampled_from(["mean", "last", None])
SCALES = st.sampled_from(["std", "mean_abs", None])
LEAST = st.sampled_from([0.0, 0.01, 0.5])


def statistics_by_hand(steps, scaler):
    """Center and scale of the known steps of one feature of a window."""
    known = steps[~np.isnan(steps)]
    size = np.abs(known).mean()
    center = {"mean": known.mean(), "last": known[-1], None: 0.0}[scaler.center]
    spread = 0.0 if np.ptp(known) == 0 else known.std()
    scale = {"std": max(spread, scaler.min_scale * size), "mean_abs": size, None: 1.0}[scaler.scale]
    return center, scale or 1.0


@settings(max_examples=60, deadline=None)
@given(CENTERS, SCALES, LEAST, panel_windows())
def test_by_hand(center, scale, least, samples):
    """Windows and targets less the center, by the scale, whatever is unknown."""
    X, y = samples
    scaler = WindowScaler(center, scale=scale, min_scale=least).fit(X)

    scaled = np.asarray(scaler.transform(X))
    relative = scaler.relative_target(X, y, 0)

    for i, steps in enumerate(np.asarray(X)[:, :, 0]):
        if np.isnan(steps).all():
            continue
        level, size = statistics_by_hand(steps, scaler)
        np.testing.assert_allclose(scaled[i, :, 0], (steps - level) / size, atol=1e-9)
        np.testing.assert_allclose(relative[i], (y[i] - level) / size, atol=1e-9)


@settings(max_examples=60, deadline=None)
@given(CENTERS, SCALES, LEAST, panel_windows())
def test_target_comes_back(center, scale, least, samples):
    """What is made relative is made absolute again, of windows of which anything is known."""
    X, y = samples
    scaler = WindowScaler(center, scale=scale, min_scale=least).fit(X)

    back = scaler.absolute_target(X, scaler.relative_target(X, y, 0), 0)

    known = ~np.isnan(np.asarray(X)[:, :, 0]).all(axis=1)
    np.testing.assert_allclose(back[known], y[known], rtol=1e-9, atol=1e-9)


def test_least_scale():
    """A window that hardly varies is not blown up."""
    X = np.array([[100.0, 100.1, 99.9], [100.0, 150.0, 50.0]])

    scaled = WindowScaler(min_scale=0.01).fit_transform(X)

    assert np.abs(scaled[0]).max() == pytest.approx(0.1)
    np.testing.assert_allclose(scaled[1], WindowScaler().fit_transform(X)[1])


def test_least_scale_of_constant_windows():
    """A constant window has the least scale, so that its target is a share of its size."""
    X = Windows.from_array(np.full((1, 4), 200.0))

    relative = WindowScaler(min_scale=0.01).fit(X).relative_target(X, np.array([[204.0]]), 0)

    np.testing.assert_allclose(relative, [[2.0]])


def test_nothing_to_scale(rows):
    """With neither center nor scale windows are what they were: windows of rows."""
    X, _ = make_windows(rows, 5, target=0)

    assert WindowScaler(None, scale=None).fit_transform(X).shares_rows


@pytest.mark.parametrize(
    ("params", "message"),
    [
        ({"center": "median"}, "center must be 'mean', 'last' or None, got 'median'"),
        ({"scale": "max"}, "scale must be 'std', 'mean_abs' or None, got 'max'"),
        ({"min_scale": -0.1}, "min_scale must be at least 0 and below 1, got -0.1"),
        ({"min_scale": None}, "min_scale must be at least 0 and below 1, got None"),
    ],
    ids=str,
)
def test_bad_parameters(rows, params, message):
    """One clear error, in fit."""
    with pytest.raises(ValueError, match=message):
        WindowScaler(**params).fit(make_windows(rows, 5, target=0)[0])


def test_sequences_of_different_length():
    """Steps that are not there do not count."""
    X = [np.array([[1.0], [3.0]]), np.array([[2.0], [4.0], [6.0]])]

    scaled = WindowScaler("last", scale="mean_abs").fit_transform(X)

    np.testing.assert_allclose(scaled[0].ravel(), [-1, 0])
    np.testing.assert_allclose(scaled[1].ravel(), [-1, -0.5, 0])
