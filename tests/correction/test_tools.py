"""Tools against the answers of SciPy on whole volumes, on a phantom and on a real CT's labels."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from correction.damaged import SOURCES, editable, label_map, made
from scipy import ndimage

from napari_abdoseg.anatomy.box import Box
from napari_abdoseg.correction.between_slices import fill_between
from napari_abdoseg.correction.editable_labels import EditableLabels
from napari_abdoseg.correction.holes import fill_holes
from napari_abdoseg.correction.islands import find_islands
from napari_abdoseg.correction.margins import grow, hollow, shrink
from napari_abdoseg.correction.region_growing import grow_from
from napari_abdoseg.correction.relabelling import copy_organ, copy_slice, merge, swap
from napari_abdoseg.correction.smoothing import smooth
from napari_abdoseg.errors import CorrectionError

LIVER, KIDNEY, SPLEEN = 1, 2, 3
each_source = pytest.mark.parametrize("source", SOURCES)


def _spoiled(source: str, seed: int = 0) -> np.ndarray:
    """Labels with scattered voxels of the liver, and holes in it."""
    rng = np.random.default_rng(seed)
    data = label_map(source).data.copy()
    noise = rng.random(data.shape)
    holes = (data == LIVER) & (noise < 0.02)
    crumbs = (data == 0) & (noise > 0.99)
    data[holes], data[crumbs] = 0, LIVER
    return data


def _distance(data: np.ndarray, mask: np.ndarray, source: str) -> np.ndarray:
    return ndimage.distance_transform_edt(mask, sampling=label_map(source).grid.spacing)


@each_source
def test_the_largest_part_is_kept(source):
    data = _spoiled(source)
    islands = find_islands(editable(data, source), LIVER)
    parts, _ = ndimage.label(data == LIVER)
    sizes = np.bincount(parts.ravel())[1:]
    assert islands.voxels == tuple(sorted(sizes.tolist(), reverse=True))
    expected = np.where((data == LIVER) & (parts != 1 + sizes.argmax()), 0, data)
    assert (made(data, islands.keep_largest()) == expected).all()
    assert [islands.largest(1)[0].box] == [
        Box(tuple(s.start for s in place), tuple(s.stop for s in place))
        for place in ndimage.find_objects((parts == 1 + sizes.argmax()).astype(int))
    ]


@each_source
@pytest.mark.parametrize("ml", [0.0, 0.1, 1e9])
def test_small_parts_are_removed(source, ml):
    data = _spoiled(source)
    voxel = np.prod(label_map(source).grid.spacing) / 1000
    parts, _ = ndimage.label(data == LIVER)
    small = np.bincount(parts.ravel()) * voxel < ml
    small[0] = False
    expected = np.where(small[parts], 0, data)
    assert (
        made(data, find_islands(editable(data, source), LIVER).remove_below(ml)) == expected
    ).all()


@each_source
def test_the_part_at_a_click_is_removed_kept_or_given_away(source):
    data = _spoiled(source)
    islands = find_islands(editable(data, source), LIVER)
    parts, _ = ndimage.label(data == LIVER)
    crumb = np.argwhere(parts == np.bincount(parts.ravel())[1:].argmin() + 1)[0]
    place = tuple(int(at) for at in crumb)
    clicked = parts == parts[place]
    assert (made(data, islands.remove(place)) == np.where(clicked, 0, data)).all()
    assert (made(data, islands.give(place, SPLEEN)) == np.where(clicked, SPLEEN, data)).all()
    others = (data == LIVER) & ~clicked
    assert (made(data, islands.keep(place)) == np.where(others, 0, data)).all()


def test_parts_are_split_into_organs_of_their_own():
    data = np.zeros((1, 1, 9), np.uint8)
    data[0, 0, [0, 1, 2, 4, 5, 7]] = 1
    labels = EditableLabels(data, (1.0, 1.0, 1.0), {1: Box((0, 0, 0), (1, 1, 9))})
    islands = find_islands(labels, 1)
    parts = islands.largest(9)
    assert [part.volume_ml for part in parts] == pytest.approx([0.003, 0.002, 0.001])
    assert [part.place for part in parts] == [(0, 0, 1), (0, 0, 4), (0, 0, 7)]
    first, second, third = (part.place for part in parts)

    def split(*asked):
        return made(data, islands.split(*asked))[0, 0].tolist()

    assert split({second: 5, third: 6}) == [1, 1, 1, 0, 5, 5, 0, 6, 0]
    assert split({first: 5}) == [5, 5, 5, 0, 1, 1, 0, 1, 0]
    assert split({(0, 0, 3): 5, (0, 0, 99): 5, second: 1}) == data[0, 0].tolist()
    assert split({}, (1, 6)) == [1, 1, 1, 0, 6, 6, 0, 6, 0]
    assert split({second: 5}, (0, 6)) == [6, 6, 6, 0, 5, 5, 0, 6, 0]
    locked = replace(islands, labels=replace(labels, locked=frozenset({5})))
    with pytest.raises(CorrectionError, match="Label 5 is locked"):
        locked.split({second: 5})


@each_source
@pytest.mark.parametrize("axis", [None, 0, 1, 2])
def test_holes_are_filled_in_3d_and_in_slices(source, axis):
    data = _spoiled(source)
    if axis is None:
        filled = ndimage.binary_fill_holes(data == LIVER)
    else:
        slices = [ndimage.binary_fill_holes(each == LIVER) for each in np.moveaxis(data, axis, 0)]
        filled = np.moveaxis(np.stack(slices), 0, axis)
    expected = np.where(filled & (data == 0), LIVER, data)
    found = made(data, fill_holes(editable(data, source), LIVER, axis))
    assert (found == expected).all()
    assert (found != data).any()


def test_another_organ_in_a_hole_stays():
    data = np.full((5, 5, 5), LIVER, np.uint8)
    data[1:4, 1:4, 1:4] = 0
    data[2, 2, 2] = KIDNEY
    edit = fill_holes(editable_cube(data), LIVER)
    assert edit.after.size == 26
    assert made(data, edit)[2, 2, 2] == KIDNEY


def editable_cube(data: np.ndarray, locked: tuple[int, ...] = ()) -> EditableLabels:
    """Labels whose boxes are all of a small volume."""
    whole = Box((0, 0, 0), data.shape)
    boxes = {int(value): whole for value in np.unique(data) if value}
    return EditableLabels(data, (1.0, 1.0, 1.0), boxes, frozenset(locked))


@each_source
@pytest.mark.parametrize("mm", [2.9, 6.0, 11.0])
def test_organs_grow_shrink_and_become_hollow(source, mm):
    data = label_map(source).data
    labels = editable(data, source)
    outside, inside = (_distance(data, mask, source) for mask in (data != LIVER, data == LIVER))
    grown = np.where((outside <= mm) & (data == 0), LIVER, data)
    assert (made(data, grow(labels, LIVER, mm)) == grown).all()
    shrunk = np.where((data == LIVER) & (inside <= mm), 0, data)
    assert (made(data, shrink(labels, LIVER, mm)) == shrunk).all()
    wall = np.where((data == LIVER) & (inside > mm), 0, data)
    assert (made(data, hollow(labels, LIVER, mm)) == wall).all()


def test_the_end_of_the_scan_is_no_outside():
    data = np.full((4, 4, 4), LIVER, np.uint8)
    assert shrink(editable_cube(data), LIVER, 1.0).after.size == 0
    assert hollow(editable_cube(data), LIVER, 1.0).after.size == 64


@each_source
def test_organs_are_smoothed_together(source):
    data = label_map(source).data
    values = [LIVER, KIDNEY, SPLEEN]
    sigma = [4.0 / step for step in label_map(source).grid.spacing]
    masks = [
        ndimage.gaussian_filter(
            (data == value).astype(np.float32), sigma, truncate=3, mode="nearest"
        )
        for value in (0, *values)
    ]
    expected = np.where(data <= SPLEEN, np.argmax(masks, axis=0), data)
    found = made(data, smooth(editable(data, source), values, 4.0))
    assert (found != data).any()
    assert (found != expected).mean() < 1e-6  # sums in another order


@each_source
def test_organs_are_smoothed_near_one_of_them_alone(source):
    data = label_map(source).data
    labels = editable(data, source)
    everywhere = made(data, smooth(labels, [LIVER, KIDNEY], 4.0))
    near = made(data, smooth(labels, [LIVER, KIDNEY], 4.0, around=[LIVER]))
    margin = labels.around([LIVER], 3 * 4.0).slices
    inside = labels.boxes[LIVER].slices
    assert (near[inside] == everywhere[inside]).mean() > 0.999
    near[margin] = data[margin]
    assert (near == data).all()


@each_source
@pytest.mark.parametrize("axis", [0, 1, 2])
def test_slices_between_seeds_come_back(source, axis):
    data = label_map(source).data
    box = editable(data, source).boxes[LIVER]
    seeds = list(range(box.start[axis], box.stop[axis], 4))
    gone = np.moveaxis(data.copy(), axis, 0)
    for number in range(seeds[0], seeds[-1]):
        if number not in seeds:
            gone[number][np.isin(gone[number], [LIVER, SPLEEN])] = 0
    gone = np.moveaxis(gone, 0, axis)
    found = made(gone, fill_between(editable(gone, source), [LIVER, SPLEEN], axis, seeds))
    assert (gone == LIVER).sum() < 0.5 * (data == LIVER).sum()
    common = ((found == LIVER) & (data == LIVER)).sum()
    assert 2 * common > 0.9 * ((found == LIVER).sum() + (data == LIVER).sum())
    for kept in (KIDNEY, 4):
        assert ((found == kept) == (gone == kept)).all()
    for seed in seeds:
        assert (found.take(seed, axis) == data.take(seed, axis)).all()


def test_organs_that_are_filled_between_slices_do_not_overlap():
    data = np.zeros((5, 20, 20), np.uint8)
    data[0, 2:10, 2:18], data[0, 10:18, 2:18] = 1, 2
    data[4, 2:6, 2:18], data[4, 6:18, 2:18] = 1, 2
    found = made(data, fill_between(editable_cube(data), [1, 2], 0, [4, 0]))
    border = [int((plane == 1).any(axis=1).sum()) for plane in found]
    assert border == sorted(border, reverse=True)
    assert border[0] > border[2] > border[-1]
    assert (found[:, 2:18, 2:18] > 0).all()


def test_what_one_seed_alone_shows_stays_between_as_it_is():
    data = np.zeros((5, 9, 9), np.uint8)
    data[0, 2:7, 2:7] = data[4, 2:7, 2:7] = 1
    data[2, 0, 0] = data[4, 0, 0] = 2
    found = made(data, fill_between(editable_cube(data), [1, 2], 0, [0, 4]))
    assert (found[1:4, 2:7, 2:7] == 1).all()
    assert (found == 2).sum() == 2


@each_source
def test_an_organ_grows_from_a_click(source):
    data = label_map(source).data
    spacing = label_map(source).grid.spacing
    hu = np.random.default_rng(0).normal(0, 20, data.shape) + 100.0 * (data == LIVER)
    blank = np.where(data == LIVER, 0, data)
    place = tuple(
        int(at) for at in np.argwhere(ndimage.binary_erosion(data == LIVER, iterations=2))[0]
    )
    hu[place] = 100
    edit = grow_from(editable(blank, source), hu, LIVER, place, (50, 150), 30.0)
    axes = np.indices(data.shape) - np.reshape(place, (3, 1, 1, 1))
    near = sum((axes[axis] * spacing[axis]) ** 2 for axis in range(3)) <= 30.0**2
    dense, _ = ndimage.label((hu >= 50) & (hu <= 150) & (blank == 0) & near)
    expected = np.where(dense == dense[place], LIVER, blank)
    assert (made(blank, edit) == expected).all()


def test_organs_are_swapped_merged_and_copied():
    data = label_map("phantom").data
    labels = editable(data, "phantom")
    swapped = made(data, swap(labels, LIVER, SPLEEN))
    assert ((swapped == LIVER) == (data == SPLEEN)).all()
    assert ((swapped == SPLEEN) == (data == LIVER)).all()
    merged = made(data, merge(labels, SPLEEN, LIVER))
    assert (merged == np.where(data == SPLEEN, LIVER, data)).all()
    older = np.where(data == LIVER, 0, data)
    older[np.roll(data == LIVER, 3, axis=2)] = 9
    other = EditableLabels(older, labels.spacing, {9: Box((0, 0, 0), data.shape)})
    free = (data == 0) | (data == LIVER)
    expected = np.where((older == 9) & free, LIVER, np.where(data == LIVER, 0, data))
    assert (made(data, copy_organ(labels, LIVER, other, 9)) == expected).all()


@pytest.mark.parametrize("axis", [0, 1, 2])
def test_an_organ_is_copied_to_another_slice(axis):
    data = label_map("phantom").data
    labels = editable(data, "phantom")
    source = (labels.boxes[LIVER].start[axis] + labels.boxes[LIVER].stop[axis]) // 2
    found = made(data, copy_slice(labels, LIVER, axis, source, source + 2))
    there, now = data.take(source, axis) == LIVER, data.take(source + 2, axis)
    kept = np.where(now == LIVER, 0, now)
    assert (found.take(source + 2, axis) == np.where(there & (kept == 0), LIVER, kept)).all()
    others = np.delete(np.arange(data.shape[axis]), source + 2)
    assert (found.take(others, axis) == data.take(others, axis)).all()


def _every_tool(labels: EditableLabels):
    hu = np.zeros(labels.data.shape)
    crumb = tuple(int(at) for at in np.argwhere(labels.data == LIVER)[0])
    free = tuple(int(at) for at in np.argwhere(labels.data == 0)[0])
    z = (labels.boxes[LIVER].start[0] + labels.boxes[LIVER].stop[0]) // 2
    islands = find_islands(labels, LIVER)
    yield from (lambda: islands.keep_largest(), lambda: islands.remove_below(1e9))
    yield from (lambda: islands.remove(crumb), lambda: islands.give(crumb, SPLEEN))
    yield lambda: islands.split({crumb: SPLEEN})
    yield from (lambda: fill_holes(labels, LIVER), lambda: fill_holes(labels, LIVER, 0))
    yield from (lambda: grow(labels, LIVER, 9.0), lambda: shrink(labels, LIVER, 9.0))
    yield from (lambda: hollow(labels, LIVER, 9.0), lambda: smooth(labels, [LIVER], 9.0))
    yield lambda: fill_between(labels, [LIVER], 0, [z - 3, z + 3])
    yield lambda: grow_from(labels, hu, LIVER, free, (-1, 1), 40.0)
    yield from (lambda: swap(labels, LIVER, SPLEEN), lambda: merge(labels, LIVER, SPLEEN))
    yield lambda: copy_slice(labels, LIVER, 0, z, z + 3)
    yield lambda: copy_organ(labels, LIVER, labels, SPLEEN)


@pytest.mark.parametrize("locked", [(KIDNEY,), (SPLEEN,), (KIDNEY, SPLEEN, 4)])
def test_no_tool_changes_a_locked_organ(locked):
    data = _spoiled("phantom")
    changed = 0
    for tool in _every_tool(editable(data, "phantom", locked)):
        try:
            found = made(data, tool())
        except CorrectionError:
            continue
        changed += 1
        for value in locked:
            assert ((found == value) == (data == value)).all()
    assert changed >= 12


def test_no_tool_changes_the_chosen_organ_where_it_is_locked():
    for tool in _every_tool(editable(_spoiled("phantom"), "phantom", (LIVER,))):
        with pytest.raises(CorrectionError, match="The liver is locked: unlock it"):
            tool()


@pytest.mark.parametrize(
    ("tool", "words"),
    [
        (lambda labels: find_islands(labels, 9), "There is no label 9 in this label map"),
        (lambda labels: smooth(labels, [], 3.0), "No organ is chosen"),
        (lambda labels: find_islands(labels, 1).remove((0, 0, 0)), "There is no label 1 at that"),
        (lambda labels: find_islands(labels, 1).remove((-1, 9, 99)), "There is no label 1 at that"),
        (lambda labels: fill_between(labels, [1], 0, [1]), "two painted slices at least"),
        (lambda labels: fill_between(labels, [1], 0, [1, 9]), "two painted slices at least"),
        (lambda labels: fill_between(labels, [1], 0, [0, 3]), "No organ is in two slices"),
        (lambda labels: copy_slice(labels, 1, 0, 1, 4), "no slice there"),
        (lambda labels: copy_slice(labels, 1, 0, 0, 1), "There is no label 1 in slice 0"),
        (lambda labels: grow_from(labels, np.zeros((1, 1, 1)), 1, (0, 0, 0), (0, 1), 3.0), "grids"),
        (
            lambda labels: grow_from(labels, labels.data, 1, (0, 0, 4), (0, 1), 3.0),
            "not in the scan",
        ),
        (lambda labels: grow_from(labels, labels.data, 1, (0, 0, 0), (2, 3), 3.0), "has 0 HU"),
        (lambda labels: labels.within(Box((4, 0, 0), (6, 2, 2))), "outside the scan"),
        (
            lambda labels: copy_organ(labels, 1, editable_cube(np.ones((1, 1, 1), np.uint8)), 1),
            "different grids",
        ),
    ],
)
def test_what_can_not_be_done_is_a_sentence(tool, words):
    data = np.zeros((4, 4, 4), np.uint8)
    data[1:3, 1:3, 1:3] = 1
    before = data.copy()
    with pytest.raises(CorrectionError, match=words):
        tool(editable_cube(data))
    assert (data == before).all()
