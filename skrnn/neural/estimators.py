"""Networks as scikit-learn estimators: what they share, whatever their layers and their task."""

import copy
from abc import abstractmethod
from dataclasses import KW_ONLY, replace
from functools import partial

import numpy as np
from sklearn.utils import check_random_state
from sklearn.utils.validation import check_is_fitted

from skrnn.forecasters.samples import Samples
from skrnn.neural.checkpoint import Checkpoint
from skrnn.neural.codes import count_codes, known_codes
from skrnn.neural.engines import engine_for
from skrnn.neural.feeding import Feed, KnownAhead
from skrnn.neural.members import mean_history, train_side_by_side
from skrnn.neural.network import Attention, Embedding, Network, changes, check_outputs
from skrnn.neural.parameters import parameters
from skrnn.neural.sequence import LastStep, step_targets
from skrnn.neural.tasks import Numbers
from skrnn.neural.trainable import Trainable, warn_of_end
from skrnn.neural.training import goes_on
from skrnn.uncut import uncut
from skrnn.validation import DivergenceError, check_count, check_option
from skrnn.warn import warn
from skrnn.wholly import wholly
from skrnn.windows.array import Windows
from skrnn.windows.filling import filled
from skrnn.windows.inputs import check_windows
from skrnn.windows.leads import leads_of
from skrnn.wording import count, listing

# What epochs="auto" is, and what it is one of where there are so few samples that what they want
# differs most.
EPOCHS = 40
TRIED_EPOCHS = (8, 40, 120)
FEW_SAMPLES = 200
# What batch_size="auto" is; a network that learns slowly takes half from so few samples on, whose
# epochs are not chosen, to fewer than so many.
BATCH = 64
MANY_SAMPLES = 2_000


# What each of several networks has for itself.
_OWN = ("weights_", "trained_", "training_")


