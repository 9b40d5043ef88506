"""Frames of predictions: what an estimator forecasts from chosen origins, row by row, and the series before."""

import numbers

import numpy as np
import pandas as pd

from skrnn.plotting.fitted import forecast, sliding_window_of
from skrnn.validation import check_target_values, column_position, index_of
from skrnn.windows.array import Windows, as_windows

# So many windows tell which column their targets come from.
PROBES = 500


def frame_of(labels, fold, origin, lead, true, predicted) -> pd.DataFrame:
    """A frame of predictions: a row for each forecast, indexed by the label of the row that is forecast."""
    columns = {"fold": fold, "origin": origin, "lead": lead, "true": true, "predicted": predicted}
    return pd.DataFrame(
        {name: np.asarray(one) for name, one in columns.items() if name != "origin"}, index=labels
    ).assign(origin=pd.Series(origin).array)


def from_rows(estimator, X, y, origin):
    """Predictions of the rows that follow each origin, and the series y itself."""
    true, predicted, _ = forecast(estimator, X, y)
    n, horizon = predicted.shape
    labels = index_of(y) if index_of(y) is not None else index_of(X)
    labels = pd.RangeIndex(n) if labels is None else labels
    lead = sliding_window_of(estimator).lead
    if origin is None and horizon == 1:
        rows = np.arange(n)
        parts = [(rows, np.zeros(n, int), rows - lead, np.full(n, lead))]
    else:
        origins = [max(0, n - horizon) - lead] if origin is None else _positions(origin, labels)
        parts = [_behind(one, n, horizon, lead) for one in origins]
    fold = np.repeat(np.arange(len(parts)), [len(part[0]) for part in parts])
    rows, columns, origins, ahead = (np.concatenate(values) for values in zip(*parts, strict=True))
    samples = rows - columns
    origins = pd.Series(labels).reindex(origins)
    frame = frame_of(labels[rows], fold, origins.array, ahead, true[samples, columns], predicted[samples, columns])
    values = check_target_values(estimator, y, n)
    history = pd.Series(values.ravel(), labels)[: rows.max() + 1] if values.size == n else None
    return frame, history


def _behind(origin, n, horizon, lead):
    """The rows forecast from an origin with the output that forecasts each, and how far ahead they lie."""
    if horizon == 1:
        # The row behind the origin by k <= lead rows is forecast from a window that ends there or before.
        rows = np.arange(origin + 1, min(origin + lead, n - 1) + 1)
        columns = np.zeros(len(rows), int)
    else:
        rows = np.arange(origin + lead, min(origin + lead + horizon, n))
        columns = np.arange(len(rows))
    if not len(rows):
        raise ValueError(
            f"origin={origin} has no row behind it to forecast among {n} rows: choose an earlier one, "
            "or add rows with future_rows"
        )
    return rows, columns, np.full(len(rows), origin), rows - origin


def _positions(origin, labels):
    """Positions of origins given by position, negative ones from the end, or by label."""
    several = isinstance(origin, list | tuple | np.ndarray | pd.Index | range)
    return [_position(one, labels) for one in (origin if several else [origin])]


def _position(origin, labels):
    n = len(labels)
    if isinstance(origin, numbers.Integral) and not isinstance(origin, bool):
        if not -n <= origin < n:
            raise ValueError(f"origin={origin} is not one of {n} samples")
        return int(origin) % n
    try:
        found = labels.get_loc(origin)
    except KeyError:
        found = None
    if not isinstance(found, int):
        raise ValueError(f"origin={origin!r} is not a label of the index, {labels[0]} … {labels[-1]}")
    return found


