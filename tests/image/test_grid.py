"""Stored order, screen order and the world agree."""

from __future__ import annotations

import itertools

import nibabel as nib
import numpy as np
import pytest

from napari_abdoseg.image.grid import Grid, in_mm, voxel_volume_mm3

RAS_TO_SPL = np.array([[0, 0, 1], [0, -1, 0], [-1, 0, 0]])
ALL_ORIENTATIONS = [
    "".join(codes)
    for order in itertools.permutations([("L", "R"), ("P", "A"), ("S", "I")])
    for codes in itertools.product(*order)
]


def stored_grid(orientation: str, turn: float = 0.0) -> Grid:
    """A grid of distinct sizes and spacings whose stored axes point as told."""
    to_orientation = nib.orientations.axcodes2ornt(orientation)
    ras = nib.affines.from_matvec(
        nib.eulerangles.euler2mat(turn, turn / 2, -turn) @ np.diag([0.7, 0.9, 2.5]), [-40, 12, 5]
    )
    change = nib.orientations.ornt_transform(to_orientation, [[0, 1], [1, 1], [2, 1]])
    stored_shape = tuple(int((4, 5, 6)[int(axis)]) for axis, _ in to_orientation)
    affine = ras @ np.linalg.inv(nib.orientations.inv_ornt_aff(change, stored_shape))
    i, j, k = stored_shape
    return Grid((i, j, k), affine)


def test_there_are_48_orientations() -> None:
    assert len(set(ALL_ORIENTATIONS)) == 48


@pytest.mark.parametrize("turn", [0.0, 0.2])
@pytest.mark.parametrize("orientation", ALL_ORIENTATIONS)
class TestEveryOrientation:
    def test_is_what_it_says(self, orientation: str, turn: float) -> None:
        grid = stored_grid(orientation, turn)
        assert grid.axis_codes == orientation
        assert grid.shape == (6, 5, 4)
        assert grid.spacing == pytest.approx((2.5, 0.9, 0.7), abs=1e-6)

    def test_goes_to_the_screen_and_back_as_a_view(self, orientation: str, turn: float) -> None:
        grid = stored_grid(orientation, turn)
        stored = np.arange(120).reshape(grid.stored_shape, order="F")
        screen = grid.to_screen(stored)
        assert screen.shape == grid.shape
        assert np.shares_memory(screen, stored)
        back = grid.to_stored(screen)
        assert np.shares_memory(back, stored)
        np.testing.assert_array_equal(back, stored)

    def test_each_voxel_lies_where_nibabel_puts_it(self, orientation: str, turn: float) -> None:
        grid = stored_grid(orientation, turn)
        stored = np.arange(120).reshape(grid.stored_shape, order="F")
        screen = grid.to_screen(stored)
        for value in (0, 7, 60, 119):
            in_file = np.argwhere(stored == value)[0]
            on_screen = np.argwhere(screen == value)[0]
            world = nib.affines.apply_affine(grid.affine, in_file)
            shown = nib.affines.apply_affine(grid.screen_affine, on_screen)
            np.testing.assert_allclose(shown, RAS_TO_SPL @ world, atol=1e-9)
            np.testing.assert_allclose(grid.stored_index(on_screen), in_file)


@pytest.mark.parametrize("orientation", ALL_ORIENTATIONS)
def test_made_in_memory(orientation: str) -> None:
    grid = Grid.from_spacing((6, 5, 4), (2.5, 0.9, 0.7), (10, -20, 30), orientation)
    assert grid.axis_codes == orientation
    assert grid.shape == (6, 5, 4)
    assert grid.spacing == pytest.approx((2.5, 0.9, 0.7))
    np.testing.assert_allclose(grid.screen_affine[:3, 3], [10, -20, 30])
    np.testing.assert_allclose(grid.origin, [10, -20, 30])


def test_axes_point_to_superior_posterior_left() -> None:
    grid = Grid((4, 5, 6), np.diag([1.0, 1, 1, 1]))
    right_anterior_superior = np.zeros((4, 5, 6))
    right_anterior_superior[-1, -1, -1] = 1
    assert grid.to_screen(right_anterior_superior)[-1, 0, 0] == 1


def test_obliquity_is_the_angle_of_the_scan() -> None:
    tilt = nib.affines.from_matvec(nib.eulerangles.euler2mat(x=np.radians(12)))
    assert Grid((4, 5, 6), tilt).obliquity == pytest.approx(12)
    assert stored_grid("LPS").obliquity == pytest.approx(0, abs=0.05)


def test_an_oblique_scan_is_turned_about_its_centre() -> None:
    grid = stored_grid("LPS", 0.3)
    middle = (np.array(grid.shape) - 1) / 2
    shown = np.array(grid.origin) + middle * grid.spacing
    np.testing.assert_allclose(shown, nib.affines.apply_affine(grid.screen_affine, middle))


def test_voxel_volume_is_in_ml() -> None:
    grid = Grid.from_spacing((10, 10, 10), (10.0, 5.0, 2.0))
    assert grid.voxel_volume == pytest.approx(0.1)


def test_matches_by_place() -> None:
    grid = stored_grid("LPS")
    moved, grown = grid.affine.copy(), grid.affine.copy()
    moved[0, 3] += 0.01
    grown[0, 0] *= 1.001
    assert grid.matches(Grid(grid.stored_shape, grid.affine, b"header"))
    assert not grid.matches(Grid(grid.stored_shape, moved))
    assert grid.matches(Grid(grid.stored_shape, moved), tolerance=0.02)
    assert not grid.matches(Grid(grid.stored_shape, grown))
    assert not grid.matches(Grid((4, 5, 7), grid.affine))


def test_a_sheared_grid_is_measured_as_it_is() -> None:
    sheared = np.diag([-1.0, -1, 2, 1])
    sheared[1, 2] = 2 * np.tan(np.radians(25))
    grid = Grid((4, 5, 6), sheared)
    assert grid.is_sheared
    assert grid.voxel_volume == pytest.approx(0.002)
    assert grid.volume_share == pytest.approx(np.cos(np.radians(25)))
    step = in_mm(np.array([[1, 0, 0]]), grid.lattice)
    assert np.linalg.norm(step) == pytest.approx(2 / np.cos(np.radians(25)))
    assert voxel_volume_mm3(grid.lattice) == pytest.approx(2)


def test_a_grid_at_right_angles_is_measured_by_its_spacing() -> None:
    grid = stored_grid("PIR", 0.3)
    assert not grid.is_sheared
    assert grid.lattice == grid.spacing
    assert grid.volume_share == 1
