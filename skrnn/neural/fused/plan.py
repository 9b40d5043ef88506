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

    How it is drawn at first, and how Keras shapes it. A moving statistic is not learned: where its
    gradient would be stands what it moves towards. Of a table each step of training changes the
    rows that its batch reads.
    """

    initial: Callable
    shape: tuple[int, ...]
    moving: bool = False
    table: bool = False


def _first_and_second(numbers):
    """Of which places each number is the first, in the order of the numbers, and the others."""
    place_of = np.full(numbers.max(initial=-1) + 1, -1, numbers.dtype)
    # Of several the last that is written stays.
    place_of[numbers[::-1]] = np.arange(len(numbers), dtype=numbers.dtype)[::-1]
    first = place_of[place_of >= 0]
    others = np.ones(len(numbers), bool)
    others[first] = False
    return first, np.flatnonzero(others).astype(numbers.dtype)


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
        self._numbers = []  # of each variable, as Keras lays it out, the packed ones
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
        # Where each of Keras's weights is, one behind the other, and its shape.
        self._bounds = np.cumsum([0, *(math.prod(one.shape) for one in ordered)])
        self._stretches = [
            (self._bounds[place], self._bounds[place + 1], ordered[place].shape)
            for place in np.argsort(self._order).tolist()
        ]
        learned = [one for one in self.variables if not one.moving]
        self.n_learned = sum(math.prod(one.shape) for one in learned)
        # How many numbers are learned from every batch: all but a table.
        self.n_dense = sum(math.prod(one.shape) for one in learned if not one.table)
        dense, moving = self._packed_of(moving=False), self._packed_of(moving=True)
        del self._numbers
        first, second = _first_and_second(dense)
        self._arranged = np.concatenate([first, second])
        self.runs = _runs(dense[first])
        self.blocks = _blocks(self.runs)
        self.others = np.concatenate([dense[second], moving]).astype(np.int64)

    def _packed_of(self, *, moving):
        """The packed numbers of what moves, or is learned from every batch, in order."""
        kept = ((i, self.variables[i]) for i in self._order)
        some = [i for i, one in kept if one.moving == moving and not one.table]
        return np.concatenate([np.zeros(0, np.int32), *(self._numbers[i].ravel() for i in some)])

    def variable_of(self) -> np.ndarray:
        """Of which variable each number is that is learned from every batch."""
        return np.searchsorted(self._bounds, self._arranged, side="right") - 1

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
            chosen=layer.get("chosen", 0),
            vectors=layer.get("vectors", 0),
        )

    def vector(self, weights: list, dtype) -> np.ndarray:
        """Weights in Keras's layout as one vector. Those of another network are refused."""
        check_weights(self.variables, weights)
        return self._put_in_order([weights[i] for i in self._order], dtype)

    def weights(self, vector: np.ndarray, table: np.ndarray | None = None) -> list:
        """A vector as weights in Keras's layout; one of what is learned as those of that alone.

        A table's numbers may lie elsewhere: then the vector is of all others that are learned.
        """
        dense = np.empty_like(vector[: self.n_dense])
        dense[self._arranged] = vector[: self.n_dense]
        found = []
        for start, stop, shape in self._stretches:
            if stop <= self.n_dense:
                found.append(dense[start:stop].reshape(shape).copy())
            elif stop <= self.n_learned and table is not None:
                found.append(table.reshape(shape).copy())
            elif stop <= len(vector):
                found.append(vector[start:stop].reshape(shape).copy())
        return found

    def remembered(self, arrays: list) -> np.ndarray:
        """An array for each weight that is learned, in Keras's order, as one vector."""
        learned = [i for i, variable in enumerate(self.variables) if not variable.moving]
        of_variable = dict(zip(learned, arrays, strict=True))
        return self._put_in_order([of_variable[i] for i in self._order if i in of_variable])

    def _put_in_order(self, arrays, dtype=None):
        """One vector in the order of the packed numbers, of arrays in Keras's layout."""
        vector = np.concatenate([np.ravel(array) for array in arrays], dtype=dtype)
        vector[: self.n_dense] = vector[self._arranged]
        return vector

    def initial_weights(self, random: np.random.Generator) -> list:
        """New weights in Keras's layout."""
        return [
            variable.initial(random, variable.shape).astype(self.network.dtype)
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
        start = self._pack(*shape)
        whole = np.int32 if self.packed < 2**31 else np.int64
        return start, np.arange(start, self.packed, dtype=whole).reshape(shape)

    def _pack(self, *shape):
        start = self.packed
        self.packed += math.prod(shape)
        check_packed(self.packed, self.n_weights)
        return start

    def variable(self, initial: Callable, numbers: np.ndarray, *, moving: bool = False) -> None:
        """One of Keras's weights: how it is drawn, and which packed numbers it is."""
        self.variables.append(Variable(initial, numbers.shape, moving))
        self._numbers.append(numbers)

    def embed(self, layer: dict, initial: Callable) -> None:
        """The layer whose weights are a table, packed behind all others."""
        self._embedding = layer
        self.variables.append(Variable(initial, (layer["codes"], layer["units"]), table=True))
        self._numbers.append(None)

    def _pack_table(self):
        if self._embedding is None:
            return
        self._embedding["weights"] = self._pack(self._embedding["codes"], self._embedding["units"])

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
