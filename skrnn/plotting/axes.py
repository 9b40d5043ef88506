"""What all pictures share: axes, colours, and where the labels of an index lie."""

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from matplotlib import dates, ticker
from matplotlib.axes import Axes
from matplotlib.legend import Legend

# Okabe and Ito's colours, which colour-blind readers tell apart.
BLACK = "#000000"
BLUE = "#0072B2"
SKY = "#56B4E9"
ORANGE = "#E69F00"
GREEN = "#009E73"
VERMILION = "#D55E00"
PURPLE = "#CC79A7"
GREY = "#7F7F7F"
PALETTE = (BLUE, VERMILION, GREEN, PURPLE, ORANGE, SKY, BLACK, "#8C564B")
SHADES = (BLUE, SKY)


def axes_for(ax: Axes | None, size: tuple[float, float]) -> Axes:
    """The axes that came, or those of a new figure, without the lines that frame nothing."""
    if ax is None:
        _, ax = plt.subplots(figsize=size, layout="constrained")
    if not ax.has_data():
        ax.spines[["top", "right"]].set_visible(False)
    return ax


def counted_from_one(ax: Axes) -> None:
    """Ticks at whole numbers on the x axis, and none at 0."""
    ax.xaxis.set_major_locator(ticker.MaxNLocator(integer=True))
    if ax.get_xlim()[0] <= 0:
        ax.set_xlim(left=0.5, auto=None)


def kind_of(index: pd.Index) -> str:
    """What the labels of an index are, as far as they can share an axis."""
    if isinstance(index, pd.DatetimeIndex):
        return "times" if index.tz is None else "times in a zone"
    if isinstance(index, pd.PeriodIndex):
        return "periods"
    if isinstance(index, pd.TimedeltaIndex):
        return "durations"
    return "numbers" if pd.api.types.is_numeric_dtype(index.dtype) else "names"


def axis_values(index: pd.Index) -> np.ndarray:
    """Where the labels lie on an axis: times (in UTC), hours, numbers or names."""
    kind = kind_of(index)
    if kind == "periods":
        index = index.to_timestamp()
    if kind == "times in a zone":
        index = index.tz_convert(None)
    if kind == "durations":
        index = index / pd.Timedelta(1, "h")
    return index.to_numpy(str) if kind == "names" else index.to_numpy()


def dress_index_axis(ax: Axes, index: pd.Index) -> None:
    """Ticks and a label for an axis that shows the labels of an index."""
    kind = kind_of(index)
    if kind in ("times", "periods", "times in a zone"):
        zone = getattr(index, "tz", None)
        locator = dates.AutoDateLocator(tz=zone, minticks=3, maxticks=8)
        ax.xaxis.set_major_locator(locator)
        ax.xaxis.set_major_formatter(dates.ConciseDateFormatter(locator, tz=zone))
        ax.set_xlabel(f"time ({zone})" if zone else "")
    elif kind == "names":
        ax.xaxis.set_major_locator(ticker.MaxNLocator(8, integer=True))
    else:
        ax.xaxis.set_major_locator(ticker.MaxNLocator(integer=True))
        ax.set_xlabel(index.name or ("hours" if kind == "durations" else "row"))


def small_legend(ax: Axes, **options) -> Legend:
    """A legend that hides little."""
    style = {"frameon": True, "framealpha": 0.9, "edgecolor": "none", "fontsize": "small"}
    return ax.legend(**{**style, **options})
