"""ForecastDisplay: forecasts beside the truth, with what was known before."""

from collections.abc import Sequence

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from numpy.typing import ArrayLike
from sklearn.base import BaseEstimator

from skrnn.evaluation import Backtest
from skrnn.evaluation.intervals import coverages_in, end_names
from skrnn.evaluation.promises import check_coverages
from skrnn.evaluation.samples import RowSamples
from skrnn.forecasters.inside import name_of
from skrnn.plotting.axes import (
    BLACK,
    GREY,
    ORANGE,
    SHADES,
    axes_for,
    axis_values,
    dress_index_axis,
    kind_of,
    small_legend,
)
from skrnn.plotting.frames import (
    as_frame,
    fitted_samples,
    frame_of_arrays,
    frame_of_rows,
    frame_of_windows,
    same_shape,
)
from skrnn.validation import check_count, index_of
from skrnn.windows import Windows

# Longer lines are drawn thin.
LONG = 1000
THIN = 0.6
# How dense the widest interval is, and how much more so each narrower one that lies over it.
FAINT = 0.16
DENSER = 1.6
# matplotlib looks for a free corner point by point.
MOST_POINTS = 5000


class ForecastDisplay:
    """Forecasts beside the truth, with the history before them.

    Made by ``from_predictions`` or ``from_estimator``. The history is grey, the truth black,
    forecasts are blue (those of every other fold in a lighter blue), and a dotted line stands at
    the origin, the last row known to a fold's first forecast. Intervals are a fan around the
    forecasts, the darker the narrower.

    Parameters
    ----------
    predictions : DataFrame
        A row for each forecast, indexed by the label of the row that is forecast, with the columns
        ``fold``, ``origin`` (the label of the last known row), ``lead``, ``true`` and
        ``predicted``, and optionally ``baseline``, and ``lower_0.95``, ``upper_0.95`` of intervals.
    history : Series, default=None
        The series itself, up to the forecasts or over them.
    name : str, default="forecast"
        The name of the forecasts in the legend.
    n_history : int, default=None
        Rows to show before the first forecast. None: twice as many as a fold has, at least 24.

    Attributes
    ----------
    history_line_ : matplotlib Line2D or None
        The history.
    true_line_ : matplotlib Line2D
        The truth of the rows that are forecast.
    forecast_lines_ : list of matplotlib Line2D
        The forecasts of each fold; where a fold has several origins, its runs are parted by NaN.
    fans_ : dict of float to list of matplotlib PolyCollection
        The intervals of each fold, by coverage; a fold without any has none.
    baseline_line_ : matplotlib Line2D or None
        The forecasts of the baseline.
    origin_lines_ : list of matplotlib Line2D
        The marks at the origins.
    ax_ : matplotlib Axes
        The axes.
    figure_ : matplotlib Figure
        The figure.

    Examples
    --------
    >>> import pandas as pd
    >>> from skrnn.plotting import ForecastDisplay
    >>> months = pd.period_range("2024-01", periods=4, freq="M")
    >>> series = pd.Series([3.0, 4.0, 5.0, 4.0], months, name="demand")
    >>> display = ForecastDisplay.from_predictions(series[2:], [5.0, 6.0], history=series[:2])
    >>> display.forecast_lines_[0].get_ydata().tolist()
    [5.0, 6.0]
    """

    def __init__(
        self,
        predictions: pd.DataFrame,
        *,
        history: pd.Series | None = None,
        name: str = "forecast",
        n_history: int | None = None,
    ):
        self.predictions = predictions
        self.history = history
        self.name = name
        self.n_history = n_history

    @classmethod
    def from_predictions(
        cls,
        y_true: ArrayLike | pd.DataFrame | Backtest,
        y_pred: ArrayLike | None = None,
        *,
        index: ArrayLike | None = None,
        history: ArrayLike | None = None,
        n_history: int | None = None,
        lead: int | None = None,
        series: int | None = None,
        name: str = "forecast",
        ax: Axes | None = None,
        **kwargs,
    ) -> "ForecastDisplay":
        """Draw forecasts that were made before.

        Parameters
        ----------
        y_true : array-like of shape (n,) or (n_forecasts, n_leads), or frame of predictions
            The truth, NaN where it is not known (yet). Or the result of a backtest: its frame with
            the columns ``fold``, ``origin``, ``lead``, ``true``, ``predicted`` (and ``baseline``),
            and with ``coverages`` those of its intervals.
        y_pred : array-like of the shape of y_true, default=None
            The forecasts: one row after the other, or several forecasts of the same leads.
        index : array-like of shape (n,), default=None
            The labels of the rows. None: those of y_true or y_pred, or row numbers.
        history : Series or array-like of shape (n_rows,), default=None
            The series before the forecasts, or all of it. Of an array the forecasts are the rows
            that follow; of a frame with row numbers it is the whole series.
        n_history : int, default=None
            Rows to show before the first forecast. None: twice as many as a fold has, at least 24.
        lead : int, default=None
            Of a frame, the only lead to draw. None: all.
        series : int, default=None
            Of a frame with a column ``series``, the series to draw. None: the first.
        name : str, default="forecast"
            The name of the forecasts in the legend.
        ax : matplotlib Axes, default=None
            Where to draw. None: a new figure.
        **kwargs : dict
            Passed to ``Axes.plot`` for the forecasts.

        Returns
        -------
        display : ForecastDisplay
        """
        frame = as_frame(y_true)
        history = _series(history)
        if frame is not None:
            frame = _chosen(frame, lead, series)
        else:
            if lead is not None or series is not None:
                raise ValueError(
                    "lead and series choose from a frame of predictions, but arrays came"
                )
            history = _with_name(history, y_true)
            true, predicted = same_shape(y_true, y_pred, name)
            frame = _frame(true, predicted, _labels(y_true, y_pred, index), history)
        return cls(frame, history=history, name=name, n_history=n_history).plot(ax, **kwargs)

    @classmethod
    def from_estimator(
        cls,
        estimator: BaseEstimator,
        X: Windows | ArrayLike,
        y: ArrayLike,
        *,
        origin: object = None,
        target: str | int | None = None,
        coverages: float | Sequence[float] | None = None,
        history: pd.Series | None = None,
        n_history: int | None = None,
        name: str | None = None,
        ax: Axes | None = None,
        **kwargs,
    ) -> "ForecastDisplay":
        """Draw what a fitted estimator forecasts.

        Parameters
        ----------
        estimator : estimator
            A fitted estimator on windows, or a pipeline with ``SlidingWindow`` on rows.
        X : Windows, array-like of shape (n, steps, n_features), or rows of shape (n, n_features)
            What to forecast from.
        y : array-like of shape (n,) or (n, n_leads)
            The targets; for rows, the series.
        origin : int, label or list of these, default=None
            From where to forecast. Of windows, which of them, by position (negative ones count from
            the end) or by the label of their last row. Of rows, the last one known, by position or
            label: what is drawn are the rows behind it. A date is the first row of that day. None:
            each row's own forecast where there is one for each; otherwise the last window, or the
            last row with all its leads.
        target : str or int, default=None
            For windows: the column that y continues. None: the one whose rows are found in y.
        coverages : float or sequence of float, default=None
            The intervals to draw, of an estimator with ``predict_interval``: the shares of truths
            that they promise to hold, such as (0.8, 0.95). None: no intervals.
        history : Series, default=None
            For rows: the series before X.
        n_history : int, default=None
            Rows to show before the first forecast. None: twice as many as a fold has, at least 24.
        name : str, default=None
            The name of the forecasts in the legend. None: the estimator's class.
        ax : matplotlib Axes, default=None
            Where to draw. None: a new figure.
        **kwargs : dict
            Passed to ``Axes.plot`` for the forecasts.

        Returns
        -------
        display : ForecastDisplay
        """
        coverages = () if coverages is None else check_coverages("coverages", coverages)
        samples = fitted_samples(estimator, X, y)
        if isinstance(samples, RowSamples):
            _refuse("rows", target=target)
            frame, series = frame_of_rows(estimator, samples, origin, coverages)
            history = _joined(_series(history), series)
        else:
            _refuse("windows", history=history)
            frame, history = frame_of_windows(estimator, samples, origin, target, coverages)
        name = name_of(estimator) if name is None else name
        return cls(frame, history=_with_name(history, y), name=name, n_history=n_history).plot(
            ax, **kwargs
        )

    def plot(self, ax: Axes | None = None, **kwargs) -> "ForecastDisplay":
        """Draw.

        Parameters
        ----------
        ax : matplotlib Axes, default=None
            Where to draw. None: a new figure.
        **kwargs : dict
            Passed to ``Axes.plot`` for the forecasts.

        Returns
        -------
        display : ForecastDisplay
            This display.
        """
        ax = axes_for(ax, (8, 3.6))
        frame = self.predictions
        fresh = not ax.has_data()
        folds = [fold for _, fold in frame.groupby("fold")]
        history = self._shown_history(max(map(len, folds)))
        self.history_line_ = None
        if history is not None:
            options = {"label": "history", "color": GREY, "linewidth": 1.0}
            self.history_line_ = _plot(ax, axis_values(history.index), history, **options)
        self.fans_ = self._plot_fans(ax, folds)
        self._plot_truth(ax, folds)
        self._plot_forecasts(ax, folds, kwargs)
        self.origin_lines_ = _mark_origins(ax, folds)
        if fresh:
            dress_index_axis(ax, frame.index)
            ax.set_ylabel(getattr(self.history, "name", None) or "")
        few = len(frame) + (0 if history is None else len(history)) <= MOST_POINTS
        small_legend(ax, loc="best" if few else "upper left")
        self.ax_ = ax
        self.figure_ = ax.figure
        return self

    def _plot_fans(self, ax, folds):
        """The intervals of each coverage, the widest first."""
        fans = {}
        for position, coverage in enumerate(reversed(coverages_in(self.predictions))):
            alpha = min(FAINT * DENSER**position, 0.8)
            label = f"{100 * coverage:g} % interval"
            fans[coverage] = []
            for number, fold in enumerate(folds):
                (x, lower), (_, upper) = (_runs(fold, name) for name in end_names(coverage))
                if np.isnan(lower).all():
                    continue
                options = {"color": SHADES[number % len(SHADES)], "alpha": alpha}
                fans[coverage].append(_fan(ax, x, lower, upper, label=label, **options))
                label = None
        return fans

    def _plot_truth(self, ax, folds):
        lines = [_truth(fold) for fold in folds]
        options = {"color": BLACK, "linewidth": 1.2, "label": "truth"}
        self.true_line_ = _plot(ax, *_parted(lines), **options)

    def _plot_forecasts(self, ax, folds, kwargs):
        self.baseline_line_ = None
        self.forecast_lines_ = []
        if "baseline" in self.predictions and self.predictions["baseline"].notna().any():
            x, y = _parted([_runs(fold, "baseline") for fold in folds])
            options = {"color": ORANGE, "linewidth": 1.0, "linestyle": "--", "label": "baseline"}
            self.baseline_line_ = _plot(ax, x, y, **options)
        for number, fold in enumerate(folds):
            label = self.name if number == 0 else None
            options = {
                "color": SHADES[number % len(SHADES)],
                "linewidth": 1.5,
                "label": label,
                **kwargs,
            }
            self.forecast_lines_.append(_plot(ax, *_runs(fold, "predicted"), **options))

    def _shown_history(self, fold_length):
        """The history from ``n_history`` rows before the first forecast on.

        It is joined to the truth behind it.
        """
        history = self.history
        frame = self.predictions
        if history is None:
            return None
        if kind_of(history.index) != kind_of(frame.index):
            raise ValueError(
                f"history must be labelled as the forecasts are, by {kind_of(frame.index)}, "
                f"got {kind_of(history.index)}: give it their kind of index"
            )
        n = max(24, 2 * fold_length)
        if self.n_history is not None:
            n = check_count("n_history", self.n_history, minimum=0)
        if kind_of(history.index) == "names":
            return history.iloc[-n:] if n else None
        if not history.index.is_unique:
            return history if self.n_history is None else history[history.index > -n]
        before = np.flatnonzero(axis_values(history.index) < axis_values(frame.index).min())
        start = max(0, before[-1] + 1 - n) if len(before) else 0
        later = frame.loc[axis_values(frame.index) > axis_values(history.index)[-1:], "true"]
        later = later[~later.index.duplicated()].sort_index()[:1]
        return pd.concat([history.iloc[start:], later]).astype(float)


