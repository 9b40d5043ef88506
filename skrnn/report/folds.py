"""The folds: which they were, and how the models did in each."""

import numpy as np

from skrnn.comparison import Comparison
from skrnn.report.chart import Chart, Table, colours_of, figure, plain
from skrnn.wording import listing, moments, percent


def fold_chart(comparison: Comparison) -> Chart | None:
    """The skill of each model in each fold; None of the naive forecast alone, or of one fold."""
    ranked = [name for name in comparison.table.index if name != "naive"]
    skills = {name: comparison.skills(comparison.results[name]) for name in ranked}
    if not skills or len(next(iter(skills.values()))) < 2:
        return None
    axis = {"title": {"text": "skill"}, "tickformat": ".0%"}
    names = {"type": "category", "autorange": "reversed"}
    drawn = figure(
        90 + 34 * len(skills), xaxis=axis, yaxis=names, hovermode="closest", hoverdistance=20
    )
    for name, skill in skills.items():
        _draw(drawn, name, skill, colours_of(comparison)[name])
    drawn.add_vline(x=0, line={"dash": "dash", "width": 2})
    finding = _finding(skills, comparison.verdict.recommended)
    note = "A point is a fold; the broken line is the naive forecast."
    return Chart("folds", "Skill in each fold", finding, drawn, _skill_table(skills), note=note)


def _draw(drawn, name, skill, colour):
    drawn.add_scatter(
        x=skill.to_numpy(np.float32),
        y=[plain(name)] * len(skill),
        customdata=skill.index.to_numpy(np.int32) + 1,
        name=plain(name),
        mode="markers",
        marker={"size": 11, "opacity": 0.75},
        hovertemplate="fold %{customdata}: %{x:.1%}<extra>%{fullData.name}</extra>",
        meta={"model": name, "colour": colour},
    )


def _finding(skills, recommended):
    name = recommended if recommended in skills else next(iter(skills))
    low = percent(skills[name].min(), 1)
    high = percent(skills[name].max(), 1)
    always = [each for each, skill in skills.items() if (skill > 0).all()]
    if len(always) == len(skills) > 1:
        who = f"All {len(skills)} models beat"
    else:
        who = f"{listing(always) or 'No model'} {'beat' if len(always) > 1 else 'beats'}"
    return (
        f"{who} the naive forecast in each of {len(skills[name])} folds; the skill of {name} lies "
        f"between {low} and {high}."
    )


def _skill_table(skills):
    folds = next(iter(skills.values())).index
    rows = [[name, *[percent(skill[fold], 1) for fold in folds]] for name, skill in skills.items()]
    return Table(["skill", *[f"fold {fold + 1}" for fold in folds]], rows)


def fold_table(comparison: Comparison) -> Table | None:
    """The windows that each fold trains on and tests, and when it forecasts; None without any."""
    if not comparison.results:
        return None
    table = next(iter(comparison.results.values())).predictions
    spans = table.groupby("fold")["origin"].agg(["min", "max"])
    times = moments([*spans["min"], *spans["max"]])
    rows = []
    for fold, first, last in zip(spans.index, times, times[len(spans) :], strict=False):
        train, test = comparison.plan.folds[fold]
        rows.append([str(fold + 1), f"{_size(train):,}", f"{_size(test):,}", first, last])
    head = [
        "fold",
        "windows trained on",
        "windows tested",
        "first forecast made at",
        "last forecast made at",
    ]
    return Table(head, rows)


def _size(windows):
    windows = np.asarray(windows)
    return int(windows.sum()) if windows.dtype == bool else len(windows)
