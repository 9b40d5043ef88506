"""WindowForecaster: a stock sktime forecaster around any regressor."""

from typing import ClassVar

import numpy as np
import pandas as pd
from sklearn.base import BaseEstimator
from sklearn.utils import get_tags
from sktime.datatypes import update_data
from sktime.forecasting.base import BaseForecaster, ForecastingHorizon

from skrnn.baselines import LinearWindow
from skrnn.forecasters.leads import DirectForecaster, MultiOutputForecaster
from skrnn.intervals.levels import offsets
from skrnn.intervals.residuals import check_calibration_size
from skrnn.validation import check_count, check_option
from skrnn.windows import Windows, make_windows
from skrnn.windows.clock import clock_of
from skrnn.windows.context import lay_rows
from skrnn.windows.filling import fill_steps

STRATEGIES = ("recursive", "direct", "multioutput")


class WindowForecaster(BaseForecaster):
    """sktime forecaster around a regressor on windows, of skrnn or of scikit-learn.

    The window of a forecast holds the last ``window_length`` values of y. sktime asks for the
    future of exogenous columns X when it predicts, so X is what skrnn calls known ahead: its part
    of the window ends at the very row that is forecast, and not, as in sktime's
    ``make_reduction``, where y's does. ::

        rows     ...  t-2   t-1    t    t+1  ...  t+h
        y             [ y     y     y ]            ?        window_length=3, h rows ahead
        X                                [ x   x   x ]

    Parameters
    ----------
    regressor : estimator
        A regressor or pipeline on windows, or any scikit-learn regressor, which gets flattened
        ones. y comes in its own unit: what is scaled is scaled inside, as in
        ``make_pipeline(SeriesScaler(), RNNRegressor("gru"))``.
    window_length : int, default=10
        Steps in a window.
    strategy : {"recursive", "direct", "multioutput"}, default="recursive"
        One model of the next row, fed its own forecasts; a model for each row of ``fh``; or one
        model that forecasts them together, whose part of X ends at the last of them. The last two
        need ``fh`` in ``fit``.
    calibration_size : float or int, default=0.2
        The share of the rows, or their number, that intervals are calibrated on: the newest.

    Attributes
    ----------
    leads_ : ndarray of shape (n_leads,)
        How many rows ahead the model forecasts: 1, or the rows of ``fh``.
    model_ : estimator
        The fitted model on windows.

    Notes
    -----
    ``update`` with ``update_params=True`` fits anew on all rows; with ``update_params=False`` the
    new rows are only looked at. Rows in the past (``fh`` of 0 or less) are forecast from the window
    before them, one row ahead or, behind a direct or multioutput fit, as many as the first of
    ``fh`` that lies in the future.

    Unknown values (NaN, missing rows of a regular index) are left out of ``fit``, with the windows
    that hold them, and filled from the window's nearest known ones in ``predict``.

    X needs a row for every step up to the last of ``fh``, also where ``fh`` itself has gaps.

    Whenever ``predict_interval`` or ``predict_quantiles`` is called, the newest rows are forecast
    from a fit on the rows before them, which costs that fit and these forecasts; what they missed,
    by rows ahead, says how wide intervals are, as in ``IntervalForecaster``. Rows in the past get
    the intervals of rows as far ahead as they are forecast from.

    Examples
    --------
    >>> from sktime.datasets import load_airline
    >>> from skrnn import LinearWindow
    >>> from skrnn.sktime import WindowForecaster
    >>> y = load_airline()
    >>> forecaster = WindowForecaster(LinearWindow(), window_length=24).fit(y[:-12])
    >>> forecaster.predict(fh=[1, 12]).round(-1)
    1960-01    420.0
    1960-12    430.0
    Freq: M, Name: Number of airline passengers, dtype: float64
    """

    _tags: ClassVar = {
        "authors": "skrnn developers",
        "maintainers": "skrnn developers",
        "y_inner_mtype": "pd.Series",
        "X_inner_mtype": "pd.DataFrame",
        "capability:multivariate": False,
        "capability:exogenous": True,
        "capability:categorical_in_X": False,
        "capability:non_contiguous_X": False,
        "capability:missing_values": True,
        "capability:insample": True,
        "capability:pred_int": True,
        "capability:pred_int:insample": True,
        "capability:update": True,
        "requires-fh-in-fit": True,
    }
    # The rows are kept here, as _cur_y and _cur_X: once is enough.
    _config: ClassVar = {"remember_data": False}

    def __init__(
        self,
        regressor: BaseEstimator,
        window_length: int = 10,
        strategy: str = "recursive",
        calibration_size: float = 0.2,
    ):
        self.regressor = regressor
        self.window_length = window_length
        self.strategy = strategy
        self.calibration_size = calibration_size
        super().__init__()
        # What sktime's base class would keep, and asks for where it does not.
        self._y = self._X = None
        self.set_tags(**{"requires-fh-in-fit": strategy in STRATEGIES[1:]})

    def predict_residuals(self, y=None, X=None):
        """Tell what forecasts of known rows miss, truth less forecast.

        Parameters
        ----------
        y : Series or DataFrame, default=None
            The known rows. None: those of ``fit`` and ``update``.
        X : DataFrame, default=None
            Exogenous columns of these rows. None: those that came with them.

        Returns
        -------
        residuals : like y
        """
        if y is None:
            self.check_is_fitted()
            y, X = self._cur_y, self._cur_X if X is None else X
        return super().predict_residuals(y, X)

    def _fit(self, y, X, fh):
        self._cur_y = y
        self._cur_X = None if X is None else X.loc[y.index]
        return self._learn(fh)

    def _update(self, y, X=None, update_params=True):
        self._check_columns(X, "update")
        self._cur_y = update_data(self._cur_y, y)
        if X is not None:
            self._cur_X = update_data(self._cur_X, X.loc[y.index])
        return self._learn(self._fh) if update_params else self

    def _learn(self, fh):
        check_option("strategy", self.strategy, STRATEGIES)
        length = check_count("window_length", self.window_length)
        leads = self._leads(fh)
        rows = self._rows()
        needed = length + int(leads[-1])
        if len(rows) < needed:
            raise ValueError(
                f"window_length={length} and a forecast {leads[-1]} row(s) ahead need {needed} "
                f"rows of y, got {len(rows)}: pass a longer series or a smaller window_length"
            )
        _check_y_not_in_X(rows)
        self.leads_ = leads
        self._feature_names = tuple(rows.columns)
        self.model_ = self._fitted(rows)
        return self

    def _fitted(self, rows):
        """A model that has learned from rows."""
        windows, targets = make_windows(
            rows,
            self.window_length,
            leads=self.leads_.tolist(),
            target=0,
            known_ahead=list(range(1, rows.shape[1])),
        )
        return self._model(len(self.leads_)).fit(windows, targets)

    def _model(self, n_leads):
        check_regressor(self.regressor)
        if self.strategy != "multioutput":
            return DirectForecaster(self.regressor)
        if n_leads > 1 and not get_tags(self.regressor).target_tags.multi_output:
            raise ValueError(
                f"strategy='multioutput' needs a regressor of several outputs, and "
                f"{type(self.regressor).__name__} has one: use strategy='direct', or "
                f"scikit-learn's MultiOutputRegressor"
            )
        return MultiOutputForecaster(self.regressor)

    def _leads(self, fh):
        """The rows ahead that are learned: of ``fh`` those in the future."""
        if self.strategy == "recursive":
            return np.array([1])
        ahead = self._rows_ahead(fh)
        return np.unique(ahead[ahead > 0]) if (ahead > 0).any() else np.array([1])

    def _rows_ahead(self, fh):
        ahead = fh.to_relative(self._cutoff).to_numpy().astype(np.int64)
        step = self._step()
        if (ahead % step).any():
            raise ValueError(
                f"fh={ahead.tolist()} counts labels of the index, which goes in steps of {step}: "
                f"name multiples of {step}"
            )
        return ahead // step

    def _step(self):
        """Labels from one row to the next: 1, but for whole numbers that go in larger steps."""
        clock = clock_of(self._cur_y.index)
        return clock.step if clock is not None and isinstance(clock.step, int) else 1

    def _rows(self):
        """The rows up to the cutoff: y, and X beside it."""
        y = self._cur_y
        rows = y.to_frame() if self._cur_X is None else pd.concat([y, self._cur_X], axis=1)
        # skrnn takes whole numbers for positions of columns, and one name for one column.
        names = [str(name) for name in rows.columns[1:]]
        own = "y" if y.name is None else str(y.name)
        rows = rows.astype(float).set_axis([own + " (y)" if own in names else own, *names], axis=1)
        return rows[rows.index <= self._cutoff[0]]

    def _predict(self, fh, X):
        ahead = self._rows_ahead(fh)
        past = ahead <= 0
        horizon = max(0, int(ahead.max()))
        known = _on_grid(self._rows()).rows
        rows = np.concatenate([known, self._future(horizon, fh, X)])
        origin = len(known) - 1
        if origin + ahead.min() < 0:
            raise ValueError(
                f"fh must not reach before the first row of y, got {-ahead.min() - origin} row(s) "
                f"before it"
            )
        forecast = np.empty(len(ahead))
        if past.any():
            ends = origin + ahead[past] - self.leads_[0]
            forecast[past] = self._forecast(self.model_, rows, ends)[:, 0]
        if horizon:
            forecast[~past] = self._follow(self.model_, rows, [origin], ahead[~past])[0]
        return pd.Series(forecast, fh.to_absolute_index(self._cutoff), name=self._cur_y.name)

    def _predict_quantiles(self, fh, X, alpha):
        forecast = self._predict(fh, X)
        ahead = self._rows_ahead(fh)
        # Rows in the past are forecast from as far back as the first lead is.
        ahead = np.where(ahead > 0, ahead, self.leads_[0])
        leads, lead = np.unique(ahead, return_inverse=True)
        away = offsets(self._residuals(leads), np.array(alpha))[lead]
        columns = self._get_columns(method="predict_quantiles", alpha=alpha)
        return pd.DataFrame(forecast.to_numpy()[:, None] + away, forecast.index, columns)

    def _residuals(self, leads):
        """What forecasts of the newest rows (n, n_leads) miss, from a fit on those before them."""
        rows = self._rows()
        grid = _on_grid(rows)
        known = grid.rows
        size = check_calibration_size(self.calibration_size)
        n_calibrated = size if isinstance(size, int) else int(np.ceil(size * len(known)))
        first = len(known) - n_calibrated - int(leads[-1])
        needed = self.window_length + int(self.leads_[-1])
        if first + 1 < needed:
            raise ValueError(
                f"intervals need {needed} rows to fit on before the {n_calibrated} that they are "
                f"calibrated on and the {leads[-1]} ahead, got {max(0, first + 1)}: pass a longer "
                "series, a smaller window_length or another calibration_size"
            )
        model = self._fitted(rows[grid.where <= first])
        origins = np.arange(first, len(known) - 1)
        behind = np.full((int(leads[-1]), known.shape[1]), np.nan)
        padded = np.concatenate([known, behind])
        truth = padded[origins[:, None] + leads, 0]
        return truth - self._follow(model, padded, origins, leads)

    def _future(self, horizon, fh, X):
        """The rows behind the cutoff: y unknown, X as it came."""
        future = np.full((horizon, len(self._feature_names)), np.nan)
        if not horizon:
            return future
        self._check_columns(X, "predict")
        if X is None:
            return future
        # fh knows the step of the index also where the cutoff, after an update by one row, does
        # not.
        labels = ForecastingHorizon(
            np.arange(1, horizon + 1) * self._step(), is_relative=True, freq=fh.freq
        )
        labels = labels.to_absolute_index(self._cutoff)
        missing = labels[~labels.isin(X.index)]
        if len(missing):
            raise ValueError(
                f"X must have all {horizon} rows up to the last of fh, but has none for "
                f"{missing[0]} and {len(missing) - 1} more (it goes from {X.index[0]} to "
                f"{X.index[-1]}): pass them all; sktime's evaluate and ForecastX do so for fh "
                f"without gaps"
            )
        future[:, 1:] = X.loc[labels]
        return future

    def _follow(self, model, rows, origins, ahead):
        """Forecasts (n_origins, n_ahead) of rows ahead, from what is known at each origin."""
        if self.strategy != "recursive":
            self._check_learned(ahead)
            return self._forecast(model, rows, origins)[:, np.searchsorted(self.leads_, ahead)]
        # Each origin has steps of its own: those of its window, and those that are forecast.
        horizon = int(ahead.max())
        length = self.window_length
        at = np.asarray(origins)[:, None] + np.arange(1 - length, horizon + 1)
        steps = np.where((at >= 0)[:, :, None], rows[np.maximum(at, 0)], np.nan)
        steps[:, length:, 0] = np.nan
        steps = fill_steps(steps, model.fill_values_)
        stacked = steps.reshape(-1, steps.shape[2])
        ends = np.arange(len(steps)) * steps.shape[1] + length - 1
        for step in range(horizon):
            stacked[ends + step + 1, 0] = self._forecast(model, stacked, ends + step)[:, 0]
        return stacked[ends[:, None] + ahead, 0]

    def _check_learned(self, ahead):
        if not np.isin(ahead, self.leads_).all():
            raise ValueError(
                f"strategy={self.strategy!r} was fitted for {self.leads_.tolist()} rows ahead, but "
                f"fh now lies {ahead.tolist()} rows ahead: update with update_params=True, or use "
                f"a relative fh"
            )

    def _forecast(self, model, rows, ends):
        """Forecasts (n_windows, n_leads) from the windows that end at the rows ``ends``."""
        shift = np.where(np.arange(rows.shape[1]) > 0, self.leads_[-1], 0)
        windows = Windows(
            rows,
            ends,
            length=self.window_length,
            leads=self.leads_,
            shift=shift,
            feature_names=self._feature_names,
        )
        return np.reshape(model.predict(windows), (len(windows), -1))

    def _check_columns(self, X, method):
        """X comes as in fit, or not at all."""
        fitted = [] if self._cur_X is None else list(self._cur_X.columns)
        came = [] if X is None else list(X.columns)
        if fitted != came:
            raise ValueError(
                f"X must have the columns of fit in {method}, {_listed(fitted)}, got "
                f"{_listed(came)}"
            )

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

        # The series of the checks are short, and quantiles of 0.05 take 19 residuals.
        lengths = zip(STRATEGIES, (2, 3, 3), strict=True)
        linear = [
            {
                "regressor": LinearWindow(),
                "window_length": length,
                "strategy": strategy,
                "calibration_size": 0.725,
            }
            for strategy, length in lengths
        ]
        return [*linear, {"regressor": Ridge(), "window_length": 2, "calibration_size": 0.725}]


def check_regressor(regressor) -> None:
    """One of scikit-learn's kind, which sktime's are not."""
    if (
        isinstance(regressor, type)
        or not hasattr(regressor, "fit")
        or not hasattr(regressor, "__sklearn_tags__")
    ):
        raise ValueError(
            f"regressor must be a regressor of skrnn or scikit-learn, such as Ridge(), got "
            f"{regressor!r}"
        )


def _on_grid(rows):
    """The rows, those that a regular index lacks unknown."""
    return lay_rows(rows.to_numpy(), rows.index, np.iinfo(np.int64).max)


def _check_y_not_in_X(rows):
    """The future of X is known: y must not be among its columns."""
    y = rows.iloc[:, 0]
    same = [name for name, column in rows.iloc[:, 1:].items() if column.equals(y)]
    if same and y.nunique() > 1:
        raise ValueError(
            f"X must not hold y itself, whose future is not known: drop the column {same[0]!r}"
        )


def _listed(columns):
    return ", ".join(map(repr, columns)) if columns else "no X"
