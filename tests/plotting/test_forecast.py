"""ForecastDisplay draws the right numbers at the right rows."""

import datetime

import matplotlib.dates as mdates
import numpy as np
import pandas as pd
import pytest
from sklearn.pipeline import make_pipeline

from skrnn import (
    IntervalForecaster,
    LinearWindow,
    MultiOutputForecaster,
    NaiveForecaster,
    RecursiveForecaster,
    SlidingWindow,
    future_rows,
    make_windows,
)
from skrnn.datasets import load_airline, make_waves
from skrnn.plotting import ForecastDisplay

MONTHS = pd.period_range("2020-01", periods=40, freq="M")
SERIES = pd.Series(np.arange(40.0), MONTHS, name="demand")


def predictions(index, origins, horizon, folds):
    """A frame of predictions of the series 0, 1, …: each is 0.5 too high, the baseline is the last
    known value.
    """
    rows = [
        (fold, index[origin], lead, origin + lead, origin + lead + 0.5, origin)
        for fold, origin in zip(folds, origins, strict=True)
        for lead in range(1, horizon + 1)
    ]
    frame = pd.DataFrame(rows, columns=["fold", "origin", "lead", "true", "predicted", "baseline"])
    return frame.set_index(index[(frame["true"]).to_numpy()]).astype(
        {"true": float, "baseline": float}
    )


def at(labels):
    return mdates.date2num(pd.PeriodIndex(labels, freq="M").to_timestamp().to_numpy()).tolist()


def drawn(line):
    x, y = line.get_xdata(orig=False), line.get_ydata()
    return dict(zip(np.asarray(x)[~np.isnan(y)].tolist(), y[~np.isnan(y)].tolist(), strict=True))


def texts(display):
    return [text.get_text() for text in display.ax_.get_legend().get_texts()]


# ---------------------------------------------------------------------- arrays


def test_arrays_follow_their_history():
    """Forecasts of arrays are the rows behind the history; the history is joined to the truth."""
    display = ForecastDisplay.from_predictions([3.0, 4.0], [3.5, 4.5], history=[0.0, 1.0, 2.0])

    assert drawn(display.history_line_) == {0: 0, 1: 1, 2: 2, 3: 3}
    assert drawn(display.true_line_) == {3: 3, 4: 4}
    assert drawn(display.forecast_lines_[0]) == {3: 3.5, 4: 4.5}
    assert display.ax_.get_xlabel() == "row"
    assert texts(display) == ["history", "truth", "forecast"]


def test_unknown_truth_is_left_out():
    """NaN in the truth parts its line, and a value alone is a dot; without any truth the forecasts
    stand alone.
    """
    display = ForecastDisplay.from_predictions([1.0, np.nan, 3.0, np.nan], [1.0, 2.0, 3.0, 4.0])
    future = ForecastDisplay.from_predictions(None, [5.0, 6.0])

    assert drawn(display.true_line_) == {0: 1, 2: 3}
    assert display.true_line_.get_marker() == "."
    assert display.true_line_.get_markevery() == [0, 2]
    assert drawn(future.true_line_) == {}


def test_several_forecasts_of_the_same_leads():
    """Forecasts (n, n_leads) are drawn over each other, by lead."""
    display = ForecastDisplay.from_predictions(np.zeros((2, 3)), np.ones((2, 3)))

    assert [drawn(line) for line in display.forecast_lines_] == [{1: 1, 2: 1, 3: 1}] * 2
    assert display.ax_.get_xlabel() == "lead, rows ahead"


INDICES = {
    "periods": MONTHS[:6],
    "quarters": pd.period_range("2020Q1", periods=6, freq="Q"),
    "times": pd.date_range("2024-01-01", periods=6, freq="h"),
    "clock change": pd.date_range("2024-10-27", periods=6, freq="h", tz="Europe/Berlin"),
    "numbers": pd.RangeIndex(10, 70, 10),
    "integers": pd.Index([1, 2, 3, 5, 8, 13]),
    "durations": pd.timedelta_range("0h", periods=6, freq="30min"),
    "names": pd.Index(list("abcdef")),
}


