"""Batches, and the split that validates on the newest windows."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from skrnn import make_windows
from skrnn.forecasters.samples import newest_part
from skrnn.neural.feeding import Feed


def test_feed_gives_every_window_once():
    """An epoch's batches hold each window, its target and its weight together, once."""
    X, y = make_windows(np.arange(23.0), length=3)
    feed = Feed(X, y[:, None], y, batch_size=6, dtype="float32", seed=1)

    batches = [feed[i] for i in range(len(feed))]
    steps = np.concatenate([batch.steps for batch in batches])
    targets = np.concatenate([batch.y for batch in batches])
    weights = np.concatenate([batch.weights for batch in batches])

    np.testing.assert_array_equal(np.sort(targets[:, 0]), y)
    np.testing.assert_array_equal(steps[:, -1, 0] + 1, targets[:, 0])
    np.testing.assert_array_equal(weights, targets[:, 0])


def test_feed_shuffles_every_epoch():
    """The next epoch has another order; without a seed all epochs have the same."""
    X, y = make_windows(np.arange(50.0), length=3)
    shuffled = Feed(X, y[:, None], None, batch_size=6, dtype="float32", seed=1)
    ordered = Feed(X, y[:, None], None, batch_size=6, dtype="float32")

    first = shuffled[0].y.copy()
    shuffled.shuffle()
    ordered.shuffle()

    assert not np.array_equal(shuffled[0].y, first)
    np.testing.assert_array_equal(ordered[0].y[:, 0], y[:6])


def test_newest_part_of_a_panel():
    """Every series of a panel gives its own newest windows."""
    X, _ = make_windows([np.arange(12.0), np.arange(12.0)], length=2)

    train, newest = newest_part(X, 0.2, 1)

    np.testing.assert_array_equal(newest, [8, 9, 18, 19])
    np.testing.assert_array_equal(train, [*range(8), *range(10, 18)])


def test_newest_part_of_lone_windows():
    """Windows that are alone in their series are split in their order."""
    X, _ = make_windows(np.zeros((10, 5)).tolist(), length=4)

    train, newest = newest_part(X, 0.3, 1)

    np.testing.assert_array_equal(newest, [7, 8, 9])
    np.testing.assert_array_equal(train, np.arange(7))


@settings(deadline=None, max_examples=50)
@given(
    n=st.integers(30, 80),
    horizon=st.integers(1, 6),
    stride=st.integers(1, 3),
    fraction=st.floats(0.05, 0.5),
    shuffled=st.booleans(),
)
def test_no_label_reaches_into_the_newest_part(n, horizon, stride, fraction, shuffled):
    """The rows of training targets are older than all rows of validation targets."""
    X, _ = make_windows(np.arange(float(n)), length=2, horizon=horizon, stride=stride)
    order = np.random.default_rng(0).permutation(len(X)) if shuffled else np.arange(len(X))
    X = X[order]

    train, newest = newest_part(X, fraction, horizon)

    assert X.ends[train].max() + horizon <= X.ends[newest].min()


def test_nothing_left_to_train_on():
    """A split that leaves no window to train on is refused."""
    X, _ = make_windows(np.arange(8.0), length=2, horizon=5)

    with pytest.raises(ValueError, match="leave none to train on"):
        newest_part(X, 0.5, 5)


def test_single_far_lead():
    """Targets 24 rows ahead were known when the first validation window ended."""
    X, _ = make_windows(np.arange(200.0), length=2, leads=24)

    train, newest = newest_part(X, 0.2, 1)

    assert X.ends[train].max() + 24 == X.ends[newest].min()


def test_outputs_behind_a_single_known_lead():
    """Several outputs of windows that know one lead follow it row by row, and so does the gap."""
    X, _ = make_windows(np.arange(200.0), length=2)

    train, newest = newest_part(X, 0.2, 20)

    assert X.ends[train].max() + 20 == X.ends[newest].min()
