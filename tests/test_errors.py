"""Bad input: one exception that names the argument, what is required, what came, the remedy."""

import numpy as np
import pandas as pd
import pytest
from sklearn.base import clone
from sklearn.exceptions import NotFittedError
from sklearn.pipeline import make_pipeline

from skrnn import (
    CalendarFeatures,
    Differencer,
    FlattenWindows,
    LastSteps,
    LinearWindow,
    LogTransformer,
    NaiveForecaster,
    SeasonalAnchor,
    SeriesScaler,
    SlidingWindow,
    TransformedWindowRegressor,
    WindowScaler,
    future_rows,
    make_windows,
)

ROW_TRANSFORMERS = [
    SlidingWindow(3),
    SeriesScaler(),
    LogTransformer("yeo-johnson"),
    Differencer(1),
    CalendarFeatures("hour"),
]
WINDOW_TRANSFORMERS = [
    LastSteps(2),
    FlattenWindows(),
    WindowScaler(),
    SeasonalAnchor(2),
    SeriesScaler(),
    LogTransformer("yeo-johnson"),
    Differencer(1),
]
REGRESSORS = [
    NaiveForecaster(),
    LinearWindow(),
    TransformedWindowRegressor(LinearWindow(), Differencer(1)),
    TransformedWindowRegressor(LinearWindow(), SeasonalAnchor(2), weight_by_scale=True),
    TransformedWindowRegressor(make_pipeline(FlattenWindows(), LinearWindow())),
]


def name(estimator):
    return type(estimator).__name__


@pytest.fixture(params=ROW_TRANSFORMERS, ids=name)
def row_transformer(request):
    return clone(request.param)


@pytest.fixture(params=WINDOW_TRANSFORMERS, ids=name)
def window_transformer(request):
    return clone(request.param)


@pytest.fixture(params=REGRESSORS, ids=name)
def regressor(request):
    return clone(request.param)


@pytest.fixture
def frame():
    """A hundred hours of two columns."""
    index = pd.date_range("2024-01-01", periods=100, freq="h")
    return pd.DataFrame(
        np.random.default_rng(0).normal(size=(100, 2)), columns=["load", "price"], index=index
    )


@pytest.fixture
def windows(frame):
    """Windows of six steps and their target."""
    return make_windows(frame, 6, target="load")


# ---------------------------------------------------------------------- counts


def test_too_few_rows():
    """The message gives the rows needed and the remedy, word by word."""
    with pytest.raises(ValueError, match="needs") as caught:
        SlidingWindow(120, sampling_rate=6).fit(np.zeros((500, 1)))

    assert str(caught.value) == (
        "length=120 with sampling_rate=6 needs 715 rows, got 500: "
        "pass a longer series or a smaller window"
    )


def test_too_few_rows_for_windows_and_leads():
    """make_windows needs rows for the targets too."""
    with pytest.raises(ValueError, match="needs") as caught:
        make_windows(np.zeros(500), 120, leads=[144], sampling_rate=6)

    assert str(caught.value) == (
        "length=120 with sampling_rate=6 and a lead of 144 needs 859 rows, got 500: "
        "pass a longer series or a smaller window"
    )


@pytest.mark.parametrize("short", [0, 1])
def test_just_enough_rows(short):
    """The rows that the message asks for are enough; one less is not."""
    rows = np.zeros((715 - short, 1))
    if short:
        with pytest.raises(ValueError, match="needs 715 rows, got 714"):
            SlidingWindow(120, sampling_rate=6).fit(rows)
    else:
        SlidingWindow(120, sampling_rate=6).fit(rows)


@pytest.mark.parametrize("value", [0, -1, 2.5, "3", None, True, np.nan, [2]], ids=str)
@pytest.mark.parametrize("argument", ["length", "lead", "sampling_rate"])
def test_counts_of_sliding_window(frame, argument, value):
    """Counts are positive whole numbers."""
    with pytest.raises(ValueError, match=f"{argument} must be a positive whole number, got"):
        SlidingWindow(**{"length": 3, argument: value}).fit(frame)


