"""Folds of a comparison."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from skrnn import make_windows
from skrnn.comparison.folds import make_folds, thinned
from skrnn.evaluation.samples import WindowSamples
from skrnn.reading import DataProblem


def samples(n_rows=60, horizon=3, unknown=()):
    rows = np.arange(float(n_rows))
    X, _ = make_windows(rows, 5, horizon)
    rows[list(unknown)] = np.nan
    return WindowSamples(None, X, make_windows(rows, 5, horizon)[1])


def test_every_target_of_training_is_known_when_the_test_begins():
    made = samples()

    for train, test in make_folds(made, 4, 1):
        assert made.newest[train].max() == made.origin[test].min()


def test_tests_follow_one_another_to_the_newest_window():
    tested = np.concatenate([test for _, test in make_folds(samples(), 4, 1)])

    assert np.diff(tested).tolist() == [1] * (len(tested) - 1)
    assert tested[-1] == len(samples().origin) - 1


def test_training_expands():
    sizes = [len(train) for train, _ in make_folds(samples(), 4, 1)]

    assert sizes == sorted(set(sizes))


def test_windows_that_know_no_target_are_not_tested():
    made = samples(unknown=range(50, 60))

    tested = np.concatenate([test for _, test in make_folds(made, 3, 1)])

    assert made.origin[tested].max() == 48


def test_series_of_a_panel_are_tested_on_the_same_dates():
    index = pd.date_range("2024-01-01", periods=80, freq="D")
    frames = [pd.DataFrame({"y": np.arange(80.0)}, index).iloc[start:] for start in (0, 30)]
    panel = WindowSamples(None, *make_windows(frames, 5, 3))
    origin, newest = panel.shared()

    for train, test in make_folds(panel, 3, 1):
        assert set(panel.series[test]) == {0, 1}
        assert newest[train].max() <= origin[test].min()


def frames_of(*starts, n_rows=80):
    """Series of so many days that begin on some dates."""
    days = [pd.date_range(start, periods=n_rows) for start in starts]
    return [pd.DataFrame({"y": np.arange(float(n_rows))}, index) for index in days]


@pytest.mark.parametrize(
    ("years", "told", "have"),
    [(("2010", "2024"), 1, "has"), (("2010", "2010", "2015", "2018", "2024"), 2, "have")],
)
def test_series_that_share_no_dates_are_tested_at_their_ends(years, told, have):
    """By dates the folds would test the newest series alone, of which most are never tested."""
    panel = WindowSamples(None, *make_windows(frames_of(*years), 5, 3))
    without_dates = [frame.to_numpy() for frame in frames_of(*years)]
    other = WindowSamples(None, *make_windows(without_dates, 5, 3))

    assert panel.lined_up == (
        f"Only {told} of the {len(years)} series {have} rows among the newest 30 % of all dates: "
        "the newest rows of each count as of the same time, whatever their dates"
    )
    assert other.lined_up is None
    for fold, expected in zip(make_folds(panel, 3, 1), make_folds(other, 3, 1), strict=True):
        assert set(panel.series[fold[1]]) == set(range(len(years)))
        np.testing.assert_array_equal(fold[0], expected[0])
        np.testing.assert_array_equal(fold[1], expected[1])


@pytest.mark.parametrize(
    "years", [("2024-01-01", "2024-01-20"), ("2010-01-01", "2024-01-01", "2024-01-10")]
)
def test_series_of_which_most_are_there_to_the_end_are_not(years):
    """Those that ended before are learned from."""
    panel = WindowSamples(None, *make_windows(frames_of(*years), 5, 3))
    origin, newest = panel.shared()

    assert panel.lined_up is None
    for train, test in make_folds(panel, 2, 1):
        assert panel.X.index[panel.origin[test]].min() >= pd.Timestamp("2024-02-01")
        assert newest[train].max() <= origin[test].min()


def test_too_few_windows_are_refused_with_the_remedy():
    with pytest.raises(
        DataProblem,
        match=r"^6 windows are too few for 5 folds: use folds=1 or less, a smaller horizon=",
    ):
        make_folds(samples(13), 5, 1)


def test_without_a_number_there_are_as_many_as_there_is_room_for():
    """Five, where rows are not few."""
    assert len(make_folds(samples(80), None, 1)) == 5
    assert len(make_folds(samples(18), None, 1)) == 3


def test_folds_with_nothing_to_train_on_are_refused_with_the_remedy():
    with pytest.raises(
        DataProblem,
        match=r"^37 windows are too few for 1 fold: use a smaller horizon= or window=",
    ):
        make_folds(samples(80, horizon=39), 1, 1)


@given(n=st.integers(1, 5000), most=st.integers(1, 1000), season=st.integers(1, 400))
def test_thinned_windows_are_few_and_evenly_spaced(n, most, season):
    """Hardly fewer than there may be: whatever the season, two in so many lie no farther apart."""
    kept = thinned(np.arange(n), most, season)

    every = -(-n // most)
    assert 1 <= len(kept) <= most
    assert len(kept) >= n // (every + 1)
    assert set(np.diff(kept)) <= {every, every + 1}


@given(every=st.integers(1, 30), season=st.integers(1, 60))
def test_thinned_windows_share_no_rhythm_with_the_season(every, season):
    """All times of it are there equally often."""
    n = 4 * every * season**2
    kept = thinned(np.arange(n), n // every, season)

    times = np.bincount(kept % season, minlength=season)
    assert times.max() - times.min() <= times.max() / 4 + 2
