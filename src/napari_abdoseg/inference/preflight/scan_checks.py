"""Whether a scan is of the kind that a model was made for.

A network answers to any array. What it was trained on is in part in its plans: the
intensities it looks at, the spacing and the extent of its scans. What a scan does not
share with them is said in a sentence each, before time is spent on it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import numpy as np
from numpy.typing import NDArray

from napari_abdoseg.anatomy.hounsfield import sample_of, seems_hounsfield
from napari_abdoseg.image.grid import Triple
from napari_abdoseg.image.volume import Volume
from napari_abdoseg.inference.model.trained_configuration import TrainedConfiguration
from napari_abdoseg.inference.preprocessing.axis_order import reorients

COARSEST = 2.0
"""Spacing as a multiple of the model's: beyond it, half of the detail is gone."""
MOST_OBLIQUE = 30.0
"""Degrees by which nnU-Net turns scans in training."""
LEAST_EXTENT = (1 / 6, 1 / 2, 1 / 2)
"""Of the usual scan, along (z, y, x): scans differ in length far more than in width."""
DIRECTIONS = ("from head to foot", "from front to back", "from left to right")
USUAL_AXES = ("LR", "AP", "IS")
"""Where each axis of a file with axial slices may point to."""


def warnings_for(volume: Volume, configurations: Iterable[TrainedConfiguration]) -> tuple[str, ...]:
    """What a scan has that models were not made for.

    Parameters
    ----------
    volume : Volume
    configurations : iterable of TrainedConfiguration
        Those of an ensemble.

    Returns
    -------
    tuple of str
        A sentence each, which also says what to do; none where all is well. Whether it
        is the right part of the body can't be told.
    """
    found = (
        warning
        for trained in configurations
        for check in (_modality, _intensities, _orientation, _spacing, _extent)
        for warning in check(volume, trained)
    )
    return tuple(dict.fromkeys(found))


def _modality(_: Volume, trained: TrainedConfiguration) -> Iterator[str]:
    if other := trained.model.other_scan:
        yield (
            f"The model {trained.model.name} takes {other}, not CT: what it finds in another scan "
            "means nothing; be sure that this is one."
        )


def _intensities(volume: Volume, trained: TrainedConfiguration) -> Iterator[str]:
    if set(trained.planned.normalization_schemes) != {"CTNormalization"}:
        return
    if not seems_hounsfield(volume):
        yield (
            "Hardly a voxel has the density of fat (-190 to -30 HU), so the scan does not seem to "
            "be in Hounsfield units: convert it again from DICOM with its rescale slope and "
            "intercept, and without a window."
        )
        return
    seen = trained.model.planned.intensities["0"]
    lowest, highest = seen.percentile_00_5, seen.percentile_99_5
    sample = sample_of(volume)
    if sample.min() > lowest or sample.max() < highest:
        yield (
            f"Its values go from {sample.min():.0f} to {sample.max():.0f} HU and are cut off "
            f"within the {lowest:.0f} to {highest:.0f} HU that the model tells apart: convert it "
            "again from DICOM without a window."
        )


def _orientation(volume: Volume, trained: TrainedConfiguration) -> Iterator[str]:
    grid, codes = volume.grid, volume.grid.axis_codes
    usual = all(code in axis for code, axis in zip(codes, USUAL_AXES, strict=True))
    if not usual and not reorients(trained):
        yield (
            f"Its axes are stored in the order {codes}, and the model sees it lying so; models "
            "are mostly trained on axial slices: save the scan in the order LPS or RAS."
        )
    if grid.obliquity > MOST_OBLIQUE:
        yield (
            f"It is oblique by {grid.obliquity:.0f}°, more than models are trained for: resample "
            "it to axial slices."
        )


def _spacing(volume: Volume, trained: TrainedConfiguration) -> Iterator[str]:
    usual_spacing = trained.model.plans.get("original_median_spacing_after_transp")
    if usual_spacing is None:
        return
    networks = trained.planned.spacing
    networks = [*[0.0] * (len(usual_spacing) - len(networks)), *networks]
    coarser = _from_head_to_foot(np.maximum(usual_spacing, networks), trained)
    for step, usual, direction in zip(volume.grid.spacing, coarser, DIRECTIONS, strict=True):
        if step > COARSEST * usual:
            yield (
                f"Its voxels are {step:.3g} mm apart {direction}, the model's {usual:.3g} mm: "
                "small organs may be missed; take a reconstruction with thinner slices or a finer "
                "matrix."
            )


def _extent(volume: Volume, trained: TrainedConfiguration) -> Iterator[str]:
    shape = trained.model.plans.get("original_median_shape_after_transp")
    spacing = trained.model.plans.get("original_median_spacing_after_transp")
    if shape is None or spacing is None:
        return
    usual = _from_head_to_foot(np.multiply(shape, spacing), trained)
    extents = np.multiply(volume.grid.shape, volume.grid.spacing)
    for covered, whole, least, direction in zip(
        extents, usual, LEAST_EXTENT, DIRECTIONS, strict=True
    ):
        if covered < least * whole:
            yield (
                f"It covers {covered:.3g} mm {direction}, the scans that the model was trained on "
                f"mostly {whole:.3g} mm: organs that are cut off may be missed or mistaken; take "
                "a scan that shows the whole abdomen, and check that its voxel size is in mm."
            )


def _from_head_to_foot(values: NDArray[np.float64], trained: TrainedConfiguration) -> Triple:
    """Values along the axes of networks as those of a usual scan along (z, y, x)."""
    z, y, x = (float(values[axis]) for axis in trained.model.planned.transpose_backward)
    return z, y, x
