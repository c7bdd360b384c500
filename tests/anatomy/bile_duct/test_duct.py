"""The course and the width of bile ducts whose measures are known."""

from __future__ import annotations

import re
from dataclasses import replace

import numpy as np
import pytest
from scipy.spatial import cKDTree

from napari_abdoseg.anatomy.bile_duct import NoCourseError, is_duct, measure_duct
from napari_abdoseg.image.grid import Grid
from napari_abdoseg.image.names.published_schemes import find_scheme
from napari_abdoseg.image.nifti.volumes import read_labels
from napari_abdoseg.image.organ import Organ
from napari_abdoseg.image.volume import LabelMap

DUCT = (Organ(1, "common bile duct"),)


def _arc(radius: float = 45.0, angle: float = 110.0) -> np.ndarray:
    """Part of a circle that leads down, bulging to the right and to the back; (S, P, L) in mm."""
    turn = np.radians(np.linspace(-angle / 2, angle / 2, 800))
    side = radius * (np.cos(turn) - np.cos(np.radians(angle / 2)))
    return np.stack([-radius * np.sin(turn), 0.6 * side, -0.8 * side], axis=1)


def _spiral() -> np.ndarray:
    turn = np.linspace(0, 1.2 * np.pi, 800)
    return np.stack([-16 * turn, 14 * np.cos(turn), 14 * np.sin(turn)], axis=1)


def _straight() -> np.ndarray:
    return np.linspace((35.0, -8.0, -12.0), (-35.0, 8.0, 12.0), 800)


def _length(line: np.ndarray) -> float:
    return float(np.linalg.norm(np.diff(line, axis=0), axis=1).sum())


def _tube(line, radii, grid_of) -> LabelMap:
    """Voxels whose middles are within the radius around a line; round ends count to it."""
    radii = np.broadcast_to(radii, len(line))
    grid = grid_of(line, float(radii.max()))
    indices = np.indices(grid.shape).reshape(3, -1).T
    places = indices @ grid.screen_affine[:3, :3].T + grid.screen_affine[:3, 3]
    distances, nearest = cKDTree(line).query(places, distance_upper_bound=float(radii.max()) + 0.1)
    inside = np.zeros(len(places), bool)
    near = np.isfinite(distances)
    inside[near] = distances[near] <= radii[nearest[near]]
    return LabelMap(inside.reshape(grid.shape).astype(np.uint8), grid, DUCT)


def _upright(*spacing: float):
    def grid(line, radius) -> Grid:
        low, high = line.min(axis=0) - radius - 6, line.max(axis=0) + radius + 6
        shape = tuple(int(n) for n in np.ceil((high - low) / spacing))
        return Grid.from_spacing(shape, spacing, tuple(low))

    return grid


def _oblique(*spacing: float, shear: float = 0.0):
    """Axes turned by 25° about two of the body's axes; sheared like a tilted gantry's."""

    def grid(line, radius) -> Grid:
        a = np.radians(25)
        about_z = np.array([[np.cos(a), -np.sin(a), 0], [np.sin(a), np.cos(a), 0], [0, 0, 1]])
        about_x = np.array([[1, 0, 0], [0, np.cos(a), -np.sin(a)], [0, np.sin(a), np.cos(a)]])
        axes = about_z @ about_x
        axes[1, 2] += shear
        shape = np.ceil((np.ptp(line, axis=0).max() + 2 * radius + 40) / np.array(spacing)[::-1])
        affine = np.eye(4)
        affine[:3, :3] = axes * np.array(spacing)[::-1]
        # RAS+ of the line's middle
        middle = (line.min(axis=0) + line.max(axis=0)) / 2
        ras = np.array([-middle[2], -middle[1], middle[0]])
        affine[:3, 3] = ras - affine[:3, :3] @ ((shape - 1) / 2)
        i, j, k = (int(n) for n in shape)
        return Grid((i, j, k), affine)

    return grid


