"""Forecasts against the truth."""

import numpy as np
import pytest

from skrnn.report.forecasts import forecast_chart, spaced
from skrnn.report.shown import shown_series
from tests.report.conftest import comparison_of, options_of, rows_of, traces_of


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
    chart = forecast_chart(comparison)
    fold = 1

    *_, trace = traces_of(chart, model="linear", fold=str(fold))
    table = comparison.results["linear"].predictions
    table = table[table["fold"] == fold]
    when = table.index.to_numpy("datetime64[ms]").astype(np.int64)
    known = dict(zip(zip(when, table["lead"], strict=True), table["predicted"], strict=True))
    drawn = [
        (x, lead, y)
        for x, lead, y in zip(trace.x, trace.customdata, trace.y, strict=True)
        if not np.isnan(y)
    ]
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

    assert options_of(chart, "model") == {
        "naive": True,
        "seasonal": False,
        "linear": True,
        "gru": False,
    }
    assert options_of(chart, "fold") == {"2": True, "1": False, "0": False, "": False}


def test_single_leads_make_a_line(single_lead):
    """Forecasts one row ahead are joined: single points would not show."""
    (trace,) = traces_of(forecast_chart(single_lead), model="linear", fold="0")

    assert not np.isnan(trace.y).any()


def test_panel_has_its_series_to_choose_from(panel):
    """Each series of a panel can be chosen, and has its own forecasts."""
    chart = forecast_chart(panel)

    assert list(options_of(chart, "series")) == ["0", "1", "2"]
    first, second = (
        traces_of(chart, model="linear", series=code, fold="0")[0] for code in ("0", "1")
    )
    assert not np.array_equal(first.y, second.y)


def test_of_many_series_some_are_shown():
    """Of many series a dozen are drawn, the best and the worst forecast among them, and the page
    says so.
    """
    frames = {f"s{seed}": rows_of(90, seed) for seed in range(15)}
    many = comparison_of(frames, n_folds=2, names=("naive", "linear"))

    chart = forecast_chart(many)

    table = many.results["linear"].predictions
    gone = (table["predicted"] - table["true"]).abs().groupby(table["series"]).sum()
    gone = 1 - gone / (table["baseline"] - table["true"]).abs().groupby(table["series"]).sum()
    assert {f"s{gone.idxmax()}", f"s{gone.idxmin()}"} <= set(shown_series(many))
    assert len(options_of(chart, "series")) == 12
    assert "12 of 15 series are drawn" in chart.note


def test_fans_are_those_of_the_recommended_model(comparison):
    """Each area goes along the lower ends of a forecast and back along the upper ones."""
    chart = forecast_chart(comparison)

    wide, narrow, line = traces_of(chart, model="linear", fold="1")
    assert [wide.name, narrow.name] == ["95 %", "80 %"]
    table = comparison.results["linear"].predictions.query("fold == 1")
    table = table[table["predicted"].astype(np.float32) == line.y[0]]
    assert wide.y[0] == np.float32(table["lower_0.95"].iloc[0])
    assert wide.y[11] == np.float32(table["upper_0.95"].iloc[0])
    assert not any("%" in trace.name for trace in traces_of(chart, model="naive"))


def test_the_first_fold_has_no_fan(comparison):
    """No fold before it tells how wide it is."""
    (line,) = traces_of(forecast_chart(comparison), model="linear", fold="0")

    assert line.name == "linear"
