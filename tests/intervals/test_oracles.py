"""MAPIE's intervals of single leads are the same."""

import numpy as np
import pytest
from mapie.conformity_scores import AbsoluteConformityScore
from mapie.regression import SplitConformalRegressor
from sklearn.linear_model import Ridge

from skrnn import IntervalForecaster
from tests.intervals.known import noise

# MAPIE's own, of older releases, to scikit-learn 1.7: what is compared needs no tags.
pytestmark = pytest.mark.filterwarnings(
    "ignore:.*'EnsembleRegressor' object has no attribute '__sklearn_tags__':DeprecationWarning"
)


@pytest.mark.parametrize("coverage", [0.5, 0.8, 0.9])
def test_mapie(coverage):
    """Split conformal intervals whose tails have their own order statistics, on the newest part."""
    X, y = noise(300, length=4)
    table = np.asarray(X)[:, :, 0]
    # Ours is fitted on everything afterwards: what is compared lies around the forecasts.
    ours = IntervalForecaster(Ridge(), calibration_size=99).fit(table, y)
    older = Ridge().fit(table[:201], y[:201])

    mapie = SplitConformalRegressor(
        older, confidence_level=coverage, conformity_score=AbsoluteConformityScore(sym=False)
    )
    mapie.conformalize(table[201:], y[201:])

    forecast, ends = mapie.predict_interval(table[:5])
    expected = ends[:, :, 0] - forecast[:, None]
    found = ours.predict_interval(table[:5], coverage) - ours.predict(table[:5])[:, None]
    np.testing.assert_allclose(found, expected, rtol=1e-9)
