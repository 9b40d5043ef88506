"""The average season: what the target is like at each row of a season."""

import numpy as np
import pandas as pd

from skrnn.comparison import Comparison
from skrnn.report.chart import Chart, figure
from skrnn.report.shown import all_series, is_panel, series_labels
from skrnn.wording import count, number

# A longer season is drawn in so many points.
MOST_POINTS = 400
DAY = pd.Timedelta(days=1)
WEEK = pd.Timedelta(days=7)
MONDAY = pd.Timestamp(2001, 1, 1)


def profile_chart(comparison: Comparison) -> Chart | None:
    """Mean and middle 80 % of the target at each row of a season; None where there is no season."""
    reading = comparison.reading
    season = reading.season
    if season < 2 or not any(len(frame) >= season for frame in reading.frames.values()):
        return None
    title = {"text": "above the season's mean"}
    drawn = figure(320, xaxis={"type": "category", "nticks": 13}, yaxis={"title": title})
    profiles = []
    for code in series_labels(comparison):
        values = reading.frames[all_series(comparison)[code]][reading.target]
        profiles.append(profile_of(values, season))
        _draw(drawn, profiles[-1], {"series": str(code), "colour": "accent"})
    note = (
        "The line is how far a row lies above the mean of its season, on average; the band holds "
        "the middle 80 %."
    )
    if season > MOST_POINTS:
        note += f" A point stands for up to {count(-(-season // MOST_POINTS), 'row')}."
    return Chart(
        "profile",
        f"The average season of {season:,} rows",
        _finding(profiles[0], comparison),
        drawn,
        note=note,
    )


def profile_of(values: pd.Series, season: int) -> pd.DataFrame:
    """How far the values of each row of a season lie above their season's mean.

    Columns are "mean", "low" and "high" (of the middle 80 %); the index says which row of the
    season it is.
    """
    row, names = _rows_of_season(values.index, season)
    level = values.groupby(np.arange(len(values)) // season).transform("mean")
    point = np.arange(season) * min(season, MOST_POINTS) // season
    groups = pd.Series((values - level).to_numpy()).groupby(point[row])
    table = pd.DataFrame(
        {"mean": groups.mean(), "low": groups.quantile(0.1), "high": groups.quantile(0.9)}
    )
    return table.set_axis([names[first] for first in np.searchsorted(point, table.index)])


def _rows_of_season(index, season):
    """Which row of its season each row is, and what these rows are called."""
    times = index.to_timestamp() if isinstance(index, pd.PeriodIndex) else index
    known = _calendar(times, season)
    return known or (np.arange(len(index)) % season, [str(row + 1) for row in range(season)])


def _calendar(times, season):
    """The same, of a year of months or quarters, a week or a day of equal steps; else None."""
    if not isinstance(times, pd.DatetimeIndex) or len(times) < 2:
        return None
    step = times[1] - times[0]
    if season == 12 and pd.Timedelta(days=28) <= step <= pd.Timedelta(days=31):
        months = [f"{pd.Timestamp(2001, month, 1):%b}" for month in range(1, 13)]
        return np.asarray(times.month) - 1, months
    if season == 4 and pd.Timedelta(days=89) <= step <= pd.Timedelta(days=92):
        return np.asarray(times.quarter) - 1, ["Q1", "Q2", "Q3", "Q4"]
    if step * season not in (DAY, WEEK):
        return None
    spelling = "%a %H:%M"
    if step * season == DAY:
        spelling = "%H:%M"
    elif step == DAY:
        spelling = "%a"
    since = (times.tz_localize(None) - MONDAY) % (step * season)
    # Rows may begin at any minute of their step.
    begin = since[0] % step
    names = [(MONDAY + begin + row * step).strftime(spelling) for row in range(season)]
    return np.asarray((since - begin) // step) % season, names


def _draw(drawn, profile, meta):
    names = list(profile.index)
    band = {"x": names, "mode": "lines", "line": {"width": 0}, "hoverinfo": "skip", "meta": meta}
    drawn.add_scatter(y=profile["low"].to_numpy(np.float32), **band)
    drawn.add_scatter(y=profile["high"].to_numpy(np.float32), fill="tonexty", **band)
    drawn.add_scatter(
        x=names,
        y=profile["mean"].to_numpy(np.float32),
        mode="lines",
        line={"width": 2},
        hovertemplate="%{y:.4~g}<extra>mean</extra>",
        meta=meta,
    )


def _finding(profile, comparison):
    """When the season of the first series that is shown is lowest and highest."""
    mean = profile["mean"]
    if not mean.notna().any():
        return "No value is known."
    low, high = (
        f"row {label}" if label.isdigit() else label for label in (mean.idxmin(), mean.idxmax())
    )
    apart = number(mean.max() - mean.min())
    text = f"{comparison.reading.target} is lowest at {low} and highest at {high}, {apart} apart"
    first = all_series(comparison)[next(iter(series_labels(comparison)))]
    return f"On average, {text}, in {first}." if is_panel(comparison) else f"On average, {text}."
