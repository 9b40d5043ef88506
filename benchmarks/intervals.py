"""Intervals: whether they hold what they promise, how wide they are, and what they cost.

Each model learns and is calibrated on all rows but the last, and forecasts these from every origin,
of panels from the last one. "80" and "95" are the percentages of truths held by intervals that
promise so many; the width is that of the second, in the mean, relative to the seasonal naive
forecast's (of panels relative to the mean change over a season). "adaptive" is told each truth
before the next forecast is made, and counts in the window's deviation. Exponential smoothing of
statsmodels and, where statsforecast is installed, its ETS and ARIMA are fitted anew at origins a
horizon apart; "same coverage" is the width of their narrowest intervals, at whatever level, that
hold as much as the linear model's conformal ones. statsforecast takes pandas before 3: install it
with skrnn in an environment of its own.

The networks' settings on M4's hourly series were chosen by the 48 rows before the test
(--validation); the test has seen what is printed here, once. The memory and the step of "adaptive"
were chosen on rows before those of the tests (benchmarks/adaptive.py).
"""

import argparse
import sys
import time
import warnings
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
from sklearn.base import clone
from sklearn.pipeline import make_pipeline
from statsmodels.tsa.exponential_smoothing.ets import ETSModel

from skrnn import (
    DenseRegressor,
    IntervalForecaster,
    LinearWindow,
    LogTransformer,
    NaiveForecaster,
    RNNRegressor,
    SeasonalAnchor,
    SeriesScaler,
    TransformedWindowRegressor,
    WindowScaler,
    make_windows,
)
from skrnn.evaluation import msis

FOLDER = Path(__file__).parents[2] / "shared" / "data"
COVERAGES = (0.8, 0.95)
LEVELS = (0.025, 0.1, 0.5, 0.9, 0.975)
DAY = 24
LEVELS_OF_OTHERS = np.append(np.arange(0.5, 0.99, 0.03), (0.99, 0.995, 0.999)).round(3)
METHODS = ("conformal", "normalized", "adaptive")


@dataclass(frozen=True)
class Problem:
    """Series, how far to look back and ahead, and how many rows at the end are forecast.

    ``classical`` is the season of exponential smoothing and ARIMA, where they are compared.
    """

    title: str
    series: list
    season: int
    length: int
    horizon: int
    n_test: int
    stride: int = 1
    segment: int = 1
    epochs: int = 10
    classical: int | None = None

    @property
    def is_panel(self):
        """Whether there are several series."""
        return len(self.series) > 1


def problems():
    electricity = pd.read_csv(FOLDER / "vic_electricity.csv")["Demand"].to_numpy(float)
    rides = pd.read_csv(FOLDER / "CTA_-_Ridership_-_Daily_Boarding_Totals.csv")
    rides["service_date"] = pd.to_datetime(rides["service_date"])
    rides = rides.drop_duplicates("service_date").sort_values("service_date")
    rides = rides[rides["service_date"] < "2020"]
    sunspots = pd.read_csv(FOLDER / "monthly-sunspots.csv").iloc[:, 1].to_numpy(float)
    return [
        Problem(
            "electricity, 48 half-hours", [electricity], 48, 336, 48, 8736, 4, segment=48, epochs=6
        ),
        Problem(
            "ridership, 14 days",
            [rides["total_rides"].to_numpy(float)],
            7,
            56,
            14,
            730,
            classical=7,
        ),
        Problem("sunspots, 12 months", [sunspots], 132, 132, 12, 564, classical=1),
        Problem("M4 weekly, 13 weeks", panel("m4_weekly.parquet"), 1, 52, 13, 13, 2),
        Problem(
            "M4 hourly, 48 hours", panel("m4_hourly.parquet"), DAY, 168, 48, 48, 8, segment=DAY
        ),
    ]


def panel(name):
    """The series of a file, each as an array."""
    table = pd.read_parquet(FOLDER / name, columns=["series_id", "value"])
    return [values.to_numpy(float) for _, values in table.groupby("series_id", sort=False)["value"]]


