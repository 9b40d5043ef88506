"""All layers of a network for one chunk of samples, forward and backward, as its plan has them."""

from skrnn.neural.fused.compiling import caller, part_of, ready
from skrnn.neural.fused.kernels import fill, mixed
from skrnn.neural.fused.layers import (
    attention,
    codes,
    convolution,
    dense,
    embedding,
    linear_recurrent,
    plain,
    recurrent,
)
from skrnn.neural.fused.layers.kinds import KINDS, PLANNERS
from skrnn.neural.fused.memory import BACKWARD, FORWARD, NOTHING_MISSING, ONES

__all__ = [
    "KINDS",
    "PLANNERS",
    "attention",
    "backward",
    "codes",
    "convolution",
    "dense",
    "embedding",
    "forward",
    "linear_recurrent",
    "link",
    "plain",
    "recurrent",
]

_forward_at = caller(FORWARD)
_backward_at = caller(BACKWARD)


def link(layers, dtype) -> None:
    """Write the addresses of their kernels into a table of layers."""
    number = ready(dtype)
    for layer in layers:
        kind = KINDS[int(layer["kind"])]
        layer["forward"] = kind.forward.address(number)
        layer["backward"] = kind.backward.address(number)


@part_of
def forward(layers, packed, memory, training, seed):
    """The outputs of a network, from what was gathered into a chunk's memory."""
    fill(memory[ONES], 1)
    fill(memory[NOTHING_MISSING], 0)
    for at in range(layers.shape[0]):
        _forward_at(layers[at].forward, layers, at, packed, memory, training, mixed(seed, at))


@part_of
def backward(layers, packed, gradient, memory, training):
    """Add to the gradient of all weights, from that of the outputs in a chunk's memory."""
    for at in range(layers.shape[0] - 1, -1, -1):
        _backward_at(layers[at].backward, layers, at, packed, gradient, memory, training)
        if layers[at].first and not layers[at].turned:
            return
