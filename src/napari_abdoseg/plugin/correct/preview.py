"""What a tool would change, drawn over all pictures of a viewer."""

from __future__ import annotations

from napari.components import ViewerModel
from napari.layers import Labels

from napari_abdoseg.plugin.correct.change_overlay import ChangeOverlay
from napari_abdoseg.plugin.correct.proposal import Changes
from napari_abdoseg.plugin.four_panel.view import canvases_of


class Preview:
    """Shows changes over the slices; neither a layer nor a label map is made for it.

    Parameters
    ----------
    viewer : ViewerModel
    """

    def __init__(self, viewer: ViewerModel) -> None:
        self._viewer = viewer
        self._overlays: list[ChangeOverlay] = []
        self.changes: Changes | None = None

    def show(self, layer: Labels, changes: Changes | None) -> None:
        """Show what would change in a layer, instead of what was shown before."""
        self.clear()
        self.changes = changes
        if changes is not None:
            self._overlays = [
                ChangeOverlay(canvas, viewer, layer, changes)
                for viewer, canvas in canvases_of(self._viewer)
                if viewer.dims.ndisplay == 2
            ]

    def clear(self) -> None:
        """Show nothing."""
        for overlay in self._overlays:
            overlay.end()
        self._overlays, self.changes = [], None
