"""CharacterModel: what it learns, what it tells, what it writes, and what it never sees."""

import pickle
from itertools import islice

import numpy as np
import pandas as pd
import pytest
from scipy.special import log_softmax
from sklearn.base import clone
from sklearn.model_selection import GridSearchCV

import skrnn
from skrnn import CharacterModel
from tests import oracles

QUESTION = "to be or not to be, that is the question. "
CELLS = {
    "lstm": (oracles.lstm, 3),
    "gru": (oracles.gru, 3),
    "simple": (oracles.simple_rnn, 3),
    "mingru": (oracles.mingru, 2),
    "minlstm": (oracles.minlstm, 2),
}


def small(**params):
    """A network that learns in a moment."""
    options = {"units": (24,), "length": 16, "epochs": 12, "learning_rate": 0.02}
    return CharacterModel(**{**options, "random_state": 0, **params})


@pytest.fixture(scope="module")
def model():
    """A network that knows a sentence by heart."""
    return small(epochs=30).fit(QUESTION * 20)


def logarithms(model, text):
    """The log2 of each letter's probability, by the equations, one step behind the other."""
    layer, n_weights = CELLS[model.cell]
    x = np.zeros((1, len(text), len(model.alphabet_)))
    for t, letter in enumerate(text[:-1]):
        if letter in model.alphabet_:
            x[0, t + 1, model.alphabet_.index(letter)] = 1
    weights = list(model.weights_)
    for _ in model.units:
        x = layer(x, *weights[:n_weights])
        weights = weights[n_weights:]
    kernel, bias = weights
    scores = log_softmax(x[0] @ kernel + bias, axis=1) / np.log(2)
    told = []
    for t, letter in enumerate(text):
        if letter in model.alphabet_:
            place = model.alphabet_.index(letter)
            told.append(scores[t, place] + np.log2(1 - model.unknown_probability_))
        else:
            told.append(np.log2(model.unknown_probability_))
    return np.array(told)


# ---------------------------------------------------------------------- scores


@pytest.mark.parametrize("cell", CELLS)
def test_the_score_is_that_of_a_plain_loop(cell):
    """The state is carried through a text of many windows, each cell's by its equations."""
    units = (12, 8)
    model = small(cell=cell, units=units, epochs=3, dtype="float64").fit(QUESTION * 10)
    text = "that be the question, or not: to. " * 9
    text = text.replace(":", ",")

    assert model.score(text) == pytest.approx(logarithms(model, text).mean(), abs=1e-9)


def test_the_score_of_several_texts_is_that_of_all_letters(model):
    """Each text begins anew, and counts as often as it has letters."""
    texts = ["to be", QUESTION * 3, "t", ""]
    n = [len(text) for text in texts]

    each = [model.score(text) * len(text) for text in texts if text]

    assert model.score(texts) == pytest.approx(sum(each) / sum(n), abs=1e-6)


def test_carried_halves_are_the_whole(model):
    """Windows of any length give the same score: what lies between them is carried."""
    text = QUESTION * 7
    whole = model.score(text)

    for length in (5, 100, 10_000):
        assert clone_of(model, length=length).score(text) == pytest.approx(whole, abs=1e-5)


def clone_of(model, **params):
    """The same fitted network with other parameters."""
    return pickle.loads(pickle.dumps(model)).set_params(**params)


def test_bits_are_the_score_with_the_other_sign(model):
    """Fewer bits are better, and a higher score is."""
    assert model.bits_per_character("to be") == -model.score("to be")
    assert model.score("to be or not to be") > model.score("eb ot ton ro eb ot")


@pytest.mark.filterwarnings("ignore:.*did not come in fit")
def test_unseen_letters_have_the_documented_probability():
    """A letter that did not come in fit costs what is said, and is read as nothing."""
    model = small(epochs=2, dtype="float64").fit(QUESTION * 10)
    text = "to bé or not"

    assert model.unknown_probability_ == 1 / (len(QUESTION) * 10 + 1)
    assert model.score(text) == pytest.approx(logarithms(model, text).mean(), abs=1e-9)