def models(problem):
    """A naive forecast, a linear model, and a network, which also learns quantiles."""
    naive = NaiveForecaster("seasonal", season=problem.season)
    training = {
        "batch_size": 256,
        "normalize_y": False,
        "epochs": 1 if args.quick else problem.epochs,
        "learning_rate": 0.002,
        "learning_rate_schedule": "cosine",
        "learning_rate_decay": 0,
        "segment": problem.segment,
        "random_state": 0,
    }
    network = RNNRegressor("gru", 64, loss="mae", **training)
    learned = RNNRegressor("gru", 64, quantiles=LEVELS, **training)
    if problem.is_panel:
        linear = relative(LinearWindow(), problem)
    else:
        linear = make_pipeline(SeriesScaler(), LinearWindow())
    return {
        "naive": (naive, METHODS),
        "linear": (linear, METHODS),
        "GRU": (relative(network, problem), METHODS),
        "GRU of quantiles": (relative(learned, problem), ("quantile",)),
    }


def relative(model, problem):
    """In deviations of the window, where seasons are short as changes since the last of them."""
    if 1 < problem.season <= 48:
        model = TransformedWindowRegressor(model, SeasonalAnchor(problem.season))
    return TransformedWindowRegressor(model, WindowScaler())


def measure(problem):
    """Print what each model's intervals held, and how wide they were."""
    print(f"\n{problem.title:34}{'80':>8}{'95':>8}{'width':>8}{'fit [s]':>9}")
    X, y = make_windows(problem.series, problem.length, problem.horizon, stride=problem.stride)
    left = X.bounds[X.series + 1] - X.ends - 1
    old = left >= problem.n_test + problem.horizon
    if problem.is_panel:
        # The last origin of each series, whose truths are its last rows.
        X_test, y_test = make_windows(
            [one[-problem.length - problem.horizon :] for one in problem.series],
            problem.length,
            problem.horizon,
        )
        past = [one[: -problem.horizon] for one in problem.series]
        unit = np.array(
            [np.abs(one[problem.season :] - one[: -problem.season]).mean() for one in past]
        )
        old = left >= 2 * problem.horizon
    else:
        new = left < problem.n_test
        X_test, y_test = X[new], y[new]
        unit = None
    for name, (model, methods) in models(problem).items():
        if not name.startswith(args.model):
            continue
        # At the one origin of a panel these three are the same.
        for method in methods[:1] if problem.is_panel else methods:
            if args.method not in method:
                continue
            size = None
            if method == "adaptive":
                size = "deviation"
            elif problem.is_panel and problem.season > 1 and method != "quantile":
                size = problem.season
            forecaster = IntervalForecaster(model, method=method, size=size)
            start = time.perf_counter()
            forecaster.fit(X[old], y[old])
            seconds = time.perf_counter() - start
            if method == "adaptive":
                ends = followed(forecaster, X_test, y_test)
            else:
                ends = forecaster.predict_interval(X_test, COVERAGES)
            held = (ends[..., 0] <= y_test[..., None]) & (y_test[..., None] <= ends[..., 1])
            width = np.ptp(ends[:, :, 1], axis=2)
            if unit is None:
                unit = width.mean()
            width = (width.mean(axis=1) / unit).mean()
            shares = "".join(f"{100 * share:8.1f}" for share in held.mean(axis=(0, 1)))
            print(f"{f'{name}, {method}':34}{shares}{width:8.3f}{seconds:9.1f}", flush=True)
            if name == "linear" and method == "conformal":
                linear = held[:, :, 1].mean()
    if problem.classical and not (args.method or args.model):
        others(problem, linear, unit)


def followed(forecaster, X, y):
    """Intervals of each day or horizon, told after all truths that were known by then."""
    ends = np.empty((*y.shape, len(COVERAGES), 2))
    told_already = np.zeros(y.shape, bool)
    leads = np.asarray(X.leads)
    step = 1 if len(X) < 1000 else 12
    for first in range(0, len(X), step):
        known = (X.ends[:, None] + leads <= X.ends[first]) & ~told_already
        rows = known.any(axis=1)
        if rows.any():
            forecaster.update(X[rows], np.where(known, y, np.nan)[rows])
            told_already |= known
        some = slice(first, first + step)
        ends[some] = forecaster.predict_interval(X[some], COVERAGES)
    return ends


