"""Plan: a network as a table of layers, and where each of them finds its weights and its numbers.

The weights of all layers are packed into one vector, as the kernels want them; the plan tells for
every number of Keras's layout which number of the packed vector it is. Layers are planned by their
own files (``layers``), which reserve memory and pack weights here.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from skrnn.neural.fused.checks import check_packed, check_weights
from skrnn.neural.fused.layers import KINDS, PLANNERS
from skrnn.neural.fused.layers.embedding import EMBEDDED_MEAN, NO_TABLE, Table, joined
from skrnn.neural.fused.layers.states import n_states
from skrnn.neural.fused.memory import ALL, Stretch, table_of
from skrnn.neural.network import Dense, Network, Ordered

# So many weights are moved at a time: a core keeps their gradients close.
BLOCK = 4096


@dataclass
class Variable:
    """One of a network's weights.

    How it is drawn at first, and for each of its numbers, as Keras lays them out, the packed one. A
    moving statistic is not learned: where its gradient would be stands what it moves towards. Of a
    table each step of training changes the rows that its batch reads.
    """

    initial: Callable
    numbers: np.ndarray
    moving: bool = False
    table: bool = False


def _first_and_second(numbers):
    """Of which places each number is the first, in the order of the numbers, and the others."""
    place_of = np.full(numbers.max(initial=-1) + 1, -1)
    # Of several the last that is written stays.
    place_of[numbers[::-1]] = np.arange(len(numbers))[::-1]
    first = place_of[place_of >= 0]
    others = np.ones(len(numbers), bool)
    others[first] = False
    return first, np.flatnonzero(others)


def _runs(numbers):
    """Where neighbours are neighbours: where a run begins, which number this is, and its length.

    None is longer than a block.
    """
    breaks = np.diff(numbers, prepend=-2) != 1
    breaks[::BLOCK] = True
    begins = np.flatnonzero(breaks)
    lengths = np.diff(begins, append=len(numbers))
    return np.stack([begins, numbers[begins], lengths], axis=1)


def _blocks(runs):
    """Where blocks of runs begin, and the last ends."""
    begins = np.flatnonzero(runs[:, 0] % BLOCK == 0)
    return np.append(begins, len(runs))


class Plan:
    """Where everything is, for one network.

    With ``every_step`` its outputs are those of all steps; with ``to_windows`` gradients go back
    to the windows, and lie at ``d_windows``. ``n_weights`` is how many numbers its weights are,
    where there are any already: those of a larger network are refused before it takes memory.
    """

    def __init__(
        self,
        network: Network,
        *,
        every_step: bool = False,
        to_windows: bool = False,
        n_weights: int | None = None,
    ):
        self.network = network
        self.n_weights = n_weights
        self.every_step = every_step
        self.to_windows = to_windows
        self.rows = ALL + 1
        self.packed = 0
        self.variables = []
        self.blocks = []
        self.widest = 0  # the units of the widest recurrent layer
        self.waits = False  # whether steps wait for products with the states before them
        self.missing = self.reserve(1)
        self.windows = self.reserve(network.steps, network.features)
        self.known_ahead = self.reserve(network.targets, network.known_ahead)
        self.n_states = sum(n_states(layer) for layer in network.layers)
        self.states = self.reserve(self.n_states)
        self._states_taken = 0
        self._embedding = None
        self.outputs = self._plan_layers()
        self.n_packed_dense = self.packed
        self._pack_table()
        # What is only needed to train comes last.
        self.forward_rows = self.rows
        self.target_steps = network.steps if every_step else 1
        self.target = self.reserve(self.target_steps, network.targets)
        self.factors = self.reserve(self.target_steps, 1)
        self.d_outputs = self.reserve(self.target_steps, network.outputs)
        self.d_windows = self._plan_gradients(self.d_outputs)
        self.layers = table_of([layer for block in self.blocks for layer in block])
        self._arrange()

    def _arrange(self):
        """The vector of all weights: those that are learned first, but for a table their last.

        What is learned from every batch lies in the order of the packed numbers, so that neighbours
        are neighbours there. The second of two weights that are one number comes behind all others.
        """
        self._order = sorted(range(len(self.variables)), key=self._rank)
        ordered = [self.variables[i] for i in self._order]
        sizes = [variable.numbers.size for variable in ordered]
        numbers = np.concatenate([variable.numbers.ravel() for variable in ordered])
        # Where each of Keras's weights is, one behind the other, and its shape.
        bounds = np.cumsum([0, *sizes]).tolist()
        self._stretches = [
            (bounds[place], bounds[place + 1], ordered[place].numbers.shape)
            for place in np.argsort(self._order).tolist()
        ]
        self.n_learned = sum(one.numbers.size for one in self.variables if not one.moving)
        # How many numbers are learned from every batch: all but a table.
        of_tables = sum(one.numbers.size for one in self.variables if one.table)
        self.n_dense = self.n_learned - of_tables
        first, second = _first_and_second(numbers[: self.n_dense])
        self._arranged = np.concatenate([first, second, np.arange(self.n_dense, len(numbers))])
        self._places = np.empty_like(self._arranged)
        self._places[self._arranged] = np.arange(len(numbers))
        self.numbers = numbers[self._arranged]
        self.variable_of = np.repeat(np.arange(len(sizes)), sizes)[self._arranged[: self.n_dense]]
        self.runs = _runs(self.numbers[: len(first)])
        self.blocks = _blocks(self.runs)

    @property
    def normalises(self) -> bool:
        """Whether anything is normalised by the whole batch."""
        return bool(self.layers["normalised"].any())

    @property
    def table(self) -> Table:
        """The rows of numbers that codes choose from."""
        if self._embedding is None:
            return NO_TABLE
        layer = self._embedding
        return Table(
            codes=layer["codes"],
            units=layer["units"],
            packed=layer["weights"],
            steps=layer["steps"],
            x=layer["x"],
            d=layer.get("d", 0),
            mean=layer["kind"] == EMBEDDED_MEAN,
        )

    def vector(self, weights: list, dtype) -> np.ndarray:
        """Weights in Keras's layout as one vector. Those of another network are refused."""
        check_weights(self.variables, weights)
        vector = np.concatenate([np.ravel(weights[i]) for i in self._order])
        return vector[self._arranged].astype(dtype)

    def weights(self, vector: np.ndarray) -> list:
        """A vector as weights in Keras's layout; one of what is learned as those of that alone."""
        numbers = vector[self._places[: len(vector)]]
        return [
            numbers[start:stop].reshape(shape).copy()
            for start, stop, shape in self._stretches
            if stop <= len(vector)
        ]

    def remembered(self, arrays: list) -> np.ndarray:
        """An array for each weight that is learned, in Keras's order, as one vector."""
        learned = [i for i, variable in enumerate(self.variables) if not variable.moving]
        of_variable = dict(zip(learned, arrays, strict=True))
        vector = np.concatenate([np.ravel(of_variable[i]) for i in self._order if i in of_variable])
        return vector[self._arranged[: len(vector)]]

    def initial_weights(self, random: np.random.Generator) -> list:
        """New weights in Keras's layout."""
        return [
            variable.initial(random, variable.numbers.shape).astype(self.network.dtype)
            for variable in self.variables
        ]

    # ------------------------------------------------------------------ what layers ask for

    def reserve(self, *shape) -> int:
        """The offset of memory for so many numbers."""
        start = self.rows
        self.rows += math.prod(shape)
        return start

    def take_states(self, n: int) -> int:
        """The offset of a layer's states before the first step."""
        start = self.states + self._states_taken
        self._states_taken += n
        return start

    def pack(self, *shape) -> tuple[int, np.ndarray]:
        """Where weights begin in the packed vector, and which numbers of it they are."""
        start = self.packed
        self.packed += math.prod(shape)
        check_packed(self.packed, self.n_weights)
        return start, np.arange(start, self.packed).reshape(shape)

    def variable(self, initial: Callable, numbers: np.ndarray, *, moving: bool = False) -> None:
        """One of Keras's weights: how it is drawn, and which packed numbers it is."""
        self.variables.append(Variable(initial, np.ascontiguousarray(numbers), moving))

    def embed(self, layer: dict, initial: Callable) -> None:
        """The layer whose weights are a table, packed behind all others."""
        self._embedding = layer
        self.variables.append(Variable(initial, np.zeros(0), table=True))

    def _pack_table(self):
        if self._embedding is None:
            return
        shape = self._embedding["codes"], self._embedding["units"]
        self._embedding["weights"], numbers = self.pack(*shape)
        variable = next(variable for variable in self.variables if variable.table)
        variable.numbers = numbers

    def _rank(self, i):
        """Which weights come first in the vector of all."""
        return self.variables[i].moving, self.variables[i].table

    def add(self, read: Stretch, kind: int, steps: int, units: int, **values) -> Stretch:
        """A layer that gives so many steps of so many units, and where they are.

        As many of them are missing as of those that it reads, or as ``missing_out`` says.
        """
        layer = {
            "kind": kind,
            "steps": read.steps,
            "inputs": read.numbers,
            "units": units,
            "out_steps": steps,
            "x": read.offset,
            "missing": read.missing,
            "late": read.late,
            "out": self.reserve(steps, units),
            "weights": -1,
            **values,
        }
        self.blocks.append([layer])
        missing = values.get("missing_out", read.missing)
        return Stretch(layer["out"], steps, units, missing, read.late)

    # ------------------------------------------------------------------ all layers

    def _plan_layers(self):
        """Plan the network's layers and the linear one behind them; the offset of the outputs."""
        network = self.network
        head = [Dense(network.per_target if network.decoder else network.outputs, "linear")]
        if network.link == "ordered":
            head.append(Ordered(network.per_target))
        read = Stretch(self.windows, network.steps, network.features, self.missing)
        for spec in (*joined(network.layers), *head):
            read = PLANNERS[type(spec)](self, read, spec)
        return read.offset

    def _plan_gradients(self, d):
        """Plan where gradients lie, from that of the outputs back to the first layer's weights.

        Or to the windows: the offset of the last that is planned.
        """
        first = None
        if not self.to_windows:
            first = next(block for block in self.blocks if block[0]["weights"] >= 0)
        for block in reversed(self.blocks):
            dx = 0
            for layer in block:
                kind = KINDS[layer["kind"]]
                layer["d"] = d
                layer["first"] = block is first
                kind.plan_gradient(self, layer, block)
                if block is not first:
                    dx = dx or kind.plan_gradient_of_inputs(self, layer)
                    layer["dx"] = dx
            d = dx
            if block is first:
                break
        return d