def test_unseen_letters_are_said_once(model):
    """One warning names all of them."""
    with pytest.warns(UserWarning, match="'ß' and 'é' did not come in fit") as warned:
        model.score(["bé", "ßéß"])

    assert len(warned) == 1


# ---------------------------------------------------------------------- leaks


def test_a_letter_never_sees_itself(model):
    """The probabilities of all letters that may come next are 1 in all, wherever the text ends."""
    for before in ("", "t", "to be or n", QUESTION * 3 + "to"):
        told = before and model.score(before) * len(before)
        joint = [
            model.score(before + letter) * (len(before) + 1) - (told or 0)
            for letter in model.alphabet_
        ]
        total = np.sum(2.0 ** np.array(joint)) + model.unknown_probability_

        assert total == pytest.approx(1, abs=2e-4)


def test_chance_cannot_be_told():
    """Letters drawn at random cost what they must, also those that were learned from."""
    letters = "".join(np.random.default_rng(0).choice(list("abcdefgh"), 6000))

    model = small(epochs=2).fit(letters)

    assert model.history_["loss"][-1] / np.log(2) > 2.9
    assert model.bits_per_character(letters[:3000]) > 2.9


def test_what_lies_behind_changes_nothing(model):
    """The score of a beginning is the same whatever follows it."""
    begin, ends = QUESTION + "to be", ("", " or not to be", ", that is the q" * 9)
    sums = []
    for end in ends:
        behind = model.score(begin + end) * len(begin + end)
        sums.append(behind - (logarithms_of_rest(model, begin, end) if end else 0))

    np.testing.assert_allclose(sums, sums[0], atol=1e-2)


def logarithms_of_rest(model, begin, end):
    return logarithms(model, begin + end)[len(begin) :].sum()


# ---------------------------------------------------------------------- learning


@pytest.mark.parametrize("cell", CELLS)
def test_it_learns(cell):
    """A sentence that comes again and again soon costs next to nothing."""
    model = small(cell=cell, units=(24,), epochs=30).fit(QUESTION * 20)

    assert model.bits_per_character(QUESTION * 2) < 1.2
    assert model.history_["loss"][-1] < model.history_["loss"][0] / 3


def test_state_that_is_carried_is_learned_from():
    """What lies further back than a window is remembered where state is carried."""
    rng = np.random.default_rng(0)
    text = "".join(letter * 12 + "." for letter in rng.choice(["a", "b"], 400))

    model = small(length=4, epochs=20, units=(16,)).fit(text)

    # Each run of twelve letters and its point: one bit for which letter, and nothing else.
    assert model.bits_per_character(text) < 0.35


def test_texts_begin_anew():
    """The first letter of a text is told from nothing but that a text begins."""
    model = small(epochs=40, batch_size=16).fit(["abcb"] * 100 + ["cbcb"] * 300)

    assert 2 ** model.score("a") == pytest.approx(0.25, abs=0.1)
    assert 2 ** model.score("b") < 0.05


def test_two_fits_are_the_same():
    """The same seed gives the same network, with dropouts and several layers."""
    params = {"units": (8, 8), "dropout": 0.2, "recurrent_dropout": 0.1, "epochs": 2}
    first, second = (small(**params).fit(QUESTION * 10) for _ in range(2))

    for one, other in zip(first.weights_, second.weights_, strict=True):
        np.testing.assert_array_equal(one, other)


def test_partial_fit_goes_on():
    """So many calls are as good as a fit, and the alphabet stays that of the first."""
    model = small()
    for _ in range(20):
        model.partial_fit(QUESTION * 20)

    assert len(model.history_["loss"]) == 20
    assert model.bits_per_character(QUESTION) < 1.5
    with pytest.warns(UserWarning, match="'!' did not come in fit"):
        model.partial_fit(QUESTION * 20 + "!")
    assert "!" not in model.alphabet_


