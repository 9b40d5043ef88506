"""make_windows, windows and targets of one series or a panel; future_rows, rows yet to come."""

from itertools import pairwise
from typing import Any

import numpy as np
import pandas as pd

from skrnn.validation import (
    check_count,
    check_counts,
    check_time_index,
    column_names,
    column_position,
    column_positions,
    index_of,
    is_frame,
    without_mask,
)
from skrnn.warn import warn
from skrnn.windows.array import Windows
from skrnn.windows.clock import clock_of
from skrnn.windows.panels import PanelRows, series_of
from skrnn.windows.sliding import check_enough_rows
from skrnn.wording import listing


def make_windows(
    data: Any,
    length: int,
    horizon: int = 1,
    *,
    target: Any = None,
    leads: Any = None,
    sampling_rate: int = 1,
    stride: int = 1,
    known_ahead: Any = None,
) -> tuple[Windows, np.ndarray]:
    """Cut windows and their targets out of a series, or out of each series of a panel.

    ::

        rows      ... e-2r   e-r    e    e+1  e+2 ... e+H
        window       [ s0     s1    s2 ] [ y  (horizon=H)  ]      length=3, sampling_rate=r

    Parameters
    ----------
    data : DataFrame, array-like of shape (n_rows, n_features) or (n_rows,), list of these, or \
            ndarray of shape (n_series, n_rows, n_features)
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
    length = check_count("length", length)
    stride = check_count("stride", stride)
    rate = check_count("sampling_rate", sampling_rate)
    if leads is None:
        leads = range(1, check_count("horizon", horizon) + 1)
    elif horizon != 1:
        raise ValueError(
            f"horizon={horizon!r} and leads={leads!r} both name the rows to forecast: give one of "
            "them"
        )
    leads = check_counts("leads", leads)
    if not leads:
        raise ValueError("leads must name at least one row ahead, got an empty list")
    data = without_mask(data)
    series = series_of(data)
    column = _target_column(target, series[0])
    ahead = column_positions(known_ahead, series[0], argument="known_ahead")
    if column in ahead:
        raise ValueError(f"target={target!r} cannot be known ahead: take it out of known_ahead")
    reach = (length - 1) * rate
    last = max(leads)
    _warn_of_unseen(leads, reach, last, ahead)
    longest = max(len(table) for table in series)
    check_enough_rows(longest, length, rate, last)

    panel = PanelRows.of(data, series, reach + last)
    ends = [np.arange(start + reach, stop - last, stride) for start, stop in pairwise(panel.bounds)]
    _warn_of_short([not len(of_series) for of_series in ends], reach + last + 1)
    shift = np.zeros(panel.rows.shape[1], np.int64)
    shift[ahead] = last
    X = Windows(
        panel.rows,
        np.concatenate(ends),
        length=length,
        sampling_rate=rate,
        bounds=panel.bounds,
        series=np.repeat(np.arange(len(ends)), [len(series_ends) for series_ends in ends]),
        leads=leads,
        shift=shift,
        feature_names=column_names(series[0]),
        index=panel.index,
    )
    y = X.values_at(column, leads)
    return X, y[:, 0] if len(leads) == 1 else y


def _warn_of_short(short, n_rows):
    """Say once which series give no window at all."""
    if not any(short):
        return
    which = [str(number) for number in np.flatnonzero(short)[:5]]
    more = [f"{sum(short) - 5} more"] if sum(short) > 5 else []
    n_short = sum(short)
    have, give = ("has", "gives") if n_short == 1 else ("have", "give")
    warn(
        f"{n_short} of {len(short)} series {have} fewer than {n_rows} rows, a window and what it "
        f"forecasts, and {give} none: {listing([*which, *more])}"
    )


def future_rows(data: Any, n: int) -> Any:
    """The rows of a series with ``n`` unknown ones behind them, to forecast what is yet to come.

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
    A pipeline forecasts every row that it is given. Behind a long series that it was fitted on, the
    rows to come are enough, as it remembers what their windows look back to:
    ``pipe.predict(future_rows(df[-9:], 24)[-24:])``.

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
        if is_frame(data):
            columns = {name: future_rows(data[name].to_numpy(), n) for name in data.columns}
            return type(data)(columns)
        data = np.asarray(data)
        unknown = np.full((n, *data.shape[1:]), np.nan, np.result_type(data.dtype, np.float32))
        return np.concatenate([data, unknown])
    check_time_index(data)
    own = index_of(data)
    clock = clock_of(own)
    if clock is None:
        raise ValueError(
            "the index has no regular step that could go on: set its freq, or use asfreq() or a "
            "RangeIndex first"
        )
    index = own.append(clock.labels(own, n).rename(own.name)).rename(own.name)
    return _extended(data.set_axis(own), index)


def _warn_of_unseen(leads, reach, last, ahead):
    """What is known ahead is seen of the rows that a window reaches, up to the last lead."""
    unseen = [lead for lead in leads if lead < last - reach]
    if len(ahead) and unseen:
        warn(
            f"of the columns known ahead, the values at {len(unseen)} of {len(leads)} leads (up to "
            f"{unseen[-1]}) are not seen: a window that reaches {last} rows has them, or "
            'RNNRegressor(decoder="recurrent"), DirectForecaster and RecursiveForecaster, which '
            "read each lead by itself"
        )


def _extended(data, index):
    """The data with unknown values at the labels of ``index`` that are new, all behind its own."""
    dtypes = set(data.dtypes) if isinstance(data, pd.DataFrame) else {data.dtype}
    if len(dtypes) > 1 or not all(isinstance(d, np.dtype) and d.kind == "f" for d in dtypes):
        return data.reindex(index)
    # Floats have room for NaN as they are: no need to look up every label.
    values = data.to_numpy()
    # They stay in memory as they lie there: pandas keeps column behind column.
    order = "C" if values.flags.c_contiguous else "F"
    extended = np.empty((len(index), *values.shape[1:]), values.dtype, order)
    extended[: len(data)] = values
    extended[len(data) :] = np.nan
    if isinstance(data, pd.DataFrame):
        return pd.DataFrame(extended, index=index, columns=data.columns, copy=False)
    return pd.Series(extended, index=index, name=data.name, copy=False)


def _target_column(target, table):
    names = column_names(table)
    n_columns = table.shape[1]
    if not n_columns:
        raise ValueError("a series needs at least 1 column, got 0")
    named = names is not None and isinstance(target, tuple) and target in names
    if isinstance(target, list | tuple | set | np.ndarray | pd.Index) and not named:
        raise ValueError(
            f"target must be one column, got {list(target)!r}: make windows for each target, "
            "make_windows(data, …, target=one) for one in target, which share their X"
        )
    if target is None:
        if n_columns > 1:
            choice = ", ".join(map(repr, names)) if names else f"0 … {n_columns - 1}"
            raise ValueError(f"target is needed to choose one of {n_columns} columns: {choice}")
        target = 0 if names is None else names[0]
    return column_position(target, names, n_columns)
