"""Samples: where the forecasts of rows or of windows are made, and which rows they are for."""

import numpy as np
import pandas as pd

from skrnn.evaluation.base import EvaluationSamples
from skrnn.evaluation.row_samples import RowSamples
from skrnn.evaluation.window_samples import WindowSamples
from skrnn.forecasters.inside import sliding_window_of
from skrnn.validation import dimensions, index_of, series_to_frame
from skrnn.windows.array import Windows
from skrnn.windows.inputs import as_windows
from skrnn.windows.sequences import are_sequences

__all__ = ["EvaluationSamples", "RowSamples", "WindowSamples", "forecast_table", "samples_of"]


def samples_of(estimator, X, y) -> EvaluationSamples:
    """The samples of windows, or of the rows of a series."""
    if isinstance(X, Windows):
        return WindowSamples(estimator, X, y)
    if are_sequences(X):
        return WindowSamples(estimator, as_windows(X), y)
    if dimensions(X) == 3:
        return WindowSamples(estimator, np.asarray(X), y)
    if index_of(X) is not None or sliding_window_of(estimator) is not None:
        return RowSamples(estimator, series_to_frame(X), y)
    if dimensions(X) != 2:
        raise ValueError(
            f"X must be windows (n, steps) or (n, steps, n_features), got {dimensions(X)} "
            f"dimension(s)"
        )
    return WindowSamples(estimator, np.asarray(X), y)


def forecast_table(
    samples: EvaluationSamples, which: np.ndarray, forecasts: np.ndarray, **columns: np.ndarray
) -> pd.DataFrame:
    """A line for each forecast (n, n_leads) of some samples, labelled by the row that it is for.

    ``columns`` are more of them, with a value for each line.
    """
    n_leads = forecasts.shape[1]
    sample, lead = np.divmod(np.arange(forecasts.size), n_leads)
    ahead = samples.leads_of(n_leads)[lead]
    lines = which[sample]
    values = {
        "series": samples.series[lines],
        "origin": samples.labels(lines, 0),
        "lead": ahead,
        "true": samples.truth(which, n_leads).ravel(),
        "predicted": forecasts.ravel(),
        **columns,
    }
    return pd.DataFrame(values, index=pd.Index(samples.labels(lines, ahead)))
