"""Levels: order statistics, pooling, and what is too little."""

import math
import warnings

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from skrnn.forecasters.residual_pools import needed
from skrnn.intervals.levels import check_levels, offsets, own_offsets


def by_loop(residuals, level):
    """The order statistic, counted one by one."""
    in_order = sorted(residual for residual in residuals if not math.isnan(residual))
    n = len(in_order)
    rank = (
        math.ceil(round(level * (n + 1), 9))
        if level >= 0.5
        else math.floor(round(level * (n + 1), 9))
    )
    return in_order[rank - 1] if 1 <= rank <= n else math.nan


def test_order_statistics_by_loop():
    """The quantiles of each lead are the order statistics that a loop counts."""
    random = np.random.default_rng(0)
    residuals = random.normal(size=(99, 3))
    residuals[random.uniform(size=residuals.shape) < 0.2] = np.nan
    levels = np.array([0.01, 0.025, 0.1, 0.5, 0.9, 0.975, 0.99])

    found = own_offsets(residuals, levels)

    expected = [[by_loop(lead, level) for level in levels] for lead in residuals.T]
    np.testing.assert_array_equal(found, expected)


@pytest.mark.parametrize("level", [0.01, 0.025, 0.05, 0.1, 0.3, 0.5, 0.7, 0.9, 0.95, 0.975, 0.99])
def test_needed_is_the_smallest_number(level):
    """A level is told by as many residuals as it needs, and by none fewer."""
    n = needed(level)

    assert not np.isnan(own_offsets(np.zeros((n, 1)), np.array([level]))).any()
    assert n == 1 or np.isnan(own_offsets(np.zeros((n - 1, 1)), np.array([level]))).all()


def test_pooling_by_loop():
    """With too few residuals of a lead the nearest leads join in, scaled to its size."""
    residuals = np.array([[1.0, 2.0, 8.0], [-3.0, 4.0, -8.0], [2.0, -6.0, 8.0]])

    with pytest.warns(UserWarning, match="takes 5 residuals of each lead, and there are 3"):
        found = offsets(residuals, np.array([5 / 6]))

    # Sizes 2, 4 and 8; the largest of six is that of the level 6/7 and of 5/6 too.
    scaled = [[1, 3, 2, 1, 2, 3], [2, 6, 4, 2, 4, 6, 4, 4, 4], [4, 8, 12, 8, 8, 8]]
    signs = [[1, -1, 1, 1, 1, -1], [1, -1, 1, 1, 1, -1, 1, -1, 1], [1, 1, -1, 1, -1, 1]]
    expected = []
    for values, sign in zip(scaled, signs, strict=True):
        in_order = sorted(np.multiply(values, sign))
        expected.append(in_order[math.ceil(round(5 / 6 * (len(in_order) + 1), 9)) - 1])
    np.testing.assert_allclose(found[:, 0], expected)


def test_leads_that_have_enough_are_not_pooled():
    """Only where residuals are missing do others join in."""
    residuals = np.arange(18.0).reshape(9, 2)
    residuals[0, 1] = np.nan

    with pytest.warns(UserWarning, match="pooled"):
        found = offsets(residuals, np.array([0.9]))

    assert found[0, 0] == 16.0


@given(
    residuals=st.lists(
        st.lists(st.floats(-9, 9, width=16), min_size=3, max_size=3), min_size=4, max_size=40
    ),
    levels=st.lists(st.floats(0.08, 0.92), min_size=2, max_size=9),
)
def test_quantiles_never_cross(residuals, levels):
    """A higher level has no lower quantile, pooled or not, whatever it is asked beside."""
    residuals = np.array(residuals)
    levels = np.sort(levels)

    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)
        together = offsets(residuals, levels)
        alone = np.concatenate(
            [offsets(residuals, levels[[i]]) for i in range(len(levels))], axis=1
        )

    assert (np.diff(together, axis=1) >= 0).all()
    np.testing.assert_array_equal(alone, together)


def test_even_all_leads_are_too_little():
    """Where all leads together are too few, the error says what coverage there is."""
    with pytest.raises(
        ValueError,
        match=r"level 0.975 takes 39 residuals, and only 8 .* or a coverage of at most 0.777",
    ):
        offsets(np.zeros((4, 2)), np.array([0.1, 0.975]))


def test_constant_residuals():
    """Residuals that are all alike are their own quantiles."""
    np.testing.assert_array_equal(offsets(np.full((50, 2), 3.0), np.array([0.025, 0.975])), 3.0)
    with pytest.warns(UserWarning, match="pooled"):
        np.testing.assert_array_equal(offsets(np.zeros((20, 2)), np.array([0.025, 0.975])), 0.0)


@pytest.mark.parametrize("value", [0, 1, 1.5, -0.1, True, "0.9", None, [], [0.5, 1], np.nan])
def test_what_is_no_level(value):
    """What is not above 0 and below 1 is an error that names it."""
    with pytest.raises(ValueError, match="coverage must be above 0 and below 1, such as 0.9, got"):
        check_levels("coverage", value)
