"""Whether the values of a CT are Hounsfield units."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from napari_abdoseg.anatomy.hounsfield import FAT_HU, LEAST_FAT
from napari_abdoseg.image.volume import Volume
from napari_abdoseg.training.checking.problem import Kind, Problem

CT = "ct"
MOST_SAMPLES = 128
"""Voxels along an axis that are looked at."""
NEVER_BELOW_ZERO = -10.0
MOST_GRAY = 300.0
"""Pictures of 8 bits end below."""
AIR, BONE = -500.0, 300.0
"""A CT of a trunk has air and bone at least so far from water, unless they were cut off."""
WIDEST = (-4096.0, 32767.0)
"""Padding and metal lie within; beyond it are faults of type or scale."""
CONVERT_AGAIN = "convert it again from DICOM with its rescale slope and intercept"


def intensity_problems(case: str, scan: Volume, channel: str) -> Iterator[Problem]:
    """What is wrong with the values of an image.

    Parameters
    ----------
    case : str
    scan : Volume
    channel : str
        What ``dataset.json`` calls it; only a CT has Hounsfield units.
    """
    steps = tuple(slice(None, None, 1 + size // MOST_SAMPLES) for size in scan.data.shape)
    sample = np.asarray(scan.data[steps], np.float64)
    lowest, highest = float(scan.data.min()), float(scan.data.max())
    name = scan.path.name if scan.path else "The image"
    if lowest == highest:
        yield Problem(case, Kind.INTENSITY, f"{name} has the value {lowest:g} everywhere.")
    elif channel.casefold() == CT:
        fat = ((sample > FAT_HU[0]) & (sample < FAT_HU[1])).mean()
        if fat < LEAST_FAT:
            yield Problem(case, Kind.INTENSITY, f"{name} {_no_units(lowest, highest)}")
        else:
            yield from _cut_off(case, name, lowest, highest)


def _no_units(lowest: float, highest: float) -> str:
    """Why there is hardly a voxel with the density of fat."""
    values = f"has values from {lowest:.4g} to {highest:.4g}"
    if lowest >= NEVER_BELOW_ZERO and highest <= MOST_GRAY:
        return (
            f"{values}, like a picture and not like a CT in Hounsfield units: convert it again "
            "from DICOM without a window."
        )
    if lowest >= NEVER_BELOW_ZERO:
        return (
            f"{values}: the rescale intercept, mostly -1024, seems not to be applied; "
            f"{CONVERT_AGAIN}."
        )
    return (
        f"{values} and hardly a voxel with the density of fat (-190 to -30 HU), so they do not "
        f"seem to be Hounsfield units: {CONVERT_AGAIN}."
    )


def _cut_off(case: str, name: str, lowest: float, highest: float) -> Iterator[Problem]:
    values = f"{name} has values from {lowest:.4g} to {highest:.4g} HU"
    if lowest < WIDEST[0] or highest > WIDEST[1]:
        yield Problem(
            case,
            Kind.INTENSITY,
            f"{values}, beyond what a CT has: look for a fault of type or scale.",
            ruins=False,
        )
    elif lowest > AIR or highest < BONE:
        cut = " and ".join(
            what for what, gone in (("air", lowest > AIR), ("bone", highest < BONE)) if gone
        )
        yield Problem(
            case,
            Kind.INTENSITY,
            f"{values}, {cut} cut off: take it without a window, unless all cases are so.",
            ruins=False,
        )
