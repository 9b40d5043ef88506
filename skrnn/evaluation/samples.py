"""Samples: where the forecasts of rows or of windows are made, and which rows they are for."""

import numpy as np
import pandas as pd
from sklearn.pipeline import make_pipeline

from skrnn.baselines import NaiveForecaster
from skrnn.multistep import MultiOutputForecaster
from skrnn.preprocessing import Differencer
from skrnn.regression import agreement, leads_of
from skrnn.validation import check_target_values, check_time_index, dimensions, index_of, series_to_frame
from skrnn.windows import SlidingWindow
from skrnn.windows.array import Windows, as_windows
from skrnn.windows.clock import clock_of


class WindowSamples:
    """Windows with their targets: a forecast is made at each window's last step.

    ``origin`` and ``newest`` say for each sample when its forecast is made, and when its targets are known: in rows
    from the start of its series, or for panels in rows that all series share (by their time index; without one, series
    end together). Windows that are series of their own count as if each followed the one before.
    """

    def __init__(self, X, y):
        self.X, self.y = X, y
        self.windows = as_windows(X)
        self._truth = check_target_values(self, y, len(self.windows)).reshape(len(self.windows), -1)
        self.n_leads = self._truth.shape[1]
        self.leads = leads_of(self.windows, self.n_leads)
        self.alone = len(np.unique(self.windows.series)) == len(self.windows) > 1
        self.series = np.zeros(len(self.windows), np.int64) if self.alone else self.windows.series
        self.is_panel = len(np.unique(self.series)) > 1
        self.row = np.arange(len(self.windows)) if self.alone else self.windows.ends
        self.origin = self._shared_rows() if self.is_panel else self.row
        self.newest = self.origin + self.leads.max()

    def _shared_rows(self):
        first, stop = self.windows.bounds[self.series], self.windows.bounds[self.series + 1]
        index = self.windows.index
        if isinstance(index, pd.DatetimeIndex | pd.PeriodIndex):
            clock = clock_of(index[first[0] : stop[0]])
            rows = None if clock is None else clock.positions(index[self.row])
            if rows is not None:
                return rows
        return self.row - stop

    def part(self, which):
        """(X, y) of some samples, to fit on."""
        return self.X[which], self.y.iloc[which] if hasattr(self.y, "iloc") else np.asarray(self.y)[which]

    def predict(self, model, which):
        """Forecasts (n, n_leads) of some samples."""
        return np.reshape(model.predict(self.X[which]), (len(which), -1))

    def leads_of(self, n_leads):
        """How many rows ahead the forecasts lie."""
        return self.leads

    def truth(self, which, n_leads):
        """The targets (n, n_leads) of some samples."""
        return self._truth[which]

    def told(self, which):
        """(series, row, value) of the targets that y tells of some samples."""
        rows = self.row[which, None] + self.leads
        series = np.broadcast_to(self.series[which, None], rows.shape)
        return series.ravel(), rows.ravel(), self._truth[which].ravel()

    def labels(self, which, ahead):
        """Labels of the rows that lie ``ahead`` of the origins of some samples."""
        rows = self.row[which] + ahead
        if self.windows.index is None or self.alone:
            return rows if self.alone else rows - self.windows.bounds[self.series[which]]
        return self.windows.index[rows]

    def for_baseline(self, baseline, n_leads):
        """The samples that the baseline forecasts, and the baseline as it is fitted on them."""
        return self, NaiveForecaster(target=self._target()) if baseline is None else baseline

    def for_naive(self, naive, n_leads):
        """The same, and a mask of the samples where it sees enough."""
        return *self.for_baseline(naive, n_leads), np.ones(len(self.windows), bool)

    def _target(self):
        """The column whose values y has; the first, where the windows do not tell."""
        some = slice(None, None, max(1, len(self._truth) // 1000))
        windows, y = self.windows[some], self._truth[some]
        columns = range(windows.n_features)
        return next((column for column in columns if (agreement(windows, y, self.leads, column) or 0) > 0.5), 0)


class RowSamples:
    """Rows of a series with the series as y: the forecast of a row is made ``lead`` rows before it."""

    is_panel = False

    def __init__(self, estimator, X, y):
        self.X, self.y = X, y
        n = len(X)
        check_time_index(X)
        self._truth = check_target_values(self, y, n)
        if self._truth.size != n:
            raise ValueError(f"y must be the series itself (n,) where X has its rows, got shape {self._truth.shape}")
        self._truth = self._truth.ravel()
        self._windows = _window_steps(estimator)
        if not any(isinstance(step, SlidingWindow) for step in self._windows):
            raise ValueError(
                "backtest takes windows, as make_windows makes them, or rows and a pipeline that makes the windows: "
                "put SlidingWindow before the model, make_pipeline(SlidingWindow(), model)"
            )
        first = next(step for step in self._windows if isinstance(step, SlidingWindow))
        self._length = (first.length - 1) * first.sampling_rate + 1
        self.series = np.zeros(n, np.int64)
        self._index = index_of(X)
        self._clock = clock_of(self._index)
        positions = None if self._clock is None or n < 2 else self._clock.positions(self._index)
        self.row = np.arange(n) if positions is None else positions - positions[0]
        self.lead = first.lead
        self.origin = self.row - self.lead
        # y tells a fit no more than the rows that it is given.
        self.newest = self.row

    def part(self, which):
        """(X, y) of some samples, to fit on."""
        return _rows(self.X, which), _rows(self.y, which)

    def predict(self, model, which):
        """Forecasts (n, n_leads) of some samples; the rows that their windows look back to are handed along."""
        steps = _window_steps(getattr(model, "best_estimator_", model)) or self._windows
        start = max(0, int(which.min()) - sum(map(_reach, steps)))
        forecast = model.predict(_rows(self.X, np.arange(start, int(which.max()) + 1)))
        return np.reshape(forecast, (len(forecast), -1))[which - start]

    def leads_of(self, n_leads):
        """How many rows ahead the forecasts lie."""
        return self.lead + np.arange(n_leads)

    def truth(self, which, n_leads):
        """The rows (n, n_leads) that some samples forecast, NaN behind the last."""
        wanted = self.row[which, None] + np.arange(n_leads)
        at, found = self._find(wanted)
        return np.where(found, self._truth[at], np.nan)

    def told(self, which):
        """(series, row, value) of the targets that y tells of some samples."""
        return self.series[which], self.row[which], self._truth[which]

    def labels(self, which, ahead):
        """Labels of the rows that lie ``ahead`` of the origins of some samples."""
        wanted = self.origin[which] + ahead
        if self._index is None:
            return wanted
        at, found = self._find(wanted)
        labels = self._index[at]
        if found.all():
            return labels
        return labels.where(found, self._missing_labels(wanted[~found], found))

    def _find(self, rows):
        at = np.minimum(np.searchsorted(self.row, rows), len(self.row) - 1)
        return at, self.row[at] == rows

    def _missing_labels(self, rows, found):
        """Labels of rows that are missing in a gap: they follow the row before it."""
        before = np.maximum(np.searchsorted(self.row, rows) - 1, 0)
        ahead = np.maximum(rows - self.row[before], 1)
        pairs = zip(before, ahead, strict=True)
        if self._clock is None:
            labels = self._index[before]
        else:
            one = [self._clock.labels(self._index[row : row + 1], n)[-1:] for row, n in pairs]
            labels = one[0].append(one[1:])
        at = np.zeros(len(found), np.intp)
        at[~found] = np.arange(len(rows))
        return labels[at]

    def for_baseline(self, baseline, n_leads, *, length=None):
        """Rows of y alone, and the baseline behind windows as long as the model's."""
        baseline = NaiveForecaster() if baseline is None else baseline
        if any(isinstance(step, SlidingWindow) for step in _window_steps(baseline)):
            return RowSamples(baseline, self.X, self.y), baseline
        window = SlidingWindow(length or max(self._length, getattr(baseline, "season", 1)), self.lead)
        values = self._truth[:, None]
        X = values if self._index is None else pd.DataFrame(values, self._index, ["y"])
        return RowSamples(window, X, self._truth), make_pipeline(window, MultiOutputForecaster(baseline, n_leads))

    def for_naive(self, naive, n_leads):
        """The same for a naive forecast that sees these rows alone, and a mask of the rows where it sees enough."""
        naive = NaiveForecaster() if naive is None else naive
        length = {"last": 1, "seasonal": naive.season}.get(naive.strategy, self._length)
        samples, pipe = self.for_baseline(naive, n_leads, length=length)
        return samples, pipe, pipe[0].fit_transform(samples.X).complete()


def samples_of(estimator, X, y):
    """The samples of windows, or of the rows of a series."""
    table = not isinstance(X, Windows) and dimensions(X) <= 2
    if table and (index_of(X) is not None or _window_steps(estimator)):
        return RowSamples(estimator, series_to_frame(X), y)
    return WindowSamples(X if isinstance(X, Windows) else np.asarray(X), y)


def _window_steps(estimator):
    """The parts of an estimator that look back over rows."""
    parts = [estimator, *estimator.get_params(deep=True).values()]
    return [part for part in parts if isinstance(part, SlidingWindow | Differencer)]


def _reach(step):
    if isinstance(step, SlidingWindow):
        return (step.length - 1) * step.sampling_rate + step.lead
    return int(np.sum(step.lags))


def _rows(data, which):
    return data.iloc[which] if hasattr(data, "iloc") else np.asarray(data)[which]
