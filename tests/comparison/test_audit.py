"""The leak audit of comparisons: no forecast changes with the rows behind its own."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from skrnn.comparison import compare, fit_model
from skrnn.comparison.effort import EFFORTS
from skrnn.comparison.recipes import FORMS, FORMS_OF_SEVERAL, STATISTICAL
from skrnn.wording import RUNGS

# What is changed becomes negative, and what was learned of logarithms is forecast from it.
pytestmark = pytest.mark.filterwarnings("ignore:.*no logarithm")

QUICK = ("naive", "seasonal", "smoothing", "linear", "dense")
N_ROWS = 220


@pytest.fixture(autouse=True)
def short_training(monkeypatch):
    """Networks of few epochs, and few enough windows for all to be thinned."""
    few = {name: replace(one, updates=4, contenders=2) for name, one in EFFORTS.items()}
    monkeypatch.setattr("skrnn.comparison.effort.EFFORTS", few)
    monkeypatch.setattr("skrnn.comparison.folds.MOST_TESTED", 15)
    # Each form has an audit of its own.
    monkeypatch.setattr("skrnn.comparison.recipes.FORMS", FORMS[:4])
    monkeypatch.setattr("skrnn.comparison.recipes.FORMS_OF_SEVERAL", FORMS_OF_SEVERAL[:4])


def index(kind):
    if kind == "months":
        return pd.period_range("2000-01", periods=N_ROWS, freq="M", name="time")
    if kind == "hours of Berlin":
        return pd.date_range(
            "2024-03-28", periods=N_ROWS, freq="h", tz="Europe/Berlin", name="time"
        )
    return (
        pd.RangeIndex(N_ROWS)
        if kind == "rows"
        else pd.date_range("2024-01-01", periods=N_ROWS, name="time")
    )


def series(kind="days", seed=0, walk=0.0):
    """A target with a weekly pattern and gaps, a helper that is seldom known, and holidays."""
    rng = np.random.default_rng(seed)
    day = np.arange(N_ROWS)
    holiday = (rng.random(N_ROWS) < 0.2).astype(float)
    demand = 30 + np.array([0, 5, 6, 5, 4, 2, -3])[day % 7] + 3 * holiday + rng.normal(size=N_ROWS)
    demand += walk * rng.normal(size=N_ROWS).cumsum()
    frame = pd.DataFrame(
        {"demand": demand, "helper": rng.normal(size=N_ROWS), "holiday": holiday}, index(kind)
    )
    frame.iloc[[20, 21, 60, 100, 140, 166, 167, 190], 0] = np.nan
    frame.iloc[day % 3 > 0, 1] = np.nan
    frame.iloc[[50, 170], 2] = np.nan
    return frame


def changed(frame, label, ahead):
    """Other rows behind a label; of what is known ahead, other rows behind those that are forecast
    from there.
    """
    other = frame.copy()
    cut = frame.index.get_indexer([label], method="ffill")[0] + 1
    other.iloc[cut:, :2] = -50 * other.iloc[cut:, :2].to_numpy() + 9
    other.iloc[cut::4, 1] = np.nan
    other.iloc[cut + ahead :, 2] = 5 - other.iloc[cut + ahead :, 2]
    return other


def made_until(result, fold, label):
    """A fold's forecasts that are made at a row or before it, with the baseline's, all intervals,
    and what MASE is relative to.
    """
    table = result.predictions
    table = table[(table["fold"] == fold) & (table["origin"] <= label)]
    return table.drop(columns="true")


def assert_blind(make_reading, frames, known_ahead=(), season=7, **options):
    """A fold's forecasts up to some origin, and all that is chosen, are those of series that go on
    otherwise there.
    """
    frames = frames if isinstance(frames, dict) else {"one": frames}
    honest = compare(make_reading(frames, season, known_ahead), **options)
    assert honest.unfinished == {}
    ahead = honest.plan.horizon if known_ahead else 0
    for fold, rank in ((0, 3), (1, 0)):
        origins = honest.results["naive"].predictions.query(f"fold == {fold}")["origin"]
        cut = origins.drop_duplicates().sort_values().iloc[rank]
        others = {name: changed(frame, cut, ahead) for name, frame in frames.items()}
        other = compare(make_reading(others, season, known_ahead), **options)
        # Whose median the last ensemble is, all folds decide.
        assert replace(other.plan.ladder, members=()) == replace(honest.plan.ladder, members=())
        assert other.plan.race == honest.plan.race
        assert other.plan.notes == honest.plan.notes
        for name, result in honest.results.items():
            expected = made_until(result, fold, cut)
            assert len(expected) > 0
            found = made_until(other.results[name], fold, cut)
            pd.testing.assert_frame_equal(found, expected, check_exact=True, obj=f"{name}, {fold}")
        # The first fold has no intervals, and there is nothing that could leak.
        assert expected["lower_0.8"].notna().all() == (fold > 0)


@pytest.mark.parametrize("horizon", [pytest.param(1, marks=pytest.mark.long), 10])
def test_every_rung(make_reading, horizon):
    """All kinds of rungs, one row ahead and more than a season, with gaps, and with windows left
    out.
    """
    names = [name for name in RUNGS if name not in ("simple", "lstm", *STATISTICAL)]
    assert_blind(make_reading, series(), models=names, horizon=horizon, folds=2)


@pytest.mark.parametrize("horizon", [1, 9])
@pytest.mark.parametrize("walk", [0.0, 5.0])
def test_known_ahead(make_reading, horizon, walk):
    """Holidays that are known ahead, for values and for changes."""
    assert_blind(
        make_reading, series(walk=walk), ("holiday",), models=QUICK, horizon=horizon, folds=2
    )


@pytest.mark.parametrize("kind", ["months", "hours of Berlin", "rows"])
def test_all_kinds_of_rows(make_reading, kind):
    """Periods, local times and counted rows."""
    assert_blind(make_reading, series(kind), models=QUICK, horizon=3, folds=2)


def test_without_a_season(make_reading):
    """Changes from the row before."""
    assert_blind(make_reading, series(walk=3.0), season=1, models=QUICK, horizon=3, folds=2)


@pytest.mark.parametrize("known_ahead", [(), ("holiday",)])
def test_panels(make_reading, known_ahead):
    """Series of a panel start and end on different dates, and share those of their tests."""
    panel = {"one": series(), "late": series(seed=1).iloc[40:], "ended": series(seed=2).iloc[:-20]}
    assert_blind(make_reading, panel, known_ahead, models=QUICK, horizon=3, folds=2)


def test_panels_that_share_no_dates(make_reading):
    """Series that are there at different times are cut so many rows before each one's end."""
    panel = {"one": series(), "other": series(seed=1).iloc[40:], "third": series(seed=2)}
    for place, frame in enumerate(panel.values()):
        frame.index += pd.Timedelta(1000 * place, "D")
    options = {"models": QUICK, "horizon": 3, "folds": 2}
    honest = compare(make_reading(panel, 7), **options)
    assert any(note.startswith("Only 1 of the 3 series has rows") for note in honest.plan.notes)
    newest = honest.results["naive"].predictions.query("fold == 1")
    first = newest.groupby("series")["origin"].min()
    ends = pd.Series([frame.index[-1] for frame in panel.values()])
    cuts = ends - (ends - first).max()
    others = {
        name: changed(frame, cut, 0) for (name, frame), cut in zip(panel.items(), cuts, strict=True)
    }

    other = compare(make_reading(others, 7), **options)

    def made_in_time(result, fold):
        """Up to each series' own cut."""
        table = result.predictions
        table = table[table["origin"] <= table["series"].map(cuts)]
        return table[table["fold"] == fold].drop(columns="true")

    assert other.plan.race == honest.plan.race
    for name, result in honest.results.items():
        for fold in (0, 1):
            found, expected = made_in_time(other.results[name], fold), made_in_time(result, fold)
            assert len(expected) > 0
            pd.testing.assert_frame_equal(found, expected, check_exact=True, obj=f"{name}, {fold}")


