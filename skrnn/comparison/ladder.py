"""The ladder.

Every model that is compared, from the naive forecast to the GRU, as a pipeline on windows.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace

from sklearn.base import BaseEstimator
from sklearn.pipeline import make_pipeline

from skrnn.baselines import LinearWindow, NaiveForecaster
from skrnn.baselines.smoothing import SmoothingRegressor
from skrnn.comparison.forms import Form
from skrnn.comparison.seasons import MOST_SMOOTHED
from skrnn.forecasters.relative import TransformedWindowRegressor
from skrnn.neural import ConvRegressor, DenseRegressor, RNNRegressor
from skrnn.preprocessing import Differencer, SeriesScaler, WindowScaler
from skrnn.reading import DataProblem
from skrnn.windows import LastSteps
from skrnn.wording import RUNGS

# The networks, and what each costs beside the others, until it has been seen.
NETWORKS = {"dense": 10, "conv": 15, "simple": 20, "lstm": 30, "gru": 30}
# Windows that a network is trained on at most, and the steps of each that it reads: time grows with
# both.
MOST_WINDOWS = 16_000
MOST_STEPS = 60
# Training steps that a network makes at most, which is enough for these sizes.
MOST_UPDATES = 3_000


# The rungs that learn a form of the rows, and see the calendar.
LEARNING = ("linear", *NETWORKS)


def check_rungs(names: Iterable[str], argument: str) -> None:
    """All names are rungs of the ladder; ``argument`` is what brought them."""
    for name in names:
        if name not in RUNGS:
            raise DataProblem(f"{argument}= has no {name!r}: choose among {', '.join(RUNGS)}")


@dataclass(frozen=True)
class Ladder:
    """What the rungs are made from.

    Attributes
    ----------
    target : str
        The column that is forecast.
    window, season : int
        Steps that a forecast looks at, and rows of a season.
    form : Form
        What linear model and networks learn.
    seed : int
        The random state of the networks.
    ahead : int, default=0
        Rows behind a window at which something is known: networks read as many steps, to see all of
        these.
    smoothed_season : int, default=None
        Rows of the season that exponential smoothing follows; None: ``season``.
    """

    target: str
    window: int
    season: int
    form: Form
    seed: int
    ahead: int = 0
    smoothed_season: int | None = None

    def of(self, form: Form) -> "Ladder":
        """The ladder that learns this form."""
        return replace(self, form=form)

    def smoothed(self, season: int) -> "Ladder":
        """The ladder whose exponential smoothing follows this season."""
        return replace(self, smoothed_season=season)

    def rung(self, name: str, n_train: int) -> BaseEstimator:
        """The model of a name, for so many training windows."""
        if name == "naive":
            return NaiveForecaster(target=self.target)
        if name == "seasonal":
            return NaiveForecaster("seasonal", season=self.season, target=self.target)
        if name == "smoothing":
            season = self.smoothed_season or self.season
            return SmoothingRegressor(season, target=self.target, max_rows=MOST_SMOOTHED)
        if name == "linear":
            return self._formed(LinearWindow(), self.window)
        steps = min(self.window, max(MOST_STEPS, self.ahead))
        return self._formed(self._network(name, n_train), steps)

    def _formed(self, model, steps):
        """A model on so many steps, which learns the form."""
        model = make_pipeline(SeriesScaler(), model)
        if self.form.scaled:
            model = TransformedWindowRegressor(model, WindowScaler(), target=self.target)
        if not self.form.changes:
            return make_pipeline(LastSteps(steps), model)
        # The oldest season's steps have nothing to be changes from.
        changes = TransformedWindowRegressor(model, Differencer(self.season), target=self.target)
        return make_pipeline(LastSteps(steps + self.season), changes)

    def _network(self, name, n_train):
        n = min(n_train, MOST_WINDOWS)
        batch_size = _batch_size(n)
        epochs = min(60, max(5, MOST_UPDATES * batch_size // n))
        training = {
            "learning_rate": 0.003,
            "learning_rate_schedule": "exponential",
            "learning_rate_decay": 0.1,
            "batch_size": batch_size,
            "epochs": epochs,
            "early_stopping": True,
            "patience": max(3, epochs // 6),
            "random_state": self.seed,
        }
        if name == "dense":
            return DenseRegressor((64, 32), **training)
        if name == "conv":
            return ConvRegressor((32, 32), dense_units=32, **training)
        return RNNRegressor(name, 32, **training)


def _batch_size(n_windows):
    if n_windows < 2_000:
        return 32
    return 64 if n_windows < 8_000 else 128
