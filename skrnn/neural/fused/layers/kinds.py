"""Kinds: the registry of layers. Each is planned from its plain data, and has two kernels."""

from collections.abc import Callable
from dataclasses import dataclass

from skrnn.neural.fused.compiling import Kernel


def _nothing(plan, layer, block):
    """No place of its own for gradients."""


def _as_inputs(plan, layer):
    return plan.reserve(layer["steps"], layer["inputs"])


@dataclass(frozen=True)
class Kind:
    """A kind of layer in the table: its kernels, and what its gradients need."""

    forward: Kernel
    backward: Kernel
    # Reserves memory for its own gradients.
    plan_gradient: Callable = _nothing
    # Where the gradient of its inputs lies.
    plan_gradient_of_inputs: Callable = _as_inputs


# How a layer of a network is planned, by the class of its plain data: a function of the plan, the
# ``Stretch`` that it reads, and the data, which gives the ``Stretch`` that the layer gives.
PLANNERS = {}
# The kinds of layers in the table, by their number.
KINDS = {}


def register(spec: type, planner: Callable, kinds: dict[int, Kind]) -> None:
    """Make a layer known."""
    PLANNERS[spec] = planner
    for number, kind in kinds.items():
        add_kind(number, kind)


def add_kind(number: int, kind: Kind) -> None:
    """Make a kind known by its number, which no other may have."""
    if number in KINDS:
        raise ValueError(f"a kind of layer must have a number of its own, got {number}")
    KINDS[number] = kind
