"""Labels layers that show one label map: what is edited in one is told once, and drawn in all.

napari tells of strokes, but neither of undo and redo nor of voxels that a script has
changed: after these it calls `Layer.refresh`, as it does after a change of looks, and
says nothing at all where the layer is hidden. So each layer's `refresh` is followed
here, and what has happened is read from the undo history. Slicing calls no `refresh`.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from functools import wraps
from typing import Any
from weakref import WeakKeyDictionary, WeakSet, ref

import numpy as np
from napari.layers import Labels
from psygnal import Signal
from qtpy.QtCore import QTimer

from napari_abdoseg.plugin.paint_events.paint_history import (
    Atom,
    PaintHistory,
    Stroke,
    atoms_of,
    edits_of,
    is_in_stroke,
    share_history,
)

MS_BETWEEN_REDRAWS = 30
"""Of other layers, while the brush is moving."""

_shared: WeakKeyDictionary[Labels, SharedLabels] = WeakKeyDictionary()


def shared_labels(layer: Labels) -> SharedLabels:
    """The label map that a layer shows, with those that show it too."""
    if layer not in _shared:
        _shared[layer] = SharedLabels(layer)
    return _shared[layer]


def redraw(layer: Labels) -> None:
    """Draw a layer and its copies anew, of which nobody is told."""
    for each in _shared[layer].layers if layer in _shared else (layer,):
        _draw(each)


class SharedLabels:
    """The layers of a label map: a source, and copies that share its array and its history.

    What is certain of an edit is told voxel by voxel. A stroke is not certain if voxels
    were changed otherwise since it was painted, or while it was.

    Parameters
    ----------
    source : Labels
        Of three axes.
    """

    edited = Signal(list)
    """A stroke, its undo or redo: a list of `Edit`."""
    changed = Signal()
    """Something else has changed, which napari does not say."""

    def __init__(self, source: Labels) -> None:
        self._source = ref(source)
        self._looks: WeakKeyDictionary[Labels, _Look] = WeakKeyDictionary()
        self._history = PaintHistory.of(source)
        self._doubtful: dict[int, Atom] = {}
        self._painted: Labels | None = None
        self._behind: WeakSet[Labels] = WeakSet()
        self._users = 0
        self._timer = QTimer()
        self._timer.setSingleShot(True)
        self._timer.setInterval(MS_BETWEEN_REDRAWS)
        self._timer.timeout.connect(self._catch_up)

    @property
    def layers(self) -> tuple[Labels, ...]:
        """The source and its copies."""
        return tuple(self._looks)

    @property
    def is_in_stroke(self) -> bool:
        """Whether part of a stroke is in the voxels that was not told yet."""
        return any(is_in_stroke(layer) for layer in self.layers)

    def open(self) -> None:
        """Follow the source until all have closed who have opened."""
        self._users += 1
        source = self._source()
        if self._users == 1 and source is not None:
            self._history = PaintHistory.of(source)
            source.events.paint.connect(self._tell_stroke)
            source.events.data.connect(self._tell_other_voxels)
            self._follow(source)
            self._doubt_all()

    def close(self) -> None:
        """Follow the source no more, if nobody else does."""
        self._users -= 1
        source = self._source()
        if self._users == 0 and source is not None:
            self._timer.stop()
            source.events.paint.disconnect(self._tell_stroke)
            source.events.data.disconnect(self._tell_other_voxels)
            self._follow_no_more(source)
            del _shared[source]

    def add(self, copy: Labels) -> None:
        """Let a layer that has the source's array share its history too."""
        self.open()
        _shared[copy] = self
        copy.events.paint.connect(self._pass_to_source)
        self._follow(copy)
        self._share_history()

    def remove(self, copy: Labels) -> None:
        """Let a copy go."""
        self._follow_no_more(copy)
        copy.events.paint.disconnect(self._pass_to_source)
        del _shared[copy]
        self.close()

    def _follow(self, layer: Labels) -> None:
        self._looks[layer] = _Look(layer)
        layer.events.visible.connect(self._note_look)
        layer.events.editable.connect(self._share_history)
        layer.events.labels_update.connect(self._draw_others_soon)
        refresh = layer.refresh

        @wraps(refresh)
        def followed(*args: Any, **kwargs: Any) -> None:
            refresh(*args, **kwargs)
            self._hear_of_refresh(layer)

        layer.refresh = followed  # type: ignore[method-assign]

    def _follow_no_more(self, layer: Labels) -> None:
        del layer.refresh
        layer.events.visible.disconnect(self._note_look)
        layer.events.editable.disconnect(self._share_history)
        layer.events.labels_update.disconnect(self._draw_others_soon)
        del self._looks[layer]

    def _share_history(self, event: Any = None) -> None:
        """napari begins a new history where a layer can't be edited for a while."""
        source, *copies = self.layers
        for copy in copies:
            share_history(source, copy)

    def _pass_to_source(self, event: Any) -> None:
        """A stroke in a copy is a stroke in the source, for whoever listens to that."""
        source = self._source()
        if source is not None:
            with self._painting_on(event.source):
                source.events.paint(value=event.value)

    @contextmanager
    def _painting_on(self, copy: Labels) -> Iterator[None]:
        self._painted = copy
        try:
            yield
        finally:
            self._painted = None

    def _tell_stroke(self, event: Any) -> None:
        stroke, painted = event.value, self._painted or event.source
        before, self._history = self._history, PaintHistory.of(painted)
        self._draw_others(painted)
        others_in_stroke = any(is_in_stroke(each) for each in self.layers if each is not painted)
        if others_in_stroke or not self._history.is_one_stroke_after(before, stroke):
            self._tell_change()
        else:
            self._tell(stroke)

    def _tell_other_voxels(self, event: Any) -> None:
        self._history = PaintHistory.of(event.source)
        self._tell_change()

    def _hear_of_refresh(self, layer: Labels) -> None:
        """Undo, redo, voxels that a script has changed, or nothing but another look."""
        before, self._history = self._history, PaintHistory.of(layer)
        look, self._looks[layer] = self._looks[layer], _Look(layer)
        history = self._history
        if history.is_unmoved_since(before) and not self._looks[layer].is_like(look):
            return
        self._draw_others(layer)
        undone, redone = history.undone_since(before), history.redone_since(before)
        if undone and not self.is_in_stroke:
            self._tell(undone, back=True)
        elif redone and not self.is_in_stroke:
            self._tell(redone)
        else:
            self._tell_change()

    def _tell(self, stroke: Stroke, back: bool = False) -> None:
        if any(id(atom) in self._doubtful for atom in stroke):
            self._tell_change()
            return
        edits = edits_of(stroke, self.layers[0].data.shape)
        self.edited.emit([edit.reverted for edit in edits] if back else edits)

    def _tell_change(self) -> None:
        self._doubt_all()
        self.changed.emit()

    def _doubt_all(self) -> None:
        """What napari has recorded until now may not be what it will take back."""
        self._doubtful = {id(atom): atom for layer in self.layers for atom in atoms_of(layer)}

    def _draw_others_soon(self, event: Any) -> None:
        """Show what is painted by now of a stroke."""
        self._behind.update(self._others_than(event.source))
        if self._behind and not self._timer.isActive():
            self._timer.start()

    def _draw_others(self, painted: Labels) -> None:
        self._behind.update(self._others_than(painted))
        self._catch_up()

    def _others_than(self, painted: Labels) -> list[Labels]:
        """Layers that show the array of a layer, which napari has drawn."""
        data = painted.data
        return [each for each in self.layers if each is not painted and each.data is data]

    def _catch_up(self) -> None:
        self._timer.stop()
        behind, self._behind = self._behind, WeakSet()
        for layer in behind:
            _draw(layer)

    def _note_look(self, event: Any) -> None:
        """A layer that is hidden is not drawn."""
        self._looks[event.source] = _Look(event.source)


class _Look:
    """All that napari draws a layer anew for, but its voxels and the slice in view."""

    def __init__(self, layer: Labels) -> None:
        places = layer.scale, layer.translate, layer.rotate, layer.shear, layer.affine
        self._colormap = layer.colormap
        self._values = (
            layer.visible,
            layer.contour,
            layer.show_selected_label,
            layer.show_selected_label and layer.selected_label,
            layer.projection_mode,
            layer.units,
            *(np.asarray(place).tobytes() for place in places),
        )

    def is_like(self, other: _Look) -> bool:
        return self._colormap is other._colormap and self._values == other._values


def _draw(layer: Labels) -> None:
    """As `Layer.refresh` does where it isn't followed."""
    Labels.refresh(layer, thumbnail=False, highlight=False, extent=False)
