"""Telling: which truths an update brings, in the order in which they became known."""

from collections.abc import Iterator

import numpy as np

from skrnn.evaluation.samples import WindowSamples
from skrnn.validation import index_of
from skrnn.windows.clock import clock_of


class TruthsOfWindows:
    """Windows with their targets: those of one origin arrive together."""

    def arrived(
        self, windows, truth: np.ndarray, forecasts: np.ndarray
    ) -> Iterator[tuple[np.ndarray, np.ndarray]]:
        """(residuals, samples) of each time, oldest first."""
        origins, _ = WindowSamples(None, windows, truth).shared()
        order = np.argsort(origins, kind="stable")
        _, first = np.unique(origins[order], return_index=True)
        for which in np.split(order, first[1:]):
            yield truth[which] - forecasts[which], which


class TruthsOfRows:
    """Rows with the series as y: each row is the truth of forecasts that older rows have made.

    Attributes
    ----------
    told : int
        The newest row that is known, counted from the last fitted one.
    rows : ndarray of shape (n,)
        The rows whose forecasts wait for more.
    forecasts : ndarray of shape (n, n_leads)
        What was forecast at these rows: for themselves, and for those behind them.
    """

    def __init__(self, clock):
        self._clock = clock
        self.told = 0
        self.rows = np.zeros(0, np.int64)
        self.forecasts = None

    @classmethod
    def behind(cls, X) -> "TruthsOfRows":
        """Truths of the rows behind those of a fit."""
        return cls(clock_of(index_of(X)))

    def arrived(
        self, X, truth: np.ndarray, forecasts: np.ndarray
    ) -> Iterator[tuple[np.ndarray, np.ndarray]]:
        """(residuals, samples) of each row that was not known before, oldest first."""
        rows = self._positions(X)
        n_leads = forecasts.shape[1]
        if self.forecasts is None:
            self.forecasts = np.zeros((0, n_leads))
        # Rows that came before have forecasts that were made then; fitted ones have been seen.
        new = ~np.isin(rows, self.rows) & (rows > 0)
        self.forecasts = np.concatenate([self.forecasts, forecasts[new]])
        self.rows = np.concatenate([self.rows, rows[new]])
        in_order = np.argsort(self.rows, kind="stable")
        found = []
        known = np.flatnonzero(~np.isnan(truth[:, 0]) & (rows > self.told))
        for sample in known:
            made = rows[sample] - np.arange(n_leads)
            at = np.searchsorted(self.rows, made, sorter=in_order)
            at = in_order[np.minimum(at, len(in_order) - 1)]
            forecast = np.where(
                self.rows[at] == made, self.forecasts[at, np.arange(n_leads)], np.nan
            )
            found.append((truth[sample] - forecast[None], np.array([sample])))
        if len(known):
            self.told = int(rows[known].max())
        waits = self.rows > self.told - n_leads + 1
        self.rows = self.rows[waits]
        self.forecasts = self.forecasts[waits]
        return iter(found)

    def _positions(self, X):
        """How many rows behind the last fitted one each row lies."""
        index = index_of(X)
        if index is None or self._clock is None:
            return self.told + 1 + np.arange(len(X))
        positions = self._clock.positions(index)
        if positions is None:
            raise ValueError(
                f"the index must go on in steps of {self._clock.describe()} as in fit, and "
                f"{index[0]} to {index[-1]} has labels between two rows"
            )
        return positions
