"""Number keys that choose the organ to paint."""

from __future__ import annotations

from collections.abc import Callable

from napari.layers import Labels

KEYS = tuple("123456789")


def bind_number_keys(layer: Labels, choose: Callable[[int], None]) -> None:
    """Let keys 1 to 9 on a Labels layer call ``choose`` with 0 to 8.

    They take the place of napari's keys of these numbers, which choose a tool;
    its letters for the same tools stay.
    """
    for place, key in enumerate(KEYS):

        def press(_: Labels, place: int = place) -> None:
            choose(place)

        layer.bind_key(key, press, overwrite=True)


def release_number_keys(layer: Labels) -> None:
    """Give the keys back to napari."""
    for key in KEYS:
        layer.bind_key(key, None)
