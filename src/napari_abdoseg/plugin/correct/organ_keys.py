"""Number keys that choose the organ to paint, and what napari says of its own ones."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from weakref import WeakSet

from napari.layers import Labels
from napari.settings import get_settings
from napari.utils.action_manager import action_manager

KEYS = tuple("123456789")
TOOLS = "napari:activate_labels_"
"""Names of napari's actions that choose a tool begin with it."""

HINT = (
    "1 to 9 choose the organ to paint · P brush, E eraser, F fill, L pick, Z move and zoom · "
    "Ctrl + drag sets the CT window"
)
"""In place of napari's hint, which names number keys for tools."""

_bound: WeakSet[Labels] = WeakSet()
_taken: dict[str, list[Any]] = {}


def bind_number_keys(layer: Labels, choose: Callable[[int], None]) -> None:
    """Let keys 1 to 9 on a Labels layer call ``choose`` with 0 to 8.

    They take the place of napari's keys of these numbers, which choose a tool; its letters
    for the same tools stay. napari's tool tips name no number keys meanwhile.
    """
    for place, key in enumerate(KEYS):

        def press(_: Labels, place: int = place) -> None:
            choose(place)

        layer.bind_key(key, press, overwrite=True)
    _take_from_tools()  # each time: napari gives tools their keys anew with each viewer
    _bound.add(layer)


def release_number_keys(layer: Labels) -> None:
    """Give the keys back to napari."""
    for key in KEYS:
        layer.bind_key(key, None)
    _bound.discard(layer)
    if not _bound:
        _give_back_to_tools()


def _take_from_tools() -> None:
    for action, keys in get_settings().shortcuts.shortcuts.items():
        if action.startswith(TOOLS) and any(str(key) in KEYS for key in keys):
            _taken[action] = list(keys)
            _bind(action, [key for key in keys if str(key) not in KEYS])


def _give_back_to_tools() -> None:
    for action, keys in _taken.items():
        _bind(action, keys)
    _taken.clear()


def _bind(action: str, keys: list[Any]) -> None:
    action_manager.unbind_shortcut(action)
    for key in keys:
        action_manager.bind_shortcut(action, key)
