"""RNNRegressor: recurrent networks."""

from dataclasses import KW_ONLY

from skrnn.neural.network import Decoder, Dense, Dropout, Recurrent
from skrnn.neural.parameters import parameters
from skrnn.neural.regressor import NetworkRegressor
from skrnn.validation import check_counts, check_option, check_share


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
    activation: str = "tanh"
    sequence_targets: bool | str | int = False
    decoder: str | None = None
    unroll: bool = False

    reads_sequences = True

    def _layers(self):
        cell = check_option("cell", self.cell, ("lstm", "gru", "simple"))
        units = check_counts("units", self.units)
        if not units:
            raise ValueError("units must name at least one layer, got an empty tuple")
        options = {
            "activation": self.activation,
            "bidirectional": bool(self.bidirectional),
            "dropout": check_share("dropout", self.dropout),
            "recurrent_dropout": check_share("recurrent_dropout", self.recurrent_dropout),
            "unroll": bool(self.unroll),
        }
        # Only the first layer turns the steps around: those above read what it gives, in its order.
        layers = [
            Recurrent(
                cell,
                size,
                go_backwards=bool(self.go_backwards) and depth == 0,
                sequences=depth < len(units) - 1,
                **options,
            )
            for depth, size in enumerate(units)
        ]
        if self.decoder is not None:
            check_option("decoder", self.decoder, ("recurrent",))
            layers.append(self._decoder(cell, units[-1], options))
        if self._sequence_target is not None:
            self._check_sequence_targets()
        rate = check_share("output_dropout", self.output_dropout)
        head = [Dense(size) for size in check_counts("dense_units", self.dense_units)]
        return (*layers, *([Dropout(rate)] if rate else []), *head)

    def _decoder(self, cell, units, options):
        options = {name: value for name, value in options.items() if name != "bidirectional"}
        return Decoder(cell, 2 * units if self.bidirectional else units, **options)

    def _check_sequence_targets(self):
        for name in ("bidirectional", "go_backwards"):
            if getattr(self, name):
                raise ValueError(
                    f"sequence_targets cannot be learned with {name}=True: the inner steps would "
                    f"have read the rows "
                    "that they are to forecast"
                )
        if self.decoder is not None:
            raise ValueError(
                f"sequence_targets cannot be learned with decoder={self.decoder!r}: choose one of "
                f"them"
            )


@parameters
class RNNRegressor(Recurrence, NetworkRegressor):
    """Recurrent network that reads the window step by step: LSTM, GRU or simple cells.

    Parameters
    ----------
    cell : {"lstm", "gru", "simple"}, default="lstm"
        The recurrent cell. "gru" is Keras's, with the reset gate behind the product.
    units : int or tuple of int, default=32
        Units of the layer, or of each of a stack.
    bidirectional : bool, default=False
        Read the window in both directions, with as many units for each.
    dropout : float, default=0.0
        Share of each layer's inputs that training leaves out, the same at every step.
    recurrent_dropout : float, default=0.0
        Share of each layer's state that training leaves out, the same at every step.
    go_backwards : bool, default=False
        Read the window from its newest step to its oldest.
    dense_units : int or tuple of int, default=()
        Units of dense layers (ReLU) between the last state and the output.
    output_dropout : float, default=0.0
        Share of the last state that training leaves out.
    activation : str, default="tanh"
        Activation of the cells.
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
    unroll : bool, default=False
        In Keras, unroll the steps: faster for short windows, larger and slower to start for long
        ones.
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
