"""Intervals in backtests against a plain loop, and what their makers are told of."""

import math
import warnings

import numpy as np
import pandas as pd
import pytest
from scipy.stats import t as student
from sklearn.model_selection import GridSearchCV, PredefinedSplit, TimeSeriesSplit
from sklearn.pipeline import make_pipeline

from skrnn import (
    IntervalForecaster,
    LinearWindow,
    MultiOutputForecaster,
    NaiveForecaster,
    SlidingWindow,
    make_windows,
)
from skrnn.evaluation import Backtest, backtest, coverage_by_lead, msis
from tests import oracles
from tests.evaluation.ranges import Listener, Ranges

STATED = (0.5, 0.8)
ENDS = ["lower_0.5", "upper_0.5", "lower_0.8", "upper_0.8"]


def walk(n=200, seed=0, columns=("a", "b"), start="2024-01-01"):
    rows = 50 + np.random.default_rng(seed).normal(size=(n, len(columns))).cumsum(axis=0)
    return pd.DataFrame(rows, pd.date_range(start, periods=n, freq="h"), columns)


def rows_model(horizon=3):
    return make_pipeline(SlidingWindow(5), MultiOutputForecaster(LinearWindow(), horizon))


# ---------------------------------------------------------------------- of residuals


def ends_by_loop(lines, fold, column="predicted"):
    """For each line of a fold its ends, from those of other folds that were known by then.

    ``known`` is when a line's truth is known, ``made`` when its forecast was made; ``unit`` is that
    of its series.
    """
    moment = lines["made"][lines["fold"] == fold].min()
    ours = lines[lines["fold"] == fold]
    away = {}
    for lead in ours["lead"].unique():
        past = lines[(lines["known"] <= moment) & (lines["lead"] == lead)]
        past = past.sort_values(["series", "known"])
        missed = ((past["true"] - past[column]) / past["unit"]).tolist()
        alone = alone_by_loop(missed)
        away[lead] = [end for coverage in STATED for end in away_by_loop(missed, alone, coverage)]
    found = []
    for _, line in ours.iterrows():
        found.append([line[column] + end * line["unit"] for end in away[line["lead"]]])
    return np.array(found)


def away_by_loop(missed, alone, coverage):
    """Both ends from what was missed, which tells as much as so many independent ones."""
    n = len(missed)
    level = (1 + coverage) / 2
    rank = math.ceil(round(level * (n + 1), 9))
    if rank > n:
        return np.nan, np.nan
    lower = sorted(missed)[n - rank]
    upper = sorted(missed)[rank - 1]
    if alone < math.ceil(round(2 / (1 - coverage) - 1, 9)):
        furthest = sorted(map(abs, missed))[math.ceil(round(coverage * (n + 1), 9)) - 1]
        lower = min(lower, -furthest)
        upper = max(upper, furthest)
    wider = student(min(max(alone, 2), n)).ppf(level) / student(n).ppf(level)
    return wider * lower, wider * upper


def alone_by_loop(missed):
    """As how many independent residuals those of one row after the other count."""
    n = len(missed)
    square = sum(one**2 for one in missed)
    alike = 1.0
    for lag in range(1, n):
        product = sum(missed[i] * missed[i + lag] for i in range(n - lag))
        if product <= 0:
            break
        alike += 2 * min((n - lag) / n, product / square)
    return n / alike


def lines_of(predictions, known=None, unit=1.0):
    known = predictions.index if known is None else known
    return predictions.reset_index(drop=True).assign(
        known=np.asarray(known),
        made=predictions["origin"].to_numpy(),
        unit=unit,
        series=predictions["series"].to_numpy() if "series" in predictions else 0,
    )


@pytest.mark.parametrize("rows_in", [True, False])
def test_residuals_of_folds_before(rows_in):
    """Each lead's ends are order statistics of what other folds missed, as far as it was known."""
    frame = walk()
    X, y = make_windows(frame, 5, 3, target="a")

    if rows_in:
        result = backtest(rows_model(), frame, frame["a"], cv=4, coverages=STATED)
    else:
        result = backtest(LinearWindow(), X, y, cv=4, coverages=STATED)

    lines = lines_of(result.predictions)
    for fold in range(1, 4):
        ours = result.predictions[lines["fold"].to_numpy() == fold]
        np.testing.assert_allclose(ours[ENDS], ends_by_loop(lines, fold))
        baseline = [f"baseline_{name}" for name in ENDS]
        np.testing.assert_allclose(ours[baseline], ends_by_loop(lines, fold, "baseline"))


