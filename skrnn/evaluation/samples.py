"""Samples: where the forecasts of rows or of windows are made, and which rows they are for."""

import numpy as np
import pandas as pd
from sklearn.base import clone
from sklearn.pipeline import make_pipeline

from skrnn.baselines import NaiveForecaster
from skrnn.forecasters.leads import MultiOutputForecaster
from skrnn.forecasters.units import agreement
from skrnn.preprocessing import Differencer
from skrnn.validation import (
    check_count,
    check_target_values,
    check_time_index,
    dimensions,
    index_of,
    series_to_frame,
)
from skrnn.windows import SlidingWindow
from skrnn.windows.array import Windows, as_windows
from skrnn.windows.clock import clock_of
from skrnn.windows.leads import leads_of


class WindowSamples:
    """Windows with their targets: a forecast is made at each window's last step.

    ``origin`` and ``newest`` are the rows of its series at which each sample's forecast is made,
    and its last target is known. Windows that are series of their own count as if each followed the
    one before.
    """

    def __init__(self, estimator, X, y):
        self.X, self.y = X, y
        self.windows = as_windows(X)
        n = len(self.windows)
        self._truth = check_target_values(estimator, y, n).reshape(n, -1)
        self._leads = leads_of(self.windows, self._truth.shape[1])
        self._alone = len(np.unique(self.windows.series)) == n > 1
        self.series = np.zeros(n, np.int64) if self._alone else self.windows.series.astype(np.int64)
        self.is_panel = len(np.unique(self.series)) > 1
        self.origin = np.arange(n) if self._alone else self.windows.ends
        self.newest = self.origin + self._leads.max()

    def shared(self):
        """(origin, newest) in rows that all series share: by their time index.

        Without one, series end together.
        """
        if not self.is_panel:
            return self.origin, self.newest
        stop, index = self.windows.bounds[self.series + 1], self.windows.index
        if not isinstance(index, pd.DatetimeIndex | pd.PeriodIndex):
            return self.origin - stop, self.newest - stop
        dates, _ = pd.factorize(index, sort=True)
        last = np.minimum(self.newest, stop - 1)
        return dates[self.origin], dates[last] + self.newest - last

    def part(self, which):
        """(X, y) of some samples, to fit on."""
        return _rows(self.X, which), _rows(self.y, which)

    def predict(self, model, which):
        """Forecasts (n, n_leads) of some samples."""
        return np.reshape(model.predict(_rows(self.X, which)), (len(which), -1))

    def leads_of(self, n_leads):
        """How many rows ahead the forecasts lie."""
        if n_leads != len(self._leads):
            raise ValueError(
                f"y must have all leads that are forecast, {n_leads}, got {len(self._leads)}: "
                f"bring y as make_windows(horizon={n_leads}) makes it"
            )
        return self._leads

    def truth(self, which, n_leads):
        """The targets (n, n_leads) of some samples."""
        return self._truth[which]

    def told(self, which):
        """(series, row, value) of the targets that y tells of some samples."""
        rows = self.origin[which, None] + self._leads
        series = np.broadcast_to(self.series[which, None], rows.shape)
        return series.ravel(), rows.ravel(), self._truth[which].ravel()

    def labels(self, which, ahead):
        """Labels of the rows that lie ``ahead`` of the origins of some samples.

        Missing where there is none.
        """
        rows = self.origin[which] + ahead
        if self._alone:
            return rows
        if self.windows.index is None:
            return rows - self.windows.bounds[self.series[which]]
        last = self.windows.bounds[self.series[which] + 1] - 1
        return _where_known(self.windows.index[np.minimum(rows, last)], rows <= last)

    def for_baseline(self, baseline, n_leads):
        """The samples that the baseline forecasts, and the baseline as it is fitted on them."""
        return self, NaiveForecaster(target=self.target() or 0) if baseline is None else baseline

    def for_score(self, naive, n_leads):
        """The same for a naive forecast, and a mask of the samples that have all the rows that it looks back to."""
        return *self.for_baseline(naive, n_leads), np.ones(len(self.series), bool)

    def target(self):
        """The column whose values y has.

        None where none has them, the first where the windows do not tell.
        """
        untold = True
        for column in range(self.windows.n_features):
            share = agreement(self.windows, self._truth, self._leads, column)
            if share is not None and share > 0.5:
                return column
            untold &= share is None
        return 0 if untold else None


