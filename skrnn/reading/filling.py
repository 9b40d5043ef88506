"""fill_past: unknown values from the past alone."""

import numpy as np
import pandas as pd


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
    values = frame.to_numpy(dtype=float)
    n_rows, n_columns = values.shape
    n_seasons = -(-n_rows // season)
    padded = np.full((n_seasons * season, n_columns), np.nan)
    padded[:n_rows] = values
    # One row for each season: what is above is one season before.
    seasons = pd.DataFrame(padded.reshape(n_seasons, season * n_columns)).ffill()
    filled = seasons.to_numpy().reshape(-1, n_columns)[:n_rows]
    last = pd.DataFrame(values).ffill().to_numpy()
    return pd.DataFrame(
        np.where(np.isnan(filled), last, filled), index=frame.index, columns=frame.columns
    )
