"""Where bile ducts lie among pancreas and veins: a table that was learned, and how it is read.

The table tells how often a place is the duct in 48 label maps of PANORAMA [1]_, half of
those that there were; `benchmarks/bile_duct.py` makes it. All but the tumours of these maps
were labelled by a network, so it is what is expected, not what is true.

References
----------
.. [1] Alves N, et al. Artificial intelligence and radiologists in pancreatic cancer detection
   using standard of care CT scans (PANORAMA). Lancet Oncology 2026; 27(1): 116-124.
   https://github.com/DIAGNijmegen/panorama_labels
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from importlib.resources import as_file, files
from itertools import product
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from napari_abdoseg.anatomy.bile_duct.landmarks import HEAD_MM

FILE = "expected_place.npz"

END_SHARE = 0.03
"""Of an organ, its end in a direction."""

TOUCHING_MM = 6.0
"""Veins as near as that to the pancreas touch it."""

PLACE_MM, FIRST_MM = 5.0, np.array((-60.0, -50.0, -90.0))
"""Spacing of the table of places, and its first one, in mm along (S, P, L) from the origin."""
PLACES = (25, 19, 27)

BESIDE_MM, DEEPEST_MM = 3.0, -15.0
"""Spacing of the table of distances to pancreas and veins, and its first one."""
DISTANCES = 22

FLIPS = tuple(product((1, -1), repeat=3))
"""A body as it is, and mirrored or turned along its axes."""

Points = NDArray[np.float64]
Scores = NDArray[np.float64]


def landmark_points(pancreas: Points, veins: Points) -> NDArray[np.float64]:
    """Points of the organs that the duct's place is seen from, for each of `FLIPS`.

    Parameters
    ----------
    pancreas, veins : ndarray, shape (n, 3)
        Places of voxels in mm along (S, P, L).

    Returns
    -------
    ndarray, shape (8, 10, 3)
    """
    from scipy.spatial import cKDTree

    touching = cKDTree(pancreas).query(veins, distance_upper_bound=TOUCHING_MM)[0] < TOUCHING_MM
    flipped = (_points(pancreas * flip, veins * flip, touching) for flip in FLIPS)
    return np.stack(list(flipped))


def _points(pancreas: Points, veins: Points, touching: NDArray[np.bool_]) -> Points:
    head = pancreas[pancreas[:, 2] < pancreas[:, 2].min() + HEAD_MM]
    right = veins[veins[:, 2] <= np.median(veins[:, 2])]
    upper = veins[veins[:, 0] >= np.median(veins[:, 0])]
    return np.stack(
        [
            head.mean(axis=0),
            _end(pancreas, (-1, 0, -0.5)),
            _end(pancreas, (0, 0, -1)),
            pancreas.mean(axis=0),
            right.mean(axis=0),
            upper.mean(axis=0),
            veins[touching].mean(axis=0) if touching.any() else veins.mean(axis=0),
            veins.mean(axis=0),
            _end(veins, (0, 0, 1)),
            _end(veins, (1, 0, -1)),
        ]
    )


def _end(points: Points, direction: tuple[float, float, float]) -> Points:
    along = points @ np.array(direction)
    return np.asarray(points[along >= np.quantile(along, 1 - END_SHARE)].mean(axis=0))


@dataclass(frozen=True, eq=False)
class ExpectedPlace:
    """What was learned of where the duct lies.

    Parameters
    ----------
    points : ndarray, shape (10, 3)
        Landmark points of a usual body in mm along (S, P, L), seen from the origin of the places.
    precision : ndarray, shape (30, 30)
        Inverse of how these points vary together.
    strangest : float
        Farthest that the points of a body were from the usual ones.
    places : ndarray, shape `PLACES`
        Logarithm of how often a place is the duct.
    beside : ndarray, shape (`DISTANCES`, `DISTANCES`)
        How much more often, by the distances to pancreas and veins; negative inside.
    coverages, thresholds : ndarray, shape (n,)
        Share of a duct that lies, on average, where the score is at least the threshold.
    """

    points: NDArray[Any]
    precision: NDArray[Any]
    strangest: float
    places: NDArray[Any]
    beside: NDArray[Any]
    coverages: NDArray[Any]
    thresholds: NDArray[Any]

    def strangeness(self, points: Points) -> NDArray[np.float64]:
        """How far landmark points are from those of a usual body, for each of `FLIPS`."""
        away = points - self.points
        away = (away - away.mean(axis=1, keepdims=True)).reshape(len(points), -1)
        return np.asarray(np.sqrt(np.einsum("ni,ij,nj->n", away, self.precision, away)))

    def origin(self, points: Points) -> Points:
        """Where the table of places has its origin, in mm; from points as they are."""
        return np.asarray(np.median(points[0] - self.points, axis=0))

    def scores(self, offsets: Points, to_pancreas: Scores, to_veins: Scores) -> Scores:
        """Logarithm of how often a place is the duct.

        Parameters
        ----------
        offsets : ndarray, shape (n, 3)
            mm from the origin along (S, P, L).
        to_pancreas, to_veins : ndarray, shape (n,)
            Distances in mm, negative inside.
        """
        place = (offsets - FIRST_MM) / PLACE_MM
        beside = (np.stack([to_pancreas, to_veins], axis=1) - DEEPEST_MM) / BESIDE_MM
        return _read(self.places, place) + _read(self.beside, beside)

    def threshold(self, coverage: float) -> float:
        """Score of a region that holds a share of the duct.

        Raises
        ------
        ValueError
            It was not measured for that share.
        """
        found = self.thresholds[np.isclose(self.coverages, coverage)]
        if not len(found):
            shares = ", ".join(f"{share:g}" for share in self.coverages)
            raise ValueError(f"The share of the duct is one of {shares}, not {coverage:g}.")
        return float(found[0])


def _read(table: NDArray[Any], at: Points) -> Scores:
    """Values of a table between its entries; beyond its edge those of the edge."""
    return np.asarray(ndimage.map_coordinates(table.astype(float), at.T, order=1, mode="nearest"))


@cache
def load_expected_place() -> ExpectedPlace:
    """The table of the package."""
    with as_file(files(__package__) / FILE) as path, np.load(path) as stored:
        content = {name: stored[name] for name in stored.files}
    return ExpectedPlace(**(content | {"strangest": float(content["strangest"])}))
