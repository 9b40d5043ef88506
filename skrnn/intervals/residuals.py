"""Residuals: truths less forecasts that were made before they were known, by rolling origins."""

import math
import numbers
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from sklearn.base import BaseEstimator

from skrnn.evaluation.base import EvaluationSamples, rows_of
from skrnn.evaluation.folds import known_at
from skrnn.forecasters.inside import chosen
from skrnn.forecasters.learned_quantiles import all_quantiles
from skrnn.forecasters.residual_pools import ROUNDING
from skrnn.forecasters.samples import Samples
from skrnn.forecasters.wrapping import fit_inner
from skrnn.validation import check_count, check_share
from skrnn.warn import warn
from skrnn.wording import count


@dataclass(frozen=True)
class Residuals:
    """What forecasts of the calibration missed, oldest first.

    Attributes
    ----------
    values : ndarray of shape (n, n_leads)
        Truths less forecasts; NaN where a truth is not known.
    leads : ndarray of shape (n_leads,)
        How many rows ahead each lies.
    which : ndarray of shape (n,)
        The sample of the fit that each forecast was made from.
    series, origins : ndarray of shape (n,)
        Its series, and the row at which it was made, counted as all series share it.
    sizes : ndarray of shape (n,)
        The unit that each is told in: 1, or the local size of what its window knows.
    learned : ndarray of shape (n, n_leads, n_quantiles) or None
        Truths less the quantiles that were forecast, where these are corrected.
    quantiles : ndarray of shape (n, n_leads, n_quantiles) or None
        The quantiles that were forecast.
    """

    values: np.ndarray
    leads: np.ndarray
    which: np.ndarray
    series: np.ndarray
    origins: np.ndarray
    sizes: np.ndarray
    learned: np.ndarray | None = None
    quantiles: np.ndarray | None = None

    def __len__(self) -> int:
        return len(self.values)

    def take(self, which: np.ndarray) -> "Residuals":
        """Some of them: a mask or positions."""
        fields = {name: value for name, value in vars(self).items() if value is not None}
        leads = fields.pop("leads")
        return Residuals(leads=leads, **{name: value[which] for name, value in fields.items()})

    @property
    def relative(self) -> np.ndarray:
        """The residuals (n, n_leads) in units of their sizes."""
        return self.values / self.sizes[:, None]


@dataclass(frozen=True)
class Forecasts:
    """Forecasts, and what a method makes intervals of.

    Attributes
    ----------
    values : ndarray of shape (n, n_leads)
        The forecasts.
    sizes : ndarray of shape (n,)
        The unit that their errors are told in.
    quantiles : ndarray of shape (n, n_leads, n_quantiles) or None
        The quantiles that the model has learned.
    """

    values: np.ndarray
    sizes: np.ndarray
    quantiles: np.ndarray | None = None


def rolling_residuals(
    samples: EvaluationSamples,
    template: BaseEstimator,
    weights: np.ndarray | None,
    *,
    size: int | float,
    n_blocks: int,
    with_quantiles: bool,
) -> Residuals:
    """Forecast the newest samples, each from a fit on what was known when it was made.

    ::

        block 1   train ........ | gap | forecast ....
        block 2   train ...................... | gap | forecast ....

    A block's fit knows targets up to the origin of the block's first forecast: the gap is as long
    as it takes.
    """
    if samples.lined_up:
        warn(samples.lined_up)
    parts = []
    for train, test in calibration_blocks(samples, size, n_blocks):
        parts.append(_block(samples, template, weights, train, test, with_quantiles))
    which, values, quantiles = (
        None if part[0] is None else np.concatenate(part) for part in zip(*parts, strict=True)
    )
    truth = samples.truth(which, values.shape[1])
    if truth.shape != values.shape:
        raise ValueError(
            f"y must have all {values.shape[1]} leads that are forecast, got {truth.shape[1]}: "
            "bring y as make_windows makes it or, where a pipeline makes windows of rows, put "
            "IntervalForecaster around the whole pipeline"
        )
    return Residuals(
        values=truth - values,
        leads=np.asarray(samples.leads_of(values.shape[1])),
        which=which,
        series=samples.series[which],
        origins=samples.shared()[0][which],
        sizes=np.ones(len(which)),
        learned=None if quantiles is None else truth[:, :, None] - quantiles,
        quantiles=quantiles,
    )


