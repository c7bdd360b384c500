"""Labels layers that show one label map: what is edited in one is told once, and drawn in all.

napari tells of strokes, but neither of undo and redo nor of voxels that a script has
changed: after these it calls `Layer.refresh`, as it does after a change of looks, and
says nothing at all where the layer is hidden. So each layer's `refresh` is followed
here, and what has happened is read from the undo history.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any, Literal
from weakref import WeakKeyDictionary, WeakSet, ref

from napari.layers import Labels
from psygnal import Signal
from superqt.utils import QSignalThrottler

from napari_abdoseg.anatomy.tally import Edit
from napari_abdoseg.plugin.paint_events.held_back import HeldBack
from napari_abdoseg.plugin.paint_events.layer_redraws import (
    Look,
    draw,
    follow_redraws,
    follow_redraws_no_more,
)
from napari_abdoseg.plugin.paint_events.paint_history import (
    Atom,
    PaintHistory,
    Stroke,
    atoms_of,
    edits_of,
    is_in_stroke,
    put_history,
    rewrite,
    save_memory,
    share_history,
)

MS_BETWEEN_REDRAWS = 30
"""Of other layers, while the brush is moving."""

BRUSH = "brush"
"""What a stroke is painted with if nothing else is said."""

How = Literal["do", "undo", "redo"]
Guard = Callable[[list[Edit]], list[Edit]]
"""Gives what may stay of each edit of a stroke; the very list if all of it may."""


def let_all_stay(edits: list[Edit]) -> list[Edit]:
    """A guard that holds nothing back."""
    return edits


_shared: WeakKeyDictionary[Labels, SharedLabels] = WeakKeyDictionary()


def shared_labels(layer: Labels) -> SharedLabels:
    """The label map that a layer shows, with those that show it too."""
    if layer not in _shared:
        _shared[layer] = SharedLabels(layer)
    return _shared[layer]


class SharedLabels:
    """The layers of a label map: a source, and copies that share its array and its history.

    What is certain of an edit is told voxel by voxel. A stroke is not certain if voxels
    were changed otherwise since it was painted, or while it was. `guard` says what of a
    stroke may stay, before anybody is told of it; `tool` is the name of what it is painted with.

    Parameters
    ----------
    source : Labels
        Of three axes.
    """

    edited = Signal(list[Edit], str)
    """A list of `Edit`, and whether that is a stroke or it was undone or redone: `How`."""
    changed = Signal()
    """Something else has changed, which napari does not say."""

    def __init__(self, source: Labels) -> None:
        self.guard: Guard = let_all_stay
        self.tool = BRUSH
        self._is_written_to = False
        self._source = ref(source)
        self._looks: WeakKeyDictionary[Labels, Look] = WeakKeyDictionary()
        self._history = PaintHistory.of(source)
        self._doubtful: dict[int, Atom] = {}
        self._painted: Labels | None = None
        self._behind: WeakSet[Labels] = WeakSet()
        self._users = 0
        self._redraws = _trailing(MS_BETWEEN_REDRAWS)
        self._redraws.triggered.connect(self._catch_up)
        self._held_back: HeldBack | None = None
        self._end_of_paint = _trailing(0)
        self._end_of_paint.triggered.connect(self._put_back)

    @property
    def layers(self) -> tuple[Labels, ...]:
        """The source and its copies."""
        return tuple(self._looks)

    @property
    def is_in_stroke(self) -> bool:
        """Whether part of a stroke is in the voxels that was not told yet."""
        return any(is_in_stroke(layer) for layer in self.layers)

    @contextmanager
    def held_by(self, tool: str) -> Iterator[None]:
        """Strokes that are painted meanwhile are a tool's."""
        before, self.tool = self.tool, tool
        try:
            yield
        finally:
            self.tool = before

    def bring_back(
        self, edit: Edit | None, done: Sequence[Sequence[Edit]], undone: Sequence[Sequence[Edit]]
    ) -> None:
        """Change voxels, which is told as a change, and let all be undone that led there.

        Parameters
        ----------
        edit : Edit or None
            What is changed first, if anything.
        done, undone : sequence of strokes
            What can be undone and redone then.
        """
        source = self._source()
        if source is None:
            return
        if edit is not None:
            source.data[edit.where] = edit.after
        put_history(source, done, undone)
        source.refresh()
        self._doubtful = {}

    @contextmanager
    def written_to(self) -> Iterator[None]:
        """What napari draws anew meanwhile is a stroke's, which is told at its end."""
        self._is_written_to = True
        try:
            yield
        finally:
            self._is_written_to = False

    def open(self) -> None:
        """Follow the source until all have closed who have opened."""
        self._users += 1
        source = self._source()
        if self._users == 1 and source is not None:
            self._history = PaintHistory.of(source)
            source.events.paint.connect(self._hear_of_stroke)
            source.events.data.connect(self._hear_of_other_voxels)
            self._follow(source)
            self._doubt_all()

    def close(self) -> None:
        """Follow the source no more, if nobody else does."""
        self._users -= 1
        source = self._source()
        if self._users == 0 and source is not None:
            self._redraws.cancel()
            self._end_of_paint.cancel()
            self._put_back()
            source.events.paint.disconnect(self._hear_of_stroke)
            source.events.data.disconnect(self._hear_of_other_voxels)
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
        self._looks[layer] = Look(layer)
        layer.events.visible.connect(self._note_look)
        layer.events.editable.connect(self._share_history)
        layer.events.labels_update.connect(self._hear_of_paint)
        follow_redraws(layer, self._hear_of_redraw)

    def _follow_no_more(self, layer: Labels) -> None:
        follow_redraws_no_more(layer)
        layer.events.visible.disconnect(self._note_look)
        layer.events.editable.disconnect(self._share_history)
        layer.events.labels_update.disconnect(self._hear_of_paint)
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

    def _hear_of_stroke(self, event: Any) -> None:
        """A stroke: first the guard's turn, then the other layers', then that of who listens."""
        stroke, painted = event.value, self._painted or event.source
        certain = self._is_certain(stroke)
        edits = self._guarded(painted, stroke)
        save_memory(stroke)
        before, self._history = self._history, PaintHistory.of(painted)
        certain = certain and self._history.is_one_stroke_after(before, stroke)
        self._draw_others(painted)
        if certain and not any(is_in_stroke(each) for each in self.layers if each is not painted):
            self.edited.emit([edit for edit in edits if not edit.is_nothing], "do")
        else:
            self._tell_change()

    def _hear_of_redraw(self, layer: Labels) -> None:
        """Undo, redo, voxels that a script has changed, or nothing but another look."""
        if self._is_written_to:
            return
        before, self._history = self._history, PaintHistory.of(layer)
        look, self._looks[layer] = self._looks[layer], Look(layer)
        history = self._history
        if history.is_unmoved_since(before) and not self._looks[layer].is_like(look):
            return
        self._draw_others(layer)
        undone, redone = history.undone_since(before), history.redone_since(before)
        moved = undone or redone
        if not moved or self.is_in_stroke or not self._is_certain(moved):
            self._tell_change()
            return
        edits = edits_of(moved, layer.data.shape)
        if undone:
            self.edited.emit([edit.reverted for edit in edits], "undo")
        else:
            self.edited.emit(edits, "redo")

    def _hear_of_other_voxels(self, event: Any) -> None:
        self._history = PaintHistory.of(event.source)
        self._tell_change()

    def _hear_of_paint(self, event: Any) -> None:
        """The brush is moving, or a polygon is painted by now."""
        self._put_back()
        self._behind.update(self._others_than(event.source))
        if self._behind:
            self._redraws.throttle()

    def _tell_change(self) -> None:
        self._doubt_all()
        self.changed.emit()

    def _doubt_all(self) -> None:
        """What napari has recorded until now may not be what it will take back."""
        self._doubtful = {id(atom): atom for layer in self.layers for atom in atoms_of(layer)}

    def _is_certain(self, stroke: Stroke) -> bool:
        return not any(id(atom) in self._doubtful for atom in stroke)

    def _guarded(self, painted: Labels, stroke: Stroke) -> list[Edit]:
        """What the guard lets stay of a stroke, in the voxels and in napari's history too."""
        self._put_back()
        edits = edits_of(stroke, painted.data.shape)
        left = self.guard(edits)
        if left is not edits:
            rewrite(painted, stroke, left)
            held_back = HeldBack(painted.data, edits, left)
            if held_back.is_painted:
                held_back.put_back()
                self._behind.add(painted)
            else:
                self._held_back = held_back
                self._end_of_paint.throttle()
        return left

    def _put_back(self) -> None:
        """Put back what the guard has held back, now that it is painted."""
        held_back, self._held_back = self._held_back, None
        if held_back is not None:
            held_back.put_back()
            self._behind.update(self.layers)
            self._catch_up()

    def _draw_others(self, painted: Labels) -> None:
        self._behind.update(self._others_than(painted))
        self._catch_up()

    def _others_than(self, painted: Labels) -> list[Labels]:
        """Layers that show the array of a layer, which napari has drawn."""
        data = painted.data
        return [each for each in self.layers if each is not painted and each.data is data]

    def _catch_up(self) -> None:
        self._redraws.cancel()
        behind, self._behind = self._behind, WeakSet()
        for layer in behind:
            draw(layer)

    def _note_look(self, event: Any) -> None:
        """A layer that is hidden is not drawn."""
        self._looks[event.source] = Look(event.source)


def _trailing(ms: int) -> QSignalThrottler:
    """Triggers once for all that comes in so many milliseconds, at their end."""
    throttler = QSignalThrottler(QSignalThrottler.EmissionPolicy.Trailing)
    throttler.setTimeout(ms)
    return throttler
