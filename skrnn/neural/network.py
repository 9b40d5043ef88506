"""Network: a neural network as plain data, which an engine builds and trains."""

from dataclasses import dataclass, fields, replace

import numpy as np

# For how many steps the slowest unit of a linear recurrence remembers at first.
LONGEST_MEMORY = 100
# Of batch normalisation: what is kept of the moving statistics with each batch, and what variances
# are above. Keras's 0.99 would need hundreds of batches to come near the data.
MOMENTUM, EPSILON = 0.9, 1e-3

# How convolutional and dense networks make one vector of all steps.
POOLINGS = ("flatten", "average", "max", "attention")


@dataclass(frozen=True)
class Embedding:
    """A vector of so many units for each code 0 … ``codes`` - 1; higher ones read that of 0."""

    codes: int
    units: int


@dataclass(frozen=True)
class OneHot:
    """Codes 1 … size as so many numbers, of which one is 1; any other code as zeros.

    It stands in front of a recurrent layer, which looks up rows of its kernel in place of a
    product.
    """

    size: int


@dataclass(frozen=True)
class Recurrent:
    """A recurrent layer.

    It returns its last output, or with ``sequences`` the outputs of all steps.
    """

    cell: str
    units: int
    activation: str = "tanh"
    bidirectional: bool = False
    dropout: float = 0.0
    recurrent_dropout: float = 0.0
    go_backwards: bool = False
    unroll: bool = False
    sequences: bool = False


@dataclass(frozen=True)
class Decoder:
    """A recurrent layer unrolled over the leads. It gives an output for each of them.

    It begins with the last state of the recurrent layer before it, of the same cell and as many
    units for each direction, and reads that layer's last output at every lead, beside what is known
    ahead of it.
    """

    cell: str
    units: int
    activation: str = "tanh"
    dropout: float = 0.0
    recurrent_dropout: float = 0.0
    unroll: bool = False


@dataclass(frozen=True)
class Convolution:
    """A convolution over the steps, then the maximum of every ``pool_size`` of them.

    It gives every ``strides``-th step, and reads steps that lie ``dilation`` apart. Its padding is
    "same", "valid" or, with all of it in front of the first step, "causal". With ``batch_norm`` its
    filters are normalised in front of the activation.
    """

    filters: int
    kernel_size: int
    pool_size: int = 1
    activation: str = "relu"
    padding: str = "same"
    strides: int = 1
    dilation: int = 1
    batch_norm: bool = False

    @property
    def reach(self) -> int:
        """How many steps lie between the first that it reads for a step, and the last."""
        return (self.kernel_size - 1) * self.dilation


@dataclass(frozen=True)
class Segments:
    """So many steps beside each other as one, the newest complete; the oldest that are left go."""

    size: int


@dataclass(frozen=True)
class Summary:
    """All steps as one vector: "flatten" them, or take their "average" or "max"."""

    how: str = "flatten"


@dataclass(frozen=True)
class Attention:
    """The mean of all steps, weighted by the softmax of their products with a learned query."""


def pooled(how: str) -> tuple:
    """The layers that make one vector of all steps; none where the last of them is it."""
    if how == "last":
        return ()
    return (Attention() if how == "attention" else Summary(how),)


@dataclass(frozen=True)
class Dense:
    """A dense layer."""

    units: int
    activation: str = "relu"


@dataclass(frozen=True)
class Dropout:
    """Leave out a share of the inputs in training."""

    rate: float


@dataclass(frozen=True)
class Ordered:
    """Numbers in order: of each target's the middle one, and the others by steps away from it."""

    per_target: int


