"""make_windows: ready-made windows and targets from one series or a panel; future_rows.

Rows yet to come.
"""

import warnings
from itertools import pairwise

import numpy as np
import pandas as pd
from sklearn.utils.validation import check_array

from skrnn.validation import (
    check_columns_numeric,
    check_count,
    check_counts,
    check_time_index,
    column_position,
    column_positions,
    index_of,
    numeric_values,
    series_to_frame,
    without_mask,
)
from skrnn.windows.array import Windows
from skrnn.windows.clock import clock_of
from skrnn.windows.context import lay_rows
from skrnn.windows.sliding import check_enough_rows


def make_windows(
    data, length, horizon=1, *, target=None, leads=None, sampling_rate=1, stride=1, known_ahead=None
):
    """Cut windows and their targets out of a series, or out of each series of a panel.

    ::

        rows      ... e-2r   e-r    e    e+1  e+2 ... e+H
        window       [ s0     s1    s2 ] [ y  (horizon=H)  ]      length=3, sampling_rate=r

    Parameters
    ----------
    data : DataFrame, array-like of shape (n_rows, n_features) or (n_rows,), list of these, or
    ndarray of shape \
            (n_series, n_rows, n_features)
        One series, or a panel of series; windows never cross from one series into the next.
    length : int
        Steps in a window.
    horizon : int, default=1
        How many rows are forecast: leads 1 … horizon.
    target : str or int, default=None
        The column to forecast; may be left out if there is only one.
    leads : int or list of int, default=None
        The leads to forecast, in place of 1 … horizon.
    sampling_rate : int, default=1
        Rows between two steps of a window.
    stride : int, default=1
        Rows from one window to the next.
    known_ahead : str, int, list of these or callable, default=None
        Columns whose future is known: their part of the window ends at the last lead.

    Returns
    -------
    X : Windows of shape (n_windows, length, n_features)
        Every window that has all its rows, with all its leads.
    y : ndarray of shape (n_windows,) or (n_windows, n_leads)
        The targets; unknown ones are NaN.

    Examples
    --------
    >>> import numpy as np
    >>> from skrnn import make_windows
    >>> X, y = make_windows(np.arange(6.0), length=3, horizon=2)
    >>> X.shape, y.tolist()
    ((2, 3, 1), [[3.0, 4.0], [4.0, 5.0]])
    """
    length, stride = check_count("length", length), check_count("stride", stride)
    rate = check_count("sampling_rate", sampling_rate)
    if leads is None:
        leads = range(1, check_count("horizon", horizon) + 1)
    elif horizon != 1:
        raise ValueError(
            f"horizon={horizon!r} and leads={leads!r} both name the rows to forecast: give one of "
            f"them"
        )
    leads = check_counts("leads", leads)
    if not leads:
        raise ValueError("leads must name at least one row ahead, got an empty list")
    series = _panel(data)
    column = _target_column(target, series[0])
    ahead = column_positions(known_ahead, series[0], argument="known_ahead")
    if column in ahead:
        raise ValueError(f"target={target!r} cannot be known ahead: take it out of known_ahead")
    reach = (length - 1) * rate
    last = max(leads)
    _warn_of_unseen(leads, reach, last, ahead)
    longest = max(len(one) for one in series)
    check_enough_rows(longest, length, rate, last)

    parts = [lay_rows(_values(one), index_of(one), reach + last) for one in series]
    laid = [part.rows for part in parts]
    bounds = np.cumsum([0, *map(len, laid)])
    ends = [np.arange(start + reach, stop - last, stride) for start, stop in pairwise(bounds)]
    shift = np.zeros(laid[0].shape[1], np.int64)
    shift[ahead] = last
    X = Windows(
        _stacked(laid, data),
        np.concatenate(ends),
        length=length,
        sampling_rate=rate,
        bounds=bounds,
        series=np.repeat(np.arange(len(laid)), [len(e) for e in ends]),
        leads=leads,
        shift=shift,
        feature_names=list(series[0].columns) if isinstance(series[0], pd.DataFrame) else None,
        index=_labels(parts, series),
    )
    y = X.values_at(column, leads)
    return X, y[:, 0] if len(leads) == 1 else y


