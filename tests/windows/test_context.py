"""Context: which remembered rows lie before new ones, and where."""

import numpy as np
import pandas as pd
import pytest

from skrnn.windows.clock import Clock
from skrnn.windows.context import Context, lay_rows

N = 40
HOURS = pd.date_range("2024-03-30", periods=N, freq="h")
REGULAR = {
    "hours": HOURS,
    "hours, Berlin": HOURS.tz_localize("UTC").tz_convert("Europe/Berlin"),
    "days, Berlin": pd.date_range("2024-03-20", periods=N, tz="Europe/Berlin"),
    "months": pd.date_range("2020-01-01", periods=N, freq="MS"),
    "business days": pd.bdate_range("2024-01-01", periods=N),
    "periods": pd.period_range("2020-01", periods=N, freq="M"),
    "time deltas": pd.timedelta_range("1h", periods=N, freq="h"),
    "range": pd.RangeIndex(N),
    "integers": pd.Index(np.arange(1000, 1000 + N)),
}
ROWS = np.arange(float(N))[:, None]
REACH = 6


def seen(laid):
    """What each laid row can look back on, oldest first: REACH rows, NaN where there is none."""
    padded = np.concatenate([np.full(REACH, np.nan), laid.rows[:, 0]])
    return np.stack([padded[where : where + REACH] for where in laid.where])


def truth(fitted, new):
    """What row t can look back on by its place in the whole series: fitted and new rows, if they
    are there.
    """
    there = np.full(N + REACH, np.nan)
    for t in [*fitted, *new]:
        there[REACH + t] = t
    return np.stack([there[t : t + REACH] for t in new])


# Months and business days are only told where no row is missing.
EVEN = {name: index for name, index in REGULAR.items() if name not in ("months", "business days")}


def check_auto(index, fitted, new):
    fitted, new = list(fitted), list(new)
    context = Context.of(ROWS[fitted], index[fitted], REACH)

    laid = context.lay(ROWS[new], index[new], "auto")

    np.testing.assert_array_equal(laid.rows[laid.where], ROWS[new])
    np.testing.assert_array_equal(seen(laid), truth([t for t in fitted if t < new[0]], new))


@pytest.mark.parametrize("index", REGULAR.values(), ids=REGULAR)
@pytest.mark.parametrize(
    "new",
    [range(30, 40), range(30, 31), range(26, 40), range(33, 40), range(36, 40), [30, 32, 33, 39]],
    ids=["goes on", "one row", "overlaps", "a gap", "a wide gap", "gaps inside"],
)
def test_auto(index, new):
    """Each new row sees the fitted and the new rows that lie before it, and unknown ones where rows
    are missing.
    """
    check_auto(index, range(30), new)


@pytest.mark.parametrize("index", EVEN.values(), ids=EVEN)
@pytest.mark.parametrize(
    ("fitted", "new"),
    [
        ([*range(20), 22, 23, 24, *range(26, 30)], range(30, 40)),
        ([*range(24), 27, 28], [29, 31, 33, 34]),
        (range(4), range(4, 10)),
    ],
    ids=["gaps before", "gaps before and inside", "few fitted"],
)
def test_auto_with_gaps_before(index, fitted, new):
    """Missing ones among the fitted rows are unknown too."""
    check_auto(index, fitted, new)


@pytest.mark.parametrize("index", REGULAR.values(), ids=REGULAR)
@pytest.mark.parametrize("mode", ["auto", "none"])
def test_fitted_rows_again(index, mode):
    """The fitted rows themselves have no rows before them."""
    context = Context.of(ROWS, index, REACH)

    assert context.lay(ROWS, index, mode).where[0] == 0


@pytest.mark.parametrize("index", REGULAR.values(), ids=REGULAR)
def test_none(index):
    """Without context nothing is put in front."""
    laid = Context.of(ROWS[:30], index[:30], REACH).lay(ROWS[30:], index[30:], "none")

    assert laid.where[0] == 0
    assert laid.rows is not None


