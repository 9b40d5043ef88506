"""Quantiles: checked, chosen, and the median among them."""

import numpy as np
import pytest

from skrnn.forecasters.quantiles import (
    asked_quantiles,
    check_quantiles,
    median_of,
    target_quantiles,
)


@pytest.mark.parametrize("quantiles", [(0.1, 0.5, 0.9), [0.1, 0.5, 0.9], np.array([0.1, 0.5, 0.9])])
def test_check_returns_a_tuple_of_floats(quantiles):
    """Any sequence of levels is a tuple of Python floats."""
    checked = check_quantiles(quantiles)

    assert checked == (0.1, 0.5, 0.9)
    assert all(type(level) is float for level in checked)


def test_check_takes_a_single_level():
    """A single number is one level."""
    assert check_quantiles(0.9) == (0.9,)


@pytest.mark.parametrize(
    "quantiles",
    [(), (0, 0.5), (0.5, 1), (0.9, 0.1), (0.5, 0.5), (np.nan,), ("0.5",), "0.5", None, (True,), 50],
)
def test_check_refuses_what_are_no_levels(quantiles):
    """Levels lie between 0 and 1 and go up; the message shows how."""
    with pytest.raises(ValueError, match=r"quantiles must be numbers .* such as \(0.1, 0.5, 0.9\)"):
        check_quantiles(quantiles)


@pytest.mark.parametrize(
    ("quantiles", "expected"),
    [
        ((0.1, 0.5, 0.9), 10.0),
        ((0.1, 0.4, 0.8), 12.5),
        ((0.1, 0.2, 0.4), 20.0),
        ((0.6, 0.7, 0.8), 0.0),
        ((0.1, 0.2 + 0.3, 0.9), 10.0),
    ],
)
def test_median(quantiles, expected):
    """The median is 0.5's own value, lies on the line between its neighbours, or is the nearest."""
    values = np.array([[[0.0, 10.0, 20.0]]])

    np.testing.assert_allclose(median_of(values, quantiles), [[expected]])


def test_chosen_are_in_the_order_asked_for():
    """The last axis holds what was asked for, in that order."""
    values = np.arange(6.0).reshape(2, 3)

    np.testing.assert_array_equal(
        asked_quantiles(values, (0.1, 0.5, 0.9), (0.9, 0.1)), [[2, 0], [5, 3]]
    )


def test_chosen_are_all_by_default():
    """Without a choice all learned quantiles come."""
    values = np.arange(6.0).reshape(2, 3)

    np.testing.assert_array_equal(asked_quantiles(values, (0.1, 0.5, 0.9)), values)


def test_computed_levels_are_found():
    """0.1 + 0.2 is 0.3."""
    assert asked_quantiles(np.array([1.0, 2.0]), (0.3, 0.5), 0.1 + 0.2) == [1.0]


def test_chosen_names_the_learned_ones():
    """What was not learned cannot be asked for; the message names what can, and the remedy."""
    message = r"learned ones, 0\.1, 0\.9, got 0\.5: fit with quantiles=\(0\.1, 0\.5, 0\.9\)"

    with pytest.raises(ValueError, match=message):
        asked_quantiles(np.zeros((4, 2)), (0.1, 0.9), (0.1, 0.5))


def test_quantiles_of_the_targets():
    """Each output's own quantiles, of its known targets."""
    y = np.column_stack([np.arange(12.0), np.full(12, 3.0)])
    y[11, 0] = np.nan

    np.testing.assert_array_equal(target_quantiles(y, (0.1, 0.5)), [[1, 5], [3, 3]])


def test_weighted_quantiles_of_the_targets():
    """A weight of two is the same target twice."""
    y = np.arange(9.0)[:, None]
    weights = np.arange(9) % 3
    repeated = y.repeat(weights, axis=0)

    np.testing.assert_array_equal(
        target_quantiles(y, (0.2, 0.7), weights),
        target_quantiles(repeated, (0.2, 0.7), np.ones(len(repeated))),
    )