@pytest.mark.parametrize("value", [0, -1, 2.5, "3", True], ids=str)
@pytest.mark.parametrize("argument", ["length", "horizon", "sampling_rate", "stride", "leads"])
def test_counts_of_make_windows(frame, argument, value):
    """So are those of make_windows; leads are positive."""
    with pytest.raises(ValueError, match=f"{argument} must be a positive whole number, got"):
        make_windows(frame, **{"length": 3, "target": "load", argument: value})


@pytest.mark.parametrize("leads", [[1, 0], [3, -1], [1.5]])
def test_leads(frame, leads):
    """Every lead of a list is positive."""
    with pytest.raises(ValueError, match="leads must be a positive whole number"):
        make_windows(frame, 3, target="load", leads=leads)


def test_no_leads(frame):
    """There has to be one."""
    with pytest.raises(
        ValueError, match="leads must name at least one row ahead, got an empty list"
    ):
        make_windows(frame, 3, target="load", leads=[])


@pytest.mark.parametrize("value", [0, -1, 1.5])
def test_counts_of_the_others(frame, windows, value):
    """The same words everywhere."""
    X, y = windows
    message = "must be a positive whole number, got"
    with pytest.raises(ValueError, match=f"lags {message}"):
        Differencer(value).fit(frame)
    with pytest.raises(ValueError, match=f"length {message}"):
        LastSteps(value).fit(X)
    with pytest.raises(ValueError, match=f"season {message}"):
        NaiveForecaster("seasonal", season=value).fit(X, y)
    with pytest.raises(ValueError, match=f"n {message}"):
        future_rows(frame, value)


def test_numpy_counts_are_counts(frame):
    """A search over np.arange gives NumPy's whole numbers."""
    assert SlidingWindow(np.int64(3), lead=np.int32(2)).fit_transform(frame).shape == (100, 3, 2)


def test_more_steps_than_there_are(windows):
    """LastSteps cannot make steps up."""
    with pytest.raises(ValueError, match="length=9 is more than the 6 steps of the windows"):
        LastSteps(9).fit(windows[0])


def test_options(frame):
    """Words are chosen from a list that the message shows."""
    with pytest.raises(
        ValueError, match="context must be one of 'auto', 'carry', 'none', got 'both'"
    ):
        SlidingWindow(3, context="both").fit(frame)
    with pytest.raises(
        ValueError, match="method must be one of 'standard', 'minmax', 'robust', got 'l2'"
    ):
        SeriesScaler("l2").fit(frame)


# ---------------------------------------------------------------------- columns


def test_unknown_target(frame):
    """An unknown column is told, with those that there are."""
    with pytest.raises(
        ValueError, match="target='temp' is not a column, there are 'load', 'price'"
    ):
        make_windows(frame, 3, target="temp")
    with pytest.raises(ValueError, match="target=2 is not a column: there are 2, counted from 0"):
        make_windows(frame, 3, target=2)


def test_target_of_several(frame):
    """With several columns the target has to be named."""
    with pytest.raises(
        ValueError, match="target is needed to choose one of 2 columns: 'load', 'price'"
    ):
        make_windows(frame, 3)
    with pytest.raises(ValueError, match="target is needed to choose one of 2 columns: 0 … 1"):
        make_windows(frame.to_numpy(), 3)


def test_target_by_name_of_an_array(frame):
    """Arrays have no names, and the message says how to keep them."""
    with pytest.raises(
        ValueError, match=r'the data came without column names: .*set_output\(transform="pandas"\)'
    ):
        make_windows(frame.to_numpy(), 3, target="load")


def test_target_known_ahead(frame):
    """What is forecast is not known ahead."""
    with pytest.raises(
        ValueError, match="target='load' cannot be known ahead: take it out of known_ahead"
    ):
        make_windows(frame, 3, target="load", known_ahead=["load"])


