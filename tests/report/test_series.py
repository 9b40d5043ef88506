"""The series over time."""

from dataclasses import replace

from skrnn.report.series import series_chart
from tests.report.conftest import options_of, reading_of, rows_of, traces_of


def test_series_are_drawn_with_their_tests(comparison):
    """All columns can be chosen, and the rows that each fold forecasts are shaded."""
    chart = series_chart(comparison)

    assert list(options_of(chart, "column")) == ["0", "1", "2"]
    shades = [shape for shape in chart.figure.layout.shapes if shape.type == "rect"]
    last = comparison.results["naive"].predictions.index.max()
    assert (len(shades), shades[-1].x1) == (3, last.timestamp() * 1000)


def test_long_series_are_thinned_and_say_so(comparison):
    """A long series keeps its peak, in few values."""
    frame = rows_of(40_000, columns=("temperature", "wind", "holiday"))
    frame.iloc[12_345, 0] = 1e3

    chart = series_chart(replace(comparison, results={}, reading=reading_of({"long": frame})))

    (trace,) = traces_of(chart, column="0")
    assert (len(trace.y) <= 2000, trace.y.max()) == (True, 1e3)
    assert "1,000 stretches" in chart.note
