"""What all charts share: names, colours."""

from dataclasses import replace

from skrnn.report.chart import colours_of, plain
from skrnn.report.folds import fold_chart
from skrnn.report.forecasts import forecast_chart
from skrnn.report.ladder import ladder_rows
from skrnn.report.leads import lead_chart
from skrnn.report.training import training_chart


def test_names_are_shown_as_they_are():
    """The charting library would read HTML, and long names do not fit."""
    assert plain("<b>a</b> & b") == "&lt;b&gt;a&lt;/b&gt; &amp; b"
    assert len(plain("x" * 100, 24)) == 24


def test_a_model_has_one_colour_everywhere(comparison):
    """Every chart, and the table, draw a model in the same colour."""
    made = [make(comparison) for make in (fold_chart, forecast_chart, lead_chart, training_chart)]

    found = {
        (trace.meta["model"], trace.meta["colour"])
        for chart in made
        for trace in chart.figure.data
        if "model" in trace.meta
    }
    assert found | {(row["name"], row["colour"]) for row in ladder_rows(comparison)} == found
    assert dict(found) == {name: colours_of(comparison)[name] for name in comparison.results}


def test_a_rung_keeps_its_colour_in_another_comparison(comparison, single_lead):
    """The colour of a rung does not depend on which others are compared; strangers have others."""
    strange = replace(
        comparison, results={"mine": comparison.results["linear"], **comparison.results}
    )

    assert colours_of(single_lead)["linear"] == colours_of(strange)["linear"]
    assert len(set(colours_of(strange).values())) == len(colours_of(strange))
