"""DenseRegressor: a dense network on the whole window."""

from dataclasses import KW_ONLY

from skrnn.neural.network import Dense, Dropout, Summary
from skrnn.neural.parameters import parameters
from skrnn.neural.regressor import NetworkRegressor
from skrnn.validation import check_counts, check_option, check_share


@parameters
class DenseLayers:
    """The architecture of dense networks."""

    units: int | tuple[int, ...] = 32
    _: KW_ONLY
    activation: str = "relu"
    pooling: str = "flatten"
    dropout: float = 0.0

    @property
    def reads_sequences(self) -> bool:
        """Whether it takes sequences of different length."""
        return self.pooling != "flatten"

    def _layers(self):
        rate = check_share("dropout", self.dropout)
        check_option("pooling", self.pooling, ("flatten", "average", "max"))
        layers = [Summary(self.pooling)]
        for units in check_counts("units", self.units):
            layers += [Dense(units, self.activation), *([Dropout(rate)] if rate else [])]
        return tuple(layers)


@parameters
class DenseRegressor(DenseLayers, NetworkRegressor):
    """Dense network on all steps of the window.

    Parameters
    ----------
    units : int or tuple of int, default=32
        Units of each hidden layer.
    activation : str, default="relu"
        Activation of the hidden layers.
    pooling : {"flatten", "average", "max"}, default="flatten"
        What the first layer sees of the window: all its steps, or their average or maximum, which
        sequences of different length have, too.
    dropout : float, default=0.0
        Share of each hidden layer's outputs that training leaves out.
    <regression>
    <training>

    Attributes
    ----------
    <trained>
    <regressor>

    Examples
    --------
    >>> from skrnn import DenseRegressor
    >>> DenseRegressor((64, 32), dropout=0.2)
    DenseRegressor(dropout=0.2, units=(64, 32))
    """
