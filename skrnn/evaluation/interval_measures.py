"""Measures of intervals: their score, the share of truths that they hold, and their width."""

from collections.abc import Sequence

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike

from skrnn.evaluation.promises import beside_truth, check_coverage, check_coverages
from skrnn.evaluation.standard_error import standard_error
from skrnn.validation import check_count


def interval_score(y_true: ArrayLike, y_interval: ArrayLike, coverage: float = 0.9) -> float:
    """The mean interval score: the width, and a penalty for truths outside.

    With α = 1 - coverage: (u - l) + 2/α·(l - y) for a truth below, + 2/α·(y - u) for one above.

    Parameters
    ----------
    y_true : array-like of shape (n,) or (n, n_leads)
        The truth; unknown values (NaN) do not count.
    y_interval : array-like of shape (n, [n_leads,] 2)
        Lower and upper ends, as ``predict_interval`` gives them.
    coverage : float, default=0.9
        The share of truths that the intervals promise to hold.

    Returns
    -------
    score : float
        In the unit of the truth; smaller is better.

    References
    ----------
    T. Gneiting, A. E. Raftery, *Strictly proper scoring rules, prediction, and estimation*,
    Journal of the American Statistical Association 102 (2007).

    Examples
    --------
    >>> from skrnn.evaluation import interval_score
    >>> interval_score([1.0, 5.0], [[0.0, 2.0], [0.0, 4.0]], coverage=0.5)
    5.0
    """
    coverage = check_coverage("coverage", coverage)
    true, ends = _beside_truth(y_true, y_interval)
    return float(np.nanmean(interval_scores(true, ends[..., 0], ends[..., 1], coverage)))


def msis(
    y_true: ArrayLike,
    y_interval: ArrayLike,
    coverage: float = 0.95,
    *,
    y_train: ArrayLike | Sequence[ArrayLike],
    season: int = 1,
) -> float:
    """The mean scaled interval score of the M4 competition.

    The interval score relative to the mean absolute change over a season in what came before.

    Parameters
    ----------
    y_true : array-like of shape (n,) or (n, n_leads)
        The truth; unknown values (NaN) do not count. Of several series one forecast each,
        (n_series, n_leads).
    y_interval : array-like of shape (n, [n_leads,] 2)
        Lower and upper ends, as ``predict_interval`` gives them.
    coverage : float, default=0.95
        The share of truths that the intervals promise to hold; M4's is 0.95.
    y_train : array-like of shape (n_rows,), or list of such, or array (n_series, n_rows)
        The series before the forecasts; or a series for each row of y_true.
    season : int, default=1
        The period, in rows.

    Returns
    -------
    score : float
        Smaller is better. Series that never changed over a season are left out.

    References
    ----------
    S. Makridakis, E. Spiliotis, V. Assimakopoulos, *The M4 Competition: 100,000 time series and 61
    forecasting methods*, International Journal of Forecasting 36 (2020).

    Examples
    --------
    >>> from skrnn.evaluation import msis
    >>> msis([1.0, 5.0], [[0.0, 2.0], [0.0, 4.0]], coverage=0.5, y_train=[1.0, 3.0, 1.0])
    2.5
    """
    coverage = check_coverage("coverage", coverage)
    true, ends = _beside_truth(y_true, y_interval)
    season = check_count("season", season)
    series = _series_of(y_train)
    if len(series) not in (1, len(true)):
        raise ValueError(
            f"y_train must be one series, or one for each of {len(true)} rows of y_true, got "
            f"{len(series)}"
        )
    scale = np.array([_seasonal_change(values, season) for values in series])[:, None]
    if np.isnan(scale).all():
        raise ValueError(
            f"y_train must change over a season of {season} rows at least once, which is what the "
            "score is relative to"
        )
    return float(np.nanmean(interval_scores(true, ends[..., 0], ends[..., 1], coverage) / scale))


def coverage_by_lead(
    y_true: ArrayLike,
    y_interval: ArrayLike,
    coverage: float = 0.9,
    *,
    leads: Sequence[int] | None = None,
) -> pd.DataFrame:
    """The share of truths that intervals hold, and their width, for each lead.

    Parameters
    ----------
    y_true : array-like of shape (n,) or (n, n_leads)
        The truth of forecasts from neighbouring rows, in order; unknown values (NaN) do not count.
    y_interval : array-like of shape (n, [n_leads,] 2)
        Lower and upper ends, as ``predict_interval`` gives them.
    coverage : float, default=0.9
        The share of truths that the intervals promise to hold.
    leads : sequence of int, default=None
        The leads of the columns. None: 1, 2, ….

    Returns
    -------
    table : DataFrame
        "coverage", its "standard_error" and the mean "width", by lead. Truths at an end are held.

    Notes
    -----
    Whether a truth is held depends on its neighbours: forecasts overlap, and calm rows follow calm
    ones. So the standard error is that of blocks of neighbouring origins, as long as the furthest
    forecast reaches and at least as long as there are blocks. It is never less than independent
    truths would have at the coverage that is promised, and NaN where there is only one block.

    Examples
    --------
    >>> import numpy as np
    >>> from skrnn.evaluation import coverage_by_lead
    >>> y = np.random.default_rng(0).normal(size=(400, 1))
    >>> interval = np.broadcast_to([-1.645, 1.645], (400, 1, 2))
    >>> coverage_by_lead(y, interval, coverage=0.9).round(3)
          coverage  standard_error  width
    lead
    1        0.922           0.015   3.29
    """
    coverage = check_coverage("coverage", coverage)
    true, ends = _beside_truth(y_true, y_interval)
    n_leads = true.shape[1]
    leads = _checked_leads(leads, n_leads)
    lines = [
        _of_neighbours(true[:, [column]], ends[:, [column]], leads[[column]], coverage)
        for column in range(n_leads)
    ]
    return pd.DataFrame(lines, pd.Index(leads, name="lead"))


