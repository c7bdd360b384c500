"""Weights of what is added to an organ's logit: the likeliest that is no less than what is needed.

By block principal pivoting, which solves for all weights above zero at once, and exchanges all that
are on the wrong side of zero; where that brings no fewer of them for a while, only the last is, by
which it comes to an end (J. J. Júdice and F. M. Pires, A block principal pivoting algorithm for
large-scale strictly monotone linear complementarity problems, Computers & Operations Research 21,
1994; J. Kim and H. Park, Fast Nonnegative Matrix Factorization: An Active-Set-Like Method and
Comparisons, SIAM Journal on Scientific Computing 33, 2011).
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import cho_factor, cho_solve

RIDGE = 1e-4
"""Of what a place is like itself, and no other: places may be nearly the same."""
NOTHING = 1e-8
"""Of the largest need: what is rounded away."""
ROUNDS = 3
"""Exchanges of all that may bring no fewer on the wrong side before a single one is exchanged."""


def least_that_suffices(alike: NDArray[Any], needs: NDArray[np.float64]) -> NDArray[np.float64]:
    """Weights, none below zero, of the likeliest addition that is no less than what is needed.

    Parameters
    ----------
    alike : ndarray of float, shape (places, places)
        How alike what is added at places is, in the ways in which they need it; symmetric up to
        rounding, about 1 where a place meets itself.
    needs : ndarray of float, shape (places,)
        What has to be added at each.

    Returns
    -------
    ndarray of float, shape (places,)

    Examples
    --------
    >>> import numpy as np
    >>> from napari_abdoseg.correction.hints.least_that_suffices import least_that_suffices
    >>> alike = np.array([[1.0, 0.5], [0.5, 1.0]])
    >>> least_that_suffices(alike, np.array([2.0, 0.5])).round(2)
    array([2., 0.])
    >>> least_that_suffices(alike, np.array([2.0, 2.0])).round(2)
    array([1.33, 1.33])
    """
    even = (alike + alike.T) / 2 + RIDGE * np.eye(len(alike))
    try:
        return _weights(even, needs)
    except np.linalg.LinAlgError:  # places are nearly the same
        below = min(float(np.linalg.eigvalsh(even)[0]), 0.0)
        return _weights(even + (RIDGE - below) * np.eye(len(even)), needs)


def _weights(alike: NDArray[Any], needs: NDArray[np.float64]) -> NDArray[np.float64]:
    """By a matrix that is positive definite.

    Raises
    ------
    LinAlgError
        It isn't.
    """
    felt = np.zeros(len(needs), bool)
    weights, spare = np.zeros(len(needs)), -needs
    fewest, left = len(needs) + 1, ROUNDS
    nothing = NOTHING * np.abs(needs).max(initial=0)
    while True:
        wrong = np.flatnonzero(np.where(felt, weights, spare) < -nothing)
        if not wrong.size:
            return np.maximum(weights, 0)
        if wrong.size < fewest:
            fewest, left = wrong.size, ROUNDS
        elif left:
            left -= 1
        else:
            wrong = wrong[-1:]
        felt[wrong] = ~felt[wrong]
        weights[:] = 0
        if felt.any():
            factor = cho_factor(alike[np.ix_(felt, felt)], overwrite_a=True, check_finite=False)
            weights[felt] = cho_solve(factor, needs[felt], check_finite=False)
        spare = alike[:, felt] @ weights[felt] - needs
