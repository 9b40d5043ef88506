"""What a comparison may cost."""

from dataclasses import replace

import pytest

from skrnn.comparison.effort import EFFORTS, FITS_OF_FIRST, FITS_OF_RACE, Allowance, effort_of
from skrnn.comparison.recipes import NETWORKS, Recipe


def test_a_budget_chooses_the_effort_that_fits():
    """A minute is little, an hour is enough for the best; between two lies what is between."""
    assert effort_of(None, 0.5) == replace(EFFORTS["quick"], seconds=24.0)
    assert effort_of(None, 5.0) == EFFORTS["default"]
    assert effort_of(None, 60.0) == replace(EFFORTS["best"], seconds=2880.0)
    assert effort_of("best", 1.0) == replace(EFFORTS["best"], seconds=48.0)
    tried = [effort_of(None, minutes) for minutes in (0.5, 1.0, 2.0, 5.0, 8.0, 15.0, 25.0)]
    for name in ("seconds", "contenders", "updates", "members"):
        values = [getattr(one, name) for one in tried]
        assert values == sorted(values)
    updates = [one.updates for one in tried]
    assert len(set(updates)) == len(updates)
    stages = [len(one.stages) for one in tried]
    assert stages == [2, 2, 2, 5, 5, 5, 5]


@pytest.mark.parametrize("n_leading", [1, 2, 5, 6])
def test_leading_networks_take_what_the_others_would_have(n_leading):
    """Together all take as many seconds as if each had its own race."""
    allowance = Allowance.of(EFFORTS["default"], NETWORKS, 5)
    behind = FITS_OF_RACE - FITS_OF_FIRST

    time = allowance.time_of(n_leading)

    leading = n_leading * (FITS_OF_FIRST + time * (5 + behind))
    others = (6 - n_leading) * (FITS_OF_FIRST + 5)
    assert (leading + others) * allowance.seconds == pytest.approx(240)
    assert (time == 1) == (n_leading == 6)


def test_time_is_for_seconds_and_updates():
    allowance = Allowance(2.0, EFFORTS["default"], horizon=24)
    short, longer = (Recipe(window=48, time=time) for time in (1.0, 2.0))

    assert allowance.updates("dense", longer, 10**6) == 2 * allowance.updates("dense", short, 10**6)
    # Windows that are few are seen often enough.
    assert allowance.updates("dense", longer, 100) == allowance.updates("dense", short, 100)