@pytest.mark.parametrize("form", FORMS_OF_SEVERAL, ids=lambda form: form.words(7))
def test_every_form(make_reading, monkeypatch, form):
    """Whatever linear model and networks learn, also each window by itself."""
    monkeypatch.setattr("skrnn.comparison.recipes.VALUES", form)
    monkeypatch.setattr("skrnn.comparison.race.stages", lambda name: ())
    panel = {"one": series(), "ten times": 10 * series(seed=1).iloc[40:]}
    assert_blind(
        make_reading, panel, ("holiday",), models=["linear", "dense", "gru"], horizon=3, folds=2
    )


@pytest.mark.parametrize(
    "name", [name for name in RUNGS if name not in ("simple", "lstm", *STATISTICAL)]
)
def test_what_is_fitted_and_forecast(make_reading, name):
    """Behind the last known target, a forecast knows of the horizon's holidays alone."""
    frame = series()
    horizon = 4
    model = fit_model(make_reading(frame.iloc[:150], 7, ("holiday",)), name, horizon=horizon)
    ended = frame.iloc[:170].copy()
    ended.iloc[150:, 0] = np.nan
    expected = model.forecast({"one": ended})

    ended.iloc[150:, 1] = 1e6
    ended.iloc[150 + horizon :, 2] = 1e6

    pd.testing.assert_frame_equal(model.forecast({"one": ended}), expected, check_exact=True)
