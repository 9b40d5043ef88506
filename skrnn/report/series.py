"""The series over time."""

import numpy as np
import pandas as pd

from skrnn.comparison import Comparison
from skrnn.report.chart import Chart, along_axis, axis_of, figure, plain, select
from skrnn.report.shown import forecasts_of, is_panel, series_labels, shown_columns
from skrnn.report.thinning import buckets_for, extremes
from skrnn.wording import count, moments, number


def series_chart(comparison: Comparison) -> Chart:
    """The series over time, with the rows that the folds forecast."""
    series = series_labels(comparison)
    columns = shown_columns(comparison)
    frames = list(comparison.reading.frames.values())
    n_buckets = buckets_for(len(series) * len(columns))
    drawn = figure(320, xaxis=axis_of(frames[0].index), yaxis={"title": {"text": ""}})
    for code in series:
        for at, column in enumerate(columns):
            meta = {"series": str(code), "column": str(at), "colour": "accent"}
            _draw(drawn, frames[code][column], n_buckets, meta)
    # One by one, each would be drawn out of a copy of all before it.
    drawn.update_layout(shapes=[shape for code in series for shape in _tested(comparison, code)])
    choices = [select("series", "Series", series)] if is_panel(comparison) else []
    if len(columns) > 1:
        choices.append(select("column", "Column", dict(enumerate(map(str, columns)))))
    note = _note(comparison, series, columns, n_buckets)
    return Chart(
        name="portrait",
        title="The series",
        finding=_finding(comparison),
        figure=drawn,
        choices=choices,
        note=note,
        also=("profile",),
    )


def _draw(drawn, values, n_buckets, meta):
    numbers = values.to_numpy(np.float64)
    kept = extremes(numbers, n_buckets)
    drawn.add_scatter(
        x=along_axis(values.index[kept]),
        y=numbers[kept].astype(np.float32),
        name=plain(values.name),
        mode="lines",
        line={"width": 1.3},
        hovertemplate="%{y:.4~g}",
        meta=meta,
    )


def _tested(comparison, code):
    """A shade behind the rows of a series that each fold forecasts, and a line where it begins."""
    shapes = []
    common = {"yref": "y domain", "y0": 0, "y1": 1, "layer": "below", "name": str(code)}
    for result in list(comparison.results.values())[:1]:
        for _, table in forecasts_of(result, code).groupby("fold"):
            start, stop = along_axis(pd.Index([table.index.min(), table.index.max()]))
            shapes.append({"type": "rect", "x0": start, "x1": stop, "line": {"width": 0}, **common})
            shapes.append(
                {
                    "type": "line",
                    "x0": start,
                    "x1": start,
                    "line": {"width": 1, "dash": "dot"},
                    **common,
                }
            )
    return shapes


def _finding(comparison):
    reading = comparison.reading
    target = pd.concat([frame[reading.target] for frame in reading.frames.values()])
    if not target.notna().any():
        return f"No value of {reading.target} is known."
    least, greatest, mean = (number(target.agg(name)) for name in ("min", "max", "mean"))
    between = f"{reading.target} lies between {least} and {greatest}, {mean} on average"
    return f"{_extent(list(reading.frames.values()))}; {between}."


def _extent(frames):
    """How many rows there are, of which times."""
    lengths = [len(frame) for frame in frames]
    rows = f"{min(lengths):,} to {max(lengths):,} rows"
    if min(lengths) == max(lengths):
        rows = count(lengths[0], "row")
    if len(frames) > 1:
        return f"{len(frames):,} series of {rows}"
    index = frames[0].index
    if not isinstance(index, pd.DatetimeIndex | pd.PeriodIndex):
        return rows
    first, last = moments(index[[0, -1]])
    return f"{rows} from {first} to {last}"


def _note(comparison, series, columns, n_buckets):
    frames = list(comparison.reading.frames.values())
    sentences = []
    if comparison.results:
        sentences.append(
            "Shaded are the rows that the folds forecast; a dotted line is where a fold begins."
        )
    if any(len(frame) > 2 * n_buckets for frame in frames):
        sentences.append(
            f"Of long series the least and the greatest value of each of {n_buckets:,} stretches "
            "are drawn."
        )
    if len(series) < len(frames):
        sentences.append(
            f"{len(series)} of {len(frames):,} series are drawn, from the best forecast to the "
            "worst."
        )
    if len(columns) < frames[0].shape[1]:
        sentences.append(f"{len(columns)} of {frames[0].shape[1]:,} columns are drawn.")
    return " ".join(sentences)
