"""CharacterModel: a recurrent network that writes text letter by letter."""

from itertools import islice

import numpy as np

from skrnn.neural.parameters import parameters
from skrnn.text.stream_model import StreamModel
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
    dropout : float, default=0.0
        Share of each layer's outputs that training leaves out, others at every step.
    recurrent_dropout : float, default=0.0
        Share of each layer's state that training leaves out, the same at every step of a window.
    optimizer : {"adam", "rmsprop", "sgd"}, default="adam"
        The optimizer.
    learning_rate : float, default=0.004
        The learning rate at first.
    learning_rate_schedule : {"cosine", "exponential", "constant"}, default="cosine"
        How the learning rate falls, also within an epoch.
    learning_rate_decay : float, default=None
        What is left of it at the end. None: 0 of a cosine, 0.01 of an exponential schedule.
    clipnorm : float, default=None
        The largest norm of each weight's gradient.
    global_clipnorm : float, default=1.0
        The largest norm of the gradient of all weights together: longer ones, which now and then
        explode in recurrent networks, are shortened.
    weight_decay : float, default=None
        The share of its weights that the optimizer takes away in each step, times the rate.
    batch_size : int, default=64
        Lanes; a short text has fewer.
    epochs : int, default=10
        Passes over the text.
    engine : {"auto", "fused"}, default="auto"
        What trains it: compiled kernels on the CPU. Keras carries no state between windows.
    early_stopping : bool, default=False
        Stop when the loss of held-out text has not fallen for ``patience`` epochs, and keep the
        best weights.
    validation_fraction : float, default=None
        Share of the letters to validate on, the end of the text. None: 0.1 with
        ``early_stopping``, none without.
    patience : int, default=10
        Epochs without a lower loss before ``early_stopping`` stops.
    warm_start : bool, default=False
        Whether ``fit`` goes on from the weights and the optimizer's state of the fit before.
    verbose : int, default=0
        1 shows a progress bar, 2 a line an epoch: bits a letter, and letters a second.
    random_state : int, RandomState or None, default=None
        Makes the weights, the lanes and the dropouts repeatable.
    dtype : {"float32", "float64"}, default="float32"
        The precision of all calculations.

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
    >>> model.fit("to be or not to be, that is the question. " * 20).generate("to be or ", 6)
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

    def bits_per_character(self, text) -> float:
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

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.input_tags.string = True
        tags.input_tags.two_d_array = False
        return tags

    # ------------------------------------------------------------------ letters

    def _texts(self, text, *, empty=False):
        texts = [text] if isinstance(text, str) else list(text)
        for one in texts:
            if not isinstance(one, str):
                raise TypeError(
                    f"text must be a str or a list of them, got {type(one).__name__} among "
                    f"{len(texts)}: read files, and decode bytes, first"
                )
        if not empty and not any(texts):
            raise ValueError(
                f"text must have at least one letter, got {len(texts)} text(s) without any"
            )
        return texts

    def _known(self, texts):
        return "".join(sorted(set().union(*texts)))

    def _codes(self, text):
        points = _points(text)
        alphabet = _points(self.alphabet_)
        places = np.minimum(np.searchsorted(alphabet, points), len(alphabet) - 1)
        return np.where(alphabet[places] == points, places + 1, 0)


def _points(text):
    """The numbers of a text's letters in Unicode."""
    return np.frombuffer(text.encode("utf-32-le", "surrogatepass"), np.uint32)
