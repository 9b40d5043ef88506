"""What follows the newest rows: the recommended model's forecast with its intervals."""

import numpy as np
import pandas as pd

from skrnn.comparison import Comparison
from skrnn.evaluation.intervals import end_names
from skrnn.reading import DataProblem
from skrnn.report.chart import (
    Chart,
    Table,
    along_axis,
    axis_of,
    colours_of,
    figure,
    plain,
    select,
)
from skrnn.report.fans import draw_fan
from skrnn.report.shown import is_panel, series_labels
from skrnn.report.thinning import evenly
from skrnn.wording import RUNGS, count, decimals_for, listing, moments, number

# Of the newest rows so many horizons are drawn before what follows, and at least some.
HORIZONS_BEFORE = 4
FEWEST_BEFORE = 24
ROWS_IN_TABLE = 24


def ahead_chart(comparison: Comparison) -> Chart | None:
    """The forecast of the rows that follow; None where there is none yet."""
    table = _forecast(comparison)
    if table is None:
        return None
    model = comparison.model
    series = series_labels(comparison)
    horizon = model.preparation.horizon
    blocks = {code: table.iloc[code * horizon : (code + 1) * horizon] for code in series}
    frames = list(comparison.reading.frames.values())
    drawn = figure(
        360,
        xaxis=axis_of(frames[0].index),
        yaxis={"title": {"text": plain(comparison.reading.target, 24)}},
    )
    for code, block in blocks.items():
        _draw(drawn, comparison, frames[code], block, str(code))
    return Chart(
        name="ahead",
        title="What follows",
        finding=_finding(model, next(iter(blocks.values()))),
        figure=drawn,
        table=_table(model, next(iter(blocks.values()))),
        choices=[select("series", "Series", series)] if is_panel(comparison) else [],
        note=_note(comparison, series),
    )


def _forecast(comparison):
    if comparison.model is None:
        return None
    try:
        return comparison.model.forecast()
    except DataProblem:
        return None


def _draw(drawn, comparison, frame, block, code):
    """The newest known rows of a series, and what follows them."""
    model = comparison.model
    target = comparison.reading.target
    known = frame[target].loc[: frame[target].last_valid_index()]
    known = known.iloc[-max(FEWEST_BEFORE, HORIZONS_BEFORE * len(block)) :]
    meta = {"series": code}
    colour = colours_of(comparison)[model.name]
    at = along_axis(pd.Index(block[_time(block, model)]))
    for coverage in sorted(model.coverages, reverse=True):
        lower, upper = (block[name].to_numpy() for name in end_names(coverage))
        draw_fan(drawn, at, lower, upper, coverage, meta | {"colour": colour})
    drawn.add_scatter(
        x=along_axis(known.index),
        y=known.to_numpy(np.float32),
        name="known",
        mode="lines",
        line={"width": 2},
        hovertemplate="%{y:.4~g}",
        meta=meta | {"colour": "truth"},
    )
    drawn.add_scatter(
        x=at,
        y=block[target].to_numpy(np.float32),
        name=plain(model.name),
        mode="lines+markers" if len(block) == 1 else "lines",
        line={"width": 2},
        marker={"size": 6},
        **_told(block, model),
        meta=meta | {"colour": colour},
    )


def _told(block, model):
    """What the pointer is told: the forecast, and its widest interval."""
    if not model.coverages:
        return {"hovertemplate": "%{y:.4~g}"}
    coverage = max(model.coverages)
    ends = block[[*end_names(coverage)]].to_numpy(np.float32)
    words = f"%{{y:.4~g}}, {100 * coverage:g} % from %{{customdata[0]:.4~g}} to "
    return {"customdata": ends, "hovertemplate": words + "%{customdata[1]:.4~g}"}


def _time(block, model):
    """The column that says which rows they are."""
    names = [name for name in block.columns if name != model.series]
    return names[0]


def _finding(model, block):
    """From when to when, and what is forecast for the first and the last of these rows."""
    target = model.preparation.target
    times = moments(pd.Index(block[_time(block, model)]))
    values = block[target].to_numpy()
    decimals = decimals_for(values, 4)
    first = f"The {RUNGS[model.name]} forecasts {number(values[0], decimals)} for {times[0]}"
    if len(block) == 1:
        return f"{first}{_between(block, model, 0)}."
    last = f"{number(values[-1], decimals)} for {times[-1]}"
    return f"{first}{_between(block, model, 0)}, and {last}{_between(block, model, -1)}."


def _between(block, model, row):
    """The widest interval of a row, in brackets."""
    if not model.coverages:
        return ""
    coverage = max(model.coverages)
    ends = [block[name].iloc[row] for name in end_names(coverage)]
    if not np.isfinite(ends).all():
        return ""
    low, high = (number(end, decimals_for(ends, 3)) for end in ends)
    return f" ({100 * coverage:g} %: {low} to {high})"


def _table(model, block):
    target = model.preparation.target
    names = [name for coverage in model.coverages for name in end_names(coverage)]
    shown = evenly(len(block), ROWS_IN_TABLE)
    times = moments(pd.Index(block[_time(block, model)].iloc[shown]))
    values = block[[target, *names]].iloc[shown].to_numpy(float)
    decimals = decimals_for(values[:, 0], 4)
    rows = [
        [time, *[number(value, decimals) for value in line]]
        for time, line in zip(times, values, strict=True)
    ]
    heads = [
        f"{100 * coverage:g} % {end}" for coverage in model.coverages for end in ("from", "to")
    ]
    left_out = "Some rows are left out." if len(shown) < len(block) else ""
    return Table(["row", str(target), *heads], rows, note=left_out)


def _note(comparison, series):
    model = comparison.model
    sentences = []
    if model.coverages:
        shares = listing(f"{100 * coverage:g} %" for coverage in model.coverages)
        n = int(np.count_nonzero(np.isfinite(model.residuals)))
        sentences.append(
            f"The fan is of intervals that are to hold {shares} of what comes: as wide as what "
            f"{count(n, 'forecast')} of the test folds missed, lead by lead, and wider where these "
            "are few or err alike."
        )
    n_all = len(comparison.reading.frames)
    if len(series) < n_all:
        sentences.append(
            f"{len(series)} of {n_all:,} series are drawn, from the best forecast to the worst."
        )
    return " ".join(sentences)