def calibration_curve(
    y_true: ArrayLike,
    y_interval: ArrayLike,
    coverages: Sequence[float],
    *,
    leads: Sequence[int] | None = None,
) -> pd.DataFrame:
    """The share of truths that intervals hold, for each share that they promise.

    Parameters
    ----------
    y_true : array-like of shape (n,) or (n, n_leads)
        The truth of forecasts from neighbouring rows, in order; unknown values (NaN) do not count.
    y_interval : array-like of shape (n, [n_leads,] n_coverages, 2)
        Lower and upper ends, as ``predict_interval`` gives them for several coverages.
    coverages : sequence of float
        The shares that are promised.
    leads : sequence of int, default=None
        The leads of the columns. None: 1, 2, ….

    Returns
    -------
    table : DataFrame
        "coverage" that was reached, its "standard_error" (as in ``coverage_by_lead``) and the mean
        "width", by "stated" coverage.

    Examples
    --------
    >>> import numpy as np
    >>> from skrnn.evaluation import calibration_curve
    >>> y = np.random.default_rng(0).normal(size=400)
    >>> interval = np.broadcast_to([[-0.674, 0.674], [-1.645, 1.645]], (400, 2, 2))
    >>> calibration_curve(y, interval, coverages=(0.5, 0.9)).round(3)
            coverage  standard_error  width
    stated
    0.5        0.500           0.028  1.348
    0.9        0.922           0.015  3.290
    """
    stated = check_coverages("coverages", coverages)
    true, ends = _beside_truth(y_true, y_interval, (len(stated),))
    leads = _checked_leads(leads, true.shape[1])
    lines = [
        _of_neighbours(true, ends[:, :, position], leads, coverage)
        for position, coverage in enumerate(stated)
    ]
    return pd.DataFrame(lines, pd.Index(stated, name="stated"))


def interval_scores(
    true: np.ndarray, lower: np.ndarray, upper: np.ndarray, coverage: float
) -> np.ndarray:
    """The interval score of each truth; NaN where it is unknown."""
    below = np.maximum(lower - true, 0)
    above = np.maximum(true - upper, 0)
    return upper - lower + 2 / (1 - coverage) * (below + above)


def is_held(true: np.ndarray, lower: np.ndarray, upper: np.ndarray) -> np.ndarray:
    """Whether each truth lies between its ends, or at one of them."""
    return (lower <= true) & (true <= upper)


def held_line(
    true: np.ndarray,
    ends: np.ndarray,
    origin: np.ndarray,
    row: np.ndarray,
    coverage: float,
    series: np.ndarray | None = None,
) -> dict[str, float]:
    """Coverage, its standard error and the width of intervals (n, n_leads, 2).

    ``origin`` (n, 1) and ``row`` (n, n_leads) say when each was made and which row it is for, and
    ``series`` (n, 1) of which series, where there are several.
    """
    known = ~np.isnan(true)
    if not known.any():
        return dict.fromkeys(("coverage", "standard_error", "width"), np.nan)
    lower, upper = np.moveaxis(ends, -1, 0)
    held = is_held(true, lower, upper)[known]
    origin = np.broadcast_to(origin, true.shape)[known]
    groups = [] if series is None else [np.broadcast_to(series, true.shape)[known]]
    return {
        "coverage": held.mean(),
        "standard_error": standard_error(held, origin, row[known], coverage, groups),
        "width": (upper - lower)[known].mean(),
    }


def _beside_truth(y_true, y_interval, coverages=()):
    """Truths (n, n_leads), and intervals beside them, whose lower ends come first."""
    true, ends = beside_truth(y_true, y_interval, "y_interval", (*coverages, 2))
    apart = np.diff(ends[~np.isnan(true)], axis=-1)
    # Single ones may cross where a model has learned them so.
    if (apart < 0).mean() > 0.5:
        raise ValueError("y_interval must have lower ends first, and most of them are upper ones")
    return true, ends


def _checked_leads(leads, n_leads):
    """The leads of the columns, rows ahead: 1, 2, … where none are named."""
    if leads is None:
        return np.arange(1, n_leads + 1)
    leads = np.asarray([check_count("leads", lead) for lead in leads])
    if leads.shape != (n_leads,) or len(np.unique(leads)) < n_leads:
        raise ValueError(
            f"leads must name each of {n_leads} columns of y_true, got {leads.tolist()}"
        )
    return leads


def _of_neighbours(true, ends, leads, coverage):
    """What forecasts (n, n_leads) from neighbouring rows held, in words; see ``held_line``."""
    origin = np.arange(len(true))[:, None]
    return held_line(true, ends, origin, origin + leads, coverage)


def _series_of(y_train):
    """The series that came, each of them (n_rows,)."""
    if hasattr(y_train, "columns") and len(y_train.columns) > 1:
        raise ValueError(
            "y_train must be a series, or a list of them, got a DataFrame of "
            f"{len(y_train.columns)} columns: pass [frame[name] for name in frame]"
        )
    if isinstance(y_train, list | tuple) and len(y_train) and np.ndim(y_train[0]) == 1:
        return y_train
    values = np.asarray(y_train, float)
    # A column is one series.
    return list(values) if values.ndim == 2 and values.shape[1] > 1 else [values.ravel()]


def _seasonal_change(values, season):
    """The mean absolute change over a season; NaN where there is none."""
    values = np.asarray(values, float)
    changes = np.abs(values[season:] - values[:-season])
    changes = changes[~np.isnan(changes)]
    mean = changes.mean() if len(changes) else 0.0
    return mean if mean > 0 else np.nan
