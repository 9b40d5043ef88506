"""Frames of predictions.

A line for each forecast, of backtests, of arrays, and of fitted estimators.
"""

import numbers

import numpy as np
import pandas as pd

from skrnn.evaluation.samples import RowSamples, WindowSamples, forecast_table, samples_of
from skrnn.forecasters.inside import sliding_window_of
from skrnn.validation import column_position
from skrnn.windows import Windows

COLUMNS = ["fold", "origin", "lead", "true", "predicted"]


def as_frame(data, columns=COLUMNS):
    """The frame of predictions that came, or that of a backtest; None if neither came."""
    frame = getattr(data, "predictions", data)
    return frame if isinstance(frame, pd.DataFrame) and set(columns) <= set(frame.columns) else None


def same_shape(true, predicted, name):
    """Truth and forecasts as floats of one shape; without truth all of it is unknown."""
    if predicted is None:
        raise ValueError(
            f"y_pred is needed beside y_true of type {type(true).__name__}; alone comes a frame "
            f"with the columns "
            f"{', '.join(COLUMNS)}"
        )
    predicted = np.asarray(predicted, float)
    true = np.full(predicted.shape, np.nan) if true is None else np.asarray(true, float)
    if true.shape != predicted.shape or true.ndim not in (1, 2) or not true.size:
        raise ValueError(
            f"the forecasts of {name!r} must have the shape of y_true, (n,) or (n, n_leads), "
            f"got {predicted.shape} and {true.shape}"
        )
    return true, predicted


def frame_of_arrays(true, predicted, leads=None) -> pd.DataFrame:
    """Truth and forecasts (n, n_leads) as a frame, by lead; each forecast is a fold."""
    n, n_leads = true.shape
    leads = np.arange(1, n_leads + 1) if leads is None else np.asarray(leads)
    if leads.shape != (n_leads,):
        raise ValueError(
            f"leads must name each of {n_leads} columns of y_true, got {leads.tolist()}"
        )
    fold, lead = np.repeat(np.arange(n), n_leads), np.tile(leads, n)
    values = [fold, 0, lead, true.ravel(), predicted.ravel()]
    return pd.DataFrame(
        dict(zip(COLUMNS, values, strict=True)), pd.Index(lead, name="lead, rows ahead")
    )


def fitted_samples(estimator, X, y):
    """The samples that a fitted estimator forecasts.

    A table is of windows, if the estimator makes none of rows.
    """
    table = isinstance(X, pd.DataFrame) and sliding_window_of(estimator) is None
    return WindowSamples(estimator, X, y) if table else samples_of(estimator, X, y)


def frame_of_rows(estimator, samples: RowSamples, origin):
    """A frame of the rows that follow each origin, and the series y up to the last of them."""
    every = np.arange(len(samples.series))
    forecasts = samples.predict(estimator, every)
    labels = pd.Index(samples.labels(every, samples.lead))
    if origin is None and forecasts.shape[1] == 1:
        frame = forecast_table(samples, every, forecasts).assign(fold=0)
    else:
        known = {None: samples.origin[max(0, len(every) - forecasts.shape[1])]}
        if origin is not None:
            known = {one: samples.newest[_position(one, labels)] for one in _listed(origin)}
        parts = [_behind(samples, forecasts, *one) for one in known.items()]
        frame = pd.concat([part.assign(fold=fold) for fold, part in enumerate(parts)])
    frame = frame.loc[frame.index.notna(), COLUMNS]
    history = pd.Series(samples.truth(every, 1)[:, 0], labels)
    return frame, history[: np.flatnonzero(labels.isin(frame.index))[-1] + 1]


def _behind(samples, forecasts, origin, at):
    """The forecasts made at the row ``at``.

    Of a single lead, those of the rows behind it that were known there.
    """
    made = samples.origin <= at if forecasts.shape[1] == 1 else samples.origin == at
    which = np.flatnonzero(made & (samples.newest > at))
    if not len(which):
        raise ValueError(
            f"origin={origin} has no row behind it to forecast among {len(forecasts)} rows: choose "
            f"an earlier one, "
            "or add rows with future_rows"
        )
    frame, since = forecast_table(samples, which, forecasts[which]), samples.origin[which] - at
    lead = frame["lead"] + np.repeat(since, forecasts.shape[1])
    return frame.assign(origin=pd.Index(samples.labels(which[:1], -since[:1]))[0], lead=lead)


def frame_of_windows(estimator, samples: WindowSamples, origin, target):
    """A frame of the chosen windows, and the target's series before them where it is known.

    Plain arrays, and windows of several series, have no common labels: their rows are counted from
    the window's end.
    """
    windows, which = samples.windows, np.arange(len(samples.series))
    column = (
        samples.target()
        if target is None
        else column_position(target, windows.feature_names, windows.n_features)
    )
    follow = origin is None and _one_series(samples) and samples.truth(which, 1).shape[1] == 1
    if not follow:
        labels = (
            pd.Index(samples.labels(which, 0))
            if _one_series(samples)
            else pd.RangeIndex(len(which))
        )
        which = np.array(
            [_position(one, labels) for one in _listed(-1 if origin is None else origin)]
        )
    chosen, each = WindowSamples(estimator, *samples.take(which)), np.arange(len(which))
    forecasts = chosen.predict(estimator, each)
    frame = forecast_table(chosen, each, forecasts)
    frame["fold"] = 0 if follow else np.repeat(each, forecasts.shape[1])
    if not _one_series(chosen):
        frame = frame.set_axis(
            pd.Index(frame["lead"], name="rows from the end of the window")
        ).assign(origin=0)
    return frame.loc[frame.index.notna(), COLUMNS], None if column is None else _history(
        chosen, column
    )


def _one_series(samples):
    return isinstance(samples.X, Windows) and len(np.unique(samples.windows.series)) == 1


def _history(samples, column):
    """A column's rows up to the last origin.

    Of each window its own where they have no common labels.
    """
    windows = samples.windows
    name = None if windows.feature_names is None else str(windows.feature_names[column])
    if _one_series(samples):
        rows = np.arange(windows.bounds[windows.series[0]], windows.ends.max() + 1)
        labels = samples.labels([windows.ends.argmax()], rows - rows[-1])
        return pd.Series(windows.rows[rows, column].astype(float), labels, name=name)
    ahead = np.arange(-(windows.length - 1) * windows.sampling_rate, 1)
    truth = samples.truth(slice(None), 1)
    first = samples.leads_of(truth.shape[1])[0]
    # The first target joins the window to the truth; NaN parts one window from the next.
    values = np.column_stack(
        [windows.values_at(column, ahead), truth[:, 0], np.full(len(windows), np.nan)]
    )
    return pd.Series(
        values.ravel(), np.tile([*ahead, first, first], len(windows)), dtype=float, name=name
    )


def _listed(origin):
    return origin if isinstance(origin, list | tuple | np.ndarray | pd.Index | range) else [origin]


def _position(origin, labels):
    """The position of an origin given by position, a negative one from the end, or by label."""
    n = len(labels)
    if isinstance(origin, numbers.Integral) and not isinstance(origin, bool):
        if not -n <= origin < n:
            raise ValueError(f"origin={origin} is not one of {n} samples")
        return int(origin) % n
    found = labels.get_loc(origin) if origin in labels else None
    if not isinstance(found, int):
        raise ValueError(
            f"origin={origin!r} is not a label of the index, {labels[0]} … {labels[-1]}"
        )
    return found
