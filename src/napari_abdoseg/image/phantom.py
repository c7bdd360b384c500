"""A synthetic CT of a torso with its exact label map, made from a seed.

Organs are ellipsoids and tubes with varied place, size, contrast and noise,
bent by a smooth random displacement. They are simple on purpose: a phantom
tries the software, it says nothing about patients.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from napari_abdoseg.image.grid import Grid, Shape, Triple
from napari_abdoseg.image.organ import ABDOMINAL_ORGANS
from napari_abdoseg.image.volume import LabelMap, Volume

Mask = NDArray[np.bool_]
Points = NDArray[np.float32]

LIVER, KIDNEY, SPLEEN, PANCREAS = (organ.value for organ in ABDOMINAL_ORGANS)
AIR = -1000.0
CORNER = 16
"""Which part of a slice's side a corner is."""
FAINTEST, STRONGEST, OFF_AIR = 4.0, 25.0, 4.0
"""HU of the noise of air, and by how much its mean may differ from `AIR`."""
TORSO = (450.0, 280.0, 400.0)
"""Extent of the scan in mm along (z, y, x)."""


def make_phantom(
    seed: int, spacing: Triple = (3.0, 3.0, 3.0), orientation: str = "LPS"
) -> tuple[Volume, LabelMap]:
    """Make a torso CT and its labels.

    Parameters
    ----------
    seed : int
        The same seed gives the same patient, whatever the spacing.
    spacing : tuple of float, optional
        mm along (z, y, x).
    orientation : str, optional
        Where the stored axes point to, such as ``"LPS"`` or ``"RAS"``.

    Returns
    -------
    Volume
        int16 Hounsfield units, shape (z, y, x).
    LabelMap
        Liver, kidney, spleen and pancreas; uint8, shape (z, y, x).

    Examples
    --------
    >>> from napari_abdoseg import make_phantom
    >>> volume, truth = make_phantom(1, (12.0, 10.0, 10.0))
    >>> volume.data.shape, volume.data.dtype.name
    ((38, 28, 40), 'int16')
    >>> [organ.name for organ in truth.organs]
    ['liver', 'kidney', 'spleen', 'pancreas']
    """
    z, y, x = (round(extent / step) for extent, step in zip(TORSO, spacing, strict=True))
    shape = (z, y, x)
    grid = Grid.from_spacing(shape, spacing, _first_voxel(shape, spacing), orientation)
    torso = _Torso(np.random.default_rng(seed), shape, spacing)
    torso.draw()
    return Volume(torso.scan(), grid), LabelMap(torso.labels, grid, ABDOMINAL_ORGANS)


