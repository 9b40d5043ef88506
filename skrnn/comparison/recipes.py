"""Recipes: how each rung of the ladder is set for a data set, and what is worth trying."""

from dataclasses import dataclass, replace

import numpy as np

from skrnn.comparison.forms import Form
from skrnn.wording import listing

# Networks that read step by step, and those of them that read long windows as fast as short ones.
RECURRENT = ("mingru", "simple", "lstm", "gru")
SCANNED = ("mingru",)
# Recurrent networks that may read a season of steps at a time.
SEGMENTED = ("lstm", "gru")
NETWORKS = ("dense", "conv", *RECURRENT)
# The rungs that learn a form of the rows, and see the calendar.
LEARNING = ("linear", *NETWORKS)
# The rungs of statsforecast, which are there where it is installed.
STATISTICAL = ("theta", "arima")
# The rungs that choose a season alone.
SEASONAL = ("seasonal", "smoothing", *STATISTICAL)
# Rows that exponential smoothing learns from at most: its fit is slow, and slower with the season's
# length.
MOST_SMOOTHED = 1_000
# The longest season of rungs that cannot take any: two must be among the smoothed rows, and ARIMA's
# search takes minutes of longer ones.
LONGEST_SEASON = {"smoothing": MOST_SMOOTHED // 2 - 2, "arima": 24}
# Steps that a network reads one by one, unless the window is asked for.
MOST_STEPS = 60
# A vector of a season's steps has at most so many, and at least as many as are worth it.
SEGMENTS = (4, 60)
FEWEST_SEGMENTS = 3
# Windows are tried that are so many times as long as the first.
FACTORS = (0.25, 0.5, 2, 4, 8, 16)
SHORTEST_WINDOW = 12
# A linear model tries each form with the first window, and with one so many times as long: what is
# of no use to a short window may be the best for a long one.
LONG = 8
VALUES = Form()
# Forms in the order in which they are tried: those first that help most often.
FORMS = (
    VALUES,
    Form("last season", scaled=True),
    Form("season"),
    Form("last season", scaled=True, logs=True),
    Form("last season"),
    Form("row"),
    Form(scaled=True),
    Form(logs=True),
    Form("season", logs=True),
    Form("season", scaled=True),
    Form("row", scaled=True),
    Form("row", logs=True),
    Form("last season", logs=True),
    Form(scaled=True, logs=True),
)
# Of several series windows by themselves come first, as series differ in size.
FORMS_OF_SEVERAL = tuple(sorted(FORMS, key=lambda form: not form.scaled))


@dataclass(frozen=True)
class Recipe:
    """How a rung is set.

    Attributes
    ----------
    window : int
        Steps that a forecast looks at.
    season : int, default=1
        Rows of the season that it follows.
    form : Form, default=Form()
        What it learns.
    columns : tuple of str, default=None
        The columns that it sees, the target first. None: all.
    loss : {"mae", "mse"}, default="mae"
        What its training minimises.
    segment : int, default=1
        Steps that a recurrent network reads at a time.
    size : {"small", "large"}, default="small"
        How many units a network has.
    length : float, default=1.0
        How long a network is trained, beside what its plan allows.
    time : float, default=1.0
        How many times as much its plan allows it as at first.
    """

    window: int
    season: int = 1
    form: Form = VALUES
    columns: tuple | None = None
    loss: str = "mae"
    segment: int = 1
    size: str = "small"
    length: float = 1.0
    time: float = 1.0

    @property
    def steps(self) -> int:
        """The newest steps of a window that it takes."""
        return self.window + self.form.steps_lost(self.season)

    def n_inputs(self, n_columns: int) -> int:
        """How many numbers a forecast looks at, where there are so many columns."""
        return self.window * (n_columns if self.columns is None else len(self.columns))

    def words(self, name: str) -> str:
        """What a rung of this recipe does, as part of a sentence."""
        if name in SEASONAL:
            return f"a season of {self.season} rows" if self.season > 1 else "no season"
        if name not in LEARNING:
            return "nothing"
        parts = [f"{self.form.words(self.season)}", f"windows of {self.window}"]
        if self.segment > 1:
            parts.append(f"{self.segment} steps at a time")
        if self.columns is not None:
            parts.append("the target alone" if len(self.columns) == 1 else self._columns_words())
        if self.size != "small":
            parts.append(f"{self.size}")
        if name in NETWORKS and self.length * self.time != 1:
            parts.append(f"trained {self.length * self.time:.2g} times as long")
        if name == "linear" and self.loss == "mae":
            parts.append("least absolute errors")
        return ", ".join(parts)

    def _columns_words(self):
        return f"of {listing(self.columns)} alone"


@dataclass(frozen=True)
class Ground:
    """What recipes are made for: all that is known of the rows before anything is fitted.

    Attributes
    ----------
    horizon, season : int
        Rows that are forecast, and rows of a season.
    seasons : tuple of int
        Other natural seasons.
    window : int
        The first window that is tried.
    windows : tuple of int
        The others.
    is_asked : bool
        Whether the window was asked for.
    columns : tuple of str
        All columns, the target first, with those of the calendar.
    known_ahead : tuple of str
        Those whose future is known, without the calendar's.
    calendar : tuple of str
        The calendar's columns.
    several : bool
        Whether there are several series.
    scouted : tuple of Recipe, default=()
        The recipes of a linear model that did best: they enter the networks' races first.
    """

    horizon: int
    season: int
    seasons: tuple
    window: int
    windows: tuple
    is_asked: bool
    columns: tuple
    known_ahead: tuple = ()
    calendar: tuple = ()
    several: bool = False
    scouted: tuple = ()

    @property
    def target(self) -> str:
        """The column that is forecast."""
        return self.columns[0]

    @property
    def most_steps(self) -> int:
        """Steps that a network reads one by one, at most, unless a window was asked for."""
        return max(MOST_STEPS, self.horizon if self.known_ahead else 0)


def first(name: str, ground: Ground) -> Recipe:
    """The recipe that a rung starts from: a network from what serves a linear model best."""
    season = 1 if ground.season > LONGEST_SEASON.get(name, ground.season) else ground.season
    recipe = Recipe(window=ground.window, season=season, form=VALUES)
    if name == "linear":
        return replace(recipe, loss="mse")
    recipe = replace(recipe, window=_readable(name, ground.window, ground))
    if name in NETWORKS and ground.scouted:
        return _scouted(name, recipe, ground.scouted[0], ground)
    return recipe


def _scouted(name, recipe, one, ground):
    """A network's recipe with the form, the season and the window of a linear model's."""
    window = max(_readable(name, one.window, ground), _least_window(one.form, one.season))
    return replace(recipe, form=one.form, season=one.season, window=window)


def _least_window(form, season):
    """Changes since the last season say nothing of that season itself: two, at least."""
    return 2 * season if form.since == "last season" else 1


def stages(name: str) -> tuple:
    """What is tried for a rung, one after the other."""
    if name in SEASONAL:
        return (seasons,)
    if name == "linear":
        return (forms, columns, windows, losses)
    if name in NETWORKS:
        return (forms, columns, windows, sizes, lengths)
    return ()


def seasons(name: str, recipe: Recipe, ground: Ground) -> list[Recipe]:
    """With other natural seasons, and for what can do without one, none."""
    others = [season for season in ground.seasons if season != recipe.season]
    none = [] if name == "seasonal" else [1]
    return [replace(recipe, season=season) for season in (*none, *others)]


def forms(name: str, recipe: Recipe, ground: Ground) -> list[Recipe]:
    """Of other forms: those first that serve a linear model best, with the windows that do.

    It tries other seasons too.
    """
    found = []
    for one in ground.scouted if name in NETWORKS else ():
        whole = _scouted(name, recipe, one, ground)
        # By segments, as many steps are read as the linear model looks at, in less time.
        by_segments = segments(whole, ground) if name in SEGMENTED else []
        found += sorted(by_segments, key=lambda by: abs(np.log(by.window / one.window)))[:1]
        found.append(whole)
    kinds = FORMS_OF_SEVERAL if ground.several else FORMS
    tried = [(recipe.season, form) for form in kinds]
    lengths = [_readable(name, ground.window, ground)]
    if name == "linear":
        others = [season for season in ground.seasons if season != recipe.season]
        tried += [(season, form) for season in others for form in kinds if form.is_seasonal]
        lengths += [max((n for n in ground.windows if n <= LONG * ground.window), default=0)]
    for window in filter(None, dict.fromkeys(lengths)):
        for season, form in tried:
            if form.since == "season" and season == 1:
                continue
            least = _least_window(form, season)
            if least <= max(ground.window, *ground.windows, 0):
                set_so = replace(recipe, season=season, form=form, window=max(window, least))
                found.append(set_so)
    return [one for one in dict.fromkeys(found) if one != recipe]


def _readable(name, window, ground):
    """A window as long as a network can read."""
    if name in RECURRENT and name not in SCANNED and not ground.is_asked:
        return min(window, ground.most_steps)
    return window


def windows(name: str, recipe: Recipe, ground: Ground) -> list[Recipe]:
    """Of other lengths, the nearest first, and read by segments."""
    least = _least_window(recipe.form, recipe.season)
    found = [
        replace(recipe, window=window, segment=1)
        for window in sorted(
            {ground.window, *ground.windows} - {recipe.window},
            key=lambda n: (abs(np.log(n / recipe.window)), -n),
        )
        if window >= least and window == _readable(name, window, ground)
    ]
    if name in SEGMENTED:
        found = [*segments(recipe, ground), *found]
    return found


def segments(recipe: Recipe, ground: Ground) -> list[Recipe]:
    """A season of steps at a time."""
    found = []
    for season in dict.fromkeys((recipe.season, *ground.seasons)):
        if not SEGMENTS[0] <= season <= SEGMENTS[1]:
            continue
        for window in (ground.window, *ground.windows):
            whole = window - window % season
            if whole >= max(FEWEST_SEGMENTS * season, 2 * recipe.season):
                found.append(replace(recipe, window=whole, segment=season))
    return list(dict.fromkeys(found))


def columns(name: str, recipe: Recipe, ground: Ground) -> list[Recipe]:
    """Of fewer columns, down to the target alone."""
    given = (ground.target, *ground.known_ahead, *ground.calendar)
    sets = dict.fromkeys((given, (ground.target, *ground.calendar), (ground.target,)))
    return [replace(recipe, columns=names) for names in sets if len(names) < len(ground.columns)]


def losses(name: str, recipe: Recipe, ground: Ground) -> list[Recipe]:
    """By absolute errors, as rungs are ranked."""
    return [replace(recipe, loss="mae")]


def sizes(name: str, recipe: Recipe, ground: Ground) -> list[Recipe]:
    """With more units."""
    return [replace(recipe, size="large")]


def lengths(name: str, recipe: Recipe, ground: Ground) -> list[Recipe]:
    """Trained for a longer time: the rounds of a race tell of shorter ones."""
    return [replace(recipe, length=3.0)]
