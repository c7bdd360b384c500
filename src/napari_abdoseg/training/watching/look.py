"""Colours of curves."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

FOLD_COLORS = ("#56b4e9", "#e69f00", "#009e73", "#cc79a7", "#d55e00", "#0072b2", "#999999")
"""Told apart by the colour-blind: Okabe, M., & Ito, K. (2008). Color universal design."""
DARKER, LIGHTER = 0.78, 0.2
"""Brightness of colours on paper, and share of white in those on a dark screen."""

RGB = tuple[float, float, float]


@dataclass(frozen=True)
class Look:
    """What curves are drawn on, such as a theme of napari.

    Parameters
    ----------
    background, foreground : str
        As ``#rrggbb``.
    """

    background: str
    foreground: str

    @property
    def grid(self) -> str:
        """Lines that are to be seen only when looked for."""
        return _mixed(self.background, self.foreground, 0.16)

    @property
    def quiet(self) -> str:
        """Words that matter less."""
        return _mixed(self.background, self.foreground, 0.72)

    def line(self, color: str) -> str:
        """A colour that stands out from the background."""
        if sum(_rgb(self.background)) > sum(_rgb(self.foreground)):
            return _hex([channel * DARKER for channel in _rgb(color)])
        return _mixed(color, "#ffffff", LIGHTER)

    def fold(self, place: int) -> str:
        """The colour of a fold among others."""
        return self.line(FOLD_COLORS[place % len(FOLD_COLORS)])


PAPER = Look("#ffffff", "#22262b")


def _mixed(one: str, other: str, share: float) -> str:
    return _hex([a + share * (b - a) for a, b in zip(_rgb(one), _rgb(other))])


def _rgb(color: str) -> RGB:
    red, green, blue = (int(color[at : at + 2], 16) for at in (1, 3, 5))
    return red, green, blue


def _hex(rgb: Sequence[float]) -> str:
    return "#" + "".join(f"{round(channel):02x}" for channel in rgb)
