"""The loop over batches: what threads do together, what is shown of it, and what is left when it is
stopped.
"""

import copy
import re
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

from skrnn import RNNRegressor, make_windows
from skrnn.forecasters.samples import Samples
from skrnn.neural.fused import engine, threads
from skrnn.neural.training import Course


@pytest.fixture(autouse=True)
def two_threads(monkeypatch):
    """Also where there is one processor; what is shown is shown often."""
    monkeypatch.setattr(engine, "allowed_threads", lambda: 2)
    monkeypatch.setattr(threads, "SHOWN_EVERY", 0.001)


def windows(n, length=4):
    return make_windows(np.sin(np.arange(n + length) / 5), length)


def test_a_batch_of_more_chunks_than_shares(monkeypatch):
    """However few gradients are kept, that of the batch is the sum over all of its chunks."""
    X, y = windows(2_000)
    model = RNNRegressor(
        "gru", 3, epochs=3, batch_size=1500, optimizer="sgd", random_state=0, engine="fused"
    )
    model.set_params(dtype="float64", dropout=0.2)

    fits = []
    for most in (64, 5, 1):
        monkeypatch.setattr(engine, "MOST_SHARES", most)
        fits.append(copy.deepcopy(model).fit(X, y))

    for fit in fits[1:]:
        assert fit.history_["loss"] == pytest.approx(fits[0].history_["loss"], rel=1e-12)
        for ours, theirs in zip(fit.weights_, fits[0].weights_, strict=True):
            np.testing.assert_allclose(ours, theirs, rtol=1e-9, atol=1e-12)


def test_an_interrupt_keeps_the_last_whole_batch(monkeypatch):
    """Ctrl-C in a long epoch leaves what the network has learned from the batches before, and
    nothing of the next.
    """
    X, y = windows(400_000)
    model = RNNRegressor(
        "gru", 3, epochs=2, batch_size=1600, verbose=1, random_state=0, engine="fused"
    )

    def pressed(course, n, loss):
        if n > 1:
            raise KeyboardInterrupt

    monkeypatch.setattr(Course, "show", pressed)
    with pytest.warns(UserWarning, match="interrupted after 0 of 2 epochs"):
        model.fit(X, y)
    monkeypatch.undo()
    done = int(model.trained_.optimizer_state[0])
    feed = model._feed(Samples(X, y[:, None]), seed=model._training().seed)
    feed.order = feed.order[: done * 1600]
    again = engine.train(model.network_.on(X.length), model._training(epochs=1), feed, None, None)

    assert 1 < done < len(y) // 1600
    for ours, theirs in zip(model.weights_, again.weights, strict=True):
        np.testing.assert_array_equal(ours, theirs)


def test_the_progress_line(capsys):
    """It counts the batches that are done, and ends with the losses of the epoch."""
    X, y = windows(200_000)
    model = RNNRegressor(
        "gru", 3, epochs=1, batch_size=640, verbose=1, validation_fraction=0.1, engine="fused"
    )

    model.fit(X, y)

    nothing, *shown, last = capsys.readouterr().out.split("\r")
    counts = [
        int(re.fullmatch(r"Epoch 1/1 [━─]{20} (\d+)/282 loss: \S+ ", line)[1]) for line in shown
    ]
    assert nothing == ""
    assert counts == sorted(counts) != []
    assert [line.count("━") for line in shown] == [20 * n // 282 for n in counts]
    assert re.fullmatch(r"Epoch 1/1 ━{20} 282/282 \d+\.\d\ds loss: \S+ val_loss: \S+\n", last)


def test_forecasts_in_threads():
    """One fitted network forecasts for several threads at once, each window as if it were alone."""
    X, y = windows(100, length=1000)
    model = RNNRegressor("gru", 8, epochs=1, random_state=0, engine="fused").fit(X, y)

    with ThreadPoolExecutor(4) as pool:
        together = list(pool.map(lambda i: model.predict(X[i : i + 1])[0], range(len(X))))

    np.testing.assert_array_equal(together, model.predict(X))
