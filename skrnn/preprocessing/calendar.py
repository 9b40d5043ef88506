"""CalendarFeatures: the time of day, week and year as columns."""

from typing import Any

import numpy as np
import pandas as pd
from sklearn.utils.validation import check_is_fitted

from skrnn.preprocessing.rows import RowTransformer
from skrnn.validation import index_of, series_to_frame
from skrnn.wholly import wholly
from skrnn.windows.inputs import check_rows

_SECONDS = 86_400

# Name: (cycles since some start, as a function of a naive DatetimeIndex). Each moves on within its
# unit.
FIELDS = {
    "minute": lambda t: (t.minute + t.second / 60) / 60,
    "hour": lambda t: _day(t),
    "dayofweek": lambda t: (t.dayofweek + _day(t)) / 7,
    "day": lambda t: (t.day - 1 + _day(t)) / t.days_in_month,
    "dayofyear": lambda t: (t.dayofyear - 1 + _day(t)) / np.where(t.is_leap_year, 366, 365),
    "month": lambda t: (t.month - 1) / 12,
    "quarter": lambda t: (t.quarter - 1) / 4,
}


class CalendarFeatures(RowTransformer):
    """Append sine and cosine of the calendar to a DataFrame with a time index.

    A field ``hour`` becomes the columns ``hour_sin`` and ``hour_cos``: one turn a day, so that
    23:59 is beside 00:00. Fields go on within their unit: at 10-minute rows ``hour`` tells 10:00
    from 10:10.

    Parameters
    ----------
    fields : str or sequence of str, default=("hour", "dayofweek", "dayofyear")
        Any of "minute" (one turn an hour), "hour" (a day), "dayofweek" (a week), "day" (a month),
        "dayofyear" (a year), "month" and "quarter" (a year, in twelve and four stops).

    Attributes
    ----------
    n_features_in_ : int
        Number of columns before.

    Examples
    --------
    >>> import pandas as pd
    >>> from skrnn import CalendarFeatures
    >>> index = pd.date_range("2024-01-01", periods=3, freq="6h")
    >>> demand = pd.DataFrame({"demand": [5, 6, 7]}, index=index)
    >>> CalendarFeatures("hour").fit_transform(demand).round(3)
                         demand  hour_sin  hour_cos
    2024-01-01 00:00:00       5       0.0       1.0
    2024-01-01 06:00:00       6       1.0       0.0
    2024-01-01 12:00:00       7       0.0      -1.0
    """

    def __init__(self, fields=("hour", "dayofweek", "dayofyear")):
        self.fields = fields

    @wholly
    def fit(self, X: Any, y: Any = None) -> "CalendarFeatures":
        """Check the fields and the time index. Returns self."""
        single = isinstance(self.fields, str) or not np.iterable(self.fields)
        fields = (self.fields,) if single else tuple(self.fields)
        for field in fields:
            if field not in FIELDS:
                raise ValueError(
                    f"fields must be among {', '.join(map(repr, FIELDS))}, got {field!r}"
                )
        check_rows(self, X, reset=True)
        self.fields_ = fields
        self._check_index(X)
        self._check_names(X)
        return self

    def transform(self, X: Any) -> pd.DataFrame:
        """The DataFrame with a sine and a cosine column for each field."""
        check_is_fitted(self)
        values = check_rows(self, X, reset=False)
        self._check_index(X)
        if not self.fields_:
            return self._like(X, values)
        added = {}
        for field in self.fields_:
            turn = 2 * np.pi * np.asarray(FIELDS[field](_times(X.index)), dtype=np.float64)
            # A quarter turn is exactly 0 or 1, not 6e-17.
            added[f"{field}_sin"] = np.sin(turn).round(15)
            added[f"{field}_cos"] = np.cos(turn).round(15)
        frame = series_to_frame(X)
        if not hasattr(self, "feature_names_in_"):
            # Numbers beside words are no names to scikit-learn.
            names = self.get_feature_names_out()[: self.n_features_in_]
            frame = frame.set_axis(names, axis=1)
        return pd.concat([frame, pd.DataFrame(added, index=X.index)], axis=1)

    def get_feature_names_out(self, input_features: Any = None) -> np.ndarray:
        """Names of the columns: those that came, then the calendar's."""
        check_is_fitted(self)
        names = getattr(self, "feature_names_in_", input_features)
        names = [f"x{i}" for i in range(self.n_features_in_)] if names is None else list(names)
        return np.array(names + self._added(), dtype=object)

    def _check_names(self, X):
        """No column is called as one that is added."""
        names = series_to_frame(X).columns if self.fields_ else []
        twice = sorted(set(names) & set(self._added()))
        if twice:
            raise ValueError(
                f"X has a column {twice[0]!r} already, which CalendarFeatures adds: rename or drop "
                "it, or leave its field out of fields="
            )

    def _added(self):
        return [f"{field}_{wave}" for field in self.fields_ for wave in ("sin", "cos")]

    def _check_index(self, X):
        index = index_of(X)
        if self.fields_ and not isinstance(index, pd.DatetimeIndex | pd.PeriodIndex):
            kind = "an array" if index is None else f"a {type(index).__name__}"
            raise ValueError(
                f"CalendarFeatures needs a DataFrame with a DatetimeIndex or PeriodIndex, got "
                f"{kind}: set the time column as the index, and keep it with "
                'set_output(transform="pandas") on the transformers before'
            )


def _times(index):
    """Local times without a zone: the hour is the one that people live by."""
    index = index.to_timestamp() if isinstance(index, pd.PeriodIndex) else index
    return index.tz_localize(None) if index.tz is not None else index


def _day(times):
    return (times.hour * 3600 + times.minute * 60 + times.second) / _SECONDS
