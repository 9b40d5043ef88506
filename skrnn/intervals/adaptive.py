"""Adaptive: levels that move as truths arrive, on the newest residuals.

References
----------
I. Gibbs, E. Candès, *Adaptive conformal inference under distribution shift*, NeurIPS 2021.
"""

import numpy as np

from skrnn.forecasters.residual_pools import needed, ranks
from skrnn.intervals.conformal import Conformal, whole_vectors
from skrnn.intervals.levels import offsets
from skrnn.intervals.residuals import Forecasts, Residuals

# Residuals that are looked at: those of so many origins, the newest. This and the steps are what
# benchmarks/adaptive.py chooses, on training rows of some series and on simulated ones.
MEMORY = 1000
# Levels that are moved; those between them lie on the line between their neighbours.
_TAIL = (0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.15, 0.2, 0.25, 0.3, 0.4)
GRID = np.array([*_TAIL, 0.5, *(1 - level for level in reversed(_TAIL))])
# What each moves by, for each truth of the next row and each unit of what it lacks. Far out, where
# little is left to move in, steps are small: levels that wander cost width.
STEPS = np.minimum(0.2 * np.minimum(GRID, 1 - GRID), 0.02)


class Adaptive(Conformal):
    """Intervals of the newest residuals, at levels that move until they hold what they promise.

    After each truth a level moves by its step times what it promised less what it held:
    l ← l + step / lead · (level - [truth <= quantile]). Each lead has its own. Forecasts of a lead
    h overlap by all but one of their h rows and err alike: h of them tell as much as one. With
    longer steps levels would follow each error while it lasts, and hold less than they promise when
    the next one comes.

    Attributes
    ----------
    residuals : Residuals
        Those of the calibration.
    newest : ndarray of shape (n, n_leads)
        The newest residuals of each lead in units of their sizes, oldest first; NaN in front where
        there are fewer.
    levels : ndarray of shape (n_leads, len(GRID))
        Where each level of ``GRID`` stands.
    """

    def __init__(self, residuals: Residuals):
        super().__init__(residuals)
        newest = np.unique(residuals.origins)[-MEMORY:]
        within = residuals.origins >= newest[0]
        self.memory = max(MEMORY, np.count_nonzero(within))
        self.newest = residuals.relative[within]
        self.levels = np.tile(GRID, (self.newest.shape[1], 1))

    def quantiles(self, forecasts: Forecasts, levels: np.ndarray) -> np.ndarray:
        """Quantiles (n, n_leads, n_levels)."""
        away = self.offsets(levels)
        return forecasts.values[:, :, None] + forecasts.sizes[:, None, None] * away

    def paths(self, forecasts: Forecasts, n: int, random: np.random.RandomState) -> np.ndarray:
        """Sample paths (n, n_forecasts, n_leads): each has the residuals of one origin.

        They are as much larger than in the calibration as the newest residuals of a lead are.
        """
        relative = self.residuals.relative
        whole = whole_vectors(relative)
        was = np.nanmean(np.abs(relative), axis=0)
        now = np.nanmean(np.abs(self.newest), axis=0)
        whole = whole * np.divide(now, was, out=np.ones(len(was)), where=was > 0)
        drawn = whole[random.randint(len(whole), size=(n, len(forecasts.values)))]
        return forecasts.values + forecasts.sizes[:, None] * drawn

    def learn(self, residuals: np.ndarray) -> None:
        """Move the levels by what was held, and remember the residuals.

        Parameters
        ----------
        residuals : ndarray of shape (n, n_leads)
            What forecasts of one time missed, in units of their sizes; NaN where it is not known.
        """
        away = self._at(np.sort(self.levels, axis=1), GRID)
        errors = residuals[:, :, None]
        within = np.where(GRID < 0.5, errors < away, errors <= away)
        known = ~np.isnan(errors) & ~np.isnan(away)
        n = known.sum(axis=0)
        held = (within & known).sum(axis=0)
        lacking = GRID - np.divide(held, n, out=np.tile(GRID, (len(n), 1)), where=n > 0)
        steps = STEPS / self.residuals.leads[:, None]
        self.levels = np.clip(self.levels + steps * lacking, 0, 1)
        self._remember(residuals)

    def _remember(self, residuals):
        joined = np.concatenate([self.newest, residuals])
        # In each lead the unknown ones go to the front, and the others keep their order.
        order = np.argsort(~np.isnan(joined), axis=0, kind="stable")
        self.newest = np.take_along_axis(joined, order, axis=0)[-self.memory :]

    def offsets(self, levels):
        """The quantiles (n_leads, n_levels) of relative residuals, at the levels as they stand."""
        grid = np.concatenate([[0], GRID, [1]])
        stands = [
            np.interp(levels, grid, np.concatenate([[0], np.sort(of_lead), [1]]))
            for of_lead in self.levels
        ]
        found = self._at(np.stack(stands), levels)
        counts = np.count_nonzero(~np.isnan(self.newest), axis=0)[:, None]
        few = counts < np.array([needed(level) for level in levels])
        if few.any():
            found = np.where(few, offsets(self.newest, levels), found)
        return found

    def _at(self, stands, levels):
        """Order statistics (n_leads, n_levels) of the newest residuals, the outermost at most."""
        counts = np.count_nonzero(~np.isnan(self.newest), axis=0)[:, None]
        rank = np.clip(ranks(stands, counts, upper=levels >= 0.5), 1, np.maximum(counts, 1))
        return np.take_along_axis(np.sort(self.newest, axis=0).T, rank - 1, axis=1)
