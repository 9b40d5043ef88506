"""CharacterModel: a recurrent network that writes text letter by letter."""

from itertools import islice

import numpy as np

from skrnn.neural.parameters import parameters
from skrnn.text.stream_model import StreamModel, check_no_table
from skrnn.validation import check_count


@parameters
class CharacterModel(StreamModel):
    """A recurrent network that tells the next letter of a text, and writes texts of its own.

    It is trained on every letter by truncated backpropagation through time: the text is read in
    windows, one behind the other, and each begins with the state that the one before left. ::

        text       to be or             to be or
        target     t  o     b  e        what comes, at each step
        input      ·  t  o     b        what came before it; in front of a text nothing

    A long text is cut into ``batch_size`` lanes that are trained side by side, each epoch at other
    places. State is zero where a text begins, and in training where one was cut; never in
    ``score``.

    Parameters
    ----------
    cell : {"lstm", "gru", "simple", "mingru", "minlstm"}, default="lstm"
        The recurrent cell.
    units : int or tuple of int, default=(512,)
        Units of the layer, or of each of a stack.
    length : int, default=128
        Letters of a window: over so many steps errors are traced back.
    <streams>

    Attributes
    ----------
    alphabet_ : str
        The letters of the text in order. Others are unknown: they are read as nothing, which is
        what comes before a text, and ``unknown_probability_`` is the probability of any of them.
    unknown_probability_ : float
        One in ``n_letters_`` + 1. The network's own probabilities share the rest.
    n_letters_ : int
        How many letters were learned from.
    history_ : dict of list
        "loss", and "val_loss" where there was a validation, of every epoch, in nats a letter.
    network_, training_, weights_, trained_
        As those of `RNNClassifier`: the network reads letters as one of ``len(alphabet_)`` numbers.

    Examples
    --------
    >>> from skrnn import CharacterModel
    >>> model = CharacterModel(units=32, length=16, epochs=30, learning_rate=0.02, random_state=0)
    >>> model = model.fit("to be or not to be, that is the question. " * 20)
    >>> model.generate("to be or ", 6, temperature=0)
    'not to'
    """

    def generate(
        self,
        prompt: str = "",
        n: int = 200,
        *,
        temperature: float = 1.0,
        top_k: int | None = None,
        random_state=None,
    ) -> str:
        """Write on.

        Parameters
        ----------
        prompt : str, default=""
            What has been written so far. Without any, a text begins.
        n : int, default=200
            How many letters to write.
        temperature : float, default=1.0
            Scores are divided by it: below 1 the likely becomes likelier, and at 0 the likeliest
            letter is taken every time.
        top_k : int, default=None
            Draw from so many of the likeliest letters only.
        random_state : int, RandomState or None, default=None
            Makes it repeatable.

        Returns
        -------
        text : str
            The letters behind the prompt.
        """
        check_count("n", n, minimum=0)
        letters = self.iter_generate(
            prompt, temperature=temperature, top_k=top_k, random_state=random_state
        )
        return "".join(islice(letters, n))

    def bits_per_character(self, text: str | list[str]) -> float:
        """Tell how many bits a letter costs: what ``score`` gives, with the other sign.

        Parameters
        ----------
        text : str or list of str
            What to score.

        Returns
        -------
        bits : float
        """
        return -self.score(text)

    # ------------------------------------------------------------------ letters

    def _texts(self, text, *, empty=False):
        check_no_table(text, "a str or a list of them")
        if isinstance(text, bytes) or not np.iterable(text):
            raise TypeError(
                f"text must be a str or a list of them, got {type(text).__name__}: read files, and "
                "decode bytes, first"
            )
        texts = [text] if isinstance(text, str) else list(text)
        for number, one in enumerate(texts):
            if not isinstance(one, str):
                raise TypeError(
                    f"text must be a str or a list of them, got {one!r:.50} "
                    f"({type(one).__name__}) for text {number}: decode bytes first, and leave out "
                    "what is missing"
                )
        if not empty and not any(texts):
            raise ValueError(
                f"text must have at least one letter, got {len(texts)} text(s) without any"
            )
        return texts

    def _learn_alphabet(self, texts):
        self.alphabet_ = "".join(sorted(set().union(*texts)))
        self.n_letters_ = sum(map(len, texts))
        self.unknown_probability_ = 1 / (self.n_letters_ + 1)

    def _codes(self, texts):
        alphabet = _points(self.alphabet_)
        codes = []
        for text in texts:
            points = _points(text)
            places = np.minimum(np.searchsorted(alphabet, points), len(alphabet) - 1)
            codes.append(np.where(alphabet[places] == points, places + 1, 0))
        return codes


def _points(text):
    """The numbers of a text's letters in Unicode."""
    return np.frombuffer(text.encode("utf-32-le", "surrogatepass"), np.uint32)
