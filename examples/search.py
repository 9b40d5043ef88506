"""Units, dropout and window length, searched with scikit-learn's own GridSearchCV.

The whole pipeline takes rows and gives rows, so that the length of the windows is one more
parameter. The calendar of the hour that is forecast is known ahead; the demand is known until a day
before. The naive forecasts are scored on the same folds.
"""

import argparse

import numpy as np
import pandas as pd
from sklearn.compose import make_column_selector
from sklearn.model_selection import GridSearchCV, TimeSeriesSplit, cross_val_score
from sklearn.pipeline import Pipeline

from skrnn import (
    CalendarFeatures,
    LinearWindow,
    NaiveForecaster,
    RNNRegressor,
    SeriesScaler,
    SlidingWindow,
)

DAY = 24


def make_demand(n_days):
    """Hourly demand: two peaks on working days, one at weekends, and a level that wanders."""
    rng = np.random.default_rng(0)
    index = pd.date_range("2024-01-01", periods=n_days * DAY, freq="h", name="hour")
    hour, weekend = index.hour.to_numpy(), index.dayofweek.to_numpy() >= 5
    working = np.exp(-(((hour - 8) / 2) ** 2)) + 1.3 * np.exp(-(((hour - 18) / 3) ** 2))
    idle = 0.9 * np.exp(-(((hour - 13) / 4) ** 2))
    level = pd.Series(rng.normal(size=len(index))).ewm(halflife=72).mean().to_numpy() * 3
    demand = 50 + 20 * np.where(weekend, idle, working) * (1 + level) + rng.normal(size=len(index))
    return pd.DataFrame({"demand": demand}, index=index)


def pipeline(*last):
    return Pipeline(
        [
            ("calendar", CalendarFeatures(("hour", "dayofweek"))),
            ("scale", SeriesScaler()),
            (
                "window",
                SlidingWindow(length=DAY, lead=DAY, known_ahead=make_column_selector("_sin|_cos")),
            ),
            *last,
        ]
    )


parser = argparse.ArgumentParser(
    description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
)
parser.add_argument("--n-jobs", type=int, default=2, help="processes of the search")
parser.add_argument(
    "--quick", action="store_true", help="few rows and candidates, to see that it runs"
)
args = parser.parse_args()

rows = make_demand(28 if args.quick else 120)
folds = TimeSeriesSplit(2 if args.quick else 3)
scoring = "neg_mean_absolute_error"
grid = {
    "rnn__units": [8] if args.quick else [8, 32],
    "rnn__dropout": [0.0, 0.2],
    "window__length": [6] if args.quick else [6, 24, 48],
}
epochs = 1 if args.quick else 15

# The naive forecasts relate the demand to its own past values, so nothing is scaled in front of
# them.
naive = {
    "naive": NaiveForecaster(),
    "naive, week": NaiveForecaster("seasonal", season=7 * DAY),
}
errors = {}
for name, model in naive.items():
    plain = Pipeline([("window", SlidingWindow(length=7 * DAY, lead=DAY)), ("model", model)])
    errors[name] = -cross_val_score(plain, rows, rows["demand"], cv=folds, scoring=scoring)
linear = pipeline(("linear", LinearWindow()))
errors["linear"] = -cross_val_score(linear, rows, rows["demand"], cv=folds, scoring=scoring)

rnn = RNNRegressor("gru", epochs=epochs, random_state=0)
search = GridSearchCV(
    pipeline(("rnn", rnn)), grid, cv=folds, scoring=scoring, n_jobs=1 if args.quick else args.n_jobs
)
search.fit(rows, rows["demand"])

results = search.cv_results_
for i in np.argsort(results["rank_test_score"]):
    chosen = results["params"][i]
    name = "GRU {rnn__units}, dropout {rnn__dropout}, {window__length} steps".format(**chosen)
    errors[name] = -np.array(
        [results[f"split{fold}_test_score"][i] for fold in range(folds.n_splits)]
    )

print(f"Demand a day ahead, {len(rows)} hourly rows. Mean absolute error:\n")
print(
    f"{'':28}"
    + "".join(f"  fold {fold + 1}" for fold in range(folds.n_splits))
    + "    mean    skill"
)
floor = errors["naive"].mean()
for name, scores in errors.items():
    cells = "".join(f"{score:8.2f}" for score in scores)
    print(f"{name:28}{cells}{scores.mean():8.2f} {1 - scores.mean() / floor:8.1%}")
print(f"\nBest: {search.best_params_}")
