"""TokenModel: a recurrent network that writes sequences of words, or of any other tokens."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import KW_ONLY
from itertools import islice

import numpy as np

from skrnn.neural.network import Embedding
from skrnn.neural.parameters import parameters
from skrnn.text.stream_model import StreamModel, check_no_table
from skrnn.validation import check_count
from skrnn.warn import warn

Token = str | int


@parameters
class TokenModel(StreamModel):
    """A recurrent network that tells the next token of a sequence, and writes others.

    Tokens are strings or whole numbers: words, syllables, notes, the pages that a visitor sees. A
    text is a list of them, in order. Otherwise it is `CharacterModel`: trained on every token by
    truncated backpropagation through time, with the state carried from window to window. ::

        text       to be or not to be      ["to", "be", "or", "not", "to", "be"]
        target     to  be  or   not        what comes, at each step
        input      ·   to  be   or         what came before it; in front of a text nothing

    Parameters
    ----------
    cell : {"lstm", "gru", "simple", "mingru", "minlstm"}, default="lstm"
        The recurrent cell.
    units : int or tuple of int, default=(256,)
        Units of the layer, or of each of a stack.
    embedding : int, default=64
        Numbers of the vector that is learned for each token, and for what is unknown. Adam moves
        the vectors of a window's tokens alone. None: a token is one of so many numbers, as a letter
        is.
    max_features : int, default=10_000
        How many tokens are told apart, at most: those that come most often. All others are
        unknown. None: all of them.
    length : int, default=32
        Tokens of a window: over so many steps errors are traced back.
    <streams>

    Attributes
    ----------
    alphabet_ : list of str or int
        The tokens that are told apart, the most frequent first; of those that are as frequent the
        lesser.
    unknown_probability_ : float
        The probability that any token comes which is not among them: what was their share in
        training, all and their number raised by 1. The network's own probabilities share the rest.
    n_tokens_, n_unknown_ : int
        How many tokens were learned from, and how many of them ``max_features`` left unknown.
    n_left_out_ : int
        How many kinds of tokens it left unknown. In ``score`` each of these, and what never came as
        one more, has the same part of ``unknown_probability_``: so models with other
        ``max_features`` can be compared.
    history_ : dict of list
        "loss", and "val_loss" where there was a validation, of every epoch, in nats a token that is
        known.
    network_, training_, weights_, trained_
        As those of `RNNClassifier`.

    Examples
    --------
    >>> from skrnn import TokenModel
    >>> words = "to be or not to be that is the question".split() * 20
    >>> model = TokenModel(units=16, length=8, epochs=30, learning_rate=0.02, random_state=0)
    >>> model.fit(words).generate(["or", "not"], 4, temperature=0)
    ['to', 'be', 'that', 'is']
    """

    units: int | tuple[int, ...] = (256,)
    _: KW_ONLY
    embedding: int | None = 64
    max_features: int | None = 10_000
    length: int = 32

    symbols = "tokens"

    def generate(
        self,
        prompt: Sequence[Token] = (),
        n: int = 50,
        *,
        temperature: float = 1.0,
        top_k: int | None = None,
        random_state=None,
    ) -> list:
        """Write on.

        Parameters
        ----------
        prompt : list of tokens, default=()
            What has been written so far. Without any, a text begins.
        n : int, default=50
            How many tokens to write.
        temperature : float, default=1.0
            Scores are divided by it: below 1 the likely becomes likelier, and at 0 the likeliest
            token is taken every time.
        top_k : int, default=None
            Draw from so many of the likeliest tokens only.
        random_state : int, RandomState or None, default=None
            Makes it repeatable.

        Returns
        -------
        tokens : list of str or int
            The tokens behind the prompt, none of them unknown.
        """
        check_count("n", n, minimum=0)
        tokens = self.iter_generate(
            prompt, temperature=temperature, top_k=top_k, random_state=random_state
        )
        return list(islice(tokens, n))

    def bits_per_token(self, text: Sequence) -> float:
        """Tell how many bits a token costs: what ``score`` gives, with the other sign.

        Parameters
        ----------
        text : list of tokens, or list of such lists
            What to score.

        Returns
        -------
        bits : float
        """
        return -self.score(text)

    # ------------------------------------------------------------------ tokens

    @property
    def _says_unseen(self):
        # Where some were left out in training, others are no surprise.
        return not self.n_unknown_

    def _texts(self, text, *, empty=False):
        check_no_table(text, "a list of tokens, or of such lists")
        if isinstance(text, str | bytes) or not np.iterable(text):
            raise TypeError(
                f"text must be a list of tokens, or of such lists, got {type(text).__name__}: "
                "split it first, as text.split() does"
            )
        parts = list(text)
        several = any(np.iterable(part) and not isinstance(part, str | bytes) for part in parts)
        texts = [_tokens(part) for part in (parts if several else [parts])]
        kinds = {type(token) for tokens in texts for token in tokens}
        if len(kinds) > 1:
            raise TypeError(
                "text must have tokens of one kind, got strings and whole numbers: make all of "
                "them strings"
            )
        if not empty and not kinds:
            raise ValueError(
                f"text must have at least one token, got {len(texts)} text(s) without any"
            )
        return texts

    def _learn_alphabet(self, texts):
        most = None
        if self.max_features is not None:
            most = check_count("max_features", self.max_features)
        counts = Counter()
        for tokens in texts:
            counts.update(tokens)
        self.alphabet_ = sorted(counts, key=lambda token: (-counts[token], token))[:most]
        _warn_of_whole_texts(self.alphabet_)
        self.n_left_out_ = len(counts) - len(self.alphabet_)
        self.n_tokens_ = counts.total()
        self.n_unknown_ = self.n_tokens_ - sum(counts[token] for token in self.alphabet_)
        self.unknown_probability_ = (self.n_unknown_ + 1) / (self.n_tokens_ + 1)

    def _codes(self, texts):
        code_of = {token: code for code, token in enumerate(self.alphabet_, start=1)}
        kind = type(self.alphabet_[0])
        for tokens in texts:
            if tokens and not isinstance(tokens[0], kind):
                raise TypeError(
                    f"text must have tokens of the kind of fit, which was {kind.__name__}, got "
                    f"{tokens[0]!r}: bring such tokens"
                )
        return [
            np.fromiter((code_of.get(token, 0) for token in tokens), np.int64, len(tokens))
            for tokens in texts
        ]

    def _reader(self):
        if self.embedding is None:
            return super()._reader()
        # Code 0 has a vector, too: nothing in front of a text, and what is unknown.
        return Embedding(len(self.alphabet_) + 1, check_count("embedding", self.embedding))


def _warn_of_whole_texts(alphabet):
    """Whether most tokens look like texts that nobody has split."""
    spaced = [token for token in alphabet if isinstance(token, str) and len(token.split()) > 1]
    if len(spaced) > len(alphabet) / 2:
        warn(
            f"most tokens have spaces, as {min(spaced):.30}: if these are texts, split each, as "
            "[text.split() for text in texts] does"
        )


def _tokens(text):
    """The tokens of a text, each a string or a whole number of Python's own."""
    if isinstance(text, str | bytes) or not np.iterable(text):
        raise TypeError(
            f"text must be a list of tokens, or of such lists, got {text!r:.50} among lists: make "
            "it a list"
        )
    tokens = [token.item() if isinstance(token, np.generic) else token for token in text]
    bad = [token for token in tokens if type(token) not in (str, int)]
    if bad:
        raise TypeError(
            f"text must have strings or whole numbers as tokens, got {bad[0]!r:.50}: make each "
            "token a string"
        )
    return tokens
