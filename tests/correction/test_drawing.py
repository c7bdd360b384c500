"""Brush, outline and scissors against plain definitions, voxel by voxel."""

from __future__ import annotations

import numpy as np
import pytest
from correction.damaged import SOURCES, editable, label_map, made
from matplotlib.path import Path
from scipy import ndimage
from scipy.spatial import cKDTree
from shared import FOLDER, REASON

from napari_abdoseg import make_phantom, read_volume
from napari_abdoseg.correction.brush import dabs, swept
from napari_abdoseg.correction.editable_labels import EditableLabels
from napari_abdoseg.correction.outline import outlined
from napari_abdoseg.correction.painted_area import Paintable, paint
from napari_abdoseg.correction.region_growing import grow_from, hu_around
from napari_abdoseg.correction.scissors import Side, cut_seen, cut_slices
from napari_abdoseg.correction.tissue_edge import within_edges
from napari_abdoseg.errors import CorrectionError

LIVER, KIDNEY, SPLEEN = 1, 2, 3
SHAPE, SPACING = (11, 40, 50), (5.0, 0.9, 0.7)
each_source = pytest.mark.parametrize("source", SOURCES)
each_axis = pytest.mark.parametrize("axis", [0, 1, 2])


def _whole(area, shape=SHAPE) -> np.ndarray:
    mask = np.zeros(shape, bool)
    if area is not None:
        assert area.mask.any(axis=(1, 2))[[0, -1]].all()
        mask[area.box.slices] = area.mask
    return mask


def _scan(source: str) -> np.ndarray:
    if source == "phantom":
        return make_phantom(2, (6.0, 3.0, 2.5))[0].data
    if not FOLDER.is_dir():
        pytest.skip(REASON)
    return read_volume(FOLDER / "abdomen_ct.nii.gz").data


@pytest.mark.parametrize("axis", [None, 0, 1, 2])
@pytest.mark.parametrize("radius", [0.2, 2.5, 9.0])
def test_a_brush_covers_what_is_within_its_radius_of_its_way(axis, radius):
    rng = np.random.default_rng(0)
    for _ in range(6):
        start, end = rng.uniform(-5, np.array(SHAPE) + 5, (2, 3))
        if axis is not None:
            start[axis] = end[axis] = int(rng.integers(-1, SHAPE[axis] + 1))
        way = np.linspace(start, end, 400)
        voxels = np.stack(np.indices(SHAPE), axis=-1)
        apart, _ = cKDTree(way * SPACING).query(voxels * SPACING)
        found = _whole(swept(start, end, radius, SPACING, SHAPE, axis))
        in_slice = True if axis is None else voxels[..., axis] == start[axis]
        assert found[(apart <= radius) & in_slice].all()
        more = np.argwhere(found & ~((apart <= radius + 0.01) & in_slice))
        assert (cKDTree(np.rint(way)).query(more, p=1)[0] <= 1).all()
        assert not found.any() or in_slice is True or not found[~in_slice].any()


@pytest.mark.parametrize("radius", [0.01, 30.0])
def test_a_brush_of_any_size_paints_the_voxel_that_it_points_at(radius):
    area = swept((3.4, 9.6, 7.2), (3.4, 9.6, 7.2), radius, SPACING, SHAPE)
    assert _whole(area)[3, 10, 7]
    assert swept((-200, 0, 0), (-200, 0, 0), radius, SPACING, SHAPE) is None
    assert swept((11.0, 0, 0), (11.0, 0, 0), radius, SPACING, SHAPE, axis=0) is None


def test_the_smallest_brush_leaves_no_gap():
    area = swept((2, 3, 3), (2, 33, 41), 0.1, SPACING, SHAPE, axis=0)
    rows, columns = np.nonzero(_whole(area)[2])
    assert set(rows) == set(range(3, 34))
    assert set(columns) == set(range(3, 42))


def test_dabs_are_near_enough_and_end_with_the_way():
    places = dabs((1, 2, 3), (2, 20, 30), 2.0, SPACING)
    steps = np.diff(np.vstack([[1, 2, 3], places]), axis=0) * SPACING
    assert np.linalg.norm(steps, axis=1).max() <= 2.0
    assert places[-1].tolist() == [2, 20, 30]
    assert dabs((1, 2, 3), (1, 2, 3), 2.0, SPACING).tolist() == [[1, 2, 3]]


