"""The data's own portrait: the series, their unknown values and their gaps."""

import numpy as np
import pandas as pd

from skrnn.report.chart import Chart, Table, axis_of, figure, places, plain, select
from skrnn.report.shown import all_series, forecasts_of, is_panel, series_labels, shown_columns
from skrnn.report.thinning import buckets_for, extremes
from skrnn.report.wording import UNKNOWN, count, moment, number, percent

GAPS_IN_TABLE = 30
COLUMNS_IN_TABLE = 60


def series_chart(comparison) -> Chart:
    """The series over time, with the rows that the folds forecast."""
    series, columns = series_labels(comparison), shown_columns(comparison)
    frames, n_buckets = list(comparison.reading.frames.values()), buckets_for(len(series) * len(columns))
    drawn = figure(320, xaxis=axis_of(frames[0].index), yaxis={"title": {"text": ""}})
    for code in series:
        for place, column in enumerate(columns):
            _draw(drawn, frames[code][column], n_buckets, {"series": str(code), "column": str(place), "colour": "accent"})
        _shade_tests(drawn, comparison, code)
    choices = []
    if len(frames) > 1:
        choices.append(select("series", "Series", series))
    if len(columns) > 1:
        choices.append(select("column", "Column", dict(enumerate(map(str, columns)))))
    note = _note(comparison, series, columns, n_buckets)
    return Chart("portrait", "The series", _finding(comparison), drawn, choices=choices, note=note, also=("profile",))


def _draw(drawn, values, n_buckets, meta):
    numbers = values.to_numpy(np.float64)
    kept = extremes(numbers, n_buckets)
    drawn.add_scatter(
        x=places(values.index[kept]),
        y=numbers[kept].astype(np.float32),
        name=plain(values.name),
        mode="lines",
        line={"width": 1.3},
        hovertemplate="%{y:.4~g}",
        meta=meta,
    )


def _shade_tests(drawn, comparison, code):
    """A shade behind the rows that each fold forecasts."""
    result = next(iter(comparison.results.values()), None)
    if result is None:
        return
    for fold, table in forecasts_of(result, code).groupby("fold"):
        if fold % 2 == 0:
            start, stop = places(pd.Index([table.index.min(), table.index.max()]))
            drawn.add_vrect(x0=start, x1=stop, line_width=0, layer="below", name=str(code))


def _finding(comparison):
    reading = comparison.reading
    lengths = [len(frame) for frame in reading.frames.values()]
    target = pd.concat([frame[reading.target] for frame in reading.frames.values()])
    frame = next(iter(reading.frames.values()))
    between = f"{reading.target} lies between {number(target.min())} and {number(target.max())}, {number(target.mean())} on average."
    if is_panel(comparison):
        rows = count(lengths[0], "row") if min(lengths) == max(lengths) else f"{min(lengths):,} to {max(lengths):,} rows"
        return f"{len(lengths):,} series of {rows}; {between}"
    since = "" if isinstance(frame.index, pd.RangeIndex) else f" from {moment(frame.index[0])} to {moment(frame.index[-1])}"
    return f"{count(lengths[0], 'row')}{since}; {between}"


def _note(comparison, series, columns, n_buckets):
    reading, parts = comparison.reading, []
    if comparison.results and any(len(result.by_fold) for result in comparison.results.values()):
        parts.append("Shaded rows are those that every other fold forecasts, from the first fold on.")
    if any(len(frame) > 2 * n_buckets for frame in reading.frames.values()):
        parts.append(f"Of long series the least and the greatest value of each of {n_buckets:,} stretches are drawn.")
    if len(series) < len(reading.frames):
        parts.append(f"{len(series)} of {len(reading.frames):,} series are drawn, from the best forecast to the worst.")
    n_columns = next(iter(reading.frames.values())).shape[1]
    if len(columns) < n_columns:
        parts.append(f"The first {len(columns)} of {n_columns:,} columns are drawn.")
    return " ".join(parts)


def column_table(comparison) -> Table:
    """What is known of each column."""
    reading, rows = comparison.reading, []
    columns = next(iter(reading.frames.values())).columns
    for column in columns[:COLUMNS_IN_TABLE]:
        values = np.concatenate([frame[column].to_numpy(np.float64) for frame in reading.frames.values()])
        rows.append([str(column), _role(reading, column), percent(np.isnan(values).mean(), 1), *_summary(values)])
    left_out = len(columns) - len(rows)
    note = f"{count(left_out, 'more column')} not listed." if left_out else ""
    return Table(["column", "used as", "unknown", "least", "mean", "greatest"], rows, note)


def _role(reading, column):
    if column == reading.target:
        return "target"
    return "known ahead" if column in reading.known_ahead else "known when the forecast is made"


def _summary(values):
    values = values[np.isfinite(values)]
    return [number(f(values)) for f in (np.min, np.mean, np.max)] if len(values) else [UNKNOWN] * 3


def gap_table(comparison) -> Table | None:
    """Where rows are missing; None where none are."""
    gaps = comparison.reading.gaps
    if gaps is None or not len(gaps):
        return None
    longest = gaps.sort_values("n_rows", ascending=False, kind="stable").head(GAPS_IN_TABLE).sort_index()
    rows = [[str(gap.series), moment(gap.first), moment(gap.last), f"{gap.n_rows:,}"] for gap in longest.itertuples()]
    head, keep = ["series", "first missing row", "last missing row", "rows"], slice(0 if is_panel(comparison) else 1, None)
    left_out = len(gaps) - len(rows)
    note = f"The longest are listed; there are {left_out:,} more." if left_out else ""
    return Table(head[keep], [row[keep] for row in rows], note)


def gap_sentence(comparison) -> str:
    """How many rows are missing."""
    gaps = comparison.reading.gaps
    if gaps is None or not len(gaps):
        return "No row is missing between the first and the last."
    where = f" in {count(gaps['series'].nunique(), 'series', 'series')}" if is_panel(comparison) else ""
    return f"{count(int(gaps['n_rows'].sum()), 'row')} missing{where}, in {count(len(gaps), 'gap')}: they count as unknown."


def reading_facts(comparison) -> list:
    """(name, text) of how the data were taken."""
    reading = comparison.reading
    facts = [("Target", reading.target)]
    if reading.time is not None:
        facts.append(("Time", f"{reading.time}{f', a row every {reading.step}' if reading.step else ''}"))
    season = f"{reading.season:,} rows" if reading.season > 1 else "none"
    facts.append(("Season", f"{season}: {reading.season_why}" if reading.season_why else season))
    return facts
