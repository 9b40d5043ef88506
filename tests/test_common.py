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


@parametrize_with_checks([*TRANSFORMERS, *REGRESSORS])
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
