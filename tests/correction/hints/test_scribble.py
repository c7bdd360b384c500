"""Strokes cut a leak off at the CT's edges, on phantoms and on a real label map."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from scipy import ndimage
from shared import FOLDER, REASON

from napari_abdoseg import LabelMap, Volume, make_phantom, read_labels, read_volume
from napari_abdoseg.anatomy.box import Box
from napari_abdoseg.correction.editable_labels import EditableLabels
from napari_abdoseg.correction.hints.boundary import move_boundary
from napari_abdoseg.correction.hints.clicks import Click
from napari_abdoseg.correction.hints.random_walk import Walk
from napari_abdoseg.correction.hints.scribble import Stroke, scribble
from napari_abdoseg.correction.hints.sparing import Sparing
from napari_abdoseg.correction.hints.stroke_walk import WalkGrid
from napari_abdoseg.correction.hints.without_ensemble import presumed_logits
from napari_abdoseg.errors import CorrectionError

LIVER, KIDNEY, SPLEEN, TUMOUR = 1, 2, 3, 9
PEN_MM = 4.0
NONE = np.zeros(0, np.intp)


def leaking(truth: LabelMap, organ: int, into: int, mm: float) -> tuple[LabelMap, np.ndarray]:
    """An organ that has a ball of its neighbour, and what of it is the neighbour's."""
    spacing = truth.grid.spacing
    away = ndimage.distance_transform_edt(truth.data != organ, sampling=spacing)
    places = np.argwhere(truth.data == into)
    leak = ball(truth, places[away[tuple(places.T)].argmin()], mm) & (truth.data == into)
    return replace(truth, data=np.where(leak, organ, truth.data)), leak


def ball(labels: LabelMap, place, mm: float) -> np.ndarray:
    axes = np.ogrid[tuple(map(slice, labels.data.shape))]
    steps = zip(axes, place, labels.grid.spacing)
    return sum(((axis - at) * step) ** 2 for axis, at, step in steps) <= mm**2


def drawn(labels: LabelMap, mask: np.ndarray) -> tuple[np.ndarray, ...]:
    """A dab of the pen in the deepest of a mask, in one slice."""
    deep = ndimage.distance_transform_edt(np.pad(mask, 1), sampling=labels.grid.spacing)
    place = np.subtract(np.unravel_index(deep.argmax(), deep.shape), 1)
    dab = ball(labels, place, PEN_MM)
    dab[: place[0]] = dab[place[0] + 1 :] = False
    return np.nonzero(dab)


def after(labels: LabelMap, edit) -> np.ndarray:
    np.testing.assert_array_equal(labels.data[edit.where], edit.before)
    data = labels.data.copy()
    data[edit.where] = edit.after
    return data


@pytest.fixture(scope="module", params=["thick slices", "even", "real"])
def case(request) -> tuple[Volume, LabelMap]:
    if request.param != "real":
        return make_phantom(5, (3.0, 3.0, 3.0) if request.param == "even" else (6.0, 2.0, 2.0))
    if not FOLDER.exists():
        pytest.skip(REASON)
    return read_volume(FOLDER / "abdomen_ct.nii.gz"), read_labels(FOLDER / "abdomen_labels.nii.gz")


@pytest.mark.parametrize(("organ", "into"), [(LIVER, KIDNEY), (SPLEEN, KIDNEY), (KIDNEY, LIVER)])
@pytest.mark.parametrize("mm", [pytest.param(15.0, marks=pytest.mark.slow), 20.0])
def test_a_stroke_cuts_a_leak_off(case, organ, into, mm):
    scan, truth = case
    wrong, leak = leaking(truth, organ, into, mm)
    labels = EditableLabels.of(wrong)
    stroke = Stroke(drawn(truth, leak), inside=False)
    edit = scribble(labels, presumed_logits(labels, scan.data), scan.data, organ, [stroke])
    assert set(edit.before.tolist()) == {organ}
    data = after(wrong, edit)
    assert (data[stroke.where] != organ).all()
    assert (data[leak] != organ).mean() > 0.7
    lost = (truth.data == organ) & (data != organ)
    assert lost.sum() < leak.sum()
    assert lost.sum() < 0.02 * (truth.data == organ).sum()


