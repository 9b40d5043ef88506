"""What the intervals held, by lead."""

import numpy as np

from skrnn.comparison import Comparison
from skrnn.report.chart import (
    Chart,
    Table,
    colours_of,
    dash_of,
    figure,
    model_choice,
    plain,
    select,
)
from skrnn.report.leads import LEADS_IN_TABLE, MARKED_LEADS
from skrnn.report.thinning import evenly
from skrnn.wording import percent

PROMISE = {"label": "promised", "colour": "truth", "dash": "dash"}


def coverage_chart(comparison: Comparison) -> Chart | None:
    """The share of truths that intervals held at each lead, a line for each model.

    None where there is one lead, or no interval was tested.
    """
    if not comparison.results:
        return None
    coverages = sorted(comparison.plan.coverages, reverse=True)
    held = {
        coverage: {
            name: result.by_lead[f"coverage_{coverage:g}"]
            for name, result in comparison.results.items()
        }
        for coverage in coverages
    }
    held = {coverage: lines for coverage, lines in held.items() if _tested(lines)}
    if not held:
        return None
    step = comparison.reading.step
    drawn = figure(
        xaxis={"title": {"text": f"lead, in rows of {step}" if step else "lead, in rows"}},
        yaxis={"title": {"text": "held"}, "tickformat": ".0%", "range": [0, 1.03]},
    )
    for coverage, lines in held.items():
        _draw(drawn, comparison, coverage, lines)
    widest, lines = next(iter(held.items()))
    choices = []
    if len(held) > 1:
        shares = {f"{coverage:g}": f"{100 * coverage:g} %" for coverage in held}
        choices = [select("coverage", "Intervals of", shares)]
    models = model_choice(
        comparison, list(comparison.results), set(comparison.results), always=(PROMISE,)
    )
    return Chart(
        name="coverage",
        title="What intervals held, by lead",
        finding=_finding(comparison, widest, lines),
        figure=drawn,
        table=_table(widest, lines),
        choices=[*choices, models],
        note="The intervals of a fold are as wide as what was missed in the folds before it; the "
        "first fold has none.",
    )


def _tested(lines):
    first = next(iter(lines.values()))
    return len(first) > 1 and any(np.isfinite(line).any() for line in lines.values())


def _draw(drawn, comparison, coverage, lines):
    meta = {"coverage": f"{coverage:g}"}
    leads = next(iter(lines.values())).index.to_numpy(np.int32)
    drawn.add_scatter(
        x=leads[[0, -1]],
        y=[coverage, coverage],
        name="promised",
        mode="lines",
        line={"dash": "dash", "width": 1.5},
        hoverinfo="skip",
        meta=meta | {"colour": "truth"},
    )
    for name, line in lines.items():
        drawn.add_scatter(
            x=leads,
            y=line.to_numpy(np.float32),
            name=plain(name),
            mode="lines+markers" if len(line) <= MARKED_LEADS else "lines",
            line={"dash": dash_of(name), "width": 2},
            marker={"size": 5},
            hovertemplate="%{y:.1%}",
            meta=meta | {"model": name, "colour": colours_of(comparison)[name]},
        )


def _finding(comparison, coverage, lines):
    name = comparison.verdict.recommended
    line = lines.get(name, next(iter(lines.values()))).dropna()
    if not len(line):
        return f"No {100 * coverage:g} % interval of {name} was tested."
    return (
        f"The {100 * coverage:g} % intervals of {name} held between {percent(line.min())} of the "
        f"truth, at lead {line.idxmin()}, and {percent(line.max())}, at lead {line.idxmax()}."
    )


def _table(coverage, lines):
    leads = next(iter(lines.values())).index
    leads = leads[evenly(len(leads), LEADS_IN_TABLE)]
    rows = [[name, *[percent(line[lead], 1) for lead in leads]] for name, line in lines.items()]
    return Table([f"held of {100 * coverage:g} %", *[f"lead {lead}" for lead in leads]], rows)
