"""TokenSequences: texts as sequences of codes, against scikit-learn's vectorizer."""

import numpy as np
import pandas as pd
import pytest
from sklearn.base import clone
from sklearn.feature_extraction.text import CountVectorizer
from sklearn.model_selection import GridSearchCV, cross_val_score
from sklearn.pipeline import make_pipeline
from sklearn.utils import estimator_checks

import skrnn
from skrnn import DenseClassifier, RNNClassifier, TokenSequences
from skrnn.datasets import make_reviews

TEXTS = ["A fine, fine film", "a bad film", "", "Éclair I saw"]


def codes(X):
    """Sequences as lists of whole numbers."""
    return [X[i].ravel().astype(int).tolist() for i in range(len(X))]


def test_the_most_frequent_words_have_the_first_codes():
    """Codes go down in frequency from 1 on, and by the alphabet where it is the same."""
    words = TokenSequences().fit(TEXTS)

    assert words.vocabulary_ == {
        "a": 1,
        "film": 2,
        "fine": 3,
        "bad": 4,
        "i": 5,
        "saw": 6,
        "éclair": 7,
    }


def test_texts_are_their_words_in_order():
    """A sequence has the code of each word; an empty text is one unknown word."""
    assert codes(TokenSequences().fit_transform(TEXTS)) == [[1, 3, 3, 2], [1, 4, 2], [0], [7, 5, 6]]


def test_fit_transform_is_fit_and_transform():
    """The one pass gives what two of them do."""
    texts, _ = make_reviews(50, random_state=0)
    words = TokenSequences(20, 9, ngram_range=(1, 2))

    assert codes(words.fit_transform(texts)) == codes(words.fit(texts).transform(texts))


@pytest.mark.parametrize(
    "options",
    [{}, {"lowercase": False}, {"strip_accents": "unicode"}, {"token_pattern": r"(?u)\b\w\w+\b"}],
    ids=str,
)
@pytest.mark.parametrize("ngram_range", [(1, 1), (1, 2), (2, 3)])
def test_counts_as_the_vectorizer_does(options, ngram_range):
    """How often each word comes is what CountVectorizer counts."""
    texts = [*TEXTS, *make_reviews(30, random_state=0)[0]]
    options = {"token_pattern": r"(?u)\b\w+\b", "ngram_range": ngram_range, **options}
    counter = CountVectorizer(**options)
    expected = counter.fit_transform(texts).toarray()

    words = TokenSequences(None, **options)
    X = words.fit_transform(texts)

    assert set(words.vocabulary_) == set(counter.vocabulary_)
    columns = [*map(counter.vocabulary_.get, words.vocabulary_)]
    for text, counts in zip(codes(X), expected[:, columns], strict=True):
        found = np.bincount(text, minlength=len(columns) + 1)[1:]
        np.testing.assert_array_equal(found, counts)


@pytest.mark.parametrize("max_features", [1, 2, 3])
def test_keeps_the_most_frequent_words(max_features):
    """Of ties at the end the first of the alphabet; the others are unknown."""
    words = TokenSequences(max_features).fit(["b b a a c c d"])

    assert list(words.vocabulary_) == ["a", "b", "c"][:max_features]
    assert codes(words.transform(["d c zebra"]))[0][::2] == [0, 0]


@pytest.mark.parametrize(
    ("keep", "expected"), [("end", "c d c d"), ("beginning", "a b a b")], ids=["end", "beginning"]
)
def test_cuts_longer_texts_before_pairs_are_made(keep, expected):
    """max_length counts words; pairs are those of the words that are kept."""
    words = TokenSequences(max_length=2, keep=keep, ngram_range=(1, 2))

    assert words.inverse_transform(words.fit_transform(["a b c d"])) == [expected]


def test_takes_a_tokenizer_of_the_users():
    """What a callable gives are the words."""
    words = TokenSequences(tokenizer=str.split).fit(["don't stop."])

    assert list(words.vocabulary_) == ["don't", "stop."]


@pytest.mark.parametrize("kind", [list, np.array, pd.Series, lambda x: np.array(x, object)])
def test_takes_texts_of_any_kind(kind):
    """Lists, arrays and Series of strings are the same."""
    assert codes(TokenSequences().fit_transform(kind(TEXTS))) == codes(
        TokenSequences().fit_transform(TEXTS)
    )


def test_turns_codes_back_into_words():
    """Unknown words, and what is no code, are told as such."""
    words = TokenSequences(2).fit(TEXTS)

    assert words.inverse_transform([[1, 0], [2, 99, 1]]) == ["a [unknown]", "film [unknown] a"]
    assert words.words([[1, 0], [2]]) == [["a", "[unknown]"], ["film"]]


@pytest.mark.parametrize(
    ("X", "message"),
    [
        ("a text", r"must be a list of texts, got str: pass one as \[X\]"),
        ([], "must have at least 1 text"),
        (["a", None], r'got None \(NoneType\) for text 1: make it a string, ""'),
        (["a", 3.5], r"got 3.5 \(float\) for text 1"),
        (np.array([["a"], ["b"]]), r"got shape \(2, 1\): pass the column of texts alone"),
        (["", "  ", "?!"], "must have a word, got none in all of 3 texts"),
    ],
    ids=str,
)
def test_says_what_is_no_text(X, message):
    """One clear error for what is no list of texts with words."""
    with pytest.raises(ValueError, match=message):
        TokenSequences().fit(X)


