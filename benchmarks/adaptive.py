"""Memory and step of adaptive intervals, chosen where nothing that is reported has been seen.

Of each series the rows of the test in benchmarks/intervals.py are cut off. Of what is left a linear
model and the seasonal naive forecast learn the older part, their next forecasts calibrate, and the
newest quarter is followed: before each origin the levels learn from all truths that are known
there. Simulated noise is followed in the same way: as it is, four times as large from a row on (of
which what is held from 200 rows later on counts), slowly larger and smaller, in clusters (GARCH),
and of forecasts 24 rows ahead, which err as their neighbours do.

The rule: of all pairs the one whose coverage of 80 and 95 % is furthest off its promise by the
least, over all series and simulations; of pairs that are alike in that, the narrower. "width" is
the mean over them, relative to the first line's.
"""

import argparse
from pathlib import Path

import numpy as np
import pandas as pd
from scipy.signal import lfilter
from sklearn.pipeline import make_pipeline

from skrnn import LinearWindow, NaiveForecaster, SeriesScaler, make_windows
from skrnn.intervals import adaptive
from skrnn.intervals.residuals import Residuals

FOLDER = Path(__file__).parents[2] / "shared" / "data"
COVERAGES = np.array([0.8, 0.95])
LEVELS = np.array([0.1, 0.9, 0.025, 0.975])
MEMORIES = (250, 500, 1000, 2000)
SHARES = (0.05, 0.1, 0.2)


def residuals_of_series():
    """What forecasts of the training rows missed: (calibration, followed, leads in origins)."""
    electricity = pd.read_csv(FOLDER / "vic_electricity.csv")["Demand"].to_numpy(float)
    rides = pd.read_csv(FOLDER / "CTA_-_Ridership_-_Daily_Boarding_Totals.csv")
    rides["service_date"] = pd.to_datetime(rides["service_date"])
    rides = rides.drop_duplicates("service_date").sort_values("service_date")
    rides = rides[rides["service_date"] < "2020"]["total_rides"].to_numpy(float)
    sunspots = pd.read_csv(FOLDER / "monthly-sunspots.csv").iloc[:, 1].to_numpy(float)
    return {
        **missed("electricity", electricity[:-8736], 336, (1, 24, 48), 4, season=48),
        **missed("ridership", rides[:-730], 56, (1, 7, 14), 1, season=7),
        **missed("sunspots", sunspots[:-564], 132, (1, 6, 12), 1, season=132),
    }


def missed(name, rows, length, leads, stride, season):
    X, y = make_windows(rows, length, leads=leads, stride=stride)
    learned = int(0.6 * len(X))
    calibrated = int(0.75 * len(X))
    behind = -(-np.array(leads) // stride)
    old = slice(0, learned - behind.max())
    models = {
        "linear": make_pipeline(SeriesScaler(), LinearWindow()),
        "naive": NaiveForecaster("seasonal", season=season),
    }
    found = {}
    for kind, model in models.items():
        errors = y[learned:] - model.fit(X[old], y[old]).predict(X[learned:])
        n = calibrated - learned
        found[f"{name}, {kind}"] = errors[:n], errors[n:], behind
    return found


def residuals_of_noise(kind, seed, n=1700):
    random = np.random.default_rng(seed)
    noise = random.normal(size=n)
    if kind == "jump":
        noise *= np.repeat([1, 4], [900, n - 900])
    if kind == "slow":
        noise *= np.exp(np.sin(np.arange(n) / n * 4 * np.pi))
    if kind == "garch":
        variance = 1.0
        for row in range(n):
            noise[row] *= np.sqrt(variance)
            variance = 0.05 + 0.1 * noise[row] ** 2 + 0.85 * variance
    if kind == "far":
        # Far ahead, where nothing can be told, a forecast misses all that there is.
        noise = lfilter([1.0], [1.0, -0.95], random.normal(size=4000))
        return noise[:500, None], noise[500:, None], np.array([24]), 0
    start = 800 if kind == "jump" else 0
    return noise[:300, None], noise[300:, None], np.array([1]), start


def followed(calibration, errors, behind, start=0):
    """The shares that are held (n_coverages,), and the widths, in the mean from an origin on."""
    n = len(calibration)
    rule = adaptive.Adaptive(
        Residuals(
            values=calibration,
            leads=behind,
            which=np.arange(n),
            series=np.zeros(n),
            origins=np.arange(n),
            sizes=np.ones(n),
        )
    )
    leads = np.arange(len(behind))
    held = np.zeros((len(errors), len(COVERAGES)))
    widths = np.zeros((len(errors), len(COVERAGES)))
    for origin, truth in enumerate(errors):
        made = origin - behind
        known = np.where(made >= 0, errors[np.maximum(made, 0), leads], np.nan)
        if not np.isnan(known).all():
            rule.learn(known[None])
        lower, upper = rule.offsets(LEVELS).reshape(len(leads), -1, 2).transpose(2, 0, 1)
        held[origin] = ((lower <= truth[:, None]) & (truth[:, None] <= upper)).mean(axis=0)
        widths[origin] = (upper - lower).mean(axis=0)
    return held[start:].mean(axis=0), widths[start:].mean(axis=0)


parser = argparse.ArgumentParser(
    description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
)
parser.add_argument("--quick", action="store_true", help="noise alone, of one seed")
args = parser.parse_args()
cases = {}
if not args.quick and FOLDER.exists():
    cases = {name: [case] for name, case in residuals_of_series().items()}
for kind in ("noise", "jump", "slow", "garch", "far"):
    cases[kind] = [residuals_of_noise(kind, seed) for seed in range(1 if args.quick else 3)]
print(f"{'memory':>6}{'step':>6}{'worst':>7}{'mean':>6}{'width':>7}   held of 80 and 95 %")
first = {}
for memory in MEMORIES:
    for share in SHARES:
        adaptive.MEMORY = memory
        away_from_ends = np.minimum(adaptive.GRID, 1 - adaptive.GRID)
        adaptive.STEPS = np.minimum(share * away_from_ends, share / 10)
        off = []
        relative = []
        told = []
        for name, some in cases.items():
            found = np.mean([followed(*case) for case in some], axis=0)
            off.append(100 * np.abs(found[0] - COVERAGES).max())
            relative.append((found[1] / first.setdefault(name, found[1])).mean())
            told.append(f"{name} {100 * found[0][0]:.1f} {100 * found[0][1]:.1f}")
        line = f"{memory:6}{share:6}{max(off):7.2f}{np.mean(off):6.2f}{np.mean(relative):7.3f}"
        print(f"{line}   {'; '.join(told)}", flush=True)
