"""The numbers of comparisons, beside those of plain loops over the rows."""

from dataclasses import replace
from itertools import product
from typing import NamedTuple

import numpy as np
import pandas as pd
import pytest

from skrnn.baselines import LinearWindow
from skrnn.comparison import compare, fit_model, load_model


@pytest.fixture
def plain_ridge(monkeypatch, no_race):
    """Rungs as they begin, and a linear model with a penalty of 1."""
    monkeypatch.setattr(
        "skrnn.comparison.ladder.LinearWindow", lambda alpha, loss: LinearWindow(loss=loss)
    )


SEASON = 7
HORIZON = 3
WINDOW = 5
FOLDS = 4


class Sample(NamedTuple):
    """A window: its series and origin, its steps, and the targets, as known and as filled."""

    series: int
    origin: int
    inputs: np.ndarray
    truth: np.ndarray
    taught: np.ndarray


def filled(values):
    """Unknown values as the past tells them: those of the nearest season before that is known, else
    the last.
    """
    out = values.copy()
    for row in np.flatnonzero(np.isnan(values)):
        known = [
            before for before in range(row - SEASON, -1, -SEASON) if not np.isnan(values[before])
        ]
        known = known or [
            before for before in range(row - 1, -1, -1) if not np.isnan(values[before])
        ]
        out[row] = values[known[0]] if known else np.nan
    return out


def samples(frames, length):
    """Each window, series after series."""
    found = []
    for number, frame in enumerate(frames):
        rows = np.stack([filled(column) for column in frame.to_numpy().T], axis=1)
        for origin in range(length - 1, len(frame) - HORIZON):
            ahead = slice(origin + 1, origin + 1 + HORIZON)
            truth = frame["demand"].to_numpy()[ahead]
            guess = rows[ahead, 0]
            taught = guess if np.isfinite(truth).any() else truth
            inputs = rows[origin - length + 1 : origin + 1]
            found.append(Sample(number, origin, inputs, truth, taught))
    return found


def ridge(inputs, targets):
    """Weights and intercept of least squares on standardised columns, with a penalty of 1."""
    centred = inputs - inputs.mean(axis=0)
    means = targets.mean(axis=0)
    gram = centred.T @ centred + np.eye(inputs.shape[1])
    coef = np.linalg.solve(gram, centred.T @ (targets - means))
    return coef, means - inputs.mean(axis=0) @ coef


class Scaled:
    """Columns by the mean and deviation of the rows that training windows cover."""

    def __init__(self, frames, train, length):
        rows = {
            (sample.series, row)
            for sample in train
            for row in range(sample.origin - length + 1, sample.origin + 1)
        }
        whole = [
            np.stack([filled(column) for column in frame.to_numpy().T], axis=1) for frame in frames
        ]
        values = np.array([whole[series][row] for series, row in sorted(rows)])
        self.mean = values.mean(axis=0)
        self.deviation = values.std(axis=0)

    def __call__(self, steps):
        return ((steps - self.mean) / self.deviation).ravel()


def linear(frames, train, test):
    """Forecasts of values from the newest steps."""
    scaled = Scaled(frames, train, WINDOW)
    train = [sample for sample in train if np.isfinite(sample.taught).all()]
    inputs = np.array([scaled(sample.inputs[-WINDOW:]) for sample in train])
    coef, intercept = ridge(inputs, np.array([sample.taught for sample in train]))
    return [scaled(sample.inputs[-WINDOW:]) @ coef + intercept for sample in test]


def naive(frames, train, test):
    return [np.full(HORIZON, sample.inputs[-1, 0]) for sample in test]


def seasonal(frames, train, test):
    return [sample.inputs[-SEASON:, 0][:HORIZON] for sample in test]


def scales(frames, train):
    """For each series the mean change over a season in the known targets of training."""
    found = {}
    for number, frame in enumerate(frames):
        known = {
            sample.origin + lead
            for sample in train
            if sample.series == number
            for lead in range(1, HORIZON + 1)
        }
        values = frame["demand"].to_numpy()
        changes = [
            abs(values[row] - values[row - SEASON]) for row in known if row - SEASON in known
        ]
        found[number] = np.nanmean(changes) if len(changes) else np.nan
    return found


def moments(frames):
    """The place of each row of each series among all of their times; counted rows end together."""
    if isinstance(frames[0].index, pd.RangeIndex):
        return [np.arange(len(frame)) - len(frame) for frame in frames]
    times = sorted(set().union(*(frame.index for frame in frames)))
    return [np.array([times.index(label) for label in frame.index]) for frame in frames]


