"""Telling: which truths an update brings, in the order in which they became known."""

from collections.abc import Iterator

import numpy as np

from skrnn.evaluation.row_samples import rows_back
from skrnn.evaluation.samples import WindowSamples
from skrnn.forecasters.inside import sliding_window_of
from skrnn.validation import index_of
from skrnn.warn import warn
from skrnn.windows.clock import clock_of
from skrnn.windows.plainly import label_from, plain_label
from skrnn.wording import count

# Of so many rows that were passed over it is remembered that they were.
MOST_PASSED = 2000


class TruthsOfWindows:
    """Windows with their targets: those of one origin arrive together."""

    def arrived(
        self, windows, truth: np.ndarray, forecasts: np.ndarray, sizes: np.ndarray
    ) -> Iterator[np.ndarray]:
        """The residuals (n, n_leads) of each time, in sizes of the forecasts', oldest first."""
        residuals = (truth - forecasts) / sizes[:, None]
        origins, _ = WindowSamples(None, windows, truth).shared()
        order = np.argsort(origins, kind="stable")
        _, first = np.unique(origins[order], return_index=True)
        for which in np.split(order, first[1:]):
            yield residuals[which]


class TruthsOfRows:
    """Rows with the series as y: each row is the truth of forecasts that older rows have made.

    A forecast counts if all rows that it looks back to are there: among those that came with it,
    or the fitted ones right before; none lies behind the next row of the newest known one.

    Attributes
    ----------
    told : int
        The newest row that is known, counted from the last fitted one.
    passed : ndarray of shape (n,)
        Rows that were not known yet when a newer one was.
    rows : ndarray of shape (n,)
        The rows whose forecasts wait for more.
    forecasts : ndarray of shape (n, n_leads)
        What was forecast at these rows: for themselves, and for those behind them.
    sizes : ndarray of shape (n,)
        What the residuals of these forecasts are told in.
    """

    def __init__(self, clock, newest, back, context):
        self._clock = clock
        # The label of the newest known row, where labels have no clock.
        self._newest = newest
        self._back = back
        self._context = context
        self.told = 0
        self.passed = np.zeros(0, np.int64)
        self.rows = np.zeros(0, np.int64)
        self.forecasts = None
        self.sizes = np.ones(0)

    def __getstate__(self):
        return {**vars(self), "_newest": plain_label(self._newest)}

    def __setstate__(self, state):
        # Files of older versions do not say how far back windows look, nor in what sizes.
        of_older = {"_back": 0, "_context": "auto", "passed": np.zeros(0, np.int64)}
        of_older["sizes"] = np.ones(len(state["rows"]))
        vars(self).update(of_older | state, _newest=label_from(state.get("_newest")))

    @classmethod
    def behind(cls, X, model) -> "TruthsOfRows":
        """Truths of the rows behind those of a fit of a model."""
        index = index_of(X)
        context = sliding_window_of(model).context
        return cls(clock_of(index), None if index is None else index[-1], rows_back(model), context)

    def arrived(
        self, X, truth: np.ndarray, forecasts: np.ndarray, sizes: np.ndarray
    ) -> Iterator[np.ndarray]:
        """The residuals (1, n_leads) of each row that was not known before, oldest first.

        Each in the size of its forecast, where that was made.
        """
        rows = self._positions(X)
        n_leads = forecasts.shape[1]
        if self.forecasts is None:
            self.forecasts = np.zeros((0, n_leads))
        is_known = ~np.isnan(truth[:, 0])
        newest = max(self.told, rows[is_known].max(initial=0))
        # Rows that came before have forecasts that were made then; fitted ones have been seen. What
        # is forecast far ahead of all that is known was not forecast from the rows before it.
        reaches = rows - rows[0] >= self._back
        new = ~np.isin(rows, self.rows) & (rows > 0) & (reaches | self._goes_on(rows[0]))
        new &= rows <= newest + 1
        self.forecasts = np.concatenate([self.forecasts, forecasts[new]])
        self.sizes = np.concatenate([self.sizes, sizes[new]])
        self.rows = np.concatenate([self.rows, rows[new]])
        # Behind all rows one that nothing was forecast of.
        made_at = np.append(self.rows, np.iinfo(np.int64).max)
        forecasts = np.vstack([self.forecasts, np.full(n_leads, np.nan)])
        sizes = np.append(self.sizes, 1.0)
        in_order = np.argsort(made_at, kind="stable")
        found = []
        _warn_of_late(np.isin(self.passed, rows[is_known]).sum())
        known = np.flatnonzero(is_known & (rows > self.told))
        for sample in known:
            made = rows[sample] - np.arange(n_leads)
            at = in_order[np.searchsorted(made_at, made, sorter=in_order)]
            forecast = np.where(made_at[at] == made, forecasts[at, np.arange(n_leads)], np.nan)
            found.append(((truth[sample] - forecast) / sizes[at])[None])
        _warn_of_nothing_learned(found, self._back)
        if len(known):
            skipped = np.setdiff1d(np.arange(self.told + 1, newest), rows[known])
            self.passed = np.concatenate([self.passed, skipped])[-MOST_PASSED:]
            self.told = int(newest)
            if self._clock is None:
                self._newest = index_of(X)[known.max()]
        waits = self.rows > self.told - n_leads + 1
        self.rows = self.rows[waits]
        self.forecasts = self.forecasts[waits]
        self.sizes = self.sizes[waits]
        return iter(found)

    def _goes_on(self, first):
        """Whether the fitted rows lie in front of the windows of rows that begin there."""
        if self._context == "none":
            return False
        # Without a clock nothing proves that the first row follows the last fitted one.
        follows = self._clock is not None or self._context == "carry"
        return first < 1 or (first == 1 and follows)

    def _positions(self, X):
        """How many rows behind the last fitted one each row lies."""
        index = index_of(X)
        if index is None or (self._clock is None and self._newest is None):
            raise ValueError(
                "rows without an index do not tell which of them are new: fit and update with a "
                "DataFrame, or with windows (make_windows)"
            )
        if self._clock is None:
            # One behind the other, those before as well as those behind the newest known one.
            n_known = np.count_nonzero(index <= self._newest)
            return self.told + 1 - n_known + np.arange(len(index))
        positions = self._clock.positions(index)
        if positions is None:
            raise ValueError(
                f"the index must go on in steps of {self._clock.describe()} as in fit, and "
                f"{index[0]} to {index[-1]} has labels between two rows"
            )
        return positions


def _warn_of_late(n_late):
    """Say that truths do not count, as newer ones were told before."""
    if n_late:
        warn(
            f"truths of {count(n_late, 'row')} came later than newer ones, and are left out: "
            "update with the rows that are known up to the first unknown one"
        )


def _warn_of_nothing_learned(residuals, back):
    """Say that truths taught nothing, as nothing was forecast of them."""
    if residuals and np.isnan(residuals).all():
        warn(
            f"none of {count(len(residuals), 'new row')} counts, as no forecast of them has all "
            f"rows that it looks back to: put the {count(back, 'row')} before in front"
        )
