"""DenseRegressor and DenseClassifier: a dense network on the whole window."""

from dataclasses import KW_ONLY

from skrnn.neural.classifier import NetworkClassifier
from skrnn.neural.network import POOLINGS, Dense, Dropout, pooled
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
        check_option("pooling", self.pooling, POOLINGS)
        layers = [*pooled(self.pooling)]
        for units in check_counts("units", self.units):
            layers += [Dense(units, self.activation), *([Dropout(rate)] if rate else [])]
        return tuple(layers)


@parameters
class DenseRegressor(DenseLayers, NetworkRegressor):
    """Dense network on all steps of the window.

    Parameters
    ----------
    <dense>
    <embedding>
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


@parameters
class DenseClassifier(DenseLayers, NetworkClassifier):
    """Dense network on all steps of a window, which tells its class.

    Classes may be two or more, or several labels for each window (y of 0 and 1 for each label).
    Sequences of different length come as a list of arrays (steps, features), and need a
    ``pooling`` over the steps.

    Parameters
    ----------
    <dense>
    <embedding>
    <classification>
    <training>

    Attributes
    ----------
    <trained>
    <classifier>

    Examples
    --------
    >>> from skrnn import DenseClassifier
    >>> DenseClassifier((64, 32), dropout=0.2)
    DenseClassifier(dropout=0.2, units=(64, 32))
    """
