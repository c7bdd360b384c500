"""Colours of words that can be read in any theme of napari.

Contrast is that of the Web Content Accessibility Guidelines 2.2, success criterion 1.4.3:
(L1 + 0.05) / (L2 + 0.05) of two relative luminances, at least 4.5 for text.
"""

from __future__ import annotations

import numpy as np
from matplotlib.colors import to_hex, to_rgb
from napari.utils.theme import get_theme

LEAST_CONTRAST = 4.5
STEPS = 50
LINEAR_BELOW = 0.04045
LUMINANCE = (0.2126, 0.7152, 0.0722)


def readable(color: str, theme: str) -> str:
    """A colour, brought as far towards that of a theme's text as it takes to be read.

    Parameters
    ----------
    color : str
    theme : str
        Name of a theme of napari.

    Returns
    -------
    str
        Hexadecimal.
    """
    colors = get_theme(theme)
    grounds = [each.as_hex(format="long") for each in (colors.background, colors.foreground)]
    text = np.array(to_rgb(colors.text.as_hex(format="long")))
    for share in np.linspace(0, 1, STEPS):
        red, green, blue = (1 - share) * np.array(to_rgb(color)) + share * text
        mixed = to_hex((red, green, blue))
        if min(contrast(mixed, ground) for ground in grounds) >= LEAST_CONTRAST:
            return mixed
    return to_hex(colors.text.as_hex(format="long"))


def contrast(one: str, other: str) -> float:
    """Contrast of two colours, from 1 to 21."""
    lower, higher = sorted((_luminance(one), _luminance(other)))
    return (higher + 0.05) / (lower + 0.05)


def _luminance(color: str) -> float:
    channels = np.array(to_rgb(color))
    linear = np.where(
        channels <= LINEAR_BELOW, channels / 12.92, ((channels + 0.055) / 1.055) ** 2.4
    )
    return float(linear @ LUMINANCE)
