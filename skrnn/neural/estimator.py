"""NetworkRegressor: what the networks share, whatever their layers."""

import warnings
from abc import abstractmethod
from dataclasses import replace

import numpy as np
from sklearn.utils import check_random_state
from sklearn.utils.validation import check_is_fitted

from skrnn.forecasters.base import WindowRegressor
from skrnn.forecasters.samples import newest_part
from skrnn.forecasters.wholly import wholly
from skrnn.neural.feeding import Feed, KnownAhead
from skrnn.neural.network import Network, Training
from skrnn.neural.sequence import LastStep, step_targets
from skrnn.validation import (
    check_count,
    check_option,
    check_positive,
    check_share,
    check_target_values,
    check_weights,
)
from skrnn.windows.filling import fill_steps
from skrnn.windows.inputs import check_windows
from skrnn.windows.leads import leads_of

ENGINES = ("auto", "fused", "keras")


class NetworkRegressor(WindowRegressor):
    """What the networks share: training, validation on the newest part, going on, and prediction.

    Subclasses write ``_layers()``: the network's layers, from the parameters that they have of
    their own.
    """

    # What RNNRegressor alone can do.
    decoder = None
    sequence_targets = False

    @wholly
    def fit(self, X, y, sample_weight=None, *, validation_data=None):
        """Train the network.

        Parameters
        ----------
        X : Windows or array-like of shape (n_samples, steps, n_features) or (n_samples, steps)
            The windows. Those with unknown steps (NaN) are left out, with their y and weight.
        y : array-like of shape (n_samples,) or (n_samples, n_outputs)
            The targets. Samples with an unknown target (NaN) are left out.
        sample_weight : array-like of shape (n_samples,), default=None
            Weights of the samples.
        validation_data : tuple (X, y) or (X, y, sample_weight), default=None
            Windows and targets to validate on after each epoch, in place of the newest part of the
            training data.

        Returns
        -------
        self : NetworkRegressor
            The fitted network.
        """
        start = self._trained if self.warm_start and hasattr(self, "weights_") else None
        return self._train(X, y, sample_weight, validation_data, self._training(), start)

    @wholly
    def partial_fit(self, X, y, sample_weight=None):
        """Train for one more epoch, going on from the weights and the optimizer's state.

        Parameters
        ----------
        X : Windows or array-like of shape (n_samples, steps, n_features) or (n_samples, steps)
            The windows.
        y : array-like of shape (n_samples,) or (n_samples, n_outputs)
            The targets. Their scale (``normalize_y``) stays that of the first call.
        sample_weight : array-like of shape (n_samples,), default=None
            Weights of the samples.

        Returns
        -------
        self : NetworkRegressor
            The network.
        """
        start = self._trained if hasattr(self, "weights_") else None
        training = self._training(epochs=1, patience=None)
        return self._train(X, y, sample_weight, None, training, start, hold_out=False)

    def keras_model(self):
        """Make a stock Keras model of the fitted network.

        It takes windows (n, steps, n_features) without NaN, and gives targets in the unit of
        ``normalize_y``: (y - ``y_offset_``) / ``y_scale_``.

        Returns
        -------
        model : keras.Model
            A new model, not trained further by this estimator.
        """
        from skrnn.neural.keras_engine import keras_model

        check_is_fitted(self)
        return keras_model(self.network_, self.weights_)

    # ------------------------------------------------------------------ parameters as plain data

    @abstractmethod
    def _layers(self) -> tuple: ...

    @property
    def _sequence_target(self):
        """The column that every step forecasts; None where the last step alone does."""
        if isinstance(self.sequence_targets, bool | np.bool_):
            return 0 if self.sequence_targets else None
        return self.sequence_targets

    def _network(self, windows):
        dtype = check_option("dtype", self.dtype, ("float32", "float64"))
        return Network(
            windows.length,
            windows.n_features,
            self.n_outputs_,
            self._layers(),
            dtype,
            known_ahead=0 if self._known_ahead_ is None else len(self._known_ahead_.columns),
            every_step=self._sequence_target is not None,
        )

    def _training(self, **changes):
        check_option("engine", self.engine, ENGINES)
        check_count("batch_size", self.batch_size)
        if check_positive("learning_rate_decay", self.learning_rate_decay) > 1:
            raise ValueError(
                f"learning_rate_decay must be at most 1, got {self.learning_rate_decay!r}"
            )
        for name in ("learning_rate", "clipnorm"):
            if getattr(self, name) is not None:
                check_positive(name, getattr(self, name))
        if not isinstance(self.callbacks, list | tuple | None):
            raise ValueError(f"callbacks must be a list of Keras callbacks, got {self.callbacks!r}")
        values = {
            "loss": self.loss,
            "optimizer": self.optimizer,
            "learning_rate": self.learning_rate,
            "learning_rate_decay": self.learning_rate_decay,
            "clipnorm": self.clipnorm,
            "epochs": check_count("epochs", self.epochs),
            "patience": check_count("patience", self.patience, minimum=0)
            if self.early_stopping
            else None,
            "callbacks": tuple(self.callbacks or ()),
            "verbose": self.verbose,
            "seed": int(check_random_state(self.random_state).randint(1, 2**31 - 1)),
        }
        return Training(**{**values, **changes})

    def _fraction(self):
        """The share of the windows to validate on; 0 for none."""
        if self.validation_fraction is None:
            return 0.1 if self.early_stopping else 0.0
        return check_share("validation_fraction", self.validation_fraction, positive=True)

    # ------------------------------------------------------------------ training

    def _train(self, X, y, sample_weight, validation_data, training, start, *, hold_out=True):
        fraction = self._fraction() if hold_out and validation_data is None else 0.0
        samples = self._check_training(X, y, sample_weight, reset=start is None)
        windows, y, weights = samples.windows, samples.y, samples.weights
        network = self._network(windows)
        if start is not None and network != self.network_:
            raise ValueError(
                "training can only go on with the network as it is, but its parameters were changed "
                "since: "
                "set them back, or fit with warm_start=False"
            )
        newest = None
        if fraction:
            train, newest = newest_part(windows, fraction, self.n_outputs_)
            newest = windows[newest], y[newest], None if weights is None else weights[newest]
            windows, y, weights = (
                windows[train],
                y[train],
                None if weights is None else weights[train],
            )
        elif validation_data is not None:
            if not isinstance(validation_data, list | tuple) or len(validation_data) not in (2, 3):
                raise ValueError(
                    "validation_data must be a tuple (X, y) or (X, y, sample_weight), "
                    f"got {type(validation_data).__name__}"
                )
            newest = self._check_validation(*validation_data)
        if start is None:
            self._learn_scale(y, weights)
        self.network_ = network
        feed = self._feed(windows, y, weights, seed=training.seed)
        validation = None if newest is None else self._feed(*newest)
        self._run(training, feed, validation, start)
        return self

    def _engine(self, training=None):
        """The module that trains the network, and predicts with it."""
        if self.engine != "keras":
            from skrnn.neural.fused import engine

            uncovered = engine.uncovered(self.network_, training)
            if uncovered is None:
                return engine
            if self.engine == "fused":
                raise ValueError(
                    f"with engine='fused', {uncovered}: engine='keras' takes all that Keras has"
                )
            if self.verbose and training is not None:
                print(f"engine: Keras (for the fused one, {uncovered})")
        from skrnn.neural import keras_engine

        return keras_engine

    def _feed(self, windows, y, weights, *, seed=None):
        """The batches to train on, in the order of ``seed``, or without one to validate on."""
        targets = None
        if self._sequence_target is not None:
            targets = LastStep(self._scaled(y))
            if seed is not None:
                targets = step_targets(self, windows, y, self._sequence_target, self._scaled)
        return Feed(
            windows,
            self._scaled(y),
            _mean_one(weights),
            batch_size=self.batch_size,
            dtype=self.dtype,
            seed=seed,
            known_ahead=self._known_ahead_,
            step_targets=targets,
        )

    def _run(self, training, feed, validation, start):
        engine = self._engine(training)
        self.engine_ = engine.NAME
        trained = engine.train(self.network_, training, feed, validation, start)
        earlier = {} if start is None else start.history
        history = _continued(earlier, trained.history)
        self._trained = replace(trained, history=history, interrupted=False)
        self.weights_, self.history_ = trained.weights, history
        if trained.interrupted:
            epochs = len(trained.history.get("loss", []))
            warnings.warn(
                f"training was interrupted after {epochs} of {training.epochs} epochs: "
                "the model is fitted with what it has learned so far",
                UserWarning,
                stacklevel=4,
            )

    def _read(self, windows, *, reset=False):
        """The windows as the network reads them.

        With a decoder, what is known ahead is the decoder's to read.
        """
        if reset:
            self._known_ahead_ = None
            columns = np.flatnonzero(windows.shift)
            if self.decoder is not None and len(columns):
                if windows.maps:
                    raise ValueError(
                        "decoder='recurrent' reads the columns that are known ahead row by row, "
                        "which windows that are "
                        "scaled as a whole do not have: scale rows (SeriesScaler), or take them out "
                        "of known_ahead"
                    )
                self._known_ahead_ = KnownAhead(columns, leads_of(windows, self.n_outputs_))
        return windows if self._known_ahead_ is None else windows.replace(shift=None)

    def _check_training(self, X, y, sample_weight, *, reset):
        samples = self._samples(check_windows(self, X, reset=reset), y, sample_weight)
        if reset:
            self.n_outputs_ = samples.y.shape[1]
        elif samples.y.shape[1] != self.n_outputs_:
            raise ValueError(
                f"y must have {self.n_outputs_} output(s) as in the fit before, got shape "
                f"{np.shape(y)}"
            )
        samples = samples.with_windows(self._read(samples.windows, reset=reset))
        samples = samples.known(self._complete(samples.windows))
        if reset:
            self._remember(samples, y)
        return samples

    def _complete(self, windows):
        complete = windows.complete()
        if self._known_ahead_ is None:
            return complete
        complete[complete] = ~np.isnan(self._known_ahead_.take(windows[complete])).any(axis=(1, 2))
        return complete

    def _check_validation(self, X, y, sample_weight=None):
        windows = self._read(check_windows(self, X, reset=False))
        y = check_target_values(self, y, len(windows)).reshape(len(windows), -1)
        kept = self._complete(windows) & ~np.isnan(y).any(axis=1)
        if not kept.any():
            raise ValueError("validation_data has no complete window with a known target")
        if y.shape[1] != self.n_outputs_:
            raise ValueError(
                f"validation_data must have {self.n_outputs_} output(s) as y, got {y.shape[1]}"
            )
        weights = check_weights(sample_weight, len(windows))
        return windows[kept], y[kept], None if weights is None else weights[kept]

    def _learn_scale(self, y, weights):
        self.y_offset_, self.y_scale_ = np.zeros(self.n_outputs_), np.ones(self.n_outputs_)
        if self.normalize_y:
            self.y_offset_ = np.average(y, axis=0, weights=weights)
            deviation = np.sqrt(np.average((y - self.y_offset_) ** 2, axis=0, weights=weights))
            self.y_scale_ = np.where(deviation > 1e-12 * np.abs(self.y_offset_), deviation, 1.0)

    def _scaled(self, y):
        return (y - self.y_offset_) / self.y_scale_

    # ------------------------------------------------------------------ prediction

    def _predict(self, windows):
        return self._outputs(self._read(windows)) * self.y_scale_ + self.y_offset_

    def _outputs(self, windows):
        engine, left = self._engine(), np.arange(len(windows))
        y = np.empty((len(windows), self.n_outputs_))
        if hasattr(engine, "predict_windows") and self._known_ahead_ is None:
            complete = windows.complete()
            if complete.all():
                return engine.predict_windows(self.network_, self.weights_, windows)
            y[complete] = engine.predict_windows(self.network_, self.weights_, windows[complete])
            left = left[~complete]
        for part in windows[left].batches(max(self.batch_size, 1024)):
            batch = left[part]
            inputs = [fill_steps(windows.take(batch), self.fill_values_)]
            if self._known_ahead_ is not None:
                inputs.append(
                    self._known_ahead_.filled(windows[batch], inputs[0], self.fill_values_)
                )
            y[batch] = engine.predict(self.network_, self.weights_, *inputs)
        return y


def _continued(earlier, later):
    """The losses of both.

    NaN where one of them has none, so that all lists count the same epochs.
    """
    before, behind = (max(map(len, history.values()), default=0) for history in (earlier, later))
    return {
        name: earlier.get(name, [np.nan] * before) + later.get(name, [np.nan] * behind)
        for name in {**earlier, **later}
    }


def _mean_one(weights):
    """Weights with mean 1: the loss of a batch is divided by its size."""
    return None if weights is None else weights / weights.mean()
