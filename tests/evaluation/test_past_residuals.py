"""Intervals of past residuals, by hand and against how often the next one lies inside."""

import numpy as np
import pytest

from skrnn.evaluation.past_residuals import ends_of, n_independent


def ends_by_lead(residuals, coverages):
    """Ends from the residuals of each lead, whose truths are far from those of others."""
    table = np.full((max(map(len, residuals)), len(residuals)), np.nan)
    for lead, own in enumerate(residuals):
        table[: len(own), lead] = own
    rows = np.arange(len(table))[:, None] + 1000 * np.arange(len(residuals))
    return ends_of(table, rows, coverages)


def test_by_hand():
    """Of 19 residuals 90 % lie between the smallest and the largest, 80 % between the next ones."""
    residuals = np.array([(-1) ** n * ((n + 1) // 2) for n in range(19)])

    found = ends_by_lead([residuals], (0.8, 0.9))

    np.testing.assert_allclose(found, [[[-8, 8], [-9, 9]]])


@pytest.mark.parametrize("n", [9, 25, 60])
def test_the_next_residual_is_held(n):
    """Of exchangeable residuals the next lies inside at least as often as is promised."""
    random = np.random.default_rng(0)
    held = []

    for _ in range(2000):
        *past, following = random.standard_t(3, size=n + 1)
        lower, upper = ends_by_lead([np.array(past)], (0.8,))[0, 0]
        held.append(lower <= following <= upper)

    assert 0.8 - 0.02 <= np.mean(held) <= 0.8 + 2 / (n + 1) + 0.02


def test_leads_by_themselves():
    """Each lead has the ends of its own residuals."""
    random = np.random.default_rng(0)
    residuals = [random.normal(scale=lead, size=100) for lead in (1, 2, 3)]

    found = ends_by_lead(residuals, (0.5,))

    for lead, own in enumerate(residuals):
        np.testing.assert_allclose(found[lead], ends_by_lead([own], (0.5,))[0])


def test_neighbouring_leads_join_in():
    """Of too few residuals of a lead, those beside it join, in its size."""
    residuals = [np.array([-1.0, 1.0] * 5), np.array([-2.0, 2.0] * 5), np.array([-4.0, 4.0] * 5)]

    found = ends_by_lead(residuals, (0.8, 0.9))

    np.testing.assert_allclose(found[:, 1], [[-1, 1], [-2, 2], [-4, 4]])


def test_leads_without_residuals():
    """A lead of which nothing is known is as large as between those beside it."""
    residuals = [np.array([-1.0, 1.0] * 20), np.zeros(0), np.array([-3.0, 3.0] * 20)]

    found = ends_by_lead(residuals, (0.8,))

    np.testing.assert_allclose(found[1], [[-2, 2]])


def test_too_few_for_the_larger_coverage():
    """A coverage that takes more residuals than there are has no ends, whatever a smaller has."""
    found = ends_by_lead([np.array([-1.0, 1.0] * 10)], (0.8, 0.95))

    assert np.isfinite(found[0, 0]).all()
    assert np.isnan(found[0, 1]).all()


@pytest.mark.parametrize("residuals", [[np.zeros(0)], [np.arange(5.0), np.arange(3.0)]])
def test_too_few_of_all_leads(residuals):
    """What no residuals tell is unknown."""
    assert np.isnan(ends_by_lead(residuals, (0.8,))).all()


def test_wider_promises_are_wider():
    """A larger coverage holds a smaller one, also where more leads join for it."""
    random = np.random.default_rng(0)
    for _ in range(100):
        residuals = [random.normal(size=random.integers(3, 40)) for _ in range(4)]

        found = ends_by_lead(residuals, (0.3, 0.5, 0.8, 0.9))

        assert not (np.diff(found[..., 0], axis=1) > 0).any()
        assert not (np.diff(found[..., 1], axis=1) < 0).any()


def test_residuals_that_are_all_zero():
    """Forecasts that have never missed promise themselves."""
    found = ends_by_lead([np.zeros(12), np.zeros(2)], (0.8,))

    np.testing.assert_array_equal(found, np.zeros((2, 1, 2)))


def test_neighbours_that_err_alike_are_few():
    """Of truths that are missed by as much as those beside them, few tell as much as many."""
    noise = np.random.default_rng(0).normal(size=300)
    alike = np.convolve(noise, np.ones(10), "valid")

    assert n_independent(noise, np.arange(300)) > 200
    assert n_independent(alike, np.arange(291)) == pytest.approx(291 / 10, rel=0.5)
    assert n_independent(alike[::10], np.arange(0, 291, 10)) > 20


def test_one_sided_residuals_of_one_origin_tell_no_side():
    """What all leads of one origin missed says how far truths may lie, and not on which side."""
    residuals = np.array([np.arange(1.0, 13)])

    lower, upper = ends_of(residuals, np.arange(12)[None], (0.8,))[:, 0].T

    assert (lower < 0).all()
    assert (upper > residuals[0]).all()


def walk(noise):
    return noise.cumsum()


def seasonal(noise):
    """What the forecast by the value of a season before misses of a random walk."""
    level = noise.cumsum()
    return level[12:] - level[:-12]


@pytest.mark.parametrize("n_folds", [3, 4, 6])
@pytest.mark.parametrize("kind", ["noise", "walk", "seasonal"])
def test_few_folds_hold_what_they_promise(kind, n_folds):
    """Of six origins a fold and twelve leads, from the second fold on and behind all of them."""
    held = np.mean([held_by_folds(kind, n_folds, 6, seed) for seed in range(60)], axis=0)

    assert (held > (0.78, 0.88)).all()
    assert (held < (0.92, 0.99)).all()


@pytest.mark.parametrize("kind", ["noise", "walk"])
def test_many_origins_hold_no_more(kind):
    """Where folds are long, intervals are as wide as they must be."""
    held = np.mean([held_by_folds(kind, 4, 100, seed) for seed in range(8)], axis=0)

    np.testing.assert_allclose(held, (0.8, 0.95), atol=0.035)


def held_by_folds(kind, n_folds, size, seed):
    """The shares of truths held by 80 and 95 %, of twelve leads ahead of each origin."""
    n = (n_folds + 1) * size + 12
    noise = np.random.default_rng(seed).normal(size=n + 24)
    leads = np.arange(1, 13)
    origins = np.arange(n - 12)
    rows = origins[:, None] + leads
    missed = {"noise": noise, "walk": walk(noise), "seasonal": seasonal(noise)}[kind][rows]
    if kind == "walk":
        missed = missed - walk(noise)[origins, None]
    held = []
    for first in range(size, len(origins), size):
        known = (rows <= first) & (origins < first)[:, None]
        ends = ends_of(np.where(known, missed, np.nan)[:first], rows[:first], (0.8, 0.95))
        tested = missed[first : first + size, :, None]
        inside = (ends[..., 0] <= tested) & (tested <= ends[..., 1])
        held.append(np.where(np.isnan(ends[..., 0]), np.nan, inside))
    return np.nanmean(np.concatenate(held), axis=(0, 1))
