"""Scans as networks see them: cropped, normalised and resampled, as nnU-Net does it.

nnU-Net's own preprocessor serves training too, and is slow and large. Of what it does
to a CT, the same image is made here slab by slab: holes of the non-zero region are not
filled, since that moves no box, and no segmentation is resampled where there is none.
Models with a preprocessor, a resampling or a normalisation of another kind get nnU-Net's.

Isensee, F., Jaeger, P. F., Kohl, S. A. A., Petersen, J., & Maier-Hein, K. H.
(2021). nnU-Net. Nature Methods, 18(2), 203-211.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from napari_abdoseg.anatomy.box import Box
from napari_abdoseg.image.volume import Volume
from napari_abdoseg.inference.model.plans_schema import Configuration, Intensities
from napari_abdoseg.inference.model.trained_configuration import TrainedConfiguration
from napari_abdoseg.inference.model.trusted_names import USUAL_NAMES, USUAL_RESAMPLING
from napari_abdoseg.inference.preprocessing.axis_order import (
    network_order_spacing,
    to_network_order,
)
from napari_abdoseg.inference.preprocessing.cascade import label_channels, one_hot
from napari_abdoseg.inference.preprocessing.resampling import nnunet_resampling, resampled_shape
from napari_abdoseg.inference.preprocessing.scan_crop import ScanCrop
from napari_abdoseg.inference.preprocessing.scan_part import crop_in_whole

SLAB_VOXELS = 2**22
"""Voxels that are normalised and resampled together."""
CUBIC = {"is_seg": False, "order": 3, "order_z": 0, "force_separate_z": None}
"""What nnU-Net's planner asks of the resampling of images."""


@dataclass(frozen=True, eq=False)
class Preprocessed:
    """A scan as the networks of a configuration take it.

    Parameters
    ----------
    image : ndarray of float32, shape (channel, z, y, x)
        Normalised, at the networks' spacing and in their axis order.
    crop : ScanCrop
        The part of the scan that it shows.
    """

    image: NDArray[np.float32]
    crop: ScanCrop


def preprocess_volume(
    volume: Volume,
    trained: TrainedConfiguration,
    labels: NDArray[Any] | None = None,
    box: Box | None = None,
) -> Preprocessed:
    """The image of a scan that a configuration's networks take; see `preprocess`.

    With ``box``, of that part of it alone; its crop is still one of the whole scan.
    """
    grid, inside = volume.grid, ... if box is None else box.slices
    prepared = preprocess(
        to_network_order(volume.data[inside], grid, trained)[None],
        network_order_spacing(grid, trained),
        trained,
        None if labels is None else to_network_order(labels[inside], grid, trained),
    )
    return replace(prepared, crop=crop_in_whole(prepared.crop, box, grid, trained))


def preprocess(
    data: NDArray[Any],
    spacing: Sequence[float],
    trained: TrainedConfiguration,
    labels: NDArray[Any] | None = None,
) -> Preprocessed:
    """The image that an ensemble's networks take.

    Parameters
    ----------
    data : ndarray, shape (channel, z, y, x)
        A scan in the axis order of the model's reader.
    spacing : sequence of float
        mm along (z, y, x).
    trained : TrainedConfiguration
    labels : ndarray, shape (z, y, x), optional
        What the first stage of a cascade found, for the second.

    Returns
    -------
    Preprocessed
        Its image is within 1e-5 of what nnU-Net's ``DefaultPreprocessor.run_case_npy``
        gives. Labels follow as one channel each.
    """
    if _is_usual_for_ct(trained.planned):
        return _preprocess_ct(data, spacing, trained, labels)
    return _preprocess_by_nnunet(data, spacing, trained, labels)


def _is_usual_for_ct(planned: Configuration) -> bool:
    resampling, _, _ = planned.resamplings
    return (
        planned.preprocessor_name in USUAL_NAMES["preprocessor"]
        and resampling == (USUAL_RESAMPLING, CUBIC)
        and set(planned.normalization_schemes) == {"CTNormalization"}
    )


def _preprocess_by_nnunet(
    data: NDArray[Any],
    spacing: Sequence[float],
    trained: TrainedConfiguration,
    labels: NDArray[Any] | None,
) -> Preprocessed:
    preprocessor = trained.configured.preprocessor_class(verbose=False)
    image, resampled, properties = preprocessor.run_case_npy(
        data,
        None if labels is None else labels[None].astype(np.float32),
        {"spacing": list(spacing)},
        trained.plans,
        trained.configured,
        trained.model.dataset,
    )
    if labels is not None:
        image = np.concatenate([image, one_hot(resampled[0], trained)])
    return Preprocessed(image, ScanCrop.from_nnunet(properties))


def _preprocess_ct(
    data: NDArray[Any],
    spacing: Sequence[float],
    trained: TrainedConfiguration,
    labels: NDArray[Any] | None,
) -> Preprocessed:
    order = trained.model.planned.transpose_forward
    turned = data.transpose(0, *(axis + 1 for axis in order))
    old_spacing = [spacing[axis] for axis in order]
    box = nonzero_box(turned)
    cropped = turned[(slice(None), *(slice(*extent) for extent in box))]
    shape = cropped.shape[1:]
    new_spacing = trained.image_spacing(spacing)
    new_shape = resampled_shape(shape, old_spacing, new_spacing)
    resampling = nnunet_resampling(shape, new_shape, old_spacing, new_spacing)
    intensities = trained.model.planned.intensities
    image = [
        resampling.apply(_normalised_slabs(channel, intensities[str(number)]))
        for number, channel in enumerate(cropped)
    ]
    if labels is not None:
        spacings = old_spacing, new_spacing
        image += [*label_channels(labels.transpose(order), turned, new_shape, spacings, trained)]
    crop = ScanCrop(tuple(spacing), turned.shape[1:], tuple(slice(*extent) for extent in box))
    return Preprocessed(_stack(image), crop)


def nonzero_box(data: NDArray[Any]) -> list[list[int]]:
    """First and last plane plus one that are not all zero, along each axis.

    Parameters
    ----------
    data : ndarray, shape (channel, z, y, x)
        If all is zero, the box is the whole.
    """
    box = []
    for axis in range(1, data.ndim):
        planes = np.moveaxis(data, axis, 0)
        numbers = range(len(planes))
        first = next((number for number in numbers if planes[number].any()), 0)
        last = next((number for number in reversed(numbers) if planes[number].any()), numbers[-1])
        box.append([first, last + 1])
    return box


def _normalised_slabs(
    channel: NDArray[Any], intensities: Intensities
) -> Iterator[NDArray[np.float32]]:
    from nnunetv2.preprocessing.normalization.default_normalization_schemes import CTNormalization

    seen = intensities.model_dump()
    normalisation = CTNormalization(use_mask_for_norm=False, intensityproperties=seen)
    thickness = max(1, SLAB_VOXELS // channel[0].size)
    for first in range(0, len(channel), thickness):
        slab = channel[first : first + thickness].astype(np.float32, order="C")
        yield normalisation.run(slab)


def _stack(channels: list[NDArray[np.float32]]) -> NDArray[np.float32]:
    """All channels in one array; a single one is not copied."""
    return channels[0][None] if len(channels) == 1 else np.stack(channels)
