"""LagImportanceDisplay: which steps of which features a forecast rests on."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from matplotlib import colors, ticker
from matplotlib.axes import Axes
from numpy.typing import ArrayLike
from sklearn.base import BaseEstimator
from sklearn.utils import check_random_state

from skrnn.evaluation.measures import error_function, error_name, error_where_known
from skrnn.evaluation.samples import RowSamples, WindowSamples
from skrnn.forecasters.inside import nested, split_at_windows, steps_of
from skrnn.plotting.axes import axes_for
from skrnn.plotting.frames import fitted_samples
from skrnn.plotting.layout import layout_of, output_of
from skrnn.plotting.permutation import permutation_importance
from skrnn.preprocessing import CalendarFeatures
from skrnn.validation import check_count, check_option
from skrnn.windows import LastSteps, SlidingWindow, Windows

KINDS = ("coefficients", "permutation")
# Permutation asks for a forecast for each block and feature: more steps than this are grouped.
MOST_STEPS = 24
GROUPS = 12
MOST_NAMES = 40


class LagImportanceDisplay:
    """What a forecast rests on, as a picture of lags × features.

    Made by ``from_estimator``: the coefficients of a linear model, or by how much the error of any
    model grows when a part of the windows is exchanged between samples (permutation importance).

    Parameters
    ----------
    importances : ndarray of shape (n_blocks, n_features)
        The values, oldest lags first.
    edges : ndarray of shape (n_blocks + 1, n_features)
        Where each block begins, and where the last ends, in rows from t.
    feature_names : sequence of str
        Names of the features.
    kind : {"coefficients", "permutation"}
        What the values are: coefficients are coloured about 0, the others from 0 up.
    value_name : str, default="importance"
        The label of the colours.
    lag_name : str, default="rows"
        The label of the lags.
    deviations : ndarray of shape (n_blocks, n_features), default=None
        Standard deviation of the values over the repeats of the permutation.

    Attributes
    ----------
    meshes_ : list of matplotlib QuadMesh
        The coloured cells of each feature.
    colorbar_ : matplotlib Colorbar
        The colour bar.
    ax_ : matplotlib Axes
        The axes.
    figure_ : matplotlib Figure
        The figure.

    Examples
    --------
    >>> import numpy as np
    >>> from skrnn import LinearWindow, make_windows
    >>> from skrnn.plotting import LagImportanceDisplay
    >>> X, y = make_windows(np.cos(np.arange(200.0)), length=4)
    >>> display = LagImportanceDisplay.from_estimator(LinearWindow().fit(X, y), X)
    >>> display.importances.shape
    (4, 1)
    """

    def __init__(
        self,
        importances: np.ndarray,
        *,
        edges: np.ndarray,
        feature_names: Sequence[str],
        kind: str,
        value_name: str = "importance",
        lag_name: str = "rows",
        deviations: np.ndarray | None = None,
    ):
        self.importances = importances
        self.edges = edges
        self.feature_names = feature_names
        self.kind = kind
        self.value_name = value_name
        self.lag_name = lag_name
        self.deviations = deviations

    @classmethod
    def from_estimator(
        cls,
        estimator: BaseEstimator,
        X: Windows | ArrayLike | None = None,
        y: ArrayLike | None = None,
        *,
        kind: str = "coefficients",
        lead: int | None = None,
        n_blocks: int | None = None,
        metric: str | Callable = "mae",
        n_repeats: int = 5,
        max_samples: int = 1000,
        random_state: int | np.random.RandomState | None = None,
        ax: Axes | None = None,
        **kwargs,
    ) -> "LagImportanceDisplay":
        """Draw what a fitted estimator rests on.

        Parameters
        ----------
        estimator : estimator
            For coefficients a fitted ``LinearWindow``, or what ends in one (a pipeline, a search, a
            ``TransformedWindowRegressor``); for permutation any fitted estimator on windows, or on
            rows with ``SlidingWindow`` in its pipeline.
        X : Windows, array-like of shape (n, steps, n_features), or rows, default=None
            What to forecast from, needed for permutation; not changed. For coefficients it only
            tells how lags are counted, where the estimator has no ``SlidingWindow``.
        y : array-like of shape (n,) or (n, n_leads), default=None
            The targets, needed for permutation; for rows, the series.
        kind : {"coefficients", "permutation"}, default="coefficients"
            What to draw. Permutation exchanges one feature's steps of one block between samples,
            and takes the increase of the error, in the unit of y.
        lead : int, default=None
            The lead whose forecast is looked at, where there are several. None: the first one's
            coefficients; the error over all of them.
        n_blocks : int, default=None
            Into how many blocks the steps are grouped. Coefficients of a block are added up. None:
            each step for itself, but 12 blocks for a permutation of more than 24 steps.
        metric : {"mae", "rmse", "mse"} or callable, default="mae"
            The error of a permutation; a callable takes the truth and the forecasts.
        n_repeats : int, default=5
            How often each part is exchanged; the mean is drawn.
        max_samples : int, default=1000
            The most windows to use for permutation; of more a random choice.
        random_state : int, RandomState or None, default=None
            Makes the choice and the exchanges repeatable.
        ax : matplotlib Axes, default=None
            Where to draw. None: a new figure.
        **kwargs : dict
            Passed to ``Axes.pcolormesh``.

        Returns
        -------
        display : LagImportanceDisplay
        """
        if check_option("kind", kind, KINDS) == "coefficients":
            display = cls._of_coefficients(estimator, X, lead, n_blocks)
        else:
            if X is None or y is None:
                raise ValueError(
                    'kind="permutation" needs X and y, to forecast from and to measure the error'
                )
            permutation = _Permutation(
                metric=metric,
                n_repeats=check_count("n_repeats", n_repeats),
                max_samples=check_count("max_samples", max_samples, minimum=2),
                random_state=random_state,
            )
            display = cls._of_permutation(estimator, X, y, lead, n_blocks, permutation)
        return display.plot(ax, **kwargs)

    @classmethod
    def _of_coefficients(cls, estimator, X, lead, n_blocks):
        linear = (part for part in nested(estimator) if hasattr(part, "step_coefficients"))
        model = next(linear, None)
        if model is None:
            raise ValueError(
                f"coefficients are those of a LinearWindow, and {type(estimator).__name__} does "
                f'not end in a fitted one: use kind="permutation", with X and y'
            )
        coef = model.step_coefficients()
        layout = layout_of(estimator, X, len(coef), coef.shape[2])
        names = getattr(model, "feature_names_in_", layout.names)
        output = 0 if lead is None else layout.output_of(lead)
        blocks = _blocks(coef.shape[1], n_blocks, most=coef.shape[1])
        return cls(
            np.stack([coef[output, block].sum(axis=0) for block in blocks]),
            edges=layout.edges(blocks, output),
            feature_names=[str(name) for name in names],
            kind="coefficients",
            value_name=_coefficient_name(estimator),
            lag_name=layout.describe(output),
        )

    @classmethod
    def _of_permutation(cls, estimator, X, y, lead, n_blocks, how):
        function = error_function("metric", how.metric)
        rng = check_random_state(how.random_state)
        samples = fitted_samples(estimator, X, y)
        every = np.arange(len(samples))
        n_outputs = samples.predict(estimator, every).shape[1]
        ahead = int(samples.leads_of(n_outputs).max())
        layout = layout_of(estimator, X, n_outputs, None)
        output = output_of(layout, lead, n_outputs)
        outputs = slice(None) if output is None else output
        model = estimator
        if isinstance(samples, RowSamples):
            head, model = split_at_windows(estimator)
            samples = WindowSamples(model, head.transform(X), samples.truth(every, n_outputs))
        which = _usable(samples.windows, samples.truth(every, n_outputs), how.max_samples, rng)
        windows, _ = samples.take(which)
        true = samples.truth(which, n_outputs)[:, outputs]
        blocks = _blocks(windows.shape[1], n_blocks, most=MOST_STEPS)

        def error_of(windows):
            predicted = np.reshape(model.predict(windows), (len(windows), -1))[:, outputs]
            return error_where_known(function, true, predicted)

        increases = permutation_importance(
            error_of, windows, blocks, n_repeats=how.n_repeats, rng=rng, ahead=ahead
        )
        return cls(
            increases.mean(axis=2),
            edges=layout.edges(blocks, output),
            feature_names=[str(name) for name in layout.names],
            kind="permutation",
            value_name=_increase_name(how.metric, function, getattr(y, "name", None)),
            lag_name=layout.describe(output),
            deviations=increases.std(axis=2),
        )

    def plot(self, ax: Axes | None = None, **kwargs) -> "LagImportanceDisplay":
        """Draw.

        Parameters
        ----------
        ax : matplotlib Axes, default=None
            Where to draw. None: a new figure.
        **kwargs : dict
            Passed to ``Axes.pcolormesh``.

        Returns
        -------
        display : LagImportanceDisplay
            This display.
        """
        n_features = len(self.feature_names)
        ax = axes_for(ax, (7.5, float(np.clip(1.9 + 0.28 * n_features, 2.2, 9))))
        options = {**self._colours(), **kwargs}
        self.meshes_ = []
        for feature, values in enumerate(self.importances.T):
            heights = [feature - 0.5, feature + 0.5]
            mesh = ax.pcolormesh(self.edges[:, feature], heights, values[None], **options)
            self.meshes_.append(mesh)
        every = -(-n_features // MOST_NAMES)
        ax.set_yticks(np.arange(n_features)[::every], self.feature_names[::every])
        ax.set_ylim(n_features - 0.5, -0.5)
        ax.tick_params(axis="y", length=0)
        # Where a feature has no step, it is not white as a coefficient of 0 is.
        ax.set_facecolor("#E5E5E5")
        ax.xaxis.set_major_locator(
            ticker.MaxNLocator(10, integer=True, steps=[1, 1.2, 2, 2.4, 3, 4, 6, 10])
        )
        ax.xaxis.set_major_formatter(ticker.FuncFormatter(_lag_label))
        ax.set_xlabel(self.lag_name)
        layout = {"aspect": 40}
        if n_features < 8:
            layout = {"orientation": "horizontal", "aspect": 50, "pad": 0.05}
        self.colorbar_ = ax.figure.colorbar(self.meshes_[0], ax=ax, label=self.value_name, **layout)
        self.ax_ = ax
        self.figure_ = ax.figure
        return self

    def _colours(self):
        largest = np.nanmax(np.abs(self.importances)) or 1.0
        if self.kind == "coefficients":
            return {"cmap": "RdBu_r", "norm": colors.Normalize(-largest, largest)}
        # What is below 0 is chance: exchanging a part teaches a model nothing.
        return {
            "cmap": "Blues",
            "norm": colors.Normalize(0, max(np.nanmax(self.importances), 0) or largest),
        }


@dataclass(frozen=True)
class _Permutation:
    """How parts of the windows are exchanged, and how the error is measured."""

    metric: str | Callable
    n_repeats: int
    max_samples: int
    random_state: int | np.random.RandomState | None


def _blocks(length, n_blocks, *, most):
    """The steps in blocks.

    Each for itself where there are at most so many, unless the user says how many blocks.
    """
    if n_blocks is None:
        n_blocks = length if length <= most else GROUPS
    check_count("n_blocks", n_blocks)
    if n_blocks > length:
        raise ValueError(f"n_blocks={n_blocks} is more than the {length} steps of the windows")
    return np.array_split(np.arange(length), n_blocks)


def _usable(windows, true, max_samples, rng):
    """Samples with complete windows and known targets, at most ``max_samples`` of them."""
    which = np.flatnonzero(windows.complete() & ~np.isnan(true).any(axis=1))
    if len(which) < 2:
        raise ValueError(
            f"permutation needs at least 2 complete windows with a known y, got {len(which)} of "
            f"{len(true)}"
        )
    if len(which) <= max_samples:
        return which
    return np.sort(rng.choice(which, max_samples, replace=False))


def _coefficient_name(estimator):
    """What a coefficient multiplies: the window as it is, or as transformers leave it."""
    plain = (SlidingWindow, LastSteps, CalendarFeatures)
    names = [type(step).__name__ for step in steps_of(estimator) if not isinstance(step, plain)]
    return "coefficient" + (f", behind {' and '.join(names)}" if names else "")


def _increase_name(metric, function, target):
    """What a permutation increases, and in which unit."""
    name = f"increase of the {error_name(function)}"
    if target:
        return f"{name} of {target}"
    return name if metric == "mse" else f"{name}, in the unit of y"


def _lag_label(lag, _):
    if lag != round(lag):
        return ""
    return "t" if lag == 0 else f"t{lag:+.0f}"