@pytest.mark.parametrize("index", INDICES.values(), ids=INDICES)
@pytest.mark.filterwarnings("ignore:.*:UserWarning:matplotlib.category")
def test_every_kind_of_index(index):
    """All labels lie in their order, without one on top of the other."""
    true = pd.Series(np.arange(6.0), index)

    display = ForecastDisplay.from_predictions(true[3:], true.to_numpy()[3:] + 1, history=true[:3])

    assert display.forecast_lines_[0].get_ydata().tolist() == [4, 5, 6]
    assert (np.diff(np.asarray(display.true_line_.get_xdata(orig=False), float)) > 0).all()


def test_times_in_a_zone_are_told_in_it():
    """Ticks are local times, and the axis names the zone."""
    index = pd.date_range("2024-07-01", periods=3, freq="h", tz="Asia/Tokyo")

    display = ForecastDisplay.from_predictions(pd.Series(1.0, index), [1.0, 2.0, 3.0])

    first = display.true_line_.get_xdata(orig=False)[0]
    assert display.ax_.get_xlabel() == "time (Asia/Tokyo)"
    assert mdates.num2date(first).hour == 15
    assert display.ax_.xaxis.get_major_formatter().format_ticks([first]) == ["00:00"]


def test_long_series_are_cut_and_thin():
    """Of a long history, twice the forecasts' rows are shown; long lines are thin; n_history says
    otherwise.
    """
    values = np.arange(12_000.0)

    display = ForecastDisplay.from_predictions(
        values[2000:], values[2000:], history=values[:2000], n_history=5
    )
    short = ForecastDisplay.from_predictions(values[:30], values[:30], history=values)

    assert len(display.history_line_.get_ydata()) == 6
    assert display.forecast_lines_[0].get_linewidth() < 1
    assert len(short.history_line_.get_ydata()) == 61


# ---------------------------------------------------------------------- frames of predictions


def test_folds_alternate_in_shade_and_their_origins_are_marked():
    """Each fold has its line, neighbours in two shades, and a mark at its origin; the truth is
    parted between them.
    """
    frame = predictions(MONTHS, [9, 19, 29], 4, [0, 1, 2])

    display = ForecastDisplay.from_predictions(frame, history=SERIES)

    colours = [line.get_color() for line in display.forecast_lines_]
    assert colours[0] == colours[2] != colours[1]
    assert list(drawn(display.forecast_lines_[1])) == at(
        ["2021-09", "2021-10", "2021-11", "2021-12"]
    )
    assert list(drawn(display.forecast_lines_[1]).values()) == [20.5, 21.5, 22.5, 23.5]
    assert [mdates.date2num(line.get_xdata()[0]) for line in display.origin_lines_] == at(
        MONTHS[[9, 19, 29]]
    )
    assert (
        np.isnan(display.true_line_.get_ydata()).tolist()
        == ([False] * 4 + [True]) * 2 + [False] * 4
    )
    assert display.ax_.get_ylabel() == "demand"
    assert texts(display) == ["history", "truth", "baseline", "forecast", "origin"]


def test_runs_from_other_origins_are_parted():
    """Within a fold, forecasts from several origins are one line with a gap between the runs."""
    frame = predictions(pd.RangeIndex(40), [9, 10], 3, [0, 0])

    display = ForecastDisplay.from_predictions(frame.sample(frac=1, random_state=0))

    x, y = display.forecast_lines_[0].get_data()
    order = (
        [10, 11, 12, 11, 12, 13]
        if y[0] == 10.5 and np.isnan(y[3]) and y[4] == 11.5
        else [11, 12, 13, 10, 11, 12]
    )
    assert x[~np.isnan(y)].tolist() == order
    assert np.flatnonzero(np.isnan(y)).tolist() == [3]
    assert drawn(display.true_line_) == {10: 10, 11: 11, 12: 12, 13: 13}