def test_edges_of_the_ct_hold_what_a_stroke_changes(case):
    scan, truth = case
    wrong, leak = leaking(truth, SPLEEN, KIDNEY, 15.0)
    labels = EditableLabels.of(wrong)
    kept, strokes = presumed_logits(labels), [Stroke(drawn(truth, leak), inside=False)]
    lost = {}
    for name, hu in (("its own", scan.data), ("none", np.zeros_like(scan.data))):
        data = after(wrong, scribble(labels, kept, hu, SPLEEN, strokes))
        lost[name] = np.count_nonzero((truth.data == SPLEEN) & (data != SPLEEN))
    assert lost["its own"] < 0.6 * lost["none"]


def test_a_stroke_for_an_organ_brings_it_back(case):
    scan, truth = case
    wrong, lacking = leaking(truth, KIDNEY, SPLEEN, 18.0)
    labels = EditableLabels.of(wrong)
    kept = presumed_logits(labels, scan.data)
    data = after(
        wrong, scribble(labels, kept, scan.data, SPLEEN, [Stroke(drawn(truth, lacking), True)])
    )
    assert (data[lacking] == SPLEEN).mean() > 0.7


def test_a_stroke_against_holds_what_one_for_an_organ_would_take(case):
    scan, truth = case
    wrong, lacking = leaking(truth, KIDNEY, SPLEEN, 18.0)
    labels = EditableLabels.of(wrong)
    kept, flat = presumed_logits(labels), np.zeros_like(scan.data)
    pro = Stroke(drawn(truth, lacking), True, more=2.0)
    alone = after(wrong, scribble(labels, kept, flat, SPLEEN, [pro]))
    taken = (alone == SPLEEN) & (wrong.data != SPLEEN)
    taken[pro.where] = False
    con = Stroke(tuple(axis[:1] for axis in drawn(truth, taken)), False)
    place = tuple(int(axis[0]) for axis in con.where)
    both = after(wrong, scribble(labels, kept, flat, SPLEEN, [pro, con]))
    assert (both[pro.where] == SPLEEN).all()
    assert both[place] != SPLEEN
    assert (both == SPLEEN).sum() < (alone == SPLEEN).sum() - 1


def test_an_oblique_scan_is_corrected_as_an_upright_one():
    scan, truth = make_phantom(5, (4.0, 3.0, 3.0))
    wrong, leak = leaking(truth, LIVER, KIDNEY, 15.0)
    cos, sin = np.cos(0.4), np.sin(0.4)
    turn = np.array([[cos, -sin, 0, 0], [sin, cos, 0, 0], [0, 0, 1, 0], [0, 0, 0, 1]])
    turned = replace(wrong, grid=replace(wrong.grid, affine=turn @ wrong.grid.affine))
    stroke = Stroke(drawn(truth, leak), inside=False)
    found = []
    for each in (wrong, turned):
        labels = EditableLabels.of(each)
        kept = presumed_logits(labels, scan.data)
        found.append(after(each, scribble(labels, kept, scan.data, LIVER, [stroke])))
    np.testing.assert_array_equal(*found)
    assert (found[0] != wrong.data).any()


@pytest.fixture(scope="module")
def leak():
    scan, truth = make_phantom(5, (4.0, 3.0, 3.0))
    wrong, leak = leaking(truth, LIVER, KIDNEY, 15.0)
    kept = presumed_logits(EditableLabels.of(wrong), scan.data)
    return scan.data, wrong, kept, Stroke(drawn(truth, leak), inside=False)


