"""Planning: what is forecast, from what, by which recipes, and in which folds."""

import math
import numbers
from collections.abc import Callable
from dataclasses import dataclass, field, replace

import numpy as np

from skrnn.comparison.bounds import least_of, words_of, zeros_of
from skrnn.comparison.effort import Allowance, effort_of
from skrnn.comparison.ensemble import ENSEMBLE
from skrnn.comparison.folds import TEST_SHARE, make_folds
from skrnn.comparison.forms import Columns
from skrnn.comparison.keeping import Kept, identity
from skrnn.comparison.ladder import Ladder, check_rungs
from skrnn.comparison.options import N_FOLDS, Options, asked_coverages
from skrnn.comparison.preparation import MOST_TARGETS, Preparation, calendar_fields
from skrnn.comparison.race import Race, note_on_race, race, trials_of
from skrnn.comparison.recipes import FACTORS, LEARNING, SHORTEST_WINDOW, STATISTICAL, Ground
from skrnn.comparison.stopping import Budget
from skrnn.evaluation.samples import WindowSamples
from skrnn.reading import DataProblem, Reading
from skrnn.windows import Windows
from skrnn.wording import RUNGS, count, listing, percent

# No window is longer, unless somebody asks for it; nor has it more values than these, the first.
LONGEST_WINDOW = 512
MOST_VALUES = 1_500
# The longest that is tried beside it has so many times as many.
WIDEST = 3
# A window is at most such a part of the rows, if there are no fewer than it takes.
PART_OF_ROWS = 6
ENOUGH_SERIES = 50
# Rows that there must be beside a window and two horizons, and windows beside those of which the
# oldest fold's test is a horizon away.
MORE_ROWS = 8
MORE_WINDOWS = 3
# A window of exponential smoothing reaches over so many seasons, where there are rows enough.
SMOOTHED_SEASONS = 8
# The share of a budget by which all races end.
BUDGET_OF_RACE = 0.5
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
    def calendar(self) -> tuple:
        """The fields of ``CalendarFeatures`` that the models get."""
        return self.preparation.calendar

    @property
    def known_ahead(self) -> tuple:
        """Columns whose future is known."""
        return self.preparation.known_ahead

    @property
    def seed(self) -> int:
        """The random state of the networks."""
        return self.ladder.seed


