"""Organs that can't be painted over, erased or added to.

napari tells of a stroke when it is done, and of a polygon just before it is
painted. Either is corrected: the voxels that are locked get their labels back,
and are taken out of napari's own record. So undo and redo, and whoever hears of
the stroke later, see what is left of it.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from napari.layers import Labels
from psygnal import Signal
from qtpy.QtCore import QTimer

from napari_abdoseg.plugin.paint_events.paint_history import (
    Atom,
    drop_if_empty,
    is_painted,
    labels_of,
    paint,
    split,
    take_back,
)
from napari_abdoseg.plugin.paint_events.shared_labels import redraw


class Locks:
    """Holds strokes back from the locked labels of a layer.

    Parameters
    ----------
    layer : Labels
    """

    held_back = Signal(list, bool)
    """Locked labels that a stroke would have changed, and whether anything is left of it."""

    def __init__(self, layer: Labels) -> None:
        self._layer = layer
        self._locked: set[int] = set()
        self._to_restore: list[Atom] = []
        self._corrected = False
        self._timer = QTimer()
        self._timer.setSingleShot(True)
        self._timer.timeout.connect(self._restore)
        layer.events.paint.connect(self._correct, position="first")
        layer.events.paint.connect(self._show, position="last")
        layer.events.labels_update.connect(self._restore, position="first")

    def is_locked(self, value: int) -> bool:
        """Whether a label is locked."""
        return value in self._locked

    def lock(self, value: int, locked: bool) -> None:
        """Lock or unlock a label."""
        (self._locked.add if locked else self._locked.discard)(value)

    def close(self) -> None:
        """Let all be painted again."""
        self._timer.stop()
        self._layer.events.paint.disconnect(self._correct)
        self._layer.events.paint.disconnect(self._show)
        self._layer.events.labels_update.disconnect(self._restore)

    def _correct(self, event: Any) -> None:
        self._restore()
        stroke = event.value
        touched = sorted(self._locked & {label for atom in stroke for label in labels_of(atom)})
        if not touched:
            return
        if is_painted(self._layer.data, stroke[-1]):
            stroke[:] = self._painted_again(stroke, touched)
            self._corrected = True
        else:
            parts = [split(self._layer.data, atom, np.array(touched)) for atom in stroke]
            stroke[:] = [free for free, _ in parts if free is not None]
            self._to_restore = [held for _, held in parts if held is not None]
            self._timer.start(0)
        drop_if_empty(self._layer, stroke)
        self.held_back.emit(touched, bool(stroke))

    def _painted_again(self, stroke: list[Atom], locked: list[int]) -> list[Atom]:
        """Take a stroke back and paint it again where nothing is locked; what is left of it."""
        data, left = self._layer.data, []
        for atom in reversed(stroke):
            take_back(data, atom)
        for atom in stroke:
            free, _ = split(data, atom, np.array(locked))
            if free is not None:
                paint(data, free)
                left.append(free)
        return left

    def _restore(self, event: Any = None) -> None:
        """Give locked voxels their labels back, that were painted after napari told of it."""
        if self._to_restore:
            atoms, self._to_restore = self._to_restore, []
            for atom in atoms:
                take_back(self._layer.data, atom)
            self._corrected = True
            self._show()

    def _show(self, event: Any = None) -> None:
        """Draw what is left of a stroke, once all have heard of it."""
        if self._corrected:
            self._corrected = False
            redraw(self._layer)
