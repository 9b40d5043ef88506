"""RNNRegressor and RNNClassifier: recurrent networks."""

from dataclasses import KW_ONLY

from skrnn.neural.classifier import NetworkClassifier
from skrnn.neural.network import (
    Convolution,
    Decoder,
    Dense,
    Dropout,
    Recurrent,
    Segments,
    pooled,
)
from skrnn.neural.parameters import parameters
from skrnn.neural.regressor import NetworkRegressor
from skrnn.validation import check_count, check_counts, check_each, check_option, check_share

# The last two are linear recurrences: their gates read no state.
LINEAR_CELLS = ("mingru", "minlstm")
CELLS = ("lstm", "gru", "simple", *LINEAR_CELLS)
# What the layers behind read of the states.
POOLINGS = ("last", "average", "max", "attention")


@parameters
class Recurrence:
    """The architecture of recurrent networks."""

    cell: str = "lstm"
    units: int | tuple[int, ...] = 32
    _: KW_ONLY
    bidirectional: bool = False
    dropout: float = 0.0
    recurrent_dropout: float = 0.0
    go_backwards: bool = False
    dense_units: int | tuple[int, ...] = ()
    output_dropout: float = 0.0
    pooling: str = "last"
    activation: str = "tanh"
    segment: int = 1
    unroll: bool = False
    conv_filters: int | tuple[int, ...] = ()
    conv_kernel_size: int | tuple[int, ...] = 3
    conv_strides: int | tuple[int, ...] = 1

    reads_sequences = True
    explodes = True

    @property
    def learns_slowly(self):
        """Whether few samples teach it more in more and smaller steps."""
        return self.cell == "simple"

    def _layers(self):
        cell = check_option("cell", self.cell, CELLS)
        units = check_counts("units", self.units)
        if not units:
            raise ValueError("units must name at least one layer, got an empty tuple")
        options = {
            "activation": self.activation,
            "bidirectional": bool(self.bidirectional),
            "dropout": check_share("dropout", self.dropout),
            "recurrent_dropout": self._recurrent_dropout(cell),
            "unroll": bool(self.unroll),
        }
        pooling = pooled(check_option("pooling", self.pooling, POOLINGS))
        # Only the first layer turns the steps around: those above read what it gives, in its order.
        layers = [
            Recurrent(
                cell,
                size,
                go_backwards=bool(self.go_backwards) and depth == 0,
                sequences=bool(pooling) or depth < len(units) - 1,
                **options,
            )
            for depth, size in enumerate(units)
        ]
        layers = [*self._convolutions(), *layers]
        if self.decoder is not None:
            check_option("decoder", self.decoder, ("recurrent",))
            layers.append(self._decoder(cell, units[-1], options))
        if self._sequence_target is not None:
            self._check_sequence_targets()
        if pooling and (self.decoder is not None or self._sequence_target is not None):
            raise ValueError(
                f"pooling={self.pooling!r} makes one vector of all steps, which neither a decoder "
                'nor sequence_targets begin with: leave it at "last"'
            )
        segment = check_count("segment", self.segment)
        if segment > 1:
            layers.insert(0, Segments(segment))
        rate = check_share("output_dropout", self.output_dropout)
        head = [Dense(size) for size in check_counts("dense_units", self.dense_units)]
        return (*layers, *pooling, *([Dropout(rate)] if rate else []), *head)

    def _recurrent_dropout(self, cell):
        rate = check_share("recurrent_dropout", self.recurrent_dropout)
        if rate and cell in LINEAR_CELLS:
            raise ValueError(
                f"recurrent_dropout must be 0 with cell={cell!r}, whose gates read no state, got "
                f"{rate}: use dropout"
            )
        return rate

    def _convolutions(self):
        """What stands below the recurrent layers: with strides they read fewer steps."""
        filters = check_counts("conv_filters", self.conv_filters)
        kernels = check_each("conv_kernel_size", self.conv_kernel_size, len(filters))
        strides = check_each("conv_strides", self.conv_strides, len(filters))
        sizes = zip(filters, kernels, strides, strict=True)
        return [Convolution(units, kernel, strides=stride) for units, kernel, stride in sizes]

    def _decoder(self, cell, units, options):
        options = {name: value for name, value in options.items() if name != "bidirectional"}
        return Decoder(cell, 2 * units if self.bidirectional else units, **options)

    def _too_short(self, steps, needed):
        return (
            f"segment={self.segment} leaves nothing of windows of {steps} steps: use longer "
            "windows or a smaller segment"
        )

    def _check_sequence_targets(self):
        if check_count("segment", self.segment) > 1:
            raise ValueError(
                f"sequence_targets are learned step by step, not by segments: leave out "
                f"segment={self.segment}"
            )
        for name in ("bidirectional", "go_backwards", "conv_filters"):
            value = getattr(self, name)
            if value:
                raise ValueError(
                    f"sequence_targets cannot be learned with {name}={value}: the inner steps "
                    "would have read the rows that they are to forecast"
                )
        if self.decoder is not None:
            raise ValueError(
                f"sequence_targets cannot be learned with decoder={self.decoder!r}: choose one of "
                f"them"
            )


@parameters
class RNNRegressor(Recurrence, NetworkRegressor):
    """Recurrent network that reads the window step by step: LSTM, GRU, simple or minimal cells.

    Parameters
    ----------
    <recurrence>
    sequence_targets : bool, str or int, default=False
        Learn from sequence to sequence: forecast the leads at every step of the window, not only at
        its last, which is the one that ``predict`` uses. The targets of the inner steps are those
        of the windows that end there. Where each window is a series of its own, as in plain arrays,
        or is scaled by itself, they are the window's own steps: of its first column, or of the one
        that is named here.
    decoder : {None, "recurrent"}, default=None
        "recurrent" forecasts the leads one after the other: a second recurrent layer, of the same
        cell and units, begins with the last state of the first and is unrolled over the leads. At
        each it reads the columns that are known ahead of that row.
    <embedding>
    <regression>
    <training>

    Attributes
    ----------
    <trained>
    <regressor>

    Examples
    --------
    >>> from skrnn import RNNRegressor, SlidingWindow
    >>> from sklearn.pipeline import make_pipeline
    >>> model = make_pipeline(
    ...     SlidingWindow(length=48, lead=24), RNNRegressor("gru", units=(32, 32))
    ... )
    """

    _: KW_ONLY
    sequence_targets: bool | str | int = False
    decoder: str | None = None


@parameters
class RNNClassifier(Recurrence, NetworkClassifier):
    """Recurrent network that reads a window or sequence step by step, and tells its class.

    Classes may be two or more, or several labels for each window (y of 0 and 1 for each label).
    Sequences of different length come as a list of arrays (steps, features).

    Parameters
    ----------
    <recurrence>
    <embedding>
    <classification>
    <training>

    Attributes
    ----------
    <trained>
    <classifier>

    Examples
    --------
    >>> import numpy as np
    >>> from skrnn import RNNClassifier
    >>> random = np.random.default_rng(0)
    >>> X = [random.normal(size=(n, 1)).cumsum(axis=0) for n in random.integers(5, 30, size=200)]
    >>> y = np.array(["up" if x[-1] > x[0] else "down" for x in X])
    >>> model = RNNClassifier("gru", units=8, learning_rate=0.02, random_state=0)
    >>> bool(model.fit(X[:150], y[:150]).score(X[150:], y[150:]) > 0.8)
    True
    """
