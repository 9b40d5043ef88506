"""Effort: what a comparison may cost, and what of it each training gets, before any is made."""

import math
from dataclasses import dataclass, replace
from itertools import pairwise

from skrnn.comparison.recipes import NETWORKS, RECURRENT, SCANNED, Recipe
from skrnn.reading import DataProblem
from skrnn.wording import listing

# Units of a network's layers, by its size.
UNITS = {
    "dense": {"small": (64, 32), "large": (512, 512)},
    "conv": {"small": (32, 32), "large": (64, 64)},
    "recurrent": {"small": (32,), "large": (128,)},
}
GATES = {"simple": 1, "gru": 3, "lstm": 4, "mingru": 2}
KERNEL = 3
# Behind the convolutions stands one dense layer.
CONV_HEAD = 32
# Calculations in a second, and the seconds of an update, of each weight that it moves, of each of
# its steps, and of each value of a state beside these: of two cores, about.
SPEED = {"dense": 2.2e11, "conv": 1.8e11, "recurrent": 2.4e11}
SECONDS_OF_UPDATE = 2e-5
SECONDS_OF_WEIGHT = 2e-9
SECONDS_OF_STEP = 1e-6
SECONDS_OF_VALUE = 1e-9
# Forward, and twice as much backward; two for a multiplication and its addition.
CALCULATIONS = 3 * 2
# Training passes over its windows so often at most, but for what a race finds.
MOST_EPOCHS = 100
# A large network learns nothing more from fewer windows.
FEWEST_OF_LARGE = 1_000
# A training of fewer updates teaches a network nothing.
FEWEST_UPDATES = 200
# Networks may take such a share of a budget: the others, files and pages take the rest.
SHARE_OF_BUDGET = 0.8
# The race costs about as much as so many fits of each network, its first stage as so many of them.
FITS_OF_RACE = 7
FITS_OF_FIRST = 2.5


@dataclass(frozen=True)
class Effort:
    """What a comparison may cost.

    Attributes
    ----------
    seconds : float
        What all networks may take together, on two cores.
    contenders : int
        The recipes of a network that enter each stage of its race.
    updates : int
        Training steps of a network at most.
    members : int
        Networks whose median forecasts, at most: as many as the seconds suffice for.
    stages : tuple of str
        What of a network's recipe is tried.
    """

    seconds: float
    contenders: int
    updates: int
    members: int
    stages: tuple


EFFORTS = {
    "quick": Effort(40, 4, 1_000, 1, ("forms", "windows")),
    "default": Effort(240, 6, 2_500, 4, ("forms", "windows", "columns", "sizes", "lengths")),
    "best": Effort(1_000, 12, 6_000, 8, ("forms", "windows", "columns", "sizes", "lengths")),
}


def effort_of(name: str | None, minutes: float | None) -> Effort:
    """The effort of a name, cut to a budget of minutes; of a budget alone, what it suffices for."""
    if name is not None and name not in EFFORTS:
        raise DataProblem(f"effort= must be one of {listing(EFFORTS, 'or')}, got {name!r}")
    if minutes is None:
        return EFFORTS[name or "default"]
    seconds = SHARE_OF_BUDGET * 60 * minutes
    if name is not None:
        return replace(EFFORTS[name], seconds=seconds)
    return _affordable_effort(seconds)


def _affordable_effort(seconds):
    """The effort that costs so much: between two that have a name, in proportion."""
    efforts = list(EFFORTS.values())
    less = next((one for one in reversed(efforts) if one.seconds <= seconds), efforts[0])
    more = next((one for one in efforts if one.seconds > seconds), efforts[-1])
    share = 0.0
    if less.seconds < more.seconds:
        share = max(0.0, math.log(seconds / less.seconds) / math.log(more.seconds / less.seconds))

    def between(low, high):
        return round(low * (high / low) ** share)

    return Effort(
        seconds=seconds,
        contenders=between(less.contenders, more.contenders),
        updates=between(less.updates, more.updates),
        members=between(less.members, more.members),
        stages=(less if share < 0.5 else more).stages,
    )


