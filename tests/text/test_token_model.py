"""TokenModel: what it takes for tokens, what it learns, tells and writes."""

import pickle
from itertools import islice

import numpy as np
import pandas as pd
import pytest
from scipy.special import log_softmax
from sklearn.base import clone
from sklearn.model_selection import GridSearchCV

import skrnn
from skrnn import TokenModel
from tests import oracles

QUESTION = ["to", "be", "or", "not", "to", "be", "that", "is", "the", "question"]


def small(**params):
    """A network that learns in a moment."""
    options = {"units": (12,), "embedding": 6, "length": 8, "epochs": 12, "learning_rate": 0.02}
    return TokenModel(**{**options, "random_state": 0, **params})


@pytest.fixture(scope="module")
def model():
    """A network that knows a sentence by heart."""
    return small(epochs=40).fit(QUESTION * 20)


def logarithms(model, tokens):
    """The log2 of each token's probability, by the equations, one step behind the other."""
    codes = [0, *(1 + model.alphabet_.index(t) if t in model.alphabet_ else 0 for t in tokens)]
    weights = list(model.weights_)
    one_hot = np.eye(len(model.alphabet_) + 1)[:, 1:]
    table = one_hot if model.embedding is None else weights.pop(0)
    states = oracles.lstm(table[codes[:-1]][None], *weights[:3])
    scores = log_softmax(states[0] @ weights[3] + weights[4], axis=1) / np.log(2)
    unknown = model.unknown_probability_
    known = scores[np.arange(len(tokens)), np.array(codes[1:]) - 1] + np.log2(1 - unknown)
    each = np.log2(unknown / (1 + model.n_left_out_))
    return np.where(np.array(codes[1:]) > 0, known, each)


# ---------------------------------------------------------------------- scores


@pytest.mark.parametrize("embedding", [5, None])
def test_the_score_is_that_of_a_plain_loop(embedding):
    """With a vector for each token or without, known tokens and unknown ones, over many windows."""
    model = small(embedding=embedding, max_features=5, epochs=3, dtype="float64")
    model.fit(QUESTION * 10)
    text = [*QUESTION, "whether", "to", "question", "be"] * 5

    assert model.score(text) == pytest.approx(logarithms(model, text).mean(), abs=1e-9)


def test_the_score_of_several_texts_is_that_of_all_tokens(model):
    """Each text begins anew, and counts as often as it has tokens."""
    texts = [["to", "be"], QUESTION * 3, ["that"], []]

    each = [model.score(text) * len(text) for text in texts if text]

    assert model.score(texts) == pytest.approx(sum(each) / sum(map(len, texts)), abs=1e-6)
    assert model.bits_per_token(texts) == -model.score(texts)


def test_what_is_left_out_has_the_share_that_it_had():
    """The probabilities of all tokens are 1 in all, and one of them is of what never came."""
    model = small(max_features=4, epochs=2).fit(QUESTION * 10)
    left_out = sorted({*QUESTION} - {*model.alphabet_})

    assert model.alphabet_ == ["be", "to", "is", "not"]
    assert (model.n_unknown_, model.n_left_out_) == (40, len(left_out))
    assert model.unknown_probability_ == 41 / 101
    for before in ([], ["to"], ["to", "or", "not"]):
        n = len(before)
        told = model.score(before) * n if before else 0.0
        joint = [
            model.score([*before, token]) * (n + 1) - told
            for token in (*model.alphabet_, *left_out, "nobler")
        ]
        assert np.sum(2.0 ** np.array(joint)) == pytest.approx(1, abs=1e-4)


def test_chance_cannot_be_told():
    """Tokens drawn at random cost what they must, also those that were learned from."""
    tokens = np.random.default_rng(0).integers(8, size=6000)

    model = small(epochs=2).fit(tokens)

    assert model.history_["loss"][-1] / np.log(2) > 2.9
    assert model.bits_per_token(tokens[:3000]) > 2.9


# ---------------------------------------------------------------------- what is a token


@pytest.mark.parametrize("kind", [tuple, np.array, pd.Series, iter])
def test_texts_of_any_kind(kind, model):
    """A text is any sequence of tokens; several are any sequence of such."""
    assert model.score(kind(QUESTION)) == model.score(QUESTION)
    assert model.score([kind(QUESTION), kind(["to"])]) == model.score([QUESTION, ["to"]])


def test_whole_numbers_are_tokens():
    """They are told and written as the strings would be that stand for them."""
    numbers = {word: number for number, word in enumerate(sorted(set(QUESTION)), start=5)}
    params = {"units": 16, "epochs": 30}
    words = small(**params).fit(QUESTION * 20)
    model = small(**params).fit(np.array([numbers[word] for word in QUESTION] * 20))

    written = words.generate(["to", "be"], 5, temperature=0)

    assert model.generate([numbers["to"], numbers["be"]], 5, temperature=0) == [
        numbers[word] for word in written
    ]
    assert all(type(token) is int for token in model.alphabet_)


def test_a_string_with_spaces_is_one_token():
    """Nothing is split that was not split before."""
    model = small(epochs=1).fit(["New York", "is", "large"])

    assert model.alphabet_ == ["New York", "is", "large"]


def test_unseen_tokens_are_said_where_all_were_known(model):
    """Where fit left some out, they are no surprise."""
    with pytest.warns(UserWarning, match="'nobler' did not come in fit"):
        model.score(["nobler"])

    cut = small(max_features=3, epochs=1).fit(QUESTION)

    each = cut.unknown_probability_ / (1 + cut.n_left_out_)
    assert cut.score(["nobler"]) == pytest.approx(np.log2(each))


