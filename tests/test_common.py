"""scikit-learn's own checks over every transformer and estimator."""

import pytest
from sklearn.base import clone
from sklearn.utils.estimator_checks import parametrize_with_checks

from tests.instances import (
    CHECK_PARAMS,
    CHECKED_CLASSIFIERS,
    CHECKED_NETWORKS,
    REGRESSORS,
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
@parametrize_with_checks([*CHECKED_NETWORKS, *CHECKED_CLASSIFIERS])
def test_sklearn_checks_networks(estimator, check):
    """Networks pass every check of scikit-learn."""
    name = check.func.__name__ if hasattr(check, "func") else check.__name__
    check(clone(estimator).set_params(**CHECK_PARAMS.get(name, {})))