@pytest.mark.parametrize(
    ("known_ahead", "message"),
    [
        ("temp", "known_ahead='temp' is not a column, there are 'load', 'price'"),
        ([0, 5], "known_ahead=5 is not a column: there are 2"),
        (1.5, "known_ahead=1.5 is not a column, there are 'load', 'price'"),
    ],
)
def test_unknown_known_ahead(frame, known_ahead, message):
    """So it is for the columns that are known ahead."""
    with pytest.raises(ValueError, match=message):
        SlidingWindow(3, known_ahead=known_ahead).fit(frame)


def test_selector_of_an_array(frame):
    """A selector needs a DataFrame."""
    with pytest.raises(
        ValueError,
        match="known_ahead is a selector of DataFrame columns, but an array came: bring a",
    ):
        SlidingWindow(3, known_ahead=lambda X: ["load"]).fit(frame.to_numpy())


@pytest.mark.parametrize(
    "values",
    [["a"] * 100, pd.Categorical(["a"] * 100), pd.date_range("2024", periods=100), [b"x"] * 100],
    ids=["text", "category", "time", "bytes"],
)
def test_columns_that_are_not_numbers(frame, row_transformer, values):
    """A column that is no number is told by its name."""
    frame["kind"] = values

    with pytest.raises(
        ValueError,
        match="columns must be numeric, got 'kind' .*: encode these columns or drop them",
    ):
        row_transformer.fit(frame)


def test_make_windows_of_columns_that_are_not_numbers(frame):
    """So it is in make_windows."""
    frame["kind"] = "a"

    with pytest.raises(ValueError, match="columns must be numeric, got 'kind'"):
        make_windows(frame, 3, target="load")


def test_columns_of_objects_that_are_numbers(frame, row_transformer):
    """Numbers stored as objects, nullable ones and truth values are numbers."""
    frame["object"] = pd.Series([1.5] * 100, dtype=object, index=frame.index)
    frame["nullable"] = pd.array([1, None] * 50, dtype="Int64")
    frame["truth"] = True

    assert len(row_transformer.fit(frame).transform(frame)) == 100


@pytest.mark.parametrize("bad", [np.inf, -np.inf])
def test_infinite_rows(frame, row_transformer, bad):
    """Infinity is an error, in fit and in transform."""
    fitted = clone(row_transformer).fit(frame)
    frame.iloc[3, 1] = bad

    for call in (row_transformer.fit, fitted.transform):
        with pytest.raises(ValueError, match="contains infinity"):
            call(frame)


def test_infinite_data_and_windows(frame, windows, regressor):
    """So it is in make_windows, in windows and in y."""
    X, y = windows
    frame.iloc[3, 1] = np.inf
    with pytest.raises(ValueError, match="contains infinity"):
        make_windows(frame, 3, target="load")
    array = np.asarray(X).copy()
    array[0, 0, 0] = np.inf
    with pytest.raises(ValueError, match="contains infinity"):
        regressor.fit(array, y)
    y[0] = np.inf
    with pytest.raises(ValueError, match="y contains infinity"):
        regressor.fit(X, y)


@pytest.mark.parametrize(
    "change", [lambda X: X[["price", "load"]], lambda X: X.rename(columns=str.upper)]
)
def test_other_columns(frame, row_transformer, change):
    """Other columns, or another order, than in fit."""
    with pytest.raises(
        ValueError, match="feature names should match those that were passed during fit"
    ):
        row_transformer.fit(frame).transform(change(frame))


def test_fewer_columns(frame, row_transformer):
    """Fewer columns than in fit."""
    with pytest.raises(ValueError, match="feature"):
        row_transformer.fit(frame).transform(frame[["load"]])


