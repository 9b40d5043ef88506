"""Past changes: what a series has changed over each lead, which tells how rare errors are spread.

Where few forecasts have been made, what they missed says how large errors are, and hardly anything
of those that come once in forty times. The changes of the series itself say that, and there are as
many of them as rows: they are what a naive forecast would have missed.
"""

from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy as np

# The newest rows whose changes are looked at.
MOST_ROWS = 1_000


class Likened(NamedTuple):
    """Changes (n, n_leads) in the size of what forecasts missed, and the rows that they end at.

    ``told`` is how much of the size of these errors the changes of the same rows tell: the squared
    correlation of the two. 1 is a naive forecast, whose errors are the changes.
    """

    changes: np.ndarray
    rows: np.ndarray
    told: float


@dataclass(frozen=True, eq=False)
class PastChanges:
    """The changes of one series over each lead: over the lead or, with a season, over as many.

    Attributes
    ----------
    values : ndarray of shape (n_rows,)
        The series; NaN where it is not known.
    leads : ndarray of int of shape (n_leads,)
        How many rows ahead forecasts lie.
    season : int
        The rows of a season.
    first : int
        The number of the first row.
    """

    values: np.ndarray
    leads: np.ndarray
    season: int
    first: int = 0

    def counted_from(self, row: int) -> "PastChanges":
        """The same, of which this row has the number 0."""
        return replace(self, first=self.first - row)

    def until(self, row: int) -> "PastChanges":
        """Only what is known at a row, and the newest rows of that."""
        stop = max(0, row + 1 - self.first)
        start = max(0, stop - MOST_ROWS - int(self._lags.max()))
        return replace(self, values=self.values[start:stop], first=self.first + start)

    def at(self, rows: np.ndarray) -> np.ndarray:
        """The changes (n, n_leads) up to some rows (n, n_leads); NaN where they are not known."""
        place = rows - self.first
        return self._at(place) - self._at(place - self._lags)

    def like(self, residuals: np.ndarray, rows: np.ndarray) -> Likened | None:
        """The changes in the size of what forecasts of some rows have missed.

        Their mean counts as far as these forecasts missed it, which is none of it for a model that
        knows the series' trend, and all for one that does not. None where nothing is known to have
        changed.
        """
        newest = self.first + np.arange(len(self.values))
        newest = np.broadcast_to(newest[:, None], (len(newest), len(self.leads)))
        changes = self.at(newest)
        counts = np.count_nonzero(~np.isnan(changes), axis=0)
        mean = np.nansum(changes, axis=0) / np.maximum(counts, 1)
        beside = self.at(rows)
        both = ~np.isnan(residuals) & ~np.isnan(beside)
        means = np.broadcast_to(mean, beside.shape)[both]
        missed = residuals[both]
        beside = beside[both]
        drift = beside.sum()
        share = np.clip(missed.sum() / drift, 0, 1) if drift else 1.0
        size = np.abs(beside - means).sum()
        if not size:
            return None
        size = np.abs(missed - share * means).sum() / size
        told = _correlation(np.abs(missed), np.abs(beside)) ** 2
        return Likened(size * (changes - mean) + share * mean, newest, told)

    @property
    def _lags(self):
        return -(-np.asarray(self.leads) // self.season) * self.season

    def _at(self, place):
        found = np.full(place.shape, np.nan)
        there = (place >= 0) & (place < len(self.values))
        found[there] = self.values[place[there]]
        return found


def _correlation(one, other):
    """How much two go up and down together, 0 … 1; 0 where that is unknown."""
    one = one - one.mean()
    other = other - other.mean()
    size = np.sqrt(one @ one) * np.sqrt(other @ other)
    return max(0.0, one @ other / size) if size else 0.0
