"""LeadErrorDisplay: how the error grows with the lead, model beside model."""

from collections.abc import Callable, Sequence
from itertools import cycle

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from numpy.typing import ArrayLike
from sklearn.base import BaseEstimator

from skrnn.evaluation import Backtest
from skrnn.evaluation.measures import error_function, error_name, error_where_known
from skrnn.evaluation.samples import forecast_table
from skrnn.forecasters.inside import learns, name_of
from skrnn.plotting.axes import GREY, PALETTE, axes_for, counted_from_one, small_legend
from skrnn.plotting.frames import COLUMNS, as_frame, fitted_samples, frame_of_arrays, same_shape
from skrnn.windows import Windows

# A colour and a marker each, so that the lines are told apart in print too.
STYLES = list(zip(PALETTE, "osD^vPX*", strict=True))
BASELINE_STYLES = ("--", ":", "-.")
# Errors further apart than this factor are drawn on a logarithmic axis.
DECADES = 100
# Above this many leads markers would hide the lines.
MARKED_LEADS = 40
NEEDED = COLUMNS[2:]


class LeadErrorDisplay:
    """Error by lead of one or more models, baselines dashed.

    Made by ``from_predictions`` or ``from_estimator``.

    Parameters
    ----------
    errors : DataFrame of shape (n_leads, n_models)
        The errors: a column for each model, indexed by lead.
    metric_name : str, default="error"
        The label of the errors' axis.
    baselines : sequence of str, default=()
        The columns that are baselines.

    Attributes
    ----------
    lines_ : dict of str to matplotlib Line2D
        The line of each model.
    legend_ : matplotlib Legend
        The names, in the order of the errors at the last lead.
    ax_ : matplotlib Axes
        The axes.
    figure_ : matplotlib Figure
        The figure.

    Examples
    --------
    >>> import numpy as np
    >>> from skrnn.plotting import LeadErrorDisplay
    >>> y = np.arange(12.0).reshape(4, 3)
    >>> forecasts = {"model": y + [1, 2, 3], "naive": y + 4}
    >>> display = LeadErrorDisplay.from_predictions(y, forecasts, baseline="naive")
    >>> display.errors["model"].tolist()
    [1.0, 2.0, 3.0]
    """

    def __init__(
        self,
        errors: pd.DataFrame,
        *,
        metric_name: str = "error",
        baselines: Sequence[str] = (),
    ):
        self.errors = errors
        self.metric_name = metric_name
        self.baselines = baselines

    @classmethod
    def from_predictions(
        cls,
        y_true: ArrayLike | pd.DataFrame | Backtest | dict,
        y_pred: ArrayLike | dict[str, ArrayLike] | None = None,
        *,
        metric: str | Callable = "mae",
        leads: Sequence[int] | None = None,
        baseline: str | list[str] | None = None,
        ax: Axes | None = None,
    ) -> "LeadErrorDisplay":
        """Draw the errors of forecasts.

        Parameters
        ----------
        y_true : array-like of shape (n, n_leads), frame of predictions, or dict of str to frame
            The truth; unknown values (NaN) do not count. Or the result of a backtest: its frame
            with the columns ``lead``, ``true`` and ``predicted`` (and ``baseline``), of one or of
            several models by name.
        y_pred : array-like of shape (n, n_leads) or dict of str to array-like, default=None
            The forecasts, of one model or of several by name.
        metric : {"mae", "rmse", "mse"} or callable, default="mae"
            The error; a callable takes the truth and the forecasts of one lead, both (n,).
        leads : sequence of int, default=None
            The leads of the columns. None: 1, 2, …. Of frames: the leads to draw.
        baseline : str or list of str, default=None
            Names of the models that are baselines. The baseline of frames is one anyway.
        ax : matplotlib Axes, default=None
            Where to draw. None: a new figure.

        Returns
        -------
        display : LeadErrorDisplay
        """
        function = error_function("metric", metric)
        frames = _frames(y_true)
        if frames is None:
            models = y_pred if isinstance(y_pred, dict) else {"forecast": y_pred}
            frames = {
                name: _lead_frame(y_true, forecasts, leads, name)
                for name, forecasts in models.items()
            }
        return cls._of_frames(frames, function, leads, baseline, ax)

    @classmethod
    def from_estimator(
        cls,
        estimator: BaseEstimator | dict[str, BaseEstimator],
        X: Windows | ArrayLike,
        y: ArrayLike,
        *,
        metric: str | Callable = "mae",
        leads: Sequence[int] | None = None,
        baseline: str | list[str] | None = None,
        ax: Axes | None = None,
    ) -> "LeadErrorDisplay":
        """Draw the errors of fitted estimators.

        Parameters
        ----------
        estimator : estimator or dict of str to estimator
            One fitted estimator, or several by name.
        X : Windows, array-like of shape (n, steps, n_features), or rows of shape (n, n_features)
            What to forecast from; rows for a pipeline with ``SlidingWindow``.
        y : array-like of shape (n, n_leads) or (n,)
            The targets; for rows, the series.
        metric : {"mae", "rmse", "mse"} or callable, default="mae"
            The error; a callable takes the truth and the forecasts of one lead, both (n,).
        leads : sequence of int, default=None
            The leads to draw. None: all.
        baseline : str or list of str, default=None
            Names of the models that are baselines. None: those that end in a ``NaiveForecaster``.
        ax : matplotlib Axes, default=None
            Where to draw. None: a new figure.

        Returns
        -------
        display : LeadErrorDisplay
        """
        function = error_function("metric", metric)
        models = estimator if isinstance(estimator, dict) else {name_of(estimator): estimator}
        if not models:
            raise ValueError(
                "estimator must be a fitted estimator or a dict of at least one, got an empty dict"
            )
        frames = {name: _fitted_frame(model, X, y) for name, model in models.items()}
        naive = [name for name, model in models.items() if not learns(model)]
        return cls._of_frames(frames, function, leads, naive if baseline is None else baseline, ax)

    @classmethod
    def _of_frames(cls, frames, function, leads, baseline, ax):
        errors, floors = (
            _by_lead(frames, column, function) for column in ("predicted", "baseline")
        )
        if floors.shape[1] > 1 and np.allclose(
            floors.sub(floors.iloc[:, 0], axis=0), 0, equal_nan=True
        ):
            floors = floors.iloc[:, :1]
        one = "baseline (floor)" if "baseline" in errors else "baseline"
        floors.columns = [one] if floors.shape[1] == 1 else [f"{name}, baseline" for name in floors]
        errors = errors.join(floors, how="outer")
        leads = errors.index if leads is None else list(leads)
        missing = [lead for lead in leads if lead not in errors.index]
        if missing:
            raise ValueError(
                f"leads={missing} were not forecast: there are {errors.index.tolist()}"
            )
        baselines = [*floors, *_checked_names(baseline, errors.columns)]
        return cls(errors.loc[leads], metric_name=error_name(function), baselines=baselines).plot(
            ax
        )

    def plot(self, ax: Axes | None = None) -> "LeadErrorDisplay":
        """Draw.

        Parameters
        ----------
        ax : matplotlib Axes, default=None
            Where to draw. None: a new figure.

        Returns
        -------
        display : LeadErrorDisplay
            This display.
        """
        own = ax is None
        ax = axes_for(ax, (6.8, 3.6))
        marked = len(self.errors) <= MARKED_LEADS
        self.lines_ = {}
        for name, style in zip(self.errors, self._styles(), strict=True):
            known = self.errors[name].dropna()
            style = style if marked else {**style, "marker": None}
            self.lines_[name] = ax.plot(known.index, known, label=name, markersize=4, **style)[0]
        lowest = self.errors.min().min()
        highest = self.errors.max().max()
        if 0 < lowest < highest / DECADES:
            ax.set_yscale("log")
        elif 0 <= lowest < highest / 2:
            ax.set_ylim(bottom=0)
        counted_from_one(ax)
        ax.set(xlabel="lead, rows ahead", ylabel=self.metric_name)
        self.legend_ = self._legend(ax, outside=own and len(self.lines_) > 3)
        self.ax_ = ax
        self.figure_ = ax.figure
        return self

    def _styles(self):
        models = cycle(STYLES)
        baselines = cycle(BASELINE_STYLES)
        for name in self.errors:
            if name in self.baselines:
                yield {
                    "color": GREY,
                    "linestyle": next(baselines),
                    "marker": None if len(self.errors) > 1 else "_",
                }
            else:
                colour, marker = next(models)
                yield {"color": colour, "marker": marker, "linewidth": 1.5}

    def _legend(self, ax, *, outside):
        """The names from the largest error at the last lead down, as the lines end."""
        last = self.errors.ffill().iloc[-1].sort_values(ascending=False, kind="stable")
        options = {"ncols": 1 + (len(last) > 4)}
        if outside:
            options = {"loc": "center left", "bbox_to_anchor": (1, 0.5)}
        return small_legend(ax, handles=[self.lines_[name] for name in last.index], **options)


