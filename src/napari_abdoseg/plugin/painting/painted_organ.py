"""Which organ is painted, also by number keys, and which ones are not to be touched."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from weakref import WeakSet

from napari.components import ViewerModel
from napari.layers import Labels
from napari.settings import get_settings
from napari.utils.action_manager import action_manager
from napari.utils.notifications import show_info
from psygnal import Signal

from napari_abdoseg.correction.hints.standing import Standing
from napari_abdoseg.image.organ import Organ
from napari_abdoseg.plugin.keys import NEXT_PLACE, NUMBERS, keys_of_napari
from napari_abdoseg.plugin.painting.locks import Locks
from napari_abdoseg.plugin.painting.standing_steps import StandingSteps
from napari_abdoseg.plugin.widgets.preferences import preferences

TOOLS = "napari:activate_labels_"
"""Names of napari's actions that choose a tool begin with it."""

MODES = (
    ("paint_mode", "brush"),
    ("erase_mode", "eraser"),
    ("picker_mode", "pick"),
    ("pan_zoom_mode", "move and zoom"),
)
"""napari's modes of a Labels layer that are told of, and what they are called."""

_bound: WeakSet[Labels] = WeakSet()
_taken: dict[str, list[Any]] = {}


class Painting:
    """Chooses the organ to paint, also by number keys, and tells what a lock has held back.

    Parameters
    ----------
    viewer : ViewerModel
    layer : Labels
    """

    locked = Signal()
    """Other organs are locked now."""

    def __init__(self, viewer: ViewerModel, layer: Labels) -> None:
        self.organs: tuple[Organ, ...] = ()
        self._viewer = viewer
        self._layer = layer
        self._locks = Locks(layer)
        self._locks.held_back.connect(self._explain)
        self._steps = StandingSteps(viewer, layer)
        bind_number_keys(layer, self._choose_place)
        layer.events.mode.connect(self._explain_keys)
        self._explain_keys()
        layer.brush_size = preferences().correcting.brush_size
        layer.events.brush_size.connect(self._keep_brush)

    @property
    def organ(self) -> Organ | None:
        """The organ that the brush paints; None for background and unknown labels."""
        return self._organ_of(self._layer.selected_label)

    @property
    def standing(self) -> Standing:
        """What a person has painted, and hints that were taken."""
        return self._steps.standing

    def choose(self, organ: Organ) -> None:
        """Let the brush paint an organ."""
        self._layer.selected_label = organ.value

    def is_locked(self, organ: Organ) -> bool:
        """Whether an organ is locked."""
        return self._locks.is_locked(organ.value)

    def lock(self, organ: Organ, locked: bool) -> None:
        """Lock an organ, so that no stroke changes it, or unlock it."""
        self._locks.lock(organ.value, locked)
        self.locked.emit()

    def close(self) -> None:
        """Leave the layer to napari."""
        self._locks.close()
        self._steps.close()
        self._layer.events.mode.disconnect(self._explain_keys)
        self._layer.events.brush_size.disconnect(self._keep_brush)
        release_number_keys(self._layer)

    def _choose_place(self, place: int) -> None:
        if place < len(self.organs):
            organ = self.organs[place]
            self.choose(organ)
            self._viewer.status = f"Painting {organ.name}"

    def _keep_brush(self, event: object = None) -> None:
        preferences().correcting.brush_size = self._layer.brush_size

    def _explain_keys(self, event: object = None) -> None:
        """Say what keys do; napari says so first, of its own."""
        self._layer.help = hint()
        if self._viewer.layers.selection.active is self._layer:
            self._viewer.help = self._layer.help

    def _organ_of(self, value: int) -> Organ | None:
        return next((organ for organ in self.organs if organ.value == value), None)

    def _explain(self, values: list[int], something_left: bool) -> None:
        """Say it loudly only when nothing is left of a stroke: to paint along a lock is usual."""
        names = [organ.name for organ in self.organs if organ.value in values]
        text = f"{' and '.join(names)} {'is' if len(names) == 1 else 'are'} locked"
        if something_left:
            self._viewer.status = f"{text}: left as before"
        else:
            show_info(f"{text}: unlock in the list of organs to change it.".capitalize())


def hint() -> str:
    """In place of napari's hint, which names number keys for tools; with the keys of now."""
    modes = ((keys_of_napari(f"{TOOLS}{mode}"), words) for mode, words in MODES)
    parts = (
        "1 to 9 choose the organ to paint",
        ", ".join(f"{key} {words}" for key, words in modes if key),
        *(f"{NEXT_PLACE.key_text} next place to check" for _ in NEXT_PLACE.keys[:1]),
        "? all keys",
    )
    return " · ".join(parts)


def bind_number_keys(layer: Labels, choose: Callable[[int], None]) -> None:
    """Let keys 1 to 9 on a Labels layer call ``choose`` with 0 to 8.

    They take the place of napari's keys of these numbers, which choose a tool; its letters
    for the same tools stay. napari's tool tips name no number keys meanwhile.
    """
    for place, key in enumerate(NUMBERS):

        def press(_: Labels, place: int = place) -> None:
            choose(place)

        layer.bind_key(key, press, overwrite=True)
    _take_from_tools()  # each time: napari gives tools their keys anew with each viewer
    _bound.add(layer)


def release_number_keys(layer: Labels) -> None:
    """Give the keys back to napari."""
    for key in NUMBERS:
        layer.bind_key(key, None)
    _bound.discard(layer)
    if not _bound:
        _give_back_to_tools()


def _take_from_tools() -> None:
    for action, keys in get_settings().shortcuts.shortcuts.items():
        if action.startswith(TOOLS) and any(str(key) in NUMBERS for key in keys):
            _taken[action] = list(keys)
            _bind(action, [key for key in keys if str(key) not in NUMBERS])


def _give_back_to_tools() -> None:
    for action, keys in _taken.items():
        _bind(action, keys)
    _taken.clear()


def _bind(action: str, keys: list[Any]) -> None:
    action_manager.unbind_shortcut(action)
    for key in keys:
        action_manager.bind_shortcut(action, key)
