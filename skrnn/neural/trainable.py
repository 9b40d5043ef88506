"""Trainable: the parameters of a training, and the training that they are."""

import numbers
from abc import abstractmethod
from dataclasses import KW_ONLY, fields
from typing import Any

from sklearn.utils import check_random_state

from skrnn.neural.engines import ENGINES
from skrnn.neural.parameters import parameters
from skrnn.neural.training import Loss, Trained, Training, check_schedule, rates_of
from skrnn.validation import check_count, check_flag, check_option, check_positive, check_share
from skrnn.warn import warn

# What global_clipnorm="auto" is where gradients explode.
GLOBAL_CLIPNORM = 1.0


@parameters
class Trainable:
    """How a network is trained, as parameters of an estimator; ``_loss()`` says what for."""

    _: KW_ONLY
    optimizer: Any = "adam"
    learning_rate: float | None = None
    learning_rate_schedule: str = "cosine"
    learning_rate_decay: float | None = None
    clipnorm: float | None = None
    global_clipnorm: float | str | None = "auto"
    weight_decay: float | None = None
    batch_size: int = 64
    epochs: int = 30
    engine: str = "auto"
    early_stopping: bool = False
    validation_fraction: float | None = None
    patience: int = 10
    checkpoint: str | None = None
    warm_start: bool = False
    verbose: int = 0
    random_state: Any = None
    dtype: str = "float32"

    callbacks = None
    # Whether gradients pass through so many products that they may explode.
    explodes = False
    # Whether few samples teach it more in more and smaller steps.
    learns_slowly = False

    @abstractmethod
    def _loss(self) -> Loss: ...

    def _training(self, *, stays=False, **changes):
        for one in fields(self):
            if one.type is bool:
                check_flag(one.name, getattr(self, one.name))
        check_option("engine", self.engine, ENGINES)
        self._check_batch_size()
        check_schedule(self.learning_rate_schedule, self.learning_rate_decay)
        for name in ("learning_rate", "clipnorm", "weight_decay"):
            if getattr(self, name) is not None:
                check_positive(name, getattr(self, name))
        if not isinstance(self.callbacks, list | tuple | None):
            raise ValueError(f"callbacks must be a list of Keras callbacks, got {self.callbacks!r}")
        patience = check_count("patience", self.patience, minimum=0)
        rate, decay = rates_of(
            self.learning_rate,
            self.learning_rate_schedule,
            1.0 if stays else self.learning_rate_decay,
            optimizer=self.optimizer,
            # Keras's own optimizers and callbacks may have schedules of their own.
            stays=bool(self.callbacks) or not isinstance(self.optimizer, str),
        )
        values = {
            "loss": self._loss(),
            "optimizer": self.optimizer,
            "learning_rate": rate,
            "learning_rate_schedule": self.learning_rate_schedule,
            "learning_rate_decay": decay,
            "clipnorm": self.clipnorm,
            "global_clipnorm": self._global_clipnorm(),
            "weight_decay": self.weight_decay,
            "epochs": self._epochs(),
            "patience": patience if self.early_stopping else None,
            "callbacks": tuple(self.callbacks or ()),
            "verbose": self.verbose,
            "seed": int(check_random_state(self.random_state).randint(1, 2**31 - 1)),
        }
        return Training(**{**values, **changes})

    def _check_batch_size(self):
        check_count("batch_size", self.batch_size)

    def _epochs(self):
        return check_count("epochs", self.epochs)

    def _global_clipnorm(self):
        if self.global_clipnorm is None:
            return None
        if self.global_clipnorm == "auto":
            # Keras's own optimizers may clip as they like.
            clipped = self.clipnorm is not None or not isinstance(self.optimizer, str)
            return GLOBAL_CLIPNORM if self.explodes and not clipped else None
        if isinstance(self.global_clipnorm, str):
            raise ValueError(
                f'global_clipnorm must be "auto", a number or None, got {self.global_clipnorm!r}'
            )
        check_positive("global_clipnorm", self.global_clipnorm)
        if self.clipnorm is not None:
            raise ValueError(
                f"clipnorm={self.clipnorm} shortens the gradient of each weight, and "
                f"global_clipnorm={self.global_clipnorm} that of all: set one of them to None"
            )
        return self.global_clipnorm

    def _checkpoint(self):
        """The folder of checkpoints, if any."""
        self._check_seed()
        if self.checkpoint is None:
            return None
        named = [self.optimizer, self._loss().kind]
        if self.callbacks or not all(isinstance(name, str) for name in named):
            raise ValueError(
                "checkpoint cannot tell one training with Keras's own objects from another: name "
                "loss and optimizer, and leave out callbacks"
            )
        return self.checkpoint

    def _check_seed(self):
        """With a checkpoint, a training draws the same whenever it begins."""
        if self.checkpoint is not None and not isinstance(self.random_state, numbers.Integral):
            raise ValueError(
                f"checkpoint={str(self.checkpoint)!r} needs a whole number as random_state, got "
                f"{self.random_state!r}: a training that draws another seed each time has nothing "
                "to go on from"
            )

    def _fraction(self):
        """The share of the windows to validate on; 0 for none."""
        if self.validation_fraction is None:
            return 0.1 if self.early_stopping else 0.0
        return check_share("validation_fraction", self.validation_fraction, positive=True)


def warn_of_end(trained: Trained, training: Training) -> None:
    """Say why training ended before its last epoch."""
    epochs = len(trained.history.get("loss", []))
    if trained.ended == "interrupted":
        warn(
            f"training was interrupted after {epochs} of {training.epochs} epochs: "
            "the model is fitted with what it has learned so far"
        )
    if trained.ended == "diverged":
        warn(
            f"training became infinite, or far worse than it began, after {epochs} of "
            f"{training.epochs} epochs, and went back to its best weights: lower learning_rate, "
            "set clipnorm=1.0, or scale the data"
        )
