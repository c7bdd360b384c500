"""Surfaces of organs: closed, outward, of the right volume and in the right place."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy import sparse

from napari_abdoseg.anatomy import surface as surface_module
from napari_abdoseg.anatomy.box import Box, bounding_boxes
from napari_abdoseg.anatomy.measure import measure_organs
from napari_abdoseg.anatomy.surface import SMOOTHINGS, Surface, SurfaceError, organ_surface
from napari_abdoseg.image.grid import Grid, Triple
from napari_abdoseg.image.nifti.volumes import read_labels
from napari_abdoseg.image.organ import ABDOMINAL_ORGANS
from napari_abdoseg.image.phantom import make_phantom
from napari_abdoseg.image.volume import LabelMap

THICK = (5.0, 0.8, 0.7)


def _surface(
    mask: NDArray[np.bool_], spacing: Triple = (1.0, 1.0, 1.0), smoothing: str = "light"
) -> Surface:
    """Surface of a mask that fills its scan."""
    grid = Grid.from_spacing(mask.shape, spacing)
    return organ_surface(mask, Box((0, 0, 0), mask.shape), grid, smoothing)


def _is_closed(surface: Surface) -> bool:
    """Every edge is in two faces, which run along it in opposite directions."""
    edges = np.concatenate([surface.faces[:, [one, (one + 1) % 3]] for one in range(3)])
    there = np.unique(edges, axis=0)
    back = np.unique(edges[:, ::-1], axis=0)
    return len(there) == len(edges) and np.array_equal(there, back)


def _normals(surface: Surface) -> NDArray[np.float64]:
    """Outward unit normal of each vertex, by the right-hand rule."""
    normals = np.zeros(surface.vertices.shape)
    corners = surface.vertices.astype(float)[surface.faces]
    areas = np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])
    for corner in surface.faces.T:
        np.add.at(normals, corner, areas)
    return normals / np.linalg.norm(normals, axis=1, keepdims=True)


def _pieces(surface: Surface) -> int:
    one, other = surface.faces[:, 0], surface.faces[:, 1:].T
    links = (np.ones(2 * len(one)), (np.tile(one, 2), other.ravel()))
    return sparse.csgraph.connected_components(
        sparse.coo_array(links, 2 * (len(surface.vertices),)), directed=False
    )[0]


def _ball(spacing: Triple, radius: float = 15.0) -> NDArray[np.bool_]:
    """Voxels of a ball whose centre is the middle of the array."""
    axes = [np.arange(-n, n + 1) * step for step in spacing for n in [int(radius / step)]]
    z, y, x = np.meshgrid(*axes, indexing="ij", sparse=True)
    return z**2 + y**2 + x**2 < radius**2


def _check_organs(labels: LabelMap, smoothing: str) -> None:
    grid = labels.grid
    for organ, measured in measure_organs(labels).items():
        box = measured.box
        surface = organ_surface(labels.data[box.slices] == organ.value, box, grid, smoothing)
        assert _is_closed(surface)
        assert surface.volume_ml == pytest.approx(measured.volume_ml, rel=0.005)
        indices = (surface.vertices - grid.origin) / grid.spacing
        assert np.all(indices > np.array(box.start) - 1)
        assert np.all(indices < np.array(box.stop))
        assert surface.vertices.dtype == np.float32
        assert surface.faces.dtype == np.int32


@pytest.mark.parametrize("smoothing", SMOOTHINGS)
def test_surfaces_of_a_phantom_are_closed_and_have_the_volume_of_the_masks(phantom, smoothing):
    _check_organs(phantom[1], smoothing)


@pytest.mark.parametrize("smoothing", SMOOTHINGS)
def test_surfaces_of_a_real_label_map(real_data, smoothing):
    _check_organs(read_labels(real_data / "abdomen_labels.nii.gz", ABDOMINAL_ORGANS), smoothing)


@pytest.mark.parametrize("smoothing", SMOOTHINGS)
@pytest.mark.parametrize("spacing", [(1.0, 1.0, 1.0), THICK], ids=["cubic", "thick slices"])
@pytest.mark.parametrize(
    "shape", [(1, 1, 1), (1, 20, 30), (20, 1, 30), (1, 1, 30)], ids=["voxel", "sheet", "y", "line"]
)
def test_what_is_one_voxel_thin_keeps_its_volume(shape, spacing, smoothing):
    surface = _surface(np.ones(shape, bool), spacing, smoothing)
    assert _is_closed(surface)
    assert surface.volume_ml == pytest.approx(np.prod(shape) * np.prod(spacing) / 1000, rel=0.02)


def test_a_mask_that_fills_the_scan_is_closed_where_the_scan_ends():
    surface = _surface(np.ones((6, 7, 8), bool), smoothing="none")
    assert _is_closed(surface)
    np.testing.assert_allclose(surface.vertices.min(axis=0), -0.5, atol=0.05)
    np.testing.assert_allclose(surface.vertices.max(axis=0), [5.5, 6.5, 7.5], atol=0.05)


@pytest.mark.parametrize("share", [0.1, 0.5, 0.9])
def test_voxels_that_touch_at_edges_and_corners_still_give_a_closed_surface(share):
    mask = np.random.default_rng(0).random((20, 21, 22)) < share
    surface = _surface(mask)
    assert _is_closed(surface)
    assert surface.volume_ml == pytest.approx(mask.sum() / 1000, rel=0.02)


@pytest.mark.parametrize("orientation", ["LPS", "RAI", "SAR"])
def test_a_surface_lies_where_the_organ_is_shown(orientation):
    grid = Grid.from_spacing((12, 30, 40), THICK, (100.0, -20.0, 3.0), orientation)
    box = Box((2, 5, 6), (9, 24, 30))
    surface = organ_surface(np.ones((7, 19, 24), bool), box, grid, "none")
    low, high = surface.vertices.min(axis=0), surface.vertices.max(axis=0)
    np.testing.assert_allclose((low + high) / 2, box.centre(grid), atol=1e-3)
    np.testing.assert_allclose(high - low, box.size(grid), atol=0.2)


def test_faces_point_outwards():
    surface = _surface(_ball((1.0, 1.0, 1.0)))
    outwards = surface.vertices - surface.vertices.mean(axis=0)
    assert np.all(np.sum(_normals(surface) * outwards, axis=1) > 0)


@pytest.mark.parametrize("spacing", [(1.0, 0.8, 0.8), THICK], ids=["thin slices", "thick slices"])
def test_smoothing_brings_the_surface_of_a_ball_nearer_to_the_ball(spacing):
    (far, rough), (near, smooth) = (_errors_on_a_ball(spacing, name) for name in ("none", "light"))
    assert near < 0.6 * far
    assert smooth < rough / 2


def test_strong_smoothing_evens_out_thick_slices_further():
    (near, smooth), (nearer, smoother) = (_errors_on_a_ball(THICK, n) for n in ("light", "strong"))
    assert nearer < near
    assert smoother < smooth


def _errors_on_a_ball(spacing: Triple, smoothing: str) -> tuple[float, float]:
    """Root mean square error of the place in mm and of the normals in radians."""
    mask = _ball(spacing)
    surface = _surface(mask, spacing, smoothing)
    outwards = surface.vertices - (np.array(mask.shape) - 1) / 2 * spacing
    radii = np.linalg.norm(outwards, axis=1)
    cosines = np.sum(_normals(surface) * outwards, axis=1) / radii
    angles = np.arccos(np.minimum(cosines, 1))
    return np.sqrt(np.mean((radii - 15) ** 2)), np.sqrt(np.mean(angles**2))


def test_every_piece_is_kept_with_its_volume():
    mask = np.zeros((40, 20, 20), bool)
    mask[:20], mask[25:35, 5:15, 5:15], mask[38, 10, 10] = True, True, True
    surface = _surface(mask, smoothing="strong")
    assert _pieces(surface) == 3
    heights = surface.vertices[surface.faces[:, 0], 0]
    large, small, voxel = (
        Surface(surface.vertices, surface.faces[(heights > low) & (heights < high)]).volume_ml
        for low, high in ((-1, 22), (22, 36), (36, 40))
    )
    assert large == pytest.approx(8, rel=0.02)
    assert small == pytest.approx(1, rel=0.02)
    assert voxel > 0.0001


def test_a_cavity_stays_empty():
    mask = np.ones((20, 20, 20), bool)
    mask[6:14, 6:14, 6:14] = False
    surface = _surface(mask)
    assert _pieces(surface) == 2
    assert _is_closed(surface)
    assert surface.volume_ml == pytest.approx(mask.sum() / 1000, rel=0.005)


@pytest.mark.parametrize("spacing", [(1.0, 0.8, 0.8), THICK])
@pytest.mark.parametrize("smoothing", SMOOTHINGS)
def test_a_large_organ_is_made_of_blocks_so_that_it_has_few_enough_faces(
    monkeypatch, spacing, smoothing
):
    monkeypatch.setattr(surface_module, "MOST_FACES", 3000)
    mask = _ball(spacing, 30.0)
    surface = _surface(mask, spacing, smoothing)
    assert 1000 < len(surface.faces) <= 3000
    assert _is_closed(surface)
    assert surface.volume_ml == pytest.approx(mask.sum() * np.prod(spacing) / 1000, rel=0.005)
    radii = np.linalg.norm(surface.vertices - (np.array(mask.shape) - 1) / 2 * spacing, axis=1)
    np.testing.assert_allclose(radii, 30, atol=2.5)


def test_too_many_scattered_voxels_still_give_a_closed_surface(monkeypatch):
    monkeypatch.setattr(surface_module, "MOST_FACES", 3000)
    mask = np.zeros((40, 40, 40), bool)
    mask[::4, ::4, ::4] = True
    surface = _surface(mask)
    assert _is_closed(surface)
    assert surface.volume_ml == pytest.approx(mask.sum() / 1000, rel=0.02)


@pytest.mark.parametrize("most_faces", [surface_module.MOST_FACES, 1000])
def test_surfaces_do_not_depend_on_the_parts_they_are_made_of(monkeypatch, phantom, most_faces):
    monkeypatch.setattr(surface_module, "MOST_FACES", most_faces)
    labels = phantom[1]
    for organ, box in bounding_boxes(labels).items():
        mask = labels.data[box.slices] == organ.value
        whole = organ_surface(mask, box, labels.grid)
        with monkeypatch.context() as small:
            small.setattr(surface_module, "PART_VOXELS", 3 * mask.size // len(mask))
            parts = organ_surface(mask, box, labels.grid)
        assert _is_closed(parts)
        assert parts.faces.shape == whole.faces.shape
        np.testing.assert_allclose(_sorted(parts.vertices), _sorted(whole.vertices), atol=1e-3)


def _sorted(vertices: NDArray[np.float32]) -> NDArray[np.float32]:
    return vertices[np.lexsort(np.round(vertices, 2).T)]


def test_a_surface_does_not_depend_on_how_the_scan_is_stored():
    surfaces = []
    for orientation in ("LPS", "SAR"):
        _, labels = make_phantom(5, (8.0, 6.0, 6.0), orientation)
        organ, box = next(iter(bounding_boxes(labels).items()))
        mask = labels.data[box.slices] == organ.value
        surface = organ_surface(mask, box, labels.grid)
        surfaces.append(surface.vertices - surface.vertices.mean(axis=0))
    np.testing.assert_allclose(*surfaces, atol=1e-2)


def test_a_mask_of_another_shape_than_its_box():
    grid = Grid.from_spacing((9, 9, 9), (1, 1, 1))
    with pytest.raises(SurfaceError, match=r"mask has shape \(2, 2, 2\), its box \(3, 3, 3\)"):
        organ_surface(np.ones((2, 2, 2), bool), Box((1, 1, 1), (4, 4, 4)), grid)


def test_an_empty_mask():
    with pytest.raises(SurfaceError, match="mask is empty"):
        _surface(np.zeros((2, 2, 2), bool))


def test_a_smoothing_that_is_not_there():
    with pytest.raises(SurfaceError, match="no smoothing 'much': choose one of none, light"):
        _surface(np.ones((2, 2, 2), bool), smoothing="much")
