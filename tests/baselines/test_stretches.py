"""What windows and their targets tell of a column, by hand."""

import numpy as np
import pandas as pd
import pytest

from skrnn import SlidingWindow, Windows, WindowScaler, make_windows
from skrnn.baselines.stretches import Limits, target_stretches
from skrnn.forecasters.samples import Samples

ROWS = np.arange(12.0)


def stretches(X, y, weights=None, *, column=0, gap=1, longest=100, most=100, leads=None):
    leads = X.leads if leads is None else leads
    y = np.reshape(y, (len(X), -1))
    limits = Limits(gap=gap, longest=longest, most=most)
    found = target_stretches(Samples(X, y, weights), np.array(leads), column, limits)
    return [(values.tolist(), float(weight)) for values, weight in found]


def test_windows_and_their_targets_tell_one_series():
    """Windows that overlap tell every row once, and their targets what lies behind the last."""
    X, y = make_windows(ROWS, 3, 2)

    assert stretches(X, y) == [(ROWS.tolist(), 8)]
    assert stretches(X[:2], y[:2]) == [([0, 1, 2, 3, 4, 5], 2)]


def test_rows_that_no_window_covers_are_not_told():
    """Behind the last target, before the first window, and in a gap between two windows."""
    X, y = make_windows(ROWS, 2)

    assert stretches(X[[2, 6]], y[[2, 6]], gap=0) == [([2, 3, 4], 1), ([6, 7, 8], 1)]


def test_targets_that_are_unknown_are_not_told():
    """A row that y alone could tell stays unknown where y does."""
    X, y = make_windows(ROWS, 3, 2)
    y[1, 1] = np.nan

    assert stretches(X[:2], y[:2]) == [([0, 1, 2, 3, 4], 2)]


@pytest.mark.parametrize(
    ("gap", "expected"), [(1, [[0, 1, 2], [6, 7, 8]]), (3, [[0, 1, 2, 2, 2, 2, 6, 7, 8]])]
)
def test_short_gaps_are_filled_and_long_ones_part(gap, expected):
    """Of three unknown rows between known ones, either are filled from the nearest before or two
    stretches made.
    """
    X, y = make_windows(ROWS, 2)

    found = stretches(X[[0, 6]], y[[0, 6]], gap=gap)

    assert [values for values, _ in found] == expected
    assert sum(weight for _, weight in found) == 2


def test_the_newest_steps_stay():
    """Of a stretch that is too long, the oldest steps go."""
    X, y = make_windows(ROWS, 3)

    assert stretches(X, y, longest=4) == [([8, 9, 10, 11], 9)]


def test_series_of_a_panel_do_not_meet():
    """Each series is a stretch, with the weight of its windows; another column is not looked at."""
    panel = [np.column_stack([ROWS[:n], -ROWS[:n]]) for n in (5, 6)]
    X, y = make_windows(panel, 3, target=1)

    found = stretches(X, y, np.array([1.0, 0.5, 2, 3, 4]), column=1)

    assert found == [((-ROWS[:5]).tolist(), 1.5), ((-ROWS[:6]).tolist(), 9)]


def test_so_many_series_are_spread_evenly():
    """Of seven series, the first, the one in the middle and the last."""
    X, y = make_windows([ROWS + 100 * number for number in range(7)], 4)

    assert [values[0] for values, _ in stretches(X, y, most=3)] == [0, 300, 600]


def test_arrays_are_series_of_their_own():
    """A window of a plain array is a series, which its targets go on with."""
    X = Windows.from_array(ROWS.reshape(3, 4))

    assert stretches(X, [[9, 8], [7, 6], [5, np.nan]], leads=[1, 2]) == [
        ([0, 1, 2, 3, 9, 8], 1),
        ([4, 5, 6, 7, 7, 6], 1),
        ([8, 9, 10, 11, 5], 1),
    ]


def test_steps_lie_as_far_apart_as_in_the_windows():
    """With a sampling rate, the rows of one phase are told: those of which most is known."""
    X, y = make_windows(ROWS, 3, leads=[2], sampling_rate=2, stride=2)

    assert stretches(X, y) == [([0, 2, 4, 6, 8, 10], 3)]


def test_rows_that_are_missing_part():
    """More rows missing than a window reaches over make two series."""
    index = pd.Index([*range(6), *range(100, 107)])
    rows = pd.DataFrame({"a": np.arange(13.0)}, index)
    X = SlidingWindow(2).fit_transform(rows)
    kept = X.complete()

    found = stretches(X[kept], rows["a"].to_numpy()[kept], gap=50)

    assert [values for values, _ in found] == [[0, 1, 2, 3, 4, 5], [6, 7, 8, 9, 10, 11, 12]]


def test_windows_scaled_by_themselves_are_series_of_their_own():
    """What is transformed window by window shares no rows; leads between the steps are left out."""
    X, y = make_windows(ROWS, 3, leads=[1, 2], sampling_rate=2)
    scaler = WindowScaler().fit(X)
    relative = scaler.relative_target(X, y, 0)

    found = stretches(scaler.transform(X), relative, most=2)

    root = np.sqrt(1.5)
    assert len(found) == 2
    np.testing.assert_allclose(
        [values for values, _ in found], [[-root, 0, root, 2 * root]] * 2, rtol=1e-6
    )
