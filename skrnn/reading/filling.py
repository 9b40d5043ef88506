"""fill_past: unknown values from the past alone."""

import pandas as pd

from skrnn.windows.filling import rows_from_past


def fill_past(frame: pd.DataFrame, season: int = 1) -> pd.DataFrame:
    """Fill unknown values with what was known at the time.

    Each gets the value of one season before, or of as many seasons before as it takes to find a
    known one; where the past has none, the last known value. What comes before a column's first
    known value stays unknown.

    Parameters
    ----------
    frame : DataFrame of shape (n_rows, n_features)
        A regular series, oldest row first; unknown values are NaN.
    season : int, default=1
        The season in rows; 1 fills with the last known value.

    Returns
    -------
    filled : DataFrame of shape (n_rows, n_features)
        Each value depends on its own row and those before it alone.

    Examples
    --------
    >>> import pandas as pd
    >>> from skrnn.reading import fill_past
    >>> fill_past(pd.DataFrame({"load": [None, 2.0, 3.0, None, None]}), season=2)["load"].tolist()
    [nan, 2.0, 3.0, 2.0, 3.0]
    """
    values = rows_from_past(frame.to_numpy(dtype=float), season)
    return pd.DataFrame(values, index=frame.index, columns=frame.columns)
