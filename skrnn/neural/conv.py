"""ConvRegressor: convolutions over the steps of the window."""

from skrnn.neural.estimator import NetworkRegressor
from skrnn.neural.network import Convolution, Dense, Dropout, Summary
from skrnn.validation import check_counts, check_option, check_share


class ConvRegressor(NetworkRegressor):
    """Convolutions over the steps of the window.

    Parameters
    ----------
    filters : int or tuple of int, default=32
        Filters of each layer.
    kernel_size : int or tuple of int, default=3
        Steps that a filter looks at, for all layers or each.
    pool_size : int or tuple of int, default=1
        How many neighbouring steps give one, their maximum, behind all layers or each; 1 keeps all.
    pooling : {"flatten", "average", "max"}, default="flatten"
        What the head sees of the last layer: all its steps, or their average or maximum.
    padding : {"same", "valid"}, default="same"
        Whether windows are padded, so that layers keep the number of steps.
    activation : str, default="relu"
        Activation of the layers.
    dropout : float, default=0.0
        Share of each layer's outputs that training leaves out.
    dense_units : int or tuple of int, default=()
        Units of dense layers in front of the output.
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
    >>> from skrnn import ConvRegressor
    >>> ConvRegressor((8, 8), kernel_size=(24, 12), pool_size=2, pooling="average")
    ConvRegressor(filters=(8, 8), kernel_size=(24, 12), pool_size=2,
                  pooling='average')
    """

    def __init__(
        self,
        filters=32,
        kernel_size=3,
        *,
        pool_size=1,
        pooling="flatten",
        padding="same",
        activation="relu",
        dropout=0.0,
        dense_units=(),
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
        self.filters = filters
        self.kernel_size = kernel_size
        self.pool_size = pool_size
        self.pooling = pooling
        self.padding = padding
        self.activation = activation
        self.dropout = dropout
        self.dense_units = dense_units
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
        filters = check_counts("filters", self.filters)
        kernels = _each("kernel_size", self.kernel_size, len(filters))
        pools = _each("pool_size", self.pool_size, len(filters))
        check_option("padding", self.padding, ("same", "valid"))
        check_option("pooling", self.pooling, ("flatten", "average", "max"))
        rate = check_share("dropout", self.dropout)
        layers, steps = [], self.window_shape_[0]
        for units, kernel, pool in zip(filters, kernels, pools, strict=True):
            steps -= kernel - 1 if self.padding == "valid" else 0
            if steps < 1:
                raise ValueError(
                    f"kernel_size={self.kernel_size} leaves nothing of windows of "
                    f"{self.window_shape_[0]} steps: "
                    'use smaller kernels, longer windows or padding="same"'
                )
            steps = -(-steps // pool)
            convolution = Convolution(units, kernel, pool, self.activation, self.padding)
            layers += [convolution, *([Dropout(rate)] if rate else [])]
        head = [Dense(units) for units in check_counts("dense_units", self.dense_units)]
        return (*layers, Summary(self.pooling), *head)


def _each(name, values, n):
    """One whole number for all layers, or one for each."""
    values = check_counts(name, values)
    if len(values) not in (1, n):
        raise ValueError(
            f"{name} must be one number or one for each of {n} layers, got {len(values)}"
        )
    return values * n if len(values) == 1 else values
