"""Training: how a network is trained, what that leaves, and all that lies between its epochs."""

import contextlib
import math
import numbers
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import Protocol

import numpy as np

from skrnn.validation import DivergenceError, check_option


@dataclass(frozen=True)
class Loss:
    """What training minimises: a name, or a Keras loss, and the quantiles of a "pinball" loss."""

    kind: object
    quantiles: tuple[float, ...] = ()


@dataclass(frozen=True)
class Training:
    """How a network is trained."""

    loss: Loss
    optimizer: object
    learning_rate: float | None
    learning_rate_schedule: str
    learning_rate_decay: float
    clipnorm: float | None
    global_clipnorm: float | None
    weight_decay: float | None
    epochs: int
    patience: int | None
    callbacks: tuple
    verbose: int
    seed: int


@dataclass
class Trained:
    """What training leaves: weights, the optimizer's state, and the losses of every epoch.

    ``generators`` is the state of all that draws at random, so that a training that goes on draws
    what one without a break would have drawn. ``ended`` says why it ended before its last epoch:
    "interrupted", "diverged" or "".
    """

    weights: list
    optimizer_state: list
    history: dict
    optimizer: str = ""
    generators: dict = field(default_factory=dict)
    ended: str = ""


@dataclass
class Progress:
    """How far a training has come, and what it compares its epochs with."""

    history: dict = field(default_factory=dict)
    # Of early stopping: the best epoch's weights and optimizer's state, its loss, and how many
    # epochs that is ago.
    best: tuple | None = None
    lowest: float = np.inf
    waited: int = 0
    # What it goes back to when it fails: the weights and the optimizer's state of the lowest loss.
    good: tuple | None = None
    good_loss: float = np.inf


# Training has failed where its loss is so many times that of the first epoch.
EXPLODED = 1000
# What a schedule leaves of the learning rate, where nothing is said.
SCHEDULES = {"cosine": 0.0, "exponential": 0.01, "constant": 1.0}
# The rates that fall settle from higher ones than an optimizer's own, which are made to stay.
FALLING_RATES = {"adam": 0.01, "rmsprop": 0.01}


def check_schedule(schedule: str, decay: float | None) -> None:
    """A schedule of the learning rate, and what it leaves at the end, that fit together."""
    check_option("learning_rate_schedule", schedule, SCHEDULES)
    if decay is None or (schedule == "cosine" and decay == 0):
        return
    number = isinstance(decay, numbers.Real) and not isinstance(decay, bool)
    least = "at least" if schedule == "cosine" else "above"
    if not number or not 0 < decay <= 1:
        raise ValueError(f"learning_rate_decay must be {least} 0 and at most 1, got {decay!r}")
    if schedule == "constant" and decay != 1:
        raise ValueError(
            f"learning_rate_decay={decay!r} needs a learning_rate_schedule by which it falls, got "
            "'constant': choose 'exponential' or 'cosine'"
        )


def rates_of(
    rate: float | None, schedule: str, decay: float | None, *, optimizer: object, stays: bool
) -> tuple[float | None, float]:
    """The learning rate (None: the optimizer's own) and what is left of it, for those unsaid.

    It ``stays`` where something else may set it, or where no end is in sight.
    """
    if decay is None:
        decay = 1.0 if stays else SCHEDULES[schedule]
    if rate is None and decay < 1 and isinstance(optimizer, str):
        rate = FALLING_RATES.get(optimizer)
    return rate, decay


def optimizer_name(training: Training) -> str:
    """What the optimizer is called: the state of another is of no use to it."""
    if isinstance(training.optimizer, str):
        return training.optimizer
    return type(training.optimizer).__name__.lower()


def check_optimizer_state(state: list, variables: list) -> None:
    """What an optimizer remembers has the shapes of what it remembers it of."""
    found = [np.shape(array) for array in state]
    expected = [tuple(variable.shape) for variable in variables]
    if found != expected:
        raise ValueError(
            f"the optimizer's state must have the shapes {expected} of what is learned, got "
            f"{found}: go on with the training that it is of, or fit anew"
        )


