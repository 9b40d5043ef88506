"""Intervals of past residuals, by hand and against how often the next one lies inside."""

import numpy as np
import pytest

from skrnn.evaluation.past_residuals import ends_of


def test_by_hand():
    """Of 19 residuals 90 % lie between the smallest and the largest, 80 % between the next ones."""
    residuals = np.random.default_rng(0).permutation(19.0 + np.arange(19))

    found = ends_of([residuals], (0.8, 0.9))

    np.testing.assert_array_equal(found, [[[20, 36], [19, 37]]])


@pytest.mark.parametrize("n", [9, 25, 60])
def test_the_next_residual_is_held(n):
    """Of exchangeable residuals the next lies inside at least as often as is promised."""
    random = np.random.default_rng(0)
    held = []

    for _ in range(2000):
        *past, following = random.standard_t(3, size=n + 1)
        lower, upper = ends_of([np.array(past)], (0.8,))[0, 0]
        held.append(lower <= following <= upper)

    assert 0.8 - 0.02 <= np.mean(held) <= 0.8 + 2 / (n + 1) + 0.02


def test_leads_by_themselves():
    """Each lead has the ends of its own residuals."""
    random = np.random.default_rng(0)
    residuals = [random.normal(scale=lead, size=100) for lead in (1, 2, 3)]

    found = ends_of(residuals, (0.5,))

    for lead, own in enumerate(residuals):
        np.testing.assert_array_equal(found[lead], ends_of([own], (0.5,))[0])


def test_neighbouring_leads_join_in():
    """Of too few residuals of a lead, those beside it join, in its size."""
    residuals = [np.array([-1.0, 1.0] * 5), np.array([-2.0, 2.0] * 5), np.array([-4.0, 4.0] * 5)]

    found = ends_of(residuals, (0.8, 0.9))

    np.testing.assert_allclose(found[:, 1], [[-1, 1], [-2, 2], [-4, 4]])


def test_leads_without_residuals():
    """A lead of which nothing is known is as large as between those beside it."""
    residuals = [np.array([-1.0, 1.0] * 20), np.zeros(0), np.array([-3.0, 3.0] * 20)]

    found = ends_of(residuals, (0.8,))

    np.testing.assert_allclose(found[1], [[-2, 2]])


@pytest.mark.parametrize("residuals", [[np.zeros(0)], [np.arange(5.0), np.arange(3.0)]])
def test_too_few_of_all_leads(residuals):
    """What no residuals tell is unknown."""
    assert np.isnan(ends_of(residuals, (0.8,))).all()


def test_wider_promises_are_wider():
    """A larger coverage holds a smaller one, also where more leads join for it."""
    random = np.random.default_rng(0)
    for _ in range(100):
        residuals = [random.normal(size=random.integers(3, 40)) for _ in range(4)]

        found = ends_of(residuals, (0.3, 0.5, 0.8, 0.9))

        assert not (np.diff(found[..., 0], axis=1) > 0).any()
        assert not (np.diff(found[..., 1], axis=1) < 0).any()


def test_residuals_that_are_all_zero():
    """Forecasts that have never missed promise themselves."""
    found = ends_of([np.zeros(12), np.zeros(2)], (0.8,))

    np.testing.assert_array_equal(found, np.zeros((2, 1, 2)))