def _truth(fold):
    """Where the rows lie that a fold forecasts, and their truth; NaN where it forecasts none."""
    rows = fold[~fold.index.duplicated()]
    at = axis_values(rows.index)
    order = np.argsort(at, kind="stable")
    x, y = at[order], rows["true"].to_numpy(float)[order]
    if x.dtype.kind in "UO" or fold["lead"].nunique() <= 1:
        return x, y
    # From each origin, to the last row that is forecast from it.
    number, origins = pd.factorize(fold["origin"])
    if (number < 0).any():
        return x, y
    last = pd.Series(axis_values(fold.index)).groupby(number).max().to_numpy()
    begin = axis_values(pd.Index(origins))
    order = np.argsort(begin, kind="stable")
    begin, last = begin[order], np.maximum.accumulate(last[order])
    stretch = np.cumsum(np.append(False, begin[1:] > last[:-1]))
    of = stretch[np.searchsorted(begin, x, side="left") - 1]
    return _apart(x, y, of)


def _runs(fold, column):
    """Where the forecasts of a fold lie, and what they are; NaN where another origin's begin."""
    x = axis_values(fold.index)
    y = fold[column].to_numpy(float)
    runs = np.zeros(len(fold), int)
    if fold["lead"].nunique() > 1:
        runs = pd.factorize(fold["origin"])[0]
    order = np.lexsort((np.arange(len(x)) if x.dtype.kind in "UO" else x, runs))
    return _apart(x[order], y[order], runs[order])