@pytest.mark.parametrize("new", [None, pd.Index(list("abcdefghij"))], ids=["array", "names"])
@pytest.mark.parametrize(("mode", "first"), [("auto", 0), ("none", 0), ("carry", REACH)])
def test_without_proof(new, mode, first):
    """Rows that prove nothing get the remembered ones on the user's word alone."""
    laid = Context.of(ROWS[:30], None, REACH).lay(ROWS[30:], new, mode)

    assert laid.where[0] == first
    assert laid.rows[laid.where[0] - 1, 0] == (29 if mode == "carry" else 39)


@pytest.mark.parametrize("n_fitted", [8, 30])
def test_carry_with_a_default_index(n_fitted):
    """A row count that begins anew proves nothing: the user's word counts, however many rows are
    remembered.
    """
    context = Context.of(ROWS[:n_fitted], pd.RangeIndex(n_fitted), REACH)

    laid = context.lay(ROWS[30:], pd.RangeIndex(10), "carry")

    assert laid.rows[: REACH + 1, 0].tolist() == [*range(n_fitted - REACH, n_fitted), 30]


@pytest.mark.parametrize("name", ["hours", "days, Berlin", "months", "periods"])
def test_carry_never_puts_the_future_first(name):
    """A time index that shows new rows to be old ones is believed, whatever the user says."""
    index = REGULAR[name]
    context = Context.of(ROWS[20:], index[20:], REACH)

    assert context.lay(ROWS[:10], index[:10], "carry").where[0] == 0
    assert context.lay(ROWS[20:], index[20:], "carry").where[0] == 0


def test_carry_with_an_irregular_index():
    """Times without a step prove nothing; the user's word counts if the rows are later."""
    index = HOURS[np.cumsum([0, 1, 2, 4, 1, 3, 5, 1, 2, 4])]
    context = Context.of(ROWS[:6], index[:6], 2)

    assert context.lay(ROWS[6:10], index[6:], "auto").where[0] == 0
    assert context.lay(ROWS[6:10], index[6:], "carry").rows[:, 0].tolist() == [4, 5, 6, 7, 8, 9]
    assert context.lay(ROWS[:3], index[:3], "carry").where[0] == 0


def test_irregular_index_overlaps():
    """A label that was remembered proves where new rows begin, also without a step."""
    index = HOURS[np.cumsum([0, 1, 2, 4, 1, 3, 5, 1, 2, 4])]
    laid = Context.of(ROWS[:8], index[:8], 2).lay(ROWS[6:10], index[6:], "auto")

    assert laid.rows[:, 0].tolist() == [4, 5, 6, 7, 8, 9]


@pytest.mark.parametrize("labels", [[0, 1, 2] * 4, list("abc") * 4], ids=["numbers", "names"])
def test_labels_that_repeat(labels):
    """Labels that come more than once prove nothing, and are no error."""
    index = pd.Index(labels)

    assert Context.of(ROWS[:12], index, REACH).lay(ROWS[:12], index, "auto").where[0] == 0


def test_context_is_bounded():
    """No more than twice the reach is remembered."""
    assert len(Context.of(ROWS, None, REACH).rows) == 2 * REACH


def test_remembered_rows_are_a_copy():
    """Rows that change after the fit leave the remembered ones as they were."""
    rows = ROWS.copy()
    context = Context.of(rows, None, REACH)

    rows[:] = -1

    assert context.rows[-1, 0] == N - 1


def test_far_gap_costs_no_memory():
    """A gap of years between seconds is filled as far as rows look back, no further."""
    index = pd.date_range("2000-01-01", periods=30, freq="s").append(
        pd.date_range("2024-01-01", periods=1, freq="s")
    )
    rows = lay_rows(ROWS[:31], index, REACH).rows
    context = Context.of(ROWS[:31], index, REACH)

    assert len(rows) == 31 + REACH
    assert len(context.lay(ROWS[:1], index[-1:] + pd.Timedelta("1s"), "auto").rows) == REACH + 1


