"""The layers of a case that was opened from files."""

from __future__ import annotations

from collections.abc import Mapping

from napari.components import ViewerModel
from napari.layers import Labels, Layer
from napari.utils.notifications import show_warning

from napari_abdoseg.image.volume import LabelMap, Volume
from napari_abdoseg.plugin.layers.conversion import image_layer, labels_layer
from napari_abdoseg.plugin.paint_events.paint_history import was_painted
from napari_abdoseg.plugin.saving.leaving import guard_unsaved
from napari_abdoseg.plugin.saving.unsaved import unsaved_labels
from napari_abdoseg.plugin.viewing.case_layers import BEGINS_CASE
from napari_abdoseg.plugin.viewing.cases_in_view import cases_in_view
from napari_abdoseg.plugin.viewing.ct_window import follow_windows
from napari_abdoseg.plugin.viewing.painting_overlays import make_overlays_when_used


class OpenedCase:
    """Brings a case into view alone, until another one is to be seen.

    Parameters
    ----------
    viewer : ViewerModel
    scan : Volume or None
    label_maps : mapping of str to LabelMap
        By the names of their layers.
    """

    def __init__(
        self, viewer: ViewerModel, scan: Volume | None, label_maps: Mapping[str, LabelMap]
    ) -> None:
        guard_unsaved(viewer)
        follow_windows(viewer)
        self._viewer = viewer
        self._cases = cases_in_view(viewer)
        self._layers: list[Layer] = []
        self._before = self._cases.layers
        others = [layer for layer in viewer.layers if layer.visible]
        if scan is not None:
            self._add(Layer.create(*image_layer(scan)))
        self.labels: tuple[Labels, ...] = tuple(
            self._add(Layer.create(*labels_layer(labels, name)))
            for name, labels in label_maps.items()
        )
        self._hidden = [layer for layer in others if layer.visible]
        for layer in self._hidden:
            layer.visible = False
        viewer.reset_view()

    def close(self) -> None:
        """Delete the layers, but hide label maps that were corrected; show what was seen before."""
        kept = [name for name in map(self._end, self._layers) if name]
        before = next((layer for layer in self._before if layer in self._viewer.layers), None)
        if before is not None:
            self._cases.show(before)
        for layer in self._hidden:
            layer.visible = True
        if kept:
            show_warning(
                f"{' and '.join(kept)} was corrected and is kept: save it, or delete its layer."
            )

    def _end(self, layer: Layer) -> str:
        """Delete a layer; the name of one that is kept."""
        if layer not in self._viewer.layers:
            return ""
        unsaved = unsaved_labels(self._viewer)
        if layer in unsaved.layers and was_painted(layer):
            layer.visible = False
            return str(layer.name)
        unsaved.give_up(layer)
        self._viewer.layers.remove(layer)
        return ""

    def _add(self, layer: Layer) -> Layer:
        layer.metadata = {**layer.metadata, BEGINS_CASE: not self._layers}
        self._layers.append(layer)
        make_overlays_when_used(layer)
        return self._viewer.add_layer(layer)
