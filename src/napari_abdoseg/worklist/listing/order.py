"""The way through a work list, in the order in which it is shown."""

from __future__ import annotations

from collections.abc import Sequence

from napari_abdoseg.worklist.listing.listing import Row


def neighbour(rows: Sequence[Row], name: str, place: int, step: int) -> int | None:
    """The place of the next case that can be worked on, None if there is none that way.

    Those that somebody else has open, or whose scan is gone, are passed over.

    Parameters
    ----------
    rows : sequence of Row
        As they are shown.
    name : str
        The case that is open.
    place : int
        Where that was last: it may be shown no more.
    step : int
        1 for the next, -1 for the one before.
    """
    places = {row.name: number for number, row in enumerate(rows)}
    is_shown = name in places
    at = places.get(name, place)
    first = at + step if is_shown or step < 0 else at
    ways = range(max(first, 0), len(rows)) if step > 0 else range(min(first, len(rows) - 1), -1, -1)
    return next((number for number in ways if _is_free(rows[number])), None)


def _is_free(row: Row) -> bool:
    """What this process has open itself is let go of on the way."""
    return row.case is not None and (row.holder is None or row.holder.is_here)
