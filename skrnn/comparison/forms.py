"""Forms: what linear model and networks learn, values or changes, and which is learned best."""

from dataclasses import dataclass, field

import numpy as np

from skrnn.comparison.trial import Trial
from skrnn.windows import Windows
from skrnn.wording import listing


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


@dataclass(frozen=True)
class FormChoice:
    """The form that is learned, and a linear model's error by each that was tried.

    Attributes
    ----------
    form : Form
        What linear model and networks learn.
    errors : dict of Form to str, default={}
        The errors, in words; empty where the training rows do not tell.
    """

    form: Form
    errors: dict[Form, str] = field(default_factory=dict)

    def note(self, season: int) -> str:
        """What is learned, and the figures that decided, in a sentence."""
        learned = f"Linear model and networks learn {self.form.words(season)}"
        if not self.errors:
            return (
                f"{learned}: the oldest fold's training rows do not tell what is forecast better."
            )
        others = [
            f"with {form.words(season)} by {error}"
            for form, error in self.errors.items()
            if form != self.form
        ]
        return (
            f"{learned}: on the newest of the oldest fold's training rows a linear model errs by "
            f"{self.errors[self.form]} with them, {listing(others)}."
        )


def best_form(X: Windows, y: np.ndarray, train: np.ndarray, ladder) -> FormChoice:
    """By which form a linear model of some training windows forecasts their newest part best.

    Values, where these do not tell.
    """
    trial = Trial.of(X, y, train, ladder.target)
    if not trial.tells(ladder.window + ladder.season):
        return FormChoice(FORMS[0])
    errors = {}
    for form in FORMS_OF_SEVERAL if trial.of_several else FORMS:
        model = ladder.of(form).rung("linear", len(train)).fit(trial.past, trial.taught)
        errors[form] = trial.error(model)
    best = min(errors, key=errors.get)
    if not np.isfinite(errors[best]):
        return FormChoice(FORMS[0])
    return FormChoice(best, {form: trial.words(error) for form, error in errors.items()})
