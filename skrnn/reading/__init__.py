"""A stranger's CSV or Parquet file as regular series, or one line that says what is wrong."""

from skrnn.reading.filling import fill_past
from skrnn.reading.problem import DataProblem
from skrnn.reading.series import Reading, read_series

__all__ = ["DataProblem", "Reading", "fill_past", "read_series"]
