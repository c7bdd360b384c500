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
        self._shown: tuple[Labels, Changes] | None = None

    def show(self, layer: Labels, changes: Changes | None) -> None:
        """Show what would change in a layer, instead of what was shown before."""
        self._shown = None if changes is None else (layer, changes)
        self.show_again()

    def show_again(self) -> None:
        """Show the same in the panels that there are now."""
        for overlay in self._overlays:
            overlay.end()
        self._overlays = []
        if self._shown is not None:
            self._overlays = [
                ChangeOverlay(canvas, viewer, *self._shown)
                for viewer, canvas in canvases_of(self._viewer)
                if viewer.dims.ndisplay == 2
            ]

    def clear(self) -> None:
        """Show nothing."""
        self._shown = None
        self.show_again()
