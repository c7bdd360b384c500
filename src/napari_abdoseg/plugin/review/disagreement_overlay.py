"""The layers of dissenting folds in a viewer, made when they are first asked for."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import Any

from napari.components import ViewerModel
from napari.layers import Labels
from psygnal import Signal
from qtpy.QtCore import QTimer

from napari_abdoseg.image.volume import LabelMap
from napari_abdoseg.plugin.jobs.latest import LatestWork
from napari_abdoseg.plugin.layers.conversion import add_beside
from napari_abdoseg.plugin.review.disagreement_layer import disagreement_layer, disagreement_of

OUTLINE = 1


class DisagreementOverlay:
    """Shows for Labels layers of ensembles how many folds dissent where.

    Each has a layer of its own, which is deleted with it. While it is seen, masks are
    outlines.

    Parameters
    ----------
    viewer : ViewerModel
    """

    changed = Signal()
    """A layer was shown, hidden or deleted."""

    def __init__(self, viewer: ViewerModel) -> None:
        self._viewer = viewer
        self._layers: dict[Labels, Labels] = {}
        self._contours: dict[Labels, int] = {}
        self._making = LatestWork(_count)
        self._making.yielded.connect(lambda made: self._add(*made))
        viewer.layers.events.removed.connect(self._forget)

    def is_shown(self, layer: Labels) -> bool:
        """Whether the overlay of a layer is seen."""
        return layer in self._layers and bool(self._layers[layer].visible)

    def show(self, layer: Labels, shown: bool) -> None:
        """Show the overlay of a layer, or hide it."""
        if layer in self._layers:
            self._layers[layer].visible = shown
        elif shown:
            self._making.start_soon(layer)

    def close(self) -> None:
        """Leave the viewer as it is, and follow it no longer."""
        self._making.close()
        self._viewer.layers.events.removed.disconnect(self._forget)

    def _add(self, layer: Labels, counts: LabelMap) -> None:
        if layer not in self._viewer.layers or layer in self._layers:
            return
        name = f"{layer.name.removesuffix(' organs')} fold disagreement"
        overlay = add_beside(self._viewer, layer, disagreement_layer(counts, name))
        overlay.editable = False
        self._layers[layer], self._contours[layer] = overlay, layer.contour
        overlay.events.visible.connect(lambda _: self._follow_eye(layer))
        self._follow_eye(layer)

    def _follow_eye(self, layer: Labels) -> None:
        layer.contour = OUTLINE if self.is_shown(layer) else self._contours[layer]
        self.changed.emit()

    def _forget(self, event: Any) -> None:
        for layer, overlay in list(self._layers.items()):
            if event.value in (layer, overlay):
                del self._layers[layer]
                layer.contour = self._contours.pop(layer)
                # napari may be removing several layers: ours has its turn after that.
                QTimer.singleShot(0, partial(_remove, self._viewer, overlay))
                self.changed.emit()


def _count(layer: Labels) -> Iterator[tuple[Labels, LabelMap]]:
    disagreement = disagreement_of(layer)
    if disagreement is not None:
        yield layer, disagreement.label_map()


def _remove(viewer: ViewerModel, layer: Labels) -> None:
    if layer in viewer.layers:
        viewer.layers.remove(layer)
