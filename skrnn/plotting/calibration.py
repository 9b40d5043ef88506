"""CalibrationDisplay: the share of truths that intervals hold beside the share they promise."""

from collections.abc import Sequence
from itertools import cycle

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.ticker import PercentFormatter
from numpy.typing import ArrayLike
from sklearn.base import BaseEstimator

from skrnn.evaluation import Backtest, calibration_curve
from skrnn.evaluation.interval_measures import held_line
from skrnn.evaluation.intervals import end_names
from skrnn.evaluation.promises import check_coverages
from skrnn.forecasters.inside import name_of
from skrnn.plotting.axes import GREY, axes_for, small_legend
from skrnn.plotting.frames import ends_of, fitted_samples
from skrnn.plotting.lead_error import STYLES
from skrnn.windows import Windows

COVERAGES = (0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 0.95)


class CalibrationDisplay:
    """What intervals promise, and what they held, with its standard error as bars.

    Made by ``from_predictions`` or ``from_estimator``. On the dashed line a promise is kept: below
    it intervals are too narrow, above it too wide. A bar is one standard error to each side, of
    blocks of neighbouring forecasts (see ``skrnn.evaluation.coverage_by_lead``).

    Parameters
    ----------
    curves : dict of str to DataFrame
        For each model what ``skrnn.evaluation.calibration_curve`` gives: by stated coverage the
        columns "coverage" and "standard_error".
    baselines : sequence of str, default=()
        The models that are baselines.

    Attributes
    ----------
    lines_ : dict of str to matplotlib Line2D
        The line of each model.
    bars_ : dict of str to matplotlib LineCollection
        The standard errors of each model.
    diagonal_ : matplotlib Line2D
        Where a promise is kept.
    legend_ : matplotlib Legend
        The names.
    ax_ : matplotlib Axes
        The axes.
    figure_ : matplotlib Figure
        The figure.

    Examples
    --------
    >>> import numpy as np
    >>> from skrnn.plotting import CalibrationDisplay
    >>> y = np.random.default_rng(0).normal(size=400)
    >>> interval = np.broadcast_to([[-0.674, 0.674], [-1.645, 1.645]], (400, 2, 2))
    >>> display = CalibrationDisplay.from_predictions(y, interval, coverages=(0.5, 0.9))
    >>> display.curves["intervals"]["coverage"].tolist()
    [0.5, 0.9225]
    """

    def __init__(self, curves: dict[str, pd.DataFrame], *, baselines: Sequence[str] = ()):
        self.curves = curves
        self.baselines = baselines

    @classmethod
    def from_predictions(
        cls,
        y_true: ArrayLike | Backtest | dict[str, Backtest],
        y_interval: ArrayLike | dict[str, ArrayLike] | None = None,
        *,
        coverages: Sequence[float] | None = None,
        leads: Sequence[int] | None = None,
        ax: Axes | None = None,
    ) -> "CalibrationDisplay":
        """Draw what intervals held.

        Parameters
        ----------
        y_true : array-like of shape (n,) or (n, n_leads), Backtest, or dict of str to Backtest
            The truth of forecasts from neighbouring rows, in order, NaN where it is not known. Or
            the result of a backtest with ``coverages``, or several by name; the baseline of the
            first is drawn too.
        y_interval : array-like of shape (n, [n_leads,] n_coverages, 2) or dict, default=None
            The intervals, as ``predict_interval`` gives them for several coverages; of one model or
            of several by name.
        coverages : sequence of float, default=None
            The shares that are promised. Of backtests None: all that there are.
        leads : sequence of int, default=None
            Of arrays, the leads of the columns. None: 1, 2, ….
        ax : matplotlib Axes, default=None
            Where to draw. None: a new figure.

        Returns
        -------
        display : CalibrationDisplay
        """
        results = _results(y_true)
        if results is not None:
            curves = {name: _of_backtest(result, coverages) for name, result in results.items()}
            floor = _of_backtest(next(iter(results.values())), coverages, "baseline_")
            if floor["coverage"].notna().any():
                name = "baseline (floor)" if "baseline" in curves else "baseline"
                return cls({**curves, name: floor}, baselines=[name]).plot(ax)
            return cls(curves).plot(ax)
        if y_interval is None or coverages is None:
            raise ValueError(
                "y_interval and coverages are needed beside an array of truths; alone comes the "
                "result of a backtest with coverages"
            )
        models = y_interval if isinstance(y_interval, dict) else {"intervals": y_interval}
        curves = {
            name: calibration_curve(y_true, ends, coverages, leads=leads)
            for name, ends in models.items()
        }
        return cls(curves).plot(ax)

    @classmethod
    def from_estimator(
        cls,
        estimator: BaseEstimator | dict[str, BaseEstimator],
        X: Windows | ArrayLike,
        y: ArrayLike,
        *,
        coverages: Sequence[float] = COVERAGES,
        ax: Axes | None = None,
    ) -> "CalibrationDisplay":
        """Draw what the intervals of fitted estimators hold.

        Parameters
        ----------
        estimator : estimator or dict of str to estimator
            One fitted estimator with ``predict_interval``, or several by name.
        X : Windows, array-like of shape (n, steps, n_features), or rows of shape (n, n_features)
            What to forecast from; rows for a pipeline with ``SlidingWindow``.
        y : array-like of shape (n, n_leads) or (n,)
            The targets; for rows, the series.
        coverages : sequence of float, default=(0.1, 0.2, …, 0.9, 0.95)
            The shares that are promised.
        ax : matplotlib Axes, default=None
            Where to draw. None: a new figure.

        Returns
        -------
        display : CalibrationDisplay
        """
        stated = check_coverages("coverages", coverages)
        models = estimator if isinstance(estimator, dict) else {name_of(estimator): estimator}
        if not models:
            raise ValueError(
                "estimator must be a fitted estimator or a dict of at least one, got an empty dict"
            )
        return cls(
            {name: _of_estimator(model, X, y, stated) for name, model in models.items()}
        ).plot(ax)

    def plot(self, ax: Axes | None = None) -> "CalibrationDisplay":
        """Draw.

        Parameters
        ----------
        ax : matplotlib Axes, default=None
            Where to draw. None: a new figure.

        Returns
        -------
        display : CalibrationDisplay
            This display.
        """
        ax = axes_for(ax, (4.6, 4.4))
        kept = {"color": GREY, "linewidth": 1.0, "linestyle": ":", "label": "as promised"}
        (self.diagonal_,) = ax.plot([0, 1], [0, 1], **kept)
        self.lines_ = {}
        self.bars_ = {}
        styles = cycle(STYLES)
        for name, curve in self.curves.items():
            known = curve.dropna(subset="coverage").sort_index()
            if name in self.baselines:
                style = {"color": GREY, "marker": "_", "linestyle": "--"}
            else:
                color, marker = next(styles)
                style = {"color": color, "marker": marker, "linewidth": 1.5}
            drawn = ax.errorbar(
                known.index,
                known["coverage"],
                yerr=known["standard_error"],
                label=name,
                markersize=4,
                elinewidth=1.0,
                capsize=2,
                **style,
            )
            self.lines_[name], _, (self.bars_[name],) = drawn
        for axis in (ax.xaxis, ax.yaxis):
            axis.set_major_formatter(PercentFormatter(1.0))
        ax.set(xlabel="coverage stated", ylabel="coverage reached", xlim=(0, 1), ylim=(0, 1.02))
        self.legend_ = small_legend(ax, loc="upper left")
        self.ax_ = ax
        self.figure_ = ax.figure
        return self


