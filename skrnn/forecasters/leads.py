"""Many leads: RecursiveForecaster, DirectForecaster and MultiOutputForecaster."""

from dataclasses import replace

import numpy as np
from joblib import Parallel, delayed
from sklearn.base import clone
from sklearn.utils import get_tags

from skrnn.forecasters.inside import last_step, on_windows
from skrnn.forecasters.learned_quantiles import all_quantiles, learned_levels
from skrnn.forecasters.samples import Samples
from skrnn.forecasters.units import check_one_unit
from skrnn.forecasters.wrapping import WrappingForecaster, fit_inner
from skrnn.validation import check_count
from skrnn.windows.array import Windows
from skrnn.windows.ends import targets_at
from skrnn.windows.filling import fill_steps
from skrnn.windows.leads import leads_of, target_position


class _ManyLeads(WrappingForecaster):
    """What the strategies share: which leads there are, and their targets."""

    # The outputs whose targets must be known of a sample to learn from it.
    learns_from = slice(None)

    @property
    def template(self):
        """The estimator that is cloned; behind FlattenWindows if it takes tables only."""
        return on_windows(self.estimator)

    def _samples(self, windows, y, sample_weight):
        """The targets are a column for each lead.

        Where y has the first alone, the others are of the windows that end later.
        """
        samples = super()._samples(windows, y, sample_weight)
        return replace(samples, y=self._targets(windows, samples.y))

    def _learnable(self, samples):
        return samples.known(samples.windows.complete(), self.learns_from)

    def _targets(self, windows, y):
        if self.horizon is None:
            return y
        horizon = check_count("horizon", self.horizon)
        n_outputs = y.shape[1]
        if n_outputs not in (1, horizon):
            raise ValueError(
                f"y must have one output for each lead of horizon={horizon}, or the first alone, "
                f"got {n_outputs}"
            )
        if n_outputs == horizon:
            return y
        later = targets_at(windows, y, np.arange(horizon))[:, :, 0]
        unknown = np.isnan(later)
        nowhere = unknown[:, 1:].all() or unknown[:, self.learns_from].any(axis=1).all()
        if nowhere and not np.isnan(y).all():
            raise ValueError(
                f"y has the first lead alone, and for none of the {len(y)} windows do others end "
                f"where the next of horizon={horizon} could be read: bring y with all leads, as "
                f"make_windows(horizon={horizon}) makes it"
            )
        return later

    def _of_leads(self, samples, leads, y):
        """The samples, with the targets of some leads."""
        return Samples(_up_to(samples.windows, leads), y, samples.weights)


