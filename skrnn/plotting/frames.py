"""Frames of predictions, a line for each forecast: of backtests, arrays and fitted estimators."""

import datetime
import numbers

import numpy as np
import pandas as pd

from skrnn.evaluation.intervals import ends_by_name
from skrnn.evaluation.own_intervals import Asked
from skrnn.evaluation.samples import (
    EvaluationSamples,
    RowSamples,
    WindowSamples,
    forecast_table,
    samples_of,
)
from skrnn.forecasters.inside import sliding_window_of
from skrnn.forecasters.probabilistic import check_answers
from skrnn.validation import column_position
from skrnn.windows import Windows

COLUMNS = ["fold", "origin", "lead", "true", "predicted"]


def as_frame(data, columns=COLUMNS) -> pd.DataFrame | None:
    """The frame of predictions that came, or that of a backtest; None if neither came."""
    frame = getattr(data, "predictions", data)
    return frame if isinstance(frame, pd.DataFrame) and set(columns) <= set(frame.columns) else None


def same_shape(true, predicted, name: str) -> tuple[np.ndarray, np.ndarray]:
    """Truth and forecasts as floats of one shape; without truth all of it is unknown."""
    if predicted is None:
        raise ValueError(
            f"y_pred is needed beside y_true of type {type(true).__name__}; alone comes a frame "
            f"with the columns {', '.join(COLUMNS)}"
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
    lead = np.tile(leads, n)
    values = {
        "fold": np.repeat(np.arange(n), n_leads),
        "origin": 0,
        "lead": lead,
        "true": true.ravel(),
        "predicted": predicted.ravel(),
    }
    return pd.DataFrame(values, pd.Index(lead, name="lead, rows ahead"))


def fitted_samples(estimator, X, y) -> EvaluationSamples:
    """The samples that a fitted estimator forecasts.

    A table is of windows, if the estimator makes none of rows.
    """
    table = isinstance(X, pd.DataFrame) and sliding_window_of(estimator) is None
    return WindowSamples(estimator, X, y) if table else samples_of(estimator, X, y)


def ends_of(estimator, samples: EvaluationSamples, which, coverages: tuple[float, ...]):
    """The ends (n, n_leads) of a fitted estimator's intervals, by their columns in a frame."""
    if not coverages:
        return {}
    check_answers(estimator, "predict_interval")
    ends = Asked(estimator, coverages).of(samples, which)
    named = ends_by_name(ends, coverages)
    return {name: values.reshape(len(which), -1) for name, values in named.items()}


def frame_of_rows(
    estimator, samples: RowSamples, origin, coverages: tuple[float, ...] = ()
) -> tuple[pd.DataFrame, pd.Series]:
    """A frame of the rows that follow each origin, and the series y up to the last of them."""
    every = np.arange(len(samples))
    forecasts = samples.predict(estimator, every)
    ends = ends_of(estimator, samples, every, coverages)
    labels = pd.Index(samples.labels(every, samples.lead))
    if origin is None and forecasts.shape[1] == 1:
        frame = _table(samples, every, forecasts, ends).assign(fold=0)
    else:
        known = [(None, samples.origin[max(0, len(every) - forecasts.shape[1])])]
        if origin is not None:
            known = [
                (label, samples.newest[position_of(label, labels)]) for label in _listed(origin)
            ]
        frames = [_behind(samples, forecasts, ends, label, row) for label, row in known]
        frame = pd.concat([frame.assign(fold=fold) for fold, frame in enumerate(frames)])
    frame = frame.loc[frame.index.notna(), [*COLUMNS, *ends]]
    history = pd.Series(samples.truth(every, 1)[:, 0], labels)
    return frame, history[: np.flatnonzero(labels.isin(frame.index))[-1] + 1]


def _table(samples, which, forecasts, ends):
    """The lines of some samples, with the ends of their intervals."""
    columns = {name: values[which].ravel() for name, values in ends.items()}
    return forecast_table(samples, which, forecasts[which], **columns)


def _behind(samples, forecasts, ends, origin, row):
    """The forecasts made at a row, which came as ``origin``.

    Of a single lead, those of the rows behind it that were known there.
    """
    made = samples.origin <= row if forecasts.shape[1] == 1 else samples.origin == row
    which = np.flatnonzero(made & (samples.newest > row))
    if not len(which):
        raise ValueError(
            f"origin={origin} has no row behind it to forecast among {len(forecasts)} rows: choose "
            f"an earlier one, or add rows with future_rows"
        )
    frame = _table(samples, which, forecasts, ends)
    since = samples.origin[which] - row
    lead = frame["lead"] + np.repeat(since, forecasts.shape[1])
    return frame.assign(origin=pd.Index(samples.labels(which[:1], -since[:1]))[0], lead=lead)


def frame_of_windows(
    estimator, samples: WindowSamples, origin, target, coverages: tuple[float, ...] = ()
) -> tuple[pd.DataFrame, pd.Series | None]:
    """A frame of the chosen windows, and the target's series before them where it is known.

    Plain arrays, and windows of several series, have no common labels: their rows are counted from
    the window's end.
    """
    windows = samples.windows
    which = np.arange(len(samples))
    if target is None:
        column = samples.target()
    else:
        column = column_position(target, windows.feature_names, windows.n_features)
    follow = origin is None and _one_series(samples) and samples.truth(which, 1).shape[1] == 1
    if not follow:
        labels = pd.RangeIndex(len(which))
        origins = _listed(-1 if origin is None else origin)
        if _one_series(samples):
            labels = pd.Index(samples.labels(which, 0))
        else:
            _check_positions(origins, len(which))
        which = np.array([position_of(label, labels) for label in origins])
    chosen = WindowSamples(estimator, *samples.take(which))
    each = np.arange(len(which))
    forecasts = chosen.predict(estimator, each)
    ends = ends_of(estimator, chosen, each, coverages)
    frame = _table(chosen, each, forecasts, ends)
    frame["fold"] = 0 if follow else np.repeat(each, forecasts.shape[1])
    if not _one_series(chosen):
        rows = pd.Index(frame["lead"], name="rows from the end of the window")
        frame = frame.set_axis(rows).assign(origin=0)
    history = None if column is None else _history(chosen, column)
    return frame.loc[frame.index.notna(), [*COLUMNS, *ends]], history


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
    known = windows.values_at(column, ahead)
    values = np.column_stack([known, truth[:, 0], np.full(len(windows), np.nan)])
    rows = np.tile([*ahead, first, first], len(windows))
    return pd.Series(values.ravel(), rows, dtype=float, name=name)


def _listed(origin):
    if not isinstance(origin, list | tuple | np.ndarray | pd.Index | range):
        return [origin]
    if not len(origin):
        raise ValueError("origin must name at least one row or window, got an empty list")
    return origin


def _check_positions(origins, n):
    """Windows of several series, and plain arrays, are named by their positions."""
    words = [one for one in origins if not isinstance(one, numbers.Integral)]
    if words:
        raise ValueError(
            f"origin={words[0]!r} is no position: windows of several series, or of plain arrays, "
            f"are named by theirs, 0 … {n - 1}"
        )


def position_of(origin, labels: pd.Index) -> int:
    """The position of an origin given by position, a negative one from the end, or by label.

    A date is the first row of that day.
    """
    n = len(labels)
    if isinstance(origin, numbers.Integral) and not isinstance(origin, bool):
        if not -n <= origin < n:
            raise ValueError(f"origin={origin} is not one of {n} samples")
        return int(origin) % n
    label = pd.Timestamp(origin) if isinstance(origin, np.datetime64) else origin
    timed = isinstance(labels, pd.DatetimeIndex | pd.PeriodIndex)
    moment = isinstance(label, datetime.datetime) and isinstance(labels, pd.PeriodIndex)
    if timed and isinstance(label, datetime.date) and not moment:
        # As text: a date, or a time without a zone, is then one of the index's own zone.
        label = str(label)
    found = labels.get_loc(label) if label in labels else None
    if timed and isinstance(found, slice | np.ndarray):
        rows = np.arange(n)[found]
        found = int(rows[0]) if len(rows) else None
    if not isinstance(found, int):
        raise ValueError(
            f"origin={origin!r} is not a label of the index, {labels[0]} … {labels[-1]}"
        )
    return found
