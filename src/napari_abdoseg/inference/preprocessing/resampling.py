"""Scans on another grid, as nnU-Net resamples them, by products with small matrices.

nnU-Net calls scikit-image's `resize`, whose splines are SciPy's and separable: along each axis
they are a matrix, and the identity resampled is that matrix. Far from its diagonal
it is zero for all practical purposes, so it is applied block by block. A scan goes
through in slabs, so that no more of it than a slab is in memory in full size.

Where slices are much thicker than their pixels, nnU-Net resamples slice by slice and
takes the nearest slice: one of the matrices then holds a single one a row.

Isensee, F., Jaeger, P. F., Kohl, S. A. A., Petersen, J., & Maier-Hein, K. H.
(2021). nnU-Net. Nature Methods, 18(2), 203-211.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    import torch

NEGLIGIBLE = 1e-8
"""Weights below this are left out; those of a cubic spline are within some 15 voxels."""
ROUNDING = 4e-6
"""Values this near to the lowest are the lowest: air stays one value, as it was."""
BLOCK = 48
"""Rows of a matrix that are applied together."""
ANISOTROPY = 3
"""nnU-Net's ``ANISO_THRESHOLD``: how much longer than wide voxels may be."""


@dataclass(frozen=True, eq=False)
class AxisOperator:
    """What resampling does along one axis.

    Parameters
    ----------
    matrix : Tensor of float32, shape (new size, old size)
    """

    matrix: torch.Tensor

    @property
    def changes_nothing(self) -> bool:
        """Whether sizes are equal, and the matrix is the identity."""
        return self.matrix.shape[0] == self.matrix.shape[1]

    @cached_property
    def blocks(self) -> list[tuple[int, int, torch.Tensor]]:
        """First row, first column and weights of dense blocks, which hold all that is not zero."""
        found = []
        for row in range(0, len(self.matrix), BLOCK):
            rows = self.matrix[row : row + BLOCK]
            columns = _extent(rows.any(0))
            found.append((row, columns.start, rows[:, columns].contiguous()))
        return found

    def along(self, axis: int, slab: torch.Tensor) -> torch.Tensor:
        """Resample axis 1 or 2 of an array of (z, y, x)."""
        if self.changes_nothing:
            return slab
        shape = list(slab.shape)
        shape[axis] = len(self.matrix)
        resampled = slab.new_empty(shape)
        for row, column, weights in self.blocks:
            near = slab.narrow(axis, column, weights.shape[1])
            part = weights @ near if axis == 1 else near @ weights.T
            resampled.narrow(axis, row, len(weights)).copy_(part)
        return resampled

    def add_slab(self, total: torch.Tensor, slab: torch.Tensor, first: int) -> None:
        """Add to ``total`` what the old slices from ``first`` on contribute along axis 0."""
        weights = self.matrix[:, first : first + len(slab)]
        reached = _extent(weights.any(1))
        total[reached].flatten(1).addmm_(weights[reached], slab.flatten(1))


@dataclass(frozen=True, eq=False)
class Resampling:
    """The way from one shape to another.

    Parameters
    ----------
    operators : sequence of AxisOperator
        Along z, y and x.
    axis_apart : int or None
        Axis along which the nearest slice is taken; each slice then keeps within its
        own range of values, and else the scan within that of the whole.
    """

    operators: Sequence[AxisOperator]
    axis_apart: int | None = None

    @property
    def new_shape(self) -> tuple[int, ...]:
        """Shape (z, y, x) of the result."""
        return tuple(len(operator.matrix) for operator in self.operators)

    def apply(self, slabs: Iterable[NDArray[np.float32]]) -> NDArray[np.float32]:
        """Resample a scan.

        Parameters
        ----------
        slabs : iterable of ndarray, shape (some of z, y, x)
            The scan, slices in their order.

        Returns
        -------
        ndarray, shape (new z, new y, new x)
        """
        import torch

        along_z, along_y, along_x = self.operators
        joined = [axis for axis in range(3) if axis != self.axis_apart]
        in_slice = [axis for axis in joined if axis != 0]
        total = torch.zeros(self.new_shape)
        lows, highs, first = [], [], 0
        for values in slabs:
            slab = torch.from_numpy(values)
            lows.append(slab.amin(in_slice, keepdim=True))
            highs.append(slab.amax(in_slice, keepdim=True))
            along_z.add_slab(total, along_x.along(2, along_y.along(1, slab)), first)
            first += len(slab)
        low = self._of_new_slices(torch.cat(lows).amin(joined, keepdim=True))
        high = self._of_new_slices(torch.cat(highs).amax(joined, keepdim=True))
        for plane, floor, ceiling in zip(
            total, low.expand_as(total), high.expand_as(total), strict=True
        ):
            plane.clamp_(floor, ceiling)
            plane.copy_(torch.where(plane - floor < ROUNDING, floor, plane))
        return np.asarray(total)

    def _of_new_slices(self, values: torch.Tensor) -> torch.Tensor:
        if self.axis_apart is None:
            return values
        nearest = self.operators[self.axis_apart].matrix.argmax(1)
        return values.index_select(self.axis_apart, nearest)


