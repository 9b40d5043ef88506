"""EvaluationSamples: what samples of rows and of windows share."""

from abc import ABC, abstractmethod

import numpy as np
import pandas as pd
from sklearn.base import BaseEstimator

from skrnn.windows.array import Windows


class EvaluationSamples(ABC):
    """Samples that are forecast and compared with their truth.

    Attributes
    ----------
    X, y : Windows, ndarray or DataFrame; ndarray or Series
        What came.
    series : ndarray of shape (n,)
        The series of each sample.
    origin : ndarray of shape (n,)
        The row of its series at which each sample's forecast is made.
    newest : ndarray of shape (n,)
        The row at which its last target is known.
    is_panel : bool
        Whether there are several series.
    """

    X: object
    y: object
    series: np.ndarray
    origin: np.ndarray
    newest: np.ndarray
    is_panel: bool

    def __len__(self) -> int:
        return len(self.series)

    def take(self, which: np.ndarray) -> tuple:
        """(X, y) of some samples, to fit on."""
        return rows_of(self.X, which), rows_of(self.y, which)

    def shared(self) -> tuple[np.ndarray, np.ndarray]:
        """(origin, newest) in rows that all series share."""
        return self.origin, self.newest

    @property
    def lined_up(self) -> str | None:
        """Where series end together although they have dates, that they do, in words."""
        return None

    def shared_rows(self, which: np.ndarray, n_leads: int) -> np.ndarray:
        """The rows (n, n_leads) that some samples forecast, counted as all series share them."""
        return self.origin[which, None] + self.leads_of(n_leads)

    @abstractmethod
    def predict(self, model: BaseEstimator, which: np.ndarray) -> np.ndarray:
        """Forecasts (n, n_leads) of some samples."""

    @abstractmethod
    def leads_of(self, n_leads: int) -> np.ndarray:
        """How many rows ahead the forecasts lie."""

    @abstractmethod
    def truth(self, which: np.ndarray, n_leads: int) -> np.ndarray:
        """What some samples forecast (n, n_leads), NaN where it is not known."""

    @abstractmethod
    def targets(self, which: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """(series, row, value) of the targets that a fit on some samples is given."""

    @abstractmethod
    def labels(self, which: np.ndarray, ahead: np.ndarray) -> np.ndarray | pd.Index:
        """Labels of the rows ``ahead`` of some samples' origins, missing where there is none."""

    @abstractmethod
    def for_baseline(self, baseline: BaseEstimator | None, n_leads: int) -> tuple:
        """(samples, baseline): what the baseline forecasts, and the baseline to fit on it."""

    @abstractmethod
    def for_score(self, naive: BaseEstimator | None, n_leads: int) -> tuple:
        """The same for a naive forecast, and which samples have all that it looks back to."""


def rows_of(data, which):
    """Some samples, or rows, of data of any kind."""
    if hasattr(data, "iloc"):
        return data.iloc[which]
    return (data if isinstance(data, Windows) else np.asarray(data))[which]


def labels_where(labels, known):
    """Labels, missing where they are not known."""
    return labels if known.all() else labels.where(known)