class RowSamples:
    """Rows of a series with the series as y: the forecast of a row is made ``lead`` rows before it.

    ``origin`` and ``newest`` count the rows from the first, those of a regular index that are
    missing included. y tells a fit no more than the rows that it is given, however many leads the
    model makes of them.
    """

    is_panel = False

    def __init__(self, estimator, X, y):
        n = len(X)
        check_time_index(X)
        self.X, self.y = X, y
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
                "pipeline that makes the "
                "windows: put SlidingWindow before the model, make_pipeline(SlidingWindow(), model)"
            )
        self._parts = _parts(estimator)
        self._length = _reach(window) - window.lead + 1
        self._index = index_of(y) if index_of(X) is None else index_of(X)
        self._clock = clock_of(index_of(X))
        positions = None if self._clock is None else self._clock.positions(self._index)
        self.newest = np.arange(n) if positions is None else positions - positions[0]
        self.lead = window.lead
        self.origin = self.newest - self.lead
        self.series = np.zeros(n, np.int64)

    def shared(self):
        """(origin, newest): there is one series."""
        return self.origin, self.newest

    def part(self, which):
        """(X, y) of some samples, to fit on."""
        return _rows(self.X, which), _rows(self.y, which)

    def predict(self, model, which):
        """Forecasts (n, n_leads) of some samples.

        The rows that their windows look back to are handed along, and those at which they know a
        column ahead.
        """
        parts = _parts(getattr(model, "best_estimator_", model))
        window = sliding_window_of(model)
        if window is not None and window.lead != self.lead:
            raise ValueError(
                f"lead must stay as it is, {self.lead}, in a search that is backtested, got "
                f"{window.lead}"
            )
        back = sum(map(_reach, parts))
        ahead = 0 if window is None or window.known_ahead is None else max(map(_reach_ahead, parts))
        start = max(0, int(which.min()) - back)
        forecast = model.predict(
            _rows(self.X, np.arange(start, min(len(self.X), int(which.max()) + 1 + ahead)))
        )
        return np.reshape(forecast, (len(forecast), -1))[which - start]

    def leads_of(self, n_leads):
        """How many rows ahead the forecasts lie."""
        return self.lead + np.arange(n_leads)

    def truth(self, which, n_leads):
        """The rows (n, n_leads) that some samples forecast, NaN behind the last."""
        at, found = self._find(self.newest[which, None] + np.arange(n_leads))
        return np.where(found, self._truth[at], np.nan)

    def told(self, which):
        """(series, row, value) of the targets that y tells of some samples."""
        return self.series[which], self.newest[which], self._truth[which]

    def labels(self, which, ahead):
        """Labels of the rows that lie ``ahead`` of the origins of some samples.

        Missing where there is none.
        """
        rows = self.origin[which] + ahead
        if self._index is None:
            return rows
        at, found = self._find(rows)
        if found.all() or self._clock is None:
            return _where_known(self._index[at], found)
        # A forecast may be made at a row that is missing, or be for one that does not exist yet.
        grid = self._index[:1].append(self._clock.labels(self._index[:1], max(1, int(rows.max()))))
        return _where_known(self._index[at].where(found, grid[np.maximum(rows, 0)]), rows >= 0)

    def _find(self, rows):
        at = np.minimum(np.searchsorted(self.newest, rows), len(self.newest) - 1)
        return at, self.newest[at] == rows

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
        return self._behind_windows(
            baseline, n_leads, max(self._length, season_of(baseline) if seasonal else 1)
        )

    def for_score(self, naive, n_leads):
        """The same for a naive forecast, and a mask of the samples that have all the rows that it looks back to."""
        naive = NaiveForecaster() if naive is None else naive
        length = {"last": 1, "seasonal": season_of(naive)}.get(naive.strategy, self._length)
        _, found = self._find(self.origin)
        return *self._behind_windows(naive, n_leads, length), found & (self.origin >= length - 1)

    def _behind_windows(self, baseline, n_leads, length):
        """Rows of y alone, which is the target then, and the baseline behind windows of them."""
        baseline = clone(baseline)
        targets = [name for name in baseline.get_params() if name.split("__")[-1] == "target"]
        baseline.set_params(**dict.fromkeys(targets, 0))
        # As in the windows of predict, an unknown value is the last one that is known.
        values = pd.DataFrame({"y": self._truth}, self._index).ffill()
        window = SlidingWindow(length, self.lead)
        X = values.to_numpy() if index_of(self.X) is None else values
        return RowSamples(window, X, self._truth), make_pipeline(
            window, MultiOutputForecaster(baseline, n_leads)
        )


