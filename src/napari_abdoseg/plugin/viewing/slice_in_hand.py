"""The slice that a user has in hand: the one that the mouse was over last."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from weakref import ref

from napari.components import ViewerModel
from qtpy.QtCore import QTimer

from napari_abdoseg.plugin.viewing.panels import panels_changed, panels_of
from napari_abdoseg.plugin.viewing.viewer_state import state_of

NAMES = ("axial", "coronal", "sagittal")


@dataclass(frozen=True, eq=False)
class SliceInHand:
    """A slice of a volume that a panel shows.

    Parameters
    ----------
    panel : ViewerModel
    axis : int
        Of (z, y, x), across the slice.
    """

    panel: ViewerModel
    axis: int

    @property
    def name(self) -> str:
        """``"axial"``, ``"coronal"`` or ``"sagittal"``."""
        return NAMES[self.axis]

    def index(self, layer: Any) -> int:
        """Number of the slice in a layer of three axes."""
        place = self.panel.dims.point[self._axis_of_panel]
        step: float = (place - layer.translate[self.axis]) / layer.scale[self.axis]
        return round(step)

    def go_to(self, index: int, layer: Any) -> None:
        """Bring the panel to another slice of a layer."""
        place = layer.translate[self.axis] + index * layer.scale[self.axis]
        self.panel.dims.set_point(self._axis_of_panel, place)

    @property
    def _axis_of_panel(self) -> int:
        return self.axis + int(self.panel.dims.ndim) - 3


def slice_in_hand(viewer: ViewerModel) -> SliceInHand | None:
    """The slice that the mouse was over last, or the first; None where none is shown."""
    touched = state_of(viewer, _Touched).panel
    others = panels_of(viewer)[1:]
    seen: Sequence[ViewerModel] = others or panels_of(viewer)
    slices = [panel for panel in seen if panel.dims.ndisplay == 2 and panel.dims.ndim >= 3]
    if not slices:
        return None
    panel: ViewerModel = touched if touched in slices else slices[0]
    extra = panel.dims.ndim - 3
    (hidden,) = (axis - extra for axis in panel.dims.not_displayed if axis >= extra)
    return SliceInHand(panel, hidden)


def follow_slices(viewer: ViewerModel) -> None:
    """Notice from now on which slice the mouse is over."""
    state_of(viewer, _Touched)


class _Touched:
    """Notes the panel that the mouse has moved in."""

    def __init__(self, viewer: ViewerModel) -> None:
        self._viewer = ref(viewer)
        self._panel: ref[ViewerModel] | None = None
        panels_changed(viewer).connect(self._follow_soon)
        self._follow()

    @property
    def panel(self) -> ViewerModel | None:
        return None if self._panel is None else self._panel()

    def _follow_soon(self) -> None:
        QTimer.singleShot(0, self._follow)

    def _follow(self) -> None:
        viewer = self._viewer()
        for panel in () if viewer is None else panels_of(viewer):
            if self._note not in panel.mouse_move_callbacks:
                panel.mouse_move_callbacks.append(self._note)

    def _note(self, panel: ViewerModel, event: object) -> None:
        self._panel = ref(panel)