def folds(frames, windows):
    """(train, test) of each fold."""
    at = moments(frames)
    known = [sample for sample in windows if np.isfinite(sample.truth).any()]
    origins = sorted({at[sample.series][sample.origin] for sample in known})
    size = int(0.3 * len(origins)) // FOLDS
    for fold in range(FOLDS):
        start = len(origins) - (FOLDS - fold) * size
        first = origins[start]
        last = origins[start + size - 1]
        train = [
            sample for sample in windows if at[sample.series][sample.origin + HORIZON] <= first
        ]
        yield (
            train,
            [sample for sample in known if first <= at[sample.series][sample.origin] <= last],
        )


def expected_table(frames, length, models):
    """The line of each model."""
    found = {model.__name__: expected_line(frames, length, model) for model in models}
    chances = expected_chances({name: relative for name, (_, relative) in found.items()})
    return {name: {**line, "chance": chances[name]} for name, (line, _) in found.items()}


def expected_line(frames, length, model):
    """Its measures, and for each fold the model's and the naive forecast's relative error."""
    lines = []
    for fold, (train, test) in enumerate(folds(frames, samples(frames, length))):
        scale = scales(frames, train)
        forecasts = model(frames, train, test)
        floors = naive(frames, train, test)
        lines += [
            (truth, forecast, floor, scale[sample.series], sample.series, fold)
            for sample, ours, theirs in zip(test, forecasts, floors, strict=True)
            for truth, forecast, floor in zip(sample.truth, ours, theirs, strict=True)
            if not np.isnan(truth)
        ]
    true, ours, _, scale, _, _ = np.array(lines).T
    errors = np.abs(true - ours)
    relative = relative_errors(lines)
    line = {
        "mae": errors.mean(),
        "rmse": np.sqrt((errors**2).mean()),
        "mase": np.nanmean(errors / scale),
        "smape": 100 * (2 * errors / (np.abs(true) + np.abs(ours))).mean(),
        "skill": 1 - sum(ours for ours, _ in relative),
    }
    return line, relative


def relative_errors(lines):
    """For each fold, what it adds to the model's and to the naive forecast's relative error."""
    found = [[0.0, 0.0] for _ in range(FOLDS)]
    series = {line[4] for line in lines}
    for one in series:
        of_series = [line for line in lines if line[4] == one]
        unit = sum(abs(true - floor) for true, _, floor, *_ in of_series) * len(series)
        for true, ours, floor, _, _, fold in of_series:
            found[fold][0] += abs(true - ours) / unit
            found[fold][1] += abs(true - floor) / unit
    return found


