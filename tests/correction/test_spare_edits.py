"""Edits in little memory."""

from __future__ import annotations

import numpy as np
import pytest

from napari_abdoseg.anatomy.tally import Edit
from napari_abdoseg.correction.spare_edits import spare

SHAPE = (40, 50, 60)


def _ball() -> tuple[np.ndarray, ...]:
    z, y, x = np.ogrid[:40, :50, :60]
    return np.nonzero((z - 20) ** 2 + (y - 20) ** 2 + (x - 30) ** 2 < 18**2)


def _scattered() -> tuple[np.ndarray, ...]:
    return np.unravel_index(np.random.default_rng(0).permutation(2000), SHAPE)


WHERE = {
    "ball": _ball(),
    "ball from its end": tuple(axis[::-1] for axis in _ball()),
    "scattered": _scattered(),
    "rows that touch": np.unravel_index(np.arange(59, 200), SHAPE),
    "nothing": tuple(np.zeros(0, int) for _ in range(3)),
    "end of a small integer": (np.zeros(3, int), np.zeros(3, int), np.array([254, 255, 0])),
}


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16, np.int64])
@pytest.mark.parametrize("name", WHERE)
def test_it_is_the_same_edit(name, dtype):
    where = tuple(axis.astype(dtype) for axis in WHERE[name])
    rng = np.random.default_rng(1)
    before, after = (rng.integers(0, 9, where[0].size).astype(np.uint8) for _ in range(2))
    for edit in (Edit(where, before, after), Edit(where, before, np.full_like(before, 3))):
        found = spare(spare(edit))
        for ours, theirs in zip((*found.where, found.before, found.after), (*where, *_of(edit))):
            assert np.asarray(ours).dtype == theirs.dtype
            np.testing.assert_array_equal(np.asarray(ours), theirs)


def _of(edit: Edit) -> tuple[np.ndarray, np.ndarray]:
    return edit.before, edit.after


def test_numpy_writes_to_its_voxels_as_to_those_of_arrays():
    where = _ball()
    edit = spare(Edit(where, np.zeros(where[0].size, int), np.ones(where[0].size, int)))
    data = np.zeros(SHAPE, int)
    data[edit.where] = edit.after
    assert data.sum() == where[0].size
    assert (data[where] == 1).all()


def test_an_organ_takes_a_small_part_of_the_memory_that_its_voxels_take():
    where = tuple(axis.astype(np.uint16) for axis in _ball())
    edit = spare(Edit(where, np.zeros(where[0].size, np.uint8), np.ones(where[0].size, np.uint8)))
    kept = [each for axis in edit.where for each in (axis.starts, axis.lengths)]
    assert sum(each.nbytes for each in kept) < sum(axis.nbytes for axis in where) / 5
    assert edit.before.base.nbytes == edit.after.base.nbytes == 1
