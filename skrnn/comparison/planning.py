"""Planning: what a comparison of a reading is to be."""

import math
import numbers
from collections.abc import Callable
from dataclasses import replace

import numpy as np

from skrnn.comparison.bounds import least_of
from skrnn.comparison.effort import Allowance, effort_of
from skrnn.comparison.ensemble import ENSEMBLE
from skrnn.comparison.folds import TEST_SHARE, make_folds
from skrnn.comparison.forms import Columns
from skrnn.comparison.keeping import Kept, identity
from skrnn.comparison.ladder import Ladder, check_rungs
from skrnn.comparison.notes import notes_on
from skrnn.comparison.options import N_FOLDS, Options, asked_coverages, whole
from skrnn.comparison.plan import Plan
from skrnn.comparison.preparation import Preparation, calendar_fields
from skrnn.comparison.race import race, trials_of
from skrnn.comparison.recipes import FACTORS, SHORTEST_WINDOW, STATISTICAL, Ground
from skrnn.comparison.stopping import Budget
from skrnn.evaluation.samples import WindowSamples
from skrnn.reading import DataProblem, Reading
from skrnn.windows import Windows
from skrnn.wording import RUNGS

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
    plan = Plan(
        preparation=preparation,
        ladder=ladder,
        folds=folds,
        models=models,
        coverages=coverages,
        race=found,
    )
    notes = notes_on(plan, reading, options, samples, y)
    return replace(plan, notes=notes), X, y


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
    return whole(name, default if value is None else value)


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