def test_the_first_fold_has_none_and_does_not_count():
    """What is measured is that of the others."""
    frame = walk()

    result = backtest(rows_model(), frame, frame["a"], cv=4, coverages=STATED)

    first = result.predictions["fold"] == 0
    assert result.predictions.loc[first, ENDS].isna().all(axis=None)
    assert result.predictions.loc[~first, ENDS].notna().all(axis=None)
    assert np.isnan(result.by_fold.loc[0, "coverage_0.8"])
    others = result.predictions[~first]
    held = others["true"].between(others["lower_0.8"], others["upper_0.8"])
    assert result.scores["coverage_0.8"] == pytest.approx(held.mean())


def test_folds_in_any_order():
    """Earlier is who was earlier in time, whichever number a splitter gives."""
    X, y = make_windows(walk()[["a"]], 5, 2)
    split = PredefinedSplit(np.repeat([-1, 2, 1, 0], 49)[: len(X)])

    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "cv leaks")
        result = backtest(LinearWindow(), X, y, cv=split, coverages=STATED)

    lines = lines_of(result.predictions)
    assert result.predictions[ENDS][lines["fold"].to_numpy() == 2].isna().all(axis=None)
    for fold in (0, 1):
        ours = result.predictions[ENDS][lines["fold"].to_numpy() == fold]
        np.testing.assert_allclose(ours, ends_by_loop(lines, fold))


def in_changes(lines, fold, panel):
    """The lines with units: what series had changed, by the memory likeliest before a fold.

    ``row`` is the row of its series at which each forecast was made; the target of the first five
    is unknown.
    """
    moment = lines["made"][lines["fold"] == fold].min()
    best = np.inf
    for memory in (np.inf, 20, 10, 5, 2.5):
        units = [
            oracles.mean_change(panel[line.series][5 : line.row + 1], line.lead, 2 * memory)
            for line in lines.itertuples()
        ]
        told = lines.assign(unit=units)
        surprise = 0.0
        for _, past in told[told["known"] <= moment].groupby("lead"):
            size = ((past["true"] - past["predicted"]).abs() / past["unit"]).mean()
            surprise += np.log(size * past["unit"]).sum()
        if surprise < best:
            best = surprise
            found = told
    return found


def test_a_panel_in_units_of_each_series():
    """Residuals of all series that were known on that day, in units of each at that time."""
    panel = [
        walk(90, 1, ["v"]),
        1000 * walk(90, 2, ["v"], "2024-01-02 00:30"),
        walk(70, 3, ["v"], "2024-01-01 06:00"),
    ]
    X, y = make_windows(panel, 5, 2)

    result = backtest(LinearWindow(), X, y, cv=4, coverages=STATED)

    table = result.predictions
    row = [
        panel[series].index.get_loc(origin)
        for series, origin in zip(table["series"], table["origin"], strict=True)
    ]
    lines = lines_of(table).assign(row=row)
    values = [frame["v"].to_numpy() for frame in panel]
    for fold in range(1, 4):
        ours = table[ENDS][lines["fold"].to_numpy() == fold]
        told = in_changes(lines, fold, values)
        np.testing.assert_allclose(ours, ends_by_loop(told, fold))


def test_a_panel_without_dates_ends_together():
    """Rows count from the end, where no dates tell which are the same."""
    panel = [walk(n, n, ["v"]).to_numpy() for n in (90, 80)]
    X, y = make_windows(panel, 5, 2)

    result = backtest(LinearWindow(), X, y, cv=4, coverages=STATED)

    table = result.predictions
    ahead = np.array([90, 80])[table["series"]]
    lines = lines_of(
        table.assign(origin=table["origin"] - ahead), known=table.index - ahead
    ).assign(row=table["origin"].to_numpy())
    for fold in range(1, 4):
        ours = table[ENDS][lines["fold"].to_numpy() == fold]
        told = in_changes(lines, fold, [rows[:, 0] for rows in panel])
        np.testing.assert_allclose(ours, ends_by_loop(told, fold))


