"""A prediction's logits between its own voxels, where those of a scan lie.

A linearly interpolated value lies between those of its corners: where one class wins at
all corners it wins in between, whatever the weights.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from napari_abdoseg.image.grid import Grid
from napari_abdoseg.inference.export.scan_axes import Neighbours, scan_axes
from napari_abdoseg.inference.model.trained_configuration import TrainedConfiguration
from napari_abdoseg.inference.network.class_map import map_winners
from napari_abdoseg.inference.network.prediction import PredictionOnScan
from napari_abdoseg.inference.preprocessing.axis_order import screen_axes

if TYPE_CHECKING:
    import torch

Ends = tuple[int, int]
"""Numbers of the planes below and above."""


@dataclass(frozen=True, eq=False)
class Interpolation:
    """Logits, and where a scan's voxels lie between them.

    Parameters
    ----------
    logits : Tensor of float16, shape (class, z, y, x)
    winners : Tensor, shape (z, y, x)
        See `find_winners`.
    axes : sequence of Neighbours
        Along z, y and x.
    """

    logits: torch.Tensor
    winners: torch.Tensor
    axes: Sequence[Neighbours]

    @classmethod
    def of(
        cls, on_scan: PredictionOnScan, grid: Grid, order: TrainedConfiguration
    ) -> Interpolation:
        """Of a prediction, in the axis order of some configuration's networks."""
        logits, trained = on_scan.prediction.logits, on_scan.trained
        winners = map_winners(logits, trained.model.described.has_regions)
        axes = scan_axes(on_scan)
        both = zip(screen_axes(grid, order), screen_axes(grid, trained), strict=True)
        own = [(axis, turned != wanted) for (_, wanted), (axis, turned) in sorted(both)]
        return cls(
            logits.permute(0, *(axis + 1 for axis, _ in own)),
            winners.permute([axis for axis, _ in own]),
            [axes[axis].turned() if turned else axes[axis] for axis, turned in own],
        )

    def organ_box(self) -> list[slice]:
        """The scan's voxels, along each axis, beyond which all is background."""
        return [
            axis.among(part.start, part.stop)[0]
            for axis, part in zip(self.axes, _grown_box(self.winners), strict=True)
        ]

    def part(self, box: Sequence[slice]) -> Interpolation:
        """Of some of the scan's voxels alone."""
        parts = (axis.part(new) for axis, new in zip(self.axes, box, strict=True))
        old, axes = zip(*parts, strict=True)
        return Interpolation(self.logits[(slice(None), *old)], self.winners[old], axes)

    def extreme_winners(self, ends: Ends) -> tuple[torch.Tensor, torch.Tensor]:
        """Least and largest winner at the corners around each voxel between two planes.

        Returns
        -------
        tuple of Tensor, shape (new y, new x)
        """
        import torch

        return tuple(  # type: ignore[return-value]
            self._over_corners(extreme(*(self.winners[end] for end in ends)), extreme)
            for extreme in (torch.minimum, torch.maximum)
        )

    def on_planes(self, ends: Ends, voxels: torch.Tensor) -> list[torch.Tensor]:
        """Logits at some voxels, on the planes below and above.

        Parameters
        ----------
        ends : tuple of int
        voxels : Tensor of int64, shape (count, 2)
            y and x of the scan's.

        Returns
        -------
        list of Tensor of float32, shape (class, count)
        """
        return [_interpolate(self.logits[:, end].float(), self.axes[1:], voxels) for end in ends]

    def _over_corners(self, plane: torch.Tensor, extreme: Any) -> torch.Tensor:
        for number, axis in enumerate(self.axes[1:]):
            ends = (plane.index_select(number, end) for end in (axis.lower, axis.upper))
            plane = extreme(*ends)
        return plane


def _grown_box(winners: torch.Tensor) -> list[slice]:
    """Box of all that is not background, and one voxel around it."""
    box = []
    for axis, size in enumerate(winners.shape):
        others = [other for other in range(winners.ndim) if other != axis]
        places = winners.amax(others).nonzero().flatten().tolist() or [0]
        box.append(slice(max(places[0] - 1, 0), min(places[-1] + 2, size)))
    return box


def _interpolate(
    plane: torch.Tensor, axes: Sequence[Neighbours], voxels: torch.Tensor
) -> torch.Tensor:
    """Values of a plane at new voxels.

    Parameters
    ----------
    plane : Tensor of float32, shape (class, y, x)
    axes : sequence of Neighbours
        Along y and x.
    voxels : Tensor of int64, shape (count, 2)

    Returns
    -------
    Tensor of float32, shape (class, count)
    """
    import torch

    flat, width = plane.flatten(1), plane.shape[2]
    rows, columns = voxels.T
    along_y, along_x = axes
    left, right, across = (part[columns] for part in (along_x.lower, along_x.upper, along_x.weight))
    near, far = (
        torch.lerp(
            flat.index_select(1, row * width + left),
            flat.index_select(1, row * width + right),
            across,
        )
        for row in (along_y.lower[rows], along_y.upper[rows])
    )
    return torch.lerp(near, far, along_y.weight[rows])