GRIDS = {
    "1 mm": _upright(1, 1, 1),
    "0.7 mm": _upright(0.7, 0.7, 0.7),
    "thick slices": _upright(3, 0.8, 0.8),
    "oblique": _oblique(1, 1, 1),
    "oblique, anisotropic": _oblique(2, 0.8, 0.8),
    "tilted gantry": _oblique(1, 0.8, 0.8, shear=0.2),
}
LINES = {"straight": _straight(), "arc": _arc(), "spiral": _spiral()}


@pytest.mark.parametrize(
    ("line", "diameter", "grid"),
    [
        *(("arc", 5.0, grid) for grid in GRIDS),
        *(("arc", 12.0, grid) for grid in ("1 mm", "thick slices", "oblique, anisotropic")),
        *(("spiral", 8.0, grid) for grid in ("0.7 mm", "oblique, anisotropic")),
        *(("straight", 4.0, grid) for grid in ("1 mm", "tilted gantry")),
    ],
)
def test_length_and_width_of_a_tube(line, diameter, grid):
    line = LINES[line]
    duct = measure_duct(_tube(line, diameter / 2, GRIDS[grid]))
    middle = duct.diameters[len(duct.diameters) // 4 : -len(duct.diameters) // 4]
    assert np.median(middle) == pytest.approx(diameter, abs=max(0.5, 0.06 * diameter))
    assert duct.widest_mm == pytest.approx(diameter, abs=max(0.8, 0.1 * diameter))
    assert duct.course.length_mm == pytest.approx(_length(line) + diameter, abs=4)
    assert duct.breaks == ()
    ends = round(diameter / 2) + 1
    off, _ = cKDTree(line).query(duct.course.points[ends:-ends])
    assert off.max() < 1.5


def test_it_leads_from_the_hilum_down():
    duct = measure_duct(_tube(_arc(), 3.0, GRIDS["1 mm"]))
    assert duct.course.points[0, 0] > 30
    assert duct.course.points[-1, 0] < -30


def test_the_place_where_it_is_widest():
    line = _arc()
    radii = 3 + 4 * np.exp(-(((np.arange(800) - 500) / 60.0) ** 2))
    labels = _tube(line, radii, GRIDS["1 mm"])
    duct = measure_duct(labels)
    assert duct.widest_mm == pytest.approx(14, abs=1)
    assert duct.is_wide
    to_mm = labels.grid.screen_affine
    place = to_mm[:3, :3] @ duct.widest_voxel + to_mm[:3, 3]
    assert np.linalg.norm(place - line[500]) < 4
    assert not measure_duct(_tube(line, 3.0, GRIDS["1 mm"])).is_wide


def test_a_branch_does_not_make_it_wide():
    """The two ducts of the liver join at an angle: a plane there cuts both."""
    line = _straight()
    branch = np.linspace(line[200], line[200] + (25.0, 20.0, 25.0), 400)
    whole = _tube(np.concatenate([line, branch]), 4.0, GRIDS["1 mm"])
    assert measure_duct(whole).widest_mm < 10.5


def test_its_volume_is_that_of_all_voxels():
    labels = _tube(_spiral(), 4.0, GRIDS["oblique"])
    assert measure_duct(labels).volume_ml == pytest.approx(
        labels.data.sum() * labels.grid.voxel_volume
    )


@pytest.mark.parametrize(
    "grid", ["1 mm", "thick slices", pytest.param("oblique", marks=pytest.mark.slow)]
)
def test_where_it_breaks_off(grid):
    line = _arc()
    whole = _tube(line, 3.0, GRIDS[grid])
    first, second = line[:380], line[480:]
    gap = _length(line[380:480])
    parts = [_tube(part, 3.0, lambda *_: whole.grid).data for part in (first, second)]
    duct = measure_duct(replace(whole, data=parts[0] | parts[1]))
    (found,) = duct.breaks
    assert found.length_mm == pytest.approx(gap - 6, abs=2.5)
    to_mm = whole.grid.screen_affine
    place = to_mm[:3, :3] @ found.voxel + to_mm[:3, 3]
    assert np.linalg.norm(place - line[430]) < 3
    assert duct.course.length_mm == pytest.approx(_length(line) + 6, abs=6)


def test_a_piece_far_away_is_not_its_course():
    labels = _tube(_straight(), 3.0, GRIDS["1 mm"])
    data = np.pad(labels.data, ((0, 0), (0, 0), (0, 60)))
    data[40:48, 10:18, -8:] = 1
    grid = labels.grid.part((0, 0, 0), data.shape)
    duct = measure_duct(LabelMap(data, grid, DUCT))
    assert duct.breaks == ()
    assert duct.course.length_mm == pytest.approx(_length(_straight()) + 6, abs=5)


def test_a_file_that_is_stored_upside_down_leads_from_the_hilum_too():
    def stored(line, radius) -> Grid:
        upright = GRIDS["1 mm"](line, radius)
        return Grid.from_spacing(upright.shape, upright.spacing, upright.origin, "IAR")

    points = measure_duct(_tube(_arc(), 3.0, stored)).course.points
    assert points[0, 0] > 30
    assert points[-1, 0] < -30


def test_names_of_data_sets():
    labels = _tube(_straight(), 3.0, GRIDS["1 mm"])
    assert measure_duct(replace(labels, organs=(Organ(1, "Common_Bile_Duct"),))).volume_ml > 1


@pytest.mark.parametrize("name", ["panorama", "pants"])
def test_a_published_scheme_has_one(name):
    assert [organ.name for organ in find_scheme(name).organs if is_duct(organ)] == [
        "common bile duct"
    ]


@pytest.mark.parametrize(
    ("name", "is_one"), [("CBD", True), ("Ductus_choledochus", True), ("pancreatic duct", False)]
)
def test_what_people_call_it(name, is_one):
    assert is_duct(Organ(1, name)) is is_one


def test_its_measures_in_words():
    line = _arc()
    whole = _tube(line, 3.0, GRIDS["1 mm"])
    assert measure_duct(whole).words.endswith("ml")
    assert "wide" not in measure_duct(whole).words.replace("widest", "")
    parts = [_tube(part, 5.0, lambda *_: whole.grid).data for part in (line[:330], line[530:])]
    words = measure_duct(replace(whole, data=parts[0] | parts[1])).words
    assert re.match(
        r"1\d\.\d mm at its widest \(wide: more than 7 mm\), \d+ mm long, \d\.\d ml; "
        r"breaks off in 1 place, for \d+ mm$",
        words,
    )


@pytest.mark.parametrize("organ", [Organ(1, "liver"), Organ(2, "common bile duct")])
def test_labels_without_a_duct(organ):
    labels = _tube(_straight(), 3.0, GRIDS["1 mm"])
    with pytest.raises(NoCourseError, match="no common bile duct"):
        measure_duct(replace(labels, organs=(organ,)))


@pytest.mark.parametrize(("size", "spacing"), [(1, 1.0), (3, 1.0), (1, 0.3)])
def test_too_little_to_follow(size, spacing):
    data = np.zeros((20, 20, 20), np.uint8)
    data[8 : 8 + size, 8 : 8 + size, 8 : 8 + size] = 1
    labels = LabelMap(data, Grid.from_spacing(data.shape, (spacing,) * 3), DUCT)
    with pytest.raises(NoCourseError, match="too s"):
        measure_duct(labels)


def test_a_duct_of_a_person(real_data):
    """A dilated one, labelled by a network."""
    labels = read_labels(real_data / "panorama" / "101392_00001.nii.gz")
    duct = measure_duct(labels)
    assert duct.is_wide
    assert 10 < duct.widest_mm < 25
    assert 35 < duct.course.length_mm < 120