@pytest.mark.parametrize(
    "change", [lambda X: X[["price", "load"]], lambda X: X.rename(columns=str.upper)]
)
def test_other_columns_of_windows(frame, regressor, window_transformer, change):
    """Windows remember their columns: others than in fit are an error."""
    X, y = make_windows(frame, 6, target="load")
    other, _ = make_windows(change(frame), 6, target=0)
    message = "X must have the columns that .* was fitted on, 'load', 'price', got"

    with pytest.raises(ValueError, match=message):
        regressor.fit(X, y).predict(other)
    with pytest.raises(ValueError, match=message):
        window_transformer.fit(X).transform(other)


def test_other_steps(frame, regressor):
    """Windows of another length than in fit."""
    X, y = make_windows(frame, 6, target="load")
    other, _ = make_windows(frame, 5, target="load")

    with pytest.raises(
        ValueError, match="X must have windows as .* was fitted on, 6 steps × 2 features, got 5 × 2"
    ):
        regressor.fit(X, y).predict(other)


# ---------------------------------------------------------------------- the index


def test_unsorted(frame, row_transformer):
    """Time goes up."""
    with pytest.raises(
        ValueError, match=r"the time index must be sorted, oldest row first: use X.sort_index\(\)"
    ):
        row_transformer.fit(frame[::-1])


def test_duplicates(frame, row_transformer):
    """A time comes once; the message tells which came twice."""
    twice = frame.iloc[[0, 1, 1, 2, 3, 4]]

    with pytest.raises(
        ValueError,
        match="must not have duplicates, 2024-01-01 01:00:00 comes more than once: aggregate",
    ):
        row_transformer.fit(twice)


def test_missing_labels(frame, row_transformer):
    """A time is known."""
    frame.index = frame.index.where(np.arange(100) != 5)

    with pytest.raises(
        ValueError, match=r"the time index has missing labels \(NaT\): drop these rows"
    ):
        row_transformer.fit(frame)


@pytest.mark.parametrize(
    "function", [lambda X: make_windows(X, 3, target=0), lambda X: future_rows(X, 2)]
)
def test_index_of_functions(frame, function):
    """The functions look at the index as the transformers do."""
    with pytest.raises(ValueError, match="must be sorted"):
        function(frame[::-1])
    with pytest.raises(ValueError, match="must not have duplicates"):
        function(frame.iloc[[0, 1, 1, 2, 3, 4]])


def test_several_levels(frame):
    """Series stacked in one DataFrame are refused; the message shows how to cut them apart."""
    panel = pd.concat({"a": frame, "b": frame})
    calls = [
        SlidingWindow(3).fit,
        Differencer(1).fit,
        lambda X: make_windows(X, 3, target=0),
    ]

    for call in calls:
        with pytest.raises(
            ValueError,
            match=r"the index must have one level, got 2: .*droplevel\(0\) for _, one in",
        ):
            call(panel)
    series = [one.droplevel(0) for _, one in panel.groupby(level=0)]
    assert len(make_windows(series, 3, target=0)[0]) == 2 * 97


@pytest.mark.parametrize("transformer", [SlidingWindow(3), Differencer(1)], ids=name)
def test_other_frequency(frame, transformer):
    """Rows of another step than in fit cannot go on from the fitted ones."""
    other = frame.set_axis(pd.date_range("2024-01-06", periods=100, freq="10min"))

    with pytest.raises(
        ValueError,
        match="the index must go on in steps of 01:00:00 as in fit, "
        "got steps of 00:10:00: resample",
    ):
        transformer.fit(frame).transform(other)


# ---------------------------------------------------------------------- samples


def test_different_lengths(windows, regressor):
    """X and y have one length."""
    X, y = windows

    with pytest.raises(
        ValueError, match="X and y must have the same number of samples, got 94 in X and 93 in y"
    ):
        regressor.fit(X, y[1:])


def test_no_y(windows, regressor):
    """y is needed."""
    with pytest.raises(ValueError, match="requires y to be passed, but the target y is None"):
        regressor.fit(windows[0], None)


