"""Plan: what is forecast, from what, and in which folds."""

import numbers
from dataclasses import dataclass

import numpy as np

from skrnn.comparison.folds import make_folds
from skrnn.comparison.ladder import (
    FORMS,
    FORMS_OF_SEVERAL,
    LONGEST_SMOOTHED,
    NETWORKS,
    RUNGS,
    Form,
    Ladder,
    check_rungs,
)
from skrnn.comparison.preparation import Preparation, calendar_fields, taught_targets
from skrnn.evaluation.samples import WindowSamples
from skrnn.reading import DataProblem
from skrnn.wording import count, listing

# Windows reach over a season, but no further, unless somebody asks for it; nor have they more
# values than these.
SHORTEST_WINDOW, LONGEST_WINDOW, MOST_VALUES = 12, 400, 1_500
# A window of exponential smoothing reaches over so many seasons, where there are rows enough.
SMOOTHED_SEASONS = 8
# As many windows tell which form is learned best.
ENOUGH_WINDOWS = 50_000


@dataclass(frozen=True)
class Plan:
    """What is forecast, from what, and in which folds.

    Attributes
    ----------
    horizon, season, window : int
        Rows that are forecast, of a season, and that a forecast looks at.
    calendar : tuple of str
        The fields of ``CalendarFeatures`` that the models get.
    known_ahead : tuple of str
        Columns whose future is known.
    form : Form
        What linear model and networks learn.
    folds : list of tuple (train, test)
        Positions of the windows.
    models : tuple of str
        Names of the ladder's rungs that are compared.
    seed : int
        The random state of the networks.
    notes : tuple of str
        Sentences on what was chosen, and why.
    """

    horizon: int
    season: int
    window: int
    calendar: tuple
    known_ahead: tuple
    form: Form
    folds: list
    models: tuple
    seed: int
    notes: tuple = ()


