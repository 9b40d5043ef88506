"""Ridge problems: one matrix for all targets, formed from many windows or from few.

Both kinds have the same methods, in this order: ``choose_alpha`` where it is not known,
``factorise`` once, ``solve`` for any targets of weighted mean 0, and ``in_own_units`` at the end.
"""

import numpy as np

from skrnn.baselines.penalty import AlphaChoice, choose_by_gram, choose_by_kernel
from skrnn.baselines.solving import equation_solver, solver_of_any_penalty, solver_of_few
from skrnn.baselines.sums import gathered, unshifted, window_gram, window_products, window_sums
from skrnn.forecasters.samples import Samples
from skrnn.windows.steps import feature_deviations, feature_means


class ManyWindows:
    """Normal equations of features brought to mean 0 and deviation 1.

    These keep their precision, whatever the level of a feature.

    Parameters
    ----------
    samples : Samples
        Complete windows, known targets, weights above 0.
    """

    def __init__(self, samples: Samples):
        self.weights = samples.weights
        windows = samples.windows
        shared = windows.shares_rows
        if not shared:
            # Each has values of its own, of which all that follows is told.
            windows = gathered(windows)
        self.means = feature_means(windows)
        self.scales = feature_deviations(windows, self.means)
        windows = unshifted(windows).rescaled(self.means, self.scales)
        self.windows = gathered(windows) if shared else windows
        self.total = len(samples) if self.weights is None else self.weights.sum()
        self.gram = None
        # Another penalty would take another matrix.
        self.varies = False

    def choose_alpha(self, samples: Samples, y: np.ndarray) -> AlphaChoice:
        """Choose alpha by blocks of time, whose Gram matrices add up to that of all windows."""
        choice, sums = choose_by_gram(samples, self.windows, y, self.scales)
        self.gram = sums.gram
        self.window_mean = sums.inputs
        return choice

    def factorise(self, alpha: float, *, vary: bool = False) -> None:
        """Prepare for this penalty alone."""
        if self.gram is None:
            self.gram, self.window_mean = window_gram(self.windows, self.weights)
        length = self.windows.length
        self.window_mean /= self.total
        self.gram -= self.total * np.outer(self.window_mean, self.window_mean)
        # The bound keeps the square of what is penalised away a number.
        self.penalty = np.tile(np.minimum(np.sqrt(alpha) / self.scales, 1e150) ** 2, length)
        self.gram.flat[:: len(self.gram) + 1] += self.penalty
        units = np.sqrt(self.total + self.penalty)
        self._solved = equation_solver(self.gram, units, np.tile(self.scales, length))
        self.gram = None

    def solve(self, y: np.ndarray) -> np.ndarray:
        """Coefficients of targets (n, n_outputs) whose weighted mean is 0."""
        coef = self._solved(self._slopes(y))
        # One step of refinement: it corrects what forming the Gram matrix has rounded away.
        return self.corrected(coef, y - self.forecast(coef))

    def corrected(
        self, coef: np.ndarray, residual: np.ndarray, share: float | np.ndarray = 1.0
    ) -> np.ndarray:
        """The solution, from coefficients that leave ``residual`` of its targets.

        The penalty would count by a ``share`` (n_outputs,), if it varied.
        """
        return coef + self._solved(self._slopes(residual) - self.penalty[:, None] * coef)

    def forecast(self, coef: np.ndarray) -> np.ndarray:
        """The forecasts of all windows, of weighted mean 0."""
        shape = (self.windows.length, self.windows.n_features, -1)
        return window_products(self.windows, coef.reshape(shape)) - self.window_mean @ coef

    def in_own_units(self, coef: np.ndarray, level: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Coefficients (steps, n_features, n_outputs) and intercepts of forecasts of this mean."""
        intercept = level - self.window_mean @ coef
        coef = coef.reshape(self.windows.length, self.windows.n_features, -1)
        coef = coef / self.scales[:, None]
        return coef, intercept - self.means @ coef.sum(axis=0)

    def _slopes(self, residual):
        weighted = residual if self.weights is None else residual * self.weights[:, None]
        sums = window_sums(self.windows, weighted).reshape(len(self.window_mean), -1)
        return sums - np.outer(self.window_mean, weighted.sum(axis=0))


class FewWindows:
    """Fewer windows than inputs, which are gathered.

    With a penalty the equations of the windows are the smaller ones, without one singular values
    find the smallest of many solutions.

    Parameters
    ----------
    samples : Samples
        Complete windows, known targets, weights above 0.
    """

    def __init__(self, samples: Samples):
        self.shape = samples.windows.shape[1:]
        inputs = samples.windows.take(dtype=np.float64).reshape(len(samples), -1)
        self.mean = np.average(inputs, axis=0, weights=samples.weights)
        inputs -= self.mean
        self.root = None if samples.weights is None else np.sqrt(samples.weights)[:, None]
        self.inputs = inputs

    def choose_alpha(self, samples: Samples, y: np.ndarray) -> AlphaChoice:
        """Choose alpha by blocks of time, which are blocks of one matrix of products."""
        return choose_by_kernel(samples, self.inputs, y)

    def factorise(self, alpha: float, *, vary: bool = False) -> None:
        """Prepare for this penalty; to ``vary`` it takes longer."""
        self.varies = vary
        inputs = self.inputs if self.root is None else self.inputs * self.root
        if vary:
            solver = solver_of_any_penalty(inputs)
            self._solved = lambda y, share: solver(y, share * alpha)
        else:
            solver = solver_of_few(inputs, alpha)
            self._solved = lambda y, share: solver(y)

    def solve(self, y: np.ndarray, share: float | np.ndarray = 1.0) -> np.ndarray:
        """Coefficients of targets (n, n_outputs) whose weighted mean is 0."""
        return self._solved(y if self.root is None else y * self.root, share)

    def corrected(
        self, coef: np.ndarray, residual: np.ndarray, share: float | np.ndarray = 1.0
    ) -> np.ndarray:
        """The solution, from coefficients that leave ``residual`` of its targets.

        The penalty counts by a ``share`` (n_outputs,).
        """
        return self.solve(self.forecast(coef) + residual, share)

    def forecast(self, coef: np.ndarray) -> np.ndarray:
        """The forecasts of all windows, of weighted mean 0."""
        return self.inputs @ coef

    def in_own_units(self, coef: np.ndarray, level: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Coefficients (steps, n_features, n_outputs) and intercepts of forecasts of this mean."""
        return coef.reshape(*self.shape, -1), level - self.mean @ coef