def test_y_of_three_dimensions(windows, regressor):
    """y is (n,) or (n, n_outputs)."""
    X, y = windows

    with pytest.raises(
        ValueError, match=r"y must be \(n,\) or \(n, n_outputs\), got shape \(94, 1, 1\)"
    ):
        regressor.fit(X, y[:, None, None])


def test_y_unknown_everywhere(windows, regressor):
    """Something has to be known of y."""
    X, y = windows

    with pytest.raises(ValueError, match="y must have a known value, got NaN in all of 94 samples"):
        regressor.fit(X, np.full_like(y, np.nan))


def test_all_windows_incomplete(frame, regressor):
    """One window has to be complete; the message tells how far they reach and what to do."""
    frame.iloc[::5] = np.nan
    X, y = make_windows(frame, 6, target="load")

    with pytest.raises(
        ValueError,
        match=r"all 94 windows are incomplete "
        r"\(windows of 6 steps reach over 6 rows, .*\): fill the gaps, or",
    ):
        regressor.fit(X, y)


def test_nothing_left(windows, regressor):
    """A complete window, a known y and a weight have to meet."""
    X, y = windows
    y[1:] = np.nan
    weights = np.ones(len(y))
    weights[0] = 0

    with pytest.raises(
        ValueError,
        match="no sample is left to learn from: none of 94 has a complete window, a known y and",
    ):
        regressor.fit(X, y, weights)


@pytest.mark.parametrize(
    ("weights", "message"),
    [
        (np.ones(3), r"sample_weight must have shape \(94,\), one weight a sample, got \(3,\)"),
        (-np.ones(94), "sample_weight must not be negative, got -1.0"),
        (np.zeros(94), "sample_weight must not be zero for all samples"),
        (np.full(94, np.nan), "sample_weight contains NaN"),
    ],
    ids=["shape", "negative", "zero", "NaN"],
)
def test_weights(windows, regressor, weights, message):
    """Weights are known, not negative, and not all zero."""
    with pytest.raises(ValueError, match=message):
        regressor.fit(*windows, weights)


def test_no_windows(windows, regressor, window_transformer):
    """An empty array of windows is an error that says so."""
    X, y = windows

    with pytest.raises(ValueError, match="needs at least 1 sample, got Windows with 0 samples"):
        regressor.fit(X[:0], y[:0])
    with pytest.raises(ValueError, match="needs at least 1 sample"):
        window_transformer.fit(X[:0])


def test_windows_where_rows_belong(windows):
    """What takes rows cannot take windows."""
    with pytest.raises(
        ValueError,
        match=r"SlidingWindow takes the rows of a series \(2-D\), got windows: put it before them",
    ):
        SlidingWindow(3).fit(windows[0])
    with pytest.raises(ValueError, match="CalendarFeatures takes the rows of a series"):
        CalendarFeatures().fit(np.zeros((4, 3, 2)))


def test_one_dimension(row_transformer):
    """scikit-learn's own words for a one-dimensional array."""
    with pytest.raises(ValueError, match="Reshape your data"):
        row_transformer.fit(np.zeros(50))


def test_panel_with_different_columns():
    """The series of a panel have the same columns."""
    with pytest.raises(
        ValueError,
        match="the series of a panel must have the same columns, got 1 and 2|got 2 and 1",
    ):
        make_windows([np.zeros((20, 1)), np.zeros((20, 2))], 3)


def test_series_of_four_dimensions():
    """A panel has three dimensions at most."""
    with pytest.raises(
        ValueError, match=r"a series must be 2-D \(n_rows, n_features\), got 4 dimensions"
    ):
        make_windows(np.zeros((2, 3, 4, 5)), 3)


# ---------------------------------------------------------------------- not fitted


