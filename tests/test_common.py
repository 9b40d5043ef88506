"""scikit-learn's own checks over every transformer and estimator."""

import pytest
from sklearn.base import clone
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import KBinsDiscretizer
from sklearn.utils.estimator_checks import parametrize_with_checks

from skrnn import RNNClassifier
from tests.instances import (
    CHECK_PARAMS,
    FUSED,
    OTHERS_IN_KERAS,
    RECURRENT_IN_KERAS,
    REGRESSORS,
    SMALL,
    TRANSFORMERS,
)


def _expected_failures(estimator):
    """Checks that an estimator cannot pass, each with the reason."""
    if getattr(estimator, "alpha", None) != "auto":
        return {}
    return {
        "check_sample_weight_equivalence_on_dense_data": (
            "the check shuffles its samples, and alpha is chosen by forecasts of the newest"
        )
    }


@parametrize_with_checks([*TRANSFORMERS, *REGRESSORS], expected_failed_checks=_expected_failures)
def test_sklearn_checks(estimator, check):
    """Transformers and the rungs without a network pass every check of scikit-learn."""
    check(estimator)


# One check trains on a single class, which is said.
@pytest.mark.filterwarnings("ignore:y has one class only:UserWarning")
@parametrize_with_checks([*FUSED, RECURRENT_IN_KERAS])
def test_sklearn_checks_networks(estimator, check):
    """Networks pass every check of scikit-learn."""
    name = check.func.__name__ if hasattr(check, "func") else check.__name__
    check(clone(estimator).set_params(**CHECK_PARAMS.get(name, {})))


@pytest.mark.long
@pytest.mark.filterwarnings("ignore:y has one class only:UserWarning")
@parametrize_with_checks(OTHERS_IN_KERAS)
def test_sklearn_checks_more_networks(estimator, check):
    """Others in Keras too."""
    test_sklearn_checks_networks(estimator, check)


OF_CODES = make_pipeline(
    KBinsDiscretizer(4, encode="ordinal", strategy="uniform"),
    RNNClassifier("gru", 8, embedding=4, **SMALL),
)
# What a Pipeline of scikit-learn's own does not pass, whatever is in it.
OF_PIPELINES = {
    "check_estimators_overwrite_params": "a Pipeline fits the steps that it was given",
    "check_dont_overwrite_parameters": "a Pipeline fits the steps that it was given",
    "check_supervised_y_no_nan": "of scikit-learn's classes the check knows the error by its words",
}


@pytest.mark.filterwarnings("ignore:y has one class only:UserWarning")
@parametrize_with_checks([OF_CODES], expected_failed_checks=lambda _: OF_PIPELINES)
def test_sklearn_checks_of_codes(estimator, check):
    """A classifier of codes passes every check of scikit-learn, which brings numbers."""
    name = check.func.__name__ if hasattr(check, "func") else check.__name__
    params = CHECK_PARAMS.get(name, {})
    check(
        clone(estimator).set_params(
            **{f"rnnclassifier__{parameter}": value for parameter, value in params.items()}
        )
    )
