"""What the linear model looks at."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from skrnn.comparison import compare
from skrnn.report.weights import weights_chart
from tests.comparison.conftest import make_reading as make_reading
from tests.comparison.conftest import no_race as no_race


def test_heat_map_has_columns_by_weight(comparison):
    """Steps run across, columns down, the one with the most weight first."""
    chart = weights_chart(replace(comparison, weights=comparison.weights[["wind", "temperature"]]))

    (heat,) = chart.figure.data
    assert list(heat.y) == ["temperature", "wind"]
    assert np.allclose(heat.z[0], comparison.weights["temperature"])
    assert "temperature at the newest step" in chart.finding


def test_weights_ahead_of_the_forecast_are_told_so(comparison):
    """A column that is known ahead has steps behind the one at which the forecast is made."""
    known = pd.DataFrame({"wind": {-2: 5.0, -1: 4.0, 0: 1.0}, "load": {0: 2.0, 1: 1.0, 2: 1.0}})

    chart = weights_chart(replace(comparison, weights=known))

    assert chart.finding == (
        "The largest weight is that of wind at the step 2 rows after the forecast is made; 80 % of "
        "all weight lies in the newest 3 rows of 5, of which 2 lie ahead of the forecast."
    )
    assert list(chart.figure.data[0].x) == [-2, -1, 0, 1, 2]


def test_rows_that_no_column_looks_at_are_there_all_the_same(make_reading, no_race):
    """A window of 3 rows, and what is known ahead of 12: between them nothing is looked at."""
    rng = np.random.default_rng(0)
    holiday = (rng.random(200) < 0.3).astype(float)
    frame = pd.DataFrame({"load": 40 * holiday + rng.normal(size=200), "holiday": holiday})
    reading = make_reading(frame, known_ahead=("holiday",))

    found = compare(reading, models=["linear"], horizon=12, window=3, folds=2)

    assert found.weights.index.tolist() == list(range(-12, 3))
    assert found.weights["holiday"].notna().sum() == found.weights["load"].notna().sum() == 3
    chart = weights_chart(found)
    assert list(chart.figure.data[0].x) == list(range(-12, 3))
    assert "of all weight lies in the newest 13 rows of 15, of which 12 lie ahead" in chart.finding


def test_no_more_rows_lie_ahead_than_there_are(comparison):
    """Where nearly all weight lies in rows ahead, these are counted and no others."""
    known = pd.DataFrame({"wind": {-3: 9.0, -2: 0.5, -1: 0.2, 0: 0.1}})

    chart = weights_chart(replace(comparison, weights=known))

    assert "newest 1 row of 4, of which 1 lies ahead of the forecast" in chart.finding


def test_weights_of_one_column_are_bars(single_lead):
    """One column has bars: a map of one row is harder to read."""
    assert [trace.type for trace in weights_chart(single_lead).figure.data] == ["bar"]


def test_many_weights_keep_their_peaks(comparison):
    """Of many steps and columns the largest are drawn, and the page says so."""
    weights = pd.DataFrame(
        np.ones((1000, 40)),
        columns=[f"column {number} of many of the same name" for number in range(40)],
    )
    weights.iloc[501, 7] = 9

    chart = weights_chart(replace(comparison, weights=weights))

    (heat,) = chart.figure.data
    assert (heat.z.shape, heat.z.max(), len(set(heat.y))) == ((30, 250), 9, 30)
    assert "30 columns" in chart.note
    assert "1,000 steps" in chart.note


@pytest.mark.parametrize("weights", [None, pd.DataFrame(), pd.DataFrame({"a": [0.0, 0.0]})])
def test_without_weights_there_is_no_map(comparison, weights):
    """Where no linear model was fitted, or it looks at nothing, there is no chart."""
    assert weights_chart(replace(comparison, weights=weights)) is None