def _results(y_true):
    """Backtests by name, if that is what came."""
    given = y_true if isinstance(y_true, dict) else {"forecast": y_true}
    if not given or not all(isinstance(one, Backtest) for one in given.values()):
        if isinstance(y_true, dict):
            raise ValueError("a dict in place of y_true must hold results of backtests by name")
        return None
    for name, result in given.items():
        if result.promise is None:
            raise ValueError(
                f"the backtest of {name!r} has no intervals: run it with coverages=(0.8, 0.95)"
            )
    return given


def _of_backtest(result, coverages, prefix=""):
    """The curve over all forecasts of a backtest."""
    there = result.promise.coverages
    stated = there if coverages is None else check_coverages("coverages", coverages)
    missing = [share for share in stated if share not in there]
    if missing:
        raise ValueError(f"coverages={missing} were not measured: there are {list(there)}")
    names = {"coverage": "coverage", "standard_error": "coverage_se", "width": "width"}
    lines = [
        {column: result.scores[f"{prefix}{name}_{share:g}"] for column, name in names.items()}
        for share in stated
    ]
    return pd.DataFrame(lines, pd.Index(stated, name="stated"))


def _of_estimator(estimator, X, y, coverages):
    """The curve over all samples whose truth is known."""
    samples = fitted_samples(estimator, X, y)
    every = np.arange(len(samples))
    ends = ends_of(estimator, samples, every, coverages)
    n_leads = next(iter(ends.values())).shape[1]
    series = samples.series[:, None] if samples.is_panel else None
    lines = [
        held_line(
            samples.truth(every, n_leads),
            np.stack([ends[name] for name in end_names(share)], axis=-1),
            samples.shared()[0][:, None],
            samples.shared_rows(every, n_leads),
            share,
            series,
        )
        for share in coverages
    ]
    return pd.DataFrame(lines, pd.Index(coverages, name="stated"))
