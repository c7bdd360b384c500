"""What a tool changes is one step of undo, whose size is bounded, and respects locks."""

from __future__ import annotations

import numpy as np
from napari.components import ViewerModel
from napari.layers import Labels

from napari_abdoseg.anatomy.tally import Edit
from napari_abdoseg.plugin.paint_events.label_edits import LabelEdits
from napari_abdoseg.plugin.paint_events.paint_history import atoms_of
from napari_abdoseg.plugin.paint_events.shared_labels import BRUSH, shared_labels
from napari_abdoseg.plugin.paint_events.tool_edits import apply_edits
from napari_abdoseg.plugin.painting.locks import Locks


def changed(layer: Labels, wanted: np.ndarray) -> Edit:
    where = np.nonzero(layer.data != wanted)
    return Edit(where, layer.data[where], wanted[where])


def test_several_edits_are_one_step_that_says_whose_it_is(qapp: object) -> None:
    viewer = ViewerModel()
    layer = viewer.add_labels(np.zeros((300, 8, 8), np.uint8))
    heard = []
    edits = LabelEdits(viewer, layer)
    edits.edited.connect(lambda told: heard.append((shared_labels(layer).tool, len(told))))
    first, second = (np.zeros_like(layer.data) for _ in range(2))
    first[290:, 2:5] = 3
    second[290:, 3:7] = 4
    steps = [changed(layer, first)]
    there = np.nonzero(second)
    steps.append(Edit(there, first[there], second[there]))
    apply_edits(layer, steps, "grow")
    expected = np.where(second, second, first)
    assert (layer.data == expected).all()
    layer.undo()
    assert not layer.data.any()
    layer.redo()
    assert (layer.data == expected).all()
    assert heard == [("grow", 2), (BRUSH, 2), (BRUSH, 2)]
    kept = [np.asarray(axis) for atom in atoms_of(layer) for axis in atom[0]]
    assert all(axis.dtype == np.uint16 for axis in kept)


def test_locked_labels_stay(qapp: object) -> None:
    layer = Labels(np.zeros((6, 6, 6), np.uint8))
    layer.data[:3] = 1
    Locks(layer).lock(1, True)
    wanted = np.full_like(layer.data, 2)
    before = layer.data.copy()
    apply_edits(layer, [changed(layer, wanted)], "swap")
    assert (layer.data[:3] == 1).all()
    assert (layer.data[3:] == 2).all()
    layer.undo()
    assert (layer.data == before).all()


def test_an_edit_of_nothing_is_no_step(qapp: object) -> None:
    layer = Labels(np.zeros((6, 6, 6), np.uint8))
    apply_edits(layer, [changed(layer, layer.data)], "swap")
    assert not list(atoms_of(layer))