def test_not_fitted(frame, windows, row_transformer, window_transformer, regressor):
    """Before fit nothing is transformed, forecast or undone."""
    X, _ = windows
    calls = [
        lambda: row_transformer.transform(frame),
        lambda: window_transformer.transform(X),
        lambda: regressor.predict(X),
        lambda: SeriesScaler().inverse_transform(frame),
        lambda: Differencer().inverse_transform(frame),
        lambda: FlattenWindows().get_feature_names_out(),
        lambda: CalendarFeatures().get_feature_names_out(),
    ]
    for call in calls:
        with pytest.raises(NotFittedError, match="is not fitted yet"):
            call()


def test_errors_come_before_a_fit(windows, regressor):
    """A failed fit leaves no fitted model behind."""
    X, y = windows
    with pytest.raises(ValueError, match="same number"):
        regressor.fit(X, y[1:])

    with pytest.raises(NotFittedError):
        regressor.predict(X)


def test_rows_without_windows_are_warned_of():
    """A series that reaches an estimator as rows is most likely a forgotten SlidingWindow."""
    rows = pd.DataFrame(
        {"a": np.arange(9.0), "b": 1.0}, index=pd.date_range("2024-01-01", periods=9)
    )

    with pytest.warns(UserWarning, match="put SlidingWindow before it"):
        LinearWindow().fit(rows, rows["a"])


def test_a_misspelt_column_is_recognised():
    """A name that is nearly right brings the right one."""
    rows = pd.DataFrame({"temp": np.arange(9.0), "b": 1.0})

    with pytest.raises(ValueError, match="target='tmep' is not a column: did you mean 'temp'?"):
        make_windows(rows, 3, target="tmep")


def test_windows_scaled_by_themselves_have_no_unit():
    """The naive forecast behind WindowScaler would be in deviations, and y is not."""
    X, y = make_windows(np.arange(30.0), 4)

    with pytest.raises(ValueError, match="Scaling goes inside"):
        NaiveForecaster().fit(WindowScaler().fit_transform(X), y)


def test_one_unit_of_an_intermittent_series():
    """Zeros, which scaling leaves where they are, do not hide that y is in another unit."""
    rng = np.random.default_rng(0)
    rows = np.where(rng.random((200, 1)) < 0.7, 0.0, rng.uniform(1, 100, (200, 1)))
    pipe = make_pipeline(SeriesScaler("minmax"), SlidingWindow(7), NaiveForecaster())

    with pytest.raises(ValueError, match="Scaling goes inside"):
        pipe.fit(rows, rows[:, 0])


def test_known_ahead_must_not_name_the_target():
    """A target that is known ahead would be forecast from itself."""
    rows = pd.DataFrame({"v": np.arange(40.0) ** 2})

    with pytest.raises(ValueError, match="names the target y itself"):
        make_pipeline(SlidingWindow(6, lead=24, known_ahead=["v"]), LinearWindow()).fit(
            rows, rows["v"]
        )


def test_horizon_and_leads_together():
    """Both name the rows to forecast."""
    with pytest.raises(ValueError, match="give one of them"):
        make_windows(np.arange(30.0), 4, horizon=5, leads=[2])


def test_future_rows_of_a_panel():
    """A panel's series are extended one by one."""
    with pytest.raises(ValueError, match="extend each series of a panel by itself"):
        future_rows(np.zeros((4, 50, 2)), 5)


def test_score_with_other_outputs():
    """Forecasts are scored against as many outputs as were fitted."""
    X, y = make_windows(np.arange(40.0) % 7, 5, 3)
    model = LinearWindow().fit(X, y)

    with pytest.raises(ValueError, match=r"y must have 3 output\(s\) as in fit .*, got 2"):
        model.score(X, y[:, :2])


@pytest.mark.parametrize("transformer", [SlidingWindow(3), SeriesScaler(), Differencer(1)])
def test_a_frame_without_columns(transformer):
    """It is said in scikit-learn's words for arrays; of frames it has none."""
    with pytest.raises(
        ValueError, match=r"0 feature\(s\) \(shape=\(40, 0\)\) while a minimum of 1"
    ):
        transformer.fit(pd.DataFrame(index=range(40)))