def from_windows(estimator, X, y, origin, index, target):
    """Predictions from the chosen windows, and the target's series before them where it is known.

    Labels are those of ``index``, or row numbers; with plain arrays, or several series, rows from the window's end.
    """
    X = X if isinstance(X, Windows | pd.DataFrame) else np.asarray(X)
    windows, y = as_windows(X), check_target_values(estimator, y, len(X))
    one_series = isinstance(X, Windows) and len(np.unique(windows.series)) == 1
    if origin is None:
        follow = one_series and y.size == len(y)
        which = np.arange(len(y)) if follow else np.array([len(y) - 1])
    else:
        follow, which = False, np.array(_positions(origin, pd.RangeIndex(len(y))))
    true, predicted, leads = forecast(estimator, X.iloc[which] if isinstance(X, pd.DataFrame) else X[which], y[which])
    column = _target_column(windows, y.reshape(len(y), -1), leads, target)
    chosen = windows[which]
    labels = _Labels.of(chosen, index, relative=not isinstance(X, Windows))
    ends = np.repeat(labels.ends, len(leads))
    ahead = np.tile(leads, len(which))
    fold = np.zeros(len(which), int) if follow else np.arange(len(which))
    frame = frame_of(
        labels.at(ends + ahead),
        np.repeat(fold, len(leads)),
        labels.at(ends),
        ahead,
        true.ravel(),
        predicted.ravel(),
    )
    return frame, None if column is None else _history(chosen, labels, column, true, leads)


class _Labels:
    """The labels of rows around windows: of an index, row numbers, or rows from the window's end."""

    def __init__(self, ends, index, start):
        self.ends, self.index, self.start = ends, index, start

    @classmethod
    def of(cls, chosen, index, *, relative):
        series = np.unique(chosen.series)
        if relative or len(series) > 1:
            if index is not None:
                raise ValueError("index labels the rows of one series: choose windows of one series, got several")
            return cls(np.zeros(len(chosen), int), None, None)
        start, stop = chosen.bounds[series[0]], chosen.bounds[series[0] + 1]
        own = getattr(chosen, "index", None)
        if index is None and own is not None:
            index = own[start:stop]
        index = None if index is None else pd.Index(index)
        if index is not None and len(index) != stop - start:
            raise ValueError(
                f"index must have a label for each of the series' {stop - start} rows, got {len(index)} "
                "(missing rows of a regular index count too)"
            )
        return cls(chosen.ends - start, index, start)

    def at(self, rows):
        if self.index is None:
            return pd.Index(rows, name="row" if self.start is not None else "rows from the end of the window")
        if rows.min() < 0 or rows.max() >= len(self.index):
            raise ValueError(f"index must reach over the forecast rows, up to row {rows.max()}, got {len(self.index)}")
        return self.index[rows]


def _history(chosen, labels, column, true, leads):
    """The target's rows up to the latest origin; of each window its own where they have no common labels."""
    name = None if chosen.feature_names is None else str(chosen.feature_names[column])
    if labels.start is not None:
        rows = np.arange(labels.ends.max() + 1)
        values = chosen.rows[labels.start + rows, column].astype(float)
        return pd.Series(values, labels.at(rows), name=name)
    offsets = np.arange(-(chosen.length - 1) * chosen.sampling_rate, 1)
    values = chosen.values_at(column, offsets).astype(float)
    # The first target joins the window to the truth; NaN parts one window from the next.
    values = np.column_stack([values, true[:, 0], np.full(len(values), np.nan)])
    places = [*offsets, leads[0], leads[0]]
    return pd.Series(values.ravel(), np.tile(places, len(values)), name=name)


def _target_column(windows, y, leads, target):
    """The column whose rows behind the windows are y; the first where none are known, None where all differ."""
    if target is not None:
        return column_position(target, windows.feature_names, windows.n_features)
    which = np.unique(np.linspace(0, len(windows) - 1, PROBES).astype(int))
    part, y = windows[which], y[which]
    unknown = True
    for column in range(windows.n_features):
        values = part.values_at(column, leads)
        known = ~(np.isnan(values) | np.isnan(y))
        unknown &= not known.any()
        if known.any() and np.isclose(values[known], y[known], rtol=1e-4).mean() > 0.5:
            return column
    return 0 if unknown else None
