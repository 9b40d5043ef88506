"""Planning: what is forecast, from what, and in which folds."""

import numbers
from dataclasses import dataclass

import numpy as np

from skrnn.comparison.folds import make_folds
from skrnn.comparison.forms import FORMS, Form, best_form
from skrnn.comparison.ladder import LEARNING, Ladder, check_rungs
from skrnn.comparison.options import Options, asked_coverages
from skrnn.comparison.preparation import MOST_TARGETS, Preparation, calendar_fields
from skrnn.comparison.seasons import best_season
from skrnn.evaluation.samples import WindowSamples
from skrnn.reading import DataProblem, Reading
from skrnn.windows import Windows
from skrnn.wording import RUNGS, count, listing

# Windows reach over a season, but no further, unless somebody asks for it; nor have they more
# values than these.
SHORTEST_WINDOW = 12
LONGEST_WINDOW = 400
MOST_VALUES = 1_500
# A window of exponential smoothing reaches over so many seasons, where there are rows enough.
SMOOTHED_SEASONS = 8
# As many windows tell which form is learned best.
ENOUGH_WINDOWS = 50_000
CALENDAR_WORDS = {
    "hour": "time of day",
    "dayofweek": "day of the week",
    "dayofyear": "day of the year",
}


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
    """

    preparation: Preparation
    ladder: Ladder
    folds: list
    models: tuple
    notes: tuple = ()
    coverages: tuple = ()

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
        """Rows that a forecast looks at."""
        return self.ladder.window

    @property
    def calendar(self) -> tuple:
        """The fields of ``CalendarFeatures`` that the models get."""
        return self.preparation.calendar

    @property
    def known_ahead(self) -> tuple:
        """Columns whose future is known."""
        return self.preparation.known_ahead

    @property
    def form(self) -> Form:
        """What linear model and networks learn."""
        return self.ladder.form

    @property
    def seed(self) -> int:
        """The random state of the networks."""
        return self.ladder.seed


def prepare(reading: Reading, options: Options) -> tuple[Preparation, Ladder]:
    """How the rows of a reading become windows, and the ladder on these, which learns values."""
    frame = max(reading.frames.values(), key=len)
    season = reading.season
    horizon = _count("horizon", options.horizon, _default_horizon(season))
    calendar = calendar_fields(frame.index)
    columns = tuple(frame.columns)
    known_ahead = tuple(reading.known_ahead)
    most = MOST_VALUES // (len(columns) + 2 * len(calendar))
    reach = horizon if known_ahead else min(horizon, 2 * season)
    window = _count("window", options.window, _default_window(len(frame), season, reach, most))
    length = max(window + season, min(SMOOTHED_SEASONS * season, LONGEST_WINDOW, len(frame) // 10))
    preparation = Preparation(
        columns=columns,
        known_ahead=known_ahead,
        calendar=calendar,
        length=length,
        horizon=horizon,
        season=season,
    )
    _check_enough(len(frame), preparation, window)
    ladder = Ladder(
        target=preparation.target,
        window=window,
        season=season,
        form=FORMS[0],
        seed=_seed(options.seed),
        ahead=horizon if known_ahead else 0,
    )
    return preparation, ladder


def make_plan(reading: Reading, options: Options) -> tuple[Plan, Windows, np.ndarray]:
    """(plan, X, y) of a comparison."""
    models = _wanted(options.models)
    coverages = asked_coverages(options.coverages)
    preparation, ladder = prepare(reading, options)
    n_folds = _count("folds", options.folds, 5)
    X, y = preparation.windows(reading.frames)
    folds = make_folds(WindowSamples(None, X, y), n_folds, reading.season)
    oldest = folds[0][0][-ENOUGH_WINDOWS:]
    notes = list(_note_on_season(models, reading.season))
    if "smoothing" in models:
        smoothed = best_season(X, y, oldest, ladder, reading.seasons)
        ladder = ladder.smoothed(smoothed.season)
        notes += smoothed.note(reading.season)
    notes += _note_on_short(reading, preparation)
    learning = [name for name in models if name in LEARNING]
    if learning:
        learned = best_form(X, y, oldest, ladder)
        ladder = ladder.of(learned.form)
        notes.append(learned.note(reading.season))
    notes += _note_on_stride(preparation.stride(reading.frames))
    if learning:
        notes += _note_on_ahead(ladder, preparation.horizon)
        notes += _note_on_calendar(preparation.calendar)
    plan = Plan(
        preparation=preparation,
        ladder=ladder,
        folds=folds,
        models=tuple(name for name in models if name != "seasonal" or reading.season > 1),
        notes=tuple(notes),
        coverages=coverages,
    )
    return plan, X, y


# ---------------------------------------------------------------------- checks and defaults


def _default_horizon(season):
    """A season, where that is a moderate number of rows; else a day of hours, or a dozen."""
    if 1 < season <= 48:
        return season
    return 24 if season % 24 == 0 else 12


def _default_window(n_rows, season, reach, most):
    wanted = max(SHORTEST_WINDOW, season, reach)
    return max(2, min(wanted, LONGEST_WINDOW, n_rows // 6, max(SHORTEST_WINDOW, most)))


def _count(name, value, default):
    value = default if value is None else value
    if not isinstance(value, numbers.Integral) or value < 1:
        raise DataProblem(f"{name}= must be a whole number of at least 1, got {value!r}")
    return int(value)


def _seed(seed):
    if seed is not None and not (isinstance(seed, numbers.Integral) and 0 <= seed < 2**32):
        raise DataProblem(f"seed= must be a whole number from 0 to 2**32 - 1, got {seed!r}")
    return seed


def _check_enough(n_rows, preparation, window):
    needed = preparation.length + 2 * preparation.horizon + 8
    if n_rows >= needed:
        return
    season = preparation.season
    before = f"a window of {window}"
    if season > 1:
        before += f" and a season of {season}"
    raise DataProblem(
        f"{n_rows} rows are too few for {before} behind a horizon of {preparation.horizon}: bring "
        f"at least {needed} rows, or choose a smaller window=, season= or horizon="
    )


def _wanted(models):
    """The rungs that are asked for in the ladder's order, the naive forecast always."""
    if models is None:
        return tuple(RUNGS)
    names = [name.strip().lower() for name in models if name.strip()]
    check_rungs(names, "models")
    return tuple(name for name in RUNGS if name == "naive" or name in names)


