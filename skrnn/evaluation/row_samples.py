"""RowSamples: rows of a series, to be forecast and compared."""

import warnings

import numpy as np
import pandas as pd
from sklearn.base import BaseEstimator, clone
from sklearn.pipeline import make_pipeline

from skrnn.baselines import NaiveForecaster
from skrnn.evaluation.base import EvaluationSamples, labels_where, rows_of
from skrnn.forecasters.inside import components, sliding_window_of
from skrnn.forecasters.leads import MultiOutputForecaster
from skrnn.preprocessing import Differencer
from skrnn.validation import check_count, check_target_values, check_time_index, index_of
from skrnn.windows import SlidingWindow
from skrnn.windows.clock import clock_of
from skrnn.windows.lost import LostRowsWarning, check_same_index


class RowSamples(EvaluationSamples):
    """Rows of a series with the series as y: the forecast of a row is made ``lead`` rows before it.

    ``origin`` and ``newest`` count the rows from the first, those of a regular index that are
    missing included. y tells a fit no more than the rows that it is given, however many leads the
    model makes of them.
    """

    is_panel = False

    def __init__(self, estimator, X, y):
        n = len(X)
        if not n:
            raise ValueError("X must have at least one row to forecast, got none")
        check_time_index(X)
        check_same_index(X, y)
        self.X = X
        self.y = y
        self._truth = check_target_values(estimator, y, n)
        if self._truth.size != n:
            raise ValueError(
                f"y must be the series itself (n,) where X has its rows, got shape "
                f"{self._truth.shape}"
            )
        self._truth = self._truth.ravel()
        window = sliding_window_of(estimator)
        if window is None:
            raise ValueError(
                "X must be windows, as make_windows makes them, or the rows of a series for a "
                "pipeline that makes the windows: put SlidingWindow before the model, "
                "make_pipeline(SlidingWindow(), model)"
            )
        self._length = _rows_back(window) - window.lead + 1
        index = index_of(X)
        self._index = index_of(y) if index is None else index
        self._clock = clock_of(index)
        positions = None if self._clock is None else self._clock.positions(self._index)
        self.newest = np.arange(n) if positions is None else positions - positions[0]
        self.lead = window.lead
        self.origin = self.newest - self.lead
        self.series = np.zeros(n, np.int64)

    def predict(self, model, which):
        """Forecasts (n, n_leads) of some samples.

        The rows that their windows look back to are handed along, and those at which they know a
        column ahead.
        """
        window = sliding_window_of(model)
        if window is not None and window.lead != self.lead:
            raise ValueError(
                f"lead must stay as it is, {self.lead}, in a search that is backtested, got "
                f"{window.lead}"
            )
        inside = components(model)
        knows_ahead = window is not None and window.known_ahead is not None
        ahead = max(map(_rows_ahead, inside)) if knows_ahead else 0
        start = self.first_row(model, which)
        stop = min(len(self.X), int(which.max()) + 1 + ahead)
        with warnings.catch_warnings():
            # The rows before those that count are there for the windows of these alone.
            warnings.simplefilter("ignore", LostRowsWarning)
            forecast = model.predict(rows_of(self.X, np.arange(start, stop)))
        return np.reshape(forecast, (len(forecast), -1))[which - start]

    def first_row(self, model: BaseEstimator, which: np.ndarray) -> int:
        """The first row that a model looks back to from some samples."""
        return max(0, int(which.min()) - rows_back(model))

    def leads_of(self, n_leads):
        """How many rows ahead the forecasts lie."""
        return self.lead + np.arange(n_leads)

    def truth(self, which, n_leads):
        """The rows (n, n_leads) that some samples forecast, NaN behind the last."""
        positions, found = self._find(self.newest[which, None] + np.arange(n_leads))
        return np.where(found, self._truth[positions], np.nan)

    def targets(self, which):
        """(series, row, value) of the rows that a fit on some samples is given."""
        return self.series[which], self.newest[which], self._truth[which]

    def labels(self, which, ahead):
        """Labels of the rows ``ahead`` of some samples' origins, missing where there is none."""
        rows = self.origin[which] + ahead
        if self._index is None:
            return rows
        positions, found = self._find(rows)
        labels = self._index[positions]
        if found.all() or self._clock is None:
            return labels_where(labels, found)
        # A forecast may be made at a row that is missing, or be for one that does not exist yet.
        first = self._index[:1]
        grid = first.append(self._clock.labels(first, max(1, int(rows.max()))))
        return labels_where(labels.where(found, grid[np.maximum(rows, 0)]), rows >= 0)

    def _find(self, rows):
        """Positions of rows that are counted with the missing ones, and which of them exist."""
        positions = np.minimum(np.searchsorted(self.newest, rows), len(self.newest) - 1)
        return positions, self.newest[positions] == rows

    def for_baseline(self, baseline, n_leads):
        """Rows of y alone, and the baseline behind windows as long as the model's.

        Or its own rows and windows.
        """
        own = None if baseline is None else sliding_window_of(baseline)
        if own is not None:
            if own.lead != self.lead:
                raise ValueError(
                    f"baseline must forecast the model's lead={self.lead}, got lead={own.lead}"
                )
            return RowSamples(baseline, self.X, self.y), baseline
        baseline = NaiveForecaster() if baseline is None else baseline
        seasonal = getattr(baseline, "strategy", None) == "seasonal"
        length = max(self._length, season_of(baseline) if seasonal else 1)
        return self._behind_windows(baseline, n_leads, length)

    def for_score(self, naive, n_leads):
        """The same for a naive forecast, and which samples have all rows that it looks back to."""
        naive = NaiveForecaster() if naive is None else naive
        length = {"last": 1, "seasonal": season_of(naive)}.get(naive.strategy, self._length)
        _, found = self._find(self.origin)
        has_past = found & (self.origin >= length - 1)
        return *self._behind_windows(naive, n_leads, length), has_past

    def _behind_windows(self, baseline, n_leads, length):
        """Rows of y alone, which is the target then, and the baseline behind windows of them."""
        baseline = clone(baseline)
        targets = [name for name in baseline.get_params() if name.split("__")[-1] == "target"]
        baseline.set_params(**dict.fromkeys(targets, 0))
        # As in the windows of predict, an unknown value is the last one that is known.
        values = pd.DataFrame({"y": self._truth}, self._index).ffill()
        X = values.to_numpy() if index_of(self.X) is None else values
        window = SlidingWindow(length, self.lead)
        model = make_pipeline(window, MultiOutputForecaster(baseline, n_leads))
        return RowSamples(window, X, self._truth), model


def season_of(baseline) -> int:
    """The season of a baseline, or of a part of it; 1 where it has none."""
    params = {} if baseline is None else baseline.get_params()
    seasons = (value for name, value in params.items() if name.split("__")[-1] == "season")
    return check_count("season", next(seasons, 1))


def rows_back(model: BaseEstimator) -> int:
    """How many rows a model that makes its windows looks back to, from each that it forecasts."""
    return sum(map(_rows_back, components(model)))


def _rows_back(component):
    """How many rows a part of an estimator looks back."""
    if isinstance(component, SlidingWindow):
        length = check_count("length", component.length)
        rate = check_count("sampling_rate", component.sampling_rate)
        return (length - 1) * rate + check_count("lead", component.lead)
    return int(np.sum(component.lags)) if isinstance(component, Differencer) else 0


def _rows_ahead(component):
    """How many rows behind the first that it forecasts a part looks at what is known ahead."""
    if not hasattr(component, "predict"):
        return 0
    return (getattr(component, "horizon", None) or 1) - 1
