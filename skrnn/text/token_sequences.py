"""TokenSequences: texts as sequences of the codes of their words."""

import re
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import numpy as np
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.feature_extraction.text import CountVectorizer
from sklearn.utils.validation import check_is_fitted

from skrnn.validation import check_count, check_option
from skrnn.wholly import wholly
from skrnn.windows.array import Windows
from skrnn.windows.inputs import as_windows

# What stands for a word that has no code.
UNKNOWN = "[unknown]"


class TokenSequences(TransformerMixin, BaseEstimator, auto_wrap_output_keys=None):
    r"""Turn texts into sequences of codes, one for each word, for networks with an ``embedding``.

    The words that come most often in the texts of ``fit`` have the codes 1, 2, …, the most frequent
    first; every other word is 0, which is unknown. A text without a word is one unknown word. ::

        "a fine, fine film"     a  fine  fine  film     [1, 2, 2, 0]

    Parameters
    ----------
    max_features : int, default=10_000
        How many words have a code, at most. None: all of them.
    max_length : int, default=None
        How many words of a text are read, at most. None: all of them.
    keep : {"end", "beginning"}, default="end"
        What ``max_length`` keeps of a longer text.
    lowercase : bool, default=True
        Whether upper and lower case are the same.
    ngram_range : tuple (min_n, max_n), default=(1, 1)
        How many neighbouring words have a code together: (1, 2) adds all pairs. They follow behind
        the words, so that their order tells little: they are for networks that take an average.
    tokenizer : callable, default=None
        Gives the words of a text. None: what ``token_pattern`` finds.
    token_pattern : str, default=r"(?u)\b\w+\b"
        The regular expression of a word: letters and digits beside each other, be it one.
    strip_accents : {None, "ascii", "unicode"} or callable, default=None
        Whether accents are taken away, as ``CountVectorizer`` does it.

    Attributes
    ----------
    vocabulary_ : dict of str to int
        The code of each word, in the order of the codes.

    Examples
    --------
    >>> from skrnn import TokenSequences
    >>> words = TokenSequences(max_features=2)
    >>> X = words.fit_transform(["a fine, fine film", "a bad one"])
    >>> X
    Windows(2 sequences of 3 to 4 steps × 1 feature)
    >>> X[0].ravel().tolist()
    [1.0, 2.0, 2.0, 0.0]
    >>> words.vocabulary_
    {'a': 1, 'fine': 2}
    >>> words.inverse_transform(X)
    ['a fine fine [unknown]', 'a [unknown] [unknown]']
    """

    def __init__(
        self,
        max_features=10_000,
        max_length=None,
        *,
        keep="end",
        lowercase=True,
        ngram_range=(1, 1),
        tokenizer=None,
        token_pattern=r"(?u)\b\w+\b",
        strip_accents=None,
    ):
        self.max_features = max_features
        self.max_length = max_length
        self.keep = keep
        self.lowercase = lowercase
        self.ngram_range = ngram_range
        self.tokenizer = tokenizer
        self.token_pattern = token_pattern
        self.strip_accents = strip_accents

    def fit(self, X: Any, y: Any = None) -> "TokenSequences":
        """Learn which words have a code.

        Parameters
        ----------
        X : list, Series or array of str, of shape (n_texts,)
            The texts.
        y : ignored

        Returns
        -------
        self : TokenSequences
            The fitted transformer.
        """
        self.fit_transform(X)
        return self

    @wholly
    def fit_transform(self, X: Any, y: Any = None) -> Windows:
        """Learn which words have a code, and turn the same texts into codes, in one pass.

        Parameters
        ----------
        X : list, Series or array of str, of shape (n_texts,)
            The texts.
        y : ignored

        Returns
        -------
        codes : Windows
            A sequence of codes for each text.
        """
        most = None
        if self.max_features is not None:
            most = check_count("max_features", self.max_features)
        # Each word has the number that is free when it first comes.
        numbers = defaultdict()
        numbers.default_factory = numbers.__len__
        found = [_numbers(words, numbers.__getitem__) for words in self._words(X)]
        counts = np.bincount(np.concatenate(found), minlength=len(numbers))
        words = np.array(list(numbers), dtype=object)
        if not len(words):
            raise ValueError(
                f"X must have a word, got none in all of {len(found)} texts: bring texts of words, "
                "or another token_pattern or tokenizer"
            )
        # The most frequent first; of those that are as frequent, by the alphabet.
        candidates = _most_frequent(counts, most)
        order = candidates[np.lexsort((words[candidates].astype(str), -counts[candidates]))][:most]
        code_of = np.zeros(len(words), np.int32)
        code_of[order] = np.arange(1, len(order) + 1)
        self.vocabulary_ = dict(zip(words[order].tolist(), range(1, len(order) + 1), strict=True))
        return _sequences([code_of[text] for text in found])

    def transform(self, X: Any) -> Windows:
        """Turn texts into codes.

        Parameters
        ----------
        X : list, Series or array of str, of shape (n_texts,)
            The texts.

        Returns
        -------
        codes : Windows
            A sequence of codes for each text, 0 for words without a code.
        """
        check_is_fitted(self)
        # What a dictionary of this kind has no number for is 0, and stays unknown.
        numbers = defaultdict(int, self.vocabulary_)
        return _sequences([_numbers(words, numbers.__getitem__) for words in self._words(X)])

    def inverse_transform(self, X: Any) -> list[str]:
        """Turn codes back into words, with a space between them.

        Parameters
        ----------
        X : Windows or sequences of codes
            The codes.

        Returns
        -------
        texts : list of str
            ``"[unknown]"`` stands for 0, and for what is no code of the vocabulary.
        """
        return [" ".join(words) for words in self.words(X)]

    def words(self, X: Any) -> list[list[str]]:
        """Turn codes back into words.

        Parameters
        ----------
        X : Windows or sequences of codes
            The codes.

        Returns
        -------
        words : list of list of str
            The words of each sequence; ``"[unknown]"`` for 0, and for what is no code of the
            vocabulary.
        """
        check_is_fitted(self)
        word_of = dict(enumerate(self.vocabulary_, start=1))
        windows = as_windows(X)
        return [
            [word_of.get(code, UNKNOWN) for code in windows[i].ravel().tolist()]
            for i in range(len(windows))
        ]

    def get_feature_names_out(self, input_features: Any = None) -> np.ndarray:
        """Name the one feature of a step: its code."""
        check_is_fitted(self)
        return np.array(["code"], dtype=object)

    def set_output(self, *, transform: str | None = None) -> "TokenSequences":
        """Do nothing, as sequences are no table; a pipeline calls this on all of its steps."""
        return self

    def _words(self, X) -> Iterator[list[str]]:
        """The words of each text that are read, and those beside each other behind them."""
        words_of = self._analyzer()
        most = None
        if self.max_length is not None:
            most = check_count("max_length", self.max_length)
        check_option("keep", self.keep, ("end", "beginning"))
        shortest, longest = _check_ngrams(self.ngram_range)
        for text in _check_texts(X):
            words = words_of(text)
            if not isinstance(words, list):
                words = list(words)
            if most is not None and len(words) > most:
                words = words[-most:] if self.keep == "end" else words[:most]
            yield words if longest == 1 else _beside(words, shortest, longest)

    def _analyzer(self) -> Callable[[str], list[str]]:
        """What gives the words of a text, as scikit-learn's vectorizers find them."""
        if self.tokenizer is None:
            _check_pattern(self.token_pattern)
        elif not callable(self.tokenizer):
            raise TypeError(
                "tokenizer must be a function that gives the words of a text, or None, got "
                f"{self.tokenizer!r}: token_pattern is the regular expression of a word"
            )
        return CountVectorizer(
            lowercase=self.lowercase,
            tokenizer=self.tokenizer,
            token_pattern=None if self.tokenizer is not None else self.token_pattern,
            strip_accents=self.strip_accents,
        ).build_analyzer()

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.input_tags.string = True
        tags.input_tags.two_d_array = False
        return tags