# ---------------------------------------------------------------------- notes


def _note_on_season(models, season):
    if "seasonal" not in models or season > 1:
        return []
    return ["The seasonal naive forecast is left out: there is no season."]


def _note_on_short(reading, preparation):
    """Series that have no window with all that is behind it."""
    needed = preparation.length + preparation.horizon
    short = [name for name, frame in reading.frames.items() if len(frame) < needed]
    if not short:
        return []
    which = count(len(short), "series of fewer than", "series of fewer than")
    names = [repr(name) for name in short[:5]]
    if len(short) > 5:
        names.append(f"{len(short) - 5} more")
    return [
        f"{which} {needed} rows, a window and what it forecasts, are forecast, but not learned "
        f"from: {listing(names)}."
    ]


def _note_on_stride(stride):
    if stride == 1:
        return []
    return [
        f"Of all windows one in {stride} is used, evenly spaced: with all, there would be more "
        f"than {MOST_TARGETS:,} rows to forecast."
    ]


def _note_on_ahead(ladder, horizon):
    unseen = ladder.ahead - ladder.window
    if unseen <= 0:
        return []
    return [
        f"Of the columns known ahead, the values at the first {unseen} of {horizon} rows that are "
        f"forecast are not seen: a window of {horizon} steps has them."
    ]


def _note_on_calendar(calendar):
    if not calendar:
        return []
    given = ", ".join(CALENDAR_WORDS[field] for field in calendar)
    return [f"Linear model and networks also get the calendar: {given}."]
