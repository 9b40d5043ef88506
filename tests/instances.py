"""Small, fast instances of every public transformer and estimator, for checks of all of them."""

from sklearn.base import clone
from sklearn.linear_model import Ridge
from sklearn.pipeline import make_pipeline

from skrnn import (
    CalendarFeatures,
    ConvClassifier,
    ConvRegressor,
    DenseClassifier,
    DenseRegressor,
    Differencer,
    DirectForecaster,
    FlattenWindows,
    IntervalForecaster,
    LastSteps,
    LinearWindow,
    LogTransformer,
    MultiOutputForecaster,
    NaiveForecaster,
    RecursiveForecaster,
    RNNClassifier,
    RNNRegressor,
    SeasonalAnchor,
    SeriesScaler,
    SlidingWindow,
    TokenSequences,
    TransformedWindowRegressor,
    WindowScaler,
)
from skrnn.sktime import SmoothingRegressor

TRANSFORMERS = [
    # Rows that look at other rows cannot be the same alone and in company, as scikit-learn demands
    # of samples: these two look further back than the 50 rows that it brings. Of context that is
    # not asked for, none is lost.
    SlidingWindow(length=1, lead=50, context="none"),
    Differencer(lags=50),
    # Arrays have no calendar.
    CalendarFeatures(fields=()),
    SeriesScaler(),
    SeriesScaler("minmax"),
    SeriesScaler("robust"),
    WindowScaler(),
    WindowScaler("last", scale="mean_abs"),
    WindowScaler(None, min_scale=0.1),
    SeasonalAnchor(),
    LogTransformer(),
    LogTransformer("box-cox"),
    LogTransformer("yeo-johnson"),
    LastSteps(),
    FlattenWindows(),
    FlattenWindows(fill=False),
]

# What reads texts, which most checks do not bring.
TEXTS = [TokenSequences(), TokenSequences(5, 3, ngram_range=(1, 2))]

SMALL = {"epochs": 4, "batch_size": 16, "learning_rate": 0.02, "random_state": 0}

NETWORKS = [
    DenseRegressor(16, **SMALL),
    ConvRegressor(8, **SMALL),
    RNNRegressor("simple", 8, **SMALL),
    RNNRegressor("lstm", 16, **SMALL),
    RNNRegressor("gru", 16, **SMALL),
    RNNRegressor("simple", 8, sequence_targets=True, **SMALL),
    RNNRegressor("simple", 8, decoder="recurrent", **SMALL),
]

# One of each class: what scikit-learn checks does not depend on the cell.
CLASSIFIERS = [
    DenseClassifier(16, **SMALL),
    ConvClassifier(8, **SMALL),
    RNNClassifier("gru", 16, **SMALL),
]

# One of each class: what scikit-learn checks does not depend on the cell.
FUSED = [
    clone(network).set_params(engine="fused")
    for network in (*NETWORKS[:2], NETWORKS[4], *CLASSIFIERS)
]
# In Keras, which is slow to start, one of them; others where there is time.
RECURRENT_IN_KERAS = clone(NETWORKS[4]).set_params(engine="keras")
OTHERS_IN_KERAS = [
    clone(network).set_params(engine="keras") for network in (*NETWORKS[:2], CLASSIFIERS[0])
]

REGRESSORS = [
    NaiveForecaster(),
    NaiveForecaster("seasonal", season=1),
    NaiveForecaster("mean"),
    NaiveForecaster("drift"),
    SmoothingRegressor(),
    LinearWindow(),
    LinearWindow(alpha=0),
    LinearWindow(alpha="auto"),
    LinearWindow(loss="mae"),
    LinearWindow(quantiles=(0.1, 0.5, 0.9)),
    TransformedWindowRegressor(LinearWindow(), WindowScaler()),
    TransformedWindowRegressor(make_pipeline(FlattenWindows(), Ridge())),
    RecursiveForecaster(LinearWindow()),
    DirectForecaster(Ridge()),
    MultiOutputForecaster(Ridge()),
    IntervalForecaster(LinearWindow()),
    IntervalForecaster(Ridge(), method="adaptive", calibration_size=5),
    IntervalForecaster(LinearWindow(), method="normalized", size=LinearWindow(), target=0),
    IntervalForecaster(LinearWindow(quantiles=(0.1, 0.5, 0.9)), method="quantile", n_blocks=2),
]

_LEARNED = {"epochs": 15, "learning_rate": 0.05}

# Parameters for single checks, as scikit-learn's own tests give them to its MLPRegressor.
CHECK_PARAMS = {
    # One batch, so that a weight counts as often as a copy; and the precision that 1e-7 takes.
    "check_sample_weight_equivalence_on_dense_data": {
        "batch_size": 100,
        "dtype": "float64",
        "optimizer": "sgd",
    },
    # The checks that ask for a score, or for classes that are told apart.
    "check_regressors_train": {"epochs": 20, "learning_rate": 0.06},
    "check_classifiers_train": _LEARNED,
    "check_classifiers_classes": _LEARNED,
    "check_class_weight_classifiers": _LEARNED,
}
