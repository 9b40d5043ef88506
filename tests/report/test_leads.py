"""Errors by lead."""

from dataclasses import replace

import numpy as np

from skrnn.report.leads import lead_chart


def test_errors_by_lead_are_those_of_the_backtest(comparison):
    """A line for each model, the naive one broken."""
    chart = lead_chart(comparison)

    assert [trace.meta["model"] for trace in chart.figure.data] == list(comparison.results)
    assert np.allclose(chart.figure.data[2].y, comparison.results["linear"].by_lead["mae"])
    assert [trace.line.dash for trace in chart.figure.data] == ["dash", "dot", "solid", "solid"]


def test_errors_far_apart_have_a_logarithmic_axis(comparison):
    """A model that is off by orders of magnitude does not flatten the others."""
    wild = replace(comparison.results["gru"], by_lead=comparison.results["gru"].by_lead * 1e4)

    far = lead_chart(replace(comparison, results={**comparison.results, "gru": wild}))

    assert (far.figure.layout.yaxis.type, lead_chart(comparison).figure.layout.yaxis.type) == (
        "log",
        None,
    )


def test_one_lead_has_no_errors_by_lead(single_lead):
    """Where one lead is forecast there is no chart of leads."""
    assert lead_chart(single_lead) is None
