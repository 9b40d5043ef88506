"""TrainingDisplay: how the loss of a network fell."""

import numpy as np
from matplotlib.axes import Axes
from sklearn.base import BaseEstimator, is_classifier

from skrnn.forecasters.inside import nested
from skrnn.plotting.axes import BLUE, GREY, VERMILION, axes_for, counted_from_one, small_legend

# A loss that falls by more than this factor is drawn on a logarithmic axis.
DECADE = 10


class TrainingDisplay:
    """Training and validation loss by epoch.

    Made by ``from_estimator`` or ``from_history``. The epoch with the lowest validation loss is
    marked: the one whose weights ``early_stopping`` keeps.

    Parameters
    ----------
    history : dict of list
        "loss" of every epoch, and "val_loss" where there was a validation (NaN in epochs without).
    loss_name : str, default="loss"
        What the loss is, and in which unit: the label of its axis.
    best_name : str, default="lowest validation loss"
        What is said of the marked epoch.

    Attributes
    ----------
    best_epoch_ : int or None
        The epoch with the lowest validation loss, counted from 1; None without validation.
    loss_line_, validation_line_ : matplotlib Line2D
        The two losses; ``validation_line_`` is None without validation.
    best_line_ : matplotlib Line2D or None
        The mark at ``best_epoch_``.
    ax_ : matplotlib Axes
        The axes.
    figure_ : matplotlib Figure
        The figure.

    Examples
    --------
    >>> from skrnn.plotting import TrainingDisplay
    >>> history = {"loss": [0.9, 0.4, 0.2], "val_loss": [0.8, 0.5, 0.6]}
    >>> display = TrainingDisplay.from_history(history)
    >>> display.best_epoch_
    2
    """

    def __init__(
        self,
        history: dict[str, list[float]],
        *,
        loss_name: str = "loss",
        best_name: str = "lowest validation loss",
    ):
        self.history = history
        self.loss_name = loss_name
        self.best_name = best_name

    @classmethod
    def from_estimator(
        cls, estimator: BaseEstimator, *, ax: Axes | None = None, **kwargs
    ) -> "TrainingDisplay":
        """Draw the training of a fitted network.

        Parameters
        ----------
        estimator : estimator
            A fitted ``DenseRegressor``, ``ConvRegressor`` or ``RNNRegressor``, or a pipeline, a
            search or a ``TransformedWindowRegressor`` that ends in one.
        ax : matplotlib Axes, default=None
            Where to draw. None: a new figure.
        **kwargs : dict
            Passed to ``Axes.plot`` for both lines.

        Returns
        -------
        display : TrainingDisplay
        """
        network = next((part for part in nested(estimator) if hasattr(part, "history_")), None)
        if network is None:
            raise ValueError(
                f"estimator must be a fitted network or end in one, got {type(estimator).__name__} "
                f"without history_: fit it first, or draw a dict of losses with "
                f"TrainingDisplay.from_history"
            )
        # A fit that goes on may have better epochs behind it, whose weights are gone.
        kept = network.early_stopping and not network.warm_start
        kept = kept and np.isfinite(network.history_.get("val_loss", [np.nan])[-1])
        names = {"loss_name": _loss_of(network)}
        if kept:
            names["best_name"] = "best epoch, its weights are kept"
        return cls(_checked(network.history_), **names).plot(ax, **kwargs)

    @classmethod
    def from_history(
        cls,
        history: dict[str, list[float]],
        *,
        loss_name: str = "loss",
        ax: Axes | None = None,
        **kwargs,
    ) -> "TrainingDisplay":
        """Draw the losses of a dict.

        Parameters
        ----------
        history : dict of list
            "loss" of every epoch, and "val_loss" where there was a validation; Keras's ``History``
            too.
        loss_name : str, default="loss"
            What the loss is, and in which unit: the label of its axis.
        ax : matplotlib Axes, default=None
            Where to draw. None: a new figure.
        **kwargs : dict
            Passed to ``Axes.plot`` for both lines.

        Returns
        -------
        display : TrainingDisplay
        """
        return cls(_checked(getattr(history, "history", history)), loss_name=loss_name).plot(
            ax, **kwargs
        )

    def plot(self, ax: Axes | None = None, **kwargs) -> "TrainingDisplay":
        """Draw.

        Parameters
        ----------
        ax : matplotlib Axes, default=None
            Where to draw. None: a new figure.
        **kwargs : dict
            Passed to ``Axes.plot`` for both lines.

        Returns
        -------
        display : TrainingDisplay
            This display.
        """
        ax = axes_for(ax, (6.4, 3.6))
        losses = _checked(self.history)
        epochs = np.arange(1, len(losses["loss"]) + 1)
        # A line of one epoch is a dot.
        options = {"marker": "o" if len(epochs) < 2 else None, "linewidth": 1.5, **kwargs}
        self.loss_line_ = ax.plot(
            epochs, losses["loss"], **{"color": BLUE, "label": "training", **options}
        )[0]
        self.validation_line_ = None
        self.best_line_ = None
        self.best_epoch_ = None
        if "val_loss" in losses:
            options = {"color": VERMILION, "label": "validation", **options}
            self.validation_line_ = ax.plot(epochs, losses["val_loss"], **options)[0]
            self._mark_best(ax, losses["val_loss"])
        if _spans_decades(losses.values()):
            ax.set_yscale("log")
        counted_from_one(ax)
        ax.set(xlabel="epoch", ylabel=self.loss_name)
        small_legend(ax)
        self.ax_ = ax
        self.figure_ = ax.figure
        return self

    def _mark_best(self, ax, losses):
        if np.isnan(losses).all():
            return
        best = int(np.nanargmin(losses))
        self.best_epoch_ = best + 1
        ax.axvline(best + 1, color=GREY, linewidth=0.8, linestyle=":", zorder=0)
        label = f"{self.best_name}: {losses[best]:.3g} in epoch {best + 1}"
        self.best_line_ = ax.plot(
            [best + 1], [losses[best]], "o", color=VERMILION, markersize=5, label=label
        )[0]


def _checked(history):
    """The losses as arrays."""
    if not isinstance(history, dict) or "loss" not in history or not len(history["loss"]):
        came = list(history) if isinstance(history, dict) else type(history).__name__
        raise ValueError(
            f'history must be a dict with a list "loss" of at least one epoch, got {came}'
        )
    losses = {
        name: np.asarray(history[name], float) for name in ("loss", "val_loss") if name in history
    }
    lengths = {name: len(values) for name, values in losses.items()}
    if len(set(lengths.values())) > 1:
        raise ValueError(
            f"history must have as many values of val_loss as of loss, got {lengths['val_loss']} "
            f"and {lengths['loss']}: put NaN where an epoch had no validation"
        )
    return losses


def _spans_decades(losses):
    values = np.concatenate(list(losses))
    values = values[np.isfinite(values)]
    return len(values) > 0 and values.min() > 0 and values.max() > DECADE * values.min()


def _loss_of(network):
    """The name of the loss that a network learned with, and its unit."""
    if is_classifier(network):
        return "cross-entropy"
    unit = "in the unit of normalize_y" if network.normalize_y else "of y as it is"
    return f"{_name_of(network)} loss, {unit}"


def _name_of(network):
    if network.quantiles is not None:
        return "pinball"
    if isinstance(network.loss, str):
        return network.loss
    names = (getattr(network.loss, attribute, None) for attribute in ("name", "__name__"))
    return next(filter(None, names), type(network.loss).__name__)
