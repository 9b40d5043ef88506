"""WindowRegressorAdapter: regressors on sktime's panels."""

from typing import ClassVar

from sklearn.base import BaseEstimator
from sktime.regression.base import BaseRegressor

from skrnn.baselines import LinearWindow
from skrnn.forecasters.leads import MultiOutputForecaster
from skrnn.sktime.forecaster import check_regressor


class WindowRegressorAdapter(BaseRegressor):
    """sktime time series regressor around a regressor on windows, of skrnn or of scikit-learn.

    sktime lays panels out as (instances, channels, time), skrnn windows as (samples, steps,
    features). With this adapter ``make_reduction`` hands over y and X as features of each step, in
    place of one behind the other.

    Parameters
    ----------
    regressor : estimator
        A regressor or pipeline on windows, or any scikit-learn regressor, which gets flattened
        ones.

    Attributes
    ----------
    model_ : estimator
        The fitted model on windows.

    Examples
    --------
    >>> from sktime.datasets import load_airline
    >>> from sktime.forecasting.compose import make_reduction
    >>> from skrnn import LinearWindow
    >>> from skrnn.sktime import WindowRegressorAdapter
    >>> regressor = WindowRegressorAdapter(LinearWindow())
    >>> forecaster = make_reduction(regressor, window_length=24, strategy="direct")
    >>> forecaster.fit(load_airline(), fh=[1, 2, 3]).predict().round(-1).tolist()
    [460.0, 410.0, 460.0]
    """

    _tags: ClassVar = {
        "authors": "skrnn developers",
        "maintainers": "skrnn developers",
        "X_inner_mtype": "numpy3D",
        "y_inner_mtype": "numpy2D",
        "capability:multioutput": True,
        "capability:multivariate": True,
        "capability:missing_values": True,
        "capability:categorical_in_X": False,
    }

    def __init__(self, regressor: BaseEstimator):
        self.regressor = regressor
        super().__init__()

    def _fit(self, X, y):
        check_regressor(self.regressor)
        y = y[:, 0] if y.shape[1] == 1 else y
        self.model_ = MultiOutputForecaster(self.regressor).fit(X.swapaxes(1, 2), y)
        return self

    def _predict(self, X):
        return self.model_.predict(X.swapaxes(1, 2))

    @classmethod
    def get_test_params(cls, parameter_set="default"):
        """Parameters that sktime's checks make instances from.

        Parameters
        ----------
        parameter_set : str, default="default"
            Ignored: there is one set.

        Returns
        -------
        params : list of dict
        """
        from sklearn.linear_model import Ridge

        return [{"regressor": LinearWindow()}, {"regressor": Ridge(alpha=0.1)}]