def test_one_lead_is_one_line():
    """lead= leaves one line a fold, over all its origins."""
    frame = predictions(pd.RangeIndex(40), [9, 10, 11], 3, [0, 0, 0])

    display = ForecastDisplay.from_predictions(frame, lead=2)

    assert drawn(display.forecast_lines_[0]) == {11: 11.5, 12: 12.5, 13: 13.5}
    assert display.forecast_lines_[0].get_marker() == "None"


def test_one_series_of_a_panel():
    """Of a panel's frame the first series is drawn, or the one that is named."""
    frame = predictions(pd.RangeIndex(40), [9, 20], 3, [0, 0]).assign(series=[4] * 3 + [7] * 3)

    assert list(drawn(ForecastDisplay.from_predictions(frame).true_line_)) == [10, 11, 12]
    assert list(drawn(ForecastDisplay.from_predictions(frame, series=7).true_line_)) == [21, 22, 23]


# ---------------------------------------------------------------------- fitted estimators


def airline_pipe(lead=12):
    df = load_airline()
    pipe = make_pipeline(SlidingWindow(24, lead), LinearWindow()).fit(
        df[:"1957"], df[:"1957"]["passengers"]
    )
    return pipe, df


def test_rows_have_their_own_forecasts():
    """Rows in: each row's forecast stands at that row, behind the history that is given."""
    pipe, df = airline_pipe()
    train, test = df[:"1957"], df["1958":]

    display = ForecastDisplay.from_estimator(
        pipe, test, test["passengers"], history=train["passengers"], name="linear"
    )

    np.testing.assert_array_equal(display.forecast_lines_[0].get_ydata(), pipe.predict(test))
    assert list(drawn(display.true_line_)) == at(test.index)
    assert list(drawn(display.history_line_))[-37:] == at(df.index[-37:])
    assert texts(display) == ["history", "truth", "linear"]
    assert display.ax_.get_ylabel() == "passengers"


def test_rows_from_an_origin():
    """Rows in, with an origin: the lead rows behind it, forecast from what was known there."""
    pipe, df = airline_pipe()

    display = ForecastDisplay.from_estimator(pipe, df, df["passengers"], origin=["1957-12", -13])

    assert list(drawn(display.forecast_lines_[0])) == at(df["1958":"1958"].index)
    assert list(drawn(display.forecast_lines_[1]).values()) == pipe.predict(df)[-12:].tolist()
    assert [mdates.date2num(line.get_xdata()[0]) for line in display.origin_lines_] == at(
        ["1957-12", "1959-12"]
    )


def test_rows_that_do_not_exist_yet():
    """The forecast of future rows stands behind the series, without truth."""
    pipe, df = airline_pipe()
    X = future_rows(df, 12)

    display = ForecastDisplay.from_estimator(pipe, X, X["passengers"], origin="1960-12")

    assert list(drawn(display.forecast_lines_[0])) == at(
        pd.period_range("1961-01", periods=12, freq="M")
    )
    assert drawn(display.true_line_) == {}


def test_rows_with_many_leads():
    """A forecaster of many leads on rows: the last origin all of whose rows are known."""
    rows = np.arange(60.0)[:, None]
    pipe = make_pipeline(SlidingWindow(4), RecursiveForecaster(NaiveForecaster("drift"), 6)).fit(
        rows, rows[:, 0]
    )

    display = ForecastDisplay.from_estimator(pipe, rows, rows[:, 0])

    assert list(drawn(display.true_line_)) == [54, 55, 56, 57, 58, 59]
    assert display.origin_lines_[0].get_xdata()[0] == 53
    np.testing.assert_allclose(display.forecast_lines_[0].get_ydata(), np.arange(54, 60))


def airline_of_many_leads(df):
    return make_pipeline(SlidingWindow(24), MultiOutputForecaster(LinearWindow(), 12)).fit(
        df, df["passengers"]
    )


