"""Seasons: found in the older rows."""

import numpy as np
import pandas as pd
import pytest

from skrnn.reading.seasons import find_season, natural_seasons

HOUR = pd.Timedelta("1h")
DAYS = pd.Timedelta("1D")


def wave(n, *seasons, noise=0.1, seed=0):
    """Noise around waves of these seasons."""
    rows = np.arange(n)
    waves = sum(
        np.sin(2 * np.pi * rows / season) + np.cos(6 * np.pi * rows / season) for season in seasons
    )
    return waves + noise * np.random.default_rng(seed).normal(size=n)


@pytest.mark.parametrize(
    ("step", "expected"),
    [
        (pd.Timedelta("1s"), [60, 3600, 86400, 604800]),
        (pd.Timedelta("1min"), [60, 1440, 10080]),
        (pd.Timedelta("10min"), [6, 144, 1008]),
        (pd.Timedelta("30min"), [48, 336]),
        (HOUR, [24, 168]),
        (DAYS, [7, 365]),
        (pd.Timedelta("7D"), [52]),
        (pd.offsets.BusinessDay(), [5, 261]),
        (pd.offsets.MonthEnd(), [12]),
        (pd.offsets.MonthEnd(2), [6]),
        (pd.offsets.QuarterEnd(), [4]),
        (pd.offsets.YearEnd(), []),
    ],
)
def test_natural_seasons(step, expected):
    """Each step has seasons of the calendar and the clock."""
    assert list(natural_seasons(step)) == expected


@pytest.mark.parametrize(
    ("values", "step", "season"),
    [
        (wave(1000, 24), HOUR, 24),
        (wave(1000, 24, 168), HOUR, 168),
        (wave(400, 7), DAYS, 7),
        (wave(2000, 365), DAYS, 365),
        (wave(120, 12) + np.arange(120), pd.offsets.MonthEnd(), 12),
        (wave(1000, 24) + 0.01 * np.arange(1000) ** 1.5, HOUR, 24),
        (wave(300, 31), None, 31),
    ],
    ids=["day", "week", "week of days", "year", "trend", "curved trend", "no time"],
)
def test_found(values, step, season):
    """The season that is there is found."""
    assert find_season([values], step).n_rows == season


@pytest.mark.parametrize("seed", range(10))
@pytest.mark.parametrize("step", [HOUR, DAYS, None], ids=["hours", "days", "none"])
@pytest.mark.parametrize("kind", ["noise", "walk"])
def test_none_in_noise(kind, step, seed):
    """Noise and random walks have none."""
    noise = np.random.default_rng(seed).normal(size=500)

    assert find_season([noise if kind == "noise" else noise.cumsum()], step).n_rows == 1


def test_newest_rows_do_not_matter():
    """The newest 40 % of the rows change nothing."""
    values = wave(1000, 24)
    other = values.copy()
    other[600:] = wave(400, 7, noise=5)

    assert find_season([other], HOUR) == find_season([values], HOUR)


def test_longest_season_fits_three_times():
    """A year of days needs three years."""
    assert find_season([wave(3 * 365 - 1, 365)], DAYS).n_rows == 1
    assert find_season([wave(3 * 365, 365)], DAYS).n_rows == 365


def test_unknown_values():
    """Unknown values are left out."""
    values = wave(1000, 24)
    values[::3] = np.nan

    assert find_season([values], HOUR).n_rows == 24


def test_shortest_of_perfect_ones():
    """What repeats itself exactly has its shortest season, not a multiple of it."""
    values = np.arange(60) % 5 * 1.0
    values[9] = np.nan

    assert find_season([values], None).n_rows == 5


def test_series_together():
    """Several series have one season, each counted in its own unit."""
    panel = [wave(200, 7, seed=seed) * 10.0**seed for seed in range(4)]

    assert find_season(panel, DAYS).n_rows == 7


@pytest.mark.parametrize(
    ("values", "step", "why"),
    [
        (
            wave(1000, 24),
            HOUR,
            "Season of 24 rows (a day): over the oldest 60% of the rows, the value of one season "
            "before",
        ),
        (
            wave(60, 24),
            HOUR,
            "No season: the shortest natural one, 24 rows, does not fit 3 times into 60 rows.",
        ),
        (wave(60, 24), pd.offsets.YearEnd(), "No season: steps of 1 year have no natural one."),
        (
            np.ones(100),
            HOUR,
            "No season: over the oldest 60% of the rows, the target hardly changes but for a "
            "straight line.",
        ),
        (
            np.random.default_rng(0).normal(size=500),
            DAYS,
            "No season: over the oldest 60% of the rows, the value of 7 rows",
        ),
    ],
    ids=["found", "short", "years", "constant", "noise"],
)
def test_reasons(values, step, why):
    """The reason is a sentence."""
    reason = find_season([values], step).why

    assert reason.startswith(why)
    assert reason.endswith(".")
