"""Trend and season: what differencing does for a linear model and a network, and who loses.

`TransformedWindowRegressor` lets a model learn how a target differs from its own window, here from
the same row of the season before (`Differencer`), and brings the forecasts back to the original
unit. A network that never saw the level to come cannot forecast it without.
"""

import argparse

import numpy as np
import pandas as pd
from sklearn.metrics import mean_absolute_error
from sklearn.pipeline import make_pipeline

from skrnn import (
    Differencer,
    LinearWindow,
    NaiveForecaster,
    RNNRegressor,
    SeriesScaler,
    TransformedWindowRegressor,
    make_windows,
)
from skrnn.datasets import load_airline


def make_visits(n_days):
    """Hourly visits of a growing site: busy afternoons, of which a slow mood makes more or less."""
    rng = np.random.default_rng(0)
    index = pd.date_range("2024-01-01", periods=24 * n_days, freq="h", name="hour")
    t = np.arange(len(index))
    mood = np.sin(2 * np.pi * t / 130) * np.sin(2 * np.pi * t / 210)
    day = np.clip(np.sin(2 * np.pi * (t - 8) / 24), 0, None) ** 2
    visits = 100 + 0.08 * t + 60 * day * np.exp(mood) + rng.normal(scale=2, size=len(t))
    return pd.DataFrame({"visits": visits}, index=index)


def compare(title, series, *, length, season, test_share, epochs):
    """One step ahead: train on the oldest windows, forecast the newest."""
    X, y = make_windows(series, length)
    n_train = round((1 - test_share) * len(y))

    def network():
        # The newest tenth of the training windows tells when to stop.
        rnn = RNNRegressor("gru", 32, epochs=epochs, early_stopping=True, random_state=0)
        return make_pipeline(SeriesScaler(), rnn)

    models = {
        "naive": NaiveForecaster(),
        "seasonal naive": NaiveForecaster("seasonal", season=season),
        "linear": LinearWindow(),
        "linear on differences": TransformedWindowRegressor(LinearWindow(), Differencer(season)),
        "GRU": network(),
        "GRU on differences": TransformedWindowRegressor(network(), Differencer(season)),
    }
    print(f"{title}: {n_train} windows of {length} rows to learn, {len(y) - n_train} to test")
    print(f"{'':24}     MAE    skill")
    errors = {}
    for name, model in models.items():
        model.fit(X[:n_train], y[:n_train])
        errors[name] = mean_absolute_error(y[n_train:], model.predict(X[n_train:]))
        print(f"{name:24}{errors[name]:8.2f} {1 - errors[name] / errors['naive']:8.1%}", flush=True)
    print(f"Best: {min(errors, key=errors.get)}\n")


parser = argparse.ArgumentParser(
    description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
)
parser.add_argument(
    "--quick", action="store_true", help="few rows and few epochs, to see that it runs"
)
args = parser.parse_args()

airline = {"length": 24, "season": 12, "test_share": 0.2, "epochs": 2 if args.quick else 150}
compare("Airline passengers, monthly, in thousands", load_airline(), **airline)
hourly = {"length": 48, "season": 24, "test_share": 0.25, "epochs": 1 if args.quick else 60}
compare("Visits of a growing site, hourly", make_visits(20 if args.quick else 120), **hourly)
