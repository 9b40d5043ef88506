"""Past changes: by a plain loop, in the size of what forecasts missed, and what they promise."""

import numpy as np
import pytest

from skrnn.evaluation.past_changes import MOST_ROWS, PastChanges
from skrnn.evaluation.past_residuals import ends_of, n_telling

LEADS = np.arange(1, 6)


def series(n=80, drift=0.0, seed=0):
    """A random walk, some of which is not known."""
    values = (np.random.default_rng(seed).normal(size=n) + drift).cumsum()
    values[[3, 30]] = np.nan
    return values


def rows_of(first_rows):
    return np.asarray(first_rows)[:, None] + LEADS


@pytest.mark.parametrize("season", [1, 3])
def test_changes_by_a_plain_loop(season):
    """Over a lead, or over as many seasons as hold it."""
    values = series()
    past = PastChanges(values, LEADS, season)
    rows = rows_of(np.arange(-2, 80))

    found = past.at(rows)

    for changes, ends in zip(found, rows, strict=True):
        for change, row, lead in zip(changes, ends, LEADS, strict=True):
            before = row - int(np.ceil(lead / season)) * season
            there = before >= 0 and row < len(values)
            expected = values[row] - values[before] if there else np.nan
            np.testing.assert_equal(change, expected)


def test_what_a_naive_forecast_misses_are_the_changes():
    """Their size is no question."""
    past = PastChanges(series(drift=0.3), LEADS, 1)
    rows = rows_of(np.arange(50, 60))

    likened = past.like(past.at(rows), rows)

    np.testing.assert_allclose(likened.changes, past.at(likened.rows), atol=1e-12)
    assert likened.told == pytest.approx(1)


def test_in_the_size_of_what_was_missed():
    """Half as far around the mean; of a trend that forecasts know nothing is left."""
    past = PastChanges(series(drift=2.0), LEADS, 1)
    rows = rows_of(np.arange(45, 70, 5))
    signs = np.where(np.arange(rows.size).reshape(rows.shape) % 2, 1.0, -1.0)

    likened = past.like(signs, rows)

    changes = past.at(likened.rows)
    assert np.nanmean(changes) > 5
    assert np.abs(np.nanmean(likened.changes, axis=0)).max() < 0.3
    centred = changes - np.nanmean(changes, axis=0)
    assert np.nanstd(likened.changes / centred) < 0.3
    assert 0 <= likened.told < 0.5


def test_a_series_that_has_not_changed_tells_nothing():
    """Nor does one of which nothing is known in the rows that were forecast."""
    rows = rows_of([50])

    assert PastChanges(np.ones(80), LEADS, 1).like(np.ones((1, 5)), rows) is None
    assert PastChanges(series(40), LEADS, 1).like(np.ones((1, 5)), rows) is None
    assert PastChanges(series(), LEADS, 1).like(np.full((1, 5), np.nan), rows) is None


def test_until_a_row():
    """What comes behind is not known, and what is older than the newest rows is left out."""
    values = series(3 * MOST_ROWS)
    past = PastChanges(values, LEADS, 1).until(2000)
    other = values.copy()
    other[2001:] = 9
    rows = rows_of(np.arange(0, 2100))

    found = past.at(rows)

    np.testing.assert_array_equal(found, PastChanges(other, LEADS, 1).until(2000).at(rows))
    assert np.isnan(found[rows > 2000]).all()
    changes = past.counted_from(700).like(found[1900:1950], rows[1900:1950] - 700).changes
    assert np.count_nonzero(~np.isnan(changes[:, 0])) == MOST_ROWS + 4


def scored(ends, tested):
    """The shares of truths held, and interval scores; NaN where there are no ends."""
    lower, upper = ends[..., 0], ends[..., 1]
    outside = np.maximum(lower - tested, 0) + np.maximum(tested - upper, 0)
    missed = 2 / (1 - np.array([0.8, 0.95])) * outside
    held = np.where(np.isnan(lower), np.nan, outside == 0)
    return held.mean(axis=(0, 1)), (upper - lower + missed).mean(axis=(0, 1))


def by_folds(kind, n_folds, seed):
    """Shares and scores of some folds, (n_folds, with changes and without, 2, 2).

    As in ``test_past_residuals``, with a hundred rows before the first fold.
    """
    size, leads = 6, np.arange(1, 13)
    n = 100 + (n_folds + 1) * size + 12
    values = np.random.default_rng(seed).normal(size=n)
    if kind != "noise":
        values = values.cumsum()
    past = PastChanges(values, leads, 12 if kind == "seasonal" else 1)
    origins = np.arange(100, n - 12)
    rows = origins[:, None] + leads
    missed = values[rows] if kind == "noise" else past.at(rows)
    found = []
    for first in range(size, len(origins), size):
        known = np.where(rows <= origins[first], missed, np.nan)[:first]
        tested = missed[first : first + size, :, None]
        for beside in (past.until(origins[first]), None):
            ends = ends_of(known, rows[:first], (0.8, 0.95), beside)
            found.append(scored(ends, tested))
    return np.reshape(found, (-1, 2, 2, 2))


@pytest.mark.parametrize("n_folds", [3, 6])
@pytest.mark.parametrize("kind", ["noise", "walk", "seasonal"])
def test_few_forecasts_hold_what_they_promise(kind, n_folds):
    """Of forecasts as good as can be, by better intervals than without the changes."""
    found = np.concatenate([by_folds(kind, n_folds, seed) for seed in range(60)])
    scores = found[np.isfinite(found).all(axis=(1, 2, 3))][:, :, 1].mean(axis=0)

    held = found[:, 0, 0].mean(axis=0)
    assert (held > (0.78, 0.93)).all()
    assert (held < (0.9, 0.99)).all()
    assert (scores[0] < scores[1]).all()


def test_a_coverage_that_forecasts_alone_do_not_tell():
    """Five forecasts and the changes of a hundred rows tell 95 %."""
    past = PastChanges(series(100), LEADS, 1)
    rows = rows_of([90])
    missed = past.at(rows)

    alone, beside = (ends_of(missed, rows, (0.95,), one) for one in (None, past))

    assert np.isnan(alone).all()
    assert np.isfinite(beside).all()
    known = np.count_nonzero(~np.isnan(past.at(rows_of(np.arange(-6, 99)))))
    assert n_telling(missed, past.like(missed, rows)) == 5 + known
