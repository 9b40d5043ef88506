"""Form: how each window is expressed relative to itself, as plain data."""

from dataclasses import dataclass, replace

import numpy as np

from skrnn.validation import surely_finite
from skrnn.windows.filling import fill_steps, last_known


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
    scale : {"none", "deviation", "mean_abs"}, default="none"
        What each step is divided by, whatever the centre: nothing, the deviation of the steps from
        their mean, or the mean of their absolute values. Where that is 0, as the deviation of
        constant steps is, 1.
    min_scale : float, default=0.0
        The least deviation that divides, as a share of the mean of the absolute values.
    season : int, default=1
        Steps of a season.
    origin : tuple of float, default=()
        What is taken from each feature in the end. Empty: nothing.
    unit : tuple of float, default=()
        What each feature is divided by in the end. Empty: 1.
    features : tuple of int, default=None
        The features that centre and scale are for; others are as they are. None: all.

    Examples
    --------
    >>> import numpy as np
    >>> steps = np.array([1.0, 2.0, 3.0, 5.0]).reshape(1, 4, 1)
    >>> Form("season", season=2).of(steps).ravel()
    array([-2., -3.,  0.,  0.])
    """

    centre: str = "none"
    scale: str = "none"
    min_scale: float = 0.0
    season: int = 1
    origin: tuple[float, ...] = ()
    unit: tuple[float, ...] = ()
    features: tuple[int, ...] | None = None

    def of(self, batch: np.ndarray) -> np.ndarray:
        """Gathered windows (n, steps, features) in this form, in their float type."""
        self.check_length(batch.shape[1])
        chosen = slice(None) if self.features is None else list(self.features)
        centre, scale = self._centre_scale(batch[:, :, chosen])
        formed = batch.astype(np.float64)
        if centre is not None:
            formed[:, :, chosen] -= centre
        if scale is not None:
            formed[:, :, chosen] /= scale
        if self.origin:
            formed -= np.array(self.origin)
        if self.unit:
            formed /= np.array(self.unit)
        return formed.astype(batch.dtype, copy=False)

    def of_targets(self, batch: np.ndarray, leads: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """What is taken from targets (n, n_leads) of windows' only feature, and what divides them.

        Parameters
        ----------
        batch : ndarray of shape (n, steps, 1)
            The gathered windows.
        leads : ndarray of shape (n_leads,)
            How many steps ahead of the last one each target lies.

        Returns
        -------
        centre : ndarray of shape (n, n_leads)
            NaN where nothing of a window is known.
        scale : ndarray of shape (n, 1)

        Examples
        --------
        >>> steps = np.array([1.0, 2.0, 3.0, 5.0]).reshape(1, 4, 1)
        >>> Form("season", season=2).of_targets(steps, np.arange(1, 5))
        (array([[3., 5., 3., 5.]]), array([[1.]]))
        """
        self.check_length(batch.shape[1])
        centre, scale = self._centre_scale(batch)
        if scale is None:
            scale = np.ones((len(batch), 1, 1))
        if centre is None:
            centre = np.zeros((len(batch), 1, 1))
        # Of a phase of which nothing is known, what is known beside it tells most.
        season = fill_steps(centre[:, -self.period :], np.full(1, np.nan))
        return season[:, (leads - 1) % self.period, 0], scale[:, 0]

    def _centre_scale(self, batch):
        """Centre and scale of windows, (n, 1 or steps, n_features) each; None for nothing."""
        mean = spread = None
        if self.centre == "mean" or self.scale == "deviation":
            mean, spread = mean_spread(batch)
        centre = None
        if self.centre == "mean":
            centre = mean
        elif self.centre != "none":
            centre = newest_of_phase(batch, self.period)
        if self.scale == "none":
            return centre, None
        if self.scale == "mean_abs":
            scale = mean_abs(batch)
        else:
            scale = spread
            if self.min_scale:
                scale = np.maximum(spread, self.min_scale * mean_abs(batch))
        return centre, np.where(scale == 0, 1.0, scale)

    @property
    def period(self) -> int:
        """How many steps the centre repeats after: of the last step, each."""
        return self.season if self.centre == "season" else 1

    @staticmethod
    def noise(dtype) -> float:
        """The deviation, as a share of the mean, that is but rounding in a float type.

        That of the values themselves, or of their mean, which is of double precision.
        """
        return float(max(np.finfo(dtype).eps, 10 * np.finfo(np.float64).eps))

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
        one = replace(self, origin=self.origin[cut], unit=self.unit[cut], features=None)
        return one if self.expresses(column) else Form(origin=one.origin, unit=one.unit)

    def only(self, features: np.ndarray, n_features: int) -> "Form":
        """The form for some features; of none it is nothing."""
        if len(features) == n_features or self == Form():
            return self
        if not len(features):
            return Form()
        return replace(self, features=tuple(np.sort(features).tolist()))

    def expresses(self, column: int) -> bool:
        """Whether centre and scale are for a feature."""
        return self.features is None or column in self.features

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
        """What comes of it after another form, which has no origin.

        A centre undoes what was taken from all steps alike, and a scale undoes what all steps were
        divided by, but for its sign.
        """
        if self.centre == "season":
            raise ValueError(
                "windows whose steps are changes since their last season cannot be transformed by "
                "themselves once more: do that first, or leave it out"
            )
        taken = self.centre != "none" or bool(self.origin)
        by_size = form.scale == "mean_abs" or form.min_scale > 0
        if form.centre == "none" or (taken and by_size):
            raise ValueError(
                "windows that are centred or scaled by themselves have lost the size of their "
                "values, by which they are to be scaled: do both at once, as "
                'WindowScaler(center="mean", scale="mean_abs") does, or leave one out'
            )
        if self.features != form.features:
            raise ValueError(
                "windows some of whose columns are centred or scaled by themselves cannot be "
                "centred or scaled once more in others: name the same columns= both times"
            )
        if form.scale == "none":
            both = replace(form, scale=self.scale, min_scale=self.min_scale, unit=self.unit)
        else:
            signs = tuple(np.sign(self.unit).tolist())
            both = form if min(signs, default=1) > 0 else replace(form, unit=signs)
        if self.features is None:
            return both
        # What is done to all steps alike stays, of the other features.
        origin = _mixed(both.origin, self.origin, self.features, 0.0)
        return replace(both, origin=origin, unit=_mixed(both.unit, self.unit, self.features, 1.0))


def _mixed(expressed, others, features, nothing):
    """Numbers of the features that are expressed, and of all others."""
    if not others:
        return expressed
    expressed = expressed or (nothing,) * len(others)
    return tuple(expressed[i] if i in features else number for i, number in enumerate(others))


def mean_spread(batch: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Mean and deviation (n, 1, n_features) of the known steps.

    NaN where there are none; the deviation is 0 where they are constant.
    """
    gaps = not surely_finite(batch.ravel())
    count = batch.shape[1]
    if gaps:
        unknown = np.isnan(batch)
        count = (~unknown).sum(axis=1, keepdims=True)
    with np.errstate(invalid="ignore", divide="ignore"):
        values = np.where(unknown, 0, batch) if gaps else batch
        mean = values.sum(axis=1, keepdims=True, dtype=np.float64) / count
        apart = batch - mean
        if gaps:
            apart[unknown] = 0
        deviation = np.sqrt(np.square(apart, out=apart).sum(axis=1, keepdims=True) / count)
    constant = deviation <= Form.noise(batch.dtype) * np.abs(mean)
    return mean, np.where(constant, 0.0, deviation)


def mean_abs(batch: np.ndarray) -> np.ndarray:
    """Mean of the absolute values (n, 1, n_features) of the known steps; NaN where none is."""
    known = ~np.isnan(batch)
    sizes = np.where(known, np.abs(batch), 0).sum(axis=1, keepdims=True, dtype=np.float64)
    with np.errstate(invalid="ignore"):
        return sizes / known.sum(axis=1, keepdims=True)


def newest_of_phase(batch: np.ndarray, season: int) -> np.ndarray:
    """For each step of windows (n, steps, features), the newest known one of the same phase."""
    n, length, n_features = batch.shape
    if length >= season and not np.isnan(batch[:, -season:]).any():
        # The last season, over and over; what is left over comes first.
        places = np.arange(length - season, length)
        return batch[:, places[(np.arange(length) - length) % season]]
    before = -length % season
    padded = np.full((n, before + length, n_features), np.nan, batch.dtype)
    padded[:, before:] = batch
    seasons = padded.reshape(n, -1, season, n_features)
    newest = last_known(np.isnan(seasons), axis=1)[:, -1:]
    values = np.take_along_axis(seasons, np.maximum(newest, 0), axis=1)
    return np.broadcast_to(values, seasons.shape).reshape(padded.shape)[:, before:]
