"""The 3D picture of what a viewer holds: surfaces, and volumes when asked for."""

from __future__ import annotations

from typing import Any

from napari.components import ViewerModel
from napari.layers import Image, Labels, Layer

from napari_abdoseg.plugin.four_panel.box_outlines import is_box
from napari_abdoseg.plugin.four_panel.layer_copy import Twin
from napari_abdoseg.plugin.four_panel.mirror import Mirror
from napari_abdoseg.plugin.jobs.idle_queue import Turn
from napari_abdoseg.plugin.layers.surfaces import follow_surfaces


class Mirror3D(Mirror):
    """A mirror in which scans and masks stay out of the way of surfaces.

    Volumes cost a graphics card much, and hide what lies in them.

    Parameters
    ----------
    source : ViewerModel
    copy : ViewerModel
        Empty.
    """

    def __init__(self, source: ViewerModel, copy: ViewerModel) -> None:
        self._volumes_shown = False
        self._turn = Turn(self._add_missing)
        follow_surfaces(copy)
        super().__init__(source, copy)

    def close(self) -> None:
        self._turn.cancel()
        super().close()

    @property
    def volumes_shown(self) -> bool:
        """Whether scans and masks that are visible in the source are so here."""
        return self._volumes_shown

    @volumes_shown.setter
    def volumes_shown(self, shown: bool) -> None:
        self._volumes_shown = shown
        for layer, twin in self.twins.items():
            if isinstance(layer, Image | Labels):
                self._show(twin)

    def shows(self, layer: Layer) -> bool:
        return not is_box(layer)

    def new_twin(self, layer: Layer, apart: frozenset[str] = frozenset()) -> Twin:
        if "surface" in layer.metadata:
            return super().new_twin(layer, apart | {"data"})  # a mesh here, and none in slices
        if not isinstance(layer, Image | Labels):
            return super().new_twin(layer, apart)
        twin = super().new_twin(layer, apart | {"visible"})
        twin.connect(layer.events.visible, lambda event: self._show(twin))
        self._show(twin)
        return twin

    def _add(self, event: Any) -> None:
        """In 3D a layer takes a while to add: it has a turn of its own."""
        self._turn.wait()

    def _add_missing(self) -> None:
        for layer in self.source.layers:
            if layer not in self.twins:
                self._add_copy(layer)
        self._reorder()
        self._select_in_copy()

    def _show(self, twin: Twin) -> None:
        twin.layer.visible = self._volumes_shown and twin.source.visible
