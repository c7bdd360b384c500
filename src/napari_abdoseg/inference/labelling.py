"""Labels on a scan's grid from logits at the network's spacing, as nnU-Net exports them.

nnU-Net resamples the logits of all classes to the scan and compares them there. But a
linearly interpolated value lies between those of its corners: where one class wins at all
corners it wins in between, whatever the weights, and only the voxels along the organs'
surfaces need to be interpolated. They are, layer by layer within the box of all organs,
and full-size logits never exist. Values are rounded to half precision as nnU-Net rounds
them, so that ties fall the same way.

Models with another resampling or other labels than nnU-Net's usual get nnU-Net's export.

Isensee, F., Jaeger, P. F., Kohl, S. A. A., Petersen, J., & Maier-Hein, K. H.
(2021). nnU-Net. Nature Methods, 18(2), 203-211.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from napari_abdoseg.inference.prediction import Prediction
from napari_abdoseg.inference.preprocessing import Properties
from napari_abdoseg.inference.scan_axes import Neighbours, scan_axes
from napari_abdoseg.inference.trained_configuration import TrainedConfiguration
from napari_abdoseg.inference.winners import find_winners, map_winners
from napari_abdoseg.progress import Progress, Work

if TYPE_CHECKING:
    import torch


STAGE = "Resampling to the scan"
LINEAR = {"is_seg": False, "order": 1, "order_z": 0, "force_separate_z": None}
"""What nnU-Net's planner asks of the resampling of logits."""
VALUES_AT_ONCE = 2**21
"""Logits that are interpolated together."""


def labelling(
    prediction: Prediction, properties: Properties
) -> Work[NDArray[np.unsignedinteger[Any]]]:
    """Labels of a scan.

    Parameters
    ----------
    prediction : Prediction
    properties : dict
        What preprocessing said of the scan.

    Yields
    ------
    Progress
        After each layer, so that the work can be cancelled.

    Returns
    -------
    ndarray of uint8 or uint16, shape (z, y, x)
        On the scan's grid, in the axis order of the model's reader; but for about one
        in a million voxels what nnU-Net's
        ``convert_predicted_logits_to_segmentation_with_correct_shape`` gives.
    """
    yield Progress(STAGE, 1, 1)
    trained, logits = prediction.trained, prediction.logits
    if not _is_usual(trained):
        return _by_nnunet(prediction, properties)
    manager = trained.label_manager
    order = manager.regions_class_order if manager.has_regions else range(1, len(logits))
    dtype = np.uint8 if len(manager.foreground_labels) < 255 else np.uint16
    values: NDArray[np.unsignedinteger[Any]] = np.array([0, *order], dtype)
    labels: NDArray[np.unsignedinteger[Any]] = np.zeros(properties["shape_before_cropping"], dtype)
    box = properties["bbox_used_for_cropping"]
    cropped = labels[tuple(slice(*extent) for extent in box)]
    yield from _fill(
        cropped, logits, scan_axes(prediction, properties), values, manager.has_regions
    )
    return labels.transpose(trained.plans.transpose_backward)


def _is_usual(trained: TrainedConfiguration) -> bool:
    from nnunetv2.preprocessing.resampling.default_resampling import resample_data_or_seg_to_shape
    from nnunetv2.utilities.label_handling.label_handling import LabelManager

    resampling = trained.configured.resampling_fn_probabilities
    return (
        resampling.func is resample_data_or_seg_to_shape
        and resampling.keywords == LINEAR
        and type(trained.label_manager) is LabelManager
    )


def _by_nnunet(prediction: Prediction, properties: Properties) -> NDArray[np.unsignedinteger[Any]]:
    from nnunetv2.inference.export_prediction import (
        convert_predicted_logits_to_segmentation_with_correct_shape as labels_of_logits,
    )

    trained = prediction.trained
    found = labels_of_logits(
        prediction.whole_logits(),
        trained.plans,
        trained.configured,
        trained.label_manager,
        properties,
    )
    return np.asarray(found)


def _fill(
    labels: NDArray[np.unsignedinteger[Any]],
    logits: torch.Tensor,
    axes: Sequence[Neighbours],
    values: NDArray[np.unsignedinteger[Any]],
    regions: bool,
) -> Work[None]:
    """Write the labels of all that is not background, layer by layer along the first axis."""
    import torch

    winners = map_winners(logits, regions)
    box = _grown_box(winners)
    news, (along_z, *in_plane) = zip(
        *(axis.among(part.start, part.stop) for axis, part in zip(axes, box, strict=True)),
        strict=True,
    )
    inside, winners, logits = labels[news], winners[box], logits[(slice(None), *box)]
    for lower, upper, planes in along_z.layers():
        yield Progress(STAGE, 1, 1)
        ends = winners[lower], winners[upper]
        least = _over_corners(torch.minimum(*ends), in_plane, torch.minimum)
        most = _over_corners(torch.maximum(*ends), in_plane, torch.maximum)
        inside[planes.start : planes.stop] = values[least]
        undecided = (least != most).nonzero()
        for voxels in torch.split(undecided, max(1, VALUES_AT_ONCE // len(logits))):
            below, above = (
                _interpolate(logits[:, end].float(), in_plane, voxels) for end in (lower, upper)
            )
            rows, columns = voxels.T.numpy()
            for plane in planes:
                between = torch.lerp(below, above, along_z.weight[plane]).half()
                inside[plane, rows, columns] = values[find_winners(between, regions)]


def _grown_box(winners: torch.Tensor) -> tuple[slice, ...]:
    """Box of all that is not background, and one voxel around it."""
    box = []
    for axis, size in enumerate(winners.shape):
        others = [other for other in range(winners.ndim) if other != axis]
        places = winners.amax(others).nonzero().flatten().tolist() or [0]
        box.append(slice(max(places[0] - 1, 0), min(places[-1] + 2, size)))
    return tuple(box)


def _over_corners(plane: torch.Tensor, axes: Sequence[Neighbours], extreme: Any) -> torch.Tensor:
    """Least or largest number at the four corners around each new voxel of a plane."""
    for number, axis in enumerate(axes):
        ends = (plane.index_select(number, end) for end in (axis.lower, axis.upper))
        plane = extreme(*ends)
    return plane


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
