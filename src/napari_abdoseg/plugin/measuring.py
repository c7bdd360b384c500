"""Measures of a Labels layer's organs, taken in a thread now and after each edit."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from napari.components import ViewerModel
from napari.layers import Labels
from napari.qt.threading import create_worker
from psygnal import Signal
from qtpy.QtCore import QTimer

from napari_abdoseg.anatomy.measure import OrganMeasures, measure_organs
from napari_abdoseg.anatomy.sides import OnePieceError, split_sides
from napari_abdoseg.errors import AbdosegError
from napari_abdoseg.image.grid import Grid
from napari_abdoseg.image.organ import Organ
from napari_abdoseg.plugin.layers import label_map_of

SETTLE_MS = 150
"""Rest after an edit before it is measured."""


@dataclass(frozen=True)
class OrganTable:
    """What a Labels layer holds.

    Parameters
    ----------
    grid : Grid or None
        None where the layer is no label map of a volume.
    organs : tuple of Organ
        All of them, there or not.
    measures : dict of Organ to OrganMeasures
        Of those that are there.
    sides : dict of Organ to dict of str to OrganMeasures
        Right and left of those that are split.
    one_piece : dict of Organ to str
        Those that can't be split, and why.
    problem : str
        Why there is nothing to measure.
    """

    grid: Grid | None = None
    organs: tuple[Organ, ...] = ()
    measures: dict[Organ, OrganMeasures] = field(default_factory=dict)
    sides: dict[Organ, dict[str, OrganMeasures]] = field(default_factory=dict)
    one_piece: dict[Organ, str] = field(default_factory=dict)
    problem: str = ""

    def by_name(self) -> dict[str, OrganMeasures]:
        """Measures of organs and of sides, such as ``"kidney"`` and ``"left kidney"``."""
        organs = {organ.name: measures for organ, measures in self.measures.items()}
        return {
            name: each for part in (organs, *self.sides.values()) for name, each in part.items()
        }


def measure_layer(layer: Labels, split: frozenset[Organ]) -> OrganTable:
    """Measure a layer's organs, and right and left of those in ``split``."""
    try:
        labels = label_map_of(layer)
    except AbdosegError as error:
        return OrganTable(problem=str(error))
    sides, one_piece = {}, {}
    for organ in split:
        try:
            sides[organ] = split_sides(labels, organ)
        except OnePieceError as error:
            one_piece[organ] = str(error)
    return OrganTable(labels.grid, labels.organs, measure_organs(labels), sides, one_piece)


class Measuring:
    """Measures a Labels layer again whenever its labels have changed.

    Parameters
    ----------
    viewer : ViewerModel
    layer : Labels
    """

    measured = Signal(OrganTable)

    def __init__(self, viewer: ViewerModel, layer: Labels) -> None:
        self.split: frozenset[Organ] = frozenset()
        self._viewer = viewer
        self._layer = layer
        self._view: object = self._current_view()
        self._worker: Any = None
        self._timer = QTimer()
        self._timer.setSingleShot(True)
        self._timer.setInterval(SETTLE_MS)
        self._timer.timeout.connect(self.start)
        for event in (layer.events.paint, layer.events.data):
            event.connect(self._settle)
        layer.events.set_data.connect(self._settle_unless_sliced)

    def start(self) -> None:
        """Measure in a thread."""
        if self._worker is not None:
            self._timer.start()
            return
        self._worker = create_worker(measure_layer, self._layer, self.split, _start_thread=False)
        self._worker.returned.connect(self.measured.emit)
        self._worker.finished.connect(self._rest)
        self._worker.start()

    def close(self) -> None:
        """Measure no more, and forget what is being measured."""
        self._timer.stop()
        for event in (self._layer.events.paint, self._layer.events.data):
            event.disconnect(self._settle)
        self._layer.events.set_data.disconnect(self._settle_unless_sliced)
        if self._worker is not None:
            self._worker.returned.disconnect()

    def _rest(self) -> None:
        self._worker = None

    def _current_view(self) -> object:
        dims = self._viewer.dims
        return dims.point, dims.order, dims.ndisplay

    def _settle(self, event: Any) -> None:
        self._timer.start()

    def _settle_unless_sliced(self, event: Any) -> None:
        """Undo and redo only show up as a new slice, as scrolling does."""
        view = self._current_view()
        if view == self._view:
            self._timer.start()
        self._view = view
