"""What the charts show, in traces and in words."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from skrnn.report.chart import colours_of, plain
from skrnn.report.folds import fold_chart, fold_table
from skrnn.report.forecasts import forecast_chart, spaced
from skrnn.report.ladder import ladder_rows
from skrnn.report.leads import lead_chart
from skrnn.report.plan import as_time
from skrnn.report.portrait import column_table, gap_sentence, gap_table
from skrnn.report.profile import profile_chart, profile_of
from skrnn.report.series import series_chart
from skrnn.report.shown import shown_series
from skrnn.report.training import training_chart
from skrnn.report.weights import weights_chart
from skrnn.report.wording import percent
from tests.report.conftest import comparison_of, history, reading_of, rows_of


def traces_of(chart, **meta):
    """The traces whose "meta" says all of this."""
    return [trace for trace in chart.figure.data if meta.items() <= trace.meta.items()]


def options_of(chart, name):
    """What may be chosen, by value, and whether it is at first."""
    (choice,) = [choice for choice in chart.choices if choice.name == name]
    return {option["value"]: option["chosen"] for option in choice.options}


@pytest.fixture(scope="module")
def single_lead():
    """A comparison of forecasts one row ahead, of one column without a season."""
    return comparison_of({"only": rows_of(200, columns=("load",))}, horizon=1, season=1, names=("naive", "linear"))


# ---------------------------------------------------------------------- the ladder


def test_ladder_is_best_first_and_marked(comparison):
    """The least error comes first, and the naive and the recommended model are marked."""
    rows = ladder_rows(comparison)

    errors = [float(row["mae"]) for row in rows]
    assert errors == sorted(errors)
    assert [row["name"] for row in rows if row["recommended"]] == [comparison.verdict.recommended]
    assert [row["name"] for row in rows if row["naive"]] == ["naive"]


def test_naive_model_has_no_spread(comparison):
    """The naive forecast's skill is nothing in every fold."""
    (naive,) = [row for row in ladder_rows(comparison) if row["naive"]]

    assert (naive["skill"], naive["spread"]) == (percent(0, 1), "")


def test_a_model_has_one_colour_everywhere(comparison):
    """Every chart, and the table, draw a model in the same colour."""
    made = [make(comparison) for make in (fold_chart, forecast_chart, lead_chart, training_chart)]

    found = {
        (trace.meta["model"], trace.meta["colour"])
        for chart in made
        for trace in chart.figure.data
        if "model" in trace.meta
    }
    assert found | {(row["name"], row["colour"]) for row in ladder_rows(comparison)} == found
    assert dict(found) == {name: colours_of(comparison)[name] for name in comparison.results}


def test_a_rung_keeps_its_colour_in_another_comparison(comparison, single_lead):
    """The colour of a rung does not depend on which others are compared; strangers have others."""
    strange = replace(comparison, results={"mine": comparison.results["linear"], **comparison.results})

    assert colours_of(single_lead)["linear"] == colours_of(strange)["linear"]
    assert len(set(colours_of(strange).values())) == len(colours_of(strange))


# ---------------------------------------------------------------------- forecasts


@pytest.mark.parametrize(
    ("span", "n_rows", "kept", "left_out"),
    [(1, 100, [3, 4, 5, 6, 7, 9], 0), (3, 100, [3, 6, 9], 0), (3, 6, [6, 9], 1), (30, 6, [9], 0)],
)
def test_origins_are_spaced_from_the_newest(span, n_rows, kept, left_out):
    """Forecasts do not overlap, and of many the newest are kept."""
    got, dropped = spaced(np.array([3, 4, 5, 6, 7, 9]), span, n_rows)

    assert (got.tolist(), dropped) == (kept, left_out)


def test_forecasts_are_those_of_the_backtest(comparison):
    """Each point that is drawn is a forecast of that fold, at its row and lead."""
    chart, fold = forecast_chart(comparison), 1

    (trace,) = traces_of(chart, model="linear", fold=str(fold))
    table = comparison.results["linear"].predictions
    table = table[table["fold"] == fold]
    when = table.index.to_numpy("datetime64[ms]").astype(np.int64)
    known = dict(zip(zip(when, table["lead"], strict=True), table["predicted"], strict=True))
    drawn = [(x, lead, y) for x, lead, y in zip(trace.x, trace.customdata, trace.y, strict=True) if not np.isnan(y)]
    assert len(drawn) > 20
    assert all(np.isclose(known[x, lead], y, rtol=1e-5) for x, lead, y in drawn)


