"""Names of boxes and surfaces, which tell of which label map they are where there are several."""

from __future__ import annotations

from dataclasses import dataclass

from napari.components import ViewerModel
from napari.layers import Labels, Layer

from napari_abdoseg.plugin.viewing.viewer_state import state_of


def companion_names(viewer: ViewerModel) -> CompanionNames:
    """What names the companions in a viewer."""
    return state_of(viewer, CompanionNames)


@dataclass
class _Companion:
    plain: str
    labels: Labels
    given: str


class CompanionNames:
    """Names layers ``"liver box"``, and ``"liver box (cut)"`` while others have some too.

    A layer that the user has named keeps that name.

    Parameters
    ----------
    viewer : ViewerModel
    """

    def __init__(self, viewer: ViewerModel) -> None:
        self._companions: dict[Layer, _Companion] = {}
        viewer.layers.events.removed.connect(lambda event: self._forget(event.value))

    def take(self, layer: Layer, plain: str, labels: Labels) -> None:
        """Name a layer that came with a label map's from now on."""
        if labels not in self._owners():
            labels.events.name.connect(lambda: self._name_all())
        self._companions[layer] = _Companion(plain, labels, layer.name)
        self._name_all()

    def _owners(self) -> set[Labels]:
        return {companion.labels for companion in self._companions.values()}

    def _forget(self, layer: Layer) -> None:
        if self._companions.pop(layer, None) is not None:
            self._name_all()

    def _name_all(self) -> None:
        several = len(self._owners()) > 1
        for layer, companion in self._companions.items():
            if layer.name == companion.given:
                of_which = f" ({companion.labels.name})" if several else ""
                layer.name = companion.plain + of_which
                companion.given = layer.name
