"""statsforecast's rungs in comparisons."""

import sys

import pytest

from skrnn.comparison import compare, fit_model
from skrnn.comparison.planning import wanted
from skrnn.reading import DataProblem
from tests.fakes import fake_statsforecast


@pytest.fixture
def fake(monkeypatch):
    """A statsforecast that forecasts by a line of code."""
    for name, module in fake_statsforecast().items():
        monkeypatch.setitem(sys.modules, name, module)


def test_they_are_rungs_where_they_are_asked_for(fake, make_reading, weekly):
    """In the ladder's order."""
    found = compare(make_reading(weekly, 7), models=["arima", "theta"], horizon=3, folds=2)

    assert list(found.results) == ["naive", "theta", "arima"]


def test_unasked_they_are_none(fake):
    """Their search takes longer than all the others."""
    assert not {"theta", "arima"} & set(wanted(None, 7))


def test_a_model_says_what_it_follows(fake, make_reading, weekly):
    """The season that did best, or none."""
    model = fit_model(make_reading(weekly, 7), "theta", horizon=3)

    assert model.facts["model"] == "theta method"
    assert model.facts["learns"] in ("a season of 7 rows", "no season")


def test_without_statsforecast_there_is_a_remedy(monkeypatch, make_reading, weekly):
    """In a sentence, before anything is fitted."""
    monkeypatch.setitem(sys.modules, "statsforecast", None)

    with pytest.raises(DataProblem, match=r"models= has 'theta', which is statsforecast's: pip"):
        compare(make_reading(weekly, 7), models=["theta"], horizon=3)