def test_forecasts_do_not_overlap_or_join(comparison):
    """Rows are forecast once in a line, and an unknown value parts one forecast from the next."""
    (trace,) = traces_of(forecast_chart(comparison), model="linear", fold="0")

    known = ~np.isnan(trace.y)
    assert (np.diff(trace.x[known]) > 0).all()
    assert (trace.customdata[known] == np.tile(np.arange(1, 7), known.sum() // 6)).all()
    assert (~known).sum() == known.sum() // 6 - 1


def test_naive_and_recommended_model_are_chosen_first(comparison):
    """The reader sees the naive forecast beside the recommended model, in the newest fold."""
    chart = forecast_chart(comparison)

    assert options_of(chart, "model") == {"naive": True, "seasonal": False, "linear": True, "gru": False}
    assert options_of(chart, "fold") == {"2": True, "1": False, "0": False, "": False}


def test_single_leads_make_a_line(single_lead):
    """Forecasts one row ahead are joined: single points would not show."""
    (trace,) = traces_of(forecast_chart(single_lead), model="linear", fold="0")

    assert not np.isnan(trace.y).any()


def test_panel_has_its_series_to_choose_from(panel):
    """Each series of a panel can be chosen, and has its own forecasts."""
    chart = forecast_chart(panel)

    assert list(options_of(chart, "series")) == ["0", "1", "2"]
    first, second = (traces_of(chart, model="linear", series=code, fold="0")[0] for code in ("0", "1"))
    assert not np.array_equal(first.y, second.y)


def test_of_many_series_some_are_shown():
    """Of many series a dozen are drawn, the best and the worst forecast among them, and the page says so."""
    frames = {f"s{seed}": rows_of(90, seed) for seed in range(15)}
    many = comparison_of(frames, n_folds=2, names=("naive", "linear"))

    chart = forecast_chart(many)

    table = many.results["linear"].predictions
    gone = (table["predicted"] - table["true"]).abs().groupby(table["series"]).sum()
    gone = 1 - gone / (table["baseline"] - table["true"]).abs().groupby(table["series"]).sum()
    assert {f"s{gone.idxmax()}", f"s{gone.idxmin()}"} <= set(shown_series(many))
    assert len(options_of(chart, "series")) == 12
    assert "12 of 15 series are drawn" in chart.note


# ---------------------------------------------------------------------- errors by lead, and by fold


def test_errors_by_lead_are_those_of_the_backtest(comparison):
    """A line for each model, the naive one broken."""
    chart = lead_chart(comparison)

    assert [trace.meta["model"] for trace in chart.figure.data] == list(comparison.results)
    assert np.allclose(chart.figure.data[2].y, comparison.results["linear"].by_lead["mae"])
    assert [trace.line.dash for trace in chart.figure.data] == ["dash", "dot", "solid", "solid"]


def test_errors_far_apart_have_a_logarithmic_axis(comparison):
    """A model that is off by orders of magnitude does not flatten the others."""
    wild = replace(comparison.results["gru"], by_lead=comparison.results["gru"].by_lead * 1e4)

    far = lead_chart(replace(comparison, results={**comparison.results, "gru": wild}))

    assert (far.figure.layout.yaxis.type, lead_chart(comparison).figure.layout.yaxis.type) == ("log", None)


def test_one_lead_has_no_errors_by_lead(single_lead):
    """Where one lead is forecast there is no chart of leads."""
    assert lead_chart(single_lead) is None


def test_skill_of_each_fold_is_that_of_the_backtest(comparison):
    """A point for each fold, a row for each model but the naive one."""
    chart = fold_chart(comparison)

    (trace,) = traces_of(chart, model="linear")
    assert np.allclose(trace.x, comparison.results["linear"].by_fold["skill"])
    assert not traces_of(chart, model="naive")


def test_fold_table_says_what_was_trained_and_tested(comparison):
    """Windows of each fold are counted, and the first and last origin named."""
    table = fold_table(comparison)

    origins = comparison.results["naive"].predictions.query("fold == 0")["origin"]
    assert table.rows[0] == ["1", "50", "50", f"{origins.min():%Y-%m-%d %H:%M}", f"{origins.max():%Y-%m-%d %H:%M}"]
    assert len(table.rows) == 3


# ---------------------------------------------------------------------- training and weights


def test_training_shows_both_losses_of_every_fold(comparison):
    """Two lines for each fold; the table has the best epoch by validation loss."""
    chart = training_chart(comparison)

    assert len(chart.figure.data) == 6
    losses = comparison.training["gru"][0]["val_loss"]
    assert chart.table.rows[0][:4] == ["gru", "1", "20", str(int(np.argmin(losses)) + 1)]


def test_training_without_validation_has_one_loss(comparison):
    """A network that was trained on all rows has no validation loss, and its best epoch is by its loss."""
    chart = training_chart(replace(comparison, training={"lstm": [{"loss": [3.0, 1.0, 2.0]}]}))

    assert len(chart.figure.data) == 1
    assert chart.table.rows == [["lstm", "1", "3", "2", "1.00", "–"]]


@pytest.mark.parametrize("training", [{}, {"gru": []}, {"gru": [{}]}, {"gru": [{"loss": []}]}])
def test_without_networks_there_is_no_training(comparison, training):
    """Where nothing was trained there is no chart."""
    assert training_chart(replace(comparison, training=training)) is None


def test_losses_that_were_lost_are_left_out(comparison):
    """A network that diverged has unknown losses, which the page survives."""
    chart = training_chart(replace(comparison, training={"gru": [{"loss": [1.0, np.nan]}, {"loss": [np.nan]}]}))

    assert [row[3] for row in chart.table.rows] == ["1", "1"]


def test_heat_map_has_columns_by_weight(comparison):
    """Steps run across, columns down, the one with the most weight first."""
    chart = weights_chart(replace(comparison, weights=comparison.weights[["wind", "temperature"]]))

    (heat,) = chart.figure.data
    assert list(heat.y) == ["temperature", "wind"]
    assert np.allclose(heat.z[0], comparison.weights["temperature"])
    assert "temperature at the newest step" in chart.finding


def test_weights_of_one_column_are_bars(single_lead):
    """One column has bars: a map of one row is harder to read."""
    assert [trace.type for trace in weights_chart(single_lead).figure.data] == ["bar"]


def test_many_weights_keep_their_peaks(comparison):
    """Of many steps and columns the largest are drawn, and the page says so."""
    weights = pd.DataFrame(
        np.ones((1000, 40)), columns=[f"column {place} of many of the same name" for place in range(40)]
    )
    weights.iloc[501, 7] = 9

    chart = weights_chart(replace(comparison, weights=weights))

    (heat,) = chart.figure.data
    assert (heat.z.shape, heat.z.max(), len(set(heat.y))) == ((30, 250), 9, 30)
    assert "30 columns" in chart.note
    assert "1,000 steps" in chart.note


@pytest.mark.parametrize("weights", [None, pd.DataFrame(), pd.DataFrame({"a": [0.0, 0.0]})])
def test_without_weights_there_is_no_map(comparison, weights):
    """Where no linear model was fitted, or it looks at nothing, there is no chart."""
    assert weights_chart(replace(comparison, weights=weights)) is None


# ---------------------------------------------------------------------- the data


def test_series_are_drawn_with_their_tests(comparison):
    """All columns can be chosen, and the rows that each fold forecasts are shaded."""
    chart = series_chart(comparison)

    assert list(options_of(chart, "column")) == ["0", "1", "2"]
    shades = [shape for shape in chart.figure.layout.shapes if shape.type == "rect"]
    last = comparison.results["naive"].predictions.index.max()
    assert (len(shades), shades[-1].x1) == (3, last.timestamp() * 1000)


def test_long_series_are_thinned_and_say_so(comparison):
    """A long series keeps its peak, in few values."""
    frame = rows_of(40_000, columns=("temperature", "wind", "holiday"))
    frame.iloc[12_345, 0] = 1e3

    chart = series_chart(replace(comparison, results={}, reading=reading_of({"long": frame})))

    (trace,) = traces_of(chart, column="0")
    assert (len(trace.y) <= 2000, trace.y.max()) == (True, 1e3)
    assert "1,000 stretches" in chart.note


def test_season_is_named_by_its_hours():
    """A season of a day is named by its hours, wherever the series begins; trends are taken out."""
    hours = pd.date_range("2024-01-01 05:00", periods=240, freq="h")
    values = pd.Series(np.where(hours.hour == 7, 24.0, 0) + np.arange(240) // 24 * 100, hours)

    profile = profile_of(values, 24)

    assert list(profile.index[:2]) == ["00:00", "01:00"]
    assert profile["mean"].idxmax() == "07:00"
    assert profile["mean"].max() == pytest.approx(23)


@pytest.mark.parametrize(
    ("index", "season", "names"),
    [
        (pd.period_range("2020-03", periods=48, freq="M"), 12, ["Jan", "Feb", "Mar"]),
        (pd.period_range("2020Q2", periods=48, freq="Q"), 4, ["Q1", "Q2", "Q3"]),
        (pd.date_range("2024-01-03", periods=48, freq="D"), 7, ["Mon", "Tue", "Wed"]),
        (pd.date_range("2024-01-01", periods=400, freq="h"), 168, ["Mon 00:00", "Mon 01:00", "Mon 02:00"]),
        (pd.date_range("2024-01-01", periods=48, freq="h"), 5, ["1", "2", "3"]),
        (pd.RangeIndex(48), 12, ["1", "2", "3"]),
    ],
)
def test_rows_of_a_season_have_names(index, season, names):
    """Seasons of the calendar are named by it, others by number; each row falls where its date says."""
    values = pd.Series(np.arange(len(index), dtype=float), index)

    profile = profile_of(values, season)

    assert list(profile.index[:3]) == names
    assert len(profile) == season


def test_without_season_there_is_no_profile(single_lead):
    """A season of one row has no profile."""
    assert profile_chart(single_lead) is None


def test_column_table_has_unknown_values():
    """The share of unknown values is that of all series."""
    frames = {"a": rows_of(40), "b": rows_of(60)}
    frames["a"].iloc[:10, 1] = np.nan
    comparison = replace_reading(frames)

    (target, wind) = column_table(comparison).rows

    assert (target[:3], wind[:3]) == (
        ["temperature", "target", percent(0, 1)],
        ["wind", "known up to the forecast", percent(0.1, 1)],
    )


def replace_reading(frames, **changes):
    """A comparison of which nothing but the data are known."""
    return type("Known", (), {"reading": reading_of(frames, **changes)})


def test_gaps_are_listed():
    """Rows that are missing are counted and listed, the longest gaps of many."""
    when = pd.date_range("2024-01-01", periods=40, freq="D")
    gaps = pd.DataFrame({"series": "a", "first": when, "last": when, "n_rows": range(1, 41)})
    comparison = replace_reading({"a": rows_of(40)}, gaps=gaps)

    table = gap_table(comparison)

    assert gap_sentence(comparison) == "820 rows, in 40 gaps, are missing: they count as unknown."
    assert (len(table.rows), table.rows[0]) == (30, ["2024-01-11", "2024-01-11", "11"])
    assert table.note == "The longest are listed; there are 10 more."


def test_without_gaps_a_sentence_says_so(comparison):
    """No empty table stands for no gaps."""
    assert gap_table(comparison) is None
    assert gap_sentence(comparison) == "No row is missing between the first and the last."


@pytest.mark.parametrize(
    ("step", "text"),
    [("1 hour", " (24 hours)"), ("10 minutes", " (240 minutes)"), (None, ""), ("month", ", month each")],
)
def test_rows_are_times_where_the_step_is_known(step, text):
    """So many rows are so much time, where the step is a number of units."""
    assert as_time(24, step) == text


def test_names_are_shown_as_they_are():
    """The charting library would read HTML, and long names do not fit."""
    assert plain("<b>a</b> & b") == "&lt;b&gt;a&lt;/b&gt; &amp; b"
    assert len(plain("x" * 100, 24)) == 24


def test_training_of_many_networks_is_chosen_from(comparison):
    """One network is shown at a time, the best to begin with."""
    chart = training_chart(replace(comparison, training={"dense": [history(5)], "gru": [history(9)]}))

    assert options_of(chart, "model") == {"dense": False, "gru": True}
