"""Units: whether a target is told in the unit of the rows behind its windows."""

import numpy as np

from skrnn.windows.array import Windows
from skrnn.windows.leads import leads_of, target_position


def check_one_unit(estimator, windows: Windows, y: np.ndarray, target) -> None:
    """Make sure that y is the target column's own values, as far as the windows' rows can tell."""
    leads = leads_of(windows, y.shape[1])
    column = target_position(windows, target)
    same = agreement(windows, y, leads, column)
    # Windows that are scaled as a whole have left the unit of their rows; y must have left it too.
    if same is None or (same > 0.5) == windows.shares_rows:
        return
    name = type(estimator).__name__
    names = windows.feature_names or range(windows.n_features)
    for other in range(windows.n_features) if windows.shares_rows else []:
        if other != column and (agreement(windows, y, leads, other) or 0) > 0.5:
            raise ValueError(
                f"{name} relates y to the column target={target!r} of the window, but y is the "
                f"column {names[other]!r}: use target={names[other]!r}"
            )
    raise ValueError(
        f"{name} relates y to the column target={target!r} of the window, but y is not in that "
        "column's unit (was the window scaled or transformed before?). Scaling goes inside:\n    "
        f"{estimator.scaled_inside}"
    )


def check_last_lead(name: str, windows: Windows, y: np.ndarray, column: int) -> None:
    """Make sure that y goes on in the rows of its windows as far as it reaches.

    Changes between rows that lie less far apart than the leads are others' sums there, and nothing
    in a window is like them.
    """
    lead = leads_of(windows, y.shape[1])[-1:]
    same = agreement(windows, y[:, -1:], lead, column) if windows.shares_rows else None
    if same is None or same > 0.5:
        return
    raise ValueError(
        f"{name} relates each lead to what the window knows of its season, but {lead[0]} rows "
        "ahead y is no value of the window's column. Of changes it is that over several rows: "
        "instead of one transformer inside another use one Differencer with both lags, as in "
        "Differencer((1, 24))"
    )


def agreement(windows: Windows, y: np.ndarray, leads: np.ndarray, column: int) -> float | None:
    """Share of the targets that stand in the column at their own rows.

    None if no such row is known.
    """
    some = slice(None, None, max(1, len(windows) // 1000))
    values = windows[some].values_at(column, leads)
    targets = y[some]
    known = ~np.isnan(values) & ~np.isnan(targets)
    if known.any():
        # The commonest value proves nothing: all series that are mostly zero look alike.
        often, counts = np.unique(targets[~np.isnan(targets)], return_counts=True)
        known &= targets != often[counts.argmax()]
    if not known.any():
        return None
    rounding = 1e-6 * np.nanmax(np.abs(targets))
    return np.isclose(values[known], targets[known], rtol=1e-4, atol=rounding).mean()
