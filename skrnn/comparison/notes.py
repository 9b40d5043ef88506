"""Notes: what is said of a plan, of what was chosen, and of what is left out, and why."""

import numpy as np

from skrnn.comparison.bounds import least_of, words_of, zeros_of
from skrnn.comparison.options import N_FOLDS, Options
from skrnn.comparison.plan import Plan
from skrnn.comparison.preparation import MOST_TARGETS
from skrnn.comparison.race import Race
from skrnn.comparison.recipes import LEARNING, NETWORKS, stages
from skrnn.evaluation.samples import WindowSamples
from skrnn.reading import Reading
from skrnn.wording import RUNGS, count, listing, percent

CALENDAR_WORDS = {
    "hour": "time of day",
    "dayofweek": "day of the week",
    "dayofyear": "day of the year",
}


def notes_on(
    plan: Plan, reading: Reading, options: Options, samples: WindowSamples, y: np.ndarray
) -> tuple[str, ...]:
    """Sentences on a plan: season, rows, values, recipes, folds and columns."""
    preparation = plan.preparation
    notes = [
        *_on_season(options.models, reading.season),
        *_on_short(reading, preparation),
        *_on_least(plan.ladder.least, least_of(samples.X, y)),
        *_on_rare(zeros_of(y)),
        *note_on_race(plan.race),
        *_on_untold(plan.race),
        *_on_stride(preparation.stride(reading.frames)),
        *([f"{samples.lined_up}."] if samples.lined_up else []),
        *_on_untested(list(reading.frames), samples, plan.folds),
        *_on_folds(options.folds, plan.folds),
    ]
    if any(name in LEARNING for name in plan.models):
        notes += _on_ahead(plan.ladder, preparation)
        notes += _on_calendar(preparation.calendar)
    return tuple(notes)


def note_on_race(found: Race) -> list[str]:
    """That a race chose, and what a race did not choose."""
    notes = []
    if any(len(heats) > 1 for heats in found.heats.values()):
        n_tried = len({(name, heat.recipe) for name, run in found.heats.items() for heat in run})
        notes.append(
            f"How each model is set was chosen by a race of {n_tried} recipes on the oldest fold's "
            "training rows."
        )
        if found.behind:
            leading = [name for name in found.heats if name in NETWORKS]
            leading = listing(RUNGS[name] for name in leading if name not in found.behind)
            notes.append(
                f"After the first stage, {leading} led among the networks: what the race of the "
                "others would have taken, their trainings got."
            )
    elif not found.heats and not found.untold:
        names = [RUNGS[name] for name in found.recipes if stages(name)]
        if names:
            notes.append(
                "Models are set as they begin: the oldest fold's training rows do not tell what "
                "is forecast better."
            )
    return notes


def _on_season(models, season):
    if season > 1 or (models is not None and "seasonal" not in models):
        return []
    return ["The seasonal naive forecast is left out: there is no season."]


def _on_short(reading, preparation):
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


def _on_least(oldest, every):
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


def _on_rare(share):
    """What least absolute errors forecast where the median is zero."""
    if share <= 0.5:
        return []
    return [
        f"{percent(share)} of the values are 0, and so is their median, which errs least: what is "
        "recommended may forecast next to nothing. Of sums over longer steps, as weeks, it would "
        "tell how much."
    ]


def _on_stride(stride):
    if stride == 1:
        return []
    return [
        f"Of all windows one in {stride} is used, evenly spaced: with all, there would be more "
        f"than {MOST_TARGETS:,} rows to forecast."
    ]


def _on_untested(names, samples, folds):
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


def _on_folds(asked, folds):
    if asked is not None or len(folds) == N_FOLDS:
        return []
    return [f"There is room for {count(len(folds), 'fold')}, in place of {N_FOLDS}: rows are few."]


def _on_ahead(ladder, preparation):
    """What is known ahead of the first rows, and no window of a rung reaches."""
    if not preparation.known_ahead:
        return []
    shortest = min(one.window for name, one in ladder.recipes.items() if name in LEARNING)
    unseen = preparation.horizon - shortest
    if unseen <= 0:
        return []
    return [
        f"Of the columns known ahead, the values at the first {unseen} of {preparation.horizon} "
        f"rows that are forecast are not seen: a window of {preparation.horizon} steps has them."
    ]


def _on_untold(found):
    if not found.untold:
        return []
    names = listing(RUNGS[name] for name in found.untold)
    return [f"The budget ended before the race of {names} did: set as it stood then."]


def _on_calendar(calendar):
    if not calendar:
        return []
    given = ", ".join(CALENDAR_WORDS[field] for field in calendar)
    return [f"Linear model and networks also get the calendar: {given}."]
