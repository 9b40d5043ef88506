"""Forms: what linear model and networks learn, values or changes, and which is learned best."""

from dataclasses import dataclass

import numpy as np

from skrnn.comparison.preparation import taught_targets
from skrnn.windows import Windows


@dataclass(frozen=True)
class Form:
    """What linear model and networks learn.

    Attributes
    ----------
    changes : bool, default=False
        Changes, from a season before, in place of values.
    scaled : bool, default=False
        Each window, and what it forecasts, by the window's own mean and deviation.
    """

    changes: bool = False
    scaled: bool = False

    def words(self, season: int) -> str:
        """What is learned, as part of a sentence."""
        before = f"a season ({season} rows) before" if season > 1 else "the row before"
        kind = f"changes from {before}" if self.changes else "values"
        return f"{kind}, each window in units of its own deviation" if self.scaled else kind


# What is tried: of several series also windows by themselves, as series may differ in size.
FORMS = (Form(), Form(changes=True))
FORMS_OF_SEVERAL = (*FORMS, Form(scaled=True), Form(changes=True, scaled=True))


def best_form(X: Windows, y: np.ndarray, train: np.ndarray, ladder) -> Form | None:
    """By which form a linear model of some training windows forecasts their newest part best.

    None where these do not tell.
    """
    windows = X[train]
    values = np.reshape(y, (len(y), -1))[train]
    taught = taught_targets(windows, values)
    newest = windows.ends - windows.bounds[windows.series + 1] + values.shape[1]
    border = np.quantile(newest, 0.6)
    past = newest <= border
    recent = newest - values.shape[1] >= border
    if not _can_be_learned(windows[past], taught[past], ladder):
        return None
    if not np.isfinite(values[recent]).any():
        return None
    forms = FORMS if len(X.bounds) == 2 else FORMS_OF_SEVERAL
    errors = []
    for form in forms:
        model = ladder.of(form).rung("linear", len(train)).fit(windows[past], taught[past])
        forecasts = np.reshape(model.predict(windows[recent]), values[recent].shape)
        errors.append(_error(forecasts, values[recent], windows[recent], ladder))
    # Forecasts that are not finite have no error.
    errors = np.where(np.isfinite(errors), errors, np.inf)
    return forms[int(np.argmin(errors))] if np.isfinite(errors).any() else None


def _can_be_learned(windows, targets, ladder):
    """Whether some window has all of its targets, and all steps that a linear model looks at."""
    n_steps = min(windows.length, ladder.window + ladder.season)
    complete = windows.replace(length=n_steps).complete()
    return bool((complete & np.isfinite(targets).all(axis=1)).any())


def _error(forecasts, truth, windows, ladder):
    """The mean absolute error, of several series relative to those of their naive forecasts."""
    errors = np.abs(forecasts - truth)
    if len(windows.bounds) == 2:
        return np.nanmean(errors)
    naive = ladder.rung("naive", len(windows)).fit(windows, np.nan_to_num(truth))
    floors = np.abs(np.reshape(naive.predict(windows), truth.shape) - truth)
    known = np.isfinite(truth)
    n_series = len(windows.bounds) - 1
    ours = _sums(errors, known, windows.series, n_series)
    naives = _sums(floors, known, windows.series, n_series)
    moving = naives > 0
    return np.mean(ours[moving] / naives[moving]) if moving.any() else np.nanmean(errors)


def _sums(errors, known, series, n_series):
    """The sum of the errors of each series whose truth is known."""
    of_windows = np.where(known, errors, 0).sum(axis=1)
    return np.bincount(series, of_windows, minlength=n_series)
