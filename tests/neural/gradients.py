"""What tests of networks share: an epoch of one batch, and gradients by central differences."""

import copy

import numpy as np
import pytest

from skrnn.forecasters.samples import Samples
from skrnn.neural.fused.engine import train
from skrnn.neural.fused.plan import Plan
from skrnn.neural.training import Trained, Training


def fitted(model, X, y, **params):
    """A network after an epoch of one batch, in double precision."""
    common = {"epochs": 1, "batch_size": 1000, "dtype": "float64", "random_state": 0}
    return copy.deepcopy(model).set_params(**{**common, **params}).fit(X, y)


def loss_and_gradient(network, feed, vector, *, loss, seed=0):
    """One step of gradient descent, whose rate is 1: what the weights lose is the gradient."""
    plan = Plan(network.over(feed.windows.length), every_step=network.every_step)
    training = Training(
        loss=loss,
        optimizer="sgd",
        learning_rate=1.0,
        learning_rate_schedule="constant",
        learning_rate_decay=1.0,
        clipnorm=None,
        global_clipnorm=None,
        weight_decay=None,
        epochs=1,
        patience=None,
        callbacks=(),
        verbose=0,
        seed=seed,
    )
    start = Trained(plan.weights(vector), [0, 0], {})
    trained = train(network, training, feed, None, start)
    return trained.history["loss"][0], vector - plan.vector(trained.weights, float)


def check_gradient(model, windows, y, n_weights):
    """The gradient of some weights of a fitted network is the slope of the loss.

    ``y`` (n, n_targets) is as the samples have it.
    """
    network = model._network_on(model.network_, windows)
    random = np.random.default_rng(1)
    weights = random.uniform(size=len(windows))
    plan = Plan(network.over(windows.length), every_step=network.every_step)
    vector = plan.vector(plan.initial_weights(random), float)
    vector += random.normal(scale=0.1, size=len(vector))

    def slope(vector):
        feed = model._feed(Samples(windows, y, weights), seed=0)
        return loss_and_gradient(network, feed, vector, loss=model._loss())

    _, gradient = slope(vector)

    n_learned = plan.n_learned
    for place in random.choice(n_learned, min(n_weights, n_learned), replace=False):
        step = np.zeros_like(vector)
        step[place] = 1e-6
        upper, lower = (slope(vector + side * step)[0] for side in (1, -1))
        assert gradient[place] == pytest.approx((upper - lower) / 2e-6, rel=1e-4, abs=1e-8)
