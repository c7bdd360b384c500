"""A picture of what was changed, as a radiologist sees it."""

from __future__ import annotations

import numpy as np
import pytest

from napari_abdoseg.anatomy.tally import Edit
from napari_abdoseg.correction.journal.changes_picture import (
    ADDED,
    OUTLINE,
    REMOVED,
    changes_picture,
)
from napari_abdoseg.image.grid import Grid

SHAPE, HEIGHT = (20, 60, 60), 120


def edit_of(before: np.ndarray, after: np.ndarray) -> Edit:
    where = np.nonzero(before != after)
    return Edit(where, before[where], after[where])


def pulls(picture: np.ndarray, color: tuple[int, int, int]) -> np.ndarray:
    """Pixels that are nearer to a colour than grey is."""
    towards = np.array(color) - np.mean(color)
    return (picture.astype(float) - picture.mean(-1, keepdims=True)) @ towards > 1000


@pytest.mark.parametrize("has_scan", [True, False])
def test_what_is_added_and_removed_has_its_place_and_colour(has_scan):
    before = np.zeros(SHAPE, np.uint8)
    before[4:8, 20:30, 40:50] = 3
    after = np.zeros(SHAPE, np.uint8)
    after[12:16, 20:30, 10:20] = 3
    after[5, 20:30, 40:45] = 3
    scan = np.full(SHAPE, 40, np.int16) if has_scan else None
    grid = Grid.from_spacing(SHAPE, (3.0, 1.0, 1.0))
    axial, coronal = changes_picture(edit_of(before, after), after, scan, grid, HEIGHT)
    assert axial.shape == coronal.shape == (HEIGHT, HEIGHT, 3)
    blue, orange = pulls(coronal, ADDED), pulls(coronal, REMOVED)
    assert blue.any()
    assert orange.any()
    rows, columns = np.nonzero(blue)
    assert rows.mean() < np.nonzero(orange)[0].mean()  # the head is up
    assert columns.mean() < np.nonzero(orange)[1].mean()  # the patient's right is on the left
    assert (coronal == OUTLINE).all(-1).any()


def test_a_change_at_the_edge_of_the_scan_is_drawn():
    before, after = np.zeros(SHAPE, np.uint8), np.zeros(SHAPE, np.uint8)
    after[-1, 0, -1] = 1
    grid = Grid.from_spacing(SHAPE, (5.0, 0.7, 0.7))
    for picture in changes_picture(edit_of(before, after), after, None, grid, HEIGHT):
        assert picture.any()


def test_an_organ_given_to_another_is_added_to_that():
    before, after = np.ones(SHAPE, np.uint8), np.ones(SHAPE, np.uint8)
    after[5:9, 10:20, 10:20] = 2
    grid = Grid.from_spacing(SHAPE, (3.0, 1.0, 1.0))
    axial, _ = changes_picture(edit_of(before, after), after, None, grid, HEIGHT)
    assert pulls(axial, ADDED).any()
    assert not pulls(axial, REMOVED).any()
