"""Places to look at as the rows of a table."""

from __future__ import annotations

from dataclasses import dataclass

from napari_abdoseg.inference.review.where_to_look import PlaceToLook
from napari_abdoseg.plugin.widgets.table_model import Column

ORGAN, WORDS = 0, 1
FADED = "#7c7c7c"
"""What was checked; to be read on dark and on light."""


@dataclass(frozen=True)
class PlaceRow:
    """A place, and whether it was checked."""

    place: PlaceToLook
    checked: bool


def words_of(place: PlaceToLook) -> str:
    """All that is known of a place, in a sentence."""
    if place.organ is None:
        return f"{place.name}: {place.words}"
    sure = f" ({place.certainty.word})" if place.certainty is not None else ""
    return f"{place.name}, {place.kind}{sure}: {place.words}"


def _tip(row: PlaceRow) -> str:
    return words_of(row.place)


def _color(row: PlaceRow) -> str | None:
    return FADED if row.checked else None


def _square(row: PlaceRow) -> str | None:
    return None if row.place.organ is None else row.place.organ.color


PLACE_COLUMNS: tuple[Column[PlaceRow], ...] = (
    Column(
        "Organ",
        lambda row: row.place.name,
        "Click a place to bring all panels there; tick what you have checked",
        square=_square,
        color=_color,
        row_tip=_tip,
        is_checked=lambda row: row.checked,
    ),
    Column("What", lambda row: row.place.words, "What is seen there", color=_color, row_tip=_tip),
)
