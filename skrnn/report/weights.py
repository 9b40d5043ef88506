"""What the linear model looks at: the size of its weights by step and column."""

import numpy as np
import pandas as pd

from skrnn.comparison import Comparison
from skrnn.report.chart import Chart, Table, figure, plain
from skrnn.wording import count, number, percent

MOST_STEPS = 300
MOST_COLUMNS = 30
COLUMNS_IN_TABLE = 12
# The finding says in how many of the newest steps this share of all weight lies.
MOST_OF_IT = 0.8


def weights_chart(comparison: Comparison) -> Chart | None:
    """A heat map of step by column, bars of a single column; None without a linear model."""
    weights = comparison.weights
    if weights is None or not weights.size or not np.nansum(weights.to_numpy()) > 0:
        return None
    ranked = weights.sum().sort_values(ascending=False, kind="stable").index[:MOST_COLUMNS]
    drawn = _draw(_thinned(weights[ranked]))
    recipe = comparison.plan.ladder.recipes.get("linear")
    of = "each window's deviation of " if recipe is not None and recipe.form.scaled else ""
    unit = f"in units of {of}{comparison.reading.target} for a change of one standard deviation"
    note = f"Weights are the mean size over all leads, {unit}."
    if len(ranked) < weights.shape[1]:
        note += (
            f" The {len(ranked)} columns with the most weight of {weights.shape[1]:,} are drawn."
        )
    if len(weights) > MOST_STEPS:
        note += (
            f" Neighbouring ones of {len(weights):,} steps are drawn as one, the largest of them."
        )
    return Chart(
        name="weights",
        title="What the linear model looks at",
        finding=_finding(weights),
        figure=drawn,
        table=_table(weights),
        note=note,
    )


def _thinned(weights):
    """No more steps than can be told apart, each the largest of those that it stands for."""
    n_steps = -(-len(weights) // MOST_STEPS)
    first = np.arange(len(weights)) // n_steps * n_steps
    return weights.set_axis(weights.index[first]).groupby(level=0, sort=False).max()


def _draw(weights):
    axis = {
        "title": {"text": "rows before the forecast is made"},
        "autorange": "reversed",
        "showgrid": False,
    }
    steps = weights.index.to_numpy(np.float64)
    if weights.shape[1] == 1:
        drawn = figure(300, xaxis=axis, yaxis={"title": {"text": "weight"}}, bargap=0.1)
        values = weights.iloc[:, 0].to_numpy(np.float32)
        drawn.add_bar(
            x=steps, y=values, hovertemplate="%{y:.3~g}<extra></extra>", meta={"colour": "accent"}
        )
        return drawn
    names = {"type": "category", "autorange": "reversed", "automargin": True, "showgrid": False}
    drawn = figure(
        120 + 26 * weights.shape[1], xaxis=axis, yaxis=names, hovermode="closest", hoverdistance=20
    )
    drawn.add_heatmap(
        x=steps,
        y=_distinct([plain(column, 18) for column in weights]),
        z=weights.to_numpy(np.float32).T,
        zmin=0,
        colorbar={"thickness": 12, "tickformat": ".2~g"},
        hovertemplate="%{y}, %{x} rows before: %{z:.3~g}<extra></extra>",
        meta={"colour": "heat"},
    )
    return drawn


def _distinct(names):
    """Names made different where shortening has made them the same."""
    seen = pd.Series(names).groupby(names).cumcount()
    return [
        f"{name} ({again + 1})" if again else name for name, again in zip(names, seen, strict=True)
    ]


def _finding(weights):
    step, column = weights.stack().idxmax()
    by_step = weights.sum(axis=1).sort_index().cumsum()
    n_near = int(np.searchsorted(by_step, MOST_OF_IT * by_step.iloc[-1])) + 1
    n_ahead = min(n_near, max(0, -int(by_step.index[0])))
    ahead = ""
    if n_ahead:
        verb = "lies" if n_ahead == 1 else "lie"
        ahead = f", of which {n_ahead:,} {verb} ahead of the forecast"
    return (
        f"The largest weight is that of {column} at {_named(int(step))}; {percent(MOST_OF_IT)} of "
        f"all weight lies in the newest {count(n_near, 'row')} of {len(weights):,}{ahead}."
    )


def _named(step):
    if step == 0:
        return "the newest step"
    side = "before" if step > 0 else "after"
    return f"the step {count(abs(step), 'row')} {side} the forecast is made"


def _table(weights):
    sums = weights.sum().sort_values(ascending=False, kind="stable")[:COLUMNS_IN_TABLE]
    shares = sums / weights.to_numpy().sum()
    rows = [
        [
            str(name),
            percent(shares[name], 1),
            f"{weights[name].idxmax()}",
            number(weights[name].max()),
        ]
        for name in sums.index
    ]
    return Table(
        ["column", "share of all weight", "rows before, of the largest", "largest weight"], rows
    )
