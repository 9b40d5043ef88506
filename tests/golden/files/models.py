"""Models whose files, written once, every later version reads and forecasts the same from."""

from pathlib import Path

import numpy as np
import pandas as pd
from sklearn.base import BaseEstimator
from sklearn.pipeline import make_pipeline

from skrnn import (
    Differencer,
    IntervalForecaster,
    LinearWindow,
    RNNClassifier,
    RNNRegressor,
    SeriesScaler,
    SlidingWindow,
    TransformedWindowRegressor,
    WindowScaler,
)

HERE = Path(__file__).parent

TRAINING = {
    "epochs": 2,
    "batch_size": 16,
    "learning_rate": 0.01,
    "learning_rate_schedule": "constant",
    "random_state": 0,
    "dtype": "float64",
}


def rows(index) -> pd.DataFrame:
    """Two columns of a random walk."""
    values = np.random.default_rng(0).normal(size=(len(index), 2)).cumsum(axis=0)
    return pd.DataFrame(values, index=index, columns=["demand", "weather"])


def linear() -> tuple[BaseEstimator, pd.DataFrame]:
    """Baselines of months, with their context."""
    data = rows(pd.period_range("2015-01", periods=90, freq="M"))
    model = make_pipeline(Differencer(1), SlidingWindow(6, lead=2), LinearWindow(alpha=1.0))
    return model.fit(data[:80], data["demand"][:80]), data


def recurrent() -> tuple[BaseEstimator, pd.DataFrame]:
    """A network of hours in a time zone, relative to its windows."""
    data = rows(pd.date_range("2024-03-30", periods=90, freq="h", tz="Europe/Berlin"))
    network = RNNRegressor("lstm", 3, dense_units=2, **TRAINING)
    inner = TransformedWindowRegressor(make_pipeline(SeriesScaler(), network), WindowScaler())
    model = make_pipeline(SlidingWindow(6, lead=1), inner)
    return model.fit(data[:80], data["demand"][:80]), data


def classes() -> tuple[BaseEstimator, pd.DataFrame]:
    """A classifier of rows that are counted."""
    data = rows(pd.RangeIndex(90))
    labels = np.where(data["demand"].diff() > 0, "up", "down")
    model = make_pipeline(SeriesScaler(), SlidingWindow(6), RNNClassifier("gru", 3, **TRAINING))
    return model.fit(data[:80], labels[:80]), data


def intervals() -> tuple[BaseEstimator, pd.DataFrame]:
    """Intervals that adapt."""
    data = rows(pd.date_range("2024-01-01", periods=90, freq="D"))
    inner = make_pipeline(SlidingWindow(6, lead=1), LinearWindow(alpha=1.0))
    model = IntervalForecaster(inner, method="adaptive", calibration_size=40)
    return model.fit(data[:80], data["demand"][:80]), data


MODELS = {model.__name__: model for model in (linear, recurrent, classes, intervals)}


def answers(name: str, model: BaseEstimator, data: pd.DataFrame) -> list:
    """What a model says of the rows that follow, as plain numbers."""
    new = data[80:]
    if name == "classes":
        return model.predict_proba(new).tolist()
    if name == "intervals":
        return model.predict_interval(new).tolist()
    return model.predict(new).tolist()
