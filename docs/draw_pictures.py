"""Draws the pictures of the pages of docs, from data that need no network."""

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
    IntervalForecaster,
    LinearWindow,
    NaiveForecaster,
    RNNClassifier,
    RNNRegressor,
    SeriesScaler,
    SlidingWindow,
    TokenSequences,
    TransformedWindowRegressor,
    Windows,
    make_windows,
)
from skrnn.datasets import load_airline, make_reviews, make_waves
from skrnn.evaluation import backtest
from skrnn.neural.fused.engine import input_gradients
from skrnn.plotting import (
    AttentionDisplay,
    CalibrationDisplay,
    ForecastDisplay,
    LagImportanceDisplay,
    LeadErrorDisplay,
    TrainingDisplay,
)
from skrnn.plotting.axes import BLUE, PALETTE, VERMILION, small_legend


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


def hourly_load():
    """Twelve weeks of hours that follow the day, and errors that last a while."""
    rng = np.random.default_rng(0)
    n = 12 * 7 * 24
    errors = pd.Series(rng.normal(size=n)).ewm(halflife=6).mean().to_numpy()
    load = 50 + 10 * np.sin(np.arange(n) * np.pi / 12) + 8 * errors
    return pd.DataFrame({"load": load}, pd.date_range("2024-01-01", periods=n, freq="h"))


def draw_intervals():
    """A fan of the hours of two days, and what the intervals of four weeks held."""
    X, y = make_windows(hourly_load(), length=48, horizon=48)
    coverages = (0.2, 0.4, 0.5, 0.6, 0.8, 0.9, 0.95)
    models = {"conformal": IntervalForecaster(LinearWindow()), "residuals": LinearWindow()}
    results = {
        name: backtest(model, X, y, cv=6, coverages=coverages) for name, model in models.items()
    }
    save(CalibrationDisplay.from_predictions(results), "calibration")
    model = IntervalForecaster(LinearWindow(), calibration_size=0.4).fit(X[:-72], y[:-72])
    options = {"coverages": (0.5, 0.8, 0.95), "n_history": 96, "name": "linear"}
    save(ForecastDisplay.from_estimator(model, X, y, origin=-1, **options), "fan")


def draw_waves():
    """The ladder on waves: errors by lead, and how the recurrent network learned."""
    waves = make_waves(3000, 60, random_state=42)
    X, y = waves[:, :50], waves[:, 50:, 0]
    training = {"random_state": 0}
    ladder = {
        "naive": NaiveForecaster(),
        "linear": LinearWindow(),
        "dense": DenseRegressor(**training),
        "conv": ConvRegressor(**training),
        "gru": RNNRegressor("gru", early_stopping=True, **training),
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


CELLS = ("simple", "lstm", "gru", "mingru")


def size_by_distance(model, X):
    """How large the gradient is 0, 1, 2 … steps before the end of a window."""
    windows = Windows.from_array(np.asarray(X))
    network = model.network_.on(windows.length)
    slopes = input_gradients(network, model.weights_, windows)
    return np.sqrt(np.square(slopes).sum(axis=2).mean(axis=0))[::-1]


def adding(n, steps, rng):
    """Numbers and marks (n, steps, 2), and the sum of the two that are marked."""
    X = np.zeros((n, steps, 2))
    X[:, :, 0] = rng.uniform(size=(n, steps))
    half = steps // 2
    marked = np.stack([rng.integers(half, size=n), rng.integers(half, steps, size=n)], axis=1)
    every = np.arange(n)[:, None]
    X[every, marked, 1] = 1
    return X, X[every, marked, 0].sum(axis=1)


def draw_distances(ax, X, y, shown, title, **options):
    """The size of the gradient by distance, of each cell."""
    for cell, color in zip(CELLS, PALETTE, strict=False):
        model = RNNRegressor(cell, 32, dtype="float64", random_state=0, **options).fit(X, y)
        ax.plot(size_by_distance(model, X[:shown]), color=color, label=cell)
    ax.set(xlabel="steps before the end", title=title, yscale="log", ylim=(1e-12, 3))


def draw_clipping(ax):
    """The loss of a linear simple cell by learning rate, with and without clipping."""
    rng = np.random.default_rng(0)
    rows = np.sin(np.arange(1500) / 5) + 0.1 * rng.normal(size=1500)
    X, y = make_windows(rows, length=100)
    options = {"activation": "linear", "optimizer": "sgd", "epochs": 12, "random_state": 0}
    options["learning_rate_schedule"] = "constant"
    options["cell"], options["units"] = "simple", 32
    for norm, color in ((None, VERMILION), (1.0, BLUE)):
        losses = {}
        for rate in (0.0005, 0.001, 0.002, 0.003, 0.005, 0.01, 0.02):
            model = RNNRegressor(global_clipnorm=norm, learning_rate=rate, **options)
            try:
                losses[rate] = model.fit(X, y).history_["loss"][-1]
            except ValueError:  # infinite in the first epoch
                ax.plot(rate, 1, "x", color=color)
        label = "as it is (x: infinite)" if norm is None else f"global_clipnorm={norm:g}"
        ax.plot(losses.keys(), losses.values(), ".-", color=color, label=label)
    ax.set(xlabel="learning rate", xscale="log", yscale="log", title="clipping", ylabel="loss")


def draw_forgetting():
    """How far the gradient reaches, before and after training, and what clipping mends."""
    figure, axes = plt.subplots(1, 3, figsize=(11, 3.6), layout="constrained")
    rng = np.random.default_rng(0)
    X, y = make_windows(rng.normal(size=400), length=200)
    draw_distances(axes[0], X, y, 200, "before training", epochs=1, learning_rate=1e-9)
    axes[0].set_ylabel("size of the gradient")
    X, y = adding(4000, 100, rng)
    options = {"epochs": 60, "batch_size": 64, "learning_rate": 0.01, "clipnorm": 1.0}
    options["learning_rate_schedule"] = "constant"
    draw_distances(axes[1], X, y, 200, "after the adding problem", **options)
    draw_clipping(axes[2])
    for ax in axes:
        ax.spines[["top", "right"]].set_visible(False)
        small_legend(ax)
    figure.savefig(Path(__file__).with_name("picture_forgetting.png"), dpi=90)
    plt.close(figure)


def draw_attention():
    """What a network looks at in a made review."""
    texts, positive = make_reviews(1200, random_state=0)
    network = RNNClassifier("gru", 16, embedding=16, epochs=15, pooling="attention", random_state=0)
    model = make_pipeline(TokenSequences(), network).fit(texts[:600], positive[:600])
    save(AttentionDisplay.from_estimator(model, texts[600]), "attention")


if __name__ == "__main__":
    draw_forecast()
    draw_intervals()
    draw_waves()
    draw_importance()
    draw_forgetting()
    draw_attention()
