"""Draws the pictures of docs/pictures.md, from data that need no network."""

from pathlib import Path

import matplotlib

matplotlib.use("Agg")
import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from sklearn.pipeline import make_pipeline

from skrnn import (
    CalendarFeatures,
    ConvRegressor,
    DenseRegressor,
    Differencer,
    LinearWindow,
    NaiveForecaster,
    RNNRegressor,
    SeriesScaler,
    SlidingWindow,
    TransformedWindowRegressor,
)
from skrnn.datasets import load_airline, make_waves
from skrnn.plotting import ForecastDisplay, LagImportanceDisplay, LeadErrorDisplay, TrainingDisplay


def save(display, name):
    """Write a display's figure beside this script, and close it."""
    display.figure_.savefig(Path(__file__).with_name(f"picture_{name}.png"), dpi=90)
    plt.close(display.figure_)


def draw_forecast():
    """The airline series, forecast a year ahead from three Decembers."""
    df = load_airline()
    model = TransformedWindowRegressor(LinearWindow(), Differencer(12))
    pipe = make_pipeline(SlidingWindow(length=24, lead=12), model).fit(
        df[:"1957"], df[:"1957"]["passengers"]
    )
    decembers = ["1957-12", "1958-12", "1959-12"]
    save(
        ForecastDisplay.from_estimator(pipe, df, df["passengers"], origin=decembers, name="linear"),
        "forecast",
    )


def draw_waves():
    """The ladder on waves: errors by lead, and how the recurrent network learned."""
    waves = make_waves(3000, 60, random_state=42)
    X, y = waves[:, :50], waves[:, 50:, 0]
    training = {"epochs": 30, "random_state": 0}
    ladder = {
        "naive": NaiveForecaster(),
        "linear": LinearWindow(),
        "dense": DenseRegressor(**training),
        "conv": ConvRegressor(**training),
        "gru": RNNRegressor(
            "gru", early_stopping=True, patience=5, learning_rate=0.005, **training
        ),
    }
    for model in ladder.values():
        model.fit(X[:2500], y[:2500])
    save(LeadErrorDisplay.from_estimator(ladder, X[2500:], y[2500:]), "lead_error")
    save(TrainingDisplay.from_estimator(ladder["gru"]), "training")


def hourly_demand():
    """Hours of a demand that follows the temperature two to four hours before, and the hour."""
    rng = np.random.default_rng(0)
    index = pd.date_range("2024-01-01", periods=2000, freq="h")
    temperature = pd.Series(rng.normal(scale=10, size=2000)).ewm(halflife=3).mean().to_numpy()
    demand = (
        5 * np.sin(np.arange(2000) * np.pi / 12)
        - np.convolve(temperature, [0, 0, 0.5, 1, 0.5])[:2000]
    )
    columns = {
        "demand": demand + rng.normal(size=2000),
        "temperature": temperature,
        "wind": rng.normal(size=2000),
    }
    return pd.DataFrame(columns, index)


def draw_importance():
    """What a linear model of the demand rests on.

    Its coefficients, and what exchanging parts of its windows costs.
    """
    df = hourly_demand()
    pipe = make_pipeline(
        CalendarFeatures("hour"),
        SeriesScaler(),
        SlidingWindow(length=12, lead=2, known_ahead=["hour_sin", "hour_cos"]),
        LinearWindow(),
    ).fit(df, df["demand"])
    save(LagImportanceDisplay.from_estimator(pipe), "coefficients")
    options = {"kind": "permutation", "random_state": 0}
    save(LagImportanceDisplay.from_estimator(pipe, df, df["demand"], **options), "permutation")


if __name__ == "__main__":
    draw_forecast()
    draw_waves()
    draw_importance()
