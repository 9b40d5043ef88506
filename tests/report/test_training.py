"""Losses by epoch."""

from dataclasses import replace

import numpy as np
import pytest

from skrnn.report.training import training_chart
from tests.report.conftest import history, options_of


def test_training_shows_both_losses_of_every_fold(comparison):
    """Two lines for each fold; the table has the best epoch by validation loss."""
    chart = training_chart(comparison)

    assert len(chart.figure.data) == 6
    losses = comparison.training["gru"][0]["val_loss"]
    assert chart.table.rows[0][:4] == ["gru", "1", "20", str(int(np.argmin(losses)) + 1)]


def test_training_without_validation_has_one_loss(comparison):
    """A network that was trained on all rows has no validation loss, and its best epoch is by its
    loss.
    """
    chart = training_chart(replace(comparison, training={"lstm": [{"loss": [3.0, 1.0, 2.0]}]}))

    assert len(chart.figure.data) == 1
    assert chart.table.rows == [["lstm", "1", "3", "2", "1.00", "–"]]


def test_training_of_many_networks_is_chosen_from(comparison):
    """One network is shown at a time, the best to begin with."""
    chart = training_chart(
        replace(comparison, training={"dense": [history(5)], "gru": [history(9)]})
    )

    assert options_of(chart, "model") == {"dense": False, "gru": True}


@pytest.mark.parametrize("training", [{}, {"gru": []}, {"gru": [{}]}, {"gru": [{"loss": []}]}])
def test_without_networks_there_is_no_training(comparison, training):
    """Where nothing was trained there is no chart."""
    assert training_chart(replace(comparison, training=training)) is None


def test_losses_that_were_lost_are_left_out(comparison):
    """A network that diverged has unknown losses, which the page survives."""
    chart = training_chart(
        replace(comparison, training={"gru": [{"loss": [1.0, np.nan]}, {"loss": [np.nan]}]})
    )

    assert [row[3] for row in chart.table.rows] == ["1", "1"]
