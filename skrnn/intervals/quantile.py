"""Quantile: learned quantiles, moved by how much the truth missed each of them.

References
----------
Y. Romano, E. Patterson, E. Candès, *Conformalized quantile regression*, NeurIPS 2019.

V. Chernozhukov, I. Fernández-Val, A. Galichon, *Quantile and probability curves without crossing*,
Econometrica 78 (2010).
"""

import numpy as np

from skrnn.forecasters.quantiles import SAME_LEVEL, asked_quantiles, median_of
from skrnn.intervals.conformal import whole_vectors
from skrnn.intervals.levels import offsets, own_offsets
from skrnn.intervals.residuals import Forecasts, Residuals


class ConformalQuantiles:
    """Intervals between quantiles that the model has learned, each corrected by lead.

    Of a panel corrections count in distances between the outermost quantiles, in the mean over
    leads.
    """

    def __init__(self, residuals: Residuals, learned: tuple[float, ...], *, of_panel: bool):
        if of_panel and len(learned) < 2:
            raise ValueError(
                f"a panel's quantiles count in the distance between the outermost, and the "
                f"estimator learned {learned[0]:g} alone: learn at least two"
            )
        self.residuals = residuals
        self.learned = learned
        self._of_panel = of_panel
        self._relative = residuals.learned / self._units(residuals.quantiles)

    def quantiles(self, forecasts: Forecasts, levels: np.ndarray) -> np.ndarray:
        """Quantiles (n, n_leads, n_levels), all of them learned."""
        known = np.asarray(self.learned)
        wanted = asked_quantiles(np.arange(len(known)), known, levels)
        away = self._corrections(known, levels)
        moved = forecasts.quantiles + self._units(forecasts.quantiles) * away
        # What was asked for beside a level must not change it: all that can be told are sorted.
        told = ~np.isnan(away).any(axis=0)
        moved[:, :, told] = np.sort(moved[:, :, told], axis=2)
        return moved[:, :, wanted]

    def _units(self, quantiles):
        """What corrections of samples count in: (n, 1, 1)."""
        units = np.ones(len(quantiles))
        if self._of_panel:
            apart = np.ptp(quantiles, axis=2).mean(axis=1)
            units = np.where(apart > 0, apart, units)
        return units[:, None, None]

    def _corrections(self, known, asked):
        """Corrections (n_leads, n_learned); NaN where no lead can tell and nobody asks."""
        relative = self._relative
        found = np.empty(relative.shape[1:])
        for position, level in enumerate(known):
            one = np.array([level])
            of_level = relative[:, :, position]
            own = own_offsets(of_level, one)
            is_asked = np.abs(asked - level).min() <= SAME_LEVEL
            if is_asked and np.isnan(own).any():
                own = offsets(of_level, one)
            found[:, position] = own[:, 0]
        return found

    def paths(self, forecasts: Forecasts, n: int, random: np.random.RandomState) -> np.ndarray:
        """Sample paths (n, n_forecasts, n_leads): each has the residuals of one origin.

        A residual counts in distances from the median to the outermost quantile on its side.
        """
        residuals = self.residuals
        centre = median_of(residuals.quantiles, self.learned)
        error = residuals.learned[:, :, 0] + residuals.quantiles[:, :, 0] - centre
        relative = whole_vectors(error / _reach(residuals.quantiles, centre, error))
        drawn = relative[random.randint(len(relative), size=(n, len(forecasts.values)))]
        centre = median_of(forecasts.quantiles, self.learned)
        return centre + drawn * _reach(forecasts.quantiles, centre, drawn)


def _reach(quantiles, centre, side):
    """The distance (..., n_leads) from the centre to the outermost quantile on a side."""
    below = centre - quantiles[..., 0]
    above = quantiles[..., -1] - centre
    smallest = 1e-3 * (below + above)
    reach = np.where(side < 0, below, above)
    reach = np.maximum(reach, smallest)
    return np.where(reach > 0, reach, 1.0)
