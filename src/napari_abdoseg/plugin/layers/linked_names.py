"""Names of boxes and surfaces, which tell of which label map they are where there are several."""

from __future__ import annotations

from dataclasses import dataclass

from napari.components import ViewerModel
from napari.layers import Labels, Layer

from napari_abdoseg.plugin.viewing.viewer_state import state_of


def linked_names(viewer: ViewerModel) -> LinkedNames:
    """What names the linked layers in a viewer."""
    return state_of(viewer, LinkedNames)


@dataclass
class _Linked:
    plain: str
    labels: Labels
    given: str


class LinkedNames:
    """Names layers ``"liver box"``, and ``"liver box (cut)"`` while others have some too.

    A layer that the user has named keeps that name.

    Parameters
    ----------
    viewer : ViewerModel
    """

    def __init__(self, viewer: ViewerModel) -> None:
        self._linked: dict[Layer, _Linked] = {}
        viewer.layers.events.removed.connect(lambda event: self.forget(event.value))

    def take(self, layer: Layer, plain: str, labels: Labels) -> None:
        """Name a layer that came with a label map's from now on."""
        if labels not in self._owners():
            labels.events.name.connect(lambda: self._name_all())
        self._linked[layer] = _Linked(plain, labels, layer.name)
        self._name_all()

    def forget(self, layer: Layer) -> None:
        """Name a layer no more."""
        if self._linked.pop(layer, None) is not None:
            self._name_all()

    def _owners(self) -> set[Labels]:
        return {linked.labels for linked in self._linked.values()}

    def _name_all(self) -> None:
        several = len(self._owners()) > 1
        for layer, linked in self._linked.items():
            if layer.name == linked.given:
                of_which = f" ({linked.labels.name})" if several else ""
                layer.name = linked.plain + of_which
                linked.given = layer.name
