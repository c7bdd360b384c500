"""Logits that outlive a segmentation, so that corrections can go by them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from math import ceil, prod
from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from napari_abdoseg.anatomy.box import Box
from napari_abdoseg.errors import AbdosegError
from napari_abdoseg.image.grid import Grid
from napari_abdoseg.inference.export.label_map import is_usual
from napari_abdoseg.inference.export.merging import merge_classes
from napari_abdoseg.inference.export.scan_axes import Neighbours, inner_axes
from napari_abdoseg.inference.network.class_map import map_winners
from napari_abdoseg.inference.network.prediction import PredictionOnScan
from napari_abdoseg.inference.preprocessing.axis_order import screen_axes
from napari_abdoseg.logits.along import Along
from napari_abdoseg.logits.kept import Contested, KeptLogits

if TYPE_CHECKING:
    import torch

Value = TypeVar("Value")

MARGIN_MM = 20.0
"""Around the organs: a hint can let them grow so far."""
FINEST_MM = 1.6
"""Voxels that are together no longer than that along an axis become one, their mean."""
MOST_BYTES = 1 << 29
"""Of logits in memory."""
NO_ORGAN = "no organ was found"

ScreenAxes = Sequence[tuple[int, bool]]
"""The networks' axis along each axis (z, y, x) of the screen, and whether it is turned."""


class NoLogitsError(AbdosegError):
    """Logits of a scan can't be kept."""

    def __init__(self, reason: str) -> None:
        super().__init__(f"No logits are kept for hints: {reason}.")


