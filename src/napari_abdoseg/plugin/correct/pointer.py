"""The mouse in all panels of a viewer, while a tool has it."""

from __future__ import annotations

from collections.abc import Container, Generator
from dataclasses import dataclass
from inspect import GEN_SUSPENDED, getgeneratorstate
from typing import Any, Protocol

import numpy as np
from napari.components import ViewerModel
from napari.layers import Labels
from numpy.typing import NDArray

from napari_abdoseg.plugin.correct.napari_painting import leave_painting_to_others
from napari_abdoseg.plugin.paint_events.shared_labels import shared_labels
from napari_abdoseg.plugin.viewing.panels import panels_changed, panels_of
from napari_abdoseg.plugin.viewing.viewer_state import state_of, unwrapped

LEFT_BUTTON, RIGHT_BUTTON = 1, 2
PAN_ZOOM = "pan_zoom"

Drag = Generator[None, None, None]
"""A step as a button is pressed, one each time the mouse has moved, and one as it is released."""


@dataclass(frozen=True, eq=False)
class Spot:
    """What the mouse points at in a panel.

    Parameters
    ----------
    panel : ViewerModel
    layer : Labels
        What the panel shows of the label map.
    place : ndarray of float, shape (3,)
        In voxels (z, y, x), perhaps beside the label map; in 3D somewhere on the line of sight.
    axis : int or None
        Of (z, y, x), across the slice; None in 3D.
    pixel : tuple of float
        From the left and from the top of the canvas.
    sight : ndarray of float, shape (3,), or None
        Away from who looks, in the world; None in slices.
    """

    panel: ViewerModel
    layer: Labels
    place: NDArray[np.float64]
    axis: int | None
    pixel: tuple[float, float]
    sight: NDArray[np.float64] | None = None

    @classmethod
    def of(cls, panel: ViewerModel, layer: Labels, event: Any) -> Spot:
        """What an event of napari's mouse is about."""
        dims = panel.dims
        place = np.asarray(layer.world_to_data(event.position[-3:]), float)
        x, y = (float(each) for each in event.pos[:2])
        if dims.ndisplay == 3:
            sight = np.asarray(event.view_direction, float)[-3:]
            return cls(panel, layer, place, None, (x, y), sight)
        (hidden,) = (axis for axis in dims.not_displayed if axis >= dims.ndim - 3)
        return cls(panel, layer, place, hidden - (dims.ndim - 3), (x, y))


class Hand(Protocol):
    """What a tool does with the mouse."""

    @property
    def keys(self) -> Container[frozenset[str]]:
        """Keys, held together, with which the mouse stays the hand's, as napari calls them."""

    def drag(self, spot: Spot, event: Any) -> Drag:
        """A button was pressed at a spot; ``event`` becomes the event of each step's time.

        It is closed where the mouse is taken away meanwhile, or there are other panels.
        """

    def hover(self, spot: Spot) -> None:
        """The mouse has moved, with no button pressed."""

    def wheel(self, steps: float) -> bool:
        """The wheel was turned, away from the user by so many steps; whether that was meant."""

    def double_click(self, spot: Spot, event: Any) -> None:
        """A button was pressed twice, of which only the first time was a drag."""

    def drop(self) -> None:
        """Forget what is drawn so far, for the same reasons."""


class IdleHand:
    """A hand that does nothing of its own."""

    keys: Container[frozenset[str]] = ()

    def hover(self, spot: Spot) -> None:
        """Nothing."""

    def wheel(self, steps: float) -> bool:
        """Left to the camera."""
        return False

    def double_click(self, spot: Spot, event: Any) -> None:
        """Nothing."""

    def drop(self) -> None:
        """Nothing."""


def pointer(viewer: ViewerModel) -> Pointer:
    """The mouse of a viewer."""
    return state_of(unwrapped(viewer), Pointer)