def test_early_stopping_keeps_the_best():
    """It is validated on the end of the text, which is not learned from."""
    rng = np.random.default_rng(0)
    text = "".join(rng.choice(list("abcd"), 2000)) + "abcd" * 200
    model = small(epochs=40, early_stopping=True, patience=2, validation_fraction=0.2).fit(text)

    losses = model.history_["val_loss"]
    assert len(losses) < 40
    assert model.bits_per_character(text[-560:]) == pytest.approx(min(losses) / np.log(2), abs=0.05)


def test_validation_text_is_told_after_each_epoch():
    """It takes the place of the end of the text."""
    model = small(epochs=3).fit(QUESTION * 10, validation_text=["to be", QUESTION])

    assert len(model.history_["val_loss"]) == 3


def test_progress_tells_bits_and_speed(capsys):
    """A line an epoch, or a bar."""
    small(epochs=2, verbose=2).fit(QUESTION * 20, validation_text=QUESTION)
    lines = capsys.readouterr().out.splitlines()

    assert len(lines) == 2
    assert "bits: " in lines[1]
    assert "val_bits: " in lines[1]
    assert lines[1].endswith(" letters/s")


# ---------------------------------------------------------------------- writing


def test_it_writes_what_it_knows(model):
    """At temperature 0 the likeliest letter is taken every time."""
    assert model.generate("to be or not to be, th", 12, temperature=0) == "at is the qu"


def test_one_seed_writes_one_text(model):
    """The same random state draws the same letters; as a string, or one by one."""
    text = model.generate("to", 50, temperature=2.0, random_state=3)

    assert len(text) == 50
    assert text == model.generate("to", 50, temperature=2.0, random_state=3)
    letters = model.iter_generate("to", temperature=2.0, random_state=3)
    assert "".join(islice(letters, 50)) == text
    assert text != model.generate("to", 50, temperature=2.0, random_state=4)


def test_top_k_of_one_is_the_likeliest(model):
    """Draws are from so many letters only."""
    likeliest = model.generate("to be", 20, temperature=0)

    assert model.generate("to be", 20, temperature=9.0, top_k=1) == likeliest


def test_letters_come_as_often_as_they_are_likely(model):
    """What is drawn has the probabilities of the scores."""
    drawn = [model.generate("", 1, temperature=3.0, random_state=seed) for seed in range(200)]
    probability = 2 ** (model.score("t") / 3)
    others = sum(2 ** (model.score(letter) / 3) for letter in model.alphabet_)

    assert drawn.count("t") / 200 == pytest.approx(probability / others, abs=0.12)


# ---------------------------------------------------------------------- as scikit-learn has it


def test_searches_over_texts():
    """GridSearchCV takes a list of texts, and the higher score wins."""
    texts = [QUESTION * 3, QUESTION * 2, "or not to be " * 5, QUESTION] * 2
    search = GridSearchCV(small(epochs=3, batch_size=8), {"units": [(2,), (16,)]}, cv=2)

    search.fit(texts)

    assert search.best_params_ == {"units": (16,)}
    assert search.best_score_ < 0


def test_clone_keeps_every_parameter():
    """clone() gives the same parameters, and nothing that was fitted."""
    model = small(dropout=0.3)

    assert clone(model).get_params() == model.get_params()


def test_a_file_keeps_everything(model, tmp_path):
    """It scores, writes and goes on learning as the one that was saved."""
    skrnn.save(model, tmp_path / "letters.skrnn")
    loaded = skrnn.load(tmp_path / "letters.skrnn")

    assert loaded.score(QUESTION) == model.score(QUESTION)
    assert loaded.generate("to", 30, random_state=0) == model.generate("to", 30, random_state=0)
    more = [clone_of(one).partial_fit(QUESTION * 20).score(QUESTION) for one in (loaded, model)]
    assert more[0] == more[1]