class RecursiveForecaster(_ManyLeads):
    """Forecast many leads with a model of one step, which is fed its own forecasts.

    The model forecasts every column that is not known ahead, since the next step needs them all.
    Columns that are known ahead take their true future. ::

        window        [ s0  s1  s2 ] → f1
                          [ s1  s2  f1 ] → f2
                              [ s2  f1  f2 ] → f3

    Parameters
    ----------
    estimator : estimator
        A regressor or pipeline on windows, or any scikit-learn regressor, which gets flattened
        ones. One that takes several outputs forecasts all columns together; of others there is a
        clone for each column.
    horizon : int, default=None
        How many rows are forecast. None: as many as y has outputs.
    target : str or int, default=0
        The window's column that y continues, by name or position.

    Attributes
    ----------
    leads_ : ndarray of shape (n_outputs,)
        How many rows ahead each output lies.
    models_ : list of (estimator, columns)
        The fitted models, and the columns that each forecasts one step ahead.
    n_features_in_ : int
        Number of features of a step (of columns, where windows came as (n, steps)).

    Examples
    --------
    >>> import numpy as np
    >>> from skrnn import LinearWindow, RecursiveForecaster, make_windows
    >>> X, y = make_windows(np.cos(np.arange(200.0)), length=4, horizon=20)
    >>> model = RecursiveForecaster(LinearWindow(alpha=1e-9)).fit(X[:100], y[:100])
    >>> bool(np.abs(model.predict(X[100:]) - y[100:]).max() < 1e-3)
    True
    """

    def __init__(self, estimator, horizon=None, *, target=0):
        self.estimator = estimator
        self.horizon = horizon
        self.target = target

    # The model of one step learns from the first lead; how many follow is for predict.
    learns_from = slice(1)
    scaled_inside = (
        'RecursiveForecaster(make_pipeline(SeriesScaler(), RNNRegressor("gru")), horizon=24)'
    )

    def _fit_models(self, samples, *, going_on):
        windows = samples.windows
        self.leads_ = leads_of(windows, self.n_outputs_)
        self.target_ = target_position(windows, self.target)
        check_one_unit(self, windows, samples.y, self.target)
        rate = windows.sampling_rate
        if (self.leads_ % rate).any():
            raise ValueError(
                f"leads must be multiples of sampling_rate={rate} to be reached step by step, "
                f"got {self.leads_.tolist()}"
            )
        self.ahead_ = np.flatnonzero(windows.shift)
        columns = np.flatnonzero(windows.shift == 0)
        following = np.stack([windows.values_at(column, rate)[:, 0] for column in columns], axis=1)
        if np.isnan(following).all(axis=0).any() or not windows.shares_rows:
            following = self._following(windows, samples.y, columns)
        elif self.leads_[0] == rate:
            following[:, np.searchsorted(columns, self.target_)] = samples.y[:, 0]
        known = ~np.isnan(following).any(axis=1)
        one_step = Samples(_up_to(windows, [rate]), following, samples.weights).take(known)
        self.models_ = self._one_step_models(one_step, columns, going_on=going_on)

    def _one_step_models(self, samples, columns, *, going_on):
        """Models of the columns one step ahead: one for all of them, or one for each."""
        template = self.template
        names = samples.windows.feature_names
        targets = [name for name in template.get_params() if name.split("__")[-1] == "target"]
        together = get_tags(template).target_tags.multi_output and not targets
        groups = [columns] if together else [[column] for column in columns]
        fitted = getattr(self, "models_", [])
        if len(fitted) != len(groups):
            fitted = [(None, group) for group in groups]
        models = []
        for group, (earlier, _) in zip(groups, fitted, strict=True):
            y = samples.y[:, np.searchsorted(columns, group)]
            of_group = Samples(samples.windows, y[:, 0] if len(group) == 1 else y, samples.weights)
            # What relates its target to a column of the window relates it to the one that it
            # forecasts.
            column = group[0] if names is None else names[group[0]]
            of_column = clone(template).set_params(**dict.fromkeys(targets, column))
            models.append((fit_inner(of_column, earlier, of_group, going_on=going_on), group))
        return models

    def _following(self, windows, y, columns):
        """What follows each window, where its rows do not tell: y, if it is that."""
        if len(columns) > 1 or self.leads_[0] != windows.sampling_rate or not windows.shares_rows:
            raise ValueError(
                "RecursiveForecaster forecasts every column one step ahead, and these windows do "
                "not know the rows behind them: use make_windows or SlidingWindow, transform "
                "inside (as in TransformedWindowRegressor), or bring windows of one column with y "
                "from lead 1"
            )
        return y[:, :1]

    def _predict(self, windows):
        y = np.empty((len(windows), self.n_outputs_))
        steps = int(self.leads_.max()) // windows.sampling_rate
        numbers = (windows.length + steps) * windows.n_features
        for batch in windows.batches(max(1, (1 << 22) // numbers)):
            y[batch] = self._forecast(windows[batch], steps)
        return y

    def _forecast(self, windows, steps):
        """Recursion over all windows at once: one prediction a step."""
        rate, length = windows.sampling_rate, windows.length
        buffer = np.empty((len(windows), length + steps, windows.n_features))
        buffer[:, :length] = windows.replace(shift=None).take()
        buffer[:, length:] = np.nan
        offsets = (np.arange(length + steps) - length + 1) * rate
        for column in self.ahead_:
            buffer[:, :, column] = windows.values_at(column, offsets)
        buffer = fill_steps(buffer, self.fill_values_)
        shift = np.where(windows.shift, rate, 0)
        for step in range(steps):
            # One step more than the window has, at which the columns that are known ahead are
            # known.
            seen = buffer[:, step : step + length + 1]
            seen = Windows.from_array(seen, windows.feature_names, sampling_rate=rate)
            seen = seen.replace(ends=seen.ends - rate, length=length, leads=(rate,), shift=shift)
            for model, columns in self.models_:
                buffer[:, length + step, columns] = np.reshape(model.predict(seen), (len(seen), -1))
        return buffer[:, length - 1 + self.leads_ // rate, self.target_]


class DirectForecaster(_ManyLeads):
    """Forecast many leads with a model for each.

    Parameters
    ----------
    estimator : estimator
        A regressor or pipeline on windows, or any scikit-learn regressor, which gets flattened
        ones. One clone is fitted for each lead. ``LinearWindow``, also at the end of a pipeline, is
        fitted once for all leads: its coefficients are the same, and the leads share the sums over
        the windows.
    horizon : int, default=None
        How many rows are forecast. None: as many as y has outputs.
    n_jobs : int, default=None
        Processes that fit in parallel, as in joblib.

    Attributes
    ----------
    leads_ : ndarray of shape (n_outputs,)
        How many rows ahead each output lies.
    estimators_ : list of estimators
        The fitted models, one for each lead, or one for all.
    n_features_in_ : int
        Number of features of a step (of columns, where windows came as (n, steps)).

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn.linear_model import Ridge
    >>> from skrnn import DirectForecaster, make_windows
    >>> X, y = make_windows(np.cos(np.arange(60.0)), length=4, horizon=3)
    >>> DirectForecaster(Ridge()).fit(X, y).predict(X[:2]).shape
    (2, 3)
    """

    reads_sequences = True

    def __init__(self, estimator, horizon=None, *, n_jobs=None):
        self.estimator = estimator
        self.horizon = horizon
        self.n_jobs = n_jobs

    @property
    def inner_model(self):
        """The one fitted model behind all forecasts, where there is one."""
        models = getattr(self, "estimators_", [])
        return models[0] if len(models) == 1 else None

    def _fit_models(self, samples, *, going_on):
        self.leads_ = leads_of(samples.windows, self.n_outputs_)
        template = self.template
        apart = getattr(last_step(template), "outputs_apart", False)
        if apart and not samples.windows.shift.any():
            work = [self._of_leads(samples, self.leads_, samples.y)]
        else:
            of_leads = zip(self.leads_, samples.y.T, strict=True)
            work = [self._of_leads(samples, [lead], y) for lead, y in of_leads]
        fitted = getattr(self, "estimators_", [])
        if len(fitted) != len(work):
            fitted = [None] * len(work)
        self.estimators_ = Parallel(n_jobs=self.n_jobs)(
            delayed(fit_inner)(template, earlier, of_lead, going_on=going_on)
            for earlier, of_lead in zip(fitted, work, strict=True)
        )

    def learned_levels(self) -> tuple[float, ...] | None:
        """The quantiles that the estimators have learned."""
        return learned_levels(self.estimators_[0])

    def _quantiles(self, windows):
        n = len(windows)
        if len(self.estimators_) < len(self.leads_):
            found = all_quantiles(self.estimators_[0], windows)
            return found.reshape(n, len(self.leads_), -1)
        models = zip(self.estimators_, self.leads_, strict=True)
        of_leads = [all_quantiles(model, _up_to(windows, [lead])) for model, lead in models]
        return np.stack([found.reshape(n, -1) for found in of_leads], axis=1)

    def _predict(self, windows):
        if len(self.estimators_) < len(self.leads_):
            return np.reshape(self.estimators_[0].predict(windows), (len(windows), -1))
        models = zip(self.estimators_, self.leads_, strict=True)
        return np.stack(
            [np.ravel(model.predict(_up_to(windows, [lead]))) for model, lead in models], axis=1
        )


class MultiOutputForecaster(_ManyLeads):
    """Forecast many leads with one model that has an output for each.

    It adds to the estimator that y may be the series itself, behind ``SlidingWindow``, of which it
    takes the rows that follow. Where y has all leads already, the estimator does the same alone.

    Parameters
    ----------
    estimator : estimator
        A regressor or pipeline of several outputs on windows, or one of scikit-learn, which gets
        flattened ones.
    horizon : int, default=None
        How many rows are forecast. None: as many as y has outputs.

    Attributes
    ----------
    leads_ : ndarray of shape (n_outputs,)
        How many rows ahead each output lies.
    estimator_ : estimator
        The fitted model.
    n_features_in_ : int
        Number of features of a step (of columns, where windows came as (n, steps)).

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn.pipeline import make_pipeline
    >>> from skrnn import LinearWindow, MultiOutputForecaster, SlidingWindow, future_rows
    >>> rows = np.cos(np.arange(60.0))[:, None]
    >>> pipe = make_pipeline(SlidingWindow(4), MultiOutputForecaster(LinearWindow(alpha=0), 3))
    >>> pipe.fit(rows, rows[:, 0]).predict(future_rows(rows, 3))[60].round(4)
    array([-0.9524, -0.2581,  0.6735])
    """

    reads_sequences = True

    def __init__(self, estimator, horizon=None):
        self.estimator = estimator
        self.horizon = horizon

    @property
    def inner_model(self):
        """The fitted model, where there is one."""
        return getattr(self, "estimator_", None)

    def _fit_models(self, samples, *, going_on):
        self.leads_ = leads_of(samples.windows, self.n_outputs_)
        y = samples.y[:, 0] if self.y_ndim_ == 1 else samples.y
        of_leads = self._of_leads(samples, self.leads_, y)
        fitted = self.inner_model
        self.estimator_ = fit_inner(self.template, fitted, of_leads, going_on=going_on)

    def learned_levels(self) -> tuple[float, ...] | None:
        """The quantiles that the estimator has learned."""
        return learned_levels(self.estimator_)

    def _quantiles(self, windows):
        found = all_quantiles(self.estimator_, _up_to(windows, self.leads_))
        return found.reshape(len(windows), len(self.leads_), -1)

    def _predict(self, windows):
        return np.reshape(self.estimator_.predict(_up_to(windows, self.leads_)), (len(windows), -1))


def _up_to(windows, leads):
    """The windows for some leads: what is known ahead is known up to the last of them."""
    return windows.replace(leads=leads, shift=np.where(windows.shift, max(leads), 0))
