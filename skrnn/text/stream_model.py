"""What models of texts share, whatever their alphabet: training on a stream, scores, sampling."""

import numbers
from abc import abstractmethod
from collections.abc import Iterator, Mapping
from dataclasses import KW_ONLY
from typing import Any

import numpy as np
from scipy.special import softmax
from sklearn.base import BaseEstimator
from sklearn.utils import check_random_state
from sklearn.utils.validation import check_is_fitted

from skrnn.neural.checkpoint import Checkpoint
from skrnn.neural.network import Dropout, Network, OneHot, Recurrent
from skrnn.neural.parameters import parameters
from skrnn.neural.rnn import CELLS, LINEAR_CELLS
from skrnn.neural.streams import Stream, StreamCourse, StreamFeed
from skrnn.neural.trainable import Trainable, warn_of_end
from skrnn.neural.training import Loss, goes_on
from skrnn.uncut import uncut
from skrnn.validation import check_count, check_counts, check_option, check_share
from skrnn.warn import warn
from skrnn.wholly import wholly
from skrnn.wording import listing

# So many unseen letters are named.
NAMED = 10


@parameters
class StreamModel(Trainable, BaseEstimator):
    """A recurrent network that tells what comes next, letter by letter or word by word.

    An alphabet writes ``_texts``, the texts of an argument as sequences of symbols,
    ``_learn_alphabet``, which finds the symbols of texts and how likely all others are, and
    ``_codes``, the code of each symbol of some texts.
    """

    # What a text is made of.
    symbols = "letters"
    explodes = True

    cell: str = "lstm"
    units: int | tuple[int, ...] = (512,)
    _: KW_ONLY
    length: int = 128
    dropout: float = 0.0
    recurrent_dropout: float = 0.0
    learning_rate: float | None = 0.004
    epochs: int = 10

    @wholly
    def fit(self, text, y=None, *, validation_text=None):
        """Train the network.

        Parameters
        ----------
        text : text or list of texts
            What to learn. Each text begins with a state of zero.
        y : None
            Not used.
        validation_text : text or list of texts, default=None
            What to validate on after each epoch, in place of the end of ``text``.

        Returns
        -------
        self : object
            The fitted model.
        """
        start = getattr(self, "trained_", None) if self.warm_start else None
        texts = self._texts(text)
        held_out = None
        if validation_text is not None:
            held_out = self._texts(validation_text)
        elif self._fraction():
            texts, held_out = _split(texts, self._fraction(), self.symbols)
        training = self._training()
        if start is None:
            self._learn_alphabet(texts)
        return self._train(texts, held_out, training, start, self._checkpoint())

    @wholly
    def partial_fit(self, text, y=None):
        """Train for one more epoch at a constant rate, going on from the weights.

        Parameters
        ----------
        text : text or list of texts
            What to learn. The alphabet stays that of the first call.
        y : None
            Not used.

        Returns
        -------
        self : object
            The model.
        """
        start = getattr(self, "trained_", None)
        texts = self._texts(text)
        training = self._training(stays=True, epochs=1, patience=None)
        if start is None:
            self._learn_alphabet(texts)
        return self._train(texts, None, training, start)

    def score(self, text, y=None) -> float:
        """Mean log2 of the probability that each letter or token had, given all before it.

        It is exact: the state is carried through each text, from its first symbol to its last. The
        first one of a text has the probability of beginning it. Symbols that the model does not
        tell apart share ``unknown_probability_``: each kind that it left out in training, and what
        never came as one more, has the same part.

        Parameters
        ----------
        text : text or list of texts
            What to score.
        y : None
            Not used.

        Returns
        -------
        score : float
            The higher the better, at most 0.
        """
        streaming = _streaming()

        check_is_fitted(self, "network_")
        stream = Stream.of(self._encoded(self._texts(text), self._told_of_unknown()))
        length = min(check_count("length", self.length), stream.longest)
        total, n_known = streaming.nats(self.network_.on(length), self.weights_, stream)
        bits = -total / np.log(2) + n_known * np.log2(1 - self.unknown_probability_)
        bits += (len(stream) - n_known) * np.log2(self._probability_of_each_unknown())
        return float(bits / len(stream))

    def iter_generate(
        self, prompt=None, *, temperature: float = 1.0, top_k: int | None = None, random_state=None
    ) -> Iterator:
        """Make up what follows, one after the other, without an end.

        Parameters
        ----------
        prompt : text, default=None
            What has been written so far. Without any, a text begins.
        temperature : float, default=1.0
            Scores are divided by it: below 1 the likely becomes likelier, and at 0 the likeliest is
            taken every time.
        top_k : int, default=None
            Draw from so many of the likeliest only.
        random_state : int, RandomState or None, default=None
            Makes it repeatable.

        Yields
        ------
        symbol : str
            What comes next.
        """
        streaming = _streaming()

        check_is_fitted(self, "network_")
        if not isinstance(temperature, numbers.Real) or not 0 <= temperature < np.inf:
            raise ValueError(
                f"temperature must be a finite number of at least 0, got {temperature!r}"
            )
        if top_k is not None:
            check_count("top_k", top_k)
        random = check_random_state(random_state)
        texts = [] if prompt is None else self._texts(prompt, empty=True)
        if len(texts) > 1:
            raise TypeError(
                f"prompt must be one text, got a list of {len(texts)}: call it for each of them"
            )
        prompted = self._encoded(texts, "generate reads each as nothing")
        walk = streaming.Walk(self.network_, self.weights_)
        # Training again changes nothing of what is being written.
        return _drawn(walk, self.alphabet_, prompted, (temperature, top_k), random)

    # ------------------------------------------------------------------ alphabets

    @abstractmethod
    def _texts(self, text, *, empty: bool = False) -> list: ...

    @abstractmethod
    def _learn_alphabet(self, texts: list) -> None: ...

    @abstractmethod
    def _codes(self, texts: list) -> list[np.ndarray]: ...

    # Whether symbols that did not come in fit are a surprise, which is said.
    _says_unseen = True

    def _probability_of_each_unknown(self):
        """That of each kind that was left out in training, and of what never came as one more."""
        # Files of before have no such number, and gave all of them that of any.
        return self.unknown_probability_ / (getattr(self, "n_left_out_", 0) + 1)

    def _told_of_unknown(self):
        probability = self._probability_of_each_unknown()
        return f"score reads each as nothing, and gives it a probability of {probability:.2g}"

    def _encoded(self, texts, what):
        """The codes of all texts; what becomes of that which the alphabet lacks is said once."""
        codes = self._codes(texts)
        if self._says_unseen and any((code == 0).any() for code in codes):
            pairs = zip(texts, codes, strict=True)
            unseen = {text[i] for text, code in pairs for i in np.flatnonzero(code == 0)}
            named = sorted(map(repr, unseen))
            if len(named) > NAMED:
                named = [*named[:NAMED], f"{len(named) - NAMED} more"]
            warn(f"{listing(named)} did not come in fit: {what}")
        return codes

    # ------------------------------------------------------------------ training

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.input_tags.string = True
        tags.input_tags.two_d_array = False
        return tags

    def _loss(self):
        return Loss("softmax")

    def _layers(self):
        cell = check_option("cell", self.cell, CELLS)
        dropout = check_share("dropout", self.dropout)
        units = check_counts("units", self.units)
        if not units:
            raise ValueError("units must name at least one layer, got an empty tuple")
        recurrent_dropout = check_share("recurrent_dropout", self.recurrent_dropout)
        if recurrent_dropout and cell in LINEAR_CELLS:
            raise ValueError(
                f"recurrent_dropout must be 0 with cell={cell!r}, whose gates read no state, got "
                f"{recurrent_dropout}: use dropout"
            )
        layers = [self._reader()]
        for size in units:
            layers.append(
                Recurrent(cell, size, recurrent_dropout=recurrent_dropout, sequences=True)
            )
            if dropout:
                layers.append(Dropout(dropout))
        return tuple(layers)

    def _reader(self):
        """The layer that reads codes."""
        return OneHot(len(self.alphabet_))

    def _network(self):
        return Network(
            steps=None,
            features=1,
            targets=1,
            layers=self._layers(),
            dtype=check_option("dtype", self.dtype, ("float32", "float64")),
            every_step=True,
            per_target=len(self.alphabet_),
            link="softmax",
        )

    def _train(self, texts, held_out, training, start, folder=None):
        streaming = _streaming()

        if self.engine == "keras":
            raise ValueError(
                "engine='keras' carries no state from window to window: leave engine='auto', or "
                "use engine='fused'"
            )
        network = self._network()
        uncovered = streaming.uncovered(network, training)
        if uncovered is not None:
            raise ValueError(f"with engine='fused', which alone carries states, {uncovered}")
        if start is not None and network != self.network_:
            raise ValueError(
                "training can only go on with the network as it is, but its parameters were "
                "changed since: set them back, or fit with warm_start=False"
            )
        stream = self._learned(texts, "training")
        validation = None if held_out is None else self._learned(held_out, "validation")
        feed = StreamFeed(
            stream,
            length=check_count("length", self.length),
            batch_size=self.batch_size,
            seed=training.seed,
        )
        checkpoint = None
        if folder is not None:
            read = (stream, feed.length, feed.batch_size, validation)
            checkpoint = Checkpoint(folder, (streaming.NAME, network, training, *read, start))
        course = StreamCourse(training, len(feed), start, checkpoint)
        course.symbols = self.symbols
        trained = streaming.train(network, course, feed, validation)
        warn_of_end(trained, training)
        self.network_ = network
        self.engine_ = streaming.NAME
        self.training_ = training
        self.trained_ = goes_on(start, trained)
        self.weights_ = self.trained_.weights
        self.history_ = self.trained_.history
        return self

    def _learned(self, texts, what):
        """The stream of texts that training or validation reads: some of it must be known."""
        told = f"{what} reads each as nothing, and leaves it out of the loss"
        codes = self._encoded(texts, told)
        if not any(code.any() for code in codes):
            raise ValueError(
                f"the text for {what} must have some of the {self.symbols} that came in fit, got "
                f"none among {sum(map(len, codes))}: what is unknown tells nothing"
            )
        return Stream.of(codes)


