"""WindowScaler: every window by its own level and size."""

import numpy as np

from skrnn.preprocessing.window_form import WindowForm, sizes
from skrnn.validation import check_share
from skrnn.windows.array import Windows
from skrnn.windows.form import Form

# How a form calls them.
CENTERS = {"mean": "mean", "last": "last"}
SCALES = {"std": "deviation", "mean_abs": "mean_abs"}


class WindowScaler(WindowForm):
    """Scale every window by its own level and size, feature by feature.

    It learns nothing from other windows, so it takes series of any level. Inside
    ``TransformedWindowRegressor`` the target is scaled by the level and the size of its own
    window's target column. A constant window, less its level, is zeros.

    Parameters
    ----------
    center : {"mean", "last"} or None, default="mean"
        What is taken from each step: the mean of the window, its last step (where that is unknown,
        the newest known one), or nothing.
    scale : {"std", "mean_abs"} or None, default="std"
        What each step is divided by, whatever the center: the window's standard deviation, the mean
        of its steps' absolute values, or nothing. Where it is 0, 1.
    min_scale : float, default=0.0
        The least standard deviation that divides, as a share of the mean of the steps' absolute
        values, at least 0 and below 1: with 0.01 a window that varies by less than 1% of its size
        is not blown up to variance 1. Of no effect on ``scale="mean_abs"``.
    columns : str, int, list of these or callable, default=None
        The columns to express so, by name, position, or a callable such as scikit-learn's
        ``make_column_selector``; the others, such as a calendar's, pass unchanged. None: all.

    Attributes
    ----------
    n_features_in_ : int
        Number of features of a step (of columns, where windows came as (n, steps)).
    window_shape_ : tuple of int
        Steps and features of the windows seen in ``fit``.

    Examples
    --------
    >>> import numpy as np
    >>> from skrnn import WindowScaler
    >>> WindowScaler().fit_transform(np.array([[1.0, 2.0, 3.0], [5.0, 5.0, 5.0]]))
    array([[-1.22474487,  0.        ,  1.22474487],
           [ 0.        ,  0.        ,  0.        ]])
    >>> WindowScaler("last", scale="mean_abs").fit_transform(np.array([[1.0, 2.0, 3.0]]))
    array([[-1. , -0.5,  0. ]])
    """

    def __init__(self, center="mean", *, scale="std", min_scale=0.0, columns=None):
        self.center = center
        self.scale = scale
        self.min_scale = min_scale
        self.columns = columns

    def sizes(self, windows: Windows, column: int) -> np.ndarray:
        """The size (n,) of each window's target column: what it is divided by.

        Where it is not divided, its standard deviation.
        """
        form = self._chosen_form(windows).of_feature(column)
        return sizes(windows, column, Form(scale="deviation") if form.scale == "none" else form)

    def _form(self, windows):
        centre = _form_word("center", self.center, CENTERS)
        scale = _form_word("scale", self.scale, SCALES)
        least = check_share("min_scale", self.min_scale)
        return Form(centre, scale, min_scale=least if scale == "deviation" else 0.0)


def _form_word(name, value, words):
    if value is None:
        return "none"
    if not isinstance(value, str) or value not in words:
        raise ValueError(f"{name} must be {', '.join(map(repr, words))} or None, got {value!r}")
    return words[value]
