"""The errors by lead."""

import numpy as np

from skrnn.comparison import Comparison
from skrnn.comparison.relative import MEASURES
from skrnn.report.chart import Chart, Table, colours_of, dash_of, figure, model_choice, plain
from skrnn.report.thinning import evenly
from skrnn.wording import decimals_for, number

# Errors further apart than this factor are drawn on a logarithmic axis.
DECADES = 100
# Above this many leads markers would hide the lines.
MARKED_LEADS = 24
LEADS_IN_TABLE = 12


def lead_chart(comparison: Comparison) -> Chart | None:
    """The error at each lead, a line for each model; None where there is one lead."""
    measure = MEASURES[comparison.measure]
    errors = comparison.errors("lead")
    leads = _leads(errors)
    if len(leads) < 2:
        return None
    step = comparison.reading.step
    margin = 0.02 * (leads[-1] - leads[0])
    drawn = figure(
        xaxis={
            "title": {"text": f"lead, in rows of {step}" if step else "lead, in rows"},
            "range": [float(leads[0] - margin), float(leads[-1] + margin)],
        },
        yaxis={"title": {"text": measure}},
    )
    for name, line in errors.items():
        _draw(drawn, name, line, colours_of(comparison)[name])
    _scale(drawn, np.concatenate([line.to_numpy() for line in errors.values()]))
    choices = [model_choice(comparison, list(errors), set(errors))]
    return Chart(
        name="leads",
        title="Error by lead",
        finding=_finding(errors),
        figure=drawn,
        table=_table(errors, measure),
        choices=choices,
    )


def _leads(errors):
    return next(iter(errors.values())).index if errors else []


def _draw(drawn, name, line, colour):
    drawn.add_scatter(
        x=line.index.to_numpy(np.int32),
        y=line.to_numpy(np.float32),
        name=plain(name),
        mode="lines+markers" if len(line) <= MARKED_LEADS else "lines",
        line={"dash": dash_of(name), "width": 2},
        marker={"size": 5},
        hovertemplate="%{y:.4~g}",
        meta={"model": name, "colour": colour},
    )


def _scale(drawn, values):
    values = values[np.isfinite(values)]
    if len(values) and values.min() > 0 and values.max() / values.min() > DECADES:
        drawn.update_yaxes(type="log")
    else:
        drawn.update_yaxes(rangemode="tozero")


def _finding(errors):
    """Who is best near and far, and how much harder far is."""
    first, last = _leads(errors)[[0, -1]]
    near, far = (min(errors, key=lambda name: errors[name][lead]) for lead in (first, last))
    if near == far:
        text = f"{near} has the least error both at lead {first} and at lead {last}"
    else:
        text = f"{near} has the least error at lead {first}, {far} at lead {last}"
    growth = errors[far][last] / errors[far][first] if errors[far][first] else np.nan
    if growth > 1.05:
        return f"{text}; the error of {far} grows {growth:.1f}-fold in between."
    return f"{text}."


def _table(errors, measure):
    leads = _leads(errors)
    leads = leads[evenly(len(leads), LEADS_IN_TABLE)]
    decimals = decimals_for([value for line in errors.values() for value in line])
    rows = [
        [name, *[number(line[lead], decimals) for lead in leads]] for name, line in errors.items()
    ]
    return Table([measure, *[f"lead {lead}" for lead in leads]], rows)
