"""How what a click says fades with the distance.

On a grid it is found by sums of Gaussians, which are products along the axes: a whole slice of
clicks takes a few products of matrices then, as fast as a single click.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache

import numpy as np
from numpy.typing import NDArray

from napari_abdoseg.logits.interpolation import Values

ALL_ROUND = 0.2
COVARIANCE = ((0.55, 20.0), (0.25, 4.0))
"""Share of what lacks that is alike everywhere, and shares that are so over some mm; see
`benchmarks/interaction.py`."""
STEP = 0.6
"""Between the logarithms of the Gaussians' rates: sums are right to 2e-7, and a share below
`NEAREST_MM`."""
NEAREST_MM, FARTHEST = 1e-3, 8.0
"""Of the Gaussians' widths; in reaches."""
LEAST = 1e-12
"""Smaller factors are nothing: their products would be numbers that processors are slow with."""
Gaussians = tuple[NDArray[np.float32], NDArray[np.float32]]
"""Shares, and rates per mm², each of shape (Gaussians,)."""


def faded(squares_mm: Values, reach_mm: float | None) -> Values:
    """What is felt at squares of distances; ``reach_mm`` as in `Click`."""
    if reach_mm is not None:
        return np.asarray(np.exp(squares_mm * np.float32(-0.5 / reach_mm**2)))
    away = np.sqrt(squares_mm)
    felt = np.full(away.shape, ALL_ROUND, np.float32)
    for share, reach in COVARIANCE:
        part = away / np.float32(-reach)
        np.exp(part, out=part)
        part *= np.float32(share)
        felt += part
    return felt


@cache
def gaussians(reach_mm: float | None) -> Gaussians:
    """Those whose sum `faded` is.

    An exponential is an integral of them over the logarithm of their rates, which the trapezoidal
    rule gives as exactly as is wanted with few.
    """
    if reach_mm is not None:
        return np.ones(1, np.float32), np.array([0.5 / reach_mm**2], np.float32)
    farthest = FARTHEST * max(reach for _, reach in COVARIANCE)
    logs = np.arange(-2 * np.log(farthest), -2 * np.log(NEAREST_MM), STEP)
    shares = np.zeros(logs.size)
    for share, reach in COVARIANCE:
        scaled = logs + 2 * np.log(reach)
        shares += share * STEP / (2 * np.sqrt(np.pi)) * np.exp(-scaled / 2 - np.exp(-scaled) / 4)
    shares[-1] += sum(share for share, _ in COVARIANCE) - shares.sum()
    return (
        np.append(shares, ALL_ROUND).astype(np.float32),
        np.append(np.exp(logs), 0).astype(np.float32),
    )


def faded_on_grid(
    weights: Sequence[float],
    reach_mm: float | None,
    away_mm: tuple[Values, Values, Values],
    left: Values,
) -> Values:
    """What is felt together of clicks in a plane, on a grid.

    Parameters
    ----------
    weights : sequence of float
        One a click.
    reach_mm : float or None
        See `Click`.
    away_mm : tuple of ndarray of float32, of shapes (u,), (clicks, v) and (clicks, w)
        From the plane, and from each click along the plane's axes.
    left : ndarray of float32, shape (u,)
        By which it is multiplied.

    Returns
    -------
    ndarray of float32, shape (u, v, w)
    """
    shares, rates = gaussians(reach_mm)
    along, rows, columns = (_factors(rates, axis) for axis in away_mm)
    rows *= np.asarray(weights, np.float32)[:, None]
    planes = rows.transpose(0, 2, 1) @ columns
    return np.asarray(np.tensordot(along * shares[:, None] * left, planes, (0, 0)))


def _factors(rates: Values, away_mm: Values) -> Values:
    """Of each Gaussian, shape (Gaussians, ...)."""
    factors = np.exp(-np.multiply.outer(rates, away_mm**2))
    factors[factors < LEAST] = 0
    return factors
