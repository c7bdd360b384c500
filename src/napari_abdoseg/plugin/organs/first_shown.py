"""What is shown of organs before a user says so, and what was shown of many the last time."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import asdict, astuple, dataclass
from typing import Any

from napari_abdoseg.errors import SaveError
from napari_abdoseg.image.files.remembered import RememberedChoices
from napari_abdoseg.image.names.organ_groups import is_of_palette
from napari_abdoseg.image.organ import Organ

MOST_AT_FIRST = 10
"""Organs whose surfaces and boxes are shown without being asked for."""
FEW = 10
"""Organs that are listed without groups, and whose state is not remembered."""
CHOICES = RememberedChoices("shown_organs.json", most=50)
"""By the names of all organs of a label map."""


@dataclass(frozen=True)
class Shown:
    """Names of the organs whose masks, surfaces and boxes are shown."""

    masks: tuple[str, ...]
    surfaces: tuple[str, ...]
    boxes: tuple[str, ...]


def first_shown(
    organs: Sequence[Organ], present: Iterable[Organ], stated: Sequence[str] | None = None
) -> Shown:
    """What of a label map is shown at first.

    Of a few organs it is all, of many those that were shown when such a label map was last
    seen, or that a model's card states; else all masks, with the surfaces and boxes of the
    organs that have colours of their own.

    Parameters
    ----------
    organs : sequence of Organ
        All that the label map may have.
    present : iterable of Organ
        Those that it has.
    stated : sequence of str, optional
        Names of a model's card.
    """
    names = tuple(organ.name for organ in organs)
    remembered = _remembered(names) if are_many(names) else None
    if remembered is not None:
        return remembered
    if stated is not None:
        chosen = tuple(name for name in names if name in stated)
        return Shown(chosen, chosen, chosen)
    there = tuple(organ.name for organ in present)
    if len(there) > MOST_AT_FIRST:
        there = tuple(filter(is_of_palette, there))[:MOST_AT_FIRST]
    return Shown(names, there, there)


def remember_shown(organs: Iterable[Organ], shown: Shown) -> None:
    """Keep what is shown of many organs for the next label map of the same ones."""
    names = tuple(organ.name for organ in organs)
    shown = Shown(*(_known(list(part), names) for part in astuple(shown)))
    if are_many(names) and _remembered(names) != shown:
        try:
            CHOICES.keep(_key(names), asdict(shown))
        except SaveError:
            return  # a convenience, for which nobody is to be stopped


def are_many(names: Collection[str | Organ]) -> bool:
    """Whether there are so many organs that they are listed in groups and remembered."""
    return len(names) > FEW


def _remembered(names: Collection[str]) -> Shown | None:
    kept = CHOICES.of(_key(names))
    if not isinstance(kept, dict):
        return None
    masks, surfaces, boxes = (
        _known(kept.get(part), names) for part in ("masks", "surfaces", "boxes")
    )
    return Shown(masks, surfaces, boxes)


def _known(kept: Any, names: Collection[str]) -> tuple[str, ...]:
    return tuple(name for name in names if isinstance(kept, list) and name in kept)


def _key(names: Iterable[str]) -> str:
    return ", ".join(sorted(names))
