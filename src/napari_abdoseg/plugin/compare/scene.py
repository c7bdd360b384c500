"""A comparison on the screen: voxels that are wrong, and surfaces coloured by distance."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from napari.components import ViewerModel
from napari.layers import Labels, Surface
from napari.utils.notifications import show_error
from psygnal import Signal
from qtpy.QtCore import QTimer

from napari_abdoseg.evaluation.comparison import Comparison, Findings
from napari_abdoseg.evaluation.distance_surface import DistanceSurface
from napari_abdoseg.evaluation.error_regions import ErrorRegion
from napari_abdoseg.image.organ import Organ
from napari_abdoseg.plugin.compare.error_layers import agreement_layer, distance_layer
from napari_abdoseg.plugin.compare.live import LiveComparison
from napari_abdoseg.plugin.jobs.latest import LatestWork
from napari_abdoseg.plugin.layers.conversion import add_beside
from napari_abdoseg.plugin.layers.linked_layers import LinkedLayers, Look
from napari_abdoseg.plugin.layers.surfaces import follow_surfaces
from napari_abdoseg.plugin.viewing.focus import focus_on
from napari_abdoseg.plugin.viewing.viewer_state import unwrapped

LEAST_MM = 60.0
"""What is shown around an error at least."""

GRAY: Look = ((0.5, 0.5, 0.5), 1.0)


class ComparisonScene:
    """Brings together what is shown of a comparison, until `close`.

    The prediction is shown as an outline meanwhile and the reference is hidden: the
    agreement layer tells both. It closes itself when one of the three is deleted, or
    when prediction and reference can no longer be compared.

    Parameters
    ----------
    viewer : ViewerModel
    prediction, reference : Labels
    findings : Findings
        Of these layers.
    """

    closed = Signal()

    def __init__(
        self, viewer: ViewerModel, prediction: Labels, reference: Labels, findings: Findings
    ) -> None:
        self._viewer = viewer = unwrapped(viewer)
        self._prediction, self._reference = prediction, reference
        self._looks = prediction.contour, reference.visible
        prediction.contour, reference.visible = 1, False
        self.live = LiveComparison(viewer, prediction, reference, findings)
        self.surfaces = LinkedLayers(viewer, prediction, "surface", distance_layer, lambda _: GRAY)
        self._measuring = LatestWork(self._measure)
        self._measuring.yielded.connect(self._put)
        follow_surfaces(viewer)
        name = f"{prediction.name} agreement"
        agreement = findings.comparison.agreement
        grid = findings.comparison.reference.grid
        self.agreement = add_beside(viewer, prediction, agreement_layer(agreement, grid, name))
        viewer.layers.move(viewer.layers.index(self.agreement), viewer.layers.index(prediction))
        viewer.layers.selection = {prediction}
        self.surfaces.offer(organ.name for organ in findings.comparison.organs)
        self.live.agreement_changed.connect(self._show_agreement)
        self.live.settled.connect(self._measure_soon)
        self.live.failed.connect(self._give_up)
        self.surfaces.changed.connect(self._hide_plain_surfaces)
        for signal in (self.surfaces.changed, self.surfaces.added):
            signal.connect(self._show_one_color_bar)

        def on_removed(event: Any) -> None:
            if event.value in (prediction, reference, self.agreement):
                # napari may be removing several layers: ours have their turn after that.
                QTimer.singleShot(0, self.close)
            self.surfaces.forget(event.value)

        self._on_removed: Any = on_removed  # it keeps the scene alive, a method would not
        viewer.layers.events.removed.connect(on_removed)

    def stop(self) -> None:
        """Follow the layers no longer, and leave the viewer as it is."""
        if self._on_removed is not None:
            self._viewer.layers.events.removed.disconnect(self._on_removed)
            self._on_removed = None
            self.live.close()
            self._measuring.close()

    def close(self) -> None:
        """Show the layers as before, and delete what was added."""
        if self._on_removed is None:
            return
        self.stop()
        self.surfaces.close()
        self._prediction.contour, self._reference.visible = self._looks
        if self.agreement in self._viewer.layers:
            self._viewer.layers.remove(self.agreement)
        self.closed.emit()

    def show_surface(self, organ: Organ, shown: bool) -> None:
        """Show an organ's predicted surface, coloured by distance, or hide it."""
        self.surfaces.show({organ.name: shown})
        self._measure_soon(self.live.comparison.organs)

    def go_to_error(self, error: ErrorRegion) -> None:
        """Cut all panels through the deepest voxel of an error."""
        grid = self.live.comparison.reference.grid
        focus_on(self._viewer, error.box, grid, error.deepest, LEAST_MM)

    def go_to(self, organ: Organ) -> None:
        """Bring all panels to an organ."""
        box = self.live.comparison.box(organ)
        if box is not None:
            focus_on(self._viewer, box, self.live.comparison.reference.grid)

    def _show_agreement(self) -> None:
        agreement = self.live.comparison.agreement
        if self.agreement.data is agreement:
            self.agreement.refresh(thumbnail=False, highlight=False, extent=False)
        else:
            self.agreement.data = agreement

    def _give_up(self, reason: str) -> None:
        show_error(reason)
        self.close()

    def _measure_soon(self, organs: tuple[Organ, ...]) -> None:
        shown = self.surfaces.state()
        wanted = tuple(organ for organ in organs if shown.get(organ.name))
        if wanted:
            self._measuring.start_soon(self.live.comparison, wanted)

    def _measure(
        self, comparison: Comparison, organs: tuple[Organ, ...]
    ) -> Iterator[tuple[Organ, DistanceSurface]]:
        for organ in organs:
            surface = comparison.surface(organ)
            if surface is not None:
                yield organ, surface

    def _put(self, measured: tuple[Organ, DistanceSurface]) -> None:
        organ, surface = measured
        self.surfaces.put(organ.name, surface, self.live.comparison.reference.grid)

    def _hide_plain_surfaces(self) -> None:
        """They would be seen through those that are coloured by distance."""
        shown = self.surfaces.state()
        for layer in self._viewer.layers:
            is_plain = isinstance(layer, Surface) and layer not in self.surfaces.layers
            if is_plain and shown.get(layer.metadata.get("organ")):
                layer.visible = False

    def _show_one_color_bar(self) -> None:
        layers = self.surfaces.layers
        first = next((layer for layer in layers if layer.visible), None)
        for layer in layers:
            if layer.metadata.get("color_bar", False) != (layer is first):
                layer.metadata = {**layer.metadata, "color_bar": layer is first}