def test_what_is_locked_or_painted_or_elsewhere_stays(leak):
    hu, wrong, kept, stroke = leak
    labels = EditableLabels.of(wrong)
    free = scribble(labels, kept, hu, LIVER, [stroke])
    assert KIDNEY in free.after
    locked = scribble(EditableLabels.of(wrong, [KIDNEY]), kept, hu, LIVER, [stroke])
    assert KIDNEY not in locked.after
    by_hand = np.zeros(wrong.data.shape, np.uint8)
    by_hand[:, :, ::2] = 1
    spared = scribble(labels, kept, hu, LIVER, [stroke], sparing=Sparing(by_hand=by_hand))
    assert 0 < spared.after.size < free.after.size
    assert not by_hand[spared.where].any()
    z = int(stroke.where[0][0])
    slab = Sparing(within=Box((z, 0, 0), (z + 1, *wrong.data.shape[1:])))
    edit = scribble(labels, kept, hu, LIVER, [stroke], sparing=slab)
    assert set(edit.where[0].tolist()) == {z}
    data = wrong.data.copy()
    data[tuple(axis[::2] for axis in free.where)] = TUMOUR
    data[stroke.where] = LIVER
    edit = scribble(EditableLabels.of(replace(wrong, data=data)), kept, hu, LIVER, [stroke])
    assert TUMOUR not in edit.before


def test_what_others_have_changed_stays_on_its_side_away_from_strokes(leak):
    """Clicks that were taken, and a stroke after another."""
    hu, wrong, kept, stroke = leak
    first = after(wrong, scribble(EditableLabels.of(wrong), kept, hu, LIVER, [stroke]))
    labels = EditableLabels.of(replace(wrong, data=first))
    far = np.argwhere((first == LIVER) & ~ndimage.binary_erosion(first == LIVER))
    away = np.linalg.norm((far - [axis.mean() for axis in stroke.where]) * labels.spacing, axis=1)
    place = tuple(far[away.argmax()].tolist())
    click = Click(place, inside=False, reach_mm=10.0)
    second = replace(wrong, data=first.copy())
    edit = move_boundary(labels, kept, LIVER, click)
    second.data[edit.where] = edit.after
    beside = np.argwhere((second.data == LIVER) & ball(wrong, place, 20.0))
    gaps = np.linalg.norm((beside - place) * labels.spacing, axis=1)
    dab = Stroke(tuple(beside[gaps.argmin()][:, None]), inside=False)
    third = scribble(EditableLabels.of(second), kept, hu, LIVER, [dab], [click])
    data = after(second, third)
    assert (data[edit.where][edit.before == LIVER] != LIVER).all()
    near = ball(wrong, [axis.mean() for axis in stroke.where], 20.0)
    np.testing.assert_array_equal(data[near], first[near])


def test_what_can_not_be_is_said(leak):
    hu, wrong, kept, stroke = leak

    def drawing(strokes, value=LIVER, locked=(), scan=hu, sparing=Sparing()):  # noqa: B008
        labels = EditableLabels.of(wrong, locked)
        return scribble(labels, kept, scan, value, strokes, sparing=sparing)

    def at(*places, inside=False):
        return Stroke(tuple(np.array(axis) for axis in zip(*places)), inside)

    for nothing in ([], [Stroke((NONE, NONE, NONE), True)]):
        with pytest.raises(
            CorrectionError, match="Nothing was drawn: draw over what should be the"
        ):
            drawing(nothing)
    size = wrong.data.shape
    for outside in ((-1, 5, 5), (5, size[1], 5), (5, 5, size[2] + 9)):
        with pytest.raises(CorrectionError, match="A stroke leaves the scan: draw within it"):
            drawing([stroke, at(outside)])
    with pytest.raises(CorrectionError, match=r"for the liver and against it: take back one"):
        drawing([stroke, replace(stroke, inside=True)])
    with pytest.raises(CorrectionError, match="too far from all organs"):
        drawing([at((0, 0, 0))])
    with pytest.raises(CorrectionError, match="is on its side of the liver's boundary already"):
        drawing([replace(stroke, inside=True)])
    with pytest.raises(CorrectionError, match="The liver is locked"):
        drawing([stroke], locked=[LIVER])
    with pytest.raises(CorrectionError, match="knows no label 9: paint it"):
        drawing([stroke], value=TUMOUR)
    with pytest.raises(CorrectionError, match="no scan on the grid"):
        drawing([stroke], scan=None)
    with pytest.raises(CorrectionError, match="different grids"):
        drawing([stroke], scan=hu[1:])
    elsewhere = Sparing(within=Box((int(stroke.where[0][0]) + 1, 0, 0), size))
    with pytest.raises(CorrectionError, match="not where the hint may change"):
        drawing([stroke], sparing=elsewhere)


