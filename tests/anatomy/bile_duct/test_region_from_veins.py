"""Where to look for the bile duct, from pancreas and veins."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest
from scipy import ndimage

from napari_abdoseg.anatomy.bile_duct import RegionNotFoundError, bile_duct_region, lead_to_duct
from napari_abdoseg.image.grid import Grid
from napari_abdoseg.image.names.published_schemes import find_scheme
from napari_abdoseg.image.nifti.volumes import read_labels
from napari_abdoseg.image.organ import Organ
from napari_abdoseg.image.volume import LabelMap

VEINS, PANCREAS, DUCT = 2, 4, 6
ORGANS = find_scheme("panorama").organs
SPACING = 2.0
SIZE = np.array((150.0, 110.0, 190.0))

# Courses in mm along (superior, posterior, left), with radii in mm
PANCREAS_COURSE = [(40, 55, 45, 17), (55, 50, 60, 13), (75, 40, 85, 9), (85, 48, 115, 8)]
PANCREAS_COURSE += [(92, 70, 150, 8)]
PORTAL = [(25, 50, 68, 6), (65, 57, 70, 7), (88, 58, 55, 7), (108, 58, 38, 7)]
SPLENIC = [(68, 56, 72, 5), (82, 55, 115, 4), (92, 76, 155, 4)]
DUCT_COURSE = [(105, 52, 36, 3), (85, 52, 44, 3), (60, 62, 44, 3), (36, 64, 40, 3)]


def _tube(course, shape, spacing) -> np.ndarray:
    """Voxels within the radius around straight parts between the points of a course."""
    course = np.array(course, float)
    ways = [np.linspace(a, b, 60) for a, b in pairwise(course)]
    mask = np.ones(shape, bool)
    near = np.full(shape, np.inf)
    for radius in np.unique(np.round(np.concatenate(ways)[:, 3])):
        points = np.concatenate(ways)
        points = points[np.round(points[:, 3]) == radius][:, :3]
        mask[:] = True
        at = np.rint(points / spacing).astype(int)
        mask[tuple(np.clip(at, 0, np.array(shape) - 1).T)] = False
        near = np.minimum(near, ndimage.distance_transform_edt(mask, sampling=spacing) - radius)
    return near <= 0


def make_body(spacing=(SPACING,) * 3, orientation="LPS") -> LabelMap:
    """A pancreas, its veins and a bile duct, about as they lie in people."""
    shape = tuple(int(n) for n in np.rint(SIZE / spacing))
    data = np.zeros(shape, np.uint8)
    data[_tube(PANCREAS_COURSE, shape, spacing)] = PANCREAS
    data[_tube(PORTAL, shape, spacing) | _tube(SPLENIC, shape, spacing)] = VEINS
    data[_tube(DUCT_COURSE, shape, spacing)] = DUCT
    return LabelMap(data, Grid.from_spacing(shape, spacing, orientation=orientation), ORGANS)


@pytest.fixture(scope="module")
def body() -> LabelMap:
    return make_body()


def _whole(region, labels) -> np.ndarray:
    mask = np.zeros(labels.grid.shape, bool)
    mask[region.box.slices] = region.mask
    return mask


def _held(labels: LabelMap, coverage: float = 0.99) -> float:
    region = _whole(bile_duct_region(labels, coverage), labels)
    duct = labels.data == DUCT
    return float((region & duct).sum() / duct.sum())


def _ml(labels: LabelMap, coverage: float = 0.99) -> float:
    return float(bile_duct_region(labels, coverage).mask.sum() * labels.grid.voxel_volume)


def test_it_holds_a_duct_in_front_of_the_portal_vein_and_behind_the_head(body):
    assert _held(body) > 0.95
    assert _ml(body) < 200


def test_less_of_the_duct_takes_less_room(body):
    volumes = [_ml(body, coverage) for coverage in (0.9, 0.95, 0.98, 0.99)]
    assert volumes == sorted(volumes)
    assert volumes[0] < 0.6 * volumes[-1]
    with pytest.raises(ValueError, match=r"one of 0\.99, 0\.98, 0\.95, 0\.9, not 0\.5"):
        bile_duct_region(body, 0.5)


def test_it_says_what_it_was_found_by(body):
    region = bile_duct_region(body)
    assert region.landmarks == ("pancreas", "veins")
    assert "Found by pancreas and veins" in region.words
    assert "labelled by a network" in region.words


@pytest.mark.parametrize("orientation", ["RAS", "SAR", "PIR"])
def test_a_scan_in_any_orientation_has_the_same_region(body, orientation):
    turned = make_body(orientation=orientation)
    expected = bile_duct_region(body).box.ras_bounds(body.grid)
    found = bile_duct_region(turned).box.ras_bounds(turned.grid)
    np.testing.assert_allclose(found, expected)


@pytest.mark.parametrize("spacing", [(5.0, 0.8, 0.8), (1.0, 2.0, 1.5), (3.0, 3.0, 3.0)])
def test_voxels_of_any_shape_have_about_the_same_region(body, spacing):
    labels = make_body(spacing)
    assert _held(labels) > 0.95
    assert _ml(labels) == pytest.approx(_ml(body), rel=0.1)


def test_an_oblique_scan_has_the_same_region(body):
    """Voxels along turned axes, of a body that lies as before."""
    angle = np.radians(20)
    turn = np.eye(4)
    turn[1:3, 1:3] = [[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]]
    affine = body.grid.affine @ np.linalg.inv(turn)
    middle = np.array([*(np.array(body.grid.stored_shape) - 1) / 2, 1])
    affine[:3, 3] += (body.grid.affine @ middle - affine @ middle)[:3]
    grid = Grid(body.grid.stored_shape, affine)
    indices = np.indices(body.data.shape).reshape(3, -1)
    there = np.linalg.inv(body.grid.screen_affine) @ grid.screen_affine
    at = np.rint(there[:3, :3] @ indices + there[:3, 3:])
    data = ndimage.map_coordinates(body.data, at, order=0).reshape(body.data.shape)
    assert _held(LabelMap(data, grid, ORGANS)) > 0.95


def _renamed(labels: LabelMap, **names: str) -> LabelMap:
    organs = tuple(
        Organ(organ.value, names.get(organ.name.replace(" ", "_"), organ.name))
        for organ in labels.organs
    )
    return replace(labels, organs=organs)


def test_the_names_of_totalsegmentator(body):
    named = _renamed(body, veins="portal_vein_and_splenic_vein")
    assert bile_duct_region(named).box == bile_duct_region(body).box


def test_parts_of_the_pancreas_are_the_pancreas(body):
    """PanTS names head, body and tail beside the whole."""
    data = body.data.copy()
    head = data[:, :, :35]
    head[head == PANCREAS] = 7
    named = replace(body, data=data, organs=(*body.organs, Organ(7, "pancreas_head")))
    assert bile_duct_region(named).box == bile_duct_region(body).box


def test_the_inside_of_other_organs_is_no_place_for_it(body):
    data = body.data.copy()
    beside = data[30:55, 20:45, 2:20]
    beside[beside == 0] = 8
    labels = replace(body, data=data, organs=(*body.organs, Organ(8, "gallbladder")))
    region = bile_duct_region(labels)
    assert region.landmarks == ("pancreas", "veins", "gallbladder")
    deep = ndimage.binary_erosion(data == 8, iterations=3)
    assert deep.any()
    assert not (_whole(region, labels) & deep).any()
    assert (_whole(bile_duct_region(body), body) & deep).any()


@pytest.mark.parametrize(
    ("organs", "enough"),
    [
        (("liver", "pancreas"), True),
        (("Portal vein and splenic vein", "pancreas"), True),
        (("veins", "pancreas_head"), True),
        (("veins", "liver"), False),
        (("pancreas",), False),
    ],
)
def test_organs_that_are_enough(organs, enough):
    assert lead_to_duct(Organ(n, name) for n, name in enumerate(organs, start=1)) is enough


# What is refused


@pytest.mark.parametrize("axes", [(0,), (1,), (2,), (0, 1), (0, 2), (1, 2), (0, 1, 2)])
def test_a_body_that_is_mirrored_or_turned(body, axes):
    with pytest.raises(RegionNotFoundError, match="lie as in a body that is") as refusal:
        bile_duct_region(replace(body, data=np.flip(body.data, axes).copy()))
    for axis, words in enumerate(("upside down", "back to front", "mirrored")):
        assert (words in str(refusal.value)) == (axis in axes)


def _without(labels: LabelMap, value: int, part) -> LabelMap:
    data = labels.data.copy()
    data[part][data[part] == value] = 0
    return replace(labels, data=data)


def _cut(labels: LabelMap, start: int, stop: int) -> LabelMap:
    _, height, width = labels.grid.shape
    grid = labels.grid.part((start, 0, 0), (stop, height, width))
    return replace(labels, data=labels.data[start:stop], grid=grid)


def test_veins_without_their_upper_half(body):
    with pytest.raises(RegionNotFoundError, match="correct both labels"):
        bile_duct_region(_without(body, VEINS, slice(33, None)))


def test_a_pancreas_without_its_right_half(body):
    part = (slice(None), slice(None), slice(0, 48))
    with pytest.raises(RegionNotFoundError, match="correct both labels"):
        bile_duct_region(_without(body, PANCREAS, part))


def test_names_that_are_swapped(body):
    with pytest.raises(RegionNotFoundError, match=r"correct both labels|body that is"):
        bile_duct_region(_renamed(body, veins="pancreas", pancreas="veins"))


def test_a_scan_that_ends_within_the_head(body):
    with pytest.raises(RegionNotFoundError, match="further down"):
        bile_duct_region(_cut(body, 14, 75))


def test_a_scan_that_ends_within_the_portal_vein(body):
    with pytest.raises(RegionNotFoundError, match="further up"):
        bile_duct_region(_cut(body, 0, 52))


@pytest.mark.parametrize(("value", "word"), [(VEINS, "no veins"), (PANCREAS, "no pancreas")])
def test_an_organ_that_is_missing(body, value, word):
    with pytest.raises(RegionNotFoundError, match=word):
        bile_duct_region(_without(body, value, ...))


@pytest.mark.parametrize(("value", "word"), [(VEINS, "veins are"), (PANCREAS, "pancreas is")])
def test_an_organ_in_many_pieces(body, value, word):
    data = body.data.copy()
    z, y, x = np.indices(data.shape, sparse=True)
    kept = (z % 6 < 3) & (y % 6 < 3) & (x % 6 < 3)
    data[(data == value) & ~kept] = 0
    with pytest.raises(RegionNotFoundError, match=f"{word} in too small pieces"):
        bile_duct_region(replace(body, data=data))


def test_a_few_voxels_of_veins_are_none(body):
    data = np.where(body.data == VEINS, 0, body.data)
    data[40:44, 20:24, 20:24] = VEINS
    with pytest.raises(RegionNotFoundError, match="no veins"):
        bile_duct_region(replace(body, data=data))


def test_label_maps_of_people(real_data):
    """Two of PANORAMA: one as it should be, one that is upside down by its header."""
    folder = real_data / "panorama"
    assert _held(read_labels(folder / "101528_00001.nii.gz")) > 0.95
    with pytest.raises(RegionNotFoundError, match="upside down"):
        bile_duct_region(read_labels(folder / "100882_00001.nii.gz"))
