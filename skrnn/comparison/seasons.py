"""Seasons: which one exponential smoothing follows, judged on the oldest training rows."""

from dataclasses import dataclass, field

import numpy as np

from skrnn.comparison.trial import Trial
from skrnn.windows import Windows
from skrnn.wording import listing

# Rows that exponential smoothing learns from at most: its fit is slow, and slower with the season's
# length.
MOST_SMOOTHED = 1_000
LONGEST_SMOOTHED = MOST_SMOOTHED // 2 - 2
# Windows that judge at most: neighbours are alike.
MOST_JUDGED = 1_000


@dataclass(frozen=True)
class SeasonChoice:
    """The season that exponential smoothing follows, and its error with each that was tried.

    Attributes
    ----------
    season : int
        Rows; 1 for none.
    errors : dict of int to str, default={}
        The errors, in words; empty where nothing else was tried.
    """

    season: int
    errors: dict[int, str] = field(default_factory=dict)

    def note(self, season: int) -> list[str]:
        """What it follows in place of the series' season, and the figures that decided."""
        if self.season == season:
            return []
        learned = f"Exponential smoothing follows {_words(self.season)}"
        others = [
            f"with {_words(other)} by {error}"
            for other, error in self.errors.items()
            if other != self.season
        ]
        figures = ""
        if self.season in self.errors and others:
            figures = (
                f": on the newest of the oldest fold's training rows it errs by "
                f"{self.errors[self.season]}, {listing(others)}"
            )
        if season > LONGEST_SMOOTHED:
            figures += f"; it learns none of more than {LONGEST_SMOOTHED} rows"
        return [f"{learned}{figures}."]


def _words(season):
    return f"a season of {season} rows" if season > 1 else "no season"


def best_season(
    X: Windows, y: np.ndarray, train: np.ndarray, ladder, natural: tuple
) -> SeasonChoice:
    """With which season exponential smoothing of some training windows forecasts their newest part.

    The series' own season is tried, none at all, and natural ones that fit twice into a window.
    """
    fitting = [season for season in natural if 2 * season <= X.length]
    tried = dict.fromkeys((ladder.season, 1, *fitting))
    tried = [season for season in tried if season <= min(LONGEST_SMOOTHED, X.length)]
    trial = Trial.of(X, y, train, ladder.target).thinned(MOST_JUDGED, ladder.season)
    if len(tried) == 1 or not trial.tells(X.length):
        return SeasonChoice(tried[0])
    errors = {}
    for season in tried:
        model = ladder.smoothed(season).rung("smoothing", len(train))
        errors[season] = trial.error(model.fit(trial.past, trial.taught))
    best = min(errors, key=errors.get)
    return SeasonChoice(best, {season: trial.words(error) for season, error in errors.items()})
