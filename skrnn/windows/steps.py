"""LastSteps and FlattenWindows: fewer steps, and windows as a table."""

import numbers
from collections.abc import Iterator
from typing import Any

import numpy as np
import pandas as pd
from sklearn import get_config
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.utils.validation import check_is_fitted

from skrnn.validation import check_count, surely_finite
from skrnn.warn import warn
from skrnn.wholly import wholly
from skrnn.windows.array import Windows
from skrnn.windows.filling import fill_steps
from skrnn.windows.inputs import as_came, check_windows


class LastSteps(TransformerMixin, BaseEstimator, auto_wrap_output_keys=None):
    """Keep the newest steps of every window: a search varies the length of ready-made windows.

    Of sequences, those that are shorter stay as they are.

    Parameters
    ----------
    length : int, default=1
        Steps to keep.

    Attributes
    ----------
    n_features_in_ : int
        Number of features of a step (of columns, where windows came as (n, steps)).
    window_shape_ : tuple of int
        Steps and features of the windows seen in ``fit``.

    Examples
    --------
    >>> import numpy as np
    >>> from skrnn import LastSteps
    >>> LastSteps(2).fit_transform(np.array([[1.0, 2.0, 3.0]]))
    array([[2., 3.]])
    """

    reads_sequences = True

    def __init__(self, length=1):
        self.length = length

    @wholly
    def fit(self, X: Any, y: Any = None) -> "LastSteps":
        """Check the windows. Returns self."""
        windows = self._check(X, reset=True)
        if check_count("length", self.length) > windows.length and windows.lengths is None:
            raise ValueError(
                f"length={self.length} is more than the {windows.length} steps of the windows"
            )
        return self

    def transform(self, X: Any) -> Any:
        """The newest steps of the windows, as the kind of array that came."""
        check_is_fitted(self)
        windows = self._check(X, reset=False)
        return as_came(windows.replace(length=min(self.length, windows.length)), X)

    def _check(self, X, *, reset):
        windows = check_windows(self, X, reset=reset)
        if not windows.shares_rows:
            raise ValueError(
                "LastSteps cuts windows of rows: put it before WindowScaler, not behind it"
            )
        return windows

    def set_output(self, *, transform: str | None = None) -> "LastSteps":
        """Do nothing, as windows are no table; a pipeline calls this on all of its steps."""
        return self

    def __sklearn_tags__(self):
        return _window_tags(super().__sklearn_tags__())


class FlattenWindows(TransformerMixin, BaseEstimator):
    """Turn windows into a 2-D table, for any scikit-learn regressor. This gathers all windows.

    Columns are named like ``temp[t-3]``: step after step, oldest first, the features of a step side
    by side. With one known lead, ``t`` is the row that is forecast; otherwise it is the window's
    last step. The table is as wide as the longest sequence of ``fit``: shorter ones have cells in
    front of which there is nothing, and of longer ones the newest steps are taken, with a warning.

    Parameters
    ----------
    fill : bool or float, default=True
        Fill unknown steps, and those in front of shorter sequences, from the window's own nearest
        known ones, and features that are unknown in the whole window with their mean in ``fit``. A
        number is put there as it is. False leaves NaN, for regressors that take it.

    Attributes
    ----------
    n_features_in_ : int
        Number of features of a step (of columns, where windows came as (n, steps)).
    window_shape_ : tuple of int
        Steps and features of the windows seen in ``fit``.
    length_ : int
        Steps in a row of the table.

    Examples
    --------
    >>> import numpy as np
    >>> from skrnn import FlattenWindows, SlidingWindow
    >>> windows = SlidingWindow(length=2).fit_transform(np.arange(4.0)[:, None])
    >>> flat = FlattenWindows().fit(windows)
    >>> flat.transform(windows[2:])
    array([[0., 1.],
           [1., 2.]])
    >>> flat.get_feature_names_out().tolist()
    ['x0[t-2]', 'x0[t-1]']
    """

    reads_sequences = True

    def __init__(self, *, fill=True):
        self.fill = fill

    @wholly
    def fit(self, X: Any, y: Any = None) -> "FlattenWindows":
        """Learn the shape of the windows and the mean of each feature. Returns self."""
        if not isinstance(self.fill, bool | np.bool_ | numbers.Real):
            raise ValueError(f"fill must be True, False or a number, got {self.fill!r}")
        windows = check_windows(self, X, reset=True)
        self.length_ = windows.length
        self.fill_values_ = feature_means(windows)
        self.names_ = _step_names(windows)
        return self

    def transform(self, X: Any) -> Any:
        """The windows as an array (n_windows, length · n_features)."""
        check_is_fitted(self)
        windows = check_windows(self, X, reset=False)
        if windows.length > self.length_:
            n_longer = int((windows.steps_there() > self.length_).sum())
            warn(
                f"{n_longer} of {len(windows)} sequences are longer than the longest of fit: their "
                f"newest {self.length_} steps are taken"
            )
        array = self._filled(windows)
        table = array.reshape(len(array), -1)
        labels = _labels(windows)
        if labels is None or self._container() != "pandas":
            return table
        # scikit-learn makes the table of what is none, and would number its rows.
        return pd.DataFrame(table, index=labels, columns=self.names_)

    def _filled(self, windows):
        """The steps of all windows; in place of the unknown what ``fill`` wants."""
        if windows.length < self.length_ or windows.shares_rows:
            windows = windows.replace(length=self.length_)
        # What is told relative to whole windows is so of those that are cut, too.
        array = windows.take()[:, -self.length_ :]
        if isinstance(self.fill, bool | np.bool_):
            return fill_steps(array, self.fill_values_) if self.fill else array
        return np.where(np.isnan(array), array.dtype.type(self.fill), array)

    def _container(self):
        config = getattr(self, "_sklearn_output_config", {})
        return config.get("transform", get_config()["transform_output"])

    def get_feature_names_out(self, input_features: Any = None) -> np.ndarray:
        """Names of the table's columns."""
        check_is_fitted(self)
        return np.asarray(self.names_, dtype=object)

    def __sklearn_tags__(self):
        return _window_tags(super().__sklearn_tags__())


