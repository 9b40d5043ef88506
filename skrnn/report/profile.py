"""The average season: what the target is like at each row of a season."""

import numpy as np
import pandas as pd

from skrnn.report.chart import Chart, figure, plain
from skrnn.report.shown import all_series, series_labels
from skrnn.report.wording import count, number

# A longer season is drawn in so many parts.
MOST_POINTS = 400
DAY, WEEK = pd.Timedelta(days=1), pd.Timedelta(days=7)


def profile_chart(comparison) -> Chart | None:
    """Mean and middle 80 % of the target at each row of a season; None where there is no season."""
    reading, season = comparison.reading, comparison.reading.season
    if season < 2 or not any(len(frame) >= season for frame in reading.frames.values()):
        return None
    title = {"text": plain(reading.target)}
    drawn, first = figure(320, xaxis={"type": "category", "nticks": 13}, yaxis={"title": title}), None
    for code in series_labels(comparison):
        values = reading.frames[all_series(comparison)[code]][reading.target]
        profile = profile_of(values, season)
        first = profile if first is None else first
        _draw(drawn, profile, {"series": str(code)})
    note = f"The band holds the middle 80 % of the values. {_thinning(season)}".strip()
    return Chart("profile", f"The average season of {season:,} rows", _finding(first, comparison), drawn, note=note)


def profile_of(values: pd.Series, season: int) -> pd.DataFrame:
    """"mean", "low" and "high" at each row of a season, by what it is called, or by its number."""
    place, names = _places(values.index, season)
    place = place * min(season, MOST_POINTS) // season
    groups = pd.Series(values.to_numpy()).groupby(place)
    table = pd.DataFrame({"mean": groups.mean(), "low": groups.quantile(0.1), "high": groups.quantile(0.9)})
    first = pd.Series(np.arange(season)).groupby(np.arange(season) * min(season, MOST_POINTS) // season).first()
    return table.set_axis([names[first[place]] for place in table.index])


def _places(index, season):
    """Which row of its season each row is, and what these rows are called."""
    for key, names in _calendar(index, season):
        if len(names) == season:
            return np.asarray(key), names
    return np.arange(len(index)) % season, [str(row + 1) for row in range(season)]


def _calendar(index, season):
    """What a season may be of the calendar: a year of months or quarters, a week or a day of equal steps."""
    times = index.to_timestamp() if isinstance(index, pd.PeriodIndex) else index
    if not isinstance(times, pd.DatetimeIndex) or len(times) < 2:
        return
    step = times[1] - times[0]
    if season == 12 and pd.Timedelta(days=28) <= step <= pd.Timedelta(days=31):
        yield times.month - 1, [pd.Timestamp(2001, month, 1).strftime("%b") for month in range(1, 13)]
    elif season == 4 and pd.Timedelta(days=89) <= step <= pd.Timedelta(days=92):
        yield times.quarter - 1, ["Q1", "Q2", "Q3", "Q4"]
    elif step * season in (DAY, WEEK):
        monday = pd.Timestamp(2001, 1, 1)
        since = times.tz_localize(None) - monday
        labels = [monday + row * step for row in range(season)]
        form = "%H:%M" if step * season == DAY else "%a" if step == DAY else "%a %H:%M"
        yield since % (step * season) // step, [label.strftime(form) for label in labels]


def _draw(drawn, profile, meta):
    band = {"mode": "lines", "line": {"width": 0}, "hoverinfo": "skip", "meta": meta | {"colour": "accent"}}
    names = list(profile.index)
    drawn.add_scatter(x=names, y=profile["low"].to_numpy(np.float32), **band)
    drawn.add_scatter(x=names, y=profile["high"].to_numpy(np.float32), fill="tonexty", **band)
    mean = profile["mean"].to_numpy(np.float32)
    template = "%{y:.4~g}<extra>mean</extra>"
    drawn.add_scatter(x=names, y=mean, name="mean", mode="lines", line={"width": 2}, hovertemplate=template, meta=band["meta"])


def _thinning(season):
    if season <= MOST_POINTS:
        return ""
    return f"A point stands for {count(-(-season // MOST_POINTS), 'row')} of the season, or one less."


def _finding(profile, comparison):
    mean = profile["mean"]
    if not mean.notna().any():
        return "No value is known."
    whose = f"Of {all_series(comparison)[next(iter(series_labels(comparison)))]}, on" if len(all_series(comparison)) > 1 else "On"
    by_number = str(mean.index[0]) == "1"
    low, high = (f"row {label}" if by_number else label for label in (mean.idxmin(), mean.idxmax()))
    return f"{whose} average {comparison.reading.target} is least at {low} ({number(mean.min())}) and greatest at {high} ({number(mean.max())})."
