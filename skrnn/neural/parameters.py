"""Parameters: the fields of an estimator's parts, and their descriptions, put together."""

from dataclasses import dataclass

# What the parts of networks describe once, under the marker by which docstrings take it.
DESCRIPTIONS = {
    "<embedding>": """\
embedding : int, default=None
    Numbers of the vector that is learned for each code. X is then codes, whole numbers from 0 on,
    in one feature a step, such as the words of texts (``TokenSequences``). 0 is unknown, and so
    are codes above the highest of ``fit``. A training step of the fused engine moves the vectors
    of its batch's codes alone, and what the optimizer remembers of the others stays as it is
    ("lazy" Adam); Keras's goes on with those, and clips gradients before it sums those of a code
    that comes twice. None: X is numbers.""",
    "<training>": """\
optimizer : {"adam", "rmsprop", "sgd"} or Keras optimizer, default="adam"
    The optimizer.
learning_rate : float, default=None
    The optimizer's learning rate. None: 0.01 for "adam" and "rmsprop" where it falls, and the
    optimizer's own, 0.001, where it stays; for all others their own.
learning_rate_schedule : {"cosine", "exponential", "constant"}, default="cosine"
    How the learning rate falls from epoch to epoch: along half a cosine, by the same factor each
    time, or not at all.
learning_rate_decay : float, default=None
    What is left of the learning rate at the end: behind the last epoch of a cosine, in the last of
    an exponential schedule; 1 keeps it constant. None: 0 for a cosine and 0.01 for an exponential
    schedule; but 1 with Keras's own optimizers and callbacks, which may set the rate.
    ``partial_fit``, which has no end, always keeps it constant.
clipnorm : float, default=None
    The largest norm of each weight's gradient; longer ones are shortened.
global_clipnorm : float, "auto" or None, default="auto"
    The largest norm of the gradient of all weights together; in place of ``clipnorm``. "auto": 1
    for recurrent networks, whose gradients now and then explode, without ``clipnorm`` and with a
    named optimizer; otherwise None.
weight_decay : float, default=None
    The share of its weights that the optimizer takes away in each step, times the learning rate;
    beside the gradient, so that Adam does not scale it ("AdamW").
batch_size : int or "auto", default="auto"
    Windows in a training step. "auto" is 64; of a simple cell, which learns slowly, 32 where there
    are 200 to 2,000 windows.
epochs : int or "auto", default="auto"
    Passes over the windows. "auto" is 40; of fewer than 200 windows it is 8, 40 or 120, whichever
    forecasts the third and the newest quarter best from what was known before each (of sequences
    that are series of their own, two random quarters). With ``early_stopping`` it is 120 then; with
    Keras's own objects, and where training goes on, always 40.
engine : {"auto", "fused", "keras"}, default="auto"
    What trains the network: "fused", compiled kernels on the CPU, without TensorFlow; or
    "keras", on TensorFlow, with everything that Keras has. "auto" takes the fused one wherever
    it covers the parameters: all but Keras's own objects and callbacks, and other activations
    than tanh, relu, sigmoid and linear.
early_stopping : bool, default=False
    Stop when the validation loss has not fallen for ``patience`` epochs, and keep the best
    weights of this training.
validation_fraction : float, default=None
    Share of the windows to validate on: of windows that share rows the newest, never a random
    choice. Windows whose targets were not all known by then are left out. Sequences that are
    series of their own have no newest: of these it is a random share, as ``random_state`` draws
    it; for a classifier a share of each class, also of plain arrays. None: 0.1 with
    ``early_stopping``, none without. ``partial_fit`` trains on all.
patience : int, default=10
    Epochs without a lower validation loss before ``early_stopping`` stops.
callbacks : list of Keras callbacks, default=None
    Called in training, as Keras does it. Each fit works on shallow copies.
checkpoint : str, default=None
    A folder in which each training keeps what it goes on from, after every epoch, in a file of its
    own. A ``fit`` that was killed goes on from its last whole epoch when it is called again with
    the same parameters and data, and gives the same network as if nothing had happened; one that
    was done is taken as it is. Needs a whole number as ``random_state``. Nothing is removed from
    the folder.
warm_start : bool, default=False
    Whether ``fit`` goes on from the weights and the optimizer's state of the fit before.
verbose : int, default=0
    1 shows a progress bar, 2 a line an epoch.
random_state : int, RandomState or None, default=None
    Makes the weights, the order of the windows and the dropouts repeatable. A training that
    goes on draws what one without a break would have drawn.
n_estimators : int, default=1
    How many networks to train, each from a seed of its own (``seeds_``), side by side on the
    processor's cores. Their forecast is the median of each one's, of classes the mean of their
    probabilities.
dtype : {"float32", "float64"}, default="float32"
    The precision of all calculations.""",
    "<streams>": """\
dropout : float, default=0.0
    Share of each layer's outputs that training leaves out, others at every step.
recurrent_dropout : float, default=0.0
    Share of each layer's state that training leaves out, the same at every step of a window.
optimizer : {"adam", "rmsprop", "sgd"}, default="adam"
    The optimizer.
learning_rate : float, default=0.004
    The learning rate at first.
learning_rate_schedule : {"cosine", "exponential", "constant"}, default="cosine"
    How the learning rate falls, also within an epoch.
learning_rate_decay : float, default=None
    What is left of it at the end. None: 0 of a cosine, 0.01 of an exponential schedule.
    ``partial_fit``, which has no end, keeps it constant.
clipnorm : float, default=None
    The largest norm of each weight's gradient.
global_clipnorm : float, "auto" or None, default="auto"
    The largest norm of the gradient of all weights together: longer ones, which now and then
    explode in recurrent networks, are shortened. "auto": 1, without ``clipnorm``.
weight_decay : float, default=None
    The share of its weights that the optimizer takes away in each step, times the rate.
batch_size : int, default=64
    Lanes; a short text has fewer.
epochs : int, default=10
    Passes over the text.
engine : {"auto", "fused"}, default="auto"
    What trains it: compiled kernels on the CPU. Keras carries no state between windows.
early_stopping : bool, default=False
    Stop when the loss of held-out text has not fallen for ``patience`` epochs, and keep the
    best weights.
validation_fraction : float, default=None
    Share of the text to validate on, its end, of which nothing is learned. None: 0.1 with
    ``early_stopping``, none without.
patience : int, default=10
    Epochs without a lower loss before ``early_stopping`` stops.
checkpoint : str, default=None
    A folder in which each training keeps what it goes on from, after every epoch, in a file of its
    own. A ``fit`` that was killed goes on from its last whole epoch when it is called again with
    the same parameters and texts, and gives the same network as if nothing had happened; one that
    was done is taken as it is. Needs a whole number as ``random_state``. Nothing is removed from
    the folder.
warm_start : bool, default=False
    Whether ``fit`` goes on from the weights and the optimizer's state of the fit before.
verbose : int, default=0
    1 shows a progress bar, 2 a line an epoch: bits a letter or token, and how many a second.
random_state : int, RandomState or None, default=None
    Makes the weights, the lanes and the dropouts repeatable.
dtype : {"float32", "float64"}, default="float32"
    The precision of all calculations.""",
    "<recurrence>": """\
cell : {"lstm", "gru", "simple", "mingru", "minlstm"}, default="lstm"
    The recurrent cell. "gru" is Keras's, with the reset gate behind the product. The gates of
    "mingru" and "minlstm" read the inputs alone, not the state (arXiv:2410.01201): they are
    several times faster, and in a stack the upper ones read what the lower remember. Their weights
    are one kernel and one bias, for the gates in the order update, candidate, and input, forget,
    candidate.
units : int or tuple of int, default=32
    Units of the layer, or of each of a stack.
bidirectional : bool, default=False
    Read the window in both directions, with as many units for each.
dropout : float, default=0.0
    Share of each layer's inputs that training leaves out, the same at every step.
recurrent_dropout : float, default=0.0
    Share of each layer's state that training leaves out, the same at every step. Not for "mingru"
    and "minlstm", which multiply no state.
go_backwards : bool, default=False
    Read the window from its newest step to its oldest.
dense_units : int or tuple of int, default=()
    Units of dense layers (ReLU) between the last state and the output.
output_dropout : float, default=0.0
    Share of the last state, or of what ``pooling`` makes of all, that training leaves out.
pooling : {"last", "average", "max", "attention"}, default="last"
    What the head sees of the states: the last of them, or the average or maximum of all.
    "attention" is an average in which each step counts as a learned query likes it
    (``attention_weights``).
activation : str, default="tanh"
    Activation of the cells; of "mingru" and "minlstm" that of the candidate, which in the paper has
    none ("linear").
segment : int, default=1
    How many steps the cell reads at a time, beside each other: 24 makes a day of hours one
    vector. Of a window whose length is no multiple of it the oldest steps are left out.
unroll : bool, default=False
    In Keras, unroll the steps: faster for short windows, larger and slower to start for long
    ones. Nothing is unrolled of "mingru" and "minlstm", which are scanned.
conv_filters : int or tuple of int, default=()
    Filters of convolutions (ReLU, padded) below the recurrent layers; none by default.
conv_kernel_size : int or tuple of int, default=3
    Steps that a filter looks at, for all convolutions or each.
conv_strides : int or tuple of int, default=1
    Convolutions give every so many steps one, for all or each: what the recurrent layers read of a
    long window is so many times shorter.""",
    "<convolutions>": """\
filters : int or tuple of int, default=32
    Filters of each layer.
kernel_size : int or tuple of int, default=3
    Steps that a filter looks at, for all layers or each.
pool_size : int or tuple of int, default=1
    How many neighbouring steps give one, their maximum, behind all layers or each; 1 keeps all.
pooling : {"flatten", "average", "max", "attention"}, default="flatten"
    What the head sees of the last layer: all its steps, or their average or maximum. "attention" is
    an average in which each step counts as a learned query likes it (``attention_weights``).
padding : {"same", "valid", "causal"}, default="same"
    Whether windows are padded, so that layers keep the number of steps; "causal" pads in front
    alone, so that what a layer gives for a step depends on no later one.
strides : int or tuple of int, default=1
    Layers give every so many steps one, for all layers or each.
dilation : int or tuple of int, default=1
    How far apart the steps lie that a filter looks at, for all layers or each. A causal stack that
    doubles it, ``dilation=(1, 2, 4, 8)``, sees far with few weights (WaveNet).
batch_norm : bool, default=False
    Batch normalisation between each layer and its activation: in training by the mean and variance
    of all steps of the batch, in forecasts by their moving averages (momentum 0.9).
activation : str, default="relu"
    Activation of the layers.
dropout : float, default=0.0
    Share of each layer's outputs that training leaves out.
dense_units : int or tuple of int, default=()
    Units of dense layers in front of the output.""",
    "<dense>": """\
units : int or tuple of int, default=32
    Units of each hidden layer.
activation : str, default="relu"
    Activation of the hidden layers.
pooling : {"flatten", "average", "max", "attention"}, default="flatten"
    What the first layer sees of the window: all its steps, or their average or maximum, which
    sequences of different length have, too. "attention" is an average in which each step counts as
    a learned query likes it (``attention_weights``).
dropout : float, default=0.0
    Share of each hidden layer's outputs that training leaves out.""",
    "<classification>": """\
class_weight : dict, list of dict or "balanced", default=None
    Weights of the classes, which multiply those of the samples: by class, for several labels a
    dict for each, or in inverse proportion to how often they come. Validation counts them, too.""",
    "<regression>": """\
loss : {"mse", "mae", "huber"} or Keras loss, default="mse"
    What training minimises, in the unit of ``normalize_y``.
quantiles : tuple of float, default=None
    Learn these quantiles of what may come, such as (0.1, 0.5, 0.9), all at once with the pinball
    loss in place of ``loss``. They never cross. ``predict`` is then the median (between its
    neighbours, where 0.5 is not among them), ``predict_quantiles`` gives all.
normalize_y : bool, default=True
    Train on targets of mean 0 and deviation 1, and predict in their own unit.""",
    "<trained>": """\
engine_ : {"fused", "keras"}
    What trained the network.
history_ : dict of list
    "loss", and "val_loss" where there was a validation, of every epoch; NaN in epochs without
    one.
n_codes_ : int
    With ``embedding``, how many codes there are: one more than the highest of ``fit``.
network_ : Network
    The network as plain data.
training_ : Training
    How it was trained, as plain data: with the learning rate and what is left of it that None stood
    for.
weights_ : list of ndarray
    Its weights, in Keras's order and layout.
trained_ : Trained
    All that training left: weights, the optimizer's and the generators' states, the losses.
estimators_, seeds_ : list of estimators, ndarray of shape (n_estimators,)
    With ``n_estimators``, the networks, and the ``random_state`` of each. ``weights_``,
    ``trained_`` and ``training_`` are theirs then, and ``history_`` the mean of theirs.
n_features_in_ : int
    Number of features of a step (of columns, where windows came as (n, steps)).""",
    "<classifier>": """\
classes_ : ndarray of shape (n_classes,)
    The classes in order; of several labels their numbers.
class_prior_ : ndarray of shape (n_classes,)
    The share of each in training: what stands in for a window that is unknown.
class_weight_ : list of ndarray
    With ``class_weight``, the weights of the classes of each target.
labels_ : Labels
    The classes as plain data.""",
    "<regressor>": """\
y_offset_, y_scale_ : ndarray of shape (n_outputs,)
    What ``normalize_y`` subtracts from the targets, and divides them by.
quantiles_ : tuple of float
    The quantiles that were learned; none without ``quantiles``.
y_quantiles_ : ndarray of shape (n_outputs, n_quantiles)
    With ``quantiles``, those of the targets: what stands in for a window that is unknown.""",
}


def parameters(cls: type) -> type:
    """Make the annotated fields of a class and of its parts the parameters of its constructor.

    They stand once, in the part that they belong to. In the docstring, a marker takes the place of
    what is described once for all.
    """
    cls = dataclass(eq=False, repr=False)(cls)
    for marker, text in DESCRIPTIONS.items():
        indented = text.replace("\n", "\n    ").replace("\n    \n", "\n\n")
        cls.__doc__ = cls.__doc__.replace(marker, indented)
    return cls