def test_forecasts_reach_behind_the_last_row():
    """Many leads from a late origin are drawn at the months that follow, whose truth is unknown."""
    df = load_airline()

    display = ForecastDisplay.from_estimator(
        airline_of_many_leads(df), df, df["passengers"], origin="1960-06"
    )

    assert list(drawn(display.forecast_lines_[0])) == at(
        pd.period_range("1960-07", periods=12, freq="M")
    )
    assert list(drawn(display.true_line_)) == at(df.index[-6:])


def test_rows_that_are_missing_keep_their_place():
    """Behind a missing row, forecasts stand at their own months, none of them made after the
    origin.
    """
    df = load_airline().drop(pd.Period("1958-03", "M"))
    pipe, _ = airline_pipe()

    one = ForecastDisplay.from_estimator(pipe, df, df["passengers"], origin="1957-12")
    many = ForecastDisplay.from_estimator(
        airline_of_many_leads(df), df, df["passengers"], origin="1957-12"
    )

    year = pd.period_range("1958-01", periods=12, freq="M")
    assert list(drawn(one.forecast_lines_[0])) == at(year.drop("1958-03"))
    assert list(drawn(many.forecast_lines_[0])) == at(year)
    assert list(drawn(many.true_line_)) == at(year.drop("1958-03"))


@pytest.mark.filterwarnings("ignore:.*:UserWarning:matplotlib.category")
def test_rows_with_names():
    """Rows that have names, and no next one, are forecast as far as there are any."""
    df = load_airline().set_axis([f"row {i}" for i in range(144)])

    display = ForecastDisplay.from_estimator(
        airline_of_many_leads(df), df, df["passengers"], origin="row 140"
    )

    assert display.predictions.index.tolist() == ["row 141", "row 142", "row 143"]


def test_labels_of_an_array_are_those_of_y():
    """Rows that came as an array are labelled as y is."""
    df = load_airline()
    pipe = make_pipeline(SlidingWindow(24, 12), LinearWindow()).fit(df.to_numpy(), df["passengers"])

    display = ForecastDisplay.from_estimator(pipe, df.to_numpy(), df["passengers"])

    assert list(drawn(display.true_line_)) == at(df.index)


def test_windows_are_chosen_by_label():
    """An origin of windows may be the label of their last row."""
    X, y = make_windows(SERIES, length=5, horizon=3)

    display = ForecastDisplay.from_estimator(NaiveForecaster().fit(X, y), X, y, origin="2021-01")

    assert list(drawn(display.forecast_lines_[0])) == at(["2021-02", "2021-03", "2021-04"])


def test_windows_of_one_series_have_its_rows():
    """Windows are drawn at the rows of their series, labelled as these are, with its rows as
    history.
    """
    X, y = make_windows(SERIES, length=5, horizon=3)
    model = NaiveForecaster().fit(X, y)

    display = ForecastDisplay.from_estimator(model, X, y, origin=[0, -1])

    assert list(drawn(display.forecast_lines_[0]).items()) == list(
        zip(at(MONTHS[5:8]), [4.0] * 3, strict=True)
    )
    assert list(drawn(display.forecast_lines_[1]).items()) == list(
        zip(at(MONTHS[37:]), [36.0] * 3, strict=True)
    )
    assert list(drawn(display.history_line_).values()) == list(range(38))
    assert display.ax_.get_ylabel() == "demand"


def test_one_lead_windows_are_all_drawn():
    """Windows of one lead: every window's forecast at its row."""
    X, y = make_windows(np.arange(40.0), length=5)

    display = ForecastDisplay.from_estimator(NaiveForecaster().fit(X, y), X, y)

    assert drawn(display.forecast_lines_[0]) == {row: row - 1 for row in range(5, 40)}


