"""ForecastModel: a fitted model with all that it takes to forecast from it, in a file."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np
import pandas as pd

from skrnn.comparison.intervals import ends_around, interval_words, promised
from skrnn.comparison.newer import newer_frames
from skrnn.comparison.options import asked_coverages, whole
from skrnn.comparison.preparation import Preparation
from skrnn.evaluation.past_changes import PastChanges
from skrnn.files import load, save
from skrnn.reading import DataProblem, Reading
from skrnn.windows.plainly import frame_from, plain_frame

REMEDY = "make one with skrnn fit or compare"


@dataclass(frozen=True)
class ForecastModel:
    """A fitted model with all that it takes to forecast from it.

    Attributes
    ----------
    name : str
        The rung of the ladder.
    estimator : estimator
        The fitted pipeline, on windows.
    preparation : Preparation
        How rows become windows.
    frames : dict of str to DataFrame
        The newest rows of each series, from which it forecasts if it is given no others.
    facts : dict of str to str
        What ``skrnn show`` says: data, rows, scores, versions.
    step : str, default=None
        The time between two rows, in words.
    time, series : str, default=None
        The columns of the file that had the time, and that told the series apart.
    kinds : dict of str to tuple of str, default=None
        The file's columns of text, and the kinds of each that have become columns.
    coverages : tuple of float, default=()
        The shares of truths that its intervals hold.
    residuals : ndarray of shape (n_origins, n_leads), default=None
        What forecasts of this kind missed, truth less forecast, of which intervals are made; NaN
        where the truth was not known. None: there are no intervals.
    first_rows : ndarray of shape (n_origins,), default=None
        The row of the first truth behind each of these origins, of one series after the other.
        None: they follow each other.
    past : PastChanges, default=None
        Of one series, its changes over each lead, which join in where residuals tell too little.
    changes : ndarray of shape (n_series, n_leads), default=None
        Of several series, in the order of ``frames``, what the residuals of each are told in: how
        much it has changed over each lead. None of one series.
    memory : float, default=inf
        How soon older changes count less, in horizons; see ``changes_by_lead``.
    least : ndarray of shape (n_series,), default=None
        In the order of ``frames``, what neither forecasts of a series nor their intervals are
        below, unless newer rows are. None: nothing is bounded.
    units : dict of str to float, default={}
        What ``changes`` are in files of older versions: the mean change over a season.
    """

    name: str
    estimator: object
    preparation: Preparation
    frames: dict
    facts: dict = field(default_factory=dict)
    step: str | None = None
    time: str | None = None
    series: str | None = None
    kinds: dict | None = None
    coverages: tuple = ()
    residuals: np.ndarray | None = None
    first_rows: np.ndarray | None = None
    past: PastChanges | None = None
    changes: np.ndarray | None = None
    memory: float = np.inf
    least: np.ndarray | None = None
    units: dict = field(default_factory=dict)

    def forecast(
        self,
        frames: Reading | dict | None = None,
        steps: int | None = None,
        coverages: Sequence[float] | None = None,
    ) -> pd.DataFrame:
        """Forecast the rows behind the last known target of each series.

        Parameters
        ----------
        frames : Reading, or dict of str to DataFrame, default=None
            The series, as ``read_series`` gives them, or by their names. What is known ahead of
            the rows to forecast is in a Reading by itself; in a DataFrame these are its last
            rows, with the target left empty. Times are converted to the zone of those of the fit.
            One series alone must have a window of rows; of several, shorter ones are forecast,
            too. None: those of the fit.
        steps : int, default=None
            How many rows; None: all that the model forecasts.
        coverages : sequence of float, default=None
            The shares of truths that intervals are to hold; () without any. None: the model's.

        Returns
        -------
        table : DataFrame
            Columns: the series' name (where there are several, or one was named), the time or row,
            the target, and the ends of intervals, as "lower_0.95" and "upper_0.95": those of a
            series that has never changed over a season are unknown.
        """
        horizon = self.preparation.horizon
        if steps is not None:
            steps = whole("steps", steps)
        if steps is not None and steps > horizon:
            raise DataProblem(
                f"steps={steps} is more than the {horizon} rows that the model forecasts: fit one "
                f"with horizon={steps}"
            )
        coverages = self._promised(coverages)
        frames = self.frames if frames is None else newer_frames(frames, self.frames)
        windows, labels = self.preparation.newest(frames, short=len(self.frames) > 1)
        least = self._least(frames)
        values = np.reshape(self.estimator.predict(windows), (len(frames), horizon))
        values = np.maximum(values, least)
        n_rows = steps or horizon
        labels = [rows[:n_rows] for rows in labels]
        names = {} if self.series is None else {self.series: np.repeat(list(frames), n_rows)}
        columns = {
            self.time or labels[0].name or "row": labels[0].append(labels[1:]),
            self.preparation.target: values[:, :n_rows].ravel(),
        }
        if coverages:
            units = self._units(frames)
            found = ends_around(
                values, units, self.residuals, self._first_rows, coverages, self.past
            )
            columns |= {
                name: np.maximum(ends, least)[:, :n_rows].ravel() for name, ends in found.items()
            }
        return pd.DataFrame(names | columns)

    def csv(self, table: pd.DataFrame) -> str:
        """Forecasts as CSV, their times written as those of the rows that it was fitted on are."""
        return table.to_csv(index=False, date_format=_form_of_times(self.frames.values()))

    def _promised(self, coverages):
        """The coverages that are asked for, if there are residuals enough."""
        if coverages is None:
            return self.coverages
        coverages = asked_coverages(coverages)
        if coverages and self.residuals is None:
            raise DataProblem(
                "coverages= asks for intervals, and the model was made without any: make one with "
                "intervals, or ask for none"
            )
        told = self._first_rows, self.past
        if coverages != promised(self.residuals, coverages, *told):
            words = interval_words(self.residuals, coverages, *told)
            raise DataProblem(f"coverages= has shares that are too large for the model: {words}")
        return coverages

    @property
    def _first_rows(self):
        return np.arange(len(self.residuals)) if self.first_rows is None else self.first_rows

    def _least(self, frames):
        """What no forecast of each series (n_series, 1) is below."""
        if self.least is None:
            return np.full((len(frames), 1), -np.inf)
        known = dict(zip(self.frames, self.least, strict=True))
        if self.series is None:
            # A series alone has its file's name.
            known = dict.fromkeys(frames, self.least[0])
        found = [
            least if (least := known.get(name, -np.inf)) <= self._lowest(frame) else -np.inf
            for name, frame in frames.items()
        ]
        return np.array(found)[:, None]

    def _lowest(self, frame):
        """The least known value of the target, infinite without any."""
        values = frame[self.preparation.target].to_numpy(float)
        return values[~np.isnan(values)].min(initial=np.inf)

    def _units(self, frames):
        """What the residuals of each series are told in, as its newest row knows it."""
        if self.units:
            return self._seasonal_changes(frames)
        if self.changes is None:
            return np.ones((1, 1))
        if frames is self.frames:
            return self.changes
        known = dict(zip(self.frames, self.changes, strict=True))
        new = np.full(self.changes.shape[1], np.nan)
        before = np.array([known.get(name, new) for name in frames])
        return self.preparation.changes(frames, self.memory, before)

    def _seasonal_changes(self, frames):
        """The same for a file of an older version; of a series that is new, by all of its rows."""
        units = self.units
        new = {name: frame for name, frame in frames.items() if name not in units}
        if new:
            changes = replace(self.preparation, horizon=1).changes(new, np.inf)
            units = units | dict(zip(new, changes[:, 0], strict=True))
        return np.array([[units[name]] for name in frames])

    def save(self, path: str | Path) -> None:
        """Write the model to a file, as ``skrnn.save`` does."""
        save(self, path)

    def __getstate__(self):
        frames = {name: plain_frame(frame) for name, frame in self.frames.items()}
        return {**vars(self), "frames": frames}

    def __setstate__(self, state):
        frames = {name: frame_from(frame) for name, frame in state["frames"].items()}
        vars(self).update(state, frames=frames)


def _form_of_times(frames):
    """How times are written to the precision of all rows; None where pandas needs no telling."""
    times = [frame.index for frame in frames]
    if any(not isinstance(index, pd.DatetimeIndex) or index.tz is not None for index in times):
        return None
    if all((index == index.normalize()).all() for index in times):
        return "%Y-%m-%d"
    if all((index == index.floor("s")).all() for index in times):
        return "%Y-%m-%d %H:%M:%S"
    return "%Y-%m-%d %H:%M:%S.%f"


def load_model(path: str | Path) -> ForecastModel:
    """Read a model that ``ForecastModel.save`` wrote. Nothing in the file is run."""
    path = Path(path)
    if path.is_dir():
        inside = path / "model.skrnn"
        within = f" such as {inside.name}" if inside.is_file() else ""
        raise DataProblem(f"{path} is a folder: name a model's file in it{within}")
    try:
        model = load(path)
    except FileNotFoundError:
        raise DataProblem(
            f"{path} does not exist: check the path, or make a model with skrnn fit or compare"
        ) from None
    except OSError as error:
        raise DataProblem(
            f"{path} cannot be read ({error.strerror or error}): check the path"
        ) from None
    except ValueError as error:
        raise DataProblem(str(error)) from None
    if not isinstance(model, ForecastModel):
        raise DataProblem(f"{path.name} holds no model of skrnn's: {REMEDY}")
    return model
