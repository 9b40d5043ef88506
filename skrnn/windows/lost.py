"""Lost: rows whose windows have no known step, and why; what was not told of the future."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd

from skrnn.warn import warn
from skrnn.windows.context import Context
from skrnn.wording import listing


class LostRowsWarning(UserWarning):
    """Some rows are forecast from nothing at all."""


def warn_of_lost_rows(lost: np.ndarray, index: pd.Index | None, context: Context) -> None:
    """Say once how many rows are forecast from nothing at all, why, and what helps.

    Parameters
    ----------
    lost : ndarray of shape (n_rows,)
        Mask of the rows whose windows have no known step.
    index : pandas.Index or None
        The rows' labels.
    context : Context
        The fitted rows.
    """
    n_lost = int(lost.sum())
    if not n_lost:
        return
    rows = np.flatnonzero(lost)
    names = [str(row if index is None else index[row]) for row in (rows[0], rows[-1])]
    where = names[0] if n_lost == 1 else f"{names[0]} to {names[1]}"
    why, remedy = _reason(rows, index, context)
    warn(
        f"{n_lost} of {len(lost)} rows ({where}) have a window without a single known step, and "
        f"are forecast by the mean of the target (its classes by their shares): {why}. {remedy}",
        LostRowsWarning,
    )


def _reason(rows, index, context):
    if index is None or context.index is None:
        return (
            "without an index nothing proves that these rows follow the fitted ones",
            'Keep the index with set_output(transform="pandas") on the transformers before '
            'SlidingWindow, or say context="carry" if they follow, or context="none" if not.',
        )
    if context.clock is None:
        return (
            "the index has no regular step that would prove that these rows follow the fitted ones",
            'Resample the rows, or say context="carry" if they follow.',
        )
    ahead = context.rows_ahead(index)
    if rows[0] == 0 and ahead is not None and ahead > context.reach:
        return (
            f"they begin {ahead} rows behind the last fitted one, further than a window reaches",
            "Put the rows in between in front of them.",
        )
    return (
        f"there is no known row in the {context.reach} rows before each",
        "Bring the rows before them, or a longer window; for more leads, MultiOutputForecaster.",
    )


def warn_of_unknown_future(
    values: np.ndarray, known_ahead: np.ndarray, names: Sequence | None, index: pd.Index | None
) -> None:
    """Say once which columns that are known ahead are unknown in rows whose others are, too."""
    if not len(known_ahead) or len(known_ahead) == values.shape[1]:
        return
    rows = np.flatnonzero(np.isnan(values[:, known_ahead]).any(axis=1))
    # Whether nothing else is known is asked of these few rows alone.
    future = np.isnan(np.delete(values[rows], known_ahead, axis=1)).all(axis=1)
    rows = rows[future]
    if not len(rows):
        return
    columns = known_ahead[np.isnan(values[np.ix_(rows, known_ahead)]).any(axis=0)]
    unknown = [repr(column if names is None else names[column]) for column in columns.tolist()]
    ends = [str(row if index is None else index[row]) for row in (rows[0], rows[-1])]
    where = ends[0] if len(rows) == 1 else f"{ends[0]} to {ends[1]}"
    warn(
        f"known_ahead names {listing(unknown)}, unknown in {len(rows)} rows that are to be "
        f"forecast ({where}): the last known values stand in. Fill these columns before "
        "predicting."
    )


def check_same_index(X: Any, y: Any) -> None:
    """A target whose labels are not those of the rows is an error, never a guess."""
    ours = getattr(X, "index", None)
    theirs = getattr(y, "index", None)
    if not isinstance(ours, pd.Index) or not isinstance(theirs, pd.Index):
        return
    positional = isinstance(theirs, pd.RangeIndex) and theirs.equals(pd.RangeIndex(len(theirs)))
    if positional or len(ours) != len(theirs) or ours.equals(theirs):
        return
    row = int(np.flatnonzero(np.asarray(ours != theirs))[0])
    raise ValueError(
        f"y must have the index of X, but its row {row} is {theirs[row]} where X has {ours[row]}: "
        "use y.loc[X.index], or y.to_numpy() to take its rows as they come"
    )
