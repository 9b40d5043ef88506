"""SeasonalAnchor: windows as changes since their own last season."""

from skrnn.preprocessing.window_form import WindowForm
from skrnn.validation import check_count
from skrnn.windows.form import Form


class SeasonalAnchor(WindowForm):
    """Express each step of a window as the change since the same phase of its last season.

    The last season itself becomes zeros. Inside ``TransformedWindowRegressor`` the target is
    expressed so too: lead h as the change since the newest known value of the same phase, however
    many seasons ahead it lies. ``Differencer(season)`` takes each step against the one a season
    before, loses a season of steps by it, and doubles their noise; this does not. ::

        window      s0  s1  s2  s3  s4  s5  |  y1  y2  y3  y4  y5
        minus       s3  s4  s5  s3  s4  s5  |  s3  s4  s5  s3  s4     season=3

    Phases that are unknown in the last season are taken from the season before. Windows must have a
    season of steps.

    Parameters
    ----------
    season : int, default=1
        Rows of a season, a multiple of the windows' ``sampling_rate``. With 1 everything is the
        change since the last step.
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
    >>> from skrnn import SeasonalAnchor
    >>> SeasonalAnchor(2).fit_transform(np.array([[1.0, 2.0, 3.0, 5.0]]))
    array([[-2., -3.,  0.,  0.]])
    """

    # Each lead is related to rows of its own phase.
    knows_seasons = True

    def __init__(self, season=1, *, columns=None):
        self.season = season
        self.columns = columns

    def _form(self, windows):
        season = check_count("season", self.season)
        rate = windows.sampling_rate
        if season % rate:
            raise ValueError(
                f"season must be a multiple of the windows' sampling_rate={rate}, got "
                f"season={season}"
            )
        return Form("season", season=season // rate)
