"""Plan: what is forecast, from what, and in which folds."""

from dataclasses import dataclass


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
        Columns whose future is known, the calendar's included.
    changes : bool
        Whether linear model and networks learn changes from a season before, in place of values.
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
    changes: bool
    folds: list
    models: tuple
    seed: int
    notes: tuple = ()