def test_history_is_the_column_that_y_continues():
    """Among several columns, the target is found; there is no history where y is none of them."""
    frame = pd.DataFrame(
        {"noise": np.random.default_rng(0).normal(size=40), "demand": SERIES.to_numpy()}
    )
    X, y = make_windows(frame, length=5, horizon=2, target="demand")
    model = LinearWindow().fit(X, y)

    assert drawn(ForecastDisplay.from_estimator(model, X, y).history_line_)[20] == 20
    assert ForecastDisplay.from_estimator(model, X, y * 7 + 3).history_line_ is None
    named = ForecastDisplay.from_estimator(model, X, y, target="noise").history_line_
    assert drawn(named)[20] == frame["noise"][20]


def test_plain_arrays_count_rows_from_the_window():
    """Plain windows are drawn by rows from their end, each with its own steps as history."""
    waves = make_waves(30, 12, random_state=0)
    X, y = waves[:, :8], waves[:, 8:, 0]

    display = ForecastDisplay.from_estimator(NaiveForecaster().fit(X, y), X, y, origin=[3, 5])

    assert list(drawn(display.forecast_lines_[0])) == [1, 2, 3, 4]
    history = display.history_line_.get_ydata()
    np.testing.assert_allclose(history[:9], waves[3, :9, 0])
    np.testing.assert_allclose(history[10:19], waves[5, :9, 0])
    assert np.isnan(history[9])


def test_windows_in_a_table():
    """A DataFrame whose rows are windows keeps its columns' names."""
    waves = pd.DataFrame(make_waves(30, 12, random_state=0)[:, :, 0]).rename(columns=str)
    X, y = waves.iloc[:, :8], waves.iloc[:, 8:]

    display = ForecastDisplay.from_estimator(LinearWindow().fit(X, y), X, y)

    np.testing.assert_allclose(list(drawn(display.true_line_).values()), y.iloc[-1])


def test_one_sample():
    """A single window is enough."""
    X, y = make_windows(np.arange(8.0), length=5, horizon=3)

    display = ForecastDisplay.from_estimator(NaiveForecaster().fit(X, y), X, y)

    assert drawn(display.true_line_) == {5: 5, 6: 6, 7: 7}


PIPE, AIRLINE = airline_pipe()
WINDOWS = make_windows(SERIES, 5, 2)
NAIVE = NaiveForecaster().fit(*WINDOWS)
TWO = pd.DataFrame({"demand": SERIES, "price": SERIES})


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (
            lambda: ForecastDisplay.from_predictions([1, 2], [1, 2, 3]),
            r"shape of y_true, .*got \(3,\) and \(2,\)",
        ),
        (
            lambda: ForecastDisplay.from_predictions([1, 2]),
            "y_pred is needed beside y_true of type list",
        ),
        (
            lambda: ForecastDisplay.from_predictions([1.0], [2.0], index=[1, 2]),
            "a label for each of 1 forecasts, got 2",
        ),
        (
            lambda: ForecastDisplay.from_predictions([1.0], [2.0], lead=1),
            "choose from a frame of predictions",
        ),
        (
            lambda: ForecastDisplay.from_predictions(SERIES[:2], [1.0, 2.0], history=[1.0]),
            "labelled as the forecasts are, by periods, got numbers",
        ),
        (
            lambda: ForecastDisplay.from_predictions(predictions(MONTHS, [9], 2, [0]), lead=5),
            r"lead=5 is not in the frame of predictions: there are \[1, 2\]",
        ),
        (
            lambda: ForecastDisplay.from_estimator(PIPE, AIRLINE, AIRLINE["passengers"], origin=-1),
            "no row behind it to forecast among 144 rows",
        ),
        (
            lambda: ForecastDisplay.from_estimator(
                PIPE, AIRLINE, AIRLINE["passengers"], origin="1999-01"
            ),
            "origin='1999-01' is not a label of the index, 1949-01 … 1960-12",
        ),
        (
            lambda: ForecastDisplay.from_estimator(PIPE, AIRLINE, AIRLINE["passengers"], target=0),
            "target has no meaning for rows",
        ),
        (
            lambda: ForecastDisplay.from_estimator(NAIVE, *WINDOWS, history=SERIES),
            "history has no meaning for windows",
        ),
        (
            lambda: ForecastDisplay.from_estimator(NAIVE, *WINDOWS, origin=99),
            "origin=99 is not one of 34 samples",
        ),
        (
            lambda: ForecastDisplay.from_estimator(NAIVE, *WINDOWS, origin="2019"),
            "origin='2019' is not a label of the index, 2020-05 … 2023-02",
        ),
        (
            lambda: ForecastDisplay.from_estimator(NAIVE, *WINDOWS, origin=[]),
            "origin must name at least one row or window, got an empty list",
        ),
        (
            lambda: ForecastDisplay.from_predictions(SERIES[2:4], [1.0, 2.0], history=TWO),
            "history must be one series, got a frame with 2 columns",
        ),
    ],
)
def test_what_cannot_be_drawn_is_named(call, message):
    """Each message names the argument, what is required, and what came."""
    with pytest.raises(ValueError, match=message):
        call()


