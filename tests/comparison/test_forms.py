"""Forms: what is learned, and the figures that decide."""

import re

import numpy as np
import pandas as pd
import pytest

from skrnn.comparison import compare, fit_model
from skrnn.comparison.forms import Form, FormChoice
from skrnn.comparison.trial import Trial
from skrnn.reading import DataProblem
from skrnn.wording import number


def test_the_note_tells_the_figures_that_decided(weekly, make_reading):
    """They are errors of linear models, computed once more."""
    found = compare(make_reading(weekly, 7), models=["linear"], horizon=3, folds=2)

    (note,) = (note for note in found.plan.notes if note.startswith("Linear model and networks l"))
    X, y = found.plan.preparation.windows(found.reading.frames)
    trial = Trial.of(X, y, found.plan.folds[0][0], "demand")
    errors = {}
    for changes in (False, True):
        model = found.plan.ladder.of(Form(changes)).rung("linear", 1)
        forecasts = model.fit(trial.past, trial.taught).predict(trial.recent)
        errors[changes] = number(np.abs(forecasts - trial.truth).mean())
    assert note == (
        f"Linear model and networks learn values: on the newest of the oldest fold's training rows "
        f"a linear model errs by {errors[False]} with them, with changes from a season (7 rows) "
        f"before by {errors[True]}."
    )


def test_where_nothing_was_measured_the_note_says_so():
    """No figure is made up."""
    assert FormChoice(Form()).note(1) == (
        "Linear model and networks learn values: the oldest fold's training rows do not tell what "
        "is forecast better."
    )


def test_notes_on_linear_model_and_networks_are_for_them(weekly, make_reading):
    """Nothing is said of models that are not compared."""
    found = compare(make_reading(weekly, 7), models=["seasonal"], horizon=3, folds=2)

    assert not any("inear model" in note for note in found.plan.notes)


def test_unknown_targets_are_in_the_unit_of_the_others(make_reading):
    """Of several series with gaps and a value that is frequent: the naive forecast, which errors
    are relative to, does not take unknown targets for zeros.
    """
    rng = np.random.default_rng(0)
    frames = {}
    for name in "ab":
        values = np.where(rng.random(300) < 0.7, 5.0, rng.normal(8, 2, 300))
        values[rng.random(300) < 0.35] = np.nan
        index = pd.date_range("2024-01-01", periods=300, name="time")
        frames[name] = pd.DataFrame({"demand": values}, index)

    found = compare(make_reading(frames), models=["linear"], horizon=3, folds=2)

    (note,) = (note for note in found.plan.notes if note.startswith("Linear model and networks l"))
    assert len(re.findall(r"by \d\.\d+ of the naive error", note)) == 4


@pytest.mark.parametrize(
    ("name", "learns"),
    [("linear", "values"), ("dense", "values"), ("smoothing", "a season of 7 rows")],
)
def test_a_fitted_model_tells_what_it_has_learned(weekly, make_reading, name, learns):
    """What ``skrnn show`` says behind ``skrnn fit``."""
    assert fit_model(make_reading(weekly, 7), name, horizon=3).facts["learns"] == learns


def test_columns_of_a_comparison(weekly, make_reading):
    """Only these, or not these, also of a model that is fitted."""
    weekly = weekly.assign(wind=weekly["noise"] ** 2)
    reading = make_reading(weekly, 7, known_ahead=("noise",))
    how = {"horizon": 3}

    only = compare(reading, models=["linear"], folds=2, columns=[], **how)
    all_but = fit_model(reading, "linear", ignore="noise", **how)

    assert only.plan.preparation.columns == ("demand", "noise")
    assert "Left out: column 'wind' (as asked for)." in only.reading.notes
    assert all_but.preparation.columns == ("demand", "wind")
    assert all_but.preparation.known_ahead == ()


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"columns": ["winf"]}, "columns= has no 'winf': choose among demand and noise"),
        ({"ignore": ["demand"]}, "ignore= has 'demand', the target: take it out"),
    ],
)
def test_columns_that_are_not_there(weekly, make_reading, options, message):
    """In one line, with the remedy."""
    with pytest.raises(DataProblem, match=f"^{re.escape(message)}$"):
        compare(make_reading(weekly, 7), models=["linear"], **options)


@pytest.mark.parametrize("name", ["naive", "seasonal"])
def test_a_model_that_learns_nothing_says_nothing_of_it(weekly, make_reading, name):
    """Nor does it where it is recommended."""
    assert "learns" not in fit_model(make_reading(weekly, 7), name, horizon=3).facts