def test_series_whose_errors_grow_at_other_rates_hold_the_same_share():
    """Walks, whose errors grow with the lead, beside noise, whose errors do not."""
    rng = np.random.default_rng(0)
    noise = rng.normal(size=(10, 400, 1))
    noise[:5] = noise[:5].cumsum(axis=1)
    X, y = make_windows(list(noise), 3, 8)

    found = backtest(NaiveForecaster(), X, y, cv=4, coverages=0.8).predictions.dropna()

    held = found["true"].between(found["lower_0.8"], found["upper_0.8"])
    kind = np.where(found["series"] < 5, "walk", "noise")
    for lead in (1, 8):
        shares = held[found["lead"] == lead].groupby(kind[found["lead"] == lead]).mean()
        np.testing.assert_allclose(shares, 0.8, atol=0.05)


def test_series_that_grow_restless_have_wider_intervals():
    """What a series has changed of late tells more than what it changed long ago."""
    rng = np.random.default_rng(0)
    size = np.exp(np.sin(np.arange(600) / 40 + np.arange(12)[:, None]))
    panel = [rows[:, None] for rows in (rng.normal(size=size.shape) * size).cumsum(axis=1)]
    X, y = make_windows(panel, 3, 4)

    found = backtest(NaiveForecaster(), X, y, cv=4, coverages=0.8).predictions.dropna()

    restless = size[found["series"], found.index] > 1
    held = found["true"].between(found["lower_0.8"], found["upper_0.8"])
    np.testing.assert_allclose(held.groupby(restless).mean(), 0.8, atol=0.06)


def test_a_larger_series_has_larger_intervals():
    """A series in another unit has its intervals in that unit, and the others keep theirs."""
    panel = [walk(150, seed, ["v"]) for seed in (1, 2)]
    X, y = make_windows(panel, 5, 2)
    larger_X, larger_y = make_windows([panel[0], 64 * panel[1]], 5, 2)

    before, after = (
        backtest(NaiveForecaster(), *data, cv=3, coverages=STATED).predictions
        for data in ((X, y), (larger_X, larger_y))
    )

    factor = np.where(before["series"] == 1, 64.0, 1.0)[:, None]
    np.testing.assert_allclose(after[ENDS], factor * before[ENDS])


@pytest.mark.parametrize("rows_in", [True, False])
def test_later_rows_do_not_move_them(rows_in):
    """Rows behind a fold's first origin change nothing of how wide its intervals are."""
    frame = walk()
    changed = frame.copy()

    def result_of(frame):
        if rows_in:
            return backtest(rows_model(), frame, frame["a"], cv=4, coverages=STATED)
        X, y = make_windows(frame, 5, 3, target="a")
        return backtest(LinearWindow(), X, y, cv=4, coverages=STATED)

    before = result_of(frame).predictions
    moment = before["origin"][before["fold"] == 2].min()
    changed.loc[changed.index > moment] += 1000
    after = result_of(changed).predictions

    made = (before["origin"] == moment).to_numpy()
    pd.testing.assert_frame_equal(before[ENDS][made], after[ENDS][made])
    third = (before["fold"] == 2).to_numpy()
    widths = [one["upper_0.8"][third] - one["lower_0.8"][third] for one in (before, after)]
    np.testing.assert_allclose(*widths, atol=1e-9)


def test_they_hold_what_they_promise():
    """Where nothing changes over time, the stated share of truths is held."""
    held = {coverage: [] for coverage in (0.5, 0.8, 0.95)}

    for seed in range(60):
        rows = np.random.default_rng(seed).normal(size=(260, 1))
        X, y = make_windows(rows, 1, 2)
        result = backtest(NaiveForecaster("mean"), X, y, cv=3, coverages=tuple(held))
        for coverage, found in held.items():
            found.append(result.scores[f"coverage_{coverage:g}"])

    for coverage, found in held.items():
        assert np.mean(found) == pytest.approx(coverage, abs=0.015)


# ---------------------------------------------------------------------- of a model's own


