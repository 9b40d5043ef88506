"""Verdict: which rung of the ladder is worth climbing."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Verdict:
    """What to use, and the sentence that says so.

    Attributes
    ----------
    recommended : str
        The simplest model that none beats by more than the folds' spread.
    best : str
        The model with the least error.
    clear : bool
        Whether the recommended model beats the naive forecast by more than the folds' spread.
    sentence : str
        What to use, by how much it wins, and whether that is more than the folds' spread.
    """

    recommended: str
    best: str
    clear: bool
    sentence: str
