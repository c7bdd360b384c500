"""The undo history of a Labels layer, which is private to napari and looked into here alone.

Strokes that can be undone, and those that can be done again, are two stacks. Undo and
redo move a stroke from one to the other: as a new list, of the same atoms in reverse
order. While the brush is moving its atoms are staged; the first of them empties the
stack of strokes to be done again.

An atom is `(slices, mask or None, old labels, new label)` where a tool has painted
and `(indices, old labels, new labels)` where `Labels.data_setitem` has.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import chain
from typing import Any, Self

import numpy as np
from napari.layers import Labels
from numpy.typing import NDArray

from napari_abdoseg.anatomy.tally import Edit, NamesEdit
from napari_abdoseg.correction.spare_edits import spare

Atom = tuple[Any, ...]


class NamesAtom(tuple[Any, Any, Any]):
    """An atom of no voxels, by which organs are called otherwise."""

    edit: NamesEdit

    @classmethod
    def of(cls, edit: NamesEdit) -> Self:
        """That of an edit."""
        atom = cls((edit.where, edit.before, edit.after))
        atom.edit = edit
        return atom


Stroke = list[Atom]


@dataclass(frozen=True, eq=False)
class PaintHistory:
    """What could be undone and redone in a layer at a moment; the last is next.

    Parameters
    ----------
    done, undone : tuple of list of Atom
    """

    done: tuple[Stroke, ...]
    undone: tuple[Stroke, ...]

    @classmethod
    def of(cls, layer: Labels) -> PaintHistory:
        """The history of a layer as it is now."""
        return cls(tuple(layer._undo_history), tuple(layer._redo_history))

    def is_one_stroke_after(self, before: PaintHistory, stroke: Stroke) -> bool:
        """Whether a stroke is all that was painted meanwhile, or nothing if it is empty."""
        done = before.done if not stroke else (*before.done, stroke)
        return _are_same(self.done, done[-len(self.done) :]) and not self.undone

    def undone_since(self, before: PaintHistory) -> Stroke | None:
        """The one stroke that was undone meanwhile, if that is all: as it was undone."""
        return _moved(before.done, self.done, self.undone)

    def redone_since(self, before: PaintHistory) -> Stroke | None:
        """The one stroke that was done again meanwhile, if that is all."""
        return _moved(before.undone, self.undone, self.done)

    def is_unmoved_since(self, before: PaintHistory) -> bool:
        """Whether no stroke was painted, undone or redone meanwhile, though one may be begun."""
        return _are_same(self.done, before.done) and (
            not self.undone or _are_same(self.undone, before.undone)
        )


def was_painted(layer: Labels) -> bool:
    """Whether a layer has strokes, or one under way, that setting its data would lose."""
    return bool(layer._undo_history) or is_in_stroke(layer)


def last_atom(layer: Labels) -> Atom | None:
    """What the last stroke began with, which undo and redo keep; None if none can be undone."""
    return layer._undo_history[-1][0] if layer._undo_history else None


def is_full(layer: Labels) -> bool:
    """Whether the next stroke makes napari forget the first."""
    return bool(len(layer._undo_history) == layer._undo_history.maxlen)


def is_in_stroke(layer: Labels) -> bool:
    """Whether part of a stroke is painted, of which napari has not told yet."""
    return bool(layer._staged_history)


def end_stroke(layer: Labels) -> None:
    """Let what is painted of a stroke be all of it."""
    layer._commit_staged_history()


def atoms_of(layer: Labels) -> Iterator[Atom]:
    """All atoms that napari has recorded, of strokes under way too."""
    return chain(*layer._undo_history, *layer._redo_history, layer._staged_history)


def share_history(source: Labels, copy: Labels) -> None:
    """Let undo and redo of either layer take back what was done in either."""
    copy._undo_history = source._undo_history
    copy._redo_history = source._redo_history


def add_names(layer: Labels, edit: NamesEdit) -> None:
    """Let other names of organs be the last step of a layer, and tell of it as of a stroke."""
    layer._save_history(NamesAtom.of(edit))


def put_history(
    layer: Labels, done: Sequence[Sequence[Edit]], undone: Sequence[Sequence[Edit]]
) -> None:
    """Let a layer have a history, the last of each stack being next; it must fit the voxels.

    Parameters
    ----------
    layer : Labels
    done, undone : sequence of strokes
        Each the edits that it does, in their order.
    """
    small = np.min_scalar_type(max(layer.data.shape))
    layer._undo_history.clear()
    layer._undo_history.extend([_atom(edit, small) for edit in stroke] for stroke in done)
    layer._redo_history.clear()
    layer._redo_history.extend(
        [_atom(edit, small) for edit in reversed(stroke)] for stroke in undone
    )


def _atom(edit: Edit, small: np.dtype[Any]) -> Atom:
    if isinstance(edit, NamesEdit):
        return NamesAtom.of(edit)
    z, y, x = (np.asarray(axis, small) for axis in edit.where)
    return _spare_atom(((z, y, x), edit.before, edit.after))


def save_memory(stroke: Stroke) -> None:
    """Keep what a stroke has changed in less memory; atoms that a tool has masked stay."""
    stroke[:] = [_spare_atom(atom) if _has_voxels(atom) else atom for atom in stroke]


def _has_voxels(atom: Atom) -> bool:
    """Whether an atom lists its voxels, one by one."""
    if len(atom) != 3 or isinstance(atom, NamesAtom):
        return False
    return all(isinstance(axis, np.ndarray) and axis.ndim == 1 for axis in atom[0])


def _spare_atom(atom: Atom) -> Atom:
    where, before, after = atom
    edit = spare(Edit(where, np.asarray(before), _like(np.asarray(before), after)))
    return edit.where, edit.before, edit.after


def edits_of(atoms: Iterable[Atom], shape: tuple[int, ...]) -> list[Edit]:
    """What atoms do to a label map of a shape, in their order."""
    return [_edit(atom, shape) for atom in atoms]


def _edit(atom: Atom, shape: tuple[int, ...]) -> Edit:
    if isinstance(atom, NamesAtom):
        return atom.edit
    return Edit(*_each_once(atom, shape)) if len(atom) == 3 else _masked_edit(atom)


def bounds_of(atoms: Iterable[Atom]) -> list[tuple[int, int]]:
    """Between which numbers all voxels of some atoms lie, along each axis; not always closely."""
    bounds = [_bounds(atom) for atom in atoms if not isinstance(atom, NamesAtom)]
    return [(min(low for low, _ in axis), max(high for _, high in axis)) for axis in zip(*bounds)]


def rewrite(layer: Labels, stroke: Stroke, edits: Sequence[Edit]) -> None:
    """Let the last stroke of a layer have been these edits, no step of undo if they are empty.

    Parameters
    ----------
    layer : Labels
    stroke : list of Atom
    edits : sequence of Edit
        What is left of each of the stroke's atoms.
    """
    stroke[:] = [
        _as_recorded(atom, edit)
        for atom, edit in zip(stroke, edits, strict=True)
        if edit.before.size
    ]
    history = layer._undo_history
    if not stroke and history and history[-1] is stroke:
        history.pop()


def _moved(
    source_before: tuple[Stroke, ...], source: tuple[Stroke, ...], target: tuple[Stroke, ...]
) -> Stroke | None:
    """What has left the top of one stack, and nothing else, for the top of the other."""
    if not source_before or not target or not _are_same(source, source_before[:-1]):
        return None
    return target[-1] if _are_same(target[-1], source_before[-1][::-1]) else None


def _are_same(ones: Sequence[object], others: Sequence[object]) -> bool:
    """Whether two sequences hold the same objects."""
    return len(ones) == len(others) and all(map(lambda a, b: a is b, ones, others))


def _each_once(atom: Atom, shape: tuple[int, ...]) -> Atom:
    """An atom by a script, that may name voxels from the end, or twice: the last time counts."""
    indices, before, after = atom
    before = np.asarray(before)
    after = _like(before, after)
    places = np.ravel_multi_index(tuple(np.asarray(axis) for axis in indices), shape, mode="wrap")
    if not (np.diff(places) > 0).all():
        places, last = np.unique(places[::-1], return_index=True)
        before, after = before[::-1][last], after[::-1][last]
    return np.unravel_index(places, shape), before, after


def _bounds(atom: Any) -> list[tuple[int, int]]:
    if len(atom) == 3:
        return [(int(np.min(axis)), int(np.max(axis))) for axis in atom[0]]
    return [(each.start, each.stop - 1) for each in atom.slice_key]


def _masked_edit(atom: Any) -> Edit:
    mask = atom.mask
    if mask is None:
        mask = np.ones([each.stop - each.start for each in atom.slice_key], bool)
    inside = np.nonzero(mask)
    where = tuple(axis + each.start for axis, each in zip(inside, atom.slice_key, strict=True))
    before = np.ravel(atom.old_values)
    return Edit(where, before, _like(before, atom.new_value))


def _like(before: NDArray[Any], after: Any) -> NDArray[Any]:
    return np.broadcast_to(np.asarray(after, before.dtype), before.shape)


def _as_recorded(atom: Any, edit: Edit) -> Atom:
    """An edit of some voxels of an atom, in that atom's form."""
    if len(atom) == 3:
        return edit.where, edit.before, edit.after
    mask = np.zeros([each.stop - each.start for each in atom.slice_key], bool)
    mask[tuple(axis - each.start for axis, each in zip(edit.where, atom.slice_key))] = True
    recorded: Atom = atom._replace(mask=mask, old_values=edit.before)
    return recorded
