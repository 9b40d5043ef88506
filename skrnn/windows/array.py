"""Windows: the lazy array of windows that holds its rows once."""

from collections.abc import Iterator

import numpy as np

from skrnn.windows.form import Form
from skrnn.windows.gathering import (
    BATCH_NUMBERS,
    gather,
    gather_whole,
    known_back,
    known_rows,
    known_streak,
)


class Windows:
    """Array of windows over rows that are held once.

    A window is the steps ``end - (length-1)·r, …, end - r, end`` of one series, oldest first.
    ``Windows`` keeps the rows and the ends; the steps are only gathered for the samples that
    somebody asks for. ::

        rows      ... e-2r   e-r    e   ........  e+lead
        window       [ s0     s1    s2 ]            y       length=3, sampling_rate=r

    It behaves as an array of shape (n_windows, length, n_features) that can be indexed over its
    samples, so that scikit-learn's splitters and searches cut it without gathering anything.
    ``numpy.asarray`` gathers all of it. Steps before the first row of the series, and behind its
    last, are unknown (NaN).

    Parameters
    ----------
    rows : ndarray of shape (n_rows, n_features)
        The rows of all series, one series after the other. Not copied; may be a ``numpy.memmap``.
    ends : array-like of shape (n_windows,)
        The row of each window's last step.
    length : int
        Steps in a window.
    sampling_rate : int, default=1
        Rows between two steps.
    bounds : array-like of shape (n_series + 1,), default=None
        Where each series starts in ``rows``, with the number of rows at the end. None: one series.
    series : array-like of shape (n_windows,), default=None
        The series that each window belongs to. None: the first.
    leads : sequence of int, default=()
        How many rows ahead of the last step the targets lie, where that is known.
    shift : array-like of shape (n_features,), default=None
        By how many rows each feature's part of the window is moved ahead (features that are known
        ahead).
    feature_names : sequence of str, default=None
        Names of the features.
    index : pandas.Index of length n_rows, default=None
        Labels of the rows, where they have any.
    jumps : array-like of int, default=()
        Rows before which more rows are missing than ``rows`` holds unknown ones for: no window
        counts across.
    form : Form, default=None
        How each window is expressed relative to itself. None: its steps are rows.
    target : int, default=None
        The column whose targets y is, where a transformer has expressed both together. Windows
        whose rows or form change forget it.
    labels : pandas.Index of length n_windows, default=None
        Labels of the windows, where each is that of a row.
    lengths : array-like of shape (n_windows,), default=None
        How many steps of each window are there, its newest: those of sequences of different length.
        Steps that are not there are not unknown; nobody reads them. None: all steps of all windows.

    Examples
    --------
    >>> import numpy as np
    >>> from skrnn import Windows
    >>> windows = Windows(np.arange(6.0)[:, None], ends=[2, 3, 4], length=3)
    >>> windows
    Windows(3 windows of 3 steps × 1 feature, over 6 rows)
    >>> np.asarray(windows[1:])[:, :, 0]
    array([[1., 2., 3.],
           [2., 3., 4.]])
    """

    ndim = 3

    def __init__(
        self,
        rows,
        ends,
        *,
        length,
        sampling_rate=1,
        bounds=None,
        series=None,
        leads=(),
        shift=None,
        feature_names=None,
        index=None,
        jumps=(),
        form=None,
        target=None,
        labels=None,
        lengths=None,
    ):
        rows = rows if isinstance(rows, np.ndarray) else np.asarray(rows)
        if rows.ndim != 2:
            raise ValueError(f"rows must be 2-D (n_rows, n_features), got {rows.ndim} dimension(s)")
        self.rows = rows
        self.ends = np.asarray(ends, dtype=np.int64)
        self.length = int(length)
        self.sampling_rate = int(sampling_rate)
        self.bounds = np.array([0, len(rows)] if bounds is None else bounds, dtype=np.int64)
        self.series = (
            np.zeros(len(self.ends), np.int32) if series is None else np.asarray(series, np.int32)
        )
        self.leads = tuple(int(lead) for lead in leads)
        self.shift = (
            np.zeros(rows.shape[1], np.int64) if shift is None else np.asarray(shift, np.int64)
        )
        self.feature_names = None if feature_names is None else tuple(feature_names)
        self.index = index
        self.jumps = np.asarray(jumps, np.int64)
        self.form = form
        self.target = target
        self.labels = labels
        self.lengths = None if lengths is None else np.asarray(lengths, np.int64)
        if lengths is not None and len(self.lengths):
            shortest = self.lengths.min()
            if shortest < 1 or self.lengths.max() > self.length:
                raise ValueError(
                    f"lengths must be 1 to {self.length} steps, got {shortest} to "
                    f"{self.lengths.max()}"
                )
        # Who forecasts asks more than once for what is known.
        self._found = {}
        if form is not None:
            form.check_length(int(self.steps_there().min(initial=self.length)))

    @classmethod
    def from_array(cls, X, feature_names=None, *, sampling_rate=1):
        """Windows that a plain array (n, steps, features) already is, or (n, steps) of one feature.

        Every window is a series of its own: nothing is known of the rows around it. Steps that are
        ``sampling_rate`` rows apart are laid out so, with other windows' steps in between.

        Parameters
        ----------
        X : array-like of shape (n_windows, steps, n_features) or (n_windows, steps)
            The windows.
        feature_names : sequence of str, default=None
            What the features are called.
        sampling_rate : int, default=1
            How many rows apart the steps lie.

        Returns
        -------
        windows : Windows
        """
        X = np.asarray(X)
        X = X[:, :, None] if X.ndim == 2 else X
        n, length, n_features = X.shape
        if sampling_rate > 1:
            missing = -n % sampling_rate
            X = np.concatenate([X, np.zeros((missing, length, n_features), X.dtype)])
            X = X.reshape(-1, sampling_rate, length, n_features).swapaxes(1, 2)
        blocks, phases = np.divmod(np.arange(n), sampling_rate)
        size = length * sampling_rate
        return cls(
            X.reshape(-1, n_features),
            blocks * size + (length - 1) * sampling_rate + phases,
            length=length,
            sampling_rate=sampling_rate,
            bounds=np.arange(-(-n // sampling_rate) + 1) * size,
            series=blocks,
            feature_names=feature_names,
        )

    @classmethod
    def from_sequences(cls, sequences, feature_names=None):
        """Sequences of any length, each of which is a window of its own.

        The windows are as long as the longest of them.

        Parameters
        ----------
        sequences : sequence of array-like of shape (steps, n_features)
            The sequences, oldest steps first.
        feature_names : sequence of str, default=None
            What the features are called.

        Returns
        -------
        windows : Windows
            The sequences, of which ``lengths`` tells how many steps are there.

        Examples
        --------
        >>> import numpy as np
        >>> Windows.from_sequences([np.ones((2, 1)), np.ones((5, 1))])
        Windows(2 sequences of 2 to 5 steps × 1 feature)
        """
        lengths = np.array([len(sequence) for sequence in sequences])
        bounds = np.append(0, lengths.cumsum())
        return cls(
            np.concatenate(sequences),
            bounds[1:] - 1,
            length=lengths.max(),
            bounds=bounds,
            series=np.arange(len(lengths)),
            feature_names=feature_names,
            lengths=lengths,
        )

    # ------------------------------------------------------------------ as an array

    @property
    def shape(self) -> tuple[int, int, int]:
        """(n_windows, length, n_features)."""
        return len(self.ends), self.length, self.n_features

    @property
    def n_features(self) -> int:
        """Number of features of a step."""
        return self.rows.shape[1]

    @property
    def size(self) -> int:
        """Number of values in all windows."""
        return int(np.prod(self.shape))

    @property
    def dtype(self) -> np.dtype:
        """The float type that the windows are gathered in."""
        return np.result_type(self.rows.dtype, np.float32)

    def __len__(self) -> int:
        return len(self.ends)

    def __array__(self, dtype=None, copy=None):
        if copy is False:
            raise ValueError(
                "Windows are gathered when they become an array: copy=False cannot be kept"
            )
        return self.take(slice(None), dtype=dtype)

    def __getitem__(self, key):
        which = _key_of_samples(key)
        ends = self.ends[which]
        if ends.ndim > 1:
            raise IndexError(
                f"Windows are indexed over samples, got an index of {ends.ndim} dimensions"
            )
        if ends.ndim == 0:
            return self.take(which[None])[0, self.length - self.steps_there()[which] :]
        labels = None if self.labels is None else self.labels[which]
        lengths = None if self.lengths is None else self.lengths[which]
        return self.replace(ends=ends, series=self.series[which], labels=labels, lengths=lengths)

    def __repr__(self) -> str:
        n, length, features = self.shape
        plural = "" if features == 1 else "s"
        wide = f"{features} feature{plural}"
        if self.lengths is not None and n:
            return f"Windows({n} sequences of {self.lengths.min()} to {length} steps × {wide})"
        steps = f"{length} steps × {wide}"
        return f"Windows({n} windows of {steps}, over {len(self.rows)} rows)"

    # ------------------------------------------------------------------ the same windows, changed

    def replace(self, **changes) -> "Windows":
        """The same windows with some of the constructor's arguments changed.

        The target of others in ``rows`` or ``form`` is forgotten, and the labels of other ``ends``.
        With another length, sequences lose or keep their oldest steps.
        """
        arguments = {name: value for name, value in vars(self).items() if name != "_found"}
        if "rows" in changes or "form" in changes:
            arguments["target"] = None
        if "ends" in changes:
            arguments["labels"] = None
        if "length" in changes and self.lengths is not None:
            arguments["lengths"] = np.minimum(self.lengths, changes["length"])
        return Windows(**{**arguments, **changes})

    def trimmed(self) -> "Windows":
        """The same windows over the span of rows that they reach, without a copy.

        Whatever passes over the rows then costs what the windows do, however long the series behind
        them. Rows ahead are kept as far as the leads go, and all of them where features are known
        ahead: who forecasts more leads looks further. A span of most rows is not worth a cut.
        """
        if not len(self):
            return self
        n_rows = len(self.rows)
        reach = (self.length - 1) * self.sampling_rate
        first = max(0, min(int(self.ends.min()) - reach, n_rows - 1))
        stop = n_rows
        if not self.shift.any():
            # As many rows more as the window has: y may have outputs behind the last lead.
            ahead = max(self.sampling_rate, *self.leads, 0) + reach
            stop = min(n_rows, max(int(self.ends.max()) + ahead, first) + 1)
        if 2 * (stop - first) > n_rows:
            return self
        jumps = self.jumps[(self.jumps > first) & (self.jumps < stop)]
        return self.replace(
            rows=self.rows[first:stop],
            ends=self.ends - first,
            bounds=np.clip(self.bounds - first, 0, stop - first),
            index=None if self.index is None else self.index[first:stop],
            jumps=jumps - first,
            target=self.target,
            labels=self.labels,
        )

    def steps_there(self) -> np.ndarray:
        """How many steps of each window are there: all, but for shorter sequences."""
        if self.lengths is None:
            return np.full(len(self), self.length)
        return self.lengths

    @property
    def shares_rows(self) -> bool:
        """Whether steps are rows, the same in every window that looks at them, in one unit."""
        return self.form is None

    def formed(self, form: Form) -> "Windows":
        """The same windows, each expressed relative to itself."""
        return self.replace(form=form if self.form is None else self.form.then(form))

    def rescaled(self, origin: np.ndarray, unit: np.ndarray) -> "Windows":
        """The same windows with each feature (x - origin) / unit."""
        if self.form is not None:
            return self.replace(form=self.form.rescaled(origin, unit))
        return self.replace(rows=(self.rows - origin) / unit)

    def feature(self, column: int) -> "Windows":
        """The same windows with one of their features only."""
        names = None if self.feature_names is None else (self.feature_names[column],)
        return self.replace(
            rows=self.rows[:, column : column + 1],
            shift=self.shift[[column]],
            feature_names=names,
            form=None if self.form is None else self.form.of_feature(column),
        )

    # ------------------------------------------------------------------ gathering

    def take(self, which=slice(None), dtype=None) -> np.ndarray:
        """Gather windows.

        Parameters
        ----------
        which : slice or array-like of int, default=slice(None)
            The windows, by their positions.
        dtype : dtype, default=None
            The float type of the array. None: that of the rows.

        Returns
        -------
        X : ndarray of shape (n_windows, length, n_features)
        """
        ends = self.ends[which]
        views = []
        for ahead in self._shifts():
            columns = np.flatnonzero(self.shift == ahead)
            views.append((columns, self._steps(which, ends + ahead if ahead else ends, columns)))
        if len(views) == 1:
            out = views[0][1]
        else:
            out = np.empty((len(ends), self.length, self.n_features), self.dtype)
            for columns, values in views:
                out[:, :, columns] = values
        if self.lengths is not None:
            out[~self.there(which)] = np.nan
        if self.form is not None:
            out = self.form.of(out)
        return out if dtype is None else out.astype(dtype, copy=False)

    def _steps(self, which, ends, columns):
        """Some columns of the steps up to these ends, NaN where the series has no such row."""
        first, stop = self._limits(which)
        reach = (self.length - 1) * self.sampling_rate
        begins = ends - reach
        if len(ends) and (begins >= first).all() and (ends < stop).all():
            rate = self.sampling_rate
            return gather_whole(self.rows, begins, self.length, rate, columns, self.dtype)
        first, stop = self._bounds(which)
        steps = begins[:, None] + np.arange(0, reach + 1, self.sampling_rate)
        return gather(self.rows, steps, first[:, None], stop[:, None], columns, self.dtype)

    def there(self, which=slice(None)) -> np.ndarray:
        """Mask (n, length) of the steps that are there, of the windows ``which``."""
        return np.arange(self.length) >= self.length - self.steps_there()[which, None]

    def batches(self, size: int | None = None) -> Iterator[slice]:
        """Slices of at most ``size`` windows, each small enough to be gathered."""
        most = max(1, BATCH_NUMBERS // max(1, self.length * self.n_features))
        size = min(size or most, most)
        for start in range(0, len(self), size):
            yield slice(start, min(start + size, len(self)))

    def values_at(self, column: int, offsets) -> np.ndarray:
        """One feature at ``end + offsets``.

        (n_windows, n_offsets), NaN where the series has no such row.
        """
        offsets = np.atleast_1d(np.asarray(offsets, np.int64))
        steps = self.ends[:, None] + offsets
        first, stop = self._bounds()
        columns = np.array([column])
        values = gather(self.rows, steps, first[:, None], stop[:, None], columns, self.dtype)
        return values[:, :, 0]

    def _bounds(self, which=slice(None)):
        """The first row that each window can count to, and the one behind the last."""
        n_windows = len(self.ends[which])
        first, stop = (np.broadcast_to(bound, n_windows) for bound in self._limits(which))
        return first, stop

    def _shifts(self):
        """By how many rows some features are moved ahead; mostly none is."""
        return np.unique(self.shift) if self.shift.any() else (0,)

    def _limits(self, which=slice(None)):
        """What ``_bounds`` gives, as one number where it is that of all windows."""
        ends = self.ends[which]
        if len(self.bounds) == 2:
            first, stop = self.bounds
        else:
            series = self.series[which]
            first = self.bounds[series]
            stop = self.bounds[series + 1]
        if not len(self.jumps):
            return first, stop
        edges = np.concatenate([[0], self.jumps, [len(self.rows)]])
        piece = np.searchsorted(self.jumps, ends, side="right")
        return np.maximum(first, edges[piece]), np.minimum(stop, edges[piece + 1])

    # ------------------------------------------------------------------ what is known

    def complete(self) -> np.ndarray:
        """Mask (n_windows,): every step of the window is known."""
        return self._once("complete", self._find_complete)

    def _once(self, name, find):
        """A mask that is found the first time that it is asked for."""
        if name not in self._found:
            self._found[name] = find()
        return self._found[name].copy()

    def _find_complete(self):
        if not len(self.rows):
            return np.zeros(len(self), bool)
        first, stop = self._limits()
        steps = self.length if self.lengths is None else self.lengths
        reach = (steps - 1) * self.sampling_rate
        mask = np.ones(len(self), bool)
        for ahead in self._shifts():
            end = self.ends + ahead if ahead else self.ends
            mask &= (end >= first + reach) & (end < stop)
            known = known_rows(self.rows, np.flatnonzero(self.shift == ahead))
            if known.all():
                continue
            # Ends outside of the rows are those of windows that are not complete already.
            if self.lengths is None:
                mask &= known_back(known, steps, self.sampling_rate).take(end, mode="clip")
            else:
                mask &= known_streak(known, self.sampling_rate).take(end, mode="clip") >= steps
        return mask

    def known(self) -> np.ndarray:
        """Mask (n_windows,): at least one step of the window is known in some feature."""
        return self._once("known", self._find_known)

    def _find_known(self):
        mask = self.complete()
        if mask.all():
            return mask
        incomplete = np.flatnonzero(~mask)
        for batch in self[incomplete].batches():
            which = incomplete[batch]
            mask[which] = ~np.isnan(self.take(which)).all(axis=(1, 2))
        return mask

    def covered(self) -> np.ndarray:
        """Mask (n_rows, n_features): the values that these windows look at."""
        return self._once("covered", self._find_covered)

    def _find_covered(self):
        first, stop = self._bounds()
        r = self.sampling_rate
        n_rows = len(self.rows)
        out = np.empty(self.rows.shape, bool)
        for ahead in self._shifts():
            end = self.ends + ahead
            # Steps behind the series' last row, and before its first, are none of its rows.
            newest = end - np.maximum(0, -((stop - 1 - end) // r)) * r
            oldest = end - np.minimum(self.steps_there() - 1, (end - first) // r) * r
            some = newest >= oldest
            change = np.zeros(n_rows + r, np.int64)
            np.add.at(change, oldest[some], 1)
            np.add.at(change, newest[some] + r, -1)
            padded = np.zeros(-(-len(change) // r) * r, np.int64)
            padded[: len(change)] = change
            # Sums over neighbours take a fraction of those over rows of a few.
            counts = padded.reshape(-1, r).T.copy().cumsum(axis=1).T.ravel()[:n_rows]
            out[:, self.shift == ahead] = (counts > 0)[:, None]
        return out


def _key_of_samples(key):
    """What indexes the samples, of a key for all axes; an error where others are cut too."""
    if isinstance(key, tuple):
        rest = key[1:]
        key = key[0] if key else Ellipsis
        if not all(_is_whole_axis(other) for other in rest):
            raise IndexError(
                "Windows are indexed over samples only: np.asarray(windows) gives all axes"
            )
    if key is Ellipsis:
        return slice(None)
    if isinstance(key, slice):
        return key
    key = np.asarray(key)
    # An empty list is an array of floats.
    return key if key.size else key.astype(np.int64)


def _is_whole_axis(key):
    return key is Ellipsis or (isinstance(key, slice) and key == slice(None))