def _apart(x, y, runs):
    """A line with NaN between its runs."""
    starts = np.flatnonzero(runs[1:] != runs[:-1]) + 1
    return np.insert(x, starts, x[starts]), np.insert(y, starts, np.nan)


def _parted(lines):
    """Lines one after the other, with NaN between them."""
    x = np.concatenate([np.append(x, x[-1:]) for x, _ in lines])[:-1]
    y = np.concatenate([np.append(y, np.nan) for _, y in lines])[:-1]
    return x, y


def _plot(ax, x, y, **options):
    """A line, thin where it is long, with dots for values that have no neighbour."""
    alone = _alone(y)
    if len(y) > LONG:
        options = {**options, "linewidth": min(options.get("linewidth", THIN), THIN)}
    if len(alone):
        options = {"marker": ".", "markevery": alone.tolist(), **options}
    return ax.plot(x, y, **options)[0]


def _alone(y):
    """Where values are that have no neighbour."""
    known = ~np.isnan(np.asarray(y, float))
    beside = np.concatenate([[False], known[:-1]]) | np.concatenate([known[1:], [False]])
    return np.flatnonzero(known & ~beside)


def _fan(ax, x, lower, upper, *, label, **options):
    """A band between two lines, and a bar where a value has no neighbour."""
    alone = _alone(lower)
    if len(alone):
        ax.vlines(np.asarray(x)[alone], lower[alone], upper[alone], linewidth=4, **options)
    return ax.fill_between(x, lower, upper, linewidth=0, label=label, **options)