def calibration_blocks(
    samples: EvaluationSamples, size: int | float, n_blocks: int
) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """(train, test) of each block of the newest origins, oldest block first."""
    origin, newest = samples.shared()
    everything = np.arange(len(samples))
    known = np.flatnonzero(~np.isnan(samples.truth(everything, 1)).all(axis=1))
    if len(known) < 2:
        raise ValueError(
            "intervals take at least two samples with a known target, one to fit on and one to "
            f"calibrate with, got {count(len(known), 'sample')}"
        )
    origins, counts = np.unique(origin[known], return_counts=True)
    n_origins = _n_newest(size, counts)
    if n_origins < n_blocks:
        raise ValueError(
            f"n_blocks={n_blocks} blocks need as many origins, and calibration_size={size} has "
            f"{n_origins}: use fewer blocks or a larger calibration_size"
        )
    for block in np.array_split(origins[len(origins) - n_origins :], n_blocks):
        train = known_at(newest, block[0])
        if not len(np.intersect1d(train, known)):
            raise ValueError(
                f"calibration_size={size} leaves nothing to fit on before the {n_origins} newest "
                f"of {len(origins)} origins, as targets of older ones must be known by then: use "
                "a smaller calibration_size or more rows"
            )
        within = (origin[known] >= block[0]) & (origin[known] <= block[-1])
        order = np.argsort(origin[known][within], kind="stable")
        yield train, known[within][order]


def check_calibration_size(size: int | float) -> int | float:
    """A share of the samples, or a number of origins."""
    if isinstance(size, numbers.Integral):
        return check_count("calibration_size", size)
    try:
        return check_share("calibration_size", size, positive=True)
    except ValueError:
        raise ValueError(
            "calibration_size must be a share above 0 and below 1, or a whole number of origins, "
            f"got {size!r}"
        ) from None


def _n_newest(size, counts):
    """How many of the newest origins are the share of the samples, or the number, that is asked."""
    n_origins = len(counts)
    if not isinstance(size, numbers.Integral):
        wanted = math.ceil(size * counts.sum() - ROUNDING)
        from_newest = counts[::-1].cumsum()
        return min(int(np.searchsorted(from_newest, wanted)) + 1, n_origins)
    if size >= n_origins:
        raise ValueError(
            f"calibration_size={size} must be fewer than the {n_origins} origins that there are: "
            "use a smaller one or more rows"
        )
    return int(size)


def _block(samples, template, weights, train, test, with_quantiles):
    """(which, forecasts, quantiles or None) of a block."""
    X, y = samples.take(train)
    of_train = Samples(X, y, None if weights is None else rows_of(weights, train))
    try:
        model = fit_inner(template, None, of_train, going_on=False)
    except Exception as error:
        # It goes on as it is, with what only the calibration knows.
        error.add_note(
            f"This was a fit of the calibration, on the {len(train)} oldest samples of "
            f"{len(samples)}: a smaller calibration_size leaves more."
        )
        raise
    forecasts = samples.predict(model, test)
    quantiles = None
    if with_quantiles:
        flat = samples.predict(_OfQuantiles(model), test)
        quantiles = flat.reshape(*forecasts.shape, -1)
    return test, forecasts, quantiles


class _OfQuantiles:
    """A fitted model whose quantiles are its forecasts, which all lie in one row."""

    def __init__(self, model):
        self.model = chosen(model)

    def get_params(self, deep=True):
        """The parts of the model, which tell how far it looks back."""
        return self.model.get_params(deep)

    def predict(self, X):
        """All quantiles that were learned: (n, n_leads · n_quantiles)."""
        quantiles = all_quantiles(self.model, X)
        return quantiles.reshape(len(quantiles), -1)
