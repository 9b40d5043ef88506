"""What all displays have in common."""

import subprocess
import sys
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
import pytest

from skrnn import LinearWindow, make_windows
from skrnn.plotting import (
    AttentionDisplay,
    CalibrationDisplay,
    ForecastDisplay,
    LagImportanceDisplay,
    LeadErrorDisplay,
    TrainingDisplay,
)

X, Y = make_windows(np.cos(np.arange(60.0)), length=4, horizon=2)
MODEL = LinearWindow().fit(X, Y)
DRAWN = {
    "attention": lambda ax: AttentionDisplay(["fine", "film"], [0.7, 0.3]).plot(ax),
    "forecast": lambda ax: ForecastDisplay.from_estimator(MODEL, X, Y, ax=ax),
    "lead_error": lambda ax: LeadErrorDisplay.from_estimator(MODEL, X, Y, ax=ax),
    "calibration": lambda ax: CalibrationDisplay.from_predictions(
        Y, np.stack([Y - 1, Y + 1], axis=-1)[:, :, None], coverages=[0.8], ax=ax
    ),
    "training": lambda ax: TrainingDisplay.from_history(
        {"loss": [2.0, 1.0], "val_loss": [2.0, 1.0]}, ax=ax
    ),
    "importance": lambda ax: LagImportanceDisplay.from_estimator(MODEL, X, ax=ax),
}


@pytest.mark.parametrize("draw", DRAWN.values(), ids=DRAWN)
def test_axes_that_are_passed_are_used(draw):
    """ax= is drawn on, and no other figure is made."""
    figure, ax = plt.subplots()

    display = draw(ax)

    assert display.ax_ is ax
    assert display.figure_ is figure
    assert plt.get_fignums() == [figure.number]


@pytest.mark.parametrize("draw", DRAWN.values(), ids=DRAWN)
def test_nothing_is_shown(draw, monkeypatch):
    """A figure of its own is made, and left to the user to show."""
    monkeypatch.setattr(plt, "show", lambda *args, **kwargs: pytest.fail("shown"))

    display = draw(None)

    assert display.figure_.axes[0] is display.ax_


@pytest.mark.parametrize("draw", DRAWN.values(), ids=DRAWN)
def test_a_display_can_be_drawn_again(draw):
    """plot() draws the same display elsewhere, and returns it."""
    display = draw(None)
    _, ax = plt.subplots()

    assert display.plot(ax=ax) is display
    assert display.ax_ is ax


def test_without_matplotlib_the_remedy_is_named():
    """Importing skrnn.plotting without matplotlib says how to get it; importing skrnn works."""
    code = "import sys; sys.modules['matplotlib'] = None; import skrnn; import skrnn.plotting"
    root = Path(__file__).parents[2]

    done = subprocess.run(
        [sys.executable, "-c", code], cwd=root, capture_output=True, text=True, check=False
    )

    assert done.returncode == 1
    assert done.stderr.strip().endswith(
        "ImportError: skrnn.plotting needs matplotlib: pip install skrnn[plot]"
    )