class Pointer:
    """Gives the mouse to one hand at a time, in the viewer and in all panels beside it.

    It is the hand's while the label map is selected, in the mode that was asked for: the space
    bar and napari's other modes give it back for as long. With keys held it stays napari's, unless
    the hand knows them.

    Parameters
    ----------
    viewer : ViewerModel
    """

    def __init__(self, viewer: ViewerModel) -> None:
        self._viewer = viewer
        self._hand: Hand | None = None
        self._layer: Labels | None = None
        self._mode = PAN_ZOOM
        self._panels: tuple[ViewerModel, ...] = ()
        self._drag_under_way: Drag | None = None
        panels_changed(viewer).connect(self._change_panels)

    @property
    def layer(self) -> Labels | None:
        """The label map, in the viewer itself."""
        return self._layer

    @property
    def hand(self) -> Hand | None:
        """Whose the mouse is."""
        return self._hand

    @property
    def mode(self) -> str:
        """napari's mode in which the mouse is the hand's."""
        return self._mode

    @property
    def copies(self) -> tuple[Labels, ...]:
        """The layers of the label map in all panels, the viewer's first."""
        if self._layer is None:
            return ()
        others = (each for each in shared_labels(self._layer).layers if each is not self._layer)
        return self._layer, *others

    def take_up(self, layer: Labels, mode: str, hand: Hand) -> None:
        """Give the mouse to a hand.

        Parameters
        ----------
        layer : Labels
            In the viewer itself; it is selected.
        mode : str
            Of napari, in which the mouse is the hand's.
        hand : Hand
        """
        self._interrupt()
        self._layer, self._mode, self._hand = layer, mode, hand
        self._viewer.layers.selection.active = layer
        layer.mode = mode
        self._wait_until_shown(layer)
        self._follow_panels()

    def put_down(self) -> None:
        """Give the mouse back to napari."""
        self._interrupt()
        layer, self._hand = self._layer, None
        self._follow_panels()
        self._layer = None
        if layer is not None and str(layer.mode) == self._mode:
            layer.mode = PAN_ZOOM
        if layer is not None:
            self._wait_until_shown(layer)

    def _wait_until_shown(self, layer: Labels) -> None:
        """napari lets a layer that is hidden have no mode, and as it is shown the one before."""
        if not layer.visible:
            layer.events.visible.connect(self._take_mode)

    def _take_mode(self, event: Any) -> None:
        layer = event.source
        layer.events.visible.disconnect(self._take_mode)
        layer.mode = self._mode if layer is self._layer else PAN_ZOOM

    def _interrupt(self) -> None:
        """End a drag that is under way, and what is drawn."""
        self._end_drag()
        if self._hand is not None:
            self._hand.drop()

    def _end_drag(self) -> None:
        """End a drag that is under way, unless that itself has led here."""
        drag, self._drag_under_way = self._drag_under_way, None
        if drag is not None and getgeneratorstate(drag) == GEN_SUSPENDED:
            drag.close()

    def _change_panels(self) -> None:
        self._interrupt()
        self._follow_panels()

    def _follow_panels(self) -> None:
        wanted = panels_of(self._viewer) if self._hand is not None else ()
        for panel in self._panels:
            for callbacks, call in self._callbacks(panel):
                callbacks.remove(call)
        self._panels = wanted
        for panel in wanted:
            for callbacks, call in self._callbacks(panel):
                callbacks.insert(0, call)
        for copy in self.copies[1:]:  # some may be new
            copy.cursor_size = self.copies[0].cursor_size

    def _callbacks(self, panel: ViewerModel) -> tuple[tuple[list[Any], Any], ...]:
        return (
            (panel.mouse_drag_callbacks, self._drag),
            (panel.mouse_move_callbacks, self._move),
            (panel.mouse_wheel_callbacks, self._wheel),
            (panel.mouse_double_click_callbacks, self._double_click),
        )

    def _drag(self, panel: ViewerModel, event: Any) -> Drag:
        layer = self._shown_in(panel)
        if layer is None or self._hand is None or self._is_naparis(event):
            return
        self._end_drag()  # of a button that is still held, of which napari tells no more
        leave_painting_to_others(layer)
        event.handled = True
        camera = panel.scene.camera
        camera.mouse_pan = False  # it hears of moves that we do not
        self._drag_under_way = drag = self._hand.drag(Spot.of(panel, layer, event), event)
        try:
            yield from drag
        finally:
            active = panel.layers.selection.active
            camera.mouse_pan = active is None or active.mouse_pan

    def _move(self, panel: ViewerModel, event: Any) -> None:
        layer = self._shown_in(panel)
        if layer is not None and self._hand is not None and not event.buttons:
            self._hand.hover(Spot.of(panel, layer, event))

    def _wheel(self, panel: ViewerModel, event: Any) -> None:
        is_ours = self._shown_in(panel) is not None and not self._is_naparis(event)
        if is_ours and self._hand is not None and self._hand.wheel(float(event.delta[1])):
            event.handled = True

    def _double_click(self, panel: ViewerModel, event: Any) -> None:
        layer = self._shown_in(panel)
        if layer is not None and self._hand is not None and not event.modifiers:
            self._hand.double_click(Spot.of(panel, layer, event), event)
            event.handled = True

    def _is_naparis(self, event: Any) -> bool:
        """Whether keys are held of which the hand knows nothing."""
        held = frozenset(event.modifiers)
        return self._hand is None or (bool(held) and held not in self._hand.keys)

    def _shown_in(self, panel: ViewerModel) -> Labels | None:
        """The label map in a panel where the mouse is the hand's."""
        active = panel.layers.selection.active
        if self._layer is None or str(self._layer.mode) != self._mode:
            return None
        return active if active in self.copies else None
