"""Leads: which rows the outputs of a forecast are, and which column they continue."""

import numpy as np

from skrnn.validation import column_position
from skrnn.windows.array import Windows


def leads_of(windows: Windows, n_outputs: int) -> np.ndarray:
    """The lead of each output: as the windows know them.

    Outputs behind a single known lead follow it row by row.
    """
    if len(windows.leads) <= 1:
        first = windows.leads[0] if windows.leads else 1
        return np.arange(first, first + n_outputs)
    if len(windows.leads) != n_outputs:
        raise ValueError(
            f"y must have one output for each lead of the windows, {len(windows.leads)}, got "
            f"{n_outputs}"
        )
    return np.array(windows.leads)


def target_position(windows: Windows, target: str | int) -> int:
    """Position of the target's column in the windows."""
    column = column_position(target, windows.feature_names, windows.n_features)
    if windows.shift[column]:
        raise ValueError(f"target={target!r} cannot be known ahead: take it out of known_ahead")
    return column