@pytest.mark.parametrize(
    "params",
    [
        {"max_features": 0},
        {"max_length": 0},
        {"keep": "middle"},
        {"ngram_range": (2, 1)},
        {"ngram_range": 2},
    ],
    ids=str,
)
def test_says_which_parameter_is_wrong(params):
    """The message names the parameter."""
    with pytest.raises(ValueError, match=f"{next(iter(params))} must be"):
        TokenSequences(**params).fit(TEXTS)


def test_knows_the_words_of_the_training_texts_alone():
    """In a search each fold has a vocabulary of its own: words of test texts are unknown."""
    texts, y = make_reviews(60, random_state=0)
    marked = [f"{text} only{i}" for i, text in enumerate(texts)]
    seen = []

    def score(pipe, X, y):
        vocabulary = set(pipe[0].vocabulary_)
        seen.append(not any(f"only{marked.index(text)}" in vocabulary for text in X))
        return 0.0

    model = make_pipeline(TokenSequences(None), DenseClassifier((), embedding=2, epochs=1))
    model[-1].set_params(pooling="average")
    cross_val_score(model, marked, y, cv=3, scoring=score)

    assert seen == [True] * 3


def test_learns_from_the_order_of_words():
    """A recurrent network tells made reviews apart, and an average of their words cannot."""
    texts, y = make_reviews(600, random_state=0)
    recurrent = make_pipeline(
        TokenSequences(), RNNClassifier("gru", 16, embedding=8, epochs=12, random_state=0)
    )
    average = make_pipeline(
        TokenSequences(),
        DenseClassifier((), pooling="average", embedding=8, epochs=12, random_state=0),
    )

    assert recurrent.fit(texts[:400], y[:400]).score(texts[400:], y[400:]) > 0.95
    assert average.fit(texts[:400], y[:400]).score(texts[400:], y[400:]) < 0.65


def test_is_searched_with_the_network():
    """Words and network are one pipeline, whose parameters a search varies."""
    texts, y = make_reviews(80, random_state=0)
    pipe = make_pipeline(
        TokenSequences(), DenseClassifier((), pooling="max", embedding=2, epochs=1, random_state=0)
    )

    search = GridSearchCV(pipe, {"tokensequences__max_length": [5, None]}, cv=2)

    assert len(search.fit(texts, y).cv_results_["mean_test_score"]) == 2


def test_padding_and_order_change_nothing():
    """What is told of a text is the same alone and among longer ones."""
    texts, y = make_reviews(60, random_state=0)
    model = make_pipeline(
        TokenSequences(), RNNClassifier("lstm", 8, embedding=4, epochs=1, random_state=0)
    ).fit(texts, y)

    alone = np.concatenate([model.predict_proba([text]) for text in texts[:10]])

    np.testing.assert_allclose(
        alone, model.predict_proba([*texts, " ".join(texts)])[:10], atol=1e-6
    )


@pytest.mark.filterwarnings("ignore:y has one class only:UserWarning")
def test_odd_texts_are_told_something():
    """Empty texts, unseen words alone, a single class and 100,000 words in one text."""
    model = make_pipeline(
        TokenSequences(), RNNClassifier("gru", 2, embedding=2, epochs=1, batch_size=2)
    )
    model.fit(["", "fine film", "film " * 100_000], [1, 1, 1])

    assert model.predict(["", "zebra", "film " * 100_000]).tolist() == [1, 1, 1]


def test_is_kept_in_a_file(tmp_path):
    """A pipeline of words and network is saved and loaded."""
    texts, y = make_reviews(40, random_state=0)
    model = make_pipeline(
        TokenSequences(ngram_range=(1, 2)),
        RNNClassifier("gru", 4, embedding=2, pooling="attention", epochs=1, random_state=0),
    ).fit(texts, y)
    skrnn.save(model, tmp_path / "model.skrnn")

    again = skrnn.load(tmp_path / "model.skrnn")

    np.testing.assert_array_equal(again.predict_proba(texts), model.predict_proba(texts))
    assert again[0].vocabulary_ == model[0].vocabulary_


@pytest.mark.parametrize(
    "check",
    [
        estimator_checks.check_parameters_default_constructible,
        estimator_checks.check_no_attributes_set_in_init,
        estimator_checks.check_get_params_invariance,
        estimator_checks.check_set_params,
        estimator_checks.check_valid_tag_types,
    ],
    ids=lambda check: check.__name__,
)
def test_sklearn_checks(check):
    """The checks of scikit-learn that bring no numbers; of texts it has none."""
    check("TokenSequences", TokenSequences())


def test_a_failed_fit_changes_nothing():
    """A fit that fails leaves the vocabulary of before; a clone has none."""
    words = TokenSequences().fit(TEXTS)

    with pytest.raises(ValueError, match="must have a word"):
        words.fit([""])

    assert len(words.vocabulary_) == 7
    assert not hasattr(clone(words), "vocabulary_")
