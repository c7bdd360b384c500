"""Organs: a label value, its name and its colour."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from napari_abdoseg.image.distinct_colors import distinct_colors

PALETTE = {
    "liver": "#dd6b55",
    "kidney": "#e6c13c",
    "spleen": "#a05fd6",
    "pancreas": "#4cc9e0",
}
OTHER_COLORS = (
    "#7fbf5b",
    "#f08cb4",
    "#5b8def",
    "#f2964b",
    "#3fb8a0",
    "#c9d35a",
    "#b08968",
    "#8fa3d9",
)
_COLOR = re.compile(r"#[0-9a-f]{6}")
MANY = 248
"""How many more colours there are before the first comes again."""


@dataclass(frozen=True, order=True)
class Organ:
    """One foreground label of a label map.

    Parameters
    ----------
    value : int
        Label value, 1 or more.
    name : str
        Lower case and singular, as in the model's ``dataset.json``.
    given_color : str or None, optional
        Colour as ``#rrggbb`` that the label map's file gives it; no part of what it is.

    Examples
    --------
    >>> from napari_abdoseg import Organ
    >>> Organ(1, "liver").color
    '#dd6b55'
    """

    value: int
    name: str
    given_color: str | None = field(default=None, compare=False, repr=False)

    @property
    def color(self) -> str:
        """Colour as ``#rrggbb``: the one given, else the same for a name wherever it appears.

        Those without a colour of their own have one by their value.
        """
        if self.given_color:
            return self.given_color
        if self.name.lower() in PALETTE:
            return PALETTE[self.name.lower()]
        few = len(OTHER_COLORS)
        if self.value <= few:
            return OTHER_COLORS[self.value % few]
        more = distinct_colors(MANY, (*PALETTE.values(), *OTHER_COLORS))
        return more[(self.value - few - 1) % MANY]


ABDOMINAL_ORGANS = tuple(Organ(value, name) for value, name in enumerate(PALETTE, start=1))


def is_color(text: str) -> bool:
    """Whether a text is a colour as `Organ` has it, ``#rrggbb``."""
    return _COLOR.fullmatch(text) is not None


def number_name(value: int) -> str:
    """What a label without a name is called."""
    return f"label {value}"


def in_sentence(value: int, name: str) -> str:
    """An organ within a sentence: ``"the liver"``, or ``"label 7"`` if it has no name."""
    return name if name.lower() == number_name(value) else f"the {name}"


def capitalized(words: str) -> str:
    """Words that begin a sentence; the rest of them as it is."""
    return words[:1].upper() + words[1:]


def organs_from_names(
    names: Mapping[int, str], colors: Mapping[int, str] | None = None
) -> tuple[Organ, ...]:
    """Organs of ``{label value: name}`` in the order of their values, with colours given so."""
    given = colors or {}
    organs = (Organ(int(value), name, given.get(value)) for value, name in names.items())
    return tuple(sorted(organs))
