"""Where TransformedWindowRegressor was before."""

from skrnn.forecasters.relative import TransformedWindowRegressor

__all__ = ["TransformedWindowRegressor"]
