"""Texts of small CSV files."""

import numpy as np
import pandas as pd

WEEK = np.array([20.5, 21.25, 24.0, 23.5, 19.75, 15.0, 16.5])


def values(n):
    """A weekly pattern, each value a little larger than a week before."""
    return np.round(WEEK[np.arange(n) % 7] + 0.25 * (np.arange(n) // 7), 2)


def times(freq="D", n=40, start="2024-01-01"):
    return pd.date_range(start, periods=n, freq=freq, unit="us")


def table(labels, y=None, header="day,load", sep=","):
    """A header and a line for each label."""
    y = values(len(labels)) if y is None else y
    return (
        "\n".join(
            [header, *(f"{label}{sep}{value}" for label, value in zip(labels, y, strict=True))]
        )
        + "\n"
    )


def days(n=40):
    """Days from 2024-01-01 on and their load: the line of row i is i + 2."""
    return table(times(n=n).strftime("%Y-%m-%d"))


def with_cell(text, line, cell, column=-1, sep=","):
    """The text with another cell in a line, counted from 1."""
    lines = text.split("\n")
    fields = lines[line - 1].split(sep)
    fields[column] = cell
    lines[line - 1] = sep.join(fields)
    return "\n".join(lines)