@dataclass(frozen=True)
class Allowance:
    """What each network's training may cost: fixed by effort and data, not by a clock.

    Attributes
    ----------
    seconds : float
        About what one training may take.
    effort : Effort
        What it is a part of.
    horizon, n_columns : int
        What the networks forecast, and the columns that they read.
    n_networks, n_folds : int
        The networks that share the seconds, and the folds that each is tested in.
    """

    seconds: float
    effort: Effort
    horizon: int = 1
    n_columns: int = 1
    n_networks: int = 1
    n_folds: int = 1

    @classmethod
    def of(cls, effort: Effort, models: tuple, n_folds: int, **shape) -> "Allowance":
        """Equal parts for all networks: as many as folds and the race take, and the last fit."""
        n_networks = max(1, sum(name in NETWORKS for name in models))
        n_fits = n_networks * (n_folds + FITS_OF_RACE)
        shape |= {"n_networks": n_networks, "n_folds": n_folds}
        return cls(effort.seconds / n_fits, effort, **shape)

    def time_of(self, n_leading: int) -> float:
        """How many times as long networks may be trained that lead behind the first stage.

        Where the race of the others is over, and what it would have cost is theirs.
        """
        left = self.n_folds + FITS_OF_RACE - FITS_OF_FIRST
        others = (self.n_networks - n_leading) * self.n_folds
        return (self.n_networks * left - others) / (n_leading * left)

    def affords(self, name: str, recipe: Recipe, n_windows: int) -> bool:
        """Whether a network of a recipe can be trained for long enough to be worth it."""
        if recipe.size == "large" and n_windows < FEWEST_OF_LARGE:
            return False
        enough = min(FEWEST_UPDATES, self._wanted(recipe, n_windows))
        return self._affordable(name, recipe, n_windows) >= recipe.length * enough

    def updates(self, name: str, recipe: Recipe, n_windows: int) -> int:
        """Training steps of a network of a recipe."""
        most = self._affordable(name, recipe, n_windows)
        wanted = min(most, self._wanted(recipe, n_windows))
        return max(1, min(most, round(recipe.length * wanted)))

    def members(self, name: str, recipe: Recipe, n_windows: int, fits: int = 1) -> int:
        """Networks of a recipe whose median forecasts, each of them trained as one alone is.

        They may take as much as so many fits.
        """
        most = fits * self._affordable(name, recipe, n_windows)
        return max(1, min(self.effort.members, most // self.updates(name, recipe, n_windows)))

    def _wanted(self, recipe, n_windows):
        """As many as are worth it, but that windows are not seen all too often."""
        batches = -(-n_windows // batch_size(n_windows))
        return min(round(recipe.time * self.effort.updates), MOST_EPOCHS * batches)

    def _affordable(self, name, recipe, n_windows):
        seconds = self.seconds_of_update(name, recipe, batch_size(n_windows))
        return max(1, int(recipe.time * self.seconds / seconds))

    def seconds_of_update(self, name: str, recipe: Recipe, batch: int) -> float:
        """About what one training step takes."""
        n_inputs = recipe.n_inputs(self.n_columns)
        shape = (units_of(name, recipe.size), recipe, n_inputs, self.horizon)
        if name in RECURRENT:
            return SECONDS_OF_UPDATE + _recurrent(name, *shape, batch)
        return SECONDS_OF_UPDATE + (_dense if name == "dense" else _convolutional)(*shape, batch)


def _dense(units, recipe, n_inputs, horizon, batch):
    sizes = (n_inputs, *units, horizon)
    weights = sum(before * behind for before, behind in pairwise(sizes))
    return weights * (SECONDS_OF_WEIGHT + CALCULATIONS * batch / SPEED["dense"])


def _convolutional(filters, recipe, n_inputs, horizon, batch):
    layers = pairwise((n_inputs // recipe.window, *filters))
    of_step = sum(KERNEL * before * behind for before, behind in layers)
    head = recipe.window * filters[-1] * CONV_HEAD + CONV_HEAD * horizon
    calculations = CALCULATIONS * batch * (recipe.window * of_step + head)
    return (of_step + head) * SECONDS_OF_WEIGHT + calculations / SPEED["conv"]


def _recurrent(name, layers, recipe, n_inputs, horizon, batch):
    n_steps = recipe.window // recipe.segment
    (units,) = layers
    state = 0 if name in SCANNED else units
    of_step = GATES[name] * units * (n_inputs / n_steps + state)
    calculations = CALCULATIONS * batch * (n_steps * of_step + units * horizon)
    values = n_steps * batch * units
    return (
        n_steps * SECONDS_OF_STEP
        + values * SECONDS_OF_VALUE
        + (of_step + units * horizon) * SECONDS_OF_WEIGHT
        + calculations / SPEED["recurrent"]
    )


def units_of(name: str, size: str) -> tuple[int, ...]:
    """The units of a network's layers."""
    return UNITS["recurrent" if name in RECURRENT else name][size]


def batch_size(n_windows: int) -> int:
    """Windows of a training step."""
    if n_windows < 2_000:
        return 32
    if n_windows < 8_000:
        return 64
    return 128 if n_windows < 30_000 else 256
