"""Standard errors of coverage against how much coverage varies over simulated series."""

import numpy as np
import pytest

from skrnn.evaluation.standard_error import standard_error


def forecasts_of(n, n_leads):
    """Origins and rows of forecasts of some leads from each row."""
    origin = np.repeat(np.arange(n), n_leads)
    return origin, origin + np.tile(np.arange(1, n_leads + 1), n)


def walks_held(n, n_leads, random):
    """Whether random walks stay within 80 % intervals of forecasts that repeat the last value."""
    walk = random.normal(size=n + n_leads).cumsum()
    origin, row = forecasts_of(n, n_leads)
    return np.abs(walk[row] - walk[origin]) <= 1.2816 * np.sqrt(row - origin)


@pytest.mark.parametrize("n_leads", [1, 10])
def test_overlapping_forecasts(n_leads):
    """It is how much the coverage of one series after the other varies, to a quarter of it."""
    origin, row = forecasts_of(500, n_leads)
    series = [walks_held(500, n_leads, np.random.default_rng(seed)) for seed in range(300)]

    errors = [standard_error(held, origin, row, 0.8) for held in series]

    spread = np.std([held.mean() for held in series])
    assert np.mean(errors) == pytest.approx(spread, rel=0.25)


def test_leads_are_no_forecasts_of_their_own():
    """Forecasts of ten leads err together: as independent ones they would promise too much."""
    origin, row = forecasts_of(500, 10)
    held = walks_held(500, 10, np.random.default_rng(0))

    found = standard_error(held, origin, row, 0.8)

    assert found > 3 * np.sqrt(0.8 * 0.2 / len(held))


def test_independent_truths():
    """Those of one lead that do not depend on each other have the binomial error."""
    random = np.random.default_rng(0)
    origin, row = forecasts_of(400, 1)

    errors = [standard_error(random.uniform(size=400) < 0.8, origin, row, 0.8) for _ in range(100)]

    binomial = np.sqrt(0.8 * 0.2 / 400)
    assert min(errors) >= binomial * (1 - 1e-12)
    assert np.mean(errors) == pytest.approx(binomial, rel=0.2)


def test_blocks_by_hand():
    """Nine origins are three blocks of three; the error is that of their three means."""
    held = np.array([1, 1, 1, 1, 1, 0, 0, 0, 0], bool)
    origin, row = forecasts_of(9, 1)

    found = standard_error(held, origin, row, 0.5)

    assert found == pytest.approx(np.std([1, 2 / 3, 0], ddof=1) / np.sqrt(3))


def test_origins_further_apart_than_forecasts_reach():
    """Forecasts that do not overlap are as many as there are, however many rows lie between."""
    held = np.random.default_rng(0).uniform(size=100) < 0.8
    origin, row = forecasts_of(100, 1)

    apart = standard_error(held, 12 * origin, 12 * origin + 12, 0.8)

    assert apart == standard_error(held, origin, row, 0.8)


def test_series_that_err_together_by_themselves():
    """Where each series is held wholly or not at all, there are no more forecasts than series."""
    series = np.repeat(np.arange(20), 50)
    origin = np.tile(np.arange(50), 20)
    held = series % 4 > 0

    found = standard_error(held, origin, origin + 1, 0.75, [series])

    assert found == pytest.approx(np.sqrt(0.75 * 0.25 / 19))


def test_series_that_err_at_the_same_time():
    """Where all series are held at a time or none, there are no more forecasts than times."""
    origin = np.tile(np.arange(100), 20)
    held = np.random.default_rng(0).uniform(size=100)[origin] < 0.8

    found = standard_error(held, origin, origin + 1, 0.8, [np.repeat(np.arange(20), 100)])

    assert found == pytest.approx(standard_error(held[:100], origin[:100], origin[:100] + 1, 0.8))


def test_folds_of_other_residuals():
    """What the folds hold apart from each other counts, where there are three of them."""
    fold = np.repeat(np.arange(4), 100)
    origin, row = forecasts_of(400, 1)
    held = np.random.default_rng(0).uniform(size=400) < np.array([0.6, 0.9, 0.7, 1.0])[fold]

    found = standard_error(held, origin, row, 0.8, [fold])

    means = [held[fold == number].mean() for number in range(4)]
    assert found == pytest.approx(np.std(means, ddof=1) / 2)


def test_all_are_held():
    """That nothing was outside is no certainty."""
    origin, row = forecasts_of(25, 1)

    found = standard_error(np.ones(25, bool), origin, row, 0.8)

    assert found == pytest.approx(np.sqrt(0.8 * 0.2 / 25))


def test_one_block_tells_nothing():
    """Forecasts that all overlap have no error that could be told."""
    origin, row = forecasts_of(10, 10)

    assert np.isnan(standard_error(np.arange(100) % 2 > 0, origin, row, 0.8))