def _checked_names(baseline, names):
    """The names of the baselines as a list, each of them a model."""
    if baseline is None:
        return []
    listed = [baseline] if isinstance(baseline, str) else list(baseline)
    for name in listed:
        if name not in names:
            raise ValueError(
                f"baseline={name!r} is not a model: there are {', '.join(map(repr, names))}"
            )
    return listed


def _fitted_frame(estimator, X, y):
    samples = fitted_samples(estimator, X, y)
    every = np.arange(len(samples))
    return forecast_table(samples, every, samples.predict(estimator, every))


def _lead_frame(true, predicted, leads, name):
    true, predicted = (
        values.reshape(len(values), -1) for values in same_shape(true, predicted, name)
    )
    return frame_of_arrays(true, predicted, leads)


def _frames(y_true):
    """Frames of predictions by name, if that is what came."""
    given = y_true if isinstance(y_true, dict) else {"forecast": y_true}
    frames = {name: as_frame(data, NEEDED) for name, data in given.items()}
    if frames and all(frame is not None for frame in frames.values()):
        return frames
    if isinstance(y_true, dict):
        raise ValueError(
            f"a dict in place of y_true must hold frames with the columns {', '.join(NEEDED)}"
        )
    return None


def _by_lead(frames, column, function):
    """The errors of a column by lead, of the frames that have it."""
    errors = {}
    for name, frame in frames.items():
        if column in frame and frame[column].notna().any():
            pairs = {
                lead: lines[["true", column]].to_numpy(float).T
                for lead, lines in frame.groupby("lead")
            }
            errors[name] = {
                lead: error_where_known(function, *pair) for lead, pair in pairs.items()
            }
    return pd.DataFrame(errors).rename_axis("lead").sort_index()
