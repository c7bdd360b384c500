"""The 3D picture of what a viewer holds: surfaces and boxes, and volumes when asked for."""

from __future__ import annotations

from napari.components import ViewerModel
from napari.layers import Image, Labels, Layer

from napari_abdoseg.plugin.mirror import Mirror
from napari_abdoseg.plugin.twin import Twin


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
        super().__init__(source, copy)

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
        return True

    def new_twin(self, layer: Layer, apart: frozenset[str] = frozenset()) -> Twin:
        if not isinstance(layer, Image | Labels):
            return super().new_twin(layer, apart)
        twin = super().new_twin(layer, apart | {"visible"})
        twin.connect(layer.events.visible, lambda event: self._show(twin))
        self._show(twin)
        return twin

    def _show(self, twin: Twin) -> None:
        twin.layer.visible = self._volumes_shown and twin.source.visible
