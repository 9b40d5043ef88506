"""SeasonalAnchor: changes since the window's own last season."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from skrnn import Differencer, SeasonalAnchor, Windows, WindowScaler, make_windows
from tests.preprocessing.panels import panel_windows

SEASONS = st.integers(1, 3)


def rows_of(n, n_features=1, seed=0):
    return np.random.default_rng(seed).normal(size=(n, n_features)).cumsum(axis=0)


def newest_of_phase(steps, step, season):
    """The newest known step that is whole seasons away from one, or NaN."""
    same = [s for s in range(len(steps)) if (s - step) % season == 0 and not np.isnan(steps[s])]
    return steps[same[-1]] if same else np.nan


@settings(max_examples=60, deadline=None)
@given(SEASONS, panel_windows())
def test_by_hand(season, samples):
    """Each step, and each target, less the newest known step of its phase."""
    X, y = samples
    anchor = SeasonalAnchor(season * X.sampling_rate).fit(X)

    changes = np.asarray(anchor.transform(X))[:, :, 0]
    relative = anchor.relative_target(X, y, 0)

    for i, steps in enumerate(np.asarray(X)[:, :, 0]):
        expected = [x - newest_of_phase(steps, s, season) for s, x in enumerate(steps)]
        np.testing.assert_allclose(changes[i], expected, atol=1e-9)
        for h, target in enumerate(y[i]):
            newest = newest_of_phase(steps, len(steps) + h, season)
            if not np.isnan(newest):
                np.testing.assert_allclose(relative[i, h], target - newest, atol=1e-9)


@settings(max_examples=60, deadline=None)
@given(SEASONS, panel_windows())
def test_target_comes_back(season, samples):
    """What is made relative is made absolute again, of windows of which anything is known."""
    X, y = samples
    anchor = SeasonalAnchor(season * X.sampling_rate).fit(X)

    back = anchor.absolute_target(X, anchor.relative_target(X, y, 0), 0)

    known = ~np.isnan(np.asarray(X)[:, :, 0]).all(axis=1)
    np.testing.assert_allclose(back[known], y[known], rtol=1e-9, atol=1e-9)


@pytest.mark.parametrize("rate", [1, 2])
@pytest.mark.parametrize("leads", [[1, 2, 3], [4, 9, 12]], ids=str)
def test_targets_are_those_of_a_difference(rate, leads):
    """The target is taken against the value that a seasonal difference takes it against."""
    X, y = make_windows(rows_of(80), 9, leads=[rate * lead for lead in leads], sampling_rate=rate)

    anchored = SeasonalAnchor(4 * rate).fit(X).relative_target(X, y, 0)

    np.testing.assert_allclose(
        anchored, Differencer(4 * rate).fit(X).relative_target(X, y, 0), atol=1e-12
    )


def test_no_step_is_lost():
    """All steps stay; those of the last season are zeros, and windows stay lazy."""
    X, _ = make_windows(rows_of(60, 2), 10, target=0)

    changes = SeasonalAnchor(4).fit_transform(X)

    assert isinstance(changes, Windows)
    assert changes.shape == X.shape
    assert (np.asarray(changes)[:, -4:] == 0).all()
    assert changes.rows is X.rows


def test_sequences_of_different_length():
    """Sequences lose no step, and targets are taken against their own last season."""
    X = [rows_of(n, 2, seed=n) for n in (5, 9, 7)]

    changes = SeasonalAnchor(4).fit_transform(X)

    for change, steps in zip([changes[i] for i in range(3)], X, strict=True):
        expected = [x - steps[len(steps) - 4 + (s - len(steps)) % 4] for s, x in enumerate(steps)]
        np.testing.assert_allclose(change, expected)


def test_behind_window_scaler():
    """Windows that are scaled by themselves are anchored in their deviations."""
    X, y = make_windows(rows_of(60), 8, 3)
    scaler = WindowScaler().fit(X)
    scaled = scaler.transform(X)
    target = scaler.relative_target(X, y, 0)

    relative = SeasonalAnchor(2).fit(scaled).relative_target(scaled, target, 0)

    steps = np.asarray(X)[:, :, 0]
    newest = np.stack([steps[:, -2], steps[:, -1], steps[:, -2]], axis=1)
    np.testing.assert_allclose(relative, (y - newest) / steps.std(axis=1, keepdims=True))


ERRORS = [
    ({"season": 0}, {}, "season must be a positive whole number, got 0"),
    ({"season": 2.5}, {}, "season must be a positive whole number, got 2.5"),
    ({"season": 9}, {}, "season=9 steps need windows of at least as many, got 6"),
    (
        {"season": 3},
        {"sampling_rate": 2},
        "season must be a multiple of the windows' sampling_rate=2, got season=3",
    ),
]


@pytest.mark.parametrize(("params", "windows", "message"), ERRORS, ids=range(len(ERRORS)))
def test_bad_seasons(params, windows, message):
    """What no window has is told in fit."""
    with pytest.raises(ValueError, match=message):
        SeasonalAnchor(**params).fit(make_windows(rows_of(60), 6, **windows)[0])


def test_shortest_sequence():
    """Every sequence needs a season."""
    with pytest.raises(ValueError, match="season=4 steps need windows of at least as many, got 3"):
        SeasonalAnchor(4).fit([np.ones((3, 1)), np.ones((9, 1))])


def test_leads_between_steps():
    """Against a sampled window, leads have to be multiples of its rate."""
    X, y = make_windows(rows_of(60), 6, leads=4, sampling_rate=3)

    with pytest.raises(
        ValueError, match=r"leads must be multiples of sampling_rate=3 .* got \[4\]"
    ):
        SeasonalAnchor(3).fit(X).relative_target(X, y[:, None], 0)


def test_anchored_twice():
    """Changes since a season are none of values."""
    X, _ = make_windows(rows_of(60), 6)

    with pytest.raises(ValueError, match="cannot be transformed by themselves once more"):
        SeasonalAnchor(2).fit(SeasonalAnchor(3).fit_transform(X))