@each_source
@pytest.mark.parametrize("over", [None, {0}, {LIVER}, {0, SPLEEN}])
@pytest.mark.parametrize("hu_range", [None, (-29.0, 150.0)])
@pytest.mark.parametrize("value", [0, KIDNEY])
def test_only_what_may_be_is_painted_over(source, over, hu_range, value):
    data, hu = label_map(source).data, _scan(source)
    spacing = label_map(source).grid.spacing
    middle = np.argwhere(data == LIVER).mean(axis=0)
    area = swept(middle, middle, 60.0, spacing, data.shape)
    labels = editable(data, source, locked=(SPLEEN,))
    edit = paint(
        labels, area, value, Paintable(None if over is None else frozenset(over), hu_range), hu
    )
    chosen = _whole(area, data.shape) & (data != SPLEEN)
    chosen &= np.isin(data, list(range(9) if over is None else over))
    if hu_range is not None:
        chosen &= (hu >= hu_range[0]) & (hu <= hu_range[1])
    assert (made(data, edit) == np.where(chosen, value, data)).all()


def test_a_locked_organ_is_not_painted_and_a_range_needs_the_scan():
    data = label_map("phantom").data
    labels = editable(data, "phantom", locked=(SPLEEN,))
    area = swept((2, 9, 9), (2, 9, 9), 9.0, labels.spacing, data.shape)
    with pytest.raises(CorrectionError, match="spleen is locked"):
        paint(labels, area, SPLEEN)
    for hu in (None, np.zeros((3, 3, 3))):
        with pytest.raises(CorrectionError, match=r"open its CT|different grids"):
            paint(labels, area, LIVER, Paintable(hu_range=(0, 9)), hu)


@each_source
def test_a_stroke_stops_at_the_edges_of_the_organ(source):
    """Dabs inside an organ, near its border, go over that less where edges hold them."""
    data, hu, spacing = label_map(source).data, _scan(source), label_map(source).grid.spacing
    rng = np.random.default_rng(3)
    beyond, plain, kept, there = 0, 0, 0, 0
    for organ in (LIVER, KIDNEY, SPLEEN):
        places = np.argwhere(data == organ)
        for place in places[rng.integers(len(places), size=40)]:
            area = swept(place, place, 9.0, spacing, data.shape, axis=0)
            now = data[area.box.slices]
            held = within_edges(area, place, hu, spacing)
            assert not (held.mask & ~area.mask).any()
            plain += np.count_nonzero(area.mask & (now != organ))
            beyond += np.count_nonzero(held.mask & (now != organ))
            there += np.count_nonzero(area.mask & (now == organ))
            kept += np.count_nonzero(held.mask & (now == organ))
    assert beyond < 0.5 * plain
    assert kept > 0.85 * there


def test_one_tissue_has_no_edge_whatever_its_noise():
    rng = np.random.default_rng(0)
    hu = rng.normal(60, 25, SHAPE)
    area = swept((5, 20, 25), (5, 20, 25), 8.0, SPACING, SHAPE)
    assert within_edges(area, (5, 20, 25), hu, SPACING).mask.sum() == area.mask.sum()
    assert within_edges(area, (5, 20, 250), hu, SPACING) is area


def test_of_three_tissues_that_of_the_middle_is_painted():
    hu = np.full((1, 60, 60), 60.0)
    hu[:, :, 38:], hu[:, 45:] = -100.0, 900.0
    area = swept((0, 30, 30), (0, 30, 30), 20.0, (1.0, 1.0, 1.0), hu.shape, axis=0)
    held = _whole(within_edges(area, (0, 30, 30), hu, (1.0, 1.0, 1.0)), hu.shape)
    same = _whole(area, hu.shape) & (hu == 60)
    assert not (held & ~same).any()
    assert held[ndimage.binary_erosion(same, np.ones((1, 5, 5)))].all()


@each_axis
def test_an_outline_encloses_what_a_polygon_contains(axis):
    rng = np.random.default_rng(axis)
    for _ in range(8):
        angles = np.sort(rng.uniform(0, 2 * np.pi, 12))
        flat = np.delete(SHAPE, axis) / 2 + (
            rng.uniform(0.2, 0.7, (12, 1))
            * np.delete(SHAPE, axis)
            * np.stack([np.sin(angles), np.cos(angles)], axis=1)
        )
        places = np.argwhere(np.ones(np.delete(SHAPE, axis)))
        inside = Path(flat).contains_points(places).reshape(np.delete(SHAPE, axis))
        expected = np.zeros(SHAPE, bool)
        np.moveaxis(expected, axis, 0)[4] = inside
        corners = np.insert(flat, axis, 4, axis=1)
        assert (_whole(outlined(corners, axis, 4, SHAPE)) == expected).all()
        assert (_whole(outlined(corners[::-1], axis, 4, SHAPE)) == expected).all()


