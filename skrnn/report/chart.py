"""Chart: a figure with its finding in words, its numbers, and what the reader may choose."""

import html
import itertools
from dataclasses import dataclass, field

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from skrnn.comparison import Comparison
from skrnn.comparison.recipes import STATISTICAL
from skrnn.wording import RUNGS, shortened

# Each rung has its colour in style.css, the same in every report; other models get those behind.
# Those of statsforecast come last, so that others have the same colour with and without them.
LADDER = (*(name for name in RUNGS if name not in STATISTICAL), *STATISTICAL)
N_COLOURS = 14
DASHES = {
    "naive": "dash",
    "seasonal": "dot",
    "smoothing": "dashdot",
    "theta": "longdash",
    "arima": "longdashdot",
}
MARGIN = {"l": 56, "r": 16, "t": 30, "b": 12}


@dataclass(frozen=True)
class Table:
    """Rows of text under a head; the first ``n_text`` columns hold words, the others numbers."""

    head: list
    rows: list
    note: str = ""
    n_text: int = 1


@dataclass(frozen=True)
class Choice:
    """What the reader may choose of a chart.

    Attributes
    ----------
    name, label : str
        The part of a trace's "meta" that it concerns, and what the page calls it.
    kind : {"select", "checkbox", "radio"}
        One of many, any, or one of a few.
    options : list of dict
        "value", "label", "chosen", and "colour" and "dash" where the option is a model.
    always : list of dict
        "label", "colour" and "dash" of what is drawn whatever is chosen.
    """

    name: str
    label: str
    kind: str
    options: list
    always: list = field(default_factory=list)


@dataclass(frozen=True)
class Chart:
    """A figure with its finding in words.

    Attributes
    ----------
    name, title : str
        How the page refers to it, and what it shows.
    finding : str
        What there is to see, for who cannot see it and for who can.
    figure : Figure
        Traces, whose "meta" says when they are shown and in which colour.
    table : Table or None
        The numbers behind it.
    choices : list of Choice
        What the reader may choose.
    note : str
        What is not drawn, and why.
    also : tuple of str
        Other charts that the choices concern.
    """

    name: str
    title: str
    finding: str
    figure: go.Figure
    table: Table | None = None
    choices: list = field(default_factory=list)
    note: str = ""
    also: tuple = ()


def figure(height: int = 360, **layout) -> go.Figure:
    """An empty figure; its colours come from the page's style sheet, when it is drawn."""
    common = {"template": {}, "height": height, "margin": MARGIN, "showlegend": False}
    # The nearest row answers to the pointer, however far it is.
    common |= {"hovermode": "x unified", "hoverdistance": -1}
    return go.Figure(layout={**common, **layout})


def colours_of(comparison: Comparison) -> dict:
    """The colour of each model, as the style sheet calls it."""
    names = dict.fromkeys(
        [*comparison.plan.models, *comparison.results, *comparison.unfinished, *comparison.training]
    )
    others = itertools.cycle(range(len(LADDER), N_COLOURS))
    return {
        name: f"model-{LADDER.index(name) if name in LADDER else next(others)}" for name in names
    }


def dash_of(name: str) -> str:
    """How a model's line is drawn: the forecasts that need no learning are broken lines."""
    return DASHES.get(name, "solid")


def plain(name: object, length: int = 40) -> str:
    """A name, shortened, that the charting library shows as it is: it reads some HTML in texts."""
    return html.escape(shortened(name, length), quote=False)


def along_axis(index: pd.Index) -> np.ndarray:
    """Where the rows lie on an axis: milliseconds, of a time index; else the labels."""
    if isinstance(index, pd.PeriodIndex):
        index = index.to_timestamp()
    if isinstance(index, pd.DatetimeIndex):
        millis = index.tz_localize(None).to_numpy("datetime64[ms]").astype(np.int64)
        return millis.astype(np.float64)
    return index.to_numpy(np.float64)


def axis_of(index: pd.Index, title: str = "") -> dict:
    """The axis that rows lie on."""
    if isinstance(index, pd.PeriodIndex | pd.DatetimeIndex):
        return {"type": "date", "title": {"text": title}}
    return {"type": "linear", "title": {"text": title or "row"}}


def model_choice(
    comparison: Comparison,
    names: list,
    chosen: set,
    kind: str = "checkbox",
    label: str = "Models",
    always: tuple = (),
) -> Choice:
    """The models that a chart can show, which is its legend too."""
    colours = colours_of(comparison)
    options = [
        {
            "value": name,
            "label": name,
            "chosen": name in chosen,
            "colour": colours[name],
            "dash": dash_of(name),
        }
        for name in names
    ]
    return Choice("model", label, kind, options, list(always))


def select(name: str, label: str, values: dict) -> Choice:
    """One of many, the first to begin with."""
    options = [
        {"value": str(value), "label": text, "chosen": number == 0}
        for number, (value, text) in enumerate(values.items())
    ]
    return Choice(name, label, "select", options)