HOURLY = {
    "times": pd.date_range("2017-01-27 05:00", periods=96, freq="h", name="time"),
    "times in a zone": pd.date_range("2017-01-27 05:00", periods=96, freq="h", tz="Asia/Kolkata"),
    "periods": pd.period_range("2017-01-27 05:00", periods=96, freq="h"),
}


@pytest.mark.parametrize("index", HOURLY)
@pytest.mark.parametrize(
    "origin",
    ["2017-01-29", datetime.date(2017, 1, 29), pd.Timestamp("2017-01-29")],
    ids=["text", "date", "timestamp"],
)
def test_a_date_is_the_first_row_of_its_day(index, origin):
    """A date without a time is midnight, on hourly rows of any kind of index."""
    frame = pd.DataFrame({"load": np.arange(96.0) % 24}, HOURLY[index])
    pipe = make_pipeline(SlidingWindow(3, lead=6), NaiveForecaster()).fit(frame, frame["load"])

    display = ForecastDisplay.from_estimator(pipe, frame, frame["load"], origin=origin)

    assert display.predictions["origin"].unique().tolist() == [HOURLY[index][43]]


def test_a_date_without_midnight_is_the_first_row_of_its_day():
    """Rows of trading hours begin later."""
    times = pd.date_range("2024-01-01 09:00", periods=72, freq="h")
    times = times[(times.hour >= 9) & (times.hour < 17)]
    frame = pd.DataFrame({"price": np.arange(len(times), dtype=float)}, times)
    X, y = make_windows(frame, 3, target="price")
    model = NaiveForecaster().fit(X, y)

    display = ForecastDisplay.from_estimator(model, X, y, origin="2024-01-02")

    assert display.predictions["origin"].unique().tolist() == [pd.Timestamp("2024-01-02 09:00")]


# ---------------------------------------------------------------------- intervals


def edges(fan):
    """(x, lower, upper) of a fan's corners, from left to right."""
    corners = np.unique(np.concatenate([path.vertices for path in fan.get_paths()]), axis=0)
    x = np.unique(corners[:, 0])
    ends = [corners[corners[:, 0] == where, 1] for where in x]
    return x, [end.min() for end in ends], [end.max() for end in ends]


def test_fans_of_a_backtest():
    """The intervals of each fold that has any, the widest below, in the fold's shade."""
    frame = predictions(pd.RangeIndex(20), [9, 13], 4, [0, 1])
    known = frame["fold"] == 1
    for share, width in ((0.8, 1.0), (0.95, 2.0)):
        frame[f"lower_{share}"] = np.where(known, frame["predicted"] - width, np.nan)
        frame[f"upper_{share}"] = np.where(known, frame["predicted"] + width, np.nan)

    display = ForecastDisplay.from_predictions(frame)

    assert list(display.fans_) == [0.95, 0.8]
    assert [len(fans) for fans in display.fans_.values()] == [1, 1]
    x, lower, upper = edges(display.fans_[0.95][0])
    lines = frame[known]
    np.testing.assert_allclose(x, lines.index)
    np.testing.assert_allclose(lower, lines["predicted"] - 2)
    np.testing.assert_allclose(upper, lines["predicted"] + 2)
    assert texts(display)[:2] == ["95 % interval", "80 % interval"]


