"""DenseRegressor: a dense network on the whole window."""

from skrnn.neural.estimator import NetworkRegressor
from skrnn.neural.network import Dense, Dropout, Summary
from skrnn.validation import check_counts, check_share


class DenseRegressor(NetworkRegressor):
    """Dense network on all steps of the window.

    Parameters
    ----------
    units : int or tuple of int, default=32
        Units of each hidden layer.
    activation : str, default="relu"
        Activation of the hidden layers.
    dropout : float, default=0.0
        Share of each hidden layer's outputs that training leaves out.
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
    >>> from skrnn import DenseRegressor
    >>> DenseRegressor((64, 32), dropout=0.2)
    DenseRegressor(dropout=0.2, units=(64, 32))
    """

    def __init__(
        self,
        units=32,
        *,
        activation="relu",
        dropout=0.0,
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
        self.units = units
        self.activation = activation
        self.dropout = dropout
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
        rate = check_share("dropout", self.dropout)
        layers = [Summary("flatten")]
        for units in check_counts("units", self.units):
            layers += [Dense(units, self.activation), *([Dropout(rate)] if rate else [])]
        return tuple(layers)