def _check_pattern(pattern):
    """What is the regular expression of a word."""
    try:
        re.compile(pattern)
    except (TypeError, re.error) as error:
        raise ValueError(
            f"token_pattern must be a regular expression, got {pattern!r} ({error}): "
            r'r"(?u)\b\w+\b" is that of a word'
        ) from None


def _check_texts(X):
    """Texts, each of which is a string."""
    if isinstance(X, Mapping):
        raise ValueError(
            f"X must be a list of texts, got {type(X).__name__}: pass list(X.values())"
        )
    if isinstance(X, str) or not np.iterable(X):
        raise ValueError(f"X must be a list of texts, got {type(X).__name__}: pass one as [X]")
    if getattr(X, "ndim", 1) != 1:
        raise ValueError(
            f"X must be a list of texts, of shape (n_texts,), got shape {X.shape}: pass the column "
            "of texts alone"
        )
    texts = list(X)
    if not texts:
        raise ValueError("X must have at least 1 text, got 0 samples")
    for number, text in enumerate(texts):
        if not isinstance(text, str):
            raise ValueError(
                f"X must be texts, got {text!r:.50} ({type(text).__name__}) for text {number}: "
                'make it a string, "" where it is missing'
            )
    return texts


def _check_ngrams(ngram_range):
    """How many neighbouring words have a code together, at least and at most."""
    pair = isinstance(ngram_range, list | tuple) and len(ngram_range) == 2
    if pair:
        shortest = check_count("ngram_range", ngram_range[0])
        longest = check_count("ngram_range", ngram_range[1])
    if not pair or shortest > longest:
        raise ValueError(
            f"ngram_range must be (min_n, max_n) with min_n at most max_n, got {ngram_range!r}"
        )
    return shortest, longest


def _beside(words, shortest, longest):
    """All runs of so many words, joined: those of fewer words first."""
    runs = list(words) if shortest == 1 else []
    for size in range(max(2, shortest), longest + 1):
        runs += map(" ".join, zip(*(words[start:] for start in range(size)), strict=False))
    return runs


def _numbers(words, number_of):
    """The numbers of the words of a text."""
    return np.fromiter(map(number_of, words), np.int32, len(words))


def _most_frequent(counts, most):
    """Which counts are among the highest, and all that are as high as the last of them."""
    if most is None or most >= len(counts):
        return np.arange(len(counts))
    least = np.partition(counts, len(counts) - most)[len(counts) - most]
    return np.flatnonzero(counts >= least)


def _sequences(codes):
    """Sequences of codes; one unknown word for a text without any."""
    nothing = np.zeros(1, np.int32)
    return Windows.from_sequences([(text if len(text) else nothing)[:, None] for text in codes])
