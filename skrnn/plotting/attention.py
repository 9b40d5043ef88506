"""AttentionDisplay: which words of a text a network looks at."""

from collections.abc import Sequence

import numpy as np
from matplotlib import colors
from matplotlib.axes import Axes
from numpy.typing import ArrayLike
from sklearn.base import BaseEstimator
from sklearn.pipeline import Pipeline
from sklearn.utils.validation import check_is_fitted

from skrnn.plotting.axes import BLUE, axes_for
from skrnn.text import TokenSequences

# Letters in a line, and the height of a line in inches.
LINE_LETTERS = 105
LINE_HEIGHT = 0.27


class AttentionDisplay:
    """A text whose words are the darker the more they count for a network.

    Made by ``from_estimator`` from a network with ``pooling="attention"``.

    Parameters
    ----------
    words : sequence of str
        The words of the text, in their order.
    weights : array-like of shape (n_words,)
        How much each counts.
    title : str, default=""
        What stands above the text.

    Attributes
    ----------
    texts_ : list of matplotlib Text
        The words that were drawn.
    ax_ : matplotlib Axes
        The axes.
    figure_ : matplotlib Figure
        The figure.

    Examples
    --------
    >>> from skrnn.plotting import AttentionDisplay
    >>> display = AttentionDisplay(["a", "superb", "film"], [0.1, 0.8, 0.1]).plot()
    >>> [text.get_text() for text in display.texts_]
    ['a', 'superb', 'film']
    """

    def __init__(self, words: Sequence[str], weights: ArrayLike, *, title: str = ""):
        self.words = list(words)
        self.weights = np.asarray(weights, dtype=float)
        self.title = title
        if self.weights.shape != (len(self.words),) or not self.words:
            raise ValueError(
                f"weights must have one number for each of {len(self.words)} words, got shape "
                f"{self.weights.shape}"
            )

    @classmethod
    def from_estimator(
        cls, estimator: Pipeline, text: str, *, ax: Axes | None = None
    ) -> "AttentionDisplay":
        """Draw what a fitted pipeline looks at in a text.

        Parameters
        ----------
        estimator : Pipeline
            ``TokenSequences`` and behind it a network with ``pooling="attention"``, fitted.
        text : str
            The text.
        ax : matplotlib Axes, default=None
            Where to draw. None: a new figure.

        Returns
        -------
        display : AttentionDisplay
            The picture, drawn, with the network's answer above the text.
        """
        words, network = _parts(estimator)
        codes = words.transform([text])
        weights = network.attention_weights(codes)[0]
        return cls(words.words(codes)[0], weights, title=_answer(network, codes)).plot(ax)

    def plot(self, ax: Axes | None = None) -> "AttentionDisplay":
        """Draw the text.

        Parameters
        ----------
        ax : matplotlib Axes, default=None
            Where to draw. None: a new figure.

        Returns
        -------
        display : AttentionDisplay
            The picture itself.
        """
        places, n_lines = _in_lines(self.words)
        ax = axes_for(ax, (8, 0.5 + LINE_HEIGHT * n_lines))
        shade = colors.LinearSegmentedColormap.from_list("attention", ["white", BLUE])
        most = self.weights.max() or 1.0
        self.texts_ = [
            _word(ax, word, place, shade(0.8 * weight / most))
            for word, place, weight in zip(self.words, places, self.weights, strict=True)
        ]
        ax.set(xlim=(0, LINE_LETTERS), ylim=(n_lines - 0.5, -0.5), title=self.title)
        ax.set_axis_off()
        self.ax_ = ax
        self.figure_ = ax.figure
        return self


def _parts(estimator: BaseEstimator):
    """The words and the network of a fitted pipeline."""
    steps = [step for _, step in estimator.steps] if isinstance(estimator, Pipeline) else []
    if len(steps) != 2 or not isinstance(steps[0], TokenSequences):
        raise ValueError(
            "estimator must be a pipeline of TokenSequences and a network, got "
            f"{type(estimator).__name__}: pass words and weights of your own to AttentionDisplay"
        )
    check_is_fitted(steps[0])
    return steps


def _answer(network, codes):
    """What the network tells of the text."""
    if not hasattr(network, "predict_proba"):
        return ", ".join(f"{value:.3g}" for value in np.ravel(network.predict(codes)))
    probabilities = network.predict_proba(codes)[0]
    likeliest = int(probabilities.argmax())
    return f"{network.classes_[likeliest]}: {probabilities[likeliest]:.0%}"


def _in_lines(words):
    """The letter and the line at which each word begins, and how many lines there are."""
    places = []
    letter = 0
    line = 0
    for word in words:
        if letter and letter + len(word) > LINE_LETTERS:
            letter = 0
            line += 1
        places.append((letter, line))
        letter += len(word) + 1
    return places, line + 1


def _word(ax, word, place, colour):
    """A word on its shade, in letters of one width."""
    dark = sum(colour[:3]) < 1.5
    return ax.text(
        *place,
        word,
        family="monospace",
        fontsize=8,
        va="center",
        in_layout=False,
        color="white" if dark else "black",
        bbox={"facecolor": colour, "edgecolor": "none", "pad": 1.5},
    )