# ---------------------------------------------------------------------- odd texts and errors


def test_a_text_shorter_than_a_window():
    """Any text of a letter is enough."""
    model = small(epochs=2, length=128).fit("a")

    assert model.alphabet_ == "a"
    assert model.score("a") > -1e-9 + np.log2(1 - model.unknown_probability_)
    assert model.generate(n=3) == "aaa"


def test_letters_of_any_script():
    """Letters are those of Unicode, whatever their number."""
    text = "日本語の文字と😀と ñ\n" * 40
    model = small(epochs=40, batch_size=8).fit(text)

    assert model.alphabet_ == "".join(sorted(set(text)))
    assert model.generate("日本", 5, temperature=0) == "語の文字と"


@pytest.mark.parametrize("text", ["", [], ["", ""]])
def test_no_letter_is_no_text(model, text):
    """There is nothing to learn from, or to score."""
    with pytest.raises(ValueError, match="text must have at least one letter"):
        small().fit(text)
    with pytest.raises(ValueError, match="text must have at least one letter"):
        model.score(text)


def test_other_things_than_texts():
    """Bytes are decoded first."""
    with pytest.raises(TypeError, match=r"a list of them, got b'abc' \(bytes\) for text 0"):
        small().fit([b"abc"])


@pytest.mark.parametrize(
    ("params", "message"),
    [
        ({"engine": "keras"}, "engine='keras' carries no state"),
        ({"units": ()}, "units must name at least one layer"),
        ({"length": 0}, "length must be"),
        ({"cell": "transformer"}, "cell must be one of"),
        ({"optimizer": "lion"}, "optimizer must be one of"),
        ({"cell": "mingru", "recurrent_dropout": 0.1}, "recurrent_dropout must be 0"),
    ],
)
def test_what_cannot_be(params, message):
    """One clear error, before anything is learned."""
    with pytest.raises(ValueError, match=message):
        small(**params).fit(QUESTION)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (pd.DataFrame({"text": ["to be"]}), "got DataFrame: pass the texts alone"),
        ({"a.txt": "to be"}, "got dict: pass the texts alone, as one column or list"),
        (pd.Series(["to be", np.nan]), r"got nan \(float\) for text 1: .* what is missing"),
    ],
)
def test_tables_and_what_is_missing(text, message):
    """Names of columns are no texts."""
    with pytest.raises(TypeError, match=message):
        small().fit(text)


@pytest.mark.filterwarnings("ignore:.*did not come in fit")
def test_unknown_letters_alone_validate_nothing():
    """They have no loss, which would be the least there is."""
    with pytest.raises(ValueError, match="the text for validation must have some of the letters"):
        small(early_stopping=True).fit(QUESTION, validation_text="XYZ")
    with pytest.raises(ValueError, match="the text for training must have some of the letters"):
        small(epochs=1).fit(QUESTION).partial_fit("€€€")


def test_what_is_being_written_stays():
    """Training again changes nothing of it, neither its network nor its letters."""
    model = small(epochs=5).fit("abc" * 50)
    letters = model.iter_generate("a", temperature=0)
    written = [next(letters) for _ in range(3)]

    model.fit("z" * 50)

    assert [next(letters) for _ in range(3)] == written


def test_parameters_of_writing(model):
    """They are refused before a letter is written."""
    with pytest.raises(TypeError, match="prompt must be one text, got a list of 2"):
        model.generate(["to", "be"])
    with pytest.raises(ValueError, match="temperature must be a finite number"):
        model.generate("to", temperature="0.5")
    with pytest.raises(ValueError, match="temperature must be"):
        model.generate("to", temperature=-1)
    with pytest.raises(ValueError, match="top_k must be"):
        model.generate("to", top_k=0)
