"""wholly: a fit changes the estimator all at once, as its last act, or not at all."""

import copy
import functools


def wholly(method):
    """Run a method that fits on a draft of the estimator, and take over what it leaves at the end.

    Whatever raises on the way, bad input, Ctrl-C or a full memory, the estimator is as it was:
    never half of one model and half of another.

    Examples
    --------
    >>> class Model:
    ...     @wholly
    ...     def fit(self, y):
    ...         self.n_ = len(y)
    ...         self.first_ = y[0]
    ...         return self
    >>> model = Model().fit([3, 4])
    >>> model.fit([])
    Traceback (most recent call last):
    IndexError: list index out of range
    >>> model.n_
    2
    """

    @functools.wraps(method)
    def fit(self, *args, **kwargs):
        draft = copy.copy(self)
        result = method(draft, *args, **kwargs)
        self.__dict__ = draft.__dict__
        return self if result is draft else result

    return fit