def test_an_organ_that_was_not_found_begins_with_a_stroke(leak):
    hu, wrong, kept, _ = leak
    data = np.where(wrong.data == SPLEEN, 0, wrong.data)
    missing = replace(wrong, data=data)
    stroke = Stroke(drawn(wrong, wrong.data == SPLEEN), inside=True)
    found = after(missing, scribble(EditableLabels.of(missing), kept, hu, SPLEEN, [stroke]))
    assert (found[stroke.where] == SPLEEN).all()
    assert (wrong.data[found == SPLEEN] == SPLEEN).mean() > 0.9
    labels = EditableLabels.of(missing)
    with pytest.raises(CorrectionError, match="on its side of the spleen's boundary already"):
        scribble(labels, kept, hu, SPLEEN, [replace(stroke, inside=False)])


def test_what_is_known_of_strokes_is_that_of_the_scan_they_are_in(leak):
    hu, wrong, kept, stroke = leak
    labels, flat = EditableLabels.of(wrong), np.zeros_like(hu)

    def found(scan, *strokes):
        return after(wrong, scribble(labels, kept, scan, LIVER, strokes))

    place = [int(axis.mean()) for axis in stroke.where]
    left = np.argwhere((found(hu, stroke) == LIVER) & ball(wrong, place, 25.0))
    dab = Stroke(tuple(left[:3].T), inside=False)
    fresh = found(hu, replace(stroke), replace(dab))
    np.testing.assert_array_equal(found(hu.view(), stroke, dab), fresh)
    grid = WalkGrid.of(hu.shape, labels.spacing)
    walk = stroke.walk(grid, hu, Box((0, 0, 0), hu.shape))
    assert walk is stroke.walk(grid, hu[:], Box((0, 0, 0), hu.shape))
    np.testing.assert_array_equal(found(flat, stroke, dab), found(flat, replace(stroke), dab))
    assert walk is not stroke.walk(grid, flat, Box((0, 0, 0), hu.shape))


def test_strokes_far_from_each_other_change_what_each_does_alone(case):
    scan, truth = case
    wrong, _ = leaking(truth, SPLEEN, KIDNEY, 15.0)
    wrong, _ = leaking(wrong, SPLEEN, LIVER, 15.0)
    leaks, count = ndimage.label((wrong.data == SPLEEN) & (truth.data != SPLEEN))
    labels = EditableLabels.of(wrong)
    kept = presumed_logits(labels, scan.data)
    strokes = [Stroke(drawn(truth, leaks == number), False) for number in range(1, count + 1)]
    middles = np.array([[axis.mean() for axis in stroke.where] for stroke in strokes])
    gaps = np.linalg.norm((middles[:, None] - middles) * labels.spacing, axis=2)
    far = [strokes[number] for number in np.unravel_index(gaps.argmax(), gaps.shape)]
    assert gaps.max() > 60
    alone = [after(wrong, scribble(labels, kept, scan.data, SPLEEN, [each])) for each in far]
    both = after(wrong, scribble(labels, kept, scan.data, SPLEEN, far))
    changed = [each != wrong.data for each in alone]
    np.testing.assert_array_equal(both != wrong.data, changed[0] | changed[1])


@pytest.mark.parametrize("spacing", [(3.0, 3.0, 3.0), (6.0, 1.5, 1.5), (1.0, 3.0, 2.0)])
def test_without_edges_a_walk_goes_as_far_in_mm_along_all_axes(spacing):
    shape = tuple(round(120 / step) // 2 * 2 + 1 for step in spacing)
    stroke = np.zeros(shape, bool)
    middle = tuple(size // 2 for size in shape)
    stroke[middle] = True
    walk = Walk.of(np.zeros(shape), spacing)
    felt = walk.from_(walk.from_(stroke))
    assert felt.argmax() == np.ravel_multi_index(middle, shape)
    for axis, step in enumerate(spacing):
        line = np.moveaxis(felt, axis, 0)[(slice(None), *np.delete(middle, axis))]
        reached = np.interp(
            [12.0, 27.0], np.arange(len(line) - middle[axis]) * step, line[middle[axis] :]
        )
        assert reached[1] / reached[0] == pytest.approx(np.exp(-1), rel=0.15)