def prepare(reading, horizon=None, window=None) -> tuple[Preparation, int]:
    """How the rows of a reading become windows, and how many steps of these a forecast looks at."""
    frame, season = max(reading.frames.values(), key=len), reading.season
    n_rows = len(frame)
    horizon = _count("horizon", horizon, _default_horizon(season))
    calendar = calendar_fields(frame.index)
    columns, known_ahead = tuple(frame.columns), tuple(reading.known_ahead)
    most = MOST_VALUES // (len(columns) + 2 * len(calendar))
    reach = horizon if known_ahead else min(horizon, 2 * season)
    window = _count("window", window, _default_window(n_rows, season, reach, most))
    length = max(window + season, min(SMOOTHED_SEASONS * season, LONGEST_WINDOW, n_rows // 10))
    needed = length + 2 * horizon + 8
    if n_rows < needed:
        before = (
            f"a window of {window} and a season of {season}"
            if season > 1
            else f"a window of {window}"
        )
        raise DataProblem(
            f"{n_rows} rows are too few for {before} behind a horizon of {horizon}: bring at least "
            f"{needed} rows, or "
            "choose a smaller --window, --season or --horizon"
        )
    return Preparation(columns, known_ahead, calendar, length, horizon, season), window


def make_plan(reading, horizon, window, models, n_folds, seed):
    """(plan, preparation, X, y) of a comparison."""
    names, notes = _rungs(models, reading.season)
    preparation, window = prepare(reading, horizon, window)
    notes += _note_on_short(reading, preparation)
    n_folds = _count("folds", n_folds, 5)
    if seed is not None and not (isinstance(seed, numbers.Integral) and 0 <= seed < 2**32):
        raise DataProblem(f"--seed must be a whole number from 0 to 2**32 - 1, got {seed!r}")
    X, y = preparation.windows(reading.frames)
    samples = WindowSamples(None, X, y)
    folds = make_folds(samples, n_folds, reading.season)
    ladder = make_ladder(preparation, window, seed)
    form = best_form(X, y, folds[0][0][-ENOUGH_WINDOWS:], ladder)
    if {"linear", *NETWORKS} & set(names):
        kind = form.words(reading.season)
        notes.append(
            f"Linear model and networks learn {kind}: that forecast the oldest fold's training rows "
            f"better."
        )
    stride = preparation.stride(reading.frames)
    if stride > 1:
        notes.append(
            f"Of all windows one in {stride} is used, evenly spaced: more would not make the errors "
            f"smaller."
        )
    unseen = _rows_ahead(preparation) - window
    if unseen > 0:
        notes.append(
            f"Of the columns known ahead, the values at the first {unseen} of {preparation.horizon} "
            f"rows that are "
            f"forecast are not seen: a window of {preparation.horizon} steps has them."
        )
    if preparation.calendar:
        fields = {
            "hour": "time of day",
            "dayofweek": "day of the week",
            "dayofyear": "day of the year",
        }
        given = ", ".join(fields[field] for field in preparation.calendar)
        notes.append(f"Linear model and networks also get the calendar: {given}.")
    plan = Plan(
        preparation.horizon,
        reading.season,
        window,
        preparation.calendar,
        preparation.known_ahead,
        form,
        folds,
        names,
        seed,
        tuple(notes),
    )
    return plan, preparation, X, y


def make_ladder(preparation: Preparation, window: int, seed: int, form: Form = FORMS[0]) -> Ladder:
    """The ladder on windows that are prepared so."""
    return Ladder(
        preparation.target, window, preparation.season, form, seed, _rows_ahead(preparation)
    )


def best_form(X, y, train: np.ndarray, ladder: Ladder) -> Form:
    """By which form a linear model of some training windows forecasts their newest part best."""
    windows, values = X[train], np.reshape(y, (len(y), -1))[train]
    taught = taught_targets(windows, values)
    newest = windows.ends - windows.bounds[windows.series + 1] + values.shape[1]
    border = np.quantile(newest, 0.6)
    past, recent = newest <= border, newest - values.shape[1] >= border
    forms, errors = FORMS if len(X.bounds) == 2 else FORMS_OF_SEVERAL, []
    for form in forms:
        model = ladder.of(form).rung("linear", len(train))
        try:
            forecasts = model.fit(windows[past], taught[past]).predict(windows[recent])
            errors.append(_error(forecasts, values[recent], windows[recent], ladder))
        except ValueError:  # there is too little to tell
            return forms[0]
    return forms[int(np.argmin(errors))]


def _error(forecasts, truth, windows, ladder):
    """The mean absolute error, of several series relative to those of their naive forecasts."""
    errors = np.abs(np.reshape(forecasts, truth.shape) - truth)
    if np.isnan(errors).all() or not np.isfinite(forecasts).all():
        raise ValueError("there is nothing to compare")
    if len(windows.bounds) == 2:
        return np.nanmean(errors)
    naive = ladder.rung("naive", len(windows)).fit(windows, np.nan_to_num(truth))
    floors = np.abs(np.reshape(naive.predict(windows), truth.shape) - truth)
    of_series = [windows.series == number for number in np.unique(windows.series)]
    sums = np.array([[np.nansum(errors[of]), np.nansum(floors[of])] for of in of_series])
    sums = sums[sums[:, 1] > 0]
    return np.mean(sums[:, 0] / sums[:, 1]) if len(sums) else np.nanmean(errors)


def _default_horizon(season):
    """A season, where that is a moderate number of rows; else a day of hours, or a dozen."""
    return season if 1 < season <= 48 else 24 if season % 24 == 0 else 12


def _default_window(n_rows, season, reach, most):
    wanted = max(SHORTEST_WINDOW, season, reach)
    return max(2, min(wanted, LONGEST_WINDOW, n_rows // 6, max(SHORTEST_WINDOW, most)))


def _count(name, value, default):
    value = default if value is None else value
    if not isinstance(value, numbers.Integral) or value < 1:
        raise DataProblem(f"--{name} must be a whole number of at least 1, got {value!r}")
    return int(value)


def _note_on_short(reading, preparation):
    """Series that have no window with all that is behind it."""
    needed = preparation.length + preparation.horizon
    short = [name for name, frame in reading.frames.items() if len(frame) < needed]
    if not short:
        return []
    which = count(len(short), "series of fewer than", "series of fewer than")
    names = listing(
        [*map(repr, short[:5]), *([f"{len(short) - 5} more"] if len(short) > 5 else [])]
    )
    return [
        f"{which} {needed} rows, a window and what it forecasts, are forecast, but not learned "
        f"from: {names}."
    ]


def _rows_ahead(preparation):
    """Rows behind a window at which a column is known."""
    return preparation.horizon if preparation.known_ahead else 0


def _rungs(models, season):
    """The rungs to compare in the ladder's order, the naive forecast always.

    And what is to be said of them.
    """
    wanted = (
        list(RUNGS) if models is None else [name.strip().lower() for name in models if name.strip()]
    )
    check_rungs(wanted, "--models")
    chosen, notes = {"naive", *wanted}, []
    if "seasonal" in chosen and season == 1:
        chosen.discard("seasonal")
        notes.append("The seasonal naive forecast is left out: there is no season.")
    if "smoothing" in chosen and season > LONGEST_SMOOTHED:
        chosen.discard("smoothing")
        notes.append(
            f"Exponential smoothing is left out: it learns no season of more than "
            f"{LONGEST_SMOOTHED} rows."
        )
    return tuple(name for name in RUNGS if name in chosen), notes
