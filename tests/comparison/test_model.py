"""Models in files."""

from dataclasses import replace

import numpy as np
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
        (0, "^steps= must be a whole number of at least 1, got 0$"),
        (1.5, "^steps= must be a whole number of at least 1, got 1.5$"),
        (True, "^steps= must be a whole number of at least 1, got True$"),
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


@pytest.fixture
def hourly(make_reading):
    """A model of hours in UTC, and their rows: the calendar tells the time of day."""
    index = pd.date_range("2024-03-20", periods=500, freq="h", tz="UTC", name="time")
    noise = np.random.default_rng(0).normal(size=500)
    values = 10 * np.sin(np.arange(500) * 2 * np.pi / 24) + noise
    rows = pd.DataFrame({"load": values}, index=index)
    return fit_model(make_reading(rows, 24), "linear", horizon=4, effort="quick"), rows


def test_times_in_another_zone_are_the_same_rows(hourly):
    """The same moments have the same forecast, in the zone of the fit."""
    model, rows = hourly

    table = model.forecast({"one": rows.tz_convert("Europe/Berlin")})

    pd.testing.assert_frame_equal(table, model.forecast({"one": rows}))
    assert str(table["time"].dt.tz) == "UTC"


def frames_that_are_unlike(rows):
    yield rows, "^frames= must be a Reading, or a dict of DataFrames .*, got a DataFrame"
    yield {}, "^frames= has no series"
    yield {"one": rows["load"]}, "^frames= must hold DataFrames, got a Series for series 'one'$"
    yield {"one": rows.tz_localize(None)}, "have no time zone, and those that .* are in UTC"
    yield {"one": rows.reset_index(drop=True)}, "have no times, but those .* had some"
    yield {"one": rows[::2]}, "are in steps of 02:00:00, but those .* in steps of 01:00:00"


@pytest.mark.parametrize("number", range(6))
def test_rows_unlike_those_of_the_fit_are_refused(hourly, number):
    """Their calendar, season and windows would mean something else."""
    model, rows = hourly
    frames, message = list(frames_that_are_unlike(rows))[number]

    with pytest.raises(DataProblem, match=message):
        model.forecast(frames)


def test_what_is_known_ahead_comes_with_a_reading(make_reading, weekly):
    reading = make_reading(weekly, 7, ["noise"])
    model = fit_model(reading, "linear", horizon=5)
    index = pd.date_range("2024-07-19", periods=5, freq="D", name="time")
    ahead = pd.DataFrame({"demand": np.nan, "noise": 1.0}, index=index)

    table = model.forecast(replace(reading, future={"one": ahead}))

    pd.testing.assert_frame_equal(table, model.forecast({"one": pd.concat([weekly, ahead])}))


def test_short_series_are_forecast_alone_as_among_others(make_reading, weekly):
    """What stands beside a series in a file says nothing of it."""
    frames = {"a": weekly, "b": weekly * 2, "c": weekly.iloc[:90] * 3}
    model = fit_model(make_reading(frames, 7), "linear", horizon=5)
    short = weekly.iloc[:4]

    alone = model.forecast({"new": short})

    among = model.forecast({"a": weekly, "new": short})
    np.testing.assert_array_equal(alone["demand"], among["demand"][5:])


def test_months_may_be_periods_or_their_first_days(make_reading):
    """Rows of days are not taken for months."""
    months = pd.period_range("2010-01", periods=90, freq="M", name="time")
    sales = pd.DataFrame({"sales": np.arange(90.0) % 12}, index=months)
    model = fit_model(make_reading(sales, 12), "naive", horizon=3)

    table = model.forecast({"one": sales.to_timestamp()})

    pd.testing.assert_frame_equal(table, model.forecast({"one": sales}))
    days = sales.set_axis(pd.date_range("2024-01-01", periods=90, name="time"))
    with pytest.raises(DataProblem, match="are in shorter steps, but .* in steps of ME?:"):
        model.forecast({"one": days})
