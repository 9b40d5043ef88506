"""Forecasts against the truth, over the test folds."""

import itertools

import numpy as np
import pandas as pd

from skrnn.comparison import Comparison
from skrnn.comparison.relative import MEASURES
from skrnn.evaluation.intervals import end_names
from skrnn.report.chart import (
    Chart,
    Table,
    along_axis,
    axis_of,
    colours_of,
    dash_of,
    figure,
    model_choice,
    plain,
    select,
)
from skrnn.report.fans import draw_fan
from skrnn.report.shown import is_panel, series_labels
from skrnn.report.thinning import VALUES_OF_A_CHART
from skrnn.wording import count, listing, number, percent

# Above this many leads markers would hide the lines.
MARKED_LEADS = 3
# Of one fold.
MOST_ROWS = 1500
TRUTH = {"label": "truth", "colour": "truth", "dash": "solid"}


def forecast_chart(comparison: Comparison) -> Chart | None:
    """Each model's forecasts and the truth; None where no model was finished."""
    if not comparison.results:
        return None
    series = series_labels(comparison)
    folds = list(range(len(_first(comparison).by_fold)))
    rows = next(iter(comparison.reading.frames.values())).index
    axis = {**axis_of(rows), "rangeslider": {"thickness": 0.1}}
    drawn = figure(420, xaxis=axis, yaxis={"title": {"text": plain(comparison.reading.target, 24)}})
    dropped = _draw(drawn, comparison, series, folds)
    return Chart(
        name="forecasts",
        title="Forecasts and the truth in the test folds",
        finding=_finding(comparison),
        figure=drawn,
        table=_table(comparison),
        choices=_choices(comparison, series, folds),
        note=_note(comparison, series, dropped),
    )


