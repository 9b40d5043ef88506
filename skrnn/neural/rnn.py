"""RNNRegressor: recurrent networks."""

from skrnn.neural.estimator import NetworkRegressor
from skrnn.neural.network import Decoder, Dense, Dropout, Recurrent
from skrnn.validation import check_counts, check_option, check_share


class RNNRegressor(NetworkRegressor):
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
    loss : {"mse", "mae", "huber"} or Keras loss, default="mse"
        What training minimises, in the unit of ``normalize_y``.
    optimizer : {"adam", "rmsprop", "sgd"} or Keras optimizer, default="adam"
        The optimizer.
    learning_rate : float, default=None
        The optimizer's learning rate. None: its own.
    learning_rate_decay : float, default=1.0
        What is left of the learning rate in the last epoch: it falls evenly, by the same factor
        each epoch.
    clipnorm : float, default=None
        The largest norm of each weight's gradient; longer ones are shortened.
    batch_size : int, default=64
        Windows in a training step.
    epochs : int, default=20
        Passes over the windows.
    engine : {"auto", "fused", "keras"}, default="auto"
        What trains the network: "fused", compiled kernels on the CPU, without TensorFlow; or
        "keras", on TensorFlow, with everything that Keras has. "auto" takes the fused one wherever
        it covers the parameters: all but Keras's own objects and callbacks, and other activations
        than tanh, relu, sigmoid and linear.
    early_stopping : bool, default=False
        Stop when the validation loss has not fallen for ``patience`` epochs, and keep the best
        weights.
    validation_fraction : float, default=None
        Share of the windows to validate on: the newest, never a random choice. Windows whose
        targets were not all known by then are left out. None: 0.1 with ``early_stopping``, none
        without.
    patience : int, default=10
        Epochs without a lower validation loss before ``early_stopping`` stops.
    normalize_y : bool, default=True
        Train on targets of mean 0 and deviation 1, and predict in their own unit.
    callbacks : list of Keras callbacks, default=None
        Called in training, as Keras does it. Each fit works on shallow copies.
    warm_start : bool, default=False
        Whether ``fit`` goes on from the weights and the optimizer's state of the fit before.
    verbose : int, default=0
        1 shows a progress bar, 2 a line an epoch.
    random_state : int, RandomState or None, default=None
        Makes the weights, the order of the windows and the dropouts repeatable.
    dtype : {"float32", "float64"}, default="float32"
        The precision of all calculations.

    Attributes
    ----------
    engine_ : {"fused", "keras"}
        What trained the network.
    history_ : dict of list
        "loss", and "val_loss" where there was a validation, of every epoch; NaN in epochs without
        one.
    network_ : Network
        The network as plain data.
    weights_ : list of ndarray
        Its weights, in Keras's order and layout.
    y_offset_, y_scale_ : ndarray of shape (n_outputs,)
        What ``normalize_y`` subtracts from the targets, and divides them by.
    n_features_in_ : int
        Number of features of a step (of columns, where windows came as (n, steps)).

    Examples
    --------
    >>> from skrnn import RNNRegressor, SlidingWindow
    >>> from sklearn.pipeline import make_pipeline
    >>> model = make_pipeline(SlidingWindow(length=48, lead=24), RNNRegressor("gru", units=(32, 32)))
    """

    def __init__(
        self,
        cell="lstm",
        units=32,
        *,
        bidirectional=False,
        dropout=0.0,
        recurrent_dropout=0.0,
        go_backwards=False,
        dense_units=(),
        output_dropout=0.0,
        activation="tanh",
        sequence_targets=False,
        decoder=None,
        unroll=False,
        loss="mse",
        optimizer="adam",
        learning_rate=None,
        learning_rate_decay=1.0,
        clipnorm=None,
        batch_size=64,
        epochs=20,
        engine="auto",
        early_stopping=False,
        validation_fraction=None,
        patience=10,
        normalize_y=True,
        callbacks=None,
        warm_start=False,
        verbose=0,
        random_state=None,
        dtype="float32",
    ):
        self.cell = cell
        self.units = units
        self.bidirectional = bidirectional
        self.dropout = dropout
        self.recurrent_dropout = recurrent_dropout
        self.go_backwards = go_backwards
        self.dense_units = dense_units
        self.output_dropout = output_dropout
        self.activation = activation
        self.sequence_targets = sequence_targets
        self.decoder = decoder
        self.unroll = unroll
        self.loss = loss
        self.optimizer = optimizer
        self.learning_rate = learning_rate
        self.learning_rate_decay = learning_rate_decay
        self.clipnorm = clipnorm
        self.batch_size = batch_size
        self.epochs = epochs
        self.engine = engine
        self.early_stopping = early_stopping
        self.validation_fraction = validation_fraction
        self.patience = patience
        self.normalize_y = normalize_y
        self.callbacks = callbacks
        self.warm_start = warm_start
        self.verbose = verbose
        self.random_state = random_state
        self.dtype = dtype

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