@pytest.mark.parametrize("kind", ["windows", "around", "inside", "search"])
def test_a_models_own_intervals(kind):
    """Each fold's are those that its model gives, wherever in a pipeline they are made."""
    frame = walk()
    X, y = make_windows(frame, 5, 3, target="a")
    model = {
        "windows": Ranges(LinearWindow()),
        "around": Ranges(rows_model()),
        "inside": make_pipeline(SlidingWindow(5), Ranges(MultiOutputForecaster(LinearWindow(), 3))),
        "search": GridSearchCV(
            make_pipeline(SlidingWindow(5), Ranges(MultiOutputForecaster(LinearWindow(), 3))),
            {"ranges__size": [1.0]},
            cv=TimeSeriesSplit(2),
            scoring=lambda *args: 0.0,
        ),
    }[kind]
    data = (X, y) if kind == "windows" else (frame, frame["a"])

    result = backtest(model, *data, cv=3, coverages=STATED)

    found = result.predictions
    np.testing.assert_allclose(found["upper_0.8"] - found["predicted"], 1.2815516)
    np.testing.assert_allclose(found["predicted"] - found["lower_0.5"], 0.6744898)
    assert found["baseline_lower_0.8"][found["fold"] == 0].isna().all()
    assert not found[ENDS].isna().any(axis=None)


def counting(n=60):
    """A series whose values are the numbers of its rows."""
    return pd.DataFrame({"a": np.arange(float(n))}, pd.date_range("2024", periods=n, freq="h"))


def asked_of(result, fold):
    """(origin, what it had been told of by then) at each question to a fold's model."""
    model = result.estimators[fold]
    return getattr(model, "steps", [(0, model)])[-1][1].asked_


def truths_by_loop(kind, n, train, fitted, origin):
    """The truths that a model is to be told of up to an origin, from (made, row) of all forecasts.

    Those of rows are the rows themselves; windows tell of each row as often as it is forecast.
    """
    if kind in ("around", "array"):
        return list(range(fitted + 1, origin + 1))
    first = 4 if kind == "windows" else -1
    made_in_training = {sample + first for sample in train}
    return sorted(
        row
        for made in range(first, n)
        for row in range(made + 1, made + 4)
        if row <= origin and (row > fitted or made > max(made_in_training))
    )


@pytest.mark.parametrize("refit", [True, False])
@pytest.mark.parametrize("gap", [2, 6])
@pytest.mark.parametrize("kind", ["windows", "around", "inside", "array"])
def test_truths_are_told_when_they_are_known(kind, gap, refit):
    """Before each origin a model is told of every truth behind its training that is known there,
    once, and of none that is not.
    """
    frame = counting()
    windows = make_windows(frame, 5, 3)
    many = MultiOutputForecaster(NaiveForecaster(), 3)
    model, X, y = {
        "windows": (Listener(NaiveForecaster()), *windows),
        "around": (Listener(make_pipeline(SlidingWindow(5), many)), frame, frame["a"]),
        "inside": (make_pipeline(SlidingWindow(5), Listener(many)), frame, frame["a"]),
        "array": (
            Listener(make_pipeline(SlidingWindow(5), many)),
            frame.to_numpy(),
            frame["a"].to_numpy(),
        ),
    }[kind]
    splits = list(TimeSeriesSplit(2, test_size=8, gap=gap).split(X))

    result = backtest(model, X, y, cv=splits, refit=refit, coverages=0.8)

    for fold, (train, test) in enumerate(splits):
        train = train if refit else splits[0][0]
        # The newest row that a fit has seen, and the origins.
        fitted, first = (train[-1] + 7, 4) if kind == "windows" else (train[-1], -1)
        asked = asked_of(result, fold)
        assert [origin for origin, _ in asked] == (test + first).tolist()
        for origin, told in asked:
            assert sorted(told) == truths_by_loop(kind, len(frame), train, fitted, int(origin))


def test_truths_that_stay_unknown_are_not_told():
    """NaN in y is never told, and later truths are."""
    X, y = make_windows(counting(), 5, 2)
    y[y == 57] = np.nan

    result = backtest(Listener(NaiveForecaster()), X, y, cv=2, coverages=0.8)

    _, told = asked_of(result, 1)[-1]
    assert 57 not in told
    assert {56, 58} & set(told) == {56}
    assert not np.isnan(told).any()