class Trainer(Protocol):
    """A network in training, as an engine holds it."""

    def weights(self) -> list:
        """Its weights, in Keras's order and layout."""

    def optimizer_state(self) -> list:
        """What the optimizer remembers."""


class Keeper(Protocol):
    """What keeps a training, so that it goes on after it was killed."""

    def read(self) -> object | None:
        """The ``progress`` and what was ``trained``, as kept last; None where nothing was."""

    def keep(self, progress: Progress, trained: Trained) -> None:
        """Keep them."""


class Course:
    """The course of a training: progress, history, early stopping, and what happens when it fails.

    An engine asks it for the share of the learning rate before an epoch, and tells it the losses
    behind each.

    Parameters
    ----------
    training : Training
        How the network is trained.
    n_batches : int
        Batches in an epoch.
    start : Trained or None
        What training goes on from.
    checkpoint : Keeper or None
        What keeps the training after each epoch. What it has kept is where training begins:
        ``start`` is that then.
    """

    def __init__(
        self,
        training: Training,
        n_batches: int,
        start: Trained | None,
        checkpoint: Keeper | None = None,
    ):
        self.training = training
        self.n_batches = n_batches
        self.start = start
        self.progress = Progress()
        self.ended = ""
        self._checkpoint = checkpoint
        kept = None if checkpoint is None else checkpoint.read()
        if kept is not None:
            self.progress = kept.progress
            self.start = kept.trained
        elif start is not None:
            self.progress.good = start.weights, start.optimizer_state

    @property
    def history(self) -> dict:
        """The losses of the epochs that are done."""
        return self.progress.history

    def epochs_left(self) -> int:
        """How many epochs are still to be done."""
        if self._has_waited():
            return 0
        return self.training.epochs - self.epoch

    @property
    def epoch(self) -> int:
        """How many epochs are done."""
        return len(self.history.get("loss", []))

    def rate_share(self, done: float = 0.0) -> float:
        """What is left of the learning rate where so much is done of the epoch."""
        training = self.training
        left = training.learning_rate_decay
        epoch = self.epoch + done
        if training.learning_rate_schedule == "cosine":
            return left + (1 - left) * (1 + math.cos(math.pi * epoch / training.epochs)) / 2
        return left ** min(1.0, epoch / max(1, training.epochs - 1))

    def begin(self) -> None:
        """An epoch begins."""
        self._began = time.perf_counter()

    def show(self, n_done: int, loss: float) -> None:
        """Show how many batches of the epoch are done, where a bar is asked for."""
        if self.training.verbose != 1:
            return
        bar = 20 * n_done // self.n_batches
        sys.stdout.write(
            f"\r{self._title} {'━' * bar}{'─' * (20 - bar)} {n_done}/{self.n_batches} "
            f"{self.told({'loss': loss})} "
        )
        sys.stdout.flush()

    def told(self, losses: dict) -> str:
        """Losses in words."""
        return " ".join(f"{name}: {value:.4g}" for name, value in losses.items())

    def end(self, losses: dict, trainer: Trainer) -> bool:
        """An epoch has ended: whether training ends with it."""
        self._show_end(losses)
        weights = trainer.weights()
        if not _all_finite(losses.values()) or not _all_finite(weights) or self._explodes(losses):
            self.ended = "diverged"
            return True
        for name, value in losses.items():
            self.history.setdefault(name, []).append(value)
        loss = losses.get("val_loss", losses["loss"])
        if loss <= self.progress.good_loss:
            self.progress.good = weights, trainer.optimizer_state()
            self.progress.good_loss = loss
        return self._stops_early(weights, trainer)

    def keep(self, trainer: Trainer, generators: dict) -> None:
        """Keep the training as it is before its next epoch, where that is asked for."""
        if self._checkpoint is not None and not self.ended:
            self._checkpoint.keep(self.progress, self._trained(trainer, generators))

    @contextlib.contextmanager
    def interruptible(self) -> Iterator[None]:
        """Ctrl-C ends the training and keeps what was learned; in a search it ends the search."""
        try:
            yield
        except KeyboardInterrupt:
            if _inside_search():
                raise
            self.ended = "interrupted"

    def result(self, trainer: Trainer, generators: dict) -> Trained:
        """What the training leaves."""
        trained = self._trained(trainer, generators)
        if self.ended and not (
            _all_finite(trained.weights) and _all_finite(trained.optimizer_state)
        ):
            self.ended = "diverged"
        if self.ended == "diverged":
            weights, state = self._last_good()
            trained = replace(trained, weights=weights, optimizer_state=state)
        if self.progress.best is not None:
            weights, state = self.progress.best
            trained = replace(trained, weights=weights, optimizer_state=state)
        return replace(trained, ended=self.ended)

    def _trained(self, trainer, generators):
        return Trained(
            weights=trainer.weights(),
            optimizer_state=trainer.optimizer_state(),
            history=self.history,
            optimizer=optimizer_name(self.training),
            generators=generators,
            ended=self.ended,
        )

    @property
    def _title(self):
        return f"Epoch {self.epoch + 1}/{self.training.epochs}"

    def _show_end(self, losses):
        if not self.training.verbose:
            return
        title = self._title
        if self.training.verbose == 1:
            title = f"\r{title} {'━' * 20}"
        words = self.told(losses)
        seconds = time.perf_counter() - self._began
        print(f"{title} {self.n_batches}/{self.n_batches} {seconds:.2f}s {words}", flush=True)

    def _stops_early(self, weights, trainer):
        """Whether the validation loss has not fallen for ``patience`` epochs."""
        if self.training.patience is None:
            return False
        progress = self.progress
        loss = self.history["val_loss"][-1]
        better = loss < progress.lowest
        progress.waited += 1
        if better or progress.best is None:
            progress.best = weights, trainer.optimizer_state()
        if better:
            progress.lowest = loss
            progress.waited = 0
        return self._has_waited()

    def _has_waited(self):
        patience = self.training.patience
        waited = self.progress.waited
        return patience is not None and waited >= max(patience, 1) and self.epoch > 1

    def _explodes(self, losses):
        """Whether the loss is far above that of the first epoch: what was learned is lost."""
        first = self.history.get("loss", [np.inf])[0]
        return losses["loss"] > EXPLODED * first > 0

    def _last_good(self):
        if self.progress.good is None:
            raise DivergenceError(
                "training became infinite in its first epoch, so that nothing was learned: lower "
                f"learning_rate (got {self.training.learning_rate!r}), set clipnorm=1.0, or scale "
                "the data (SeriesScaler)"
            )
        return self.progress.good


def goes_on(training: Trained | None, later: Trained) -> Trained:
    """What a training leaves that went on from another: the losses of both."""
    earlier = {} if training is None else training.history
    return replace(later, history=_continued(earlier, later.history))


def _continued(earlier, later):
    """The losses of both; NaN where one has none, so that all lists count the same epochs."""
    n_before = max(map(len, earlier.values()), default=0)
    n_behind = max(map(len, later.values()), default=0)
    return {
        name: earlier.get(name, [np.nan] * n_before) + later.get(name, [np.nan] * n_behind)
        for name in {**earlier, **later}
    }


def _all_finite(arrays):
    return all(np.isfinite(array).all() for array in arrays)


# The modules that fit many models to compare them, or one as a part of many.
_SEARCHES = ("sklearn.model_selection", "sklearn.utils.parallel", "joblib")
_SEARCHES += ("skrnn.evaluation", "skrnn.comparison")


def _inside_search():
    """Whether this fit is one of many: a half-trained candidate must not count."""
    frame = sys._getframe()
    while frame is not None:
        if frame.f_globals.get("__name__", "").startswith(_SEARCHES):
            return True
        frame = frame.f_back
    return False