def forecast_table(samples, which, forecasts) -> pd.DataFrame:
    """A line for each forecast (n, n_leads) of some samples, indexed by the label of the row that it is for."""
    at, lead = np.divmod(np.arange(forecasts.size), forecasts.shape[1])
    ahead = samples.leads_of(forecasts.shape[1])[lead]
    columns = {
        "series": samples.series[which][at],
        "origin": samples.labels(which[at], 0),
        "lead": ahead,
        "true": samples.truth(which, forecasts.shape[1]).ravel(),
        "predicted": forecasts.ravel(),
    }
    return pd.DataFrame(columns, index=pd.Index(samples.labels(which[at], ahead)))


def samples_of(estimator, X, y):
    """The samples of windows, or of the rows of a series."""
    if isinstance(X, Windows) or dimensions(X) == 3:
        return WindowSamples(estimator, X if isinstance(X, Windows) else np.asarray(X), y)
    if index_of(X) is not None or sliding_window_of(estimator) is not None:
        return RowSamples(estimator, series_to_frame(X), y)
    if dimensions(X) != 2:
        raise ValueError(
            f"X must be windows (n, steps) or (n, steps, n_features), got {dimensions(X)} "
            f"dimension(s)"
        )
    return WindowSamples(estimator, np.asarray(X), y)


def season_of(baseline) -> int:
    """The season of a baseline, or of a part of it; 1 where it has none."""
    params = {} if baseline is None else baseline.get_params()
    return check_count(
        "season",
        next((value for name, value in params.items() if name.split("__")[-1] == "season"), 1),
    )


def _parts(estimator):
    return [estimator, *estimator.get_params(deep=True).values()]


def sliding_window_of(estimator):
    """The part of an estimator, or of what a search chose, that makes the windows.

    None where there is none.
    """
    parts = _parts(getattr(estimator, "best_estimator_", estimator))
    return next((part for part in parts if isinstance(part, SlidingWindow)), None)


def _reach(part):
    """How many rows a part of an estimator looks back."""
    if isinstance(part, SlidingWindow):
        length, lead = check_count("length", part.length), check_count("lead", part.lead)
        return (length - 1) * check_count("sampling_rate", part.sampling_rate) + lead
    return int(np.sum(part.lags)) if isinstance(part, Differencer) else 0


def _reach_ahead(part):
    """How many rows behind the first that it forecasts a part of an estimator looks at what is known ahead."""
    return (getattr(part, "horizon", None) or 1) - 1 if hasattr(part, "predict") else 0


def _rows(data, which):
    if hasattr(data, "iloc"):
        return data.iloc[which]
    return (data if isinstance(data, Windows) else np.asarray(data))[which]


def _where_known(labels, known):
    return labels if known.all() else labels.where(known)