@pytest.mark.parametrize("rows_in", [True, False])
def test_own_intervals_do_not_move_when_later_rows_change(rows_in):
    """What a model answers at an origin rests on the rows up to it."""
    frame = walk(80)
    changed = frame.copy()

    def result_of(frame):
        if rows_in:
            return backtest(Listener(rows_model()), frame, frame["a"], cv=2, coverages=STATED)
        X, y = make_windows(frame, 5, 3, target="a")
        return backtest(Listener(LinearWindow()), X, y, cv=2, coverages=STATED)

    before = result_of(frame).predictions
    moment = before["origin"][before["fold"] == 1].min() + pd.Timedelta(4, "h")
    changed.loc[changed.index > moment] += 1000
    after = result_of(changed).predictions

    made = (before["origin"] <= moment).to_numpy()
    pd.testing.assert_frame_equal(before[ENDS][made], after[ENDS][made])
    assert not np.allclose(before[ENDS][~made], after[ENDS][~made])


def test_adaptive_intervals_against_a_loop():
    """Told by hand, window after window as their truths come, a forecaster answers the same."""
    frame = walk(120)
    X, y = make_windows(frame, 5, 3, target="a")
    split = (np.arange(80), np.arange(82, 113))

    result = backtest(
        IntervalForecaster(LinearWindow(), method="adaptive"), X, y, cv=[split], coverages=0.8
    )

    model = IntervalForecaster(LinearWindow(), method="adaptive").fit(X[:80], y[:80])
    expected = []
    for origin in range(80, 113):
        for made in range(max(80, origin - 3), origin):
            truth = np.full((1, 3), np.nan)
            truth[0, origin - made - 1] = y[made, origin - made - 1]
            model.update(X[made : made + 1], truth)
        if origin >= 82:
            expected.append(model.predict_interval(X[origin : origin + 1], 0.8)[0])
    ends = result.predictions[["lower_0.8", "upper_0.8"]].to_numpy()
    np.testing.assert_allclose(ends.reshape(31, 3, 2), expected)


@pytest.mark.parametrize("rows_in", [True, False])
def test_adaptive_intervals_follow_a_jump(rows_in):
    """Where the variance jumps, intervals that are told of truths hold more of them."""
    random = np.random.default_rng(0)
    values = random.normal(size=500) * np.where(np.arange(500) < 300, 1, 3)
    frame = pd.DataFrame({"a": values}, pd.date_range("2024", periods=500, freq="h"))
    X, y = make_windows(frame, 4)
    n = len(frame) if rows_in else len(X)
    cv = [(np.arange(n - 200), np.arange(n - 200, n))]
    held = {}

    for method in ("conformal", "adaptive"):
        if rows_in:
            pipe = make_pipeline(SlidingWindow(4), LinearWindow())
            model = IntervalForecaster(pipe, method=method)
            result = backtest(model, frame, frame["a"], cv=cv, coverages=0.8)
        else:
            model = IntervalForecaster(LinearWindow(), method=method)
            result = backtest(model, X, y, cv=cv, coverages=0.8)
        held[method] = result.scores["coverage_0.8"]

    assert held["conformal"] < 0.6
    assert held["adaptive"] > 0.7


# ---------------------------------------------------------------------- what is made of them


def test_measures_hang_together():
    """Scores are those of all that count; each fold and lead has its own line."""
    frame = walk()

    result = backtest(rows_model(), frame, frame["a"], cv=4, coverages=STATED)

    lines = result.predictions[result.predictions["lower_0.8"].notna()]
    held = lines["true"].between(lines["lower_0.8"], lines["upper_0.8"])
    for table, column in ((result.by_fold.loc[1:], "fold"), (result.by_lead, "lead")):
        np.testing.assert_allclose(
            table["coverage_0.8"], held.groupby(lines[column].to_numpy()).mean()
        )
        width = lines["upper_0.8"] - lines["lower_0.8"]
        np.testing.assert_allclose(
            table["width_0.8"], width.groupby(lines[column].to_numpy()).mean()
        )
    assert result.by_lead["coverage_se_0.8"].between(0.01, 0.2).all()
    assert "baseline_msis_0.5" in result.scores


