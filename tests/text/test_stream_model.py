"""What models of texts share: trainings that are killed go on, and what is held out is unseen."""

import numpy as np
import pytest

from skrnn import CharacterModel, TokenModel
from skrnn.neural.checkpoint import Checkpoint

LETTERS = "to be or not to be, that is the question. " * 8
SMALL = {"units": (8, 8), "length": 8, "epochs": 4, "batch_size": 4, "random_state": 0}
TEXTS = {"letters": LETTERS, "tokens": LETTERS.split()}
MODELS = {
    "letters": CharacterModel(**SMALL, dropout=0.2, recurrent_dropout=0.1),
    "tokens": TokenModel(**SMALL, embedding=4, dropout=0.2),
}


class Killed(BaseException):
    """Ends a process, as far as the code can tell."""


def twin(name, **params):
    """A model of its own."""
    model = MODELS[name]
    return type(model)(**{**model.get_params(), **params})


def killed_behind(model, text, n_epochs, monkeypatch):
    """Fit until so many epochs were kept."""
    keep, kept = Checkpoint.keep, []

    def keep_some(self, *state):
        keep(self, *state)
        kept.append(self)
        if len(kept) == n_epochs:
            raise Killed

    with monkeypatch.context() as patch:
        patch.setattr(Checkpoint, "keep", keep_some)
        with pytest.raises(Killed):
            model.fit(text)


@pytest.mark.parametrize("options", [{}, {"early_stopping": True, "patience": 1}])
@pytest.mark.parametrize("name", MODELS)
def test_a_cut_fit_is_the_uncut_one(name, options, tmp_path, monkeypatch):
    """It goes on from its last whole epoch to the same bits: lanes, dropouts, losses."""
    text = TEXTS[name]
    uncut = twin(name, **options).fit(text)
    cut = twin(name, checkpoint=str(tmp_path), **options)

    for n_epochs in (1, 1):
        killed_behind(cut, text, n_epochs, monkeypatch)
    cut.fit(text)

    for one, other in zip(cut.weights_, uncut.weights_, strict=True):
        np.testing.assert_array_equal(one, other)
    assert cut.history_ == uncut.history_
    assert cut.score(text) == uncut.score(text)


def test_what_was_done_is_taken_as_it_is(tmp_path, monkeypatch):
    """A fit that is called again trains no epoch."""
    first = twin("letters", checkpoint=str(tmp_path)).fit(LETTERS)
    monkeypatch.setattr(Checkpoint, "keep", lambda *_: pytest.fail("an epoch was trained"))

    again = twin("letters", checkpoint=str(tmp_path)).fit(LETTERS)

    assert again.score(LETTERS) == first.score(LETTERS)


@pytest.mark.parametrize(
    ("params", "text"),
    [({"length": 7}, LETTERS), ({"batch_size": 3}, LETTERS), ({}, LETTERS[::-1])],
)
def test_another_training_has_a_checkpoint_of_its_own(params, text, tmp_path):
    """Other windows, other lanes or another text begin anew."""
    twin("letters", checkpoint=str(tmp_path)).fit(LETTERS)

    model = twin("letters", checkpoint=str(tmp_path), **params).fit(text)

    assert model.score(LETTERS) == twin("letters", **params).fit(text).score(LETTERS)
    assert len(list(tmp_path.iterdir())) == 2


def test_a_seed_is_needed(tmp_path):
    """Without one the next fit is another training."""
    with pytest.raises(ValueError, match="needs a whole number as random_state, got None"):
        twin("letters", checkpoint=str(tmp_path), random_state=None).fit(LETTERS)


@pytest.mark.filterwarnings("ignore:.*did not come in fit")
@pytest.mark.parametrize("name", MODELS)
def test_what_is_held_out_is_unseen(name):
    """Neither its symbols nor how many they are: only what is learned from is in the alphabet."""
    text = TEXTS[name]
    other = "zyx" * len(text)
    n = round(len(text) * 0.75)
    held_out = [text[0], *other[: len(text) - n - 1]]
    behind = "".join(held_out) if name == "letters" else held_out

    honest = twin(name, validation_fraction=0.25).fit(text)
    model = twin(name, validation_fraction=0.25).fit(text[:n] + behind)

    assert model.alphabet_ == honest.alphabet_
    assert model.unknown_probability_ == 1 / (n + 1)
    for one, another in zip(model.weights_, honest.weights_, strict=True):
        np.testing.assert_array_equal(one, another)
