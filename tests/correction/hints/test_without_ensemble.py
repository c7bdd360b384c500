"""Where no ensemble has worked, the label map and the CT stand in for its logits."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from scipy import ndimage

from napari_abdoseg import make_phantom
from napari_abdoseg.correction.editable_labels import EditableLabels
from napari_abdoseg.correction.hints.boundary import move_boundary
from napari_abdoseg.correction.hints.clicks import Click
from napari_abdoseg.correction.hints.without_ensemble import presumed_logits
from napari_abdoseg.errors import CorrectionError
from napari_abdoseg.logits.interpolation import interpolated

SPACING = (3.0, 1.5, 1.5)
SPLEEN = 3


@pytest.fixture(scope="module")
def case():
    return make_phantom(2, SPACING)


@pytest.mark.parametrize("with_hu", [False, True])
def test_the_label_map_wins_nearly_everywhere(case, with_hu):
    scan, labels = case
    kept = presumed_logits(EditableLabels.of(labels), scan.data if with_hu else None)
    classes = [interpolated(each.astype(np.float32), kept.axes) for each in kept.logits]
    found = np.asarray(kept.values)[np.argmax(classes, axis=0)]
    now = labels.data[kept.box.slices]
    assert (found != now).sum() < 0.03 * (now > 0).sum()
    assert kept.contested is None
    assert max(kept.spacing) < 3.2


def test_an_organ_is_the_more_certain_the_deeper(case):
    labels = EditableLabels.of(case[1])
    kept = presumed_logits(labels)
    organ = labels.data == SPLEEN
    depth = ndimage.distance_transform_edt(organ, sampling=SPACING)[kept.box.slices]
    (number,) = kept.classes(SPLEEN)
    presumed = interpolated(kept.logits[number].astype(np.float32), kept.axes)
    deep = depth > 6.0
    assert np.abs(presumed - depth)[deep].max() < 4.0


def test_the_ct_tells_where_an_organ_ends(case):
    """A spleen that lacks a side comes back as far as its HU go."""
    scan, truth = case
    data, should = truth.data.copy(), truth.data == SPLEEN
    (box,) = ndimage.find_objects(should.astype(np.uint8))
    data[box[0].start : (box[0].start + box[0].stop) // 2][
        should[box[0].start : (box[0].start + box[0].stop) // 2]
    ] = 0
    labels = EditableLabels.of(replace(truth, data=data))
    middle = np.argwhere(should & (data == 0)).mean(axis=0)
    places = np.argwhere(should & (data == 0))
    place = tuple(places[np.linalg.norm(places - middle, axis=1).argmin()].tolist())
    wrong = {}
    for name, hu in (("alone", None), ("with its CT", scan.data)):
        kept = presumed_logits(labels, hu)
        edit = move_boundary(labels, kept, SPLEEN, Click(place, True, reach_mm=20.0))
        new = data.copy()
        new[edit.where] = edit.after
        assert new[place] == SPLEEN
        wrong[name] = np.count_nonzero((new == SPLEEN) & ~should)
    assert wrong["with its CT"] < 0.7 * wrong["alone"]


def test_an_organ_that_fills_all_and_nothing_at_all(case):
    scan, truth = case
    full = replace(truth, data=np.full_like(truth.data, SPLEEN))
    kept = presumed_logits(EditableLabels.of(full), scan.data)
    assert (kept.logits.argmax(axis=0) == kept.values.index(SPLEEN)).all()
    empty = replace(truth, data=np.zeros_like(truth.data))
    with pytest.raises(CorrectionError, match="No organ"):
        presumed_logits(EditableLabels.of(empty))
    with pytest.raises(CorrectionError, match="different grids"):
        presumed_logits(EditableLabels.of(truth), scan.data[1:])
