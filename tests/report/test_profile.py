"""The average season."""

import numpy as np
import pandas as pd
import pytest

from skrnn.report.profile import profile_chart, profile_of


def test_season_is_named_by_its_hours():
    """A season of a day is named by its hours, wherever the series begins; trends are taken out."""
    hours = pd.date_range("2024-01-01 05:00", periods=240, freq="h")
    values = pd.Series(np.where(hours.hour == 7, 24.0, 0) + np.arange(240) // 24 * 100, hours)

    profile = profile_of(values, 24)

    assert list(profile.index[:2]) == ["00:00", "01:00"]
    assert profile["mean"].idxmax() == "07:00"
    assert profile["mean"].max() == pytest.approx(23)


@pytest.mark.parametrize(
    ("index", "season", "names"),
    [
        (pd.period_range("2020-03", periods=48, freq="M"), 12, ["Jan", "Feb", "Mar"]),
        (pd.period_range("2020Q2", periods=48, freq="Q"), 4, ["Q1", "Q2", "Q3"]),
        (pd.date_range("2024-01-03", periods=48, freq="D"), 7, ["Mon", "Tue", "Wed"]),
        (
            pd.date_range("2024-01-01", periods=400, freq="h"),
            168,
            ["Mon 00:00", "Mon 01:00", "Mon 02:00"],
        ),
        (pd.date_range("2024-01-01", periods=48, freq="h"), 5, ["1", "2", "3"]),
        (pd.RangeIndex(48), 12, ["1", "2", "3"]),
    ],
)
def test_rows_of_a_season_have_names(index, season, names):
    """Seasons of the calendar are named by it, others by number; each row falls where its date
    says.
    """
    values = pd.Series(np.arange(len(index), dtype=float), index)

    profile = profile_of(values, season)

    assert list(profile.index[:3]) == names
    assert len(profile) == season


def test_without_season_there_is_no_profile(single_lead):
    """A season of one row has no profile."""
    assert profile_chart(single_lead) is None


@pytest.mark.parametrize(
    ("first", "step", "season", "names"),
    [
        ("2024-01-01 03:00", "6h", 4, ["03:00", "09:00", "15:00", "21:00"]),
        ("2024-01-01 15:00", "6h", 4, ["03:00", "09:00", "15:00", "21:00"]),
        ("2024-01-03 07:00", "12h", 14, ["Mon 07:00", "Mon 19:00", "Tue 07:00", "Tue 19:00"]),
    ],
)
def test_rows_that_begin_inside_of_a_step_have_their_own_names(first, step, season, names):
    index = pd.date_range(first, periods=10 * season, freq=step)
    spelling = "%H:%M" if season == 4 else "%a %H:%M"
    values = pd.Series((index.strftime(spelling) == names[1]).astype(float), index)

    profile = profile_of(values, season)

    assert list(profile.index[:4]) == names
    assert profile["mean"].idxmax() == names[1]
