"""The four-panel view: three slices beside the organs in 3D."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from napari import Viewer
from napari.components import ViewerModel
from psygnal import Signal, SignalInstance
from qtpy.QtCore import QTimer
from qtpy.QtWidgets import QScrollBar, QWidget
from superqt.utils import QSignalDebouncer

from napari_abdoseg.image.grid import Triple
from napari_abdoseg.plugin.four_panel.box_outlines import BoxOutlines
from napari_abdoseg.plugin.four_panel.fit_organs import OrgansInView
from napari_abdoseg.plugin.four_panel.frame import PanelFrame
from napari_abdoseg.plugin.four_panel.linked_zoom import LinkedZoom
from napari_abdoseg.plugin.four_panel.mirror import Mirror, Mirror3D
from napari_abdoseg.plugin.four_panel.overlay import PanelOverlay
from napari_abdoseg.plugin.four_panel.scene_lines import BoxLines, Crosshair
from napari_abdoseg.plugin.four_panel.view_state import ViewState
from napari_abdoseg.plugin.frozen_objects import unfreeze
from napari_abdoseg.plugin.layers.first_picture import PictureInATurn
from napari_abdoseg.plugin.viewing.ct_window import window_by_dragging
from napari_abdoseg.plugin.viewing.garbage import put_off_collections
from napari_abdoseg.plugin.viewing.orientation import keep_head_up, look_from_the_front
from napari_abdoseg.plugin.viewing.panels import panels_changed, set_panels
from napari_abdoseg.plugin.viewing.shared_cursor import SharedCursor
from napari_abdoseg.plugin.viewing.viewer_state import state_of, unwrapped
from napari_abdoseg.plugin.widgets.certain import sure
from napari_abdoseg.plugin.widgets.napari_window import (
    PanelCanvas,
    own_canvas,
    picture_of,
    scene_of,
    sliders,
)
from napari_abdoseg.plugin.widgets.unseen_canvas import UnseenCanvas

AXIAL, CORONAL, SAGITTAL = (0, 1, 2), (1, 0, 2), (2, 0, 1)
"""Order of the axes (z, y, x): the first is sliced, the others go down and to the right."""

NAMES = ("Axial", "Coronal", "Sagittal", "3D")

SETTLE_MS = 50
"""Panels have their new size by then."""

REST_MS = 250
"""Cursor and boxes rest that long before the 3D picture follows, the cursor before the viewer."""


class _Opened:
    """The four-panel view of a viewer while it is open."""

    def __init__(self, viewer: Viewer) -> None:
        self.view: FourPanelView | None = None


def four_panel_view(viewer: Viewer) -> FourPanelView | None:
    """The four-panel view of a viewer, if it is open."""
    return state_of(viewer, _Opened).view


def toggle_four_panel_view(viewer: Viewer) -> None:
    """Open the four-panel view of a viewer, or close it."""
    opened = state_of(viewer, _Opened)
    if opened.view is None:
        opened.view = FourPanelView(unwrapped(viewer))
    else:
        opened.view.close()


class _Pictures:
    """Tells when others are seen of a viewer."""

    changed = Signal()

    def __init__(self, viewer: Viewer) -> None:
        dims = viewer.dims.events
        for event in (panels_changed(viewer), dims.ndisplay, dims.order):
            event.connect(self._tell_soon)

    def _tell_soon(self, event: object = None) -> None:
        QTimer.singleShot(0, self.changed.emit)  # their canvases are there by then


def pictures_changed(viewer: Viewer) -> SignalInstance:
    """Tells that other panels are seen of a viewer, or 3D instead of slices, or other slices."""
    return state_of(viewer, _Pictures).changed


def canvases_of(viewer: Viewer) -> list[tuple[ViewerModel, QWidget]]:
    """What is seen of a viewer: its four panels or itself, each with the canvas it is drawn on."""
    return [(panel, picture_of(canvas)) for panel, canvas in _seen_of(viewer)]


def scenes_of(viewer: Viewer) -> list[tuple[ViewerModel, Any]]:
    """The 3D pictures of a viewer, each with the scene in which its layers are drawn, in mm."""
    seen = _seen_of(viewer)
    return [(panel, scene_of(canvas)) for panel, canvas in seen if panel.dims.ndisplay == 3]


def _seen_of(viewer: Viewer) -> list[tuple[ViewerModel, QWidget]]:
    """Four panels, or the viewer itself, each with its canvas."""
    viewer = unwrapped(viewer)
    view = state_of(viewer, _Opened).view
    if view is not None:
        return list(zip(view.panels, view.canvases))
    return [(viewer, own_canvas(viewer))] if hasattr(viewer, "window") else []


def sliders_of(viewer: Viewer) -> list[tuple[ViewerModel, list[QScrollBar]]]:
    """The panels that show slices, or the viewer itself, each with the sliders of its axes."""
    viewer = unwrapped(viewer)
    view = state_of(viewer, _Opened).view
    if view is not None:
        return [(panel, sliders(canvas)) for panel, canvas in zip(view.slices, view.canvases)]
    return [(viewer, sliders(own_canvas(viewer)))] if hasattr(viewer, "window") else []


class FourPanelView:
    """Axial, coronal and sagittal slices and a 3D picture of what a viewer holds.

    Each shows copies of the viewer's layers, which share their data. The viewer's
    own canvas is hidden meanwhile: surfaces and boxes are then in the 3D picture
    alone, and a slice is drawn as fast as its scan and masks are.

    Parameters
    ----------
    viewer : Viewer
    """

    def __init__(self, viewer: Viewer) -> None:
        put_off_collections()
        self.viewer = viewer
        self.panels = tuple(ViewerModel() for _ in NAMES)
        self.axial, self.coronal, self.sagittal, self.three_d = self.panels
        self.slices = self.panels[:3]
        self._before = ViewState.of(viewer)
        viewer.dims.ndisplay = 2
        self._fitted: list[tuple[Any, ...]] = []
        self._closing: list[Callable[[], None]] = []
        for panel, axes in zip(self.slices, (AXIAL, CORONAL, SAGITTAL)):
            self._slice_along(panel, axes)
        self.three_d.dims.ndisplay = 3
        slices = [Mirror(viewer, panel) for panel in self.slices]
        self._mirror_3d = Mirror3D(viewer, self.three_d)
        self._mirrors = *slices, self._mirror_3d
        set_panels(viewer, self.panels)
        self.canvases = [PanelCanvas(panel) for panel in self.panels]
        self._pictures = [PictureInATurn(canvas) for canvas in self.canvases]
        self._put_into_window()
        self._settling = QSignalDebouncer(parent=self.frame)
        self._settling.setTimeout(SETTLE_MS)
        self._settling.triggered.connect(self.fit)
        self.cursor = SharedCursor(_place(viewer))
        self.cursor.join(viewer, rest_ms=REST_MS)
        self._outlines = BoxOutlines(viewer)
        self._organs_in_view = OrgansInView(self.three_d, self._outlines)
        self._closing += [self._outlines.close, self._organs_in_view.close]
        for panel, canvas, name in zip(self.panels, self.canvases, NAMES):
            self._dress(panel, canvas, name)
        for panel in self.slices:
            panel.events.status.connect(lambda event: setattr(viewer, "status", event.value))
        for panel in self.slices:
            self._closing.append(window_by_dragging(panel, viewer))
        self._zoom = LinkedZoom(self.slices)
        self._connect_switches()
        self._connect(viewer.events.reset_view, self._fit_soon)
        for panel, picture in zip(self.panels, self._pictures):
            self._connect(panel.layers.events.inserted, picture.draw_in_a_turn)
            self._connect(panel.layers.events.inserted, self._fit_first_layer)
            self._connect(panel.canvas.events.size, self._fit_resized)
        self._fit_soon()

    def fit(self) -> None:
        """Show the whole scan in each slice, and all organs in 3D."""
        linked, self._zoom.on = self._zoom.on, False
        for panel in self.slices:
            seen = [layer for layer in panel.layers if layer.visible]
            with panel.events.reset_view.blocker():
                panel.fit_to_view(layers=seen or None)
        with self.three_d.events.reset_view.blocker():
            self._organs_in_view.fit()
        self._zoom.on = linked
        self._fitted = self._looks()

    def close(self) -> None:
        """Leave the viewer as it was before."""
        opened = state_of(self.viewer, _Opened)
        if opened.view is not self:
            return
        opened.view = None
        self._settling.cancel()
        for undo in reversed(self._closing):
            undo()
        self._zoom.close()
        self.cursor.close()
        set_panels(self.viewer, ())
        for mirror in self._mirrors:
            mirror.close()
        self._take_out_of_window()
        self._before.restore(self.viewer)
        unfreeze()  # collections may have passed over the panels

    def _slice_along(self, panel: ViewerModel, axes: tuple[int, ...]) -> None:
        """Keep a panel on slices of one axis, however many axes the layers have."""
        dims = panel.dims

        def turn(event: Any = None) -> None:
            extra = dims.ndim - 3
            if extra >= 0:
                dims.order = (*range(extra), *(axis + extra for axis in axes))

        dims.ndisplay = 2
        # napari would slice all layers twice at each step, for point and for current_step.
        dims.events.current_step.disconnect(panel._update_layers)
        self._connect(dims.events.ndim, turn)
        turn()

    def _put_into_window(self) -> None:
        """Put the four panels where the viewer's own canvas is."""
        main = own_canvas(self.viewer)
        middle = sure(main.parentWidget())
        self.frame = PanelFrame(middle, *self.canvases)
        main.hide()
        self._closing.append(UnseenCanvas(self.viewer).catch_up)
        sure(middle.layout()).addWidget(self.frame)
        self.frame.closed.connect(self.close)
        self.frame.arranged.connect(self._fit_soon)

    def _take_out_of_window(self) -> None:
        sure(sure(self.frame.parentWidget()).layout()).removeWidget(self.frame)
        self.frame.end()
        for canvas in self.canvases:
            canvas.close()
        self.canvases.clear()
        own_canvas(self.viewer).show()

    def _dress(self, panel: ViewerModel, canvas: PanelCanvas, name: str) -> None:
        """Give a panel its orientation, name, letters, scale bar, cursor and cross hair."""
        self.cursor.join(panel)
        outlines = () if panel is self.three_d else self._outlines
        overlay = PanelOverlay(picture_of(canvas), panel, name, outlines)
        self._outlines.changed.connect(overlay.repaint_soon)
        self._closing += [keep_head_up(panel), overlay.end]
        if panel is not self.three_d:
            self._point(overlay)
        else:
            # A surface under the mouse takes too long to find at each of its moves.
            panel.cursor.events.position.disconnect(panel.update_status_from_cursor)
            look_from_the_front(panel)
            scene = scene_of(canvas)
            crosshair = Crosshair(panel, scene, REST_MS)
            lines = BoxLines(self._outlines, scene, REST_MS)
            self._closing += [crosshair.end, lines.end]
            self._point(crosshair)

    def _point(self, pointer: PanelOverlay | Crosshair) -> None:
        """Keep a cross hair on the cursor."""
        self.cursor.moved.connect(pointer.point_at)
        pointer.point_at(self.cursor.position)

    def _connect_switches(self) -> None:
        frame, mirror_3d = self.frame, self._mirror_3d
        frame.linked_zoom.toggled.connect(lambda on: setattr(self._zoom, "on", on))
        frame.volumes_in_3d.toggled.connect(lambda on: setattr(mirror_3d, "volumes_shown", on))

    def _connect(self, emitter: Any, callback: Callable[..., None]) -> None:
        emitter.connect(callback)
        self._closing.append(lambda: emitter.disconnect(callback))

    def _fit_first_layer(self, event: Any) -> None:
        if len(event.source) == 1:
            self._fit_soon()

    def _fit_resized(self, event: Any = None) -> None:
        """Fit again after a change of sizes, unless the user has moved or zoomed meanwhile."""
        if self._fitted == self._looks():
            self._fit_soon()

    def _looks(self) -> list[tuple[Any, ...]]:
        cameras = [panel.scene.camera for panel in self.panels]
        return [(tuple(camera.center), camera.zoom, tuple(camera.angles)) for camera in cameras]

    def _fit_soon(self, event: Any = None) -> None:
        """Fit the panels once they have their size and their layers."""
        self._settling.throttle()


def _place(viewer: ViewerModel) -> Triple:
    """Where a viewer is sliced, in mm along (S, P, L)."""
    s, p, left = (0.0, *viewer.dims.point)[-3:]
    return s, p, left
