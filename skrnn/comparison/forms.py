"""Forms: what a rung learns of its windows: values or changes, their logarithms, their own unit."""

from dataclasses import dataclass, replace

from sklearn.base import BaseEstimator

from skrnn.forecasters.relative import TransformedWindowRegressor
from skrnn.preprocessing import Differencer, LogTransformer, SeasonalAnchor, WindowScaler


@dataclass(frozen=True)
class Columns:
    """What forms make of columns, by name.

    Attributes
    ----------
    all : tuple of str
        All columns, the target first.
    known_ahead : tuple of str, default=()
        Those whose future is known: a holiday is one in windows of any size.
    calendar : tuple of str, default=()
        The calendar's: of a season before or after, they are the same.
    """

    all: tuple
    known_ahead: tuple = ()
    calendar: tuple = ()

    @property
    def target(self) -> str:
        """The column that is forecast."""
        return self.all[0]

    @property
    def changing(self) -> list | None:
        """Those of which changes are learned; None for all."""
        return self._but(self.calendar)

    @property
    def measured(self) -> list | None:
        """Those that a window's own size says something of; None for all."""
        return self._but((*self.known_ahead, *self.calendar))

    def of(self, names: tuple | None) -> "Columns":
        """Some of them; None for all."""
        return self if names is None else replace(self, all=names)

    def _but(self, left_out):
        kept = [name for name in self.all if name not in left_out]
        return None if len(kept) == len(self.all) else kept


@dataclass(frozen=True)
class Form:
    """What a rung learns of its windows, and of what they forecast.

    Attributes
    ----------
    since : {"nothing", "row", "season", "last season"}, default="nothing"
        Values, or changes: from one row to the next, from the same row of the season before, or
        since the same row of the window's last season.
    scaled : bool, default=False
        Each window, and what it forecasts, by the window's own mean and deviation.
    logs : bool, default=False
        Of logarithms, of columns whose values are all positive.
    """

    since: str = "nothing"
    scaled: bool = False
    logs: bool = False

    @property
    def is_seasonal(self) -> bool:
        """Whether it depends on the season."""
        return self.since in ("season", "last season")

    def words(self, season: int) -> str:
        """What is learned, as part of a sentence."""
        before = f"a season ({season} rows) before" if season > 1 else "the row before"
        last = f"last season ({season} rows)" if season > 1 else "last row"
        changes = {
            "row": "changes from the row before",
            "season": f"changes from {before}",
            "last season": f"changes since the window's {last}",
        }
        words = changes.get(self.since, "values")
        if self.logs:
            words = f"logarithms' {words}" if self.since != "nothing" else "logarithms"
        return f"{words}, each window in units of its own deviation" if self.scaled else words

    def steps_lost(self, season: int) -> int:
        """The oldest steps of a window that have nothing to be changes from."""
        return {"row": 1, "season": season}.get(self.since, 0)

    def around(
        self, model: BaseEstimator, season: int, columns: Columns, *, weight: float = 0.0
    ) -> BaseEstimator:
        """A model on windows that learns this form; its forecasts are in the target's unit.

        ``weight`` is the power of its own unit that a scaled window weighs.
        """

        def relative(inner, transformer, **how):
            return TransformedWindowRegressor(inner, transformer, target=columns.target, **how)

        # Of the last season's phases the anchor knows nothing more once windows are differenced:
        # scaling comes in front of it, and behind changes of rows.
        if self.since == "last season":
            # What is scaled by itself, and what is not, cannot be told apart once more.
            which = columns.measured if self.scaled else columns.changing
            model = relative(model, SeasonalAnchor(season, columns=which))
        if self.scaled:
            scaler = WindowScaler(columns=columns.measured)
            model = relative(model, scaler, weight_by_scale=weight)
        if self.since in ("row", "season"):
            lag = 1 if self.since == "row" else season
            model = relative(model, Differencer(lag, columns=columns.changing))
        if self.logs:
            model = relative(model, LogTransformer(columns=columns.target))
        return model
