"""Where what all regressors on windows share was before."""

from skrnn.forecasters.base import WindowRegressor, weight_argument
from skrnn.forecasters.units import agreement, check_one_unit
from skrnn.windows.leads import leads_of, target_position

__all__ = [
    "WindowRegressor",
    "agreement",
    "check_one_unit",
    "leads_of",
    "target_position",
    "weight_argument",
]
