"""Colours for many organs, each as unlike those before it as can be."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

STEPS = 18
"""How many levels of red, green and blue are considered."""
LIGHTNESS = (0.5, 0.92)
"""In Oklab; darker colours can't be told on a CT, nor lighter ones from each other."""
CHROMA = (0.05, 0.2)
"""In Oklab; less is grey, which is a CT's, and more is glaring beside it."""
_TO_LMS = np.array(
    [
        [0.4122214708, 0.5363325363, 0.0514459929],
        [0.2119034982, 0.6806995451, 0.1073969566],
        [0.0883024619, 0.2817188376, 0.6299787005],
    ]
)
_TO_OKLAB = np.array(
    [
        [0.2104542553, 0.7936177850, -0.0040720468],
        [1.9779984951, -2.4285922050, 0.4505937099],
        [0.0259040371, 0.7827717662, -0.8086757660],
    ]
)


@cache
def distinct_colors(count: int, others: Sequence[str]) -> tuple[str, ...]:
    """Colours as ``#rrggbb``, each as far as can be from all before it and from others.

    Parameters
    ----------
    count : int
    others : tuple of str
        At least one, as ``#rrggbb``.
    """
    levels = np.linspace(0, 255, STEPS).round()
    candidates = np.stack(np.meshgrid(levels, levels, levels), axis=-1).reshape(-1, 3)
    places = oklab(candidates)
    chroma = np.linalg.norm(places[:, 1:], axis=1)
    fit = _lies_in(places[:, 0], LIGHTNESS) & _lies_in(chroma, CHROMA)
    candidates, places = candidates[fit], places[fit]
    taken = oklab(np.array([list(bytes.fromhex(other[1:])) for other in others]))
    nearest = np.linalg.norm(places[:, None] - taken, axis=2).min(axis=1)
    chosen = []
    for _ in range(count):
        best = int(nearest.argmax())
        chosen.append(bytes(candidates[best].astype(np.uint8)).hex())
        nearest = np.minimum(nearest, np.linalg.norm(places - places[best], axis=1))
    return tuple(f"#{color}" for color in chosen)


def oklab(rgb: NDArray[Any]) -> NDArray[np.float64]:
    """Places of colours in Oklab, where distances are differences that are seen.

    After B. Ottosson, "A perceptual color space for image processing", 2020,
    https://bottosson.github.io/posts/oklab

    Parameters
    ----------
    rgb : ndarray, shape (colours, 3)
        From 0 to 255.
    """
    share = rgb / 255
    linear = np.where(share <= 0.04045, share / 12.92, ((share + 0.055) / 1.055) ** 2.4)
    return np.asarray(np.cbrt(linear @ _TO_LMS.T) @ _TO_OKLAB.T)


def _lies_in(values: NDArray[np.float64], limits: tuple[float, float]) -> NDArray[np.bool_]:
    low, high = limits
    return (values > low) & (values < high)
