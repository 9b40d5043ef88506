"""Errors by lead, and the skill of each fold."""

import numpy as np

from skrnn.report.chart import Chart, Table, colours_of, dash_of, figure, model_choice, plain
from skrnn.report.thinning import evenly
from skrnn.report.wording import count, decimals_for, number, percent

# Errors further apart than this factor are drawn on a logarithmic axis.
DECADES = 100
# Above this many leads markers would hide the lines.
MARKED_LEADS = 24
LEADS_IN_TABLE = 12


def lead_chart(comparison) -> Chart | None:
    """The mean absolute error at each lead, a line for each model; None where there is one lead."""
    errors = {name: result.by_lead["mae"] for name, result in comparison.results.items()}
    if not errors or len(next(iter(errors.values()))) < 2:
        return None
    drawn = figure(xaxis={"title": {"text": f"lead{_unit(comparison)}"}}, yaxis={"title": {"text": _error_in(comparison)}})
    for name, line in errors.items():
        drawn.add_scatter(
            x=line.index.to_numpy(np.int32),
            y=line.to_numpy(np.float32),
            name=plain(name),
            mode="lines+markers" if len(line) <= MARKED_LEADS else "lines",
            line={"dash": dash_of(name), "width": 2},
            marker={"size": 5},
            hovertemplate="%{y:.4~g}",
            meta={"model": name, "colour": colours_of(comparison)[name]},
        )
    _scale(drawn, np.concatenate([line.to_numpy() for line in errors.values()]))
    choices = [model_choice(comparison, list(errors), set(errors))]
    return Chart("leads", "Error by lead", _lead_finding(errors), drawn, _lead_table(errors), choices)


def _unit(comparison):
    return f", in rows of {comparison.reading.step}" if comparison.reading.step else ", in rows"


def _error_in(comparison):
    return f"mean absolute error of {plain(comparison.reading.target)}"


def _scale(drawn, values):
    values = values[np.isfinite(values)]
    if len(values) and values.min() > 0 and values.max() / values.min() > DECADES:
        drawn.update_yaxes(type="log")
    else:
        drawn.update_yaxes(rangemode="tozero")


def _lead_finding(errors):
    """Who is best near and far, and from where on a model is no better than the naive forecast."""
    leads = next(iter(errors.values())).index
    near, far = (min(errors, key=lambda name: errors[name][lead]) for lead in (leads[0], leads[-1]))
    if near == far:
        text = f"{near} has the least error both at lead {leads[0]} and at lead {leads[-1]}"
    else:
        text = f"{near} has the least error at lead {leads[0]}, {far} at lead {leads[-1]}"
    growth = errors[far][leads[-1]] / errors[far][leads[0]] if errors[far][leads[0]] else np.nan
    return f"{text}; the error of {far} grows {growth:.1f}-fold in between." if growth > 1.05 else f"{text}."


def _lead_table(errors):
    leads = next(iter(errors.values())).index
    leads = leads[evenly(len(leads), LEADS_IN_TABLE)]
    decimals = decimals_for([value for line in errors.values() for value in line])
    rows = [[name, *[number(line[lead], decimals) for lead in leads]] for name, line in errors.items()]
    return Table(["mean absolute error", *[f"lead {lead}" for lead in leads]], rows)


def fold_chart(comparison) -> Chart | None:
    """The skill of each model in each fold; None where there is nothing beside the naive forecast, or one fold."""
    ranked = [name for name in comparison.table.index if name != "naive"]
    skills = {name: comparison.results[name].by_fold["skill"] for name in ranked}
    if not skills or len(next(iter(skills.values()))) < 2:
        return None
    axis = {"title": {"text": "skill: share of the naive forecast's error that is gone"}, "tickformat": ".0%"}
    names = {"type": "category", "autorange": "reversed", "automargin": True, "showgrid": True}
    drawn = figure(90 + 34 * len(skills), xaxis=axis, yaxis=names, hovermode="closest")
    for name, skill in skills.items():
        drawn.add_scatter(
            x=skill.to_numpy(np.float32),
            y=[plain(name)] * len(skill),
            customdata=skill.index.to_numpy(np.int32) + 1,
            name=plain(name),
            mode="markers",
            marker={"size": 11, "opacity": 0.75},
            hovertemplate="fold %{customdata}: %{x:.1%}<extra>%{fullData.name}</extra>",
            meta={"model": name, "colour": colours_of(comparison)[name]},
        )
    drawn.add_vline(x=0, line={"dash": "dash", "width": 2})
    return Chart("folds", "Skill in each fold", _fold_finding(skills), drawn, _fold_table(skills))


def _fold_finding(skills):
    n_folds = len(next(iter(skills.values())))
    won = {name: int((skill > 0).sum()) for name, skill in skills.items()}
    name = next(iter(skills))
    low, high = percent(skills[name].min()), percent(skills[name].max())
    always = [each for each in won if won[each] == n_folds]
    beaten = f"{count(len(always), 'model')} of {len(won)} beat the naive forecast in every fold"
    return f"{beaten}; the skill of {name} lies between {low} and {high}."


def _fold_table(skills):
    folds = next(iter(skills.values())).index
    rows = [[name, *[percent(skill[fold], 1) for fold in folds]] for name, skill in skills.items()]
    return Table(["skill", *[f"fold {fold + 1}" for fold in folds]], rows)
