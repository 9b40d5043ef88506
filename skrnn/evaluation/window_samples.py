"""WindowSamples: windows with their targets, to be forecast and compared."""

from functools import cached_property

import numpy as np
import pandas as pd

from skrnn.baselines import NaiveForecaster
from skrnn.evaluation.base import EvaluationSamples, labels_where, rows_of
from skrnn.forecasters.units import agreement
from skrnn.validation import check_target_values
from skrnn.windows.inputs import as_windows
from skrnn.windows.leads import leads_of

# Where no more than this share of the series has rows among the newest dates, which are this share
# of all, dates cut a panel into series, and not into past and future.
SHARE_OF_SERIES = 1 / 2
NEWEST_SHARE = 0.3


class WindowSamples(EvaluationSamples):
    """Windows with their targets: a forecast is made at each window's last step.

    Windows that are series of their own count as if each followed the one before.
    """

    def __init__(self, estimator, X, y):
        self.X = X
        self.y = y
        self.windows = as_windows(X)
        n = len(self.windows)
        if not n:
            raise ValueError("X must have at least one window to forecast from, got none")
        n_series = len(np.unique(self.windows.series))
        self._truth = check_target_values(estimator, y, n).reshape(n, -1)
        self._leads = leads_of(self.windows, self._truth.shape[1])
        self._alone = n_series == n > 1
        if self._alone:
            self.series = np.zeros(n, np.int64)
            self.origin = np.arange(n)
        else:
            self.series = self.windows.series.astype(np.int64)
            self.origin = self.windows.ends
        self.is_panel = n_series > 1 and not self._alone
        self.newest = self.origin + self._leads.max()

    def shared(self):
        """(origin, newest) in rows that all series share: by their time index.

        Without one, or where most of them have no rows among the newest dates, series end together,
        as they do when all are forecast.
        """
        if not self.is_panel:
            return self.origin, self.newest
        return self._counted(self.origin, self.series), self._counted(self.newest, self.series)

    def shared_rows(self, which, n_leads):
        """The rows (n, n_leads) that some samples forecast, counted as all series share them."""
        rows = self.origin[which, None] + self.leads_of(n_leads)
        return self._counted(rows, self.series[which, None]) if self.is_panel else rows

    def _counted(self, rows, series):
        """Rows of some series, as all series of a panel share them."""
        stop = self.windows.bounds[series + 1]
        if not self._have_shared_dates:
            return rows - stop
        last = np.minimum(rows, stop - 1)
        return self._dates[last] + rows - last

    @cached_property
    def _dates(self):
        """The place of each row's date among all dates; None without a time index."""
        index = self.windows.index
        if not isinstance(index, pd.DatetimeIndex | pd.PeriodIndex):
            return None
        return pd.factorize(index, sort=True)[0]

    @cached_property
    def _n_newest(self):
        """How many series have rows among the newest dates."""
        bounds = self.windows.bounds
        there = np.diff(bounds) > 0
        last = self._dates[bounds[1:][there] - 1]
        return int(np.count_nonzero(last >= (1 - NEWEST_SHARE) * (self._dates.max() + 1)))

    @property
    def _n_series(self):
        return len(self.windows.bounds) - 1

    @property
    def _have_shared_dates(self):
        return self._dates is not None and self._n_newest > SHARE_OF_SERIES * self._n_series

    @property
    def lined_up(self):
        """That series end together although they have dates, in words."""
        if not self.is_panel or self._dates is None or self._have_shared_dates:
            return None
        have = "has" if self._n_newest == 1 else "have"
        return (
            f"Only {self._n_newest} of the {self._n_series} series {have} rows among the newest "
            f"{100 * NEWEST_SHARE:.0f} % of all dates: the newest rows of each count as of the same"
            " time, whatever their dates"
        )

    def predict(self, model, which):
        """Forecasts (n, n_leads) of some samples."""
        return np.reshape(model.predict(rows_of(self.X, which)), (len(which), -1))

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

    def targets(self, which):
        """(series, row, value) of the targets that y tells of some samples."""
        rows = self.origin[which, None] + self._leads
        series = np.broadcast_to(self.series[which, None], rows.shape)
        return series.ravel(), rows.ravel(), self._truth[which].ravel()

    def labels(self, which, ahead):
        """Labels of the rows ``ahead`` of some samples' origins, missing where there is none."""
        rows = self.origin[which] + ahead
        if self._alone:
            return rows
        if self.windows.index is None:
            return rows - self.windows.bounds[self.series[which]]
        last = self.windows.bounds[self.series[which] + 1] - 1
        return labels_where(self.windows.index[np.minimum(rows, last)], rows <= last)

    def for_baseline(self, baseline, n_leads):
        """The samples that the baseline forecasts, and the baseline as it is fitted on them."""
        if baseline is None:
            baseline = NaiveForecaster(target=self.target() or 0)
        return self, baseline

    def for_score(self, naive, n_leads):
        """The same for a naive forecast, and which samples have all rows that it looks back to."""
        return *self.for_baseline(naive, n_leads), np.ones(len(self), bool)

    def target(self) -> int | None:
        """The column whose values y has.

        None where none has them, or where the windows do not tell which of several it is.
        """
        unknown = True
        for column in range(self.windows.n_features):
            share = agreement(self.windows, self._truth, self._leads, column)
            if share is not None and share > 0.5:
                return column
            unknown &= share is None
        return 0 if unknown and self.windows.n_features == 1 else None
