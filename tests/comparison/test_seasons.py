"""The season that exponential smoothing follows, and what it learns instead."""

from dataclasses import replace

import numpy as np
import pandas as pd

from skrnn.comparison import compare, fit_model


def yearly(n=1500, seed=0):
    """Days of a temperature: a year's wave of 200 days, and weather that stays for days."""
    rng = np.random.default_rng(seed)
    weather = np.zeros(n)
    for day in range(1, n):
        weather[day] = 0.7 * weather[day - 1] + rng.normal()
    index = pd.date_range("2020-01-01", periods=n, name="time")
    return pd.DataFrame({"temp": 3 * np.cos(np.arange(n) / 200 * 2 * np.pi) + weather}, index)


def smoothed(reading, **options):
    return compare(reading, models=["smoothing"], horizon=7, folds=2, **options)


def test_smoothing_follows_a_season_only_where_that_is_better(make_reading):
    """A long season that fits hardly twice into a window loses against none at all."""
    found = smoothed(make_reading(yearly(), 200))

    assert found.plan.ladder.smoothed_season == 1
    (note,) = (note for note in found.plan.notes if note.startswith("Exponential smoothing"))
    assert note.startswith(
        "Exponential smoothing follows no season: on the newest of the oldest fold's training rows "
        "it errs by 1."
    )
    assert ", with a season of 200 rows by " in note
    assert found.table.loc["smoothing", "skill"] > 0


def test_a_season_that_it_follows_needs_no_note(weekly, make_reading):
    """The season was told before."""
    found = smoothed(make_reading(weekly, 7))

    assert found.plan.ladder.smoothed_season == 7
    assert not any("smoothing" in note for note in found.plan.notes)


def test_natural_seasons_are_tried_too(make_reading):
    """A week within a year."""
    frame = yearly()
    frame["temp"] += np.tile([9.0, 0, 0, 0, 0, 0, 0], 300)[: len(frame)]

    found = smoothed(replace(make_reading(frame, 200), seasons=(7, 200)))

    assert found.plan.ladder.smoothed_season == 7


def test_a_season_that_is_too_long_to_be_smoothed_is_said_to_be(make_reading):
    """It is smoothed without one."""
    frame = pd.DataFrame({"y": np.sin(np.arange(3000.0) / 600 * 2 * np.pi)})

    found = compare(make_reading(frame, 600), models=["smoothing"], horizon=2, folds=2)

    assert (
        "Exponential smoothing follows no season; it learns none of more than 498 rows."
        in found.plan.notes
    )


def test_newer_rows_do_not_choose_the_season(make_reading):
    """The leak audit: other rows behind the oldest fold's training, and the same choice."""
    frame = yearly()
    other = frame.copy()
    other.iloc[1200:] = np.tile([90.0, 0, 0, 0, 0, 0, 0], 60)[:300, None]

    first, second = (
        smoothed(replace(make_reading(table, 200), seasons=(7, 200))) for table in (frame, other)
    )

    assert [note for note in first.plan.notes if "smoothing" in note] == [
        note for note in second.plan.notes if "smoothing" in note
    ]


def test_a_fitted_model_tells_its_season(make_reading):
    """What ``skrnn show`` says."""
    model = fit_model(make_reading(yearly(), 200), "smoothing", horizon=7)

    assert model.facts["learns"] == "no season"
