"""The cases of a viewer, of which one is in view at a time."""

from __future__ import annotations

from typing import Any

import numpy as np
from napari.components import ViewerModel
from napari.layers import Image, Layer
from psygnal import Signal
from qtpy.QtCore import QTimer

from napari_abdoseg.plugin.viewing.case_layers import CaseLayers, find_case, has_case
from napari_abdoseg.plugin.viewing.viewer_state import state_of


def cases_in_view(viewer: ViewerModel) -> CasesInView:
    """What keeps one case of a viewer in view."""
    return state_of(viewer, CasesInView)


class CasesInView:
    """Shows one case of a viewer; to select a layer of another one shows that.

    What was visible of a case is so again when it comes back. Layers that come with
    others in one go, as those of a folder, leave the first case of them in view.

    Parameters
    ----------
    viewer : ViewerModel
    """

    changed = Signal()
    """Another case is in view."""

    def __init__(self, viewer: ViewerModel) -> None:
        self._viewer = viewer
        self._cases: list[CaseLayers] = []
        self._in_view: CaseLayers | None = None
        self._selected: Layer | None = None
        self._arriving: Layer | None = None
        for layer in filter(has_case, viewer.layers):
            self._sort_in(layer)
        active = viewer.layers.selection.active
        self._in_view = self.case_of(active) or next(iter(self._cases), None)
        viewer.layers.events.inserted.connect(lambda event: self.take_in(event.value))
        viewer.layers.events.removed.connect(lambda event: self.forget(event.value))
        viewer.layers.selection.events.active.connect(lambda event: self._follow(event.value))

    @property
    def scan(self) -> Image | None:
        """The CT that is in view, if there is one."""
        return None if self._in_view is None else self._in_view.scan

    @property
    def layers(self) -> tuple[Layer, ...]:
        """Layers of the case that is in view."""
        return () if self._in_view is None else tuple(self._in_view.layers)

    def case_of(self, layer: Layer | None) -> CaseLayers | None:
        """The case of a layer, None for those of others."""
        return next((case for case in self._cases if layer in case.layers), None)

    def is_in_view(self, layer: Layer | None) -> bool:
        """Whether a layer's case is in view, or it has none."""
        return self.case_of(layer) in (None, self._in_view)

    def are_together(self, layer: Layer | None, other: Layer | None) -> bool:
        """Whether two layers are of one case."""
        case = self.case_of(layer)
        return case is not None and case is self.case_of(other)

    def show(self, layer: Layer) -> None:
        """Show a layer's case instead of the one that is in view."""
        case = self.case_of(layer)
        if case is None or case is self._in_view:
            return
        before, self._in_view = self._in_view, case
        for other in self._cases:
            if other is not case:
                _put_away(other, other.layers)
        _bring_back(case)
        if before is None or not np.allclose(self._extent(before), self._extent(case)):
            self._look_at(case)
        self.changed.emit()

    def take_in(self, layer: Layer) -> None:
        """A layer has come, or is of another case now than before it was forgotten."""
        if not has_case(layer):
            return
        case = self._sort_in(layer)
        self._arriving = layer
        if self._in_view is None:
            self._in_view = case
        elif case is not self._in_view:
            _put_away(case, [layer])

    def forget(self, layer: Layer) -> None:
        """A layer has gone, or is of no case as long as it waits for one."""
        if layer is self._selected:
            self._selected = None
        if layer is self._arriving:
            self._arriving = None
        case = self.case_of(layer)
        if case is None:
            return
        case.layers.remove(layer)
        if layer in case.put_away:
            case.put_away.remove(layer)
        if not case.layers:
            self._cases.remove(case)
            if case is self._in_view:
                self._in_view = None
                # napari may be removing several layers: the next case has its turn after that.
                QTimer.singleShot(0, self._show_another)

    def _sort_in(self, layer: Layer) -> CaseLayers:
        case = find_case(layer, self._cases, self._in_view)
        if case is None:
            case = CaseLayers(layer)
            self._cases.append(case)
        else:
            case.layers.append(layer)
        return case

    def _follow(self, layer: Layer | None) -> None:
        """A layer was selected, by the user or as it came."""
        if layer is None:
            return
        if layer is not self._arriving:
            self._arriving = None
        elif not self.is_in_view(layer) and self._comes_with_case(layer):
            QTimer.singleShot(0, self._reselect)  # napari is still about to select this one
            return
        self._selected = layer
        self.show(layer)

    def _reselect(self) -> None:
        selection = self._viewer.layers.selection
        if not self.is_in_view(selection.active) and self._selected in self._viewer.layers:
            selection.active = self._selected

    def _comes_with_case(self, layer: Layer) -> bool:
        """Whether a layer was opened in one go with the case in view."""
        together = layer.metadata.get("opened")
        return together is not None and any(
            own.metadata.get("opened") is together for own in self.layers
        )

    def _show_another(self) -> None:
        if self._in_view is None and self._cases:
            self.show(self._cases[-1].layers[0])

    def _look_at(self, case: CaseLayers) -> None:
        """Bring the viewer to where a case is."""
        dims = self._viewer.dims
        low, high = self._extent(case)
        place = np.array(dims.point[-3:])
        if not ((low <= place) & (place <= high)).all():
            dims.set_point(range(dims.ndim - 3, dims.ndim), (low + high) / 2)
        self._viewer.fit_to_view(layers=case.layers)

    def _extent(self, case: CaseLayers) -> Any:
        """Lowest and highest (S, P, L) in mm."""
        return self._viewer.layers.get_extent(case.layers[:1]).world[:, -3:]


def _put_away(case: CaseLayers, layers: list[Layer]) -> None:
    for layer in layers:
        if layer.visible:
            layer.visible = False
            case.put_away.append(layer)


def _bring_back(case: CaseLayers) -> None:
    coming, case.put_away = case.put_away, []
    for layer in coming:
        layer.visible = True
