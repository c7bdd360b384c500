"""What a tool would change, drawn over all pictures of a viewer."""

from __future__ import annotations

from napari.components import ViewerModel
from napari.layers import Labels
from qtpy.QtWidgets import QWidget

from napari_abdoseg.plugin.correct.change_cloud import ChangeCloud
from napari_abdoseg.plugin.correct.change_overlay import ChangeOverlay, StrokeOverlay
from napari_abdoseg.plugin.correct.proposal import Changes
from napari_abdoseg.plugin.four_panel.view import canvases_of, pictures_changed, scenes_of


class Preview:
    """Shows changes over the slices and in 3D; neither a layer nor a label map is made for it.

    Parameters
    ----------
    viewer : ViewerModel
    """

    def __init__(self, viewer: ViewerModel) -> None:
        self._viewer = viewer
        self._pictures: list[ChangeOverlay | ChangeCloud] = []
        self._shown: tuple[Labels, Changes] | None = None
        self._strokes: tuple[Labels, Changes] | None = None
        pictures_changed(viewer).connect(self._show_again)

    def show(self, layer: Labels, changes: Changes | None) -> None:
        """Show what would change in a layer, instead of what was shown before."""
        self._shown = None if changes is None else (layer, changes)
        self._show_again()

    def mark(self, strokes: tuple[Labels, Changes] | None) -> None:
        """Show strokes that were drawn over slices of a layer, instead of those before."""
        if strokes != self._strokes:
            self._strokes = strokes
            self._show_again()

    def clear(self) -> None:
        """Show no changes."""
        self._shown = None
        self._show_again()

    def _show_again(self) -> None:
        """Show the same in the pictures that there are now."""
        for picture in self._pictures:
            picture.end()
        self._pictures = []
        if self._shown is not None:
            self._pictures += [ChangeOverlay(*each, *self._shown) for each in self._slices()]
            self._pictures += [ChangeCloud(*each, *self._shown) for each in scenes_of(self._viewer)]
        if self._strokes is not None:
            self._pictures += [StrokeOverlay(*each, *self._strokes) for each in self._slices()]

    def _slices(self) -> list[tuple[QWidget, ViewerModel]]:
        """Canvases that show slices, and what they show."""
        pictures = canvases_of(self._viewer)
        return [(canvas, viewer) for viewer, canvas in pictures if viewer.dims.ndisplay == 2]
