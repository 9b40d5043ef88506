"""Seasons: after how many rows a series repeats itself, told from its older rows."""

from dataclasses import dataclass

import numpy as np
from scipy.signal import find_peaks

from skrnn.reading.problem import counted
from skrnn.reading.steps import DAY, SECOND, WEEK, Step

# The newest rows are those that will be forecast: a season is chosen without them.
OLDEST_SHARE = 0.6
# A longest season fits so often into the series.
N_SEASONS = 3
# A longer season has to be better than a shorter one by this share.
BETTER = 0.03
MAX_PEAKS = 8
MAX_LEADS = 48
MAX_SERIES = 100
SPANS = {"a minute": 60 * SECOND, "an hour": DAY // 24, "a day": DAY, "a week": WEEK}
# Two or three rows are no pattern worth a name: hours of half hours.
FEWEST = 4
YEARS = {"month": 12, "quarter": 4, "year": 1}


@dataclass(frozen=True)
class Season:
    """The season in rows, 1 for none, and the reason in a sentence."""

    n_rows: int
    why: str


def find_season(series: list[np.ndarray], step: Step | None) -> Season:
    """The season for which a forecast by the value of one season before gains most over the last known value.

    Parameters
    ----------
    series : list of ndarray (n_rows,)
        The target of each series; the oldest 60 % of the rows are looked at.
    step : Step or None
        The step tells which seasons are natural; None looks for peaks of the autocorrelation.
    """
    shortest = int(np.median([len(one) for one in series]))
    old = [_without_trend(one[: int(OLDEST_SHARE * len(one))]) for one in _some(series)]
    names = natural_seasons(step)
    if names is None:
        names = dict.fromkeys(_peaks(old, shortest // N_SEASONS), "")
    tried = [n for n in names if n * N_SEASONS <= shortest]
    if not tried:
        return Season(1, f"No season: {_why_none(names, shortest, step)}.")
    gains = {n: found for n in tried if (found := _gain(old, n)) is not None}
    return _choose(gains, names, tried)


def natural_seasons(step: Step | None) -> dict[int, str] | None:
    """Rows of a day, week, year … and their names; None where the step has none and the rows have to tell."""
    if step is None:
        return None
    if step.unit == "business day":
        return {5: "a week", 261: "a year"}
    if step.unit != "fixed":
        n, rest = divmod(YEARS[step.unit], step.n)
        return {} if rest or n < FEWEST else {n: "a year"}
    names = {span // step.n: name for name, span in SPANS.items() if span % step.n == 0 and span // step.n >= FEWEST}
    if step.n == DAY:
        names[365] = "a year"
    if step.n == WEEK:
        names[52] = "a year"
    return names or None


def _why_none(names, n_rows, step):
    if names:
        return f"the shortest natural one takes {counted(min(names), 'row')}, and there are but {n_rows:,} rows"
    return "nothing in the rows repeats itself" if step is None else f"steps of {step.words} have no natural one"


def _some(series):
    """At most a hundred series, spread over all of them."""
    return series[:: max(1, len(series) // MAX_SERIES)]


def _without_trend(values):
    """The values relative to the straight line through them."""
    known = ~np.isnan(values)
    if known.sum() < 3:
        return values
    rows = np.arange(len(values))
    with np.errstate(all="ignore"):
        slope, start = np.polyfit(rows[known], values[known], 1)
    rest = values - (start + slope * rows)
    # What is left of a straight line is rounding.
    return rest if np.nanmax(np.abs(rest)) > 1e-9 * np.nanmax(np.abs(values)) else rest * 0


def _gain(series, season):
    """(share of the error that goes with this season, the error in units of the series' own, pairs of rows)."""
    leads = np.unique(np.linspace(1, season, min(season, MAX_LEADS)).round().astype(int))
    errors, floors, n_pairs = [], [], 0
    for one in series:
        scale = np.nanstd(one) if (~np.isnan(one)).any() else 0.0
        pairs = np.abs(one[season:] - one[:-season]) if len(one) > season else np.array([])
        n = int((~np.isnan(pairs)).sum())
        if n < 3 or not scale > 0:
            continue
        last = [np.nanmean(change) for k in leads if (~np.isnan(change := np.abs(one[k:] - one[:-k]))).any()]
        errors.append(np.nanmean(pairs) / scale)
        floors.append(np.mean(last) / scale)
        n_pairs += n
    if not errors:
        return None
    return 1 - np.mean(errors) / np.mean(floors), float(np.mean(errors)), n_pairs


def _choose(gains, names, tried):
    old = f"over the oldest {OLDEST_SHARE:.0%} of the rows"
    good = {n: found for n, found in gains.items() if found[0] > max(0.05, 1.5 / np.sqrt(found[2]))}
    if not good:
        return Season(1, f"No season: {old}, {_why_not(gains, tried)}.")
    best = min(good)
    for n in sorted(good):
        best = n if good[n][1] < (1 - BETTER) * good[best][1] else best
    name = f" ({names[best]})" if names[best] else ""
    others = ", ".join(str(n) for n in tried if n != best)
    gain = f"the value of one season before errs {good[best][0]:.0%} less than the last value"
    return Season(best, f"Season of {best} rows{name}: {old}, {gain}{f'; also tried: {others}' if others else ''}.")


def _why_not(gains, tried):
    if not gains:
        return "the target hardly changes but for a straight line"
    n = max(gains, key=lambda one: gains[one][0])
    gain = gains[n][0]
    others = ", ".join(str(one) for one in tried if one != n)
    also = f"; also tried: {others}" if others else ""
    if gain < 0:
        return f"the value of {n} rows before errs {-gain:.0%} more than the last value{also}"
    return f"the value of {n} rows before errs only {gain:.0%} less than the last value{also}"


def _peaks(series, longest):
    """Lags at which the autocorrelation peaks, the highest first."""
    found = {}
    for one in series:
        lags = _autocorrelation(one)[: longest + 2]
        at, how = find_peaks(lags, height=max(0.1, 2 / np.sqrt(len(one))), prominence=0.05)
        for lag, height in zip(at, how["peak_heights"], strict=True):
            if 1 < lag <= longest:
                found[int(lag)] = max(found.get(int(lag), 0.0), float(height))
    highest = sorted(found, key=found.get, reverse=True)[:MAX_PEAKS]
    return sorted(highest)


def _autocorrelation(values):
    known = np.nan_to_num(values - np.nanmean(values)) if (~np.isnan(values)).any() else np.zeros(len(values))
    size = 2 ** int(np.ceil(np.log2(2 * len(known) + 1)))
    power = np.abs(np.fft.rfft(known, size)) ** 2
    lags = np.fft.irfft(power, size)[: len(known)]
    return lags / lags[0] if lags[0] > 0 else np.zeros(len(known))
