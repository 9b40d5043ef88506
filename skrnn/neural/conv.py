"""ConvRegressor and ConvClassifier: convolutions over the steps of the window."""

from dataclasses import KW_ONLY

from skrnn.neural.classifier import NetworkClassifier
from skrnn.neural.network import POOLINGS, Convolution, Dense, Dropout, pooled
from skrnn.neural.parameters import parameters
from skrnn.neural.regressor import NetworkRegressor
from skrnn.validation import check_counts, check_each, check_option, check_share


@parameters
class Convolutions:
    """The architecture of convolutional networks."""

    filters: int | tuple[int, ...] = 32
    kernel_size: int | tuple[int, ...] = 3
    _: KW_ONLY
    pool_size: int | tuple[int, ...] = 1
    pooling: str = "flatten"
    padding: str = "same"
    strides: int | tuple[int, ...] = 1
    dilation: int | tuple[int, ...] = 1
    batch_norm: bool = False
    activation: str = "relu"
    dropout: float = 0.0
    dense_units: int | tuple[int, ...] = ()

    @property
    def reads_sequences(self) -> bool:
        """Whether it takes sequences of different length."""
        return self.pooling != "flatten"

    def _too_short(self, steps, needed):
        return (
            f"kernel_size={self.kernel_size} leaves nothing of windows of {steps} steps, the "
            f'layers need {needed}: use smaller kernels, longer windows or padding="same"'
        )

    def _layers(self):
        filters = check_counts("filters", self.filters)
        kernels = check_each("kernel_size", self.kernel_size, len(filters))
        pools = check_each("pool_size", self.pool_size, len(filters))
        strides = check_each("strides", self.strides, len(filters))
        dilations = check_each("dilation", self.dilation, len(filters))
        if any(min(pair) > 1 for pair in zip(strides, dilations, strict=True)):
            raise ValueError(
                f"strides={self.strides!r} and dilation={self.dilation!r} cannot both be more than "
                "1 in a layer: set one of them to 1"
            )
        check_option("padding", self.padding, ("same", "valid", "causal"))
        check_option("pooling", self.pooling, POOLINGS)
        rate = check_share("dropout", self.dropout)
        layers = []
        sizes = zip(filters, kernels, pools, strides, dilations, strict=True)
        for units, kernel, pool, stride, dilation in sizes:
            convolution = Convolution(
                filters=units,
                kernel_size=kernel,
                pool_size=pool,
                activation=self.activation,
                padding=self.padding,
                strides=stride,
                dilation=dilation,
                batch_norm=bool(self.batch_norm),
            )
            layers += [convolution, *([Dropout(rate)] if rate else [])]
        head = [Dense(units) for units in check_counts("dense_units", self.dense_units)]
        return (*layers, *pooled(self.pooling), *head)


@parameters
class ConvRegressor(Convolutions, NetworkRegressor):
    """Convolutions over the steps of the window.

    Parameters
    ----------
    <convolutions>
    <embedding>
    <regression>
    <training>

    Attributes
    ----------
    <trained>
    <regressor>

    Examples
    --------
    >>> from skrnn import ConvRegressor
    >>> ConvRegressor((8, 8), kernel_size=(24, 12), pool_size=2, pooling="average")
    ConvRegressor(filters=(8, 8), kernel_size=(24, 12), pool_size=2,
                  pooling='average')
    """


@parameters
class ConvClassifier(Convolutions, NetworkClassifier):
    """Convolutions over the steps of a window or sequence, which tell its class.

    Classes may be two or more, or several labels for each window (y of 0 and 1 for each label).
    Sequences of different length come as a list of arrays (steps, features), and need a
    ``pooling`` over the steps.

    Parameters
    ----------
    <convolutions>
    <embedding>
    <classification>
    <training>

    Attributes
    ----------
    <trained>
    <classifier>

    Examples
    --------
    >>> from skrnn import ConvClassifier
    >>> ConvClassifier((64, 64), kernel_size=(9, 5), pooling="average")
    ConvClassifier(filters=(64, 64), kernel_size=(9, 5), pooling='average')
    """