def test_they_are_the_measures_of_arrays():
    """Coverage and MSIS of one lead, as the functions have them."""
    rows = walk()[["a"]].to_numpy()
    X, y = make_windows(rows, 5, 2)

    result = backtest(Ranges(LinearWindow()), X, y, cv=2, coverages=0.8)

    part = result.predictions.query("fold == 1 and lead == 1")
    ends = part[["lower_0.8", "upper_0.8"]].to_numpy()
    table = coverage_by_lead(part["true"], ends, 0.8)
    line = result.predictions.query("fold == 1")
    both = msis(
        line["true"],
        line[["lower_0.8", "upper_0.8"]],
        0.8,
        y_train=rows[5 : part["origin"].min() + 1, 0],
    )
    assert table.loc[1, "coverage"] == pytest.approx(
        part["true"].between(*ends.T, inclusive="both").mean()
    )
    assert result.by_fold.loc[1, "msis_0.8"] == pytest.approx(both)


@pytest.mark.parametrize("own", [True, False])
def test_folds_run_one_by_one_are_the_same_in_one_result(own):
    """Residuals come from the folds before, as if all had been run in one."""
    X, y = make_windows(walk(), 5, 2, target="a")
    splits = list(TimeSeriesSplit(3, gap=1).split(X))
    model = Ranges(LinearWindow()) if own else LinearWindow()

    joined = Backtest.of_folds(
        [backtest(model, X, y, cv=[split], coverages=STATED) for split in splits]
    )

    whole = backtest(model, X, y, cv=splits, coverages=STATED)
    pd.testing.assert_frame_equal(joined.predictions, whole.predictions)
    pd.testing.assert_frame_equal(joined.by_lead, whole.by_lead)
    pd.testing.assert_series_equal(joined.scores, whole.scores)
    assert joined.promise.coverages == STATED


def test_a_single_fold_has_no_residuals_before():
    """Nothing counts, and the text says so."""
    X, y = make_windows(walk(), 5, 2, target="a")
    split = next(TimeSeriesSplit(3, gap=1).split(X))

    result = backtest(LinearWindow(), X, y, cv=[split], coverages=0.8)

    assert np.isnan(result.scores["coverage_0.8"])
    assert repr(result).endswith(
        "80 % intervals held nothing that counts: no fold has residuals enough before it"
    )


def test_the_text_tells_what_was_held():
    """A line for each coverage, with its standard error."""
    frame = walk()

    result = backtest(rows_model(), frame, frame["a"], cv=4, coverages=STATED)

    *_, half, most = repr(result).splitlines()
    held, error = (100 * result.scores[f"{name}_0.8"] for name in ("coverage", "coverage_se"))
    assert half.startswith("50 % intervals held ")
    assert most == f"80 % intervals held {held:.1f} ± {error:.1f} % of the truths"


def test_without_coverages_nothing_changes():
    """There are no more columns, and the others are the same with them."""
    X, y = make_windows(walk(), 5, 2, target="a")

    plain = backtest(LinearWindow(), X, y, cv=3)
    measured = backtest(LinearWindow(), X, y, cv=3, coverages=STATED)

    assert plain.promise is None
    assert not [name for name in plain.predictions if "lower" in name or "made" in name]
    pd.testing.assert_frame_equal(plain.predictions, measured.predictions[list(plain.predictions)])
    pd.testing.assert_series_equal(plain.scores, measured.scores[list(plain.scores.index)])


@pytest.mark.parametrize("coverages", [1, 0, (0.8, 1.5), (), "0.8", (0.8, 0.8), True])
def test_coverages_are_shares(coverages):
    """They lie between 0 and 1, and are named once."""
    X, y = make_windows(walk(), 5, 2, target="a")

    with pytest.raises(ValueError, match="coverages must"):
        backtest(LinearWindow(), X, y, coverages=coverages)


def test_intervals_are_finite_numbers():
    """A model whose intervals are none is named."""
    X, y = make_windows(walk(), 5, 2, target="a")

    with pytest.raises(ValueError, match="estimator must forecast finite numbers, got"):
        backtest(Ranges(LinearWindow(), size=np.inf), X, y, coverages=0.8)
