"""Form: how each window is expressed relative to itself, as plain data."""

from dataclasses import dataclass, replace

import numpy as np

from skrnn.windows.filling import last_known


@dataclass(frozen=True)
class Form:
    """What a window's steps are, feature by feature, of the values x of its rows.

        z = ((x - centre) / scale - origin) / unit

    The window itself says what its centre and its scale are; ``origin`` and ``unit`` are the same
    for all windows. Unknown steps (NaN) stay unknown, and do not count.

    Parameters
    ----------
    centre : {"none", "mean", "last", "season"}, default="none"
        What is taken from each step: nothing, the mean of all steps, the last step, or the step of
        the same phase in the window's last season. Where that is unknown, the newest known one.
    scale : {"none", "deviation"}, default="none"
        What each step is divided by: nothing, or the deviation of the steps from their mean,
        whatever the centre. It is 1 where they are constant.
    season : int, default=1
        Steps of a season.
    origin : tuple of float, default=()
        What is taken from each feature in the end. Empty: nothing.
    unit : tuple of float, default=()
        What each feature is divided by in the end. Empty: 1.

    Examples
    --------
    >>> import numpy as np
    >>> steps = np.array([1.0, 2.0, 3.0, 5.0]).reshape(1, 4, 1)
    >>> Form("season", season=2).of(steps).ravel()
    array([-2., -3.,  0.,  0.])
    """

    centre: str = "none"
    scale: str = "none"
    season: int = 1
    origin: tuple[float, ...] = ()
    unit: tuple[float, ...] = ()

    def of(self, batch: np.ndarray) -> np.ndarray:
        """Gathered windows (n, steps, features) in this form, in their float type."""
        self.check_length(batch.shape[1])
        formed = batch.astype(np.float64)
        mean = deviation = None
        if self.centre == "mean" or self.scale == "deviation":
            mean, deviation = mean_deviation(batch)
        if self.centre == "mean":
            formed -= mean
        elif self.centre != "none":
            formed -= newest_of_phase(batch, self.period)
        if self.scale == "deviation":
            formed /= deviation
        if self.origin:
            formed -= np.array(self.origin)
        if self.unit:
            formed /= np.array(self.unit)
        return formed.astype(batch.dtype, copy=False)

    @property
    def period(self) -> int:
        """How many steps the centre repeats after: of the last step, each."""
        return self.season if self.centre == "season" else 1

    @staticmethod
    def noise(dtype) -> float:
        """The deviation, as a share of the mean, that is but rounding in a float type."""
        return 10 * float(np.finfo(dtype).eps)

    def check_length(self, length: int) -> None:
        """Make sure that windows of this length have a last season."""
        if self.period > length:
            raise ValueError(
                f"season={self.season} steps need windows of at least as many, got {length}: use "
                "longer windows or a shorter season"
            )

    def mean(self, n_features: int) -> np.ndarray:
        """The mean of each feature over windows with the centre "mean", whatever they are.

        0 where nothing of a feature is known.
        """
        origin = np.array(self.origin or np.zeros(n_features))
        return np.nan_to_num(-origin / np.array(self.unit or np.ones(n_features)))

    # ------------------------------------------------------------------ the same form, changed

    def of_feature(self, column: int) -> "Form":
        """The form of one feature alone."""
        cut = slice(column, column + 1)
        return replace(self, origin=self.origin[cut], unit=self.unit[cut])

    def rescaled(self, origin: np.ndarray, unit: np.ndarray) -> "Form":
        """What comes of it after (z - origin) / unit."""
        own_unit = np.array(self.unit or np.ones(len(unit)))
        own_origin = np.array(self.origin or np.zeros(len(unit)))
        return replace(
            self,
            origin=tuple((own_origin + origin * own_unit).tolist()),
            unit=tuple((unit * own_unit).tolist()),
        )

    def then(self, form: "Form") -> "Form":
        """What comes of it after another form, which has a centre and no origin.

        A centre undoes what was taken from all steps alike, and a scale undoes what all steps were
        divided by, but for its sign.
        """
        if self.centre == "season":
            raise ValueError(
                "windows whose steps are changes since their last season cannot be transformed by "
                "themselves once more: do that first, or leave it out"
            )
        if form.scale == "none":
            return replace(form, scale=self.scale, unit=self.unit)
        signs = tuple(np.sign(self.unit).tolist())
        return form if min(signs, default=1) > 0 else replace(form, unit=signs)


def mean_deviation(batch: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Mean and deviation (n, 1, n_features) of the known steps.

    NaN where there are none; the deviation is 1 where they are constant.
    """
    known = ~np.isnan(batch)
    count = known.sum(axis=1, keepdims=True)
    with np.errstate(invalid="ignore", divide="ignore"):
        mean = np.where(known, batch, 0).sum(axis=1, keepdims=True, dtype=np.float64) / count
        squares = np.where(known, batch - mean, 0) ** 2
        deviation = np.sqrt(squares.sum(axis=1, keepdims=True) / count)
    constant = deviation <= Form.noise(batch.dtype) * np.abs(mean)
    return mean, np.where(constant, 1.0, deviation)


def newest_of_phase(batch: np.ndarray, season: int) -> np.ndarray:
    """For each step of windows (n, steps, features), the newest known one of the same phase."""
    n, length, n_features = batch.shape
    before = -length % season
    padded = np.full((n, before + length, n_features), np.nan, batch.dtype)
    padded[:, before:] = batch
    seasons = padded.reshape(n, -1, season, n_features)
    newest = last_known(np.isnan(seasons), axis=1)[:, -1:]
    values = np.take_along_axis(seasons, np.maximum(newest, 0), axis=1)
    return np.broadcast_to(values, seasons.shape).reshape(padded.shape)[:, before:]
