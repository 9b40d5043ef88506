"""Ladder: the models that are compared, from the naive forecast to recurrent networks."""

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from importlib.util import find_spec

import numpy as np
from sklearn.base import BaseEstimator
from sklearn.pipeline import make_pipeline

from skrnn.baselines import LinearWindow, NaiveForecaster
from skrnn.baselines.smoothing import SmoothingRegressor
from skrnn.baselines.statistical import StatisticalRegressor
from skrnn.comparison.effort import (
    CONV_HEAD,
    FITS_OF_RACE,
    KERNEL,
    Allowance,
    batch_size,
    units_of,
)
from skrnn.comparison.ensemble import ENSEMBLE, Ensemble
from skrnn.comparison.forms import Columns
from skrnn.comparison.picking import PickColumns
from skrnn.comparison.preparation import thinned
from skrnn.comparison.recipes import MOST_SMOOTHED, NETWORKS, STATISTICAL, VALUES, Recipe
from skrnn.comparison.trial import is_positive
from skrnn.neural import ConvRegressor, DenseRegressor, RNNRegressor
from skrnn.preprocessing import SeriesScaler
from skrnn.reading import DataProblem
from skrnn.windows import LastSteps, Windows
from skrnn.wording import RUNGS

# Values of windows that a linear model learns from at most where these are relative to themselves:
# they are gathered then, which takes seconds.
MOST_GATHERED = 10_000_000
# From this share of a training on all of its networks are trained.
SHARE_OF_ALL = 1 / 2
# The learning rate that falls along a cosine, by the network's size.
LEARNING_RATE = {"small": 0.003, "large": 0.0015}


def check_rungs(names: Iterable[str], argument: str) -> None:
    """All names are rungs of the ladder; ``argument`` is what brought them."""
    for name in names:
        if name not in RUNGS:
            raise DataProblem(f"{argument}= has no {name!r}: choose among {', '.join(RUNGS)}")
        if name in STATISTICAL and find_spec("statsforecast") is None:
            raise DataProblem(
                f"{argument}= has {name!r}, which is statsforecast's: pip install "
                '"skrnn[statsforecast]"'
            )


@dataclass(frozen=True)
class Ladder:
    """What the rungs are made from.

    Attributes
    ----------
    columns : Columns
        The windows' columns, the target first.
    season : int
        Rows of a season.
    seed : int
        The random state of the networks.
    allowance : Allowance
        What the training of networks may cost.
    several : bool, default=False
        Whether there are several series.
    recipes : dict of str to Recipe, default={}
        How each rung is set.
    members : tuple of str, default=()
        The rungs whose median the ensemble is.
    lasting : bool, default=False
        Whether what is fitted is to stay: then networks of more seeds forecast by their median.
    least : tuple of float, one a series, default=None
        What no forecast of each series is below, in the tests. None: nothing is bounded.
    """

    columns: Columns
    season: int
    seed: int
    allowance: Allowance
    several: bool = False
    recipes: dict[str, Recipe] = field(default_factory=dict)
    members: tuple = ()
    lasting: bool = False
    least: tuple | None = None

    @property
    def target(self) -> str:
        """The column that is forecast."""
        return self.columns.target

    def of(self, recipes: dict[str, Recipe]) -> "Ladder":
        """The ladder whose rungs of these names are set so."""
        return replace(self, recipes={**self.recipes, **recipes})

    def fit(self, name: str, X: Windows, y: np.ndarray, share: float = 1.0) -> BaseEstimator:
        """A rung, fitted on windows whose targets are known; networks with a share of training.

        A network that sees each of its windows a few times only takes fewer of them, evenly spaced.
        """
        if name == ENSEMBLE:
            members = [self.fit(member, X, y, share) for member in self.members]
            return Ensemble(self.members, tuple(members))
        # The naive forecast, which all are compared with, needs none.
        recipe = self.recipes.get(name, Recipe(window=1, season=self.season))
        if recipe.form.logs and not is_positive(X, y):
            # What was positive where recipes were chosen need not stay so.
            recipe = replace(recipe, form=replace(recipe.form, logs=False))
        if name not in NETWORKS:
            if name == "linear" and recipe.form != VALUES:
                n_inputs = recipe.n_inputs(X.n_features)
                which = thinned(
                    np.arange(len(X)), int(share * MOST_GATHERED / n_inputs), self.season
                )
                X, y = X[which], y[which]
            return self._plain(name, recipe).fit(X, y)
        updates = max(1, round(share * self.allowance.updates(name, recipe, len(X))))
        # The first rounds of a race tell recipes apart by one network of each.
        members = 1
        if share >= SHARE_OF_ALL:
            fits = FITS_OF_RACE if self.lasting else 1
            members = self.allowance.members(name, recipe, len(X), fits)
        batch = batch_size(len(X))
        which = thinned(np.arange(len(X)), max(2 * batch, updates * batch // 3), self.season)
        epochs = max(1, round(updates * batch / len(which)))
        model = self._network(name, recipe, epochs, batch, members)
        return self._formed(model, recipe).fit(X[which], y[which])

    def _plain(self, name, recipe):
        if name == "naive":
            return NaiveForecaster(target=self.target)
        if name == "seasonal":
            return NaiveForecaster("seasonal", season=recipe.season, target=self.target)
        if name == "smoothing":
            return SmoothingRegressor(recipe.season, target=self.target, max_rows=MOST_SMOOTHED)
        if name in STATISTICAL:
            return StatisticalRegressor(name, season=recipe.season, target=self.target)
        return self._formed(LinearWindow("auto", loss=recipe.loss), recipe)

    def _formed(self, model, recipe):
        """A model on the windows of a recipe, which learns its form."""
        # Errors count as in the target's unit, but those of several series in each one's own.
        model = recipe.form.around(
            make_pipeline(SeriesScaler(), model),
            recipe.season,
            self.columns.of(recipe.columns),
            weight=0.0 if self.several else 1.0,
        )
        picked = [] if recipe.columns is None else [PickColumns(recipe.columns)]
        return make_pipeline(*picked, LastSteps(recipe.steps), model)

    def _network(self, name, recipe, epochs, batch, members):
        training = {
            "loss": recipe.loss,
            "learning_rate": LEARNING_RATE[recipe.size],
            "batch_size": batch,
            "epochs": epochs,
            "n_estimators": members,
            "random_state": self.seed,
        }
        units = units_of(name, recipe.size)
        if name == "dense":
            return DenseRegressor(units, **training)
        if name == "conv":
            return ConvRegressor(units, KERNEL, dense_units=CONV_HEAD, **training)
        return RNNRegressor(name, units, segment=recipe.segment, **training)