def test_a_loop_drawn_twice_has_no_hole_and_one_beside_the_scan_encloses_nothing():
    square = [(0, 4.5, 4.5), (0, 4.5, 20.5), (0, 20.5, 20.5), (0, 20.5, 4.5)]
    assert _whole(outlined(square + square, 0, 0, SHAPE)).sum() == 16 * 16
    assert outlined(np.subtract(square, (0, 50, 0)), 0, 0, SHAPE) is None
    assert outlined(square, 0, SHAPE[0], SHAPE) is None
    assert outlined(square[:2], 0, 0, SHAPE) is None


@each_source
@each_axis
@pytest.mark.parametrize("erased", Side)
def test_scissors_cut_slices_to_a_depth(source, axis, erased):
    data, spacing = label_map(source).data, label_map(source).grid.spacing
    middle = np.argwhere(data == LIVER).mean(axis=0).round()
    turn = np.linspace(0, 2 * np.pi, 9)[:-1]
    flat = 25 * np.stack([np.sin(turn), np.cos(turn)], axis=1) / np.delete(spacing, axis)
    outline = middle + np.insert(flat + 0.21, axis, 0, axis=1)
    labels = editable(data, source, locked=(SPLEEN,))
    edit = cut_slices(labels, [LIVER, KIDNEY], outline, axis, 40.0, erased)
    away = np.abs(np.arange(data.shape[axis]) - middle[axis]) * spacing[axis]
    within = np.moveaxis((away <= 20.0)[:, None, None] & np.ones((1, 1, 1), bool), 0, axis)
    place = np.delete(np.stack(np.indices(data.shape), axis=-1), axis, axis=-1).reshape(-1, 2)
    drawn = Path(np.delete(outline, axis, axis=1)).contains_points(place).reshape(data.shape)
    cut = np.isin(data, [LIVER, KIDNEY]) & within & (drawn == (erased is Side.INSIDE))
    assert cut.any()
    assert (made(data, edit) == np.where(cut, 0, data)).all()


@each_source
@pytest.mark.parametrize("erased", Side)
@pytest.mark.parametrize("depth", [30.0, 1e9])
def test_scissors_cut_what_is_seen_in_3d(source, erased, depth):
    """Seen from aside: an oblique picture, on which an outline is a triangle."""
    data, spacing = label_map(source).data, label_map(source).grid.spacing
    rng = np.random.default_rng(1)
    directions, _ = np.linalg.qr(rng.normal(size=(3, 3)))
    middle = np.argwhere(data == LIVER).mean(axis=0)

    def see(voxels):
        return (voxels - middle) * spacing @ directions * (3.0, 3.0, 1.0)

    outline = [(-90.2, -60.1), (100.3, -20.4), (10.2, 95.1)]
    edit = cut_seen(editable(data, source), [LIVER], outline, see, depth, erased)
    seen = see(np.argwhere(np.ones(data.shape))).reshape(*data.shape, 3)
    pixels = np.rint(seen[..., :2]).reshape(-1, 2)
    drawn = Path(outline).contains_points(pixels).reshape(data.shape)
    chosen = (data == LIVER) & (drawn == (erased is Side.INSIDE))
    cut = chosen & (seen[..., 2] <= seen[..., 2][chosen].min() + depth)
    assert 0 < cut.sum() < (data == LIVER).sum()
    assert (made(data, edit) == np.where(cut, 0, data)).all()


@pytest.mark.parametrize("tolerance", [5.0, 40.0])
def test_a_click_grows_from_noise_too(tolerance):
    hu = np.random.default_rng(0).normal(60, 15, SHAPE)
    labels = EditableLabels(np.zeros(SHAPE, np.uint8), SPACING, {})
    for place in [(0, 0, 0), (5, 20, 25), (10, 39, 49)]:
        low, high = hu_around(hu, place, tolerance)
        assert low <= hu[place] <= high
        assert high - low == pytest.approx(2 * tolerance)
        assert grow_from(labels, hu, 1, place, (low, high), 5.0).after.size
    with pytest.raises(CorrectionError, match="not in the scan"):
        hu_around(hu, (11, 0, 0), tolerance)


def test_scissors_say_why_they_cut_nothing():
    labels = EditableLabels.of(label_map("phantom"))
    far = [(1e4, 0, 0), (1e4, 9, 0), (1e4, 9, 9)]
    with pytest.raises(CorrectionError, match="nothing of the organ in these slices"):
        cut_slices(labels, [LIVER], far, 0, 10.0)
    with pytest.raises(CorrectionError, match="three corners"):
        cut_slices(labels, [LIVER], far[:2], 0, 10.0)
    with pytest.raises(CorrectionError, match="on that side of the outline"):
        cut_seen(labels, [LIVER], [(0, 0), (0, 9), (9, 9)], lambda voxels: voxels + 1e6, 1.0)
    with pytest.raises(CorrectionError, match="There is no label 77"):
        cut_slices(labels, [77], far, 0, 10.0)
