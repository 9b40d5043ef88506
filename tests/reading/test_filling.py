"""fill_past: from the past alone."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from skrnn.reading import fill_past

NAN = np.nan
VALUES = st.lists(st.one_of(st.none(), st.integers(0, 9)), min_size=1, max_size=30)


def fill(values, season=1):
    return fill_past(pd.DataFrame({"load": values}, dtype=float), season)["load"].tolist()


def fill_by_loop(values, season):
    """The newest known value of the same season, else the last known one."""
    filled = []
    for row, value in enumerate(values):
        known = [values[at] for at in range(row, -1, -1) if values[at] is not None]
        same = [values[at] for at in range(row, -1, -season) if values[at] is not None]
        filled.append(value if value is not None else (same or known or [NAN])[0])
    return [float(value) for value in filled]


@pytest.mark.parametrize(
    ("values", "season", "expected"),
    [
        ([1, NAN, NAN, 4], 1, [1, 1, 1, 4]),
        ([1, 2, 3, 4, NAN, NAN], 3, [1, 2, 3, 4, 2, 3]),
        ([1, 2, 3, NAN, NAN, NAN, NAN], 3, [1, 2, 3, 1, 2, 3, 1]),
        ([1, NAN, 3, 4, NAN], 3, [1, 1, 3, 4, 4]),
    ],
    ids=["last", "season", "seasons", "season unknown"],
)
def test_by_hand(values, season, expected):
    """The value of one season before, or more of them; else the last known one."""
    assert fill(values, season) == expected


@settings(deadline=None)
@given(VALUES, st.integers(1, 8))
def test_against_loop(values, season):
    """Filled as a plain loop fills."""
    np.testing.assert_array_equal(fill(values, season), fill_by_loop(values, season))


@settings(deadline=None)
@given(VALUES, st.integers(1, 8), st.integers(0, 29))
def test_causal(values, season, cut):
    """What comes later changes nothing."""
    np.testing.assert_array_equal(fill(values, season)[:cut], fill(values[:cut], season))


def test_start_stays_unknown():
    """Before the first known value there is nothing to fill with."""
    assert np.isnan(fill([NAN, NAN, 3], 2)).tolist() == [True, True, False]


def test_columns_and_index_stay():
    """Columns are filled each for itself, and the frame that came stays as it was."""
    frame = pd.DataFrame(
        {"a": [1, NAN], "b": [NAN, 2.0]}, index=pd.date_range("2024-01-01", periods=2)
    )
    before = frame.copy()

    filled = fill_past(frame, 1)

    pd.testing.assert_frame_equal(
        filled, pd.DataFrame({"a": [1, 1.0], "b": [NAN, 2.0]}, index=frame.index)
    )
    pd.testing.assert_frame_equal(frame, before)