def _mark_origins(ax, folds):
    """A dotted line at each fold's first origin, unless each row of a single fold has its own."""
    lines = []
    style = {"color": GREY, "linewidth": 1.0, "linestyle": ":", "zorder": 0}
    for fold in folds:
        known = fold["origin"].dropna()
        if len(known) and (len(folds) > 1 or fold["lead"].nunique() > 1 or known.nunique() == 1):
            where = min(axis_values(pd.Index(known.unique())))
            if where not in [line.get_xdata()[0] for line in lines]:
                label = None if lines else "origin"
                lines.append(ax.axvline(where, label=label, **style))
    return lines


def _labels(y_true, y_pred, index):
    """The labels of the forecasts: those that are given, or one of the arrays' own."""
    if index is not None:
        return pd.Index(index)
    owned = (index_of(data) for data in (y_true, y_pred))
    n = np.size(y_pred)
    return next((labels for labels in owned if labels is not None and len(labels) == n), None)


def _frame(true, predicted, labels, history):
    """A frame of predictions from arrays.

    Of several forecasts of the same leads, or of one row after the other.
    """
    if true.ndim == 2 and min(true.shape) > 1:
        if labels is not None:
            raise ValueError(
                f"index labels the rows of one forecast, got {len(true)}: pass them one by one, "
                f"or as a frame"
            )
        return frame_of_arrays(true, predicted)
    if labels is None:
        start = 0
        if history is not None and isinstance(history.index, pd.RangeIndex):
            start = history.index[-1] + 1
        labels = pd.RangeIndex(start, start + true.size)
    if len(labels) != true.size:
        raise ValueError(
            f"index must have a label for each of {true.size} forecasts, got {len(labels)}"
        )
    frame = frame_of_arrays(true.reshape(1, -1), predicted.reshape(1, -1))
    return frame.set_axis(labels).assign(origin=np.nan)


def _chosen(frame, lead, series):
    """The part of a frame of predictions with one lead, and of one series."""
    for column, value in (("series", series), ("lead", lead)):
        if column == "series" and value is None and column in frame:
            value = frame[column].iloc[0]
        if value is None:
            continue
        if column not in frame or not (frame[column] == value).any():
            there = sorted(frame[column].unique().tolist()) if column in frame else "none"
            raise ValueError(
                f"{column}={value!r} is not in the frame of predictions: there are {there}"
            )
        frame = frame[frame[column] == value]
    if not len(frame):
        raise ValueError("the frame of predictions must have at least one row, got none")
    return frame


def _series(history):
    """A history as a Series of floats."""
    if history is None:
        return None
    if isinstance(history, pd.DataFrame) and history.shape[1] == 1:
        history = history.iloc[:, 0]
    if isinstance(history, pd.DataFrame):
        raise ValueError(
            f"history must be one series, got a frame with {history.shape[1]} columns: choose the "
            f"one that is forecast, history[column]"
        )
    if not isinstance(history, pd.Series):
        history = np.asarray(history, float)
        history = pd.Series(history.ravel() if history.size == len(history) else history)
    return history.astype(float) if len(history) else None


def _with_name(history, y):
    name = getattr(y, "name", None)
    if history is None or history.name is not None or name is None:
        return history
    return history.rename(name)


def _joined(before, series):
    """The series with what lies before it."""
    if before is None:
        return series
    return pd.concat([before[~before.index.isin(series.index)], series]).rename(series.name)


def _refuse(kind, **arguments):
    for name, value in arguments.items():
        if value is not None:
            raise ValueError(
                f"{name} has no meaning for {kind}, which carry their own: leave it out"
            )
