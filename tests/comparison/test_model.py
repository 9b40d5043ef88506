"""Models in files."""

import pandas as pd
import pytest

from skrnn.comparison import fit_model, load_model
from skrnn.reading import DataProblem


@pytest.fixture
def model(weekly, make_reading):
    return fit_model(make_reading(weekly, 7), "linear", horizon=5)


def test_a_model_forecasts_the_same_from_its_file(model, tmp_path):
    model.save(tmp_path / "model.skrnn")

    pd.testing.assert_frame_equal(load_model(tmp_path / "model.skrnn").forecast(), model.forecast())


@pytest.mark.usefixtures("no_race")
def test_networks_too(weekly, make_reading, tmp_path):
    model = fit_model(make_reading(weekly, 7), "gru", horizon=5)
    model.save(tmp_path / "model.skrnn")

    pd.testing.assert_frame_equal(load_model(tmp_path / "model.skrnn").forecast(), model.forecast())


@pytest.mark.usefixtures("no_race")
def test_the_seed_is_the_networks(weekly, make_reading):
    first, same, other = (
        fit_model(make_reading(weekly, 7), "dense", seed=seed).forecast() for seed in (0, 0, 1)
    )

    assert first.equals(same)
    assert not first.equals(other)


def test_fewer_steps_are_the_first_of_all(model):
    pd.testing.assert_frame_equal(model.forecast(steps=2), model.forecast().iloc[:2])


@pytest.mark.parametrize(
    ("steps", "message"),
    [
        (
            6,
            "^steps=6 is more than the 5 rows that the model forecasts: fit one with horizon=6$",
        ),
        (0, "^steps= must be at least 1, got 0$"),
    ],
)
def test_steps_that_it_does_not_forecast_are_refused(model, steps, message):
    with pytest.raises(DataProblem, match=message):
        model.forecast(steps=steps)


def test_it_forecasts_from_newer_rows(model, weekly):
    table = model.forecast({"one": weekly.iloc[:150]})

    assert table["time"].iloc[0] == weekly.index[150]


@pytest.mark.parametrize("content", [b"", b"month,value\n", b"P"])
def test_other_files_are_told_from_models(tmp_path, content):
    path = tmp_path / "data.csv"
    path.write_bytes(content)

    with pytest.raises(
        DataProblem,
        match=r"^data.csv is not a file that skrnn wrote: make one with .* skrnn fit or comp",
    ):
        load_model(path)


def test_a_damaged_model_says_so(model, tmp_path):
    path = tmp_path / "model.skrnn"
    model.save(path)
    path.write_bytes(path.read_bytes()[:-200])

    with pytest.raises(
        DataProblem,
        match=r"^model.skrnn is damaged \(.*\): fit the model again",
    ):
        load_model(path)


def test_a_file_that_is_missing_says_so(tmp_path):
    with pytest.raises(
        DataProblem, match=r"none.skrnn does not exist: check the path, or make a model"
    ):
        load_model(tmp_path / "none.skrnn")


def test_its_facts_say_what_it_was_made_from(model):
    assert model.facts["rows"] == "200, from 2024-01-01 to 2024-07-18"
    assert model.facts["horizon"] == "5 rows"
    assert model.facts["columns"] == "demand, noise"


def test_it_says_that_series_share_no_dates(make_reading, weekly):
    """So its recipe and its intervals were found at the ends of all."""
    later = weekly.copy()
    later.index += pd.Timedelta(2000, "D")

    made = fit_model(make_reading({"one": weekly, "later": later}, 7), "linear", horizon=3)

    assert made.facts["dates"].startswith("Only 1 of the 2 series has rows among the newest ")
    assert made.coverages == (0.8, 0.95)
