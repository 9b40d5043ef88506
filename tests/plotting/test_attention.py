"""AttentionDisplay: the words that a network looks at."""

import re

import numpy as np
import pytest
from sklearn.pipeline import make_pipeline

from skrnn import RNNClassifier, RNNRegressor, TokenSequences
from skrnn.datasets import make_reviews
from skrnn.plotting import AttentionDisplay
from skrnn.plotting.attention import LINE_LETTERS

TEXTS, Y = make_reviews(40, random_state=0)


def fitted(network=RNNClassifier):
    """A pipeline of words and a network with attention."""
    model = network("gru", 4, embedding=2, pooling="attention", epochs=1, random_state=0)
    return make_pipeline(TokenSequences(10), model).fit(TEXTS, Y)


def test_draws_the_words_and_their_weights():
    """The words are those that the network reads, with its weights."""
    model = fitted()

    display = AttentionDisplay.from_estimator(model, TEXTS[0])

    codes = model[0].transform(TEXTS[:1])
    assert [text.get_text() for text in display.texts_] == model[0].words(codes)[0]
    np.testing.assert_array_equal(display.weights, model[1].attention_weights(codes)[0])


def test_the_word_that_counts_most_is_the_darkest():
    """Shades go up with the weights."""
    display = AttentionDisplay(["a", "b", "c"], [0.1, 0.7, 0.2]).plot()

    light = [sum(text.get_bbox_patch().get_facecolor()[:3]) for text in display.texts_]

    assert light[1] < light[2] < light[0]


def test_no_line_is_longer_than_the_picture():
    """Words go on in the next line; one that is longer than a line has its own."""
    words = ["word"] * 100 + ["x" * 200, "y"]

    display = AttentionDisplay(words, np.ones(102)).plot()

    for text in display.texts_:
        letter, _ = text.get_position()
        assert letter == 0 or letter + len(text.get_text()) <= LINE_LETTERS
    assert display.texts_[-1].get_position()[1] > display.texts_[-2].get_position()[1]


@pytest.mark.parametrize(
    ("network", "answer"), [(RNNClassifier, r"^[01]: \d+%$"), (RNNRegressor, r"^[\d.e-]+$")]
)
def test_the_answer_stands_above_the_text(network, answer):
    """A class with its probability, or a number."""
    model = fitted(network)

    title = AttentionDisplay.from_estimator(model, TEXTS[0]).ax_.get_title()

    assert re.match(answer, title)


def test_needs_words_and_a_network():
    """Another estimator is refused, with the remedy."""
    with pytest.raises(ValueError, match="a pipeline of TokenSequences and a network, got RNNC"):
        AttentionDisplay.from_estimator(fitted()[1], TEXTS[0])


def test_needs_a_weight_for_each_word():
    """Words and weights are as many."""
    with pytest.raises(ValueError, match="one number for each of 2 words, got shape"):
        AttentionDisplay(["a", "b"], [1.0])