def looks_like_phantom(volume: Volume) -> bool:
    """Whether a scan is one of `make_phantom`, told by its extent and the air in its corners.

    No scanner makes slices of `TORSO`, nor such noise around `AIR` in each voxel by itself.
    """
    spacing, shape = np.array(volume.grid.spacing), np.array(volume.data.shape)
    if (np.abs(spacing * shape - TORSO) > spacing).any():
        return False
    size = max(1, min(volume.data.shape[1:]) // CORNER)
    corner = np.asarray(volume.data[:, :size, :size], np.float64)
    return bool(abs(corner.mean() - AIR) < OFF_AIR and FAINTEST < corner.std() < STRONGEST)


def _first_voxel(shape: Shape, spacing: Triple) -> Triple:
    z, y, x = (-(size - 1) / 2 * step for size, step in zip(shape, spacing, strict=True))
    return z, y, x


def _upsampling(size: int, knots: int) -> Points:
    """Cubic interpolation of ``knots`` values to ``size``, as a matrix."""
    at = np.linspace(0, knots - 1, size)
    columns = [
        ndimage.map_coordinates(unit, [at], order=3, mode="nearest") for unit in np.eye(knots)
    ]
    return np.stack(columns, axis=1).astype(np.float32)


@dataclass
class _Torso:
    """Voxels being drawn; coordinates are mm from the centre along (S, P, L)."""

    rng: np.random.Generator
    shape: Shape
    spacing: Triple

    def __post_init__(self) -> None:
        self.hu = np.full(self.shape, AIR, dtype=np.float32)
        self.labels = np.zeros(self.shape, dtype=np.uint8)
        self.size = self.rng.uniform(0.9, 1.08)
        self.blood = self.rng.uniform(110, 190)
        self.noise = self.rng.uniform(8, 18)
        first = _first_voxel(self.shape, self.spacing)
        still = [
            start + step * np.arange(size)
            for start, step, size in zip(first, self.spacing, self.shape, strict=True)
        ]
        grid = np.meshgrid(*still, indexing="ij", sparse=True)
        self.axes = [
            (axis.astype(np.float32) + self._bend(7.0)) / np.float32(self.size) for axis in grid
        ]
        self.z, self.y, self.x = self.axes

    def _bend(self, amplitude: float) -> Points:
        """Smooth random displacement in mm."""
        bend = self.rng.normal(0, amplitude, (7, 5, 6)).astype(np.float32)
        for axis, size in enumerate(self.shape):
            bend = np.moveaxis(
                np.tensordot(_upsampling(size, bend.shape[axis]), bend, (1, axis)), 0, axis
            )
        return bend

    def near(self, value: float, spread: float) -> float:
        return float(value + self.rng.uniform(-spread, spread))

    def place(self, z: float, y: float, x: float, spread: float = 6) -> Triple:
        return self.near(z, spread), self.near(y, spread), self.near(x, spread)

    def ellipsoid(self, centre: Triple, radii: Triple, tilt: float = 0.0) -> Mask:
        """Ellipsoid, turned by ``tilt`` degrees about the z axis."""
        window = self._window(centre, max(radii))
        dz, dy, dx = (axis[window] - at for axis, at in zip(self.axes, centre, strict=True))
        cosine, sine = np.cos(np.radians(tilt)), np.sin(np.radians(tilt))
        along_y, along_x = cosine * dy - sine * dx, sine * dy + cosine * dx
        distance = (dz / radii[0]) ** 2 + (along_y / radii[1]) ** 2 + (along_x / radii[2]) ** 2
        mask = np.zeros(self.shape, dtype=bool)
        mask[window] = distance < 1
        return mask

    def tube(self, path: list[Triple], radii: list[float], smoothness: int = 24) -> Mask:
        """Union of balls along a curve through the points of ``path``."""
        knots = np.linspace(0, 1, len(path))
        steps = np.linspace(0, 1, smoothness)
        centres = np.stack(
            [ndimage.gaussian_filter1d(np.interp(steps, knots, c), 1.5) for c in zip(*path)], axis=1
        )
        mask = np.zeros(self.shape, dtype=bool)
        for centre, radius in zip(centres, np.interp(steps, knots, radii), strict=True):
            window = self._window(centre, radius)
            squares = ((axis[window] - at) ** 2 for axis, at in zip(self.axes, centre, strict=True))
            mask[window] |= sum(squares) < radius**2
        return mask

    def _window(self, centre: Triple, reach: float) -> tuple[slice, ...]:
        """Voxels that may lie within ``reach`` of a point, displacement included."""
        window = []
        for middle, step, size in zip(centre, self.spacing, self.shape, strict=True):
            at = middle * self.size / step + (size - 1) / 2
            margin = (reach * self.size + 30) / step
            window.append(slice(max(0, int(at - margin)), max(0, int(at + margin) + 2)))
        return tuple(window)

    def paint(self, mask: Mask, hu: float, label: int = 0) -> None:
        self.hu[mask] = hu
        self.labels[mask] = label

    def draw(self) -> None:
        cavity = self._draw_trunk()
        self._draw_bowel(cavity)
        self._draw_vessels()
        self._draw_stomach(cavity)
        self._draw_organs(cavity)
        self._draw_chest(cavity)
        self._draw_bones()

    def _draw_trunk(self) -> Mask:
        """Skin, muscle and visceral fat; gives back the abdominal cavity."""
        wide, deep = self.near(165, 12), self.near(112, 10)
        fat = self.near(14, 7)
        outline = (self.x / wide) ** 2 + (self.y / deep) ** 2
        muscle = (self.x / (wide - fat)) ** 2 + (self.y / (deep - fat)) ** 2
        wall = fat + 13
        cavity = (self.x / (wide - wall)) ** 2 + (self.y / (deep - wall)) ** 2 < 1
        self.paint(outline < 1, -100)
        self.paint(muscle < 1, self.near(55, 8))
        self.paint(cavity, self.near(-95, 10))
        return np.asarray(cavity)

    def _draw_bowel(self, cavity: Mask) -> None:
        for _ in range(16):
            start = self.place(-90, -25, 0, 55)
            loop = [start]
            for _ in range(3):
                loop.append(tuple(self.near(c, 38) for c in loop[-1]))  # type: ignore[arg-type]
            radius = self.near(13, 3)
            wall = self.tube(loop, [radius] * 4) & cavity
            self.paint(wall, self.near(45, 15))
            gas = self.rng.random() < 0.3
            inside = self.tube(loop, [radius - 4] * 4) & cavity
            self.paint(inside, -800 if gas else self.near(25, 20))

    def _draw_vessels(self) -> None:
        for x, radius, hu in ((9, 10, self.blood), (-17, 11, self.blood - 20)):
            course = (self.x - self.near(x, 3)) ** 2 + (self.y - self.near(27, 3)) ** 2
            self.paint(np.asarray(course < self.near(radius, 1.5) ** 2), hu)

    def _draw_stomach(self, cavity: Mask) -> None:
        centre = self.place(62, -42, 62, 8)
        radii = (self.near(50, 8), self.near(32, 6), self.near(40, 6))
        thin = (radii[0] - 5, radii[1] - 5, radii[2] - 5)
        self.paint(self.ellipsoid(centre, radii) & cavity, self.near(60, 10))
        lumen = self.ellipsoid(centre, thin) & cavity
        self.paint(lumen, self.near(15, 15))
        self.paint(lumen & (self.y < centre[1] - self.near(12, 8)), -850)

    def _draw_organs(self, cavity: Mask) -> None:
        head = self.place(2, 2, -34, 5)
        pancreas = self.tube(
            [head, self.place(16, -10, 0, 4), self.place(26, 4, 38, 4), self.place(42, 26, 78, 5)],
            [self.near(16, 2), self.near(12, 1.5), self.near(11, 1.5), self.near(10, 1.5)],
        )
        self.paint(pancreas & cavity, self.near(85, 10), PANCREAS)

        right_lobe = self.ellipsoid(
            self.place(42, -14, -76, 5), (self.near(82, 8), self.near(66, 6), self.near(66, 6))
        )
        left_lobe = self.ellipsoid(
            self.place(62, -46, -8, 6), (self.near(38, 6), self.near(34, 5), self.near(62, 8)), 12
        )
        self.paint((right_lobe | left_lobe) & cavity, self.near(112, 12), LIVER)
        gallbladder = self.ellipsoid(self.place(0, -42, -42, 5), (22, 12, 11))
        self.paint(gallbladder & cavity, self.near(10, 6))

        spleen = self.ellipsoid(
            self.place(58, 42, 104, 5),
            (self.near(52, 8), self.near(44, 6), self.near(24, 4)),
            self.near(28, 10),
        )
        self.paint(spleen & cavity, self.near(128, 12), SPLEEN)

        cortex = self.near(185, 20)
        for z, y, x in ((-30, 54, -66), (-6, 50, 66)):
            centre = self.place(z, y, x, 6)
            radii = (self.near(52, 6), self.near(26, 3), self.near(27, 3))
            self.paint(self.ellipsoid(centre, radii) & cavity, cortex, KIDNEY)
            medial = (centre[0], centre[1] - 4, centre[2] - np.sign(x) * 18)
            sinus = (self.near(20, 4), self.near(8, 2), self.near(14, 2))
            self.paint(self.ellipsoid(medial, sinus), -70)

    def _draw_chest(self, cavity: Mask) -> None:
        """Lungs and heart above a domed diaphragm."""
        dome = self.near(112, 8) - 55 * ((self.x / 150) ** 2 + (self.y / 100) ** 2)
        chest = cavity & (self.z > dome)
        self.paint(chest, self.near(-860, 30))
        mediastinum = chest & (np.abs(self.x - 5) < 32)
        self.paint(mediastinum, 40)
        heart = self.ellipsoid((self.near(152, 6), -35, 28), (42, 48, 58), 20)
        self.paint(heart & chest, self.blood - 25)
        aorta = (self.x - 14) ** 2 + (self.y - 32) ** 2 < 144
        self.paint(aorta & chest, self.blood)

    def _draw_bones(self) -> None:
        behind = self.y - self.near(58, 3)
        disc = np.abs((self.z / 34) % 1 - 0.5) > 0.42
        body = self.x**2 / 24**2 + behind**2 / 19**2
        self.paint(body < 1, 380)
        self.paint(body < 0.75, 190)
        self.paint((body < 1) & disc, 80)
        canal = self.x**2 + (behind - 28) ** 2
        self.paint(np.asarray(canal < 13**2), 300)
        self.paint(np.asarray(canal < 9**2), 30)
        process = (np.abs(self.x) < 4) & (behind > 38) & (behind < 58)
        self.paint(process & ~disc & (self.hu > -300), 420)

        wall = np.sqrt((self.x / 142) ** 2 + (self.y / 90) ** 2)
        course = ((self.z + 0.45 * self.y) / 27) % 1
        ribs = (np.abs(wall - 1) < 0.045) & (course < 0.4) & (self.z > 5 - 0.5 * self.y)
        self.paint(ribs & (self.hu > -300) & (self.labels == 0), self.near(480, 60))

    def scan(self) -> NDArray[np.int16]:
        """Blur and noise of a scanner, in whole Hounsfield units."""
        blurred = ndimage.gaussian_filter(self.hu, [1.2 / step for step in self.spacing])
        grain = self.rng.normal(0, self.noise, self.shape).astype(np.float32)
        noisy: Points = np.rint(blurred + grain)
        return np.clip(noisy, -1024, 3071).astype(np.int16)