def kept_logits(predictions: Sequence[PredictionOnScan], grid: Grid) -> KeptLogits:
    """Logits around the organs that an ensemble has found, at its spacing or `FINEST_MM`.

    Parameters
    ----------
    predictions : sequence of PredictionOnScan
        One a configuration.
    grid : Grid
        Of the scan.

    Raises
    ------
    NoLogitsError
        There is no organ; several configurations have worked, whose logits lie on grids of their
        own; the model resamples or labels in a way of its own; or they would take more than
        `MOST_BYTES`.
    """
    if not predictions:
        raise NoLogitsError(NO_ORGAN)
    if len(predictions) > 1:
        raise NoLogitsError("each configuration that was averaged has its own")
    (on_scan,) = predictions
    if not is_usual(on_scan.trained):
        raise NoLogitsError("the model resamples or labels in a way of its own")
    trained, prediction = on_scan.trained, on_scan.prediction
    regions = trained.model.described.has_regions
    winners = map_winners(prediction.logits, regions)
    spacing = trained.image_spacing(on_scan.crop.spacing)
    joined = [
        min(max(1, int(FINEST_MM // step)), size)
        for step, size in zip(spacing, winners.shape, strict=True)
    ]
    around = _around_organs(winners, spacing, joined)
    if around is None:
        raise NoLogitsError(NO_ORGAN)
    if _bytes(len(trained.class_values), around, joined) > MOST_BYTES:
        raise NoLogitsError(f"they would take more than {MOST_BYTES >> 20} MB")
    screen = screen_axes(grid, trained)
    turned = [axis for axis, (_, turned) in enumerate(screen, start=1) if turned]
    order = [0, *(axis + 1 for axis, _ in screen)]

    def on_screen(of_classes: torch.Tensor) -> NDArray[Any]:
        return np.ascontiguousarray(of_classes.permute(order).flip(turned).numpy())

    middles = tuple(
        slice(part.start + count // 2, part.stop, count)
        for part, count in zip(around, joined, strict=True)
    )
    found, *of_folds = (
        on_screen(merge_classes(each[middles], trained)[None])[0]
        for each in (winners, *prediction.fold_winners)
    )
    extents, axes = zip(*_between(on_scan, around), strict=True)
    return KeptLogits(
        on_screen(_means(scores(prediction.logits[(slice(None), *around)], regions), joined)),
        tuple(trained.model.merged_values.get(value, value) for value in trained.class_values),
        _three(spacing[axis] * joined[axis] for axis, _ in screen),
        _box(extents, screen, on_scan.crop.scan_shape),
        _three(
            _along(axes[axis], around[axis], turned).joined(joined[axis]) for axis, turned in screen
        ),
        _contested(found, of_folds),
    )


def scores(logits: torch.Tensor, regions: bool) -> torch.Tensor:
    """Logits of which the largest wins, background's first, shape (class, z, y, x).

    Those of regions that may overlap, the last likely one of which wins, become those of classes:
    a region wins where it is likely and none that comes later is.
    """
    import torch

    if not regions:
        return logits
    least_unlikely = torch.full_like(logits[0], torch.inf)
    classes = []
    for region in reversed(logits):
        classes.append(torch.minimum(region, least_unlikely))
        least_unlikely = torch.minimum(least_unlikely, -region)
    return torch.stack([least_unlikely, *reversed(classes)])


def _means(logits: torch.Tensor, joined: Sequence[int]) -> torch.Tensor:
    """Of so many voxels along each axis."""
    import torch

    if max(joined) == 1:
        return logits
    pooled = (torch.nn.functional.avg_pool3d(each[None].float(), [*joined])[0] for each in logits)
    return torch.stack([each.half() for each in pooled])


def _around_organs(
    winners: torch.Tensor, spacing: Sequence[float], joined: Sequence[int]
) -> tuple[slice, ...] | None:
    """Where organs are, with a margin, in whole groups of voxels; None where there is none."""
    around = []
    for axis, (size, step, count) in enumerate(zip(winners.shape, spacing, joined, strict=True)):
        others = [other for other in range(winners.ndim) if other != axis]
        there = winners.amax(others).nonzero().flatten().tolist()
        if not there:
            return None
        margin = ceil(MARGIN_MM / step)
        start, stop = max(there[0] - margin, 0), min(there[-1] + 1 + margin, size)
        around.append(slice(start, start + max(1, (stop - start) // count) * count))
    return tuple(around)


def _bytes(classes: int, around: Sequence[slice], joined: Sequence[int]) -> int:
    sizes = ((each.stop - each.start) // n for each, n in zip(around, joined, strict=True))
    return 2 * classes * int(prod(sizes))


def _between(
    on_scan: PredictionOnScan, around: Sequence[slice]
) -> Iterator[tuple[slice, Neighbours]]:
    """The scan's voxels between those of a part, and how they lie, along the networks' axes."""
    for (inside, axis), part in zip(inner_axes(on_scan), around, strict=True):
        new, neighbours = axis.among(part.start, part.stop)
        yield slice(inside.start + new.start, inside.start + new.stop), neighbours


def _box(extents: Sequence[slice], screen: ScreenAxes, scan_shape: Sequence[int]) -> Box:
    starts, stops = [], []
    for axis, turned in screen:
        extent, size = extents[axis], scan_shape[axis]
        starts.append(size - extent.stop if turned else extent.start)
        stops.append(size - extent.start if turned else extent.stop)
    return Box(_three(starts), _three(stops))


def _along(axis: Neighbours, part: slice, turned: bool) -> Along:
    lower, upper, weight = axis.lower.numpy(), axis.upper.numpy(), axis.weight.numpy()
    if not turned:
        return Along(lower, upper, weight)
    last = part.stop - part.start - 1
    rest = np.where(weight > 0, 1 - weight, weight)
    return Along(last - upper[::-1], last - lower[::-1], rest[::-1])


def _contested(found: NDArray[Any], of_folds: Sequence[NDArray[Any]]) -> Contested:
    """Where some fold does not find what all of them do."""
    dissenting = np.zeros(found.shape, bool)
    for fold in of_folds:
        dissenting |= fold != found
    places = np.flatnonzero(dissenting).astype(np.uint32)
    kind = np.uint8 if max(each.max(initial=0) for each in (found, *of_folds)) < 256 else np.uint16
    answers: NDArray[Any] = np.stack([fold.ravel()[places] for fold in of_folds]).astype(kind)
    return Contested(places, answers)


def _three(values: Iterable[Value]) -> tuple[Value, Value, Value]:
    z, y, x = values
    return z, y, x