def test_a_search_does_not_choose_to_know_nothing():
    """Whoever tells one token apart from all others must also say which these are."""
    texts = [QUESTION * 2] * 6
    search = GridSearchCV(small(epochs=20), {"max_features": [1, 2, 8]}, cv=2).fit(texts)

    assert search.best_params_ == {"max_features": 8}


def test_texts_that_nobody_split():
    """A list of strings is one text of tokens: most of them with spaces is no such thing."""
    with pytest.warns(UserWarning, match=r"most tokens have spaces, as that is the question: if"):
        small(epochs=1).fit(["to be or not to be", "that is the question", "or"])


def test_a_text_begins_without_a_prompt(model):
    """Whichever method writes it."""
    written = list(islice(model.iter_generate(temperature=0), 4))

    assert written == model.generate(n=4, temperature=0)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("to be", "text must be a list of tokens, or of such lists, got str: split it"),
        (5, "text must be a list of tokens, or of such lists, got int"),
        ([["to", "be"], "or"], "got 'or' among lists: make it a list"),
        (["to", 1], "text must have tokens of one kind"),
        ([1.5, 2.0], "text must have strings or whole numbers as tokens, got 1.5"),
        ([True, False], "text must have strings or whole numbers as tokens, got True"),
        ([b"to"], "text must have strings or whole numbers as tokens, got b'to'"),
    ],
)
def test_other_things_than_tokens(text, message):
    """One clear error says what a text is."""
    with pytest.raises(TypeError, match=message):
        small().fit(text)


def test_tokens_of_another_kind_than_in_fit(model):
    """None of them could be known."""
    with pytest.raises(TypeError, match="of the kind of fit, which was str, got 3"):
        model.score([3, 4])


@pytest.mark.parametrize("text", [[], [[]], np.zeros(0, int)])
def test_no_token_is_no_text(model, text):
    """There is nothing to learn from, or to score."""
    with pytest.raises(ValueError, match="text must have at least one token"):
        small().fit(text)
    with pytest.raises(ValueError, match="text must have at least one token"):
        model.score(text)


@pytest.mark.parametrize("params", [{"max_features": 0}, {"embedding": 0}, {"length": 0}])
def test_what_cannot_be(params):
    """One clear error, before anything is learned."""
    (name,) = params
    with pytest.raises(ValueError, match=f"{name} must be"):
        small(**params).fit(QUESTION)


def test_a_text_of_a_hundred_thousand_tokens():
    """As many kinds as a book has, of which the most frequent are told apart."""
    rng = np.random.default_rng(0)
    tokens = rng.zipf(1.3, 100_000).tolist()

    model = small(max_features=200, epochs=1, length=32).fit(tokens)

    assert len(model.alphabet_) == 200
    assert model.alphabet_[:3] == [1, 2, 3]
    assert np.isfinite(model.score(tokens))


# ---------------------------------------------------------------------- learning and writing


def test_it_writes_what_it_knows(model):
    """As a list, or one by one; the same random state draws the same tokens."""
    assert model.generate(["to", "be", "or"], 4, temperature=0) == ["not", "to", "be", "that"]
    written = model.generate(["to"], 20, temperature=2.0, random_state=3)
    again = model.iter_generate(["to"], temperature=2.0, random_state=3)

    assert list(islice(again, 20)) == written
    assert set(written) <= set(QUESTION)
    assert len(model.generate(n=3)) == 3


def test_partial_fit_goes_on():
    """The tokens that are told apart stay those of the first call."""
    model = small()
    for _ in range(25):
        model.partial_fit(QUESTION * 20)

    assert model.bits_per_token(QUESTION) < 1
    with pytest.warns(UserWarning, match="'nobler' did not come in fit"):
        model.partial_fit([*QUESTION, "nobler"])
    assert "nobler" not in model.alphabet_


def test_progress_tells_tokens_a_second(capsys):
    """A line an epoch."""
    small(epochs=1, verbose=2).fit(QUESTION)

    assert capsys.readouterr().out.endswith(" tokens/s\n")


def test_searches_over_texts():
    """GridSearchCV takes a list of texts, and the higher score wins."""
    search = GridSearchCV(small(epochs=4, batch_size=8), {"units": [(1,), (16,)]}, cv=2)

    search.fit([QUESTION * 5] * 8)

    assert search.best_params_ == {"units": (16,)}


def test_a_file_keeps_everything(model, tmp_path):
    """It scores, writes and goes on learning as the one that was saved; and so does a pickle."""
    skrnn.save(model, tmp_path / "words.skrnn")

    for loaded in (skrnn.load(tmp_path / "words.skrnn"), pickle.loads(pickle.dumps(model))):
        assert loaded.score(QUESTION) == model.score(QUESTION)
        assert loaded.generate(["to"], 9, random_state=0) == model.generate(
            ["to"], 9, random_state=0
        )
        more = clone(model).set_params(warm_start=True, epochs=1)
        vars(more).update({name: value for name, value in vars(loaded).items() if name[-1] == "_"})
        more.fit(QUESTION * 20)
        assert len(more.history_["loss"]) == 41


def test_clone_keeps_every_parameter():
    """clone() gives the same parameters, and nothing that was fitted."""
    assert clone(small(dropout=0.3)).get_params() == small(dropout=0.3).get_params()