def others(problem, coverage, unit):
    """The narrowest intervals of other libraries that hold as much, fitted anew at each origin."""
    (series,) = problem.series
    first = len(series) - problem.n_test
    origins = range(first, len(series) - problem.horizon, problem.horizon)[
        : 2 if args.quick else None
    ]
    for name, (make, n_rows) in libraries(problem).items():
        held = np.zeros(len(LEVELS_OF_OTHERS))
        width = np.zeros(len(LEVELS_OF_OTHERS))
        for origin in origins:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                ends = make(series[max(0, origin - n_rows) : origin], problem)
            truth = series[origin : origin + problem.horizon]
            inside = (ends[:, :, 0] <= truth) & (truth <= ends[:, :, 1])
            held += inside.mean(axis=1) / len(origins)
            width += np.ptp(ends, axis=2).mean(axis=1) / len(origins)
        at_80, at_95 = (held[np.abs(LEVELS_OF_OTHERS - level).argmin()] for level in COVERAGES)
        enough = held >= coverage
        narrowest = width[enough].min() / unit if enough.any() else np.nan
        print(f"{f'{name}, as it promises':34}{100 * at_80:8.1f}{100 * at_95:8.1f}")
        same = f"{name}, same coverage"
        print(f"{same:34}{'':8}{100 * coverage:8.1f}{narrowest:8.3f}", flush=True)


