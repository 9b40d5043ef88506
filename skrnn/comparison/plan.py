"""Plan: what is forecast, from what, by which recipes, and in which folds."""

from dataclasses import dataclass, field

from skrnn.comparison.ladder import Ladder
from skrnn.comparison.preparation import Preparation
from skrnn.comparison.race import Race
from skrnn.comparison.recipes import LEARNING


@dataclass(frozen=True)
class Plan:
    """What is forecast, from what, and in which folds.

    Attributes
    ----------
    preparation : Preparation
        How the rows become windows.
    ladder : Ladder
        What the rungs are made from.
    folds : list of tuple (train, test)
        Positions of the windows.
    models : tuple of str
        Names of the ladder's rungs that are compared.
    notes : tuple of str
        Sentences on what was chosen, and why.
    coverages : tuple of float
        The shares of truths that intervals are to hold, going up; () without intervals.
    race : Race
        What was tried for each rung, and what it got.
    """

    preparation: Preparation
    ladder: Ladder
    folds: list
    models: tuple
    notes: tuple = ()
    coverages: tuple = ()
    race: Race = field(default_factory=Race)

    @property
    def horizon(self) -> int:
        """Rows that are forecast."""
        return self.preparation.horizon

    @property
    def season(self) -> int:
        """Rows of a season."""
        return self.preparation.season

    @property
    def window(self) -> int:
        """Rows that a forecast of a rung that learns looks at, at most."""
        recipes = self.ladder.recipes
        learned = [recipes[name].window for name in self.models if name in LEARNING]
        return max(learned, default=self.preparation.season)

    @property
    def known_ahead(self) -> tuple:
        """Columns whose future is known."""
        return self.preparation.known_ahead

    @property
    def seed(self) -> int:
        """The random state of the networks."""
        return self.ladder.seed
