"""Organs that can't be painted over, erased or added to."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from napari.layers import Labels
from psygnal import Signal

from napari_abdoseg.anatomy.tally import Edit
from napari_abdoseg.plugin.paint_events.shared_labels import let_all_stay, shared_labels


class Locks:
    """Holds strokes back from the locked labels of a layer.

    Voxels that are locked get their labels back, and are taken out of napari's own record.
    So undo and redo, and whoever hears of a stroke, see what is left of it.

    Parameters
    ----------
    layer : Labels
    """

    held_back = Signal(list[int], bool)
    """Locked labels that a stroke would have changed, and whether anything is left of it."""

    def __init__(self, layer: Labels) -> None:
        self._locked: set[int] = set()
        self._labels = shared_labels(layer)
        self._labels.open()
        self._labels.guard = self._let_stay

    def is_locked(self, value: int) -> bool:
        """Whether a label is locked."""
        return value in self._locked

    def lock(self, value: int, locked: bool) -> None:
        """Lock or unlock a label."""
        (self._locked.add if locked else self._locked.discard)(value)

    def close(self) -> None:
        """Let all be painted again."""
        self._labels.guard = let_all_stay
        self._labels.close()

    def _let_stay(self, edits: list[Edit]) -> list[Edit]:
        touched = sorted(self._locked & _labels_in(edits)) if self._locked else []
        if not touched:
            return edits
        left = without_labels(edits, touched)
        self.held_back.emit(touched, any(edit.before.size for edit in left))
        return left


def without_labels(edits: Sequence[Edit], held: Sequence[int]) -> list[Edit]:
    """What is left of edits, one after the other, if no voxel can lose or get some labels.

    Parameters
    ----------
    edits : sequence of Edit
        Each begins with what the ones before it have left.
    held : sequence of int

    Returns
    -------
    list of Edit
        One for each, perhaps of no voxels.
    """
    shape = [max(int(axis.max()) for axis in axes) + 1 for axes in zip(*(e.where for e in edits))]
    places = [np.ravel_multi_index(edit.where, shape) for edit in edits]
    voxels, first = np.unique(np.concatenate(places), return_index=True)
    labels = np.concatenate([edit.before for edit in edits])[first]
    left = []
    for edit, place in zip(edits, places, strict=True):
        at = np.searchsorted(voxels, place)
        before = labels[at]
        free = ~np.isin(before, held) & ~np.isin(edit.after, held) & (before != edit.after)
        labels[at[free]] = edit.after[free]
        z, y, x = (axis[free] for axis in edit.where)
        left.append(Edit((z, y, x), before[free], edit.after[free]))
    return left


def _labels_in(edits: Sequence[Edit]) -> set[int]:
    """Labels that voxels lose or get."""
    values = [labels for edit in edits for labels in (edit.before, edit.after)]
    return set(np.unique(np.concatenate(values)).tolist()) if values else set()