def prepare(
    reading: Reading, options: Options, *, in_folds: bool = True
) -> tuple[Preparation, Ground, Ladder]:
    """How the rows of a reading become windows, what recipes are for, and a ladder without any.

    Rows must suffice for folds, or without them for a fit.
    """
    frame = max(reading.frames.values(), key=len)
    season = reading.season
    horizon = _count("horizon", options.horizon, _default_horizon(season))
    calendar = calendar_fields(frame.index)
    known_ahead = tuple(reading.known_ahead)
    n_columns = len(frame.columns) + 2 * len(calendar)
    asked = (reading, options, horizon, MOST_VALUES // n_columns)
    lengths = [len(one) for one in reading.frames.values()]
    window, windows, length = _lengths(lengths, *asked)
    preparation = Preparation(
        columns=tuple(frame.columns),
        known_ahead=known_ahead,
        calendar=calendar,
        length=length,
        horizon=horizon,
        season=season,
    )
    _check_enough(lengths, asked, in_folds)
    ground = Ground(
        horizon=horizon,
        season=season,
        seasons=tuple(n for n in reading.seasons if n > 1),
        window=window,
        windows=windows,
        is_asked=options.window is not None,
        columns=(*frame.columns, *preparation.waves),
        known_ahead=known_ahead,
        calendar=preparation.waves,
        several=len(reading.frames) > 1,
    )
    return preparation, ground, _ladder(options, ground)


def _ladder(options, ground):
    """The ladder whose rungs are not set yet."""
    allowance = Allowance.of(
        effort_of(options.effort, options.budget),
        wanted(options.models, ground.season),
        _count("folds", options.folds, N_FOLDS),
        horizon=ground.horizon,
        n_columns=len(ground.columns),
    )
    return Ladder(
        columns=Columns(ground.columns, ground.known_ahead, ground.calendar),
        season=ground.season,
        seed=_seed(options.seed),
        allowance=allowance,
        several=ground.several,
    )


def make_plan(
    reading: Reading,
    options: Options,
    *,
    budget: Budget | None = None,
    tell: Callable | None = None,
    kept: Kept | None = None,
) -> tuple[Plan, Windows, np.ndarray]:
    """(plan, X, y) of a comparison.

    ``tell`` is called with the name of each rung whose recipe is chosen, and how many there are.
    What is ``kept`` of a comparison that was cut must be of this one.
    """
    models = wanted(options.models, reading.season)
    coverages = asked_coverages(options.coverages)
    preparation, ground, ladder = prepare(reading, options)
    n_folds = None if options.folds is None else _count("folds", options.folds, N_FOLDS)
    X, y = preparation.windows(reading.frames)
    samples = WindowSamples(None, X, y)
    folds = make_folds(samples, n_folds, reading.season)
    if kept is not None:
        kept.begin(identity(reading, options, (preparation, ground, ladder), X, y, folds))
    racing = tuple(name for name in models if name != ENSEMBLE)
    oldest, _ = folds[0]
    ladder = replace(ladder, least=tuple(least_of(X[oldest], y[oldest])))
    deadline = None if budget is None else budget.deadline(1 - BUDGET_OF_RACE)
    how = {"deadline": deadline, "jobs": options.jobs, "tell": tell, "kept": kept}
    found = race(racing, trials_of(X, y, oldest, ladder, ground), ladder, ground, **how)
    ladder = ladder.of(found.recipes)
    notes = [
        *_note_on_season(options.models, reading.season),
        *_note_on_short(reading, preparation),
        *_note_on_least(ladder.least, least_of(X, y)),
        *_note_on_rare(zeros_of(y)),
        *note_on_race(found),
        *_note_on_untold(found),
        *_note_on_stride(preparation.stride(reading.frames)),
        *([f"{samples.lined_up}."] if samples.lined_up else []),
        *_note_on_untested(list(reading.frames), samples, folds),
        *_note_on_folds(n_folds, folds),
    ]
    if any(name in LEARNING for name in models):
        notes += _note_on_ahead(ladder, preparation)
        notes += _note_on_calendar(preparation.calendar)
    plan = Plan(
        preparation=preparation,
        ladder=ladder,
        folds=folds,
        models=models,
        notes=tuple(notes),
        coverages=coverages,
        race=found,
    )
    return plan, X, y


# ---------------------------------------------------------------------- checks and defaults


def _default_horizon(season):
    """A season, where that is a moderate number of rows; else a day of hours, or a dozen."""
    if 1 < season <= 48:
        return season
    return 24 if season % 24 == 0 else 12


def _lengths(lengths, reading, options, horizon, most):
    """(first, others, rows) of the windows that are tried, and the rows that all of them take."""
    window, windows = _tried(lengths, reading, options, horizon, most)
    season = reading.season
    smoothed = min(SMOOTHED_SEASONS * season, LONGEST_WINDOW, max(lengths) // 10)
    return window, windows, max(max([window, *windows]) + season, smoothed)


def _tried(lengths, reading, options, horizon, most):
    """(first, others) of the windows that are tried; no others where one is asked for.

    Of series of some lengths. A first one of more than ``most`` steps would have too many values.
    """
    season = reading.season
    known_ahead = len(reading.known_ahead) > 0
    reach = horizon if known_ahead else min(horizon, 2 * season)
    window = _count("window", options.window, _default_window(max(lengths), season, reach, most))
    if options.window is not None:
        return window, ()
    # Of many series, each needs but a few windows.
    part = PART_OF_ROWS if len(lengths) < ENOUGH_SERIES else 2
    widest = max(SHORTEST_WINDOW, WIDEST * most)
    longest = min(LONGEST_WINDOW, int(np.median(lengths)) // part, widest)
    # A shorter one would not see what is known ahead of the first rows.
    least = horizon if known_ahead else 1
    others = _windows(window, season, reading.seasons, longest)
    return window, tuple(n for n in others if n >= least)


def _default_window(n_rows, season, reach, most):
    wanted = max(SHORTEST_WINDOW, season, reach)
    return max(2, min(wanted, LONGEST_WINDOW, n_rows // PART_OF_ROWS, max(SHORTEST_WINDOW, most)))


def _windows(window, season, seasons, longest):
    """The windows that are tried beside the first: parts of it, multiples, and natural seasons'."""
    found = [int(window * factor) for factor in FACTORS]
    found += [times * one for one in (season, *seasons) for times in (1, 2)]
    fitting = {n for n in found if SHORTEST_WINDOW <= n <= longest} - {window}
    # Those first that are nearest to twice as much.
    return sorted(fitting, key=lambda n: (abs(np.log(n / (2 * window))), n))


def _count(name, value, default):
    value = default if value is None else value
    if not isinstance(value, numbers.Integral) or value < 1:
        raise DataProblem(f"{name}= must be a whole number of at least 1, got {value!r}")
    return int(value)


def _seed(seed):
    if seed is not None and not (isinstance(seed, numbers.Integral) and 0 <= seed < 2**32):
        raise DataProblem(f"seed= must be a whole number from 0 to 2**32 - 1, got {seed!r}")
    return seed


def _enough(length, horizon, in_folds):
    """Rows that suffice for windows of a length; a fold learns from those a horizon before it."""
    enough = length + 2 * horizon + MORE_ROWS
    n_windows = math.ceil(horizon / (1 - TEST_SHARE)) + MORE_WINDOWS
    return max(enough, length + horizon + n_windows) if in_folds else enough


def _check_enough(lengths, asked, in_folds):
    reading, _, horizon, _ = asked
    n_rows = max(lengths)
    window, windows, length = _lengths(lengths, *asked)
    enough = _enough(length, horizon, in_folds)
    if n_rows >= enough:
        return
    # With more rows longer windows are tried.
    while min(lengths) < enough:
        lengths = [max(n, enough) for n in lengths]
        enough = _enough(_lengths(lengths, *asked)[2], horizon, in_folds)
    season = reading.season
    before = f"a window of {max([window, *windows])}"
    if season > 1:
        before += f" and a season of {season}"
    raise DataProblem(
        f"{n_rows} rows are too few for {before} behind a horizon of {horizon}: bring at least "
        f"{enough} rows, or choose a smaller window=, season= or horizon="
    )


def wanted(models: tuple | None, season: int) -> tuple[str, ...]:
    """The rungs that are asked for in the ladder's order, the naive forecast always."""
    names = [name for name in RUNGS if name not in STATISTICAL]
    if models is not None:
        names = [name.strip().lower() for name in models if name.strip()]
    check_rungs(names, "models")
    names = tuple(name for name in RUNGS if name == "naive" or name in names)
    return tuple(name for name in names if name != "seasonal" or season > 1)


# ---------------------------------------------------------------------- notes


def _note_on_season(models, season):
    if season > 1 or (models is not None and "seasonal" not in models):
        return []
    return ["The seasonal naive forecast is left out: there is no season."]


def _note_on_short(reading, preparation):
    """Series that have no window with all that is behind it."""
    needed = preparation.length + preparation.horizon
    short = [name for name, frame in reading.frames.items() if len(frame) < needed]
    if not short:
        return []
    which = count(len(short), "series of fewer than", "series of fewer than")
    return [
        f"{which} {needed} rows, a window and what it forecasts, are forecast, but not learned "
        f"from: {_some(short)}."
    ]


def _some(names):
    """The first of some series."""
    told = [repr(name) for name in names[:5]]
    if len(names) > 5:
        told.append(f"{len(names) - 5} more")
    return listing(told)


def _note_on_least(oldest, every):
    """What is bounded in the tests, and in the model that is kept."""
    notes = []
    words = words_of(every)
    if words is not None:
        notes.append(f"{words[0].upper()}{words[1:]}.")
    lifted = np.count_nonzero(np.isfinite(oldest) & ~np.isfinite(every))
    if lifted:
        whose = "" if len(every) == 1 else f" of {lifted} series"
        notes.append(
            f"Forecasts{whose} in the tests are not below 0, as no older value is; newer ones are, "
            "so what follows is not bounded."
        )
    return notes


def _note_on_rare(share):
    """What least absolute errors forecast where the median is zero."""
    if share <= 0.5:
        return []
    return [
        f"{percent(share)} of the values are 0, and so is their median, which errs least: what is "
        "recommended may forecast next to nothing. Of sums over longer steps, as weeks, it would "
        "tell how much."
    ]


def _note_on_stride(stride):
    if stride == 1:
        return []
    return [
        f"Of all windows one in {stride} is used, evenly spaced: with all, there would be more "
        f"than {MOST_TARGETS:,} rows to forecast."
    ]


def _note_on_untested(names, samples, folds):
    """Series whose windows all end before those that the folds test."""
    origin, _ = samples.shared()
    first = min(origin[test].min() for _, test in folds)
    old = np.setdiff1d(samples.series, samples.series[origin >= first])
    if not len(old):
        return []
    return [
        f"{count(len(old), 'series is', 'series are')} not tested, but learned from, as no fold "
        f"has forecasts of so old dates: {_some([names[number] for number in old])}."
    ]


def _note_on_folds(asked, folds):
    if asked is not None or len(folds) == N_FOLDS:
        return []
    return [f"There is room for {count(len(folds), 'fold')}, in place of {N_FOLDS}: rows are few."]


def _note_on_ahead(ladder, preparation):
    """What is known ahead of the first rows, and no window of a rung reaches."""
    if not preparation.ahead:
        return []
    shortest = min(one.window for name, one in ladder.recipes.items() if name in LEARNING)
    unseen = preparation.horizon - shortest
    if unseen <= 0 or not preparation.known_ahead:
        return []
    return [
        f"Of the columns known ahead, the values at the first {unseen} of {preparation.horizon} "
        f"rows that are forecast are not seen: a window of {preparation.horizon} steps has them."
    ]


def _note_on_untold(found):
    if not found.untold:
        return []
    names = listing(RUNGS[name] for name in found.untold)
    return [f"The budget ended before the race of {names} did: set as it stood then."]


def _note_on_calendar(calendar):
    if not calendar:
        return []
    given = ", ".join(CALENDAR_WORDS[field] for field in calendar)
    return [f"Linear model and networks also get the calendar: {given}."]
