"""Label maps of which one or both do not name their organs."""

from __future__ import annotations

from dataclasses import replace

from napari_abdoseg.errors import ImageError
from napari_abdoseg.image.names.label_names import MASK_VALUES, is_named
from napari_abdoseg.image.organ import Organ
from napari_abdoseg.image.volume import LabelMap


def share_names(one: LabelMap, other: LabelMap) -> tuple[LabelMap, LabelMap]:
    """Let a value mean the same organ in both, where one or both only number their labels.

    The names are those of the label map that has some. Without any, the organs are the
    labels of both together: one that the other does not have is empty there. Two masks of
    one label, 1 in the one and 255 in the other, are of one organ. What is ignored in the one
    is so in the other.

    Raises
    ------
    ImageError
        A label map has values that the other one, which names its organs, does not
        have, or no value is in both.
    """
    if names_organs(one) and names_organs(other):
        return one, other
    if masks := _as_masks(one, other):
        return masks
    for named, numbered in ((one, other), (other, one)):
        if names_organs(named):
            _require_within(numbered, named)
            organs = named.organs
            break
    else:
        organs = tuple(sorted({*one.organs, *other.organs}))
    if one.organs and other.organs and not _values(one) & _values(other):
        raise ImageError(
            f"{_title(one)} has the values {_listed(_values(one))}, and {_title(other)} "
            f"{_listed(_values(other))}: no label is in both. Number organs alike."
        )
    ignored = other.ignored if one.ignored is None else one.ignored
    return (
        replace(one, organs=organs, ignored=ignored),
        replace(other, organs=organs, ignored=ignored),
    )


def names_organs(labels: LabelMap) -> bool:
    """Whether a label map does more than number its labels."""
    return any(map(is_named, labels.organs))


def _as_masks(one: LabelMap, other: LabelMap) -> tuple[LabelMap, LabelMap] | None:
    """Two masks of one label each, which is 1 in the one and 255 in the other."""
    values = _values(one), _values(other)
    if values[0] == values[1] or not all(each in MASK_VALUES for each in values):
        return None
    name = (one if names_organs(one) else other).organs[0].name
    first, second = (
        replace(labels, organs=(Organ(labels.organs[0].value, name),)) for labels in (one, other)
    )
    return first, second


def _require_within(numbered: LabelMap, named: LabelMap) -> None:
    outside = _values(numbered) - _values(named) - {named.ignored}
    if outside:
        raise ImageError(
            f"{_title(numbered)} has the value{'s' if len(outside) > 1 else ''} "
            f"{_listed(outside)}, which no organ of {_title(named)} has "
            f"({_spoken(named.organs)}): number its labels alike."
        )


def _values(labels: LabelMap) -> set[int]:
    return {organ.value for organ in labels.organs}


def _listed(values: set[int]) -> str:
    return ", ".join(map(str, sorted(values)))


def _spoken(organs: tuple[Organ, ...]) -> str:
    return ", ".join(f"{organ.value} {organ.name}" for organ in organs)


def _title(labels: LabelMap) -> str:
    return str(labels.path or "A label map")