def libraries(problem):
    """What forecasts with intervals of these levels, and from how many rows."""
    n_rows = 200 * max(2, problem.classical)
    found = {"statsmodels, smoothing": (smoothing, n_rows)}
    try:
        from statsforecast.models import AutoARIMA, AutoETS
    except ImportError:
        print("without statsforecast, which is not installed")
        return found

    def forecasting(model):
        def forecast(past, problem):
            levels = (100 * LEVELS_OF_OTHERS).tolist()
            ahead = model.forecast(past, h=problem.horizon, level=levels)
            sides = [[ahead[f"{side}-{level}"] for side in ("lo", "hi")] for level in levels]
            return np.moveaxis(np.array(sides), 1, 2)

        return forecast

    season = problem.classical
    found["statsforecast, ETS"] = (forecasting(AutoETS(season_length=season)), n_rows)
    # Its search takes minutes of more rows.
    arima = AutoARIMA(season_length=season, approximation=True)
    found["statsforecast, ARIMA"] = (forecasting(arima), n_rows // 4)
    return found


def smoothing(past, problem):
    """Ends (levels, leads, 2) of statsmodels' exponential smoothing."""
    season = problem.classical
    model = ETSModel(
        pd.Series(past),
        trend="add",
        damped_trend=True,
        seasonal="add" if season > 1 else None,
        seasonal_periods=season if season > 1 else None,
    )
    ahead = model.fit(disp=False).get_prediction(len(past), len(past) + problem.horizon - 1)
    return np.stack([ahead.pred_int(1 - level).to_numpy() for level in LEVELS_OF_OTHERS])


def jump():
    """Coverage of 90 %, by hundred rows, of noise that becomes four times as large."""
    print("\nnoise × 4 from row 500 on, intervals of 90 %, percentages held, 20 series")
    steps = range(300, 1100, 100)
    print(f"{'rows':16}" + "".join(f"{f'{first - 500}…':>8}" for first in steps))
    held = {"conformal": [], "adaptive": []}
    for seed in range(2 if args.quick else 20):
        rows = np.random.default_rng(seed).normal(size=1106) * np.repeat([1, 4], [506, 600])
        X, y = make_windows(rows, 6)
        for method, hits in held.items():
            model = IntervalForecaster(LinearWindow(), method=method, calibration_size=100)
            model.fit(X[:300], y[:300])
            hits.append(np.empty(800))
            for now in range(300, 1100):
                lower, upper = model.predict_interval(X[now : now + 1], 0.9)[0]
                hits[-1][now - 300] = lower <= y[now] <= upper
                if method == "adaptive":
                    model.update(X[now : now + 1], y[now : now + 1])
    for method, hits in held.items():
        shares = np.mean(hits, axis=0).reshape(-1, 100).mean(axis=1)
        print(f"{method:16}" + "".join(f"{100 * share:8.1f}" for share in shares), flush=True)


def m4_hourly():
    """MSIS of networks of quantiles, as in the competition."""
    every = panel("m4_hourly.parquet")
    if args.validation:
        every = [one[:-48] for one in every]
    past = [one[:-48] for one in every]
    truth = np.stack([one[-48:] for one in every])
    title = "M4 hourly, " + ("validation" if args.validation else "test")
    print(f"\n{title:34}{'95':>8}{'MSIS':>8}{'fit [s]':>9}")
    if not args.validation:
        print(f"{'reference: published':34}{'':8}{'6.139':>8}")
        print(f"{'reference: published':34}{'':8}{'7.928':>8}")
    training = {
        "quantiles": (0.025, 0.5, 0.975),
        "batch_size": 256,
        "normalize_y": False,
        "learning_rate_schedule": "cosine",
        "learning_rate_decay": 0,
        "random_state": 0,
    }
    gru = RNNRegressor(
        "gru",
        128,
        segment=DAY,
        epochs=1 if args.quick else 20,
        learning_rate=0.002,
        n_estimators=3,
        **training,
    )
    dense = DenseRegressor(
        (512, 512, 512),
        epochs=1 if args.quick else 10,
        learning_rate=0.001,
        n_estimators=2,
        **training,
    )
    found = []
    for name, network in (("GRU 128 over 14 days", gru), ("dense 512-512-512", dense)):
        since_last_day = TransformedWindowRegressor(network, SeasonalAnchor(DAY))
        scaled = TransformedWindowRegressor(since_last_day, WindowScaler(), weight_by_scale=0.5)
        model = TransformedWindowRegressor(scaled, LogTransformer())
        X, y = make_windows(past, 336, 48, stride=60 if args.quick else 4)
        X_test, _ = make_windows([one[-384:] for one in every], 336, 48)
        start = time.perf_counter()
        forecaster = IntervalForecaster(model, method="quantile", calibration_size=0.25).fit(X, y)
        seconds = time.perf_counter() - start
        found.append(forecaster.predict_interval(X_test, 0.95))
        learned = forecaster.estimator_.predict_quantiles(X_test, (0.025, 0.975))
        show_msis(f"{name}, as learned", learned, truth, past)
        show_msis(f"{name}, corrected", found[-1], truth, past, seconds)
    show_msis("mean ends of both", np.mean(found, axis=0), truth, past)


def show_msis(name, ends, truth, past, seconds=None):
    held = np.mean((ends[..., 0] <= truth) & (truth <= ends[..., 1]))
    score = msis(truth, ends, 0.95, y_train=past, season=DAY)
    tail = "" if seconds is None else f"{seconds:9.0f}"
    print(f"{name:34}{100 * held:8.1f}{score:8.3f}{tail}", flush=True)


def cost():
    """The processor's seconds of a calibration beside those of the fits that it takes."""
    rows = np.random.default_rng(0).normal(size=20_000).cumsum()
    X, y = make_windows(rows, 48, 24)
    network = RNNRegressor("gru", 32, epochs=1 if args.quick else 3, random_state=0)
    print(f"\n{'cost of 20,000 windows, 24 leads':34}{'fits [s]':>9}{'with':>8}{'more':>8}")
    for name, model in (("linear", LinearWindow()), ("GRU", network)):
        clone(model).fit(X, y)
        fits = fastest(lambda model=model: fit_twice(model, X, y))
        for method in METHODS:
            forecaster = IntervalForecaster(model, method=method)
            with_them = fastest(lambda forecaster=forecaster: forecaster.fit(X, y))
            more = with_them / fits - 1
            print(f"{f'{name}, {method}':34}{fits:9.2f}{with_them:8.2f}{more:8.0%}", flush=True)


def fit_twice(model, X, y):
    """The fits of a calibration: on what is known before its first forecast, and on everything."""
    n_older = len(X) - len(X) // 5 - y.shape[1]
    clone(model).fit(X[:n_older], y[:n_older])
    clone(model).fit(X, y)


def fastest(work, times=3):
    """The processor's seconds in the least of a few runs, which others' work does not change."""
    found = []
    for _ in range(times):
        start = time.process_time()
        work()
        found.append(time.process_time() - start)
    return min(found)


parser = argparse.ArgumentParser(
    description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
)
parser.add_argument("--quick", action="store_true", help="one epoch, to see that it runs")
parser.add_argument(
    "--validation", action="store_true", help="M4 hourly alone, the 48 hours before the test"
)
parser.add_argument(
    "--only", choices=("series", "jump", "m4", "cost"), help="one of the parts alone"
)
parser.add_argument("--series", default="", help="series whose title has this in it")
parser.add_argument("--method", default="", help="methods whose name has this in it")
parser.add_argument("--model", default="", help="models whose name begins with this")
args = parser.parse_args()
if not (FOLDER / "m4_hourly.parquet").exists():
    print(f"Nothing measured: {FOLDER} is not there.")
    sys.exit()
if args.validation:
    m4_hourly()
    sys.exit()
start = time.perf_counter()
if args.only in (None, "cost"):
    cost()
if args.only in (None, "jump"):
    jump()
if args.only in (None, "m4"):
    m4_hourly()
if args.only in (None, "series"):
    for problem in problems():
        if args.series in problem.title:
            measure(problem)
print(f"\n{(time.perf_counter() - start) / 60:.0f} minutes in all")