def value_parts(windows: Windows) -> Iterator[np.ndarray]:
    """The values that windows look at, as arrays (n, n_features) of a bounded size.

    All others are NaN.
    """
    if not windows.shares_rows:
        for batch in windows.batches():
            yield windows.take(batch).reshape(-1, windows.n_features)
        return
    covered = windows.covered()
    size = 1 << 16
    for start in range(0, len(covered), size):
        values = windows.rows[start : start + size]
        mask = covered[start : start + size]
        yield values if mask.all() else np.where(mask, values, np.nan)


def feature_means(windows: Windows) -> np.ndarray:
    """Mean of the known values of each feature that the windows look at.

    0 where a feature has none.
    """
    form = windows.form
    if form is not None and form.centre == "mean" and form.features is None:
        return form.mean(windows.n_features)
    total, count = _sums_of(windows, lambda part: part)
    return total / np.maximum(count, 1)


def feature_deviations(windows: Windows, means: np.ndarray) -> np.ndarray:
    """Standard deviation of the same values; 1 where it is 0."""
    total, count = _sums_of(windows, lambda part: (part - means) ** 2)
    deviations = np.sqrt(total / np.maximum(count, 1))
    return np.where(deviations > 1e-12 * np.abs(means), deviations, 1.0)


def _sums_of(windows, of_values):
    """The sum of what is known of each feature, as a function tells it, and of how many values."""
    total = np.zeros(windows.n_features)
    count = np.zeros(windows.n_features)
    for part in value_parts(windows):
        values = np.asarray(of_values(part), np.float64)
        if surely_finite(values.ravel()):
            count += len(values)
        else:
            known = ~np.isnan(values)
            values = np.where(known, values, 0)
            count += known.sum(axis=0)
        # Of few features several times faster than a sum along the first axis.
        total += np.einsum("ij->j", values)
    return total, count


def _step_names(windows):
    names = windows.feature_names or [f"x{i}" for i in range(windows.n_features)]
    lead = windows.leads[0] if len(windows.leads) == 1 else 0
    ages = [lead + step * windows.sampling_rate for step in reversed(range(windows.length))]
    columns = list(zip(names, windows.shift, strict=True))
    return [f"{name}[{_row(ahead - age)}]" for age in ages for name, ahead in columns]


def _labels(windows):
    """The label of each window's row ``t``, where its rows have labels."""
    if windows.labels is not None or windows.index is None:
        return windows.labels
    lead = windows.leads[0] if len(windows.leads) == 1 else 0
    rows = windows.ends + lead
    inside = (rows >= 0) & (rows < len(windows.index))
    return windows.index[rows] if inside.all() else None


def _row(offset):
    return "t" if offset == 0 else f"t{offset:+d}"


def _window_tags(tags):
    tags.input_tags.allow_nan = True
    tags.input_tags.three_d_array = True
    return tags
