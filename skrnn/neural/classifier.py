"""NetworkClassifier: the task of telling classes, or labels of which a sample has several."""

from dataclasses import KW_ONLY
from typing import Any

import numpy as np
import pandas as pd
from scipy.special import logsumexp
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.metrics import accuracy_score
from sklearn.utils.validation import check_is_fitted

from skrnn.forecasters.base import finite_forecasts
from skrnn.forecasters.samples import Samples
from skrnn.neural.estimators import NetworkEstimator
from skrnn.neural.labels import Labels, check_labels
from skrnn.neural.parameters import parameters
from skrnn.neural.tasks import Classes
from skrnn.validation import check_weights
from skrnn.warn import warn
from skrnn.wholly import wholly
from skrnn.windows.inputs import check_windows
from skrnn.windows.steps import feature_means


@parameters
class NetworkClassifier(NetworkEstimator, ClassifierMixin, BaseEstimator):
    """The task of telling classes, with the cross-entropy of their probabilities."""

    _: KW_ONLY
    class_weight: Any = None

    @wholly
    def partial_fit(self, X, y, classes=None, sample_weight=None) -> "NetworkClassifier":
        """Train for one more epoch, going on from the weights and the optimizer's state.

        So many calls with the same data are one ``fit`` with as many epochs, at a constant rate.

        Parameters
        ----------
        X : Windows, sequences, or array-like of shape (n_samples, steps, n_features)
            The windows.
        y : array-like of shape (n_samples,) or (n_samples, n_labels)
            The classes.
        classes : array-like of shape (n_classes,), default=None
            All classes that any call will bring. The first call needs them where its own y has not
            all.
        sample_weight : array-like of shape (n_samples,), default=None
            Weights of the samples.

        Returns
        -------
        self : object
            The network.
        """
        if isinstance(self.class_weight, str):
            raise ValueError(
                f"class_weight={self.class_weight!r} needs all samples at once, which partial_fit "
                "does not have: pass a dict of weights"
            )
        return self._go_on(X, y, sample_weight, classes)

    def predict(self, X) -> np.ndarray:
        """Tell the class of each window.

        Parameters
        ----------
        X : Windows, sequences, or array-like of shape (n_samples, steps, n_features)
            The windows. Unknown steps are filled from the window's own nearest known ones.

        Returns
        -------
        y : ndarray of shape (n_samples,) or (n_samples, n_labels)
            The likeliest class, or 1 for each label that is likelier than not.
        """
        probabilities = self.predict_proba(X)
        return self.labels_.decode(probabilities)

    def predict_proba(self, X) -> np.ndarray:
        """Tell how probable each class is.

        Parameters
        ----------
        X : Windows, sequences, or array-like of shape (n_samples, steps, n_features)
            The windows. Unknown steps are filled from the window's own nearest known ones; a window
            with no known step gets the shares of the classes in training.

        Returns
        -------
        probabilities : ndarray of shape (n_samples, n_classes) or (n_samples, n_labels)
            In the order of ``classes_``; of labels, that of each.
        """
        check_is_fitted(self, "network_")
        return self._told(X, self._probabilities, self.class_prior_)

    def predict_log_proba(self, X) -> np.ndarray:
        """Tell the logarithm of each class's probability, exact also where that is nearly 0.

        Parameters
        ----------
        X : Windows, sequences, or array-like of shape (n_samples, steps, n_features)
            The windows.

        Returns
        -------
        logarithms : ndarray of shape (n_samples, n_classes) or (n_samples, n_labels)
        """
        check_is_fitted(self, "network_")
        with np.errstate(divide="ignore"):
            prior = np.log(self.class_prior_)
        return self._told(X, self._logarithms, prior)

    def score(self, X, y, sample_weight=None) -> float:
        """Share of the windows whose class is told (of labels, all of them).

        Samples with an unknown class do not count.

        Parameters
        ----------
        X : Windows, sequences, or array-like of shape (n_samples, steps, n_features)
            The windows.
        y : array-like of shape (n_samples,) or (n_samples, n_labels)
            The classes.
        sample_weight : array-like of shape (n_samples,), default=None
            Weights of the samples.

        Returns
        -------
        accuracy : float
        """
        told = self.predict(X)
        y = check_labels(self, y, len(told))
        known = ~pd.isna(y)
        if y.ndim == 2:
            known = known.all(axis=1)
        if not known.any():
            raise ValueError(f"y must have a known class, got none in all of {len(y)} samples")
        weights = check_weights(sample_weight, len(y))
        y, told = y[known], told[known]
        if not self.labels_.several:
            # By their numbers: classes of another type are none of those that are told.
            y, told = self.labels_.numbers_of(y), self.labels_.numbers_of(told)
        return accuracy_score(y, told, sample_weight=None if weights is None else weights[known])

    def _probabilities(self, windows):
        if self._members:
            return np.mean([member._probabilities(windows) for member in self._members], axis=0)
        return self._task().forecasts(self._outputs(windows))

    def _logarithms(self, windows):
        if self._members:
            each = [member._logarithms(windows) for member in self._members]
            return logsumexp(each, axis=0) - np.log(len(each))
        return self._task().logarithms(self._outputs(windows))

    def _told(self, X, tell, stand_in):
        windows = check_windows(self, X, reset=False)
        told = finite_forecasts(tell(windows), stand_in)
        told[~windows.known()] = stand_in
        return told

    # ------------------------------------------------------------------ what is learned

    # Sequences that are series of their own have no newest.
    validates_on_any = True

    def _name_targets(self, y, n, reset, classes=None):
        named = None if classes is None else np.unique(np.asarray(classes))
        if reset:
            self.labels_ = Labels.of(check_labels(self, y, n), named)
            self.classes_ = self.labels_.classes
            if len(self.classes_) == 1 and not self.labels_.several:
                warn(
                    f"y has one class only, {self.classes_.tolist()[0]!r}, which is all that can "
                    "be told"
                )
        elif self.labels_.several:
            # Of several labels each has its own classes, 0 and 1.
            return
        elif named is not None and not np.array_equal(named, self.classes_):
            raise ValueError(
                f"classes must be those of the first call, {self.classes_.tolist()}, got "
                f"{named.tolist()}"
            )

    def _split(self, samples, fraction, seed):
        train, validation = super()._split(samples, fraction, seed)
        missing = np.setdiff1d(validation.y, train.y).astype(int)
        if len(missing):
            warn(
                f"{self.classes_[missing].tolist()} are classes of samples to validate on, but of "
                "none to train on: lower validation_fraction, or pass validation_data of your own"
            )
        return train, validation

    def _training_samples(self, X, y, sample_weight, reset, *named):
        samples = super()._training_samples(X, y, sample_weight, reset, *named)
        if not reset:
            self._count(samples)
        if self.class_weight is None:
            return samples
        self.class_weight_ = self.labels_.weights(self.class_weight, samples.y)
        return self._weighted(samples)

    def _validation_samples(self, validation_data):
        return self._weighted(super()._validation_samples(validation_data))

    def _weighted(self, samples):
        """Samples that count as much as their classes do."""
        if self.class_weight is None:
            return samples
        weights = np.ones(len(samples)) if samples.weights is None else samples.weights
        for of_class, numbers in zip(self.class_weight_, samples.y.T, strict=True):
            weights = weights * of_class[numbers.astype(int)]
        if not weights.any():
            raise ValueError(
                f"class_weight={self.class_weight!r} leaves no sample a weight above 0"
            )
        return Samples(samples.windows, samples.y, weights).take(weights > 0)

    def _samples(self, windows, y, sample_weight):
        y = self.labels_.encode(check_labels(self, y, len(windows), warn=True))
        return Samples(windows, y, check_weights(sample_weight, len(windows)))

    def _remember(self, samples, y):
        self.n_outputs_ = samples.y.shape[1]
        self.class_sizes_ = np.zeros(len(self.classes_))
        self.n_counted_ = 0.0
        self.fill_values_ = feature_means(samples.windows)
        self._count(samples)

    def _count(self, samples):
        """Add samples to those by which the shares of classes are known."""
        of_class = samples.y
        if not self.labels_.several:
            of_class = of_class == np.arange(len(self.classes_))
        weights = np.ones(len(samples)) if samples.weights is None else samples.weights
        self.class_sizes_ = self.class_sizes_ + weights @ of_class
        self.n_counted_ = self.n_counted_ + weights.sum()
        self.class_prior_ = self.class_sizes_ / self.n_counted_

    def _learn_task(self, samples):
        """Nothing but the labels, which are known before the samples are."""

    def _loss(self):
        return self._task().loss

    def _task(self):
        return Classes(len(self.classes_), self.labels_.several)

    def _fitted_task(self):
        return self._task()

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.input_tags.allow_nan = True
        tags.input_tags.three_d_array = True
        tags.classifier_tags.multi_label = True
        return tags
