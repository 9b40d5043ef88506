"""Conformal: order statistics of residuals, in units of a size, around the forecast."""

import numpy as np

from skrnn.intervals.levels import offsets
from skrnn.intervals.residuals import Forecasts, Residuals


class Conformal:
    """Intervals from the residuals of each lead.

    Below and above a forecast each have their own order statistics, so that intervals lie askew
    where errors do.
    """

    def __init__(self, residuals: Residuals):
        self.residuals = residuals

    def quantiles(self, forecasts: Forecasts, levels: np.ndarray) -> np.ndarray:
        """Quantiles (n, n_leads, n_levels)."""
        away = offsets(self.residuals.relative, levels)
        return forecasts.values[:, :, None] + forecasts.sizes[:, None, None] * away

    def paths(self, forecasts: Forecasts, n: int, random: np.random.RandomState) -> np.ndarray:
        """Sample paths (n, n_forecasts, n_leads): each has the residuals of one origin."""
        whole = whole_vectors(self.residuals.relative)
        drawn = whole[random.randint(len(whole), size=(n, len(forecasts.values)))]
        return forecasts.values + forecasts.sizes[:, None] * drawn


def whole_vectors(residuals: np.ndarray) -> np.ndarray:
    """The residuals (n, n_leads) of origins of which all leads are known."""
    whole = residuals[~np.isnan(residuals).any(axis=1)]
    if not len(whole):
        raise ValueError(
            f"sample paths take origins of which all {residuals.shape[1]} leads are known, and the "
            f"calibration has none among its {len(residuals)}: use a larger calibration_size"
        )
    return whole
