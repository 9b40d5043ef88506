"""Windows over the rows of a series: the lazy array, and what makes and reshapes it."""

from skrnn.windows.array import Windows
from skrnn.windows.making import future_rows, make_windows
from skrnn.windows.sliding import SlidingWindow
from skrnn.windows.steps import FlattenWindows, LastSteps

__all__ = ["FlattenWindows", "LastSteps", "SlidingWindow", "Windows", "future_rows", "make_windows"]
