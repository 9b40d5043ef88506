"""Layout: how the steps of the windows that an estimator takes lie in time."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from skrnn.forecasters.inside import nested, steps_of
from skrnn.windows import SlidingWindow, Windows
from skrnn.windows.clock import Clock, clock_of
from skrnn.windows.inputs import as_windows
from skrnn.wording import count

UNITS = {
    "min": "minute",
    "ms": "millisecond",
    "s": "second",
    "h": "hour",
    "D": "day",
    "B": "business day",
    "W": "week",
    "M": "month",
    "Q": "quarter",
    "Y": "year",
}


@dataclass(frozen=True)
class Layout:
    """How the steps of windows lie in time.

    ``rate`` rows lie between two steps, each feature's part is moved ahead by ``shift``, and
    outputs lie ``leads`` rows ahead. ``row`` says how long a row is, where that is known; without
    ``counted`` the rows are not known at all.
    """

    rate: int
    shift: np.ndarray
    leads: np.ndarray
    names: list
    row: str | None = None
    counted: bool = True

    def output_of(self, lead):
        """Which output has a lead."""
        found = np.flatnonzero(self.leads == lead)
        if not len(found):
            raise ValueError(f"lead={lead!r} is not forecast: there are {self.leads.tolist()}")
        return int(found[0])

    def edges(self, blocks, output):
        """Where blocks of steps begin and the last ends, in rows from t, for each feature."""
        length = blocks[-1][-1] + 1
        ages = length - np.array([block[0] for block in blocks] + [length]) - 0.5
        start = self.shift - self._lead(output)
        return start - ages[:, None] * self.rate

    def describe(self, output):
        """What the lags are counted in, and from where."""
        if not self.counted:
            return "lag in steps; the window ends with t"
        end = "row t is forecast" if self._lead(output) else "the window ends with t"
        return "lag in rows" + (f" of {self.row}" if self.row else "") + f"; {end}"

    def _lead(self, output):
        return 0 if output is None or not self.counted else int(self.leads[output])


def layout_of(estimator, X, n_outputs: int, n_features: int | None) -> Layout:
    """The layout of the windows that the estimator takes, or makes of rows."""
    sliding = next((step for step in steps_of(estimator) if isinstance(step, SlidingWindow)), None)
    if sliding is not None and not isinstance(X, Windows):
        return _layout_of_rows(sliding, n_outputs)
    leads = next(
        (part.leads_ for part in nested(estimator) if hasattr(part, "leads_")),
        np.arange(1, n_outputs + 1),
    )
    if not isinstance(X, Windows):
        n_features = as_windows(X).n_features if n_features is None else n_features
        return Layout(
            rate=1,
            shift=np.zeros(n_features, int),
            leads=np.asarray(leads),
            names=_names(None, n_features),
            counted=False,
        )
    return Layout(
        rate=X.sampling_rate,
        shift=X.shift,
        leads=np.array(X.leads) if len(X.leads) == n_outputs else leads,
        names=_names(X.feature_names, X.n_features),
        row=None if X.index is None else _row_name(clock_of(X.index[: X.bounds[1]])),
    )


def _layout_of_rows(sliding, n_outputs):
    shift = np.zeros(sliding.n_features_in_, int)
    shift[sliding.known_ahead_] = sliding.lead
    return Layout(
        rate=sliding.sampling_rate,
        shift=shift,
        leads=sliding.lead + np.arange(n_outputs),
        names=_names(getattr(sliding, "feature_names_in_", None), len(shift)),
        row=_row_name(sliding.context_.clock),
    )


def output_of(layout: Layout, lead: int | None, n_outputs: int) -> int | None:
    """The output of a lead; None: all of several."""
    if n_outputs == 1:
        return 0
    return None if lead is None else layout.output_of(lead)


def _names(names, n_features):
    return [f"x{i}" for i in range(n_features)] if names is None else list(names)


def _row_name(clock: Clock | None):
    """How long a row of a regular index is; None where rows are only numbered."""
    if clock is None or isinstance(clock.step, int):
        return None
    step = clock.step
    if isinstance(step, pd.Timedelta):
        name = step.resolution_string
        number = step // pd.Timedelta(1, name)
    else:
        name = step.name.partition("-")[0].rstrip("SE")
        number = step.n
    return count(number, UNITS.get(name, name))