def test_lay_rows_without_gaps_copies_nothing():
    """Rows of an index without gaps are the rows themselves."""
    assert lay_rows(ROWS, HOURS, REACH).rows is ROWS


def test_integers_get_room_for_unknown_rows():
    """Whole numbers with a gap become floats, the unknown rows NaN."""
    laid = lay_rows(np.arange(30)[:, None], HOURS[:31].delete(3), REACH)

    assert laid.rows[2:5, 0].tolist()[::2] == [2, 3]
    assert np.isnan(laid.rows[3, 0])


OTHER_KINDS = [
    (HOURS, pd.RangeIndex(5), "the index must be a DatetimeIndex as in fit, got a RangeIndex"),
    (HOURS, HOURS.to_period("h"), "the index must be a DatetimeIndex as in fit, got a PeriodIndex"),
    (REGULAR["periods"], HOURS, "the index must be a PeriodIndex as in fit, got a DatetimeIndex"),
    (pd.RangeIndex(N), HOURS, "the index must be a RangeIndex as in fit, got a DatetimeIndex"),
    (
        HOURS,
        HOURS.tz_localize("UTC"),
        "the index must have time zone None as in fit, got UTC: use tz_localize",
    ),
    (
        REGULAR["periods"],
        pd.period_range("2024Q1", periods=5, freq="Q"),
        "the index must have frequency M as in fit, got Q-DEC",
    ),
    (
        HOURS,
        pd.date_range("2024-04-02", periods=5, freq="2h"),
        "the index must go on in steps of 01:00:00 as in fit, got steps of 02:00:00: resample the "
        "data",
    ),
    (
        REGULAR["months"],
        pd.date_range("2024-04-02", periods=5),
        "the index must go on in steps of MS as in fit, got steps of 1 days",
    ),
    (
        pd.RangeIndex(N),
        pd.RangeIndex(N, 2 * N, 2),
        "the index must go on in steps of 1 as in fit, got steps of 2",
    ),
    (
        HOURS,
        HOURS[-1:] + pd.Timedelta("90min"),
        "the index must go on in steps of 01:00:00 as in fit, but 2024-03-31 16:30:00 … does not "
        "lie on them",
    ),
]


@pytest.mark.parametrize("mode", ["auto", "carry", "none"])
@pytest.mark.parametrize(("index", "other", "message"), OTHER_KINDS, ids=range(len(OTHER_KINDS)))
def test_another_index(index, other, message, mode):
    """An index of another kind, zone or step than in fit is an error in every mode."""
    context = Context.of(ROWS, index, REACH)

    with pytest.raises(ValueError, match=message):
        context.lay(ROWS[: len(other)], other, mode)


def test_calendar_steps_by_another_name():
    """Labels that are neighbours on the fitted grid are no other step: five business days, weeks as
    days.
    """
    business = REGULAR["business days"]
    weeks = pd.date_range("2024-01-07", periods=N, freq="W")

    a = Context.of(ROWS[:35], business[:35], REACH).lay(
        ROWS[35:], business[35:]._with_freq(None), "auto"
    )
    b = Context.of(ROWS[:35], weeks[:35]._with_freq(None), REACH).lay(ROWS[35:], weeks[35:], "auto")

    assert a.where[0] == b.where[0] == REACH


def test_labels_are_counted_once(monkeypatch):
    """Where new rows lie is counted once, however long they are."""
    counted = []
    count = Clock.positions
    monkeypatch.setattr(
        Clock, "positions", lambda self, index: counted.append(len(index)) or count(self, index)
    )
    context = Context.of(ROWS[:10], HOURS[:10], REACH)

    context.lay(ROWS[10:], HOURS[10:], "auto")

    assert counted.count(N - 10) == 1
