"""Readings of made-up series."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from skrnn.comparison.race import Race
from skrnn.comparison.recipes import first
from skrnn.reading import Reading


@pytest.fixture
def make_reading():
    """A reading of one frame, or of several by name; the target is the first column."""

    def make(frames, season=1, known_ahead=()):
        frames = frames if isinstance(frames, dict) else {"one": frames}
        target = next(iter(frames.values())).columns[0]
        gaps = pd.DataFrame(columns=["series", "first", "last", "n_rows"])
        about = {
            "time": "time",
            "step": "1 day",
            "season_why": "",
            "notes": [],
            "gaps": gaps,
            "series": None,
        }
        about |= {"future": {}, "path": "one.csv", "sha256": "0" * 64, "n_bytes": 1}
        return Reading(
            frames=frames, target=target, season=season, known_ahead=tuple(known_ahead), **about
        )

    return make


@pytest.fixture
def weekly():
    """200 days of a weekly pattern, a column that tells nothing, and noise."""
    rng = np.random.default_rng(0)
    day = np.arange(200)
    values = np.array([0, 5, 6, 5, 4, 2, -3])[day % 7] + rng.normal(scale=0.5, size=200)
    index = pd.date_range("2024-01-01", periods=200, freq="D", name="time")
    return pd.DataFrame({"demand": values + 20, "noise": rng.normal(size=200)}, index=index)


@pytest.fixture
def no_race(monkeypatch):
    """Every rung is set as it begins, or learns the form that the fixture is called with."""

    def choose(form=None):
        def race(names, trials, ladder, ground, **how):
            recipes = {name: first(name, ground) for name in names}
            if form is not None:
                recipes = {name: replace(one, form=form) for name, one in recipes.items()}
            return Race(recipes=recipes)

        for room in ("planning", "fitting"):
            monkeypatch.setattr(f"skrnn.comparison.{room}.race", race)

    choose()
    return choose