def future_rows(data, n):
    """The rows of a series with ``n`` unknown ones behind them, for forecasts of rows that do not exist yet.

    Parameters
    ----------
    data : DataFrame, Series or ndarray of shape (n_rows, n_features) or (n_rows,)
        The series. A DataFrame's index goes on in its own step.
    n : int
        Number of rows to add. Fill in the columns that are known ahead before predicting.

    Returns
    -------
    extended : of the type of ``data``
        n_rows + n rows, the last n of them NaN.

    Notes
    -----
    A pipeline forecasts every row that it is given. Of a long series the newest rows are enough, as
    many as its windows look back: ``pipe.predict(future_rows(df[-200:], 24))[-24:]``.

    Examples
    --------
    >>> import pandas as pd
    >>> from skrnn import future_rows
    >>> days = pd.date_range("2024-02-27", periods=3, name="day")
    >>> future_rows(pd.DataFrame({"demand": [5.0, 6.0, 7.0]}, index=days), 2)
                demand
    day
    2024-02-27     5.0
    2024-02-28     6.0
    2024-02-29     7.0
    2024-03-01     NaN
    2024-03-02     NaN
    """
    n = check_count("n", n)
    if not isinstance(data, pd.DataFrame | pd.Series):
        if isinstance(data, Windows) or np.ndim(data) > 2:
            raise ValueError(
                "future_rows takes the rows of one series: extend each series of a panel by itself"
            )
        data = np.asarray(data)
        unknown = np.full((n, *data.shape[1:]), np.nan, np.result_type(data.dtype, np.float32))
        return np.concatenate([data, unknown])
    check_time_index(data)
    clock = clock_of(data.index)
    if clock is None:
        raise ValueError(
            "the index has no regular step that could go on: set its freq, or use asfreq() or a "
            "RangeIndex first"
        )
    labels = clock.labels(data.index, n).rename(data.index.name)
    extended = data.reindex(data.index.append(labels))
    extended.index.name = data.index.name
    return extended


def _warn_of_unseen(leads, reach, last, ahead):
    """What is known ahead is seen of the rows that a window reaches, up to the last lead."""
    unseen = [lead for lead in leads if lead < last - reach]
    if len(ahead) and unseen:
        warnings.warn(
            f"of the columns known ahead, the values at {len(unseen)} of {len(leads)} leads (up to "
            f"{unseen[-1]}) are not seen: a window that reaches {last} rows has them, or "
            'RNNRegressor(decoder="recurrent"), DirectForecaster and RecursiveForecaster, which read '
            "each lead by itself",
            UserWarning,
            stacklevel=3,
        )


def _panel(data):
    """The series of a panel, or the one series, as a list of 2-D frames or arrays."""
    listed = isinstance(data, list | tuple) and len(data) and np.ndim(data[0]) >= 1
    stacked = isinstance(data, np.ndarray) and data.ndim == 3
    series = list(data) if listed or stacked else [data]
    if all(isinstance(one, pd.Series) for one in series):
        # A Series is named after itself, not after its one feature.
        series = [one.rename(series[0].name) for one in series]
    series = [_two_d(one) for one in series]
    columns = {
        tuple(one.columns) if isinstance(one, pd.DataFrame) else one.shape[1] for one in series
    }
    if len(columns) != 1:
        raise ValueError(
            f"the series of a panel must have the same columns, got "
            f"{' and '.join(map(str, columns))}"
        )
    return series


def _two_d(one):
    one = series_to_frame(without_mask(one))
    if not isinstance(one, pd.DataFrame):
        one = one if isinstance(one, np.ndarray) else np.asarray(one)
        one = one[:, None] if one.ndim == 1 else one
    if one.ndim != 2:
        raise ValueError(f"a series must be 2-D (n_rows, n_features), got {one.ndim} dimensions")
    return one


def _values(one):
    check_time_index(one)
    check_columns_numeric(one)
    values = check_array(
        one, dtype="numeric", ensure_all_finite="allow-nan", ensure_min_samples=0, input_name="data"
    )
    return numeric_values(values)


def _stacked(laid, data):
    if len(laid) == 1:
        return laid[0]
    untouched = isinstance(data, np.ndarray) and all(np.shares_memory(rows, data) for rows in laid)
    if untouched and data.flags.c_contiguous:
        return data.reshape(-1, data.shape[2])
    return np.concatenate(laid)


def _labels(parts, series):
    """The labels of all laid rows; those of missing rows follow the label before them."""
    indexes = [index_of(one) for one in series]
    if any(index is None for index in indexes):
        return None
    pieces = [
        piece for part, index in zip(parts, indexes, strict=True) for piece in _pieces(part, index)
    ]
    return pieces[0].append(pieces[1:])


def _pieces(part, index):
    missing = np.append(np.diff(part.where) - 1, 0)
    start = 0
    for row in np.flatnonzero(missing):
        yield index[start : row + 1]
        yield clock_of(index).labels(index[row : row + 1], missing[row])
        start = row + 1
    yield index[start:]


def _target_column(target, one):
    names = list(one.columns) if isinstance(one, pd.DataFrame) else None
    if not one.shape[1]:
        raise ValueError("a series needs at least 1 column, got 0")
    if isinstance(target, list | tuple | np.ndarray | pd.Index) and not (
        isinstance(target, tuple) and names is not None and target in names
    ):
        raise ValueError(
            f"target must be one column, got {list(target)!r}: make windows for each target, "
            "make_windows(data, …, target=one) for one in target, which share their X"
        )
    if target is None:
        if one.shape[1] > 1:
            choice = ", ".join(map(repr, names)) if names else f"0 … {one.shape[1] - 1}"
            raise ValueError(f"target is needed to choose one of {one.shape[1]} columns: {choice}")
        target = 0 if names is None else names[0]
    return column_position(target, names, one.shape[1])