def check_no_table(text: Any, kind: str) -> None:
    """No table and no mapping, of which texts would be the names of columns or keys."""
    if isinstance(text, Mapping) or hasattr(text, "columns"):
        raise TypeError(
            f"text must be {kind}, got {type(text).__name__}: pass the texts alone, as one column "
            "or list(texts.values())"
        )


def _streaming():
    """The engine of streams, whose import takes long, and is not to be cut."""
    with uncut():
        from skrnn.neural.fused import streaming
    return streaming


def _split(texts, fraction, symbols):
    """The texts up to a share of all symbols, and the rest: it may begin inside of a text."""
    n_all = sum(map(len, texts))
    left = n_all - round(n_all * fraction)
    if not 0 < left < n_all:
        raise ValueError(
            f"validation_fraction={fraction} of {n_all} {symbols} leaves none to train on, or none "
            "to validate on: use a longer text"
        )
    before = []
    behind = []
    for text in texts:
        before.append(text[:left])
        behind.append(text[left:])
        left = max(0, left - len(text))
    return [text for text in before if len(text)], [text for text in behind if len(text)]


def _drawn(walk, alphabet, prompted, how, random):
    """Symbols that follow the codes of a prompt, without an end."""
    scores = walk.step(0)
    for code in np.concatenate([np.zeros(0, int), *prompted]):
        scores = walk.step(int(code))
    while True:
        choice = _draw(scores, *how, random)
        yield alphabet[choice]
        scores = walk.step(choice + 1)


def _draw(scores, temperature, top_k, random):
    """One of the classes, as their scores say."""
    if temperature == 0:
        return int(np.argmax(scores))
    if top_k is not None and top_k < len(scores):
        least = np.partition(scores, -top_k)[-top_k]
        scores = np.where(scores >= least, scores, -np.inf)
    # What is far below the best becomes -inf where the temperature is next to nothing.
    with np.errstate(over="ignore"):
        probabilities = softmax((scores - scores.max()) / temperature)
    return int(random.choice(len(probabilities), p=probabilities))