@dataclass(frozen=True)
class Network:
    """Windows of (steps, features) through the layers, and a linear layer to the outputs.

    ``steps`` is None where windows are sequences of any length: of shorter ones the first steps are
    not there, and no layer reads them.

    It gives ``per_target`` numbers for each of its targets, those of a target beside each other.
    Behind a ``Decoder`` the linear layer is the same for every target, and the decoder reads
    ``known_ahead`` features of each. With ``every_step`` the network is trained on the outputs of
    all steps, and predicts those of the last. The link is what outputs go through last: "identity",
    or "ordered", by which the numbers of a target never fall; with "logistic" and "softmax" outputs
    are scores, of which the task makes probabilities. Its weights are a list of arrays in
    Keras's order and layout, moving statistics among them, which are not learned.
    """

    steps: int | None
    features: int
    targets: int
    layers: tuple
    dtype: str = "float32"
    known_ahead: int = 0
    every_step: bool = False
    per_target: int = 1
    link: str = "identity"

    @property
    def outputs(self) -> int:
        """How many numbers it gives."""
        return self.targets * self.per_target

    @property
    def decoder(self) -> Decoder | None:
        """The layer that is unrolled over the leads, where there is one."""
        return next((layer for layer in self.layers if isinstance(layer, Decoder)), None)

    @property
    def any_length(self) -> bool:
        """Whether its weights are those of windows of any length: no layer flattens the steps."""
        return not any(
            isinstance(layer, Summary) and layer.how == "flatten" for layer in self.layers
        )

    @property
    def fewest_steps(self) -> int:
        """How many steps a window needs at least, so that layers leave something of it."""
        steps = 1
        for layer in reversed(self.layers):
            if isinstance(layer, Segments):
                steps *= layer.size
            if isinstance(layer, Convolution):
                steps = (steps - 1) * layer.pool_size * layer.strides + 1
                if layer.padding == "valid":
                    steps += layer.reach
        return steps

    def on(self, steps: int | None) -> "Network":
        """The network on windows of so many steps; None: on sequences of any length."""
        return replace(self, steps=steps)

    def over(self, longest: int) -> "Network":
        """The network on its windows; of sequences, on those that are at most so long."""
        return self if self.steps is not None else self.on(longest)


def changes(one: Network, other: Network) -> list[str]:
    """What tells one network from another, by the names of the fields that differ."""
    found = _differing(one, other)
    if "layers" in found:
        found.remove("layers")
        kinds = [[type(layer) for layer in network.layers] for network in (one, other)]
        if kinds[0] != kinds[1]:
            return [*found, "its layers"]
        for layer, before in zip(one.layers, other.layers, strict=True):
            found += _differing(layer, before)
    return list(dict.fromkeys(found))


def _differing(one, other):
    names = [field.name for field in fields(one)]
    return [name for name in names if getattr(one, name) != getattr(other, name)]


def check_outputs(network: Network, weights: list, n_targets: int) -> None:
    """The last weights are the biases of as many outputs as the network says.

    Those of a decoder are the same for every target: that is one of each of ``n_targets``.
    """
    if network.decoder and network.targets != n_targets:
        raise ValueError(
            f"the network has {network.targets} targets, and it has learned weights of "
            f"{n_targets}: fit it anew"
        )
    n = network.per_target if network.decoder else network.outputs
    found = [np.shape(weight) for weight in weights[-1:]]
    if found != [(n,)]:
        raise ValueError(
            f"weights must end with the biases of {n} outputs, got the shape {found}: pass the "
            "weights that were learned with it, or fit it anew"
        )


def first_biases(cell: str, units: int) -> np.ndarray:
    """The biases of a linear recurrence before training, in the order of its gates.

    Units forget at rates from one half to one hundredth a step, evenly in their logarithm: nothing
    else would teach them what lies further back (C. Tallec and Y. Ollivier, "Can recurrent neural
    networks warp time?", ICLR 2018, arXiv:1804.11188).
    """
    memories = np.geomspace(1, LONGEST_MEMORY, units)
    candidate = np.zeros(units)
    if cell == "mingru":
        return np.concatenate([-np.log(memories), candidate])
    forget = np.zeros(units)
    return np.concatenate([-np.log(2 * memories - 1), forget, candidate])
