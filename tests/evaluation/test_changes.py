"""Changes of series over leads against plain loops, and which of them tell how large errors are."""

import numpy as np
import pytest

from skrnn.evaluation.changes import MEMORIES, changes_by_lead, sharpest
from tests import oracles

LEADS = np.array([1, 2, 3, 5])
BOUNDS = np.cumsum([0, 40, 6, 90, 33])


@pytest.fixture(params=[0.0, 0.1], ids=["whole", "with gaps"])
def values(request):
    rng = np.random.default_rng(0)
    rows = rng.normal(size=BOUNDS[-1]).cumsum()
    rows[rng.random(len(rows)) < request.param] = np.nan
    return rows


def by_loop(values, at, season, before=None):
    found = np.empty((len(at), len(LEADS), len(MEMORIES)))
    for line, row in enumerate(at):
        rows = values[BOUNDS[row >= BOUNDS][-1] : row + 1]
        for lead, ahead in enumerate(LEADS):
            lag = season * -(-ahead // season)
            known = None if before is None else before[line, lead]
            for memory, horizons in enumerate(MEMORIES):
                found[line, lead, memory] = oracles.mean_change(
                    rows, lag, horizons * LEADS[-1], known
                )
    return found


@pytest.mark.parametrize("season", [1, 3])
def test_they_are_those_of_a_loop(values, season):
    """Of each lead, or of as many seasons as hold it, at rows of all series in any order."""
    at = np.array([30, 39, 60, 135, 100, 168, 60])

    found = changes_by_lead(values, BOUNDS, at, leads=LEADS, season=season)

    np.testing.assert_allclose(found, by_loop(values, at, season))


def test_rows_before_the_first_count_as_well(values):
    """As endlessly many of the change that is told, beside few rows more than beside many."""
    at = np.array([44, 135])
    before = np.full((2, len(LEADS)), 7.0)

    found = changes_by_lead(values, BOUNDS, at, leads=LEADS, season=1, before=before)

    np.testing.assert_allclose(found, by_loop(values, at, 1, before))


def test_what_is_not_known_before_counts_nothing(values):
    at = np.array([30, 135])
    nothing = np.full((2, len(LEADS)), np.nan)
    how = {"leads": LEADS, "season": 1}

    found = changes_by_lead(values, BOUNDS, at, before=nothing, **how)

    np.testing.assert_array_equal(found, changes_by_lead(values, BOUNDS, at, **how))


def test_later_rows_do_not_move_them(values):
    """Nor those of other series, to the bit."""
    changed = values.copy()
    changed[:40] = -5
    changed[131:] = np.nan

    before, after = (
        changes_by_lead(rows, BOUNDS, np.array([80, 130]), leads=LEADS, season=1)
        for rows in (values, changed)
    )

    np.testing.assert_array_equal(before, after)


def test_a_lead_without_changes_has_those_beside_it():
    """In the size of a random walk's: here only every second row is known, and seven in all."""
    rows = np.array([0, np.nan, 1, np.nan, 3, np.nan, 4.0])

    found = changes_by_lead(
        rows, np.array([0, 7]), np.array([6]), leads=np.array([1, 2, 8]), season=1
    )

    np.testing.assert_allclose(found[0, :, 0], np.sqrt([1 / 2, 1, 4]) * 4 / 3)


def test_a_series_that_never_changed_has_none():
    rows = np.array([5.0, 5, 5, 5])

    found = changes_by_lead(rows, np.array([0, 4]), np.array([3]), leads=LEADS, season=1)

    assert np.isnan(found).all()


@pytest.mark.parametrize("true", range(3))
def test_the_sharpest_are_those_that_errors_have(true):
    """Errors that are as large as changes by one memory are likeliest by that."""
    rng = np.random.default_rng(true)
    changes = np.exp(rng.normal(size=(300, 3)))
    leads = np.repeat([0, 1, 3], 100)
    missed = rng.laplace(size=300) * changes[:, true] * (1 + leads)
    missed[::17] = np.nan
    changes[::19, 1] = np.nan

    assert sharpest(missed, leads, changes) == true


def test_without_errors_the_first_is_taken():
    """Where nothing was missed, or nothing is known."""
    changes = np.ones((4, 2))

    assert sharpest(np.zeros(4), np.zeros(4, int), changes) == 0
    assert sharpest(np.full(4, np.nan), np.zeros(4, int), changes) == 0
