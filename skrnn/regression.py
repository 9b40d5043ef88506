"""Where what all regressors on windows share was before."""

from skrnn.forecasters.base import WindowRegressor
from skrnn.forecasters.units import agreement, check_one_unit
from skrnn.forecasters.wrapping import weight_argument
from skrnn.windows.leads import leads_of, target_position

__all__ = [
    "WindowRegressor",
    "agreement",
    "check_one_unit",
    "leads_of",
    "target_position",
    "weight_argument",
]