@parameters
class NetworkEstimator(Trainable):
    """Training, validation on the newest part, going on, and what the network gives.

    An architecture writes ``_layers()``, the network's layers. A task writes ``_learn_task``, what
    it learns of the targets before training, ``_loss()`` and ``_task()`` as the parameters have
    them, and ``_fitted_task()`` as the last training had it.
    """

    _: KW_ONLY
    batch_size: int | str = "auto"
    epochs: int | str = "auto"
    callbacks: list | None = None
    n_estimators: int = 1
    embedding: int | None = None

    @wholly
    def fit(
        self, X, y, sample_weight=None, *, validation_data: tuple | None = None
    ) -> "NetworkEstimator":
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
        self : object
            The fitted network.
        """
        self._check_seed()
        before = self._before() if self.warm_start else []
        samples = self._samples_for(before, X, y, sample_weight)
        validation = None
        if validation_data is not None:
            validation = self._validation_samples(validation_data)
        train = partial(type(self)._all_epochs, samples=samples, validation=validation)
        return self._train_each(train, before)

    @wholly
    def partial_fit(self, X, y, sample_weight=None) -> "NetworkEstimator":
        """Train for one more epoch, going on from the weights and the optimizer's state.

        So many calls with the same data are one ``fit`` with as many epochs, at a constant rate and
        without a validation part.

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
        self : object
            The network.
        """
        return self._go_on(X, y, sample_weight)

    def _go_on(self, X, y, sample_weight, *named):
        """Train for one more epoch, with what an estimator's ``partial_fit`` names beside."""
        before = self._before()
        samples = self._samples_for(before, X, y, sample_weight, *named)
        return self._train_each(partial(type(self)._one_epoch, samples=samples), before)

    def attention_weights(self, X) -> np.ndarray | list[np.ndarray]:
        """Tell how much each step counts in a network with ``pooling="attention"``.

        Parameters
        ----------
        X : Windows, sequences, or array-like of shape (n_samples, steps, n_features)
            The windows.

        Returns
        -------
        weights : ndarray of shape (n_samples, steps), or list of ndarray of shape (steps,)
            Weights of the steps, which add up to 1; of sequences a list. Of several networks, the
            mean of theirs.
        """
        check_is_fitted(self, "network_")
        if not any(isinstance(layer, Attention) for layer in self.network_.layers):
            raise ValueError('attention_weights needs a network with pooling="attention"')
        windows = check_windows(self, X, reset=False)
        members = self._members or [self]
        shares = np.mean([member._attention(windows) for member in members], axis=0)
        if windows.lengths is None:
            return shares
        return [own[there] for own, there in zip(shares, windows.there(), strict=True)]

    def _attention(self, windows):
        windows = self._read(windows)
        if not self._complete(windows).all():
            windows = filled(windows, self.fill_values_)
        network = self._network_on(self.network_, windows)
        return engine_for("fused", network).attention(network, self.weights_, windows)

    def keras_model(self):
        """Make a stock Keras model of the fitted network.

        It takes windows (n, steps, n_features) without NaN, and predicts what ``predict`` does, or
        with ``quantiles`` what ``predict_quantiles`` does, as (n, n_outputs · n_quantiles). Of
        classes it gives probabilities: of the second of two, of each of more, or of each label.
        After sequences it takes arrays of any length with NaN in front of the first step of each,
        which is its mask: ``numpy.asarray`` of ``Windows``.

        Returns
        -------
        model : keras.Model, or list of keras.Model
            A new model, not trained further by this estimator; of several networks one of each.
        """
        with uncut():
            from skrnn.neural.keras.engine import keras_model

        check_is_fitted(self)
        if self._members:
            return [member.keras_model() for member in self._members]
        scale, offset = self._fitted_task().unit_of_outputs()
        network = self.network_
        if network.any_length:
            network = network.on(self.window_shape_[0])
        return keras_model(network, self.weights_, scale=scale, offset=offset)

    # ------------------------------------------------------------------ parameters as plain data

    def _too_short(self, steps: int, needed: int) -> str:
        """What to say of windows of which the layers leave nothing."""
        return (
            f"windows of {steps} steps are too short, the layers need {needed}: use longer windows"
        )

    def _sequence_too_short(self, there: np.ndarray, needed: int) -> str:
        """The same of sequences of so many steps each."""
        short = np.flatnonzero(there < needed)
        steps = count(int(there[short[0]]), "step")
        return (
            f"{count(len(short), 'sequence')} of {len(there)} cannot be read, the first of them "
            f"number {short[0]}: it has {steps}, and the layers need {needed}. Leave such out, put "
            "unknown steps (0 in codes) in front, or fit a network that reads them, as with "
            'segment=1 or padding="same"'
        )

    # What recurrent networks alone can do.
    decoder = None
    sequence_targets = False

    def _embeddings(self) -> tuple:
        """What makes vectors of codes, where X is codes."""
        if self.embedding is None:
            return ()
        return (Embedding(self.n_codes_, check_count("embedding", self.embedding)),)

    @abstractmethod
    def _layers(self) -> tuple: ...

    @abstractmethod
    def _learn_task(self, samples: Samples) -> None: ...

    @abstractmethod
    def _task(self) -> Numbers: ...

    @abstractmethod
    def _fitted_task(self) -> Numbers: ...

    @property
    def _sequence_target(self):
        """The column that every step forecasts; None where the last step alone does."""
        if isinstance(self.sequence_targets, bool | np.bool_):
            return 0 if self.sequence_targets else None
        return self.sequence_targets

    def _network(self, windows):
        task = self._task()
        known_ahead = self.known_ahead_
        network = Network(
            steps=None,
            features=windows.n_features,
            targets=self.n_outputs_,
            layers=(*self._embeddings(), *self._layers()),
            dtype=check_option("dtype", self.dtype, ("float32", "float64")),
            known_ahead=0 if known_ahead is None else len(known_ahead.columns),
            every_step=self._sequence_target is not None,
            per_target=task.per_target,
            link=task.link,
        )
        return network if network.any_length else network.on(windows.length)

    # ------------------------------------------------------------------ training

    # Whether windows that are series of their own are validated on by any of them. Where they may
    # be pieces of one series, in order of time, only the newest prove anything.
    validates_on_any = False

    def _split(self, samples, fraction, seed):
        """The samples to train on, and those to validate on."""
        if self._validates_by_shares(samples.windows):
            classes = samples.y if self.validates_on_any else None
            return samples.split_share(fraction, seed, classes)
        return samples.split_newest(fraction)

    def _validates_by_shares(self, windows):
        """Whether any of the windows may validate, as none is newer than others."""
        alone = len(np.unique(windows.series)) == len(windows) > 1
        return alone and (self.validates_on_any or windows.lengths is not None)

    def _name_targets(self, y, n: int, reset: bool) -> None:
        """Learn what the targets of n samples are called. Numbers have no names."""

    def _training_samples(self, X, y, sample_weight, reset, *named):
        """What is learned from. The first training remembers what stands in for the unknown."""
        windows = check_windows(self, X, reset=reset)
        self._name_targets(y, len(windows), reset, *named)
        self._learn_codes(windows, reset)
        samples = self._samples(windows, y, sample_weight)
        if reset:
            self.known_ahead_ = self._known_ahead(samples)
        elif samples.y.shape[1] != self.n_outputs_:
            raise ValueError(
                f"y must have {self.n_outputs_} output(s) as in the fit before, got shape "
                f"{np.shape(y)}"
            )
        samples = self._learnable(samples)
        if reset:
            self._remember(samples, y)
        return samples

    def _learnable(self, samples):
        samples = samples.with_windows(self._read(samples.windows))
        return samples.known(self._complete(samples.windows))

    def _validation_samples(self, validation_data):
        if not isinstance(validation_data, list | tuple) or len(validation_data) not in (2, 3):
            raise ValueError(
                "validation_data must be a tuple (X, y) or (X, y, sample_weight), "
                f"got {type(validation_data).__name__}"
            )
        X, y, *weights = validation_data
        windows = check_windows(self, X, reset=False)
        samples = self._samples(windows, y, weights[0] if weights else None)
        samples = samples.with_windows(self._read(samples.windows))
        known = self._complete(samples.windows) & ~np.isnan(samples.y).any(axis=1)
        if samples.weights is not None:
            known &= samples.weights > 0
        if not known.any():
            raise ValueError(
                "validation_data has no complete window with a known target and a weight above 0"
            )
        if samples.y.shape[1] != self.n_outputs_:
            raise ValueError(
                f"validation_data must have {self.n_outputs_} output(s) as y, "
                f"got {samples.y.shape[1]}"
            )
        return samples.take(known)

    def _check_batch_size(self):
        if isinstance(self.batch_size, str) and self.batch_size != "auto":
            raise ValueError(
                f'batch_size must be "auto" or a whole number, got {self.batch_size!r}'
            )
        if self.batch_size != "auto":
            super()._check_batch_size()

    def _batch_size(self, n_samples):
        """How many samples a training step has, of so many."""
        if self.batch_size != "auto":
            return self.batch_size
        halved = self.learns_slowly and FEW_SAMPLES <= n_samples < MANY_SAMPLES
        return BATCH // 2 if halved else BATCH

    def _epochs(self):
        if isinstance(self.epochs, str) and self.epochs != "auto":
            raise ValueError(f'epochs must be "auto" or a whole number, got {self.epochs!r}')
        return EPOCHS if self.epochs == "auto" else super()._epochs()

    def _chosen_epochs(self, samples, training):
        """How many epochs ``epochs="auto"`` is: of few samples what forecast the newer ones best.

        None of the trainings that tell is kept.
        """
        # Keras's own objects may remember what they have seen.
        named = [self.optimizer, training.loss.kind]
        if self.callbacks or not all(isinstance(name, str) for name in named):
            return EPOCHS
        if len(samples) >= FEW_SAMPLES:
            return EPOCHS
        if self.early_stopping:
            return max(TRIED_EPOCHS)
        losses = dict.fromkeys(TRIED_EPOCHS, 0.0)
        for older, newer in self._two_splits(samples, training.seed):
            for epochs in losses:
                probe = copy.copy(self)
                probe.engine = "auto"
                how = replace(training, epochs=epochs, verbose=0)
                losses[epochs] += probe._last_loss(older, newer, how)
        # Without a split, or where none of them learns, all are alike.
        return min(losses, key=lambda epochs: (losses[epochs], epochs != EPOCHS))

    def _two_splits(self, samples, seed):
        """Two times older samples, and newer ones that tell what these teach; none of too few."""
        try:
            if self._validates_by_shares(samples.windows):
                classes = samples.y if self.validates_on_any else None
                return [samples.split_share(0.25, seed + n, classes) for n in range(2)]
            return samples.split_blocks(2, len(samples) // 4)
        except ValueError:
            return []

    def _last_loss(self, samples, validation, training):
        """The loss of other samples behind the last epoch."""
        try:
            trained = self._run(samples, validation, training, None)
        except DivergenceError:
            return np.inf
        if trained.ended == "interrupted":
            raise KeyboardInterrupt
        return np.inf if trained.ended else trained.history["val_loss"][-1]

    def _all_epochs(self, start, *, samples, validation):
        """Train one network, and without samples to validate on perhaps hold some back."""
        training = self._training()
        fraction = self._fraction() if validation is None else 0.0
        if fraction:
            samples, validation = self._split(samples, fraction, training.seed)
        if start is None and self.epochs == "auto":
            training = replace(training, epochs=self._chosen_epochs(samples, training))
        return self._train(samples, validation, training, start, self._checkpoint())

    def _one_epoch(self, start, *, samples):
        """Train one network for one more epoch."""
        training = self._training(stays=True, epochs=1, patience=None)
        return self._train(samples, None, training, start)

    def _train(self, samples, validation, training, start, folder=None):
        trained = self._run(samples, validation, training, start, folder)
        warn_of_end(trained, training)
        self.training_ = training
        self.trained_ = goes_on(start, trained)
        self.weights_ = self.trained_.weights
        self.history_ = self.trained_.history
        return self

    def _run(self, samples, validation, training, start, folder=None):
        """What a training leaves."""
        if start is None:
            self._learn_task(samples)
        network = self._network(samples.windows)
        changed = [] if start is None else self._changed(network)
        if changed:
            raise ValueError(_changed_since(changed))
        self.network_ = network
        unrolled = self._network_on(network, samples.windows)
        engine = engine_for(self.engine, unrolled, training)
        feed = self._feed(samples, seed=training.seed)
        tested = None if validation is None else self._feed(validation)
        checkpoint = None
        if folder is not None:
            what = (engine.NAME, self._sequence_target, unrolled, training, feed, tested, start)
            checkpoint = Checkpoint(folder, what)
        self.engine_ = engine.NAME
        return engine.train(unrolled, training, feed, tested, start, checkpoint)

    def _changed(self, network):
        """The parameters in which a network is not that of the fit before."""
        if self._loss().quantiles != getattr(self, "quantiles_", ()):
            return ["quantiles"]
        return changes(network, self.network_)

    def _feed(self, samples, *, seed=None):
        """The batches to train on, in the order of ``seed``, or without one to validate on."""
        task = self._task()
        y = task.targets(samples.y)
        targets = None
        if self._sequence_target is not None:
            targets = LastStep(y)
            if seed is not None:
                targets = step_targets(
                    self, samples.windows, samples.y, self._sequence_target, task.targets
                )
        return Feed(
            samples.windows,
            y,
            _mean_one(samples.weights),
            batch_size=self._batch_size(len(samples)),
            dtype=self.dtype,
            seed=seed,
            known_ahead=self.known_ahead_,
            step_targets=targets,
        )

    # ------------------------------------------------------------------ several networks

    @property
    def _members(self) -> list:
        """The networks that were trained side by side; none where there is but one."""
        return getattr(self, "estimators_", [])

    def _has_members(self):
        return check_count("n_estimators", self.n_estimators) > 1

    def _before(self):
        """The networks of the training before, which goes on; none without any."""
        self._check_goes_on_as_many()
        if self._members:
            return [copy.copy(member) for member in self._members]
        return [self] if hasattr(self, "trained_") else []

    def _samples_for(self, before, *given):
        """What is learned from; networks that go on know what it tells."""
        if not before:
            self._forget()
        known = dict(vars(self))
        samples = self._training_samples(*given[:3], not before, *given[3:])
        told = {
            name: value
            for name, value in vars(self).items()
            if name not in known or known[name] is not value
        }
        for network in before:
            vars(network).update(told)
        return samples

    def _forget(self):
        """Nothing of the fit before."""
        for name in (*_learned(self), *_OWN):
            vars(self).pop(name, None)

    def _check_goes_on_as_many(self):
        """Training goes on with as many networks as there are."""
        n_before = len(self._members) or int(hasattr(self, "trained_"))
        if n_before and n_before != self.n_estimators:
            networks = f"{n_before} networks" if n_before > 1 else "one network"
            raise ValueError(
                f"training can only go on with the {networks} of the fit before, got "
                f"n_estimators={self.n_estimators}"
            )

    def _train_each(self, train, before):
        """Train one network or several, from seeds of their own, or go on with those before.

        ``train`` takes a network, and the training of it that goes on, or None.
        """
        if not self._has_members():
            return train(self, self.trained_ if before else None)
        seeds = self.seeds_ if before else self._drawn_seeds()
        params = self.get_params(deep=False)
        members = []
        for number, seed in enumerate(seeds.tolist()):
            member = before[number] if before else self._untrained()
            # One bar is enough.
            own = {"random_state": seed, "verbose": 0 if number else self.verbose}
            vars(member).update({**params, **own, "n_estimators": 1})
            members.append(member)
        self.estimators_ = train_side_by_side(
            lambda member: train(member, member.trained_ if before else None),
            members,
            threads=self.engine != "keras",
        )
        self._take_over(self.estimators_)
        self.seeds_ = seeds
        return self

    def _drawn_seeds(self):
        random = check_random_state(self.random_state)
        return random.randint(1, 2**31 - 1, size=self.n_estimators)

    def _untrained(self):
        """A network that knows what the samples tell, and nothing else of this one."""
        network = type(self)()
        vars(network).update(_learned(self))
        return network

    def _take_over(self, members):
        """Know of the fit what each member knows of it alike."""
        vars(self).update(_learned(members[0]))
        for name in _OWN:
            vars(self).pop(name, None)
        self.history_ = mean_history([member.history_ for member in members])

    # ------------------------------------------------------------------ windows as they are read

    def _known_ahead(self, samples) -> KnownAhead | None:
        """What a decoder reads: the columns that are known ahead, row by row."""
        columns = np.flatnonzero(samples.windows.shift)
        if self.decoder is None or not len(columns):
            return None
        if not samples.windows.shares_rows:
            raise ValueError(
                "decoder='recurrent' reads the columns that are known ahead row by row, which "
                "windows that are scaled as a whole do not have: scale rows (SeriesScaler), or "
                "take them out of known_ahead"
            )
        return KnownAhead(columns, leads_of(samples.windows, samples.y.shape[1]))

    def _learn_codes(self, windows: Windows, reset: bool) -> None:
        """How many codes there are; those that a later training brings beside are unknown."""
        if reset:
            vars(self).pop("n_codes_", None)
        if self.embedding is None:
            return
        n_codes = count_codes(windows)
        if reset:
            self.n_codes_ = n_codes
        elif not hasattr(self, "n_codes_"):
            raise ValueError(_changed_since(["embedding"]))
        elif n_codes > self.n_codes_:
            warn(
                f"X has codes up to {n_codes - 1}, and the first fit had them up to "
                f"{self.n_codes_ - 1}: those above read as 0, which is unknown"
            )

    def _read(self, windows: Windows) -> Windows:
        """The windows as the network reads them.

        What a decoder reads is no part of them, and codes that ``fit`` did not see are 0.
        """
        if self.embedding is not None:
            windows = known_codes(windows, self.n_codes_)
        return windows if self.known_ahead_ is None else windows.replace(shift=None)

    def _complete(self, windows):
        """Mask of the windows of which everything is known that the network reads."""
        complete = windows.complete()
        if self.known_ahead_ is None:
            return complete
        ahead = self.known_ahead_.take(windows[complete])
        complete[complete] = ~np.isnan(ahead).any(axis=(1, 2))
        return complete

    def _network_on(self, network: Network, windows: Windows) -> Network:
        """The network on these windows, or on sequences of any length."""
        there = windows.steps_there()
        shortest = int(there.min(initial=windows.length))
        if shortest < network.fewest_steps:
            if windows.lengths is not None:
                raise ValueError(self._sequence_too_short(there, network.fewest_steps))
            raise ValueError(self._too_short(shortest, network.fewest_steps))
        if not network.any_length:
            return network
        if windows.lengths is None:
            return network.on(windows.length)
        if getattr(self, "unroll", False):
            raise ValueError(
                f"unroll=True needs windows of one length, got sequences of {shortest} to "
                f"{windows.length} steps: leave it out"
            )
        return network.on(None)

    # ------------------------------------------------------------------ prediction

    def _outputs(self, windows: Windows) -> np.ndarray:
        """What the network gives for windows, some of them incomplete."""
        windows = self._read(windows)
        network = self._network_on(self.network_, windows)
        engine = engine_for(self.engine, network)
        scale, _ = self._fitted_task().unit_of_outputs()
        check_outputs(network, self.weights_, len(scale) // network.per_target)
        complete = self._complete(windows)
        known = windows if complete.all() else windows[complete]
        ahead = None if self.known_ahead_ is None else self.known_ahead_.take(known)
        found = engine.predict(network, self.weights_, known, ahead)
        if known is windows:
            return found.astype(np.float64, copy=False)
        outputs = np.empty((len(windows), network.outputs))
        outputs[complete] = found
        rest = np.flatnonzero(~complete)
        for part in windows[rest].batches(1024):
            some = windows[rest[part]]
            complete = filled(some, self.fill_values_)
            ahead = self._filled_ahead(some, complete)
            outputs[rest[part]] = engine.predict(network, self.weights_, complete, ahead)
        return outputs

    def _filled_ahead(self, windows, complete):
        """What a decoder reads, with the unknown filled as it is in the ``complete`` windows."""
        if self.known_ahead_ is None:
            return None
        return self.known_ahead_.filled(windows, complete.take(), self.fill_values_)


def _learned(network):
    """What a network knows of a fit, but for what each of several has for itself.

    Who fits may leave other things in it for as long as that takes.
    """
    return {
        name: value
        for name, value in vars(network).items()
        if name.endswith("_") and not name.startswith("_") and name not in _OWN
    }


def _changed_since(names):
    return (
        f"training can only go on with the network as it is, but {listing(names)} "
        "changed since: set this back, or fit with warm_start=False"
    )


def _mean_one(weights):
    """Weights with mean 1: the loss of a batch is divided by its size."""
    return None if weights is None else weights / weights.mean()
