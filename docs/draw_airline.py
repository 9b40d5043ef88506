"""Draws docs/airline.png: the last three years of the airline series, and how the README's models forecast them."""

from pathlib import Path

import matplotlib

matplotlib.use("Agg")
import matplotlib.pyplot as plt
from sklearn.pipeline import make_pipeline

from skrnn import (
    Differencer,
    LinearWindow,
    NaiveForecaster,
    RNNRegressor,
    SeriesScaler,
    SlidingWindow,
    TransformedWindowRegressor,
)
from skrnn.datasets import load_airline


def main():
    """Fit the models and draw."""
    df = load_airline()
    train, test = df[:"1957"], df["1958":]
    gru = make_pipeline(SeriesScaler(), RNNRegressor("gru", units=16, epochs=60, random_state=0))
    models = {
        "naive, same month last year": (NaiveForecaster(), "tab:gray", ":"),
        "linear, seasonal difference": (TransformedWindowRegressor(LinearWindow(), Differencer(12)), "tab:orange", "-"),
        "GRU, seasonal difference": (TransformedWindowRegressor(gru, Differencer(12)), "tab:blue", "--"),
    }
    figure, axes = plt.subplots(figsize=(9, 3.6), layout="constrained")
    shown = df["1957":]["passengers"]
    axes.plot(shown.index.to_timestamp(), shown, color="black", label="passengers")
    for name, (model, colour, style) in models.items():
        pipe = make_pipeline(SlidingWindow(length=24, lead=12), model).fit(train, train["passengers"])
        axes.plot(test.index.to_timestamp(), pipe.predict(test), style, color=colour, label=name)
    axes.axvline(test.index[0].to_timestamp(), color="lightgray", zorder=0)
    axes.set_ylabel("passengers a month, thousands")
    axes.set_title("Each month forecast from what was known twelve months before; fitted on the years up to 1957")
    axes.legend(frameon=False, loc="upper left")
    axes.spines[["top", "right"]].set_visible(False)
    figure.savefig(Path(__file__).with_name("airline.png"), dpi=110)


if __name__ == "__main__":
    main()
