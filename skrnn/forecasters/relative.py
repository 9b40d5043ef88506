"""TransformedWindowRegressor: windows and their targets, relative to the windows themselves."""

import numbers
from dataclasses import replace

import numpy as np
from sklearn.base import clone

from skrnn.forecasters.learned_quantiles import all_quantiles, learned_levels
from skrnn.forecasters.samples import Samples
from skrnn.forecasters.units import check_last_lead, check_one_unit
from skrnn.forecasters.wrapping import WrappingForecaster, fit_inner
from skrnn.preprocessing.window_form import sizes
from skrnn.windows.array import Windows
from skrnn.windows.form import Form
from skrnn.windows.leads import leads_of, target_position


class TransformedWindowRegressor(WrappingForecaster):
    """Transform each window and its target together, and forecast from that in the original unit.

    With ``Differencer(24)`` the regressor learns how the target differs from the same hour of the
    day before, with ``SeasonalAnchor(24)`` how both differ from the window's last day; with
    ``WindowScaler()`` it learns in deviations of the window, with ``LogTransformer()`` in
    percentages. One in another is one after the other, the outer first. What needs scaling besides
    goes *inside*, so that the target and the window's target column keep one unit. ::

        TransformedWindowRegressor(
            make_pipeline(SeriesScaler(), RNNRegressor("gru")), Differencer(24)
        )

    A regressor with ``warm_start=True`` goes on where it was in a further ``fit``, and one that has
    ``partial_fit`` lends it; see ``partial_fit``.

    Parameters
    ----------
    regressor : estimator
        Any regressor or pipeline on windows; scikit-learn's take ``make_pipeline(FlattenWindows(),
        Ridge())``.
    transformer : transformer or None, default=None
        ``Differencer``, ``SeasonalAnchor``, ``WindowScaler``, ``LogTransformer`` or
        ``SeriesScaler``: a transformer that can be undone against a window. None: the windows as
        they are, which serves to leave incomplete windows out of the fit of a scikit-learn
        regressor.
    target : str or int, default=0
        The window's column that y continues, by name or position.
    weight_by_scale : bool or float, default=False
        Weigh samples by a power of their window's size, besides ``sample_weight``: True is the
        power 1, by which absolute errors that are learned in a window's own scale count as they do
        in the unit of y, as squared ones do with 2; 0.5 is halfway, and a negative power gives
        large windows less weight. The size is what ``WindowScaler`` divides the target column by,
        and with other transformers that column's standard deviation in the window; 1 where that is
        0. These weights are 1 on average.

    Attributes
    ----------
    leads_ : ndarray of shape (n_outputs,)
        How many rows ahead each output lies.
    regressor_ : estimator
        The fitted regressor.
    transformer_ : transformer
        The fitted transformer.
    mean_weight_ : float
        With ``weight_by_scale``, what the weights are divided by: their mean in ``fit``.
    n_features_in_ : int
        Number of features of a step (of columns, where windows came as (n, steps)).

    Examples
    --------
    >>> import numpy as np
    >>> from skrnn import Differencer, LinearWindow, TransformedWindowRegressor, make_windows
    >>> X, y = make_windows(np.arange(30.0) ** 2, length=5)
    >>> model = TransformedWindowRegressor(LinearWindow(alpha=0), Differencer(1))
    >>> model = model.fit(X[:20], y[:20])
    >>> bool(np.allclose(model.predict(X[20:]), y[20:]))
    True
    """

    reads_sequences = True

    def __init__(self, regressor, transformer=None, target=0, *, weight_by_scale=False):
        self.regressor = regressor
        self.transformer = transformer
        self.target = target
        self.weight_by_scale = weight_by_scale

    @property
    def template(self):
        """The estimator that is cloned."""
        return self.regressor

    @property
    def inner_model(self):
        """The fitted regressor, where there is one."""
        return getattr(self, "regressor_", None)

    def _fit_models(self, samples, *, going_on):
        power = self._check_power()
        self.leads_ = leads_of(samples.windows, self.n_outputs_)
        samples = samples.with_windows(samples.windows.replace(leads=self.leads_))
        fitted = self.inner_model
        stays = going_on and fitted is not None
        if not stays:
            self._fit_transformer(samples)
        if power:
            samples = self._weighted(samples, power, going_on=stays)
        windows = samples.windows
        y = samples.y
        if self.transformer_ is not None:
            windows = self.transformer_.transform(windows)
            if isinstance(windows, Windows):
                # The regressor need not judge whether both have one unit: that is seen to here.
                windows = windows.replace(target=self.target_)
            y = self.transformer_.relative_target(samples.windows, y, self.target_)
        if self.y_ndim_ == 1:
            y = y[:, 0]
        relative = Samples(windows, y, samples.weights)
        self.regressor_ = fit_inner(self.regressor, fitted, relative, going_on=going_on)

    def _fit_transformer(self, samples):
        self.transformer_ = None
        if self.transformer is None:
            return
        if not hasattr(self.transformer, "relative_target"):
            raise ValueError(
                "transformer must be undone against a window, as Differencer, SeasonalAnchor, "
                "WindowScaler, LogTransformer and SeriesScaler can; got "
                f"{type(self.transformer).__name__}: put it inside, in front of the regressor"
            )
        windows = samples.windows
        self.target_ = target_position(windows, self.target)
        if windows.target != self.target_:
            check_one_unit(self, windows, samples.y, self.target)
        elif getattr(self.transformer, "knows_seasons", False):
            check_last_lead(type(self.transformer).__name__, windows, samples.y, self.target_)
        self.transformer_ = clone(self.transformer).fit(windows)

    def _check_power(self):
        """The power of a window's size that weighs samples; 0 for none."""
        power = self.weight_by_scale
        if not isinstance(power, bool | np.bool_ | numbers.Real) or not np.isfinite(power):
            raise ValueError(
                f"weight_by_scale must be True, False or a finite number, got {power!r}"
            )
        return float(power)

    def _weighted(self, samples, power, *, going_on):
        """The samples, whose weights are multiplied by a power of their windows' sizes."""
        column = target_position(samples.windows, self.target)
        if hasattr(self.transformer_, "sizes"):
            size = self.transformer_.sizes(samples.windows, column)
        else:
            size = sizes(samples.windows, column, Form(scale="deviation"))
        factor = size**power
        if not going_on or not hasattr(self, "mean_weight_"):
            self.mean_weight_ = factor.mean()
        factor /= self.mean_weight_
        weights = factor if samples.weights is None else samples.weights * factor
        return replace(samples, weights=weights)

    def learned_levels(self) -> tuple[float, ...] | None:
        """The quantiles that the regressor has learned."""
        return learned_levels(self.regressor_)

    def _quantiles(self, windows):
        """Those of the regressor: to be undone they need only go up with the target, as all do."""
        windows = windows.replace(leads=self.leads_)
        transformed = windows if self.transformer_ is None else self.transformer_.transform(windows)
        relative = all_quantiles(self.regressor_, transformed)
        relative = relative.reshape(len(windows), self.n_outputs_, -1)
        if self.transformer_ is None:
            return relative
        each = np.moveaxis(relative, 2, 0)
        y = [self.transformer_.absolute_target(windows, one, self.target_) for one in each]
        return np.stack(y, axis=2)

    def _predict(self, windows: Windows):
        windows = windows.replace(leads=self.leads_)
        transformed = windows if self.transformer_ is None else self.transformer_.transform(windows)
        relative = np.asarray(self.regressor_.predict(transformed), np.float64)
        if relative.size != len(windows) * self.n_outputs_:
            raise ValueError(
                f"regressor must forecast what y holds, {self.n_outputs_} output(s), got shape "
                f"{relative.shape}: put what makes many leads of one outside, "
                "MultiOutputForecaster(TransformedWindowRegressor(...), horizon)"
            )
        relative = relative.reshape(len(windows), self.n_outputs_)
        if self.transformer_ is None:
            return relative
        y = self.transformer_.absolute_target(windows, relative, self.target_)
        # The target column may be unknown in a window that knows others: nothing to be relative to.
        return np.where(np.isnan(y), self.y_mean_, y)