@pytest.mark.parametrize("rows_in", [True, False])
def test_fans_of_an_estimator(rows_in):
    """Those that it predicts from the origin."""
    df = load_airline()
    X, y = make_windows(df, length=24, horizon=6)
    if rows_in:
        many = MultiOutputForecaster(LinearWindow(), horizon=6)
        model = IntervalForecaster(make_pipeline(SlidingWindow(24), many)).fit(
            df[:"1957"], df[:"1957"]["passengers"]
        )
        X, y = df, df["passengers"]
    else:
        model = IntervalForecaster(LinearWindow()).fit(X[:73], y[:73])

    display = ForecastDisplay.from_estimator(model, X, y, origin="1958-12", coverages=(0.5, 0.8))

    which = df.index.get_loc("1959-01") if rows_in else df.index.get_loc("1958-12") - 23
    expected = model.predict_interval(X, 0.8)[which]
    _, lower, upper = edges(display.fans_[0.8][0])
    np.testing.assert_allclose(np.transpose([lower, upper]), expected)
    assert list(display.fans_) == [0.8, 0.5]


def test_an_interval_without_neighbours_is_a_bar():
    """A single forecast has a bar in place of a band."""
    frame = predictions(pd.RangeIndex(20), [9], 1, [0]).assign(**{"lower_0.8": 8, "upper_0.8": 12})

    display = ForecastDisplay.from_predictions(frame)

    bars = [one for one in display.ax_.collections if one not in display.fans_[0.8]]
    assert [path.vertices[:, 1].tolist() for bar in bars for path in bar.get_paths()] == [[8, 12]]


def test_fans_over_names():
    """Rows with names have fans too."""
    frame = predictions(pd.Index([f"row {row}" for row in range(20)]), [9], 4, [0])
    frame = frame.assign(**{"lower_0.8": 8, "upper_0.8": 12})

    display = ForecastDisplay.from_predictions(frame)

    assert len(display.fans_[0.8]) == 1


@pytest.mark.parametrize(
    ("coverages", "message"),
    [
        ((0.8,), "estimator must have predict_interval, and LinearWindow has none"),
        ((1.5,), "coverages must be above 0 and below 1"),
    ],
)
def test_intervals_that_there_are_not(coverages, message):
    """A model without intervals, and shares that are none, are named."""
    X, y = make_windows(load_airline(), length=24, horizon=6)

    with pytest.raises(ValueError, match=message):
        ForecastDisplay.from_estimator(LinearWindow().fit(X, y), X, y, coverages=coverages)


def test_truth_is_drawn_where_it_is_forecast():
    """Rows that no origin forecasts part it, and rows of the next origin do not."""
    index = pd.date_range("2024", periods=40, freq="D")
    frame = predictions(index, [3, 6, 20], 3, [0, 0, 0])

    display = ForecastDisplay.from_predictions(frame)

    drawn = display.true_line_.get_ydata()
    assert drawn[:7].tolist()[:6] == [4, 5, 6, 7, 8, 9]
    assert np.isnan(drawn[6])
    assert drawn[7:].tolist() == [21, 22, 23]
    overlapping = ForecastDisplay.from_predictions(predictions(index, [3, 4, 5], 3, [0, 0, 0]))
    assert not np.isnan(overlapping.true_line_.get_ydata()).any()


def test_windows_of_several_series_are_named_by_position():
    X, y = make_windows([SERIES.to_frame()] * 2, 6, 2)
    model = LinearWindow().fit(X, y)

    with pytest.raises(ValueError, match="^origin='2021-01' is no position: windows of several"):
        ForecastDisplay.from_estimator(model, X, y, origin="2021-01")
