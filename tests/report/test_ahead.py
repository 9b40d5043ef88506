"""What follows the newest rows."""

from dataclasses import replace

import numpy as np
import pytest

from skrnn.report import report_html
from skrnn.report.ahead import ahead_chart
from tests.report.conftest import MADE, options_of, traces_of, with_model


@pytest.fixture(scope="module")
def known(comparison):
    """A comparison with a model, of which nothing need be known ahead."""
    reading = replace(comparison.reading, known_ahead=())
    return with_model(replace(comparison, reading=reading))


def test_it_goes_on_where_the_series_ends(known):
    """The newest rows, and behind them the model's own forecast."""
    chart = ahead_chart(known)
    forecast = known.model.forecast()

    rows, ahead = chart.figure.data[-2:]
    hour = 3_600_000
    assert ahead.x[0] - rows.x[-1] == hour
    np.testing.assert_allclose(ahead.y, forecast["temperature"], rtol=1e-6)


def test_its_fan_is_of_the_models_intervals(known):
    """The wider one below, each from its lower ends and back along the upper ones."""
    chart = ahead_chart(known)
    forecast = known.model.forecast()

    wide, narrow = chart.figure.data[:2]
    assert (wide.name, narrow.name) == ("95 %", "80 %")
    np.testing.assert_allclose(narrow.y[:6], forecast["lower_0.8"], rtol=1e-6)
    np.testing.assert_allclose(narrow.y[6:], forecast["upper_0.8"][::-1], rtol=1e-6)


def test_its_numbers_are_behind_it(known):
    """A row for each that is forecast, with the ends of both intervals."""
    table = ahead_chart(known).table

    assert table.head == [
        "row", "temperature", "80 % from", "80 % to", "95 % from", "95 % to",
    ]  # fmt: skip
    assert len(table.rows) == 6


def test_without_intervals_there_is_no_fan(known):
    """The forecast alone, of which nothing more is said."""
    chart = ahead_chart(replace(known, model=replace(known.model, coverages=())))

    assert len(chart.figure.data) == 2
    assert "%" not in chart.finding + chart.note


def test_each_series_of_a_panel(panel):
    """Each can be chosen, and has its own rows and forecast."""
    found = with_model(panel)

    chart = ahead_chart(found)

    assert list(options_of(chart, "series")) == ["0", "1", "2"]
    south = found.model.forecast()["temperature"].to_numpy()[6:12]
    np.testing.assert_allclose(traces_of(chart, series="1")[-1].y, south, rtol=1e-6)


def test_what_is_unknown_ahead_is_said(comparison):
    """Without the future of a column there is no forecast, and the page says which it lacks."""
    found = with_model(comparison)

    assert ahead_chart(found) is None
    assert "holiday" in found.why_no_forecast
    assert "No forecast yet: column &#39;holiday&#39;" in report_html(found, made=MADE)


def test_the_page_opens_with_it(known):
    """Before the table of the models."""
    page = report_html(known, made=MADE)

    assert page.index('id="ahead-head"') < page.index('id="models"')