def nnunet_resampling(
    shape: Sequence[int],
    new_shape: Sequence[int],
    spacing: Sequence[float],
    new_spacing: Sequence[float],
    order: int = 3,
) -> Resampling:
    """The resampling that nnU-Net's ``resample_data_or_seg_to_shape`` does of an image.

    Parameters
    ----------
    shape, new_shape : sequence of int
        Of (z, y, x).
    spacing, new_spacing : sequence of float
        mm along (z, y, x).
    order : int, optional
        Of the spline; 3 is cubic, 1 linear.
    """
    axis_apart = find_axis_apart(spacing, new_spacing)
    operators = [
        nearest_operator(old, new) if axis == axis_apart else spline_operator(old, new, order)
        for axis, (old, new) in enumerate(zip(shape, new_shape, strict=True))
    ]
    return Resampling(operators, axis_apart)


def resampled_shape(
    shape: Sequence[int], spacing: Sequence[float], new_spacing: Sequence[float]
) -> list[int]:
    """Size along each axis at another spacing, as nnU-Net's ``compute_new_shape`` gives it."""
    return [
        round(old / new * size) for size, old, new in zip(shape, spacing, new_spacing, strict=True)
    ]


def find_axis_apart(spacing: Sequence[float], new_spacing: Sequence[float]) -> int | None:
    """The axis along which nnU-Net takes nearest slices, as ``determine_do_sep_z_and_axis`` does.

    Parameters
    ----------
    spacing, new_spacing : sequence of float
        mm along (z, y, x). The first counts if its voxels are much longer than wide, else the
        second.

    Returns
    -------
    int or None
        None where neither is, or two axes are the longest.
    """
    for steps in (spacing, new_spacing):
        longest = max(steps)
        if longest / min(steps) > ANISOTROPY:
            axes = [axis for axis, step in enumerate(steps) if longest / step == 1]
            return axes[0] if len(axes) == 1 else None
    return None


def spline_operator(old: int, new: int, order: int) -> AxisOperator:
    """An axis resampled as scikit-image's `resize` does it, values repeated beyond its ends."""
    from scipy.ndimage import zoom

    weights = zoom(np.eye(old), (new / old, 1), order=order, mode="nearest", grid_mode=True)
    return _operator(np.where(np.abs(weights) < NEGLIGIBLE, 0, weights))


def nearest_operator(old: int, new: int) -> AxisOperator:
    """An axis of nearest slices."""
    return _operator(np.eye(old)[nearest_slices(old, new)])


def nearest_slices(old: int, new: int) -> NDArray[np.int64]:
    """The old slice nearest to each new one; of two as near, the one that SciPy's rounding takes.

    Returns
    -------
    ndarray of int64, shape (new,)
    """
    from scipy.ndimage import map_coordinates

    places = old / new * (np.arange(new) + 0.5) - 0.5
    nearest: NDArray[np.int64] = map_coordinates(
        np.arange(old), places[None], order=0, mode="nearest"
    )
    return nearest


def _operator(weights: NDArray[np.float64]) -> AxisOperator:
    import torch

    return AxisOperator(torch.from_numpy(weights.astype(np.float32)))


def _extent(occupied: torch.Tensor) -> slice:
    """From the first to the last that is true."""
    places = occupied.nonzero().flatten().tolist()
    return slice(places[0], places[-1] + 1) if places else slice(0, 0)
