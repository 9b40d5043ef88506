"""What intervals held, by lead."""

from dataclasses import replace

import numpy as np

from skrnn.report.coverage import coverage_chart
from tests.report.conftest import options_of, traces_of


def test_lines_are_those_of_the_backtests(comparison):
    """Each model's share at each lead, of each coverage."""
    chart = coverage_chart(comparison)

    for share in ("0.8", "0.95"):
        (line,) = traces_of(chart, model="linear", coverage=share)
        by_lead = comparison.results["linear"].by_lead
        np.testing.assert_allclose(line.y, by_lead[f"coverage_{share}"], rtol=1e-6)


def test_what_was_promised_is_beside_them(comparison):
    """A line at the share that is chosen, the widest at first."""
    chart = coverage_chart(comparison)

    assert options_of(chart, "coverage") == {"0.95": True, "0.8": False}
    (promised,) = [line for line in traces_of(chart, coverage="0.8") if line.name == "promised"]
    assert set(promised.y) == {0.8}


def test_the_finding_names_the_worst_and_the_best_lead(comparison):
    held = comparison.results["linear"].by_lead["coverage_0.95"]

    finding = coverage_chart(comparison).finding

    assert finding.startswith("The 95 % intervals of linear held between ")
    assert f"at lead {held.idxmin()}, and" in finding


def test_without_intervals_or_leads_there_is_none(comparison, single_lead):
    plan = replace(comparison.plan, coverages=())

    assert coverage_chart(replace(comparison, plan=plan)) is None
    assert coverage_chart(single_lead) is None
