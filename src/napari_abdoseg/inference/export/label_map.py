"""Labels on a scan's grid from logits at the networks' spacing, as nnU-Net exports them.

nnU-Net resamples the logits of all classes to the scan and compares them there; those of
several configurations become probabilities first, whose mean is compared. But where one
class wins at all corners around a voxel in every prediction, it wins there, and only the
voxels along the organs' surfaces need to be interpolated. They are, layer by layer within
the box of all organs, and full-size logits never exist. Values are rounded to half
precision as nnU-Net rounds them, so that ties fall the same way.

Models with another resampling or other labels than nnU-Net's usual get nnU-Net's export.

Isensee, F., Jaeger, P. F., Kohl, S. A. A., Petersen, J., & Maier-Hein, K. H.
(2021). nnU-Net. Nature Methods, 18(2), 203-211.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import reduce
from typing import Any

import numpy as np
from numpy.typing import NDArray

from napari_abdoseg.image.grid import Grid
from napari_abdoseg.inference.export.interpolation import Interpolation
from napari_abdoseg.inference.export.nnunet_export import labels_by_nnunet
from napari_abdoseg.inference.export.scan_axes import shared_layers
from napari_abdoseg.inference.model.trained_configuration import TrainedConfiguration
from napari_abdoseg.inference.model.trusted_names import USUAL_NAMES, USUAL_RESAMPLING
from napari_abdoseg.inference.network.class_map import find_common_winners
from napari_abdoseg.inference.network.prediction import PredictionOnScan
from napari_abdoseg.inference.preprocessing.axis_order import from_network_order
from napari_abdoseg.progress import Progress, Work

STAGE = "Resampling to the scan"
LINEAR = {"is_seg": False, "order": 1, "order_z": 0, "force_separate_z": None}
"""What nnU-Net's planner asks of the resampling of logits."""
VALUES_AT_ONCE = 2**21
"""Logits that are interpolated together."""

Labels = NDArray[np.unsignedinteger[Any]]


def labelling(predictions: Sequence[PredictionOnScan], grid: Grid) -> Work[Labels]:
    """Labels of a scan.

    Parameters
    ----------
    predictions : sequence of PredictionOnScan
        Of one or several configurations with the same labels.
    grid : Grid
        Of the scan.

    Yields
    ------
    Progress
        After each layer, so that the work can be cancelled.

    Returns
    -------
    ndarray of uint8 or uint16, shape (z, y, x)
        On the grid, as it is shown; but for about one in a million voxels what nnU-Net's
        ``convert_predicted_logits_to_segmentation_with_correct_shape`` gives for one
        prediction, and ``nnUNetv2_ensemble`` for several.
    """
    yield Progress(STAGE, 0, 1)
    if not all(is_usual(on_scan.trained) for on_scan in predictions):
        return labels_by_nnunet(predictions, grid)
    trained, crop = predictions[0].trained, predictions[0].crop
    described = trained.model.described
    dtype = np.uint8 if len(described.foreground_labels) < 255 else np.uint16
    values: Labels = np.array(trained.class_values, dtype)
    labels: Labels = np.zeros(crop.scan_shape, dtype)
    interpolations = [Interpolation.of(on_scan, grid, trained) for on_scan in predictions]
    yield from _fill(labels[crop.box], interpolations, values, described.has_regions)
    return from_network_order(
        labels.transpose(trained.model.planned.transpose_backward), grid, trained
    )


def is_usual(trained: TrainedConfiguration) -> bool:
    """Whether a model resamples logits and labels voxels as nnU-Net plans it."""
    _, _, resampling = trained.planned.resamplings
    usual_labels = trained.model.planned.label_manager in USUAL_NAMES["label manager"]
    return resampling == (USUAL_RESAMPLING, LINEAR) and usual_labels


def _fill(
    labels: Labels, interpolations: Sequence[Interpolation], values: Labels, regions: bool
) -> Work[None]:
    """Write the labels of all that is not background, layer by layer along the first axis."""
    import torch

    box = _joint_box([interpolation.organ_box() for interpolation in interpolations])
    inside, parts = labels[box], [interpolation.part(box) for interpolation in interpolations]
    at_once = max(1, VALUES_AT_ONCE // sum(len(part.logits) for part in parts))
    weights = [part.axes[0].weight for part in parts]
    for layer, planes in shared_layers([part.axes[0] for part in parts]):
        yield Progress(STAGE, planes.start, len(inside))
        extremes = (part.extreme_winners(ends) for part, ends in zip(parts, layer, strict=True))
        leasts, mosts = zip(*extremes, strict=True)
        least, most = reduce(torch.minimum, leasts), reduce(torch.maximum, mosts)
        inside[planes.start : planes.stop] = values[least]
        for voxels in torch.split((least != most).nonzero(), at_once):
            planes_of_logits = [
                part.on_planes(ends, voxels) for part, ends in zip(parts, layer, strict=True)
            ]
            rows, columns = voxels.T.numpy()
            for plane in planes:
                between = [
                    torch.lerp(below, above, weight[plane]).half()
                    for (below, above), weight in zip(planes_of_logits, weights, strict=True)
                ]
                inside[plane, rows, columns] = values[find_common_winners(between, regions)]


def _joint_box(boxes: Sequence[Sequence[slice]]) -> tuple[slice, ...]:
    """The smallest box that holds all of some boxes."""
    return tuple(
        slice(min(part.start for part in parts), max(part.stop for part in parts))
        for parts in zip(*boxes, strict=True)
    )
