"""Measures of quantiles against loops, sktime, and what is known in closed form."""

import numpy as np
import pandas as pd
import pytest
from scipy.stats import norm
from sktime.performance_metrics.forecasting.probabilistic import PinballLoss

from skrnn.evaluation import crps_from_quantiles, pinball_loss, weighted_quantile_loss

LEVELS = (0.1, 0.35, 0.5, 0.9)
MEASURES = (pinball_loss, weighted_quantile_loss, crps_from_quantiles)


def some(shape=(40,), seed=0):
    rng = np.random.default_rng(seed)
    true = rng.normal(size=shape)
    return true, np.sort(rng.normal(size=(*shape, len(LEVELS))), axis=-1)


def losses_by_loop(true, quantiles):
    """The pinball loss of each truth and level, from the definition."""
    found = np.zeros((true.size, len(LEVELS)))
    for row, truth in enumerate(true.ravel()):
        for column, level in enumerate(LEVELS):
            error = truth - quantiles.reshape(-1, len(LEVELS))[row, column]
            found[row, column] = level * error if error >= 0 else (level - 1) * error
    return found


@pytest.mark.parametrize("shape", [(40,), (20, 3)])
def test_pinball_loss_against_a_loop(shape):
    """The mean over truths, leads and levels."""
    true, quantiles = some(shape)

    found = pinball_loss(true, quantiles, LEVELS)

    assert found == pytest.approx(losses_by_loop(true, quantiles).mean())


def test_pinball_loss_against_sktime():
    """The same as sktime's."""
    true, quantiles = some()
    columns = pd.MultiIndex.from_product([["y"], LEVELS])

    found = pinball_loss(true, quantiles, LEVELS)

    theirs = PinballLoss()(pd.Series(true, name="y"), pd.DataFrame(quantiles, columns=columns))
    assert found == pytest.approx(theirs)


@pytest.mark.parametrize("shape", [(40,), (20, 3)])
def test_weighted_quantile_loss_against_a_loop(shape):
    """The mean over levels of twice the summed loss, relative to the sum of absolute truths."""
    true, quantiles = some(shape)

    found = weighted_quantile_loss(true, quantiles, LEVELS)

    by_level = 2 * losses_by_loop(true, quantiles).sum(axis=0) / np.abs(true).sum()
    assert found == pytest.approx(by_level.mean())


def test_weighted_loss_of_the_median():
    """It is the absolute error relative to the sum of truths: (1 + 1 + 4) / 16."""
    found = weighted_quantile_loss([2.0, 4.0, -10.0], [[1.0], [5.0], [-6.0]], (0.5,))

    assert found == pytest.approx(6 / 16)


@pytest.mark.parametrize(("forecast", "expected"), [(0.0, 0.0), (1.0, np.inf)])
def test_weighted_loss_without_truth_of_any_size(forecast, expected):
    """Truths of 0 that are forecast exactly are perfect; other forecasts are infinitely wrong."""
    assert weighted_quantile_loss([0.0, 0.0], [[forecast]] * 2, (0.5,)) == expected


@pytest.mark.parametrize("truth", [-1.5, 0.0, 0.7])
def test_crps_of_the_normal_distribution(truth):
    """Many quantiles of it tell what Gneiting and Raftery's closed form does."""
    levels = (np.arange(2000) + 0.5) / 2000

    found = crps_from_quantiles([truth], norm.ppf(levels)[None], levels)

    closed = truth * (2 * norm.cdf(truth) - 1) + 2 * norm.pdf(truth) - 1 / np.sqrt(np.pi)
    assert found == pytest.approx(closed, abs=1e-4)


def test_crps_of_an_ensemble():
    """Its members, as quantiles in the middle of their shares, tell its CRPS exactly."""
    rng = np.random.default_rng(0)
    members = np.sort(rng.normal(size=7))

    found = crps_from_quantiles([0.3], members[None], (np.arange(7) + 0.5) / 7)

    spread = np.abs(members[:, None] - members).mean()
    assert found == pytest.approx(np.abs(members - 0.3).mean() - spread / 2)


def test_crps_by_hand():
    """Levels 0.2 and 0.8 stand for a half each: 0.2·1 and 0.2·1, twice half of each."""
    assert crps_from_quantiles([1.0], [[0.0, 2.0]], (0.2, 0.8)) == pytest.approx(0.4)


@pytest.mark.parametrize("measure", MEASURES)
def test_unknown_truths_do_not_count(measure):
    """NaN in y_true leaves its forecast out, whatever that is."""
    true, quantiles = some((20, 3))
    known = np.ones((20, 3), bool)
    known[[2, 5], [0, 1]] = False

    found = measure(np.where(known, true, np.nan), quantiles, LEVELS)

    assert found == pytest.approx(measure(true[known], quantiles[known], LEVELS))


@pytest.mark.parametrize(
    ("true", "quantiles", "levels", "message"),
    [
        ([1.0], [[1.0, 2.0]], (0.5,), r"y_quantiles must have the shape of y_true.*\(1\) behind"),
        ([1.0], [[1.0]], (1.5,), "quantiles must be numbers above 0 and below 1"),
        ([1.0], [[np.nan]], (0.5,), "y_quantiles must be finite wherever y_true is known"),
        ([np.nan], [[1.0]], (0.5,), "y_true must have a known value, got none"),
        (1.0, [1.0], (0.5,), r"y_quantiles must have the shape of y_true"),
    ],
)
@pytest.mark.parametrize("measure", MEASURES)
def test_errors(measure, true, quantiles, levels, message):
    """Each names the argument, and what is required."""
    with pytest.raises(ValueError, match=message):
        measure(true, quantiles, levels)
