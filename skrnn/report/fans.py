"""Fans: the intervals around forecasts, as areas."""

import numpy as np
import plotly.graph_objects as go


def draw_fan(
    drawn: go.Figure,
    at: np.ndarray,
    lower: np.ndarray,
    upper: np.ndarray,
    coverage: float,
    meta: dict,
) -> None:
    """Draw an interval from its ends; an unknown position or end parts one area from the next.

    A single row is a bar of its own.
    """
    known = np.isfinite(at) & np.isfinite(lower) & np.isfinite(upper)
    edges = np.flatnonzero(np.diff(np.concatenate([[False], known, [False]]).astype(int)))
    x = []
    y = []
    for start, stop in edges.reshape(-1, 2):
        x += [at[start:stop], at[start:stop][::-1], [np.nan]]
        y += [lower[start:stop], upper[start:stop][::-1], [np.nan]]
    if not x:
        return
    single = np.all(edges[1::2] - edges[::2] == 1)
    drawn.add_scatter(
        x=np.concatenate(x)[:-1],
        y=np.concatenate(y)[:-1].astype(np.float32),
        name=f"{100 * coverage:g} %",
        mode="lines",
        fill="none" if single else "toself",
        line={"width": 6 if single else 0},
        opacity=0.35 if single else 1,
        hoverinfo="skip",
        meta=meta,
    )
