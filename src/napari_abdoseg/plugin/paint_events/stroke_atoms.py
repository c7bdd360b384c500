"""The pieces that napari records a stroke in.

An atom is `(slices, mask or None, old labels, new label)` where a tool has painted
and `(indices, old labels, new labels)` where `Labels.data_setitem` has: both are
private to napari, and looked into here alone.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from napari_abdoseg.anatomy.tally import Edit

Atom = tuple[Any, ...]


def edits_of(atoms: Iterable[Atom], shape: tuple[int, ...]) -> list[Edit]:
    """What atoms do to a label map of a shape, in their order."""
    return [
        Edit(*_each_once(atom, shape)) if len(atom) == 3 else _masked_edit(atom) for atom in atoms
    ]


def labels_of(atom: Atom) -> set[int]:
    """All labels before and after an atom."""
    before, after = atom[-2:]
    return set(np.unique(np.append(before, after)).tolist())


def is_painted(data: Any, atom: Atom) -> bool:
    """Whether an atom is in the data already: each of its voxels gets another label."""
    return not np.array_equal(_read(data, atom), np.ravel(atom[-2]))


def take_back(data: Any, atom: Atom) -> None:
    """Give the voxels of an atom their old labels."""
    _write(data, atom, np.ravel(atom[-2]))


def paint(data: Any, atom: Atom) -> None:
    """Give the voxels of an atom their new labels."""
    _write(data, atom, atom[-1])


def split(data: Any, atom: Atom, locked: NDArray[Any]) -> tuple[Atom | None, Atom | None]:
    """What of an atom can be painted and what can't, as atoms that begin with ``data``.

    A voxel can't be painted if its old or its new label is locked.
    """
    if len(atom) == 3:
        atom = _each_once(atom, data.shape)
    before, after = _read(data, atom), atom[-1]
    held = np.isin(before, locked) | np.isin(after, locked)
    free = ~held & (before != after)
    return _part(atom, before, free), _part(atom, before, held)


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


def _masked_edit(atom: Any) -> Edit:
    inside = np.nonzero(_mask(atom))
    where = tuple(axis + each.start for axis, each in zip(inside, atom.slice_key, strict=True))
    before = np.ravel(atom.old_values)
    return Edit(where, before, _like(before, atom.new_value))


def _like(before: NDArray[Any], after: Any) -> NDArray[Any]:
    return np.broadcast_to(np.asarray(after, before.dtype), before.shape)


def _part(atom: Atom, before: NDArray[Any], chosen: NDArray[np.bool_]) -> Atom | None:
    """The voxels of an atom that are chosen, with the labels that they have before."""
    if not chosen.any():
        return None
    if len(atom) == 3:
        indices, _, after = atom
        return tuple(axis[chosen] for axis in indices), before[chosen], after[chosen]
    mask = _mask(atom)
    mask[mask] = chosen
    return atom._replace(mask=mask, old_values=before[chosen])


def _mask(atom: Any) -> NDArray[np.bool_]:
    if atom.mask is not None:
        return atom.mask.copy()
    return np.ones([each.stop - each.start for each in atom.slice_key], bool)


def _read(data: Any, atom: Any) -> NDArray[Any]:
    """Labels of an atom's voxels, flat."""
    if len(atom) == 3:
        return np.array(data[atom[0]])
    return np.asarray(data[atom.slice_key])[_mask(atom)]


def _write(data: Any, atom: Any, labels: Any) -> None:
    if len(atom) == 3:
        data[atom[0]] = labels
        return
    region = np.asarray(data[atom.slice_key])
    region[_mask(atom)] = labels
    data[atom.slice_key] = region