def _draw(drawn, comparison, series, folds):
    """Draw each fold of each series; returns how many forecasts were left out."""
    n_fans = len(comparison.plan.coverages)
    n_lines = len(series) * len(folds) * (1 + len(comparison.results) + 2 * n_fans)
    n_rows = min(MOST_ROWS, VALUES_OF_A_CHART // n_lines)
    forecasts = {
        name: _by_series_and_fold(result, series) for name, result in comparison.results.items()
    }
    dropped = 0
    for key in itertools.product(series, folds):
        tables = {name: mine[key] for name, mine in forecasts.items() if key in mine}
        if tables:
            dropped += _draw_fold(drawn, comparison, key, tables, n_rows)
    return dropped


def _choices(comparison, series, folds):
    choices = [select("series", "Series", series)] if is_panel(comparison) else []
    if len(folds) > 1:
        newest_first = {fold: str(fold + 1) for fold in reversed(folds)}
        newest_first[folds[-1]] += ", the newest"
        choices.append(select("fold", "Fold", newest_first | {"": "all"}))
    models = list(comparison.results)
    return [*choices, model_choice(comparison, models, _chosen(comparison), always=(TRUTH,))]


def _first(comparison):
    return next(iter(comparison.results.values()))


def _chosen(comparison):
    """The naive forecast and the recommended model; the best, where these are the same."""
    verdict = comparison.verdict
    other = verdict.best if verdict.recommended == "naive" else verdict.recommended
    return {"naive", other}


def _draw_fold(drawn, comparison, key, tables, n_rows):
    """Draw one fold of one series; returns how many of its forecasts were left out."""
    code, fold = key
    frame = list(comparison.reading.frames.values())[code]
    first = next(iter(tables.values()))
    origins = np.sort(frame.index.get_indexer(pd.Index(first["origin"].unique())))
    kept, dropped = spaced(origins, _span(first), n_rows)
    start = max(0, kept[0] - _span(first))
    stop = min(len(frame), kept[-1] + int(first["lead"].max()) + 1)
    truth = frame[comparison.reading.target].iloc[start:stop]
    meta = {"series": str(code), "fold": str(fold)}
    _add_line(
        drawn,
        "truth",
        along_axis(truth.index),
        truth,
        meta=meta | {"colour": "truth", **_extent(truth.index)},
        line={"width": 2},
    )
    colours = colours_of(comparison)
    for name, table in tables.items():
        shown = table[table["origin"].isin(frame.index[kept])]
        shown = shown.sort_values(["origin", "lead"], kind="stable")
        of_model = meta | {"model": name, "colour": colours[name]}
        if name == comparison.verdict.recommended:
            _draw_fans(drawn, shown, comparison.plan.coverages, of_model)
        _draw_forecasts(drawn, name, shown, of_model)
    return dropped


def _extent(index):
    """Where a line begins and ends, and how far apart its rows are: the page shows what fits."""
    start, end = map(float, along_axis(index[[0, -1]]))
    return {"start": start, "end": end, "row": (end - start) / max(1, len(index) - 1)}


def _by_series_and_fold(result, series):
    """The forecasts of each fold of each series that is shown."""
    table = result.predictions
    if "series" not in table:
        return {(0, fold): forecasts for fold, forecasts in table.groupby("fold")}
    return dict(iter(table[table["series"].isin(list(series))].groupby(["series", "fold"])))


def _span(table):
    return int(table["lead"].max() - table["lead"].min()) + 1


def spaced(origins: np.ndarray, span: int, n_rows: int) -> tuple[np.ndarray, int]:
    """(origins, how many there were more): the newest whose forecasts do not overlap.

    They are at least ``span`` rows apart, and what they forecast is about ``n_rows`` rows; one is
    kept in any case.
    """
    kept = [origins[-1]]
    most = max(1, n_rows // span)
    for origin in origins[::-1]:
        if kept[-1] - origin >= span:
            kept.append(origin)
    return np.array(kept[:most][::-1]), max(0, len(kept) - most)


def _draw_fans(drawn, table, coverages, meta):
    """The intervals of a fold; the first has none."""
    cuts = _cuts(table)
    at = np.insert(along_axis(table.index), cuts, np.nan)
    for coverage in sorted(coverages, reverse=True):
        ends = [np.insert(table[name].to_numpy(), cuts, np.nan) for name in end_names(coverage)]
        draw_fan(drawn, at, *ends, coverage, meta)


def _cuts(table):
    """Where one forecast ends and the next begins, which no line joins; of single rows one does."""
    if _span(table) == 1:
        return np.arange(0)
    return np.flatnonzero(np.diff(table["lead"].to_numpy()) <= 0) + 1


def _draw_forecasts(drawn, name, table, meta):
    at = along_axis(table.index)
    values = table["predicted"].to_numpy()
    leads = table["lead"].to_numpy()
    cuts = _cuts(table)
    if len(cuts):
        # An unknown value between two forecasts.
        at = np.insert(at, cuts, at[cuts])
        values = np.insert(values, cuts, np.nan)
        leads = np.insert(leads, cuts, 0)
    _add_line(
        drawn,
        name,
        at,
        values,
        meta=meta,
        customdata=leads.astype(np.int16),
        hovertemplate="%{y:.4~g} at lead %{customdata}",
        line={"width": 2, "dash": dash_of(name)},
        mode="lines+markers" if _span(table) <= MARKED_LEADS else "lines",
        marker={"size": 5},
    )


def _add_line(drawn, name, at, values, **style):
    values = np.asarray(values, np.float32)
    style = {"mode": "lines", "hovertemplate": "%{y:.4~g}", **style}
    drawn.add_scatter(x=at, y=values, name=plain(name), **style)


def _finding(comparison):
    result = _first(comparison)
    best = comparison.table.index[0]
    n = count(len(result.predictions), "forecast")
    others = [name for name in comparison.results if name != best]
    than = f", the least of {len(others) + 1} models" if others else ""
    folds = count(len(result.by_fold), "fold")
    if comparison.measure == "mae":
        error = number(comparison.table.loc[best, "mae"])
        return f"Over {n} in {folds}, {best} is off by {error} on average{than}."
    skill = percent(comparison.table.loc[best, "skill"], 1)
    return f"Over {n} in {folds}, {best} errs by {skill} less than the naive forecast{than}."


def _note(comparison, series, dropped):
    span = _span(_first(comparison).predictions)
    sentences = []
    if span > 1:
        sentences.append(
            f"Forecasts are drawn {span} rows apart, so that they do not overlap; errors count all "
            "of them."
        )
    if comparison.plan.coverages and len(_first(comparison).by_fold) > 1:
        shares = listing(f"{100 * coverage:g} %" for coverage in comparison.plan.coverages)
        sentences.append(
            f"The fan is of the {shares} intervals of {comparison.verdict.recommended}, from the "
            "folds before; the first fold has none."
        )
    if dropped:
        sentences.append("Of long folds the newest rows are drawn.")
    n_all = len(comparison.reading.frames)
    if len(series) < n_all:
        sentences.append(
            f"{len(series)} of {n_all:,} series are drawn, spread evenly from the best forecast to "
            "the worst."
        )
    return " ".join(sentences)


def _table(comparison):
    """The error of each model in each fold."""
    by_fold = comparison.errors("fold")
    folds = next(iter(by_fold.values())).index
    rows = [[name, *[number(errors[fold]) for fold in folds]] for name, errors in by_fold.items()]
    return Table([MEASURES[comparison.measure], *[f"fold {fold + 1}" for fold in folds]], rows)