def expected_chances(errors):
    """What share the luckiest model has once in five times, were its errors the naive ones."""
    luckiest = []
    for ways in product((False, True), repeat=FOLDS):
        shares = [0]
        for name in set(errors) - {"naive"}:
            pairs = zip(errors[name], ways, strict=True)
            less, error = less_of([pair[::-1] if other else pair for pair, other in pairs])
            shares.append(less / error)
        luckiest.append(max(shares))
    luck = sorted(luckiest, reverse=True)[len(luckiest) // 5]
    chances = {name: luck * less_of(errors[name])[1] for name in errors}
    return {name: 2 * chance / (1 + chance) for name, chance in chances.items()}


def less_of(errors_of_folds):
    """How much less a fold's error is, as a share of both together, and its standard error."""
    less = [(floor - error) / (floor + error) for error, floor in errors_of_folds]
    mean = sum(less) / FOLDS
    variance = sum((one - mean) ** 2 for one in less) / (FOLDS - 1)
    return mean, (variance / FOLDS) ** 0.5


def series(index, seed=0, gaps=()):
    rng = np.random.default_rng(seed)
    day = np.arange(len(index))
    values = (
        20 + np.array([0, 5, 6, 5, 4, 2, -3])[day % 7] + rng.normal(size=len(day)) + 0.3 * day**0.5
    )
    frame = pd.DataFrame({"demand": values, "noise": rng.normal(size=len(day))}, index)
    frame.iloc[list(gaps), 0] = np.nan
    frame.iloc[[gap + 1 for gap in gaps], 1] = np.nan
    return frame


DAYS = pd.date_range("2024-01-01", periods=150, freq="D", name="time")
GAPS = (40, 41, 42, 43, 44, 77, 110, 111, 112, 113, 114, 140)
CASES = {
    "days": [series(DAYS)],
    "gaps": [series(DAYS, gaps=GAPS)],
    "counted rows": [series(pd.RangeIndex(150), gaps=GAPS)],
    "months": [series(pd.period_range("2000-01", periods=150, freq="M"))],
    "hours of Berlin": [
        series(pd.date_range("2024-03-28", periods=150, freq="h", tz="Europe/Berlin"))
    ],
    "panel": [
        series(DAYS[30:], 1),
        series(DAYS, 2, GAPS),
        series(DAYS[:-40], 3),
        series(DAYS[-30:], 4),
    ],
    "panel of counted rows": [series(pd.RangeIndex(n), n) for n in (150, 90)],
}


@pytest.mark.parametrize("name", CASES)
def test_the_table_is_that_of_plain_loops(make_reading, monkeypatch, plain_ridge, name):
    """Errors, skill and chance of the whole table, to rounding."""
    monkeypatch.setattr("skrnn.comparison.planning.calendar_fields", lambda index: ())
    frames = CASES[name]
    reading = make_reading({str(number): frame for number, frame in enumerate(frames)}, SEASON)

    found = compare(
        reading, models=["seasonal", "linear"], horizon=HORIZON, window=WINDOW, folds=FOLDS
    )

    length = found.model.preparation.length
    for name, expected in expected_table(frames, length, (naive, seasonal, linear)).items():
        np.testing.assert_allclose(
            found.table.loc[name, list(expected)].astype(float),
            list(expected.values()),
            rtol=1e-8,
            atol=1e-12,
        )


def inputs_of(frame, origin):
    """The newest steps of the target, and those of the holidays up to the last row that is
    forecast.
    """
    demand = filled(frame["demand"].to_numpy())
    holiday = filled(frame["holiday"].to_numpy())
    stop = origin + 1
    return np.stack(
        [demand[stop - WINDOW : stop], holiday[stop - WINDOW + HORIZON : stop + HORIZON]], axis=1
    )


@pytest.mark.parametrize("kind", ["days", "months", "rows"])
def test_forecasts_are_those_of_plain_loops_on_all_rows(
    make_reading, monkeypatch, plain_ridge, tmp_path, kind
):
    """Of each series of a panel, with what is known ahead; also from the model's file, and from the
    frames again.
    """
    monkeypatch.setattr("skrnn.comparison.planning.calendar_fields", lambda index: ())
    n = 120
    rng = np.random.default_rng(0)
    whole = {
        "days": DAYS[:n],
        "months": pd.period_range("2000-01", periods=n, freq="M", name="time"),
    }
    index = whole.get(kind, pd.RangeIndex(n, name="time"))
    frames = {}
    for name, start in (("west", 0), ("east", 0 if kind == "rows" else 25)):
        holiday = (rng.random(n) < 0.3).astype(float)
        demand = 20 + 9 * holiday + 2 * np.sin(np.arange(n)) + rng.normal(size=n)
        frames[name] = pd.DataFrame({"demand": demand, "holiday": holiday}, index).iloc[start:]
    frames["west"].iloc[[50, 51, n - 6], 0] = np.nan
    known = {name: frame.iloc[:-HORIZON] for name, frame in frames.items()}
    future = {name: frame[["holiday"]].iloc[-HORIZON:] for name, frame in frames.items()}
    reading = replace(make_reading(known, SEASON, ("holiday",)), future=future, series="where")

    model = fit_model(reading, "linear", horizon=HORIZON, window=WINDOW)

    inputs = []
    targets = []
    expected = []
    rows = {}
    for name, frame in known.items():
        for origin in range(model.preparation.length - 1, len(frame) - HORIZON):
            ahead = slice(origin + 1, origin + 1 + HORIZON)
            if np.isfinite(frame["demand"].to_numpy()[ahead]).any():
                inputs.append(inputs_of(frame, origin))
                rows |= {
                    (name, origin - WINDOW + 1 + step): both for step, both in enumerate(inputs[-1])
                }
                targets.append(filled(frame["demand"].to_numpy())[ahead])
    inputs = np.array(inputs)
    rows = np.array(list(rows.values()))
    mean = rows.mean(axis=0)
    deviation = rows.std(axis=0)
    coef, intercept = ridge(
        ((inputs - mean) / deviation).reshape(len(inputs), -1), np.array(targets)
    )
    for frame in frames.values():
        last = (inputs_of(frame, len(frame) - HORIZON - 1) - mean) / deviation
        expected += (last.ravel() @ coef + intercept).tolist()
    table = model.forecast()
    np.testing.assert_allclose(table["demand"], expected, rtol=1e-9)
    assert table["where"].tolist() == ["west"] * HORIZON + ["east"] * HORIZON
    assert table["time"].tolist() == [
        *frames["west"].index[-HORIZON:],
        *frames["east"].index[-HORIZON:],
    ]
    model.save(tmp_path / "model.skrnn")
    again = load_model(tmp_path / "model.skrnn")
    pd.testing.assert_frame_equal(again.forecast(), table)
    for frame in frames.values():
        frame.iloc[-HORIZON:, 0] = np.nan
    pd.testing.assert_frame_equal(again.forecast(frames), table)
    east = again.forecast({"east": frames["east"]}, steps=2)
    np.testing.assert_allclose(
        east["demand"], table["demand"].iloc[HORIZON : HORIZON + 2], rtol=1e-12
    )
