"""A case looked at on its own, all its files read once."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from napari_abdoseg.anatomy.box import Box, bounding_boxes
from napari_abdoseg.errors import ImageError
from napari_abdoseg.evaluation.alignment import grid_difference
from napari_abdoseg.image.files.compression import is_gzip, is_misnamed
from napari_abdoseg.image.files.file_names import ending, has_nifti_suffix
from napari_abdoseg.image.grid import Grid, Triple
from napari_abdoseg.image.nifti.file import load_header
from napari_abdoseg.image.nifti.formats import format_of
from napari_abdoseg.image.nifti.volumes import read_labels, read_volume
from napari_abdoseg.image.raster.file import RasterFormat
from napari_abdoseg.image.raster.meta_image import read_meta_header
from napari_abdoseg.image.raster.nrrd import read_nrrd_header
from napari_abdoseg.image.volume import LabelMap, Volume
from napari_abdoseg.training.checking.facts import CaseFacts, OrganFacts, ScanFacts, Tissues
from napari_abdoseg.training.checking.intensity import CT, intensity_problems
from napari_abdoseg.training.checking.picture import draw_case, lay_on
from napari_abdoseg.training.checking.problem import Kind, Problem
from napari_abdoseg.training.checking.tissues import measure_tissues
from napari_abdoseg.training.raw_dataset import RawCase, RawDataset

BELIEVE_NAMES = ("NibabelIO", "NibabelIOWithReorient")
"""Readers of nnU-Net that can't read a plain file called ``.nii.gz``; SimpleITK can."""
_HEADERS = {".nrrd": read_nrrd_header, ".mha": read_meta_header}
BODY_HU = -300.0
"""Below it lies air, around the body and in lungs."""
STEP = 3
"""Every so many voxels are looked at for the place of the body."""


def examine(case: RawCase, dataset: RawDataset) -> CaseFacts:
    """Read a case and measure it; whatever is wrong becomes a problem.

    Parameters
    ----------
    case : RawCase
    dataset : RawDataset
        That it belongs to.
    """
    problems: list[Problem] = []
    channels = [_read_scan(path, case.name, problems) for path in case.images]
    scans = [scan for scan in channels if scan is not None]
    labels = _read_labels(case, problems)
    first = channels[0]
    everything: list[Volume | LabelMap] = [*scans, *([labels] if labels else [])]
    for read in everything:
        problems += _packing(case.name, read, dataset)
    if len(case.images) != len(dataset.channels):
        problems.append(_wrong_number(case, dataset))
    for scan, channel in zip(channels, dataset.channels, strict=False):
        if scan is not None:
            problems += intensity_problems(case.name, scan, channel)
    others: list[Volume | LabelMap] = [*scans[1:], *([labels] if labels else [])]
    if first is not None:
        problems += _shear(case.name, first)
        problems += [found for other in others for found in _geometry(case.name, other, first)]
    boxes = {organ.value: box for organ, box in bounding_boxes(labels).items()} if labels else {}
    if labels:
        problems += _values(case.name, labels, boxes, dataset)
        problems += _fractions(case.name, labels)
        problems += _put_together(case.name, labels)
    organs = {value: _measure(labels, value, box) for value, box in boxes.items() if labels}
    return CaseFacts(
        case.name,
        case.test,
        tuple(problems),
        _scan_facts(scans) if first is not None else None,
        organs,
        _body_centre(first, labels, boxes) if first and labels and boxes else None,
        digest_of([labels.data]) if labels and boxes else "",
        draw_case(first, labels, dataset.organs, dataset.channels[0]) if first else b"",
        _tissues(first, labels) if first and dataset.channels[0].casefold() == CT else {},
    )


def digest_of(volumes: list[NDArray[Any]]) -> str:
    """A text that is the same for the same values, whatever their type."""
    digest = hashlib.blake2b(digest_size=16)
    for data in volumes:
        digest.update(str(data.shape).encode())
        for plane in data:
            digest.update(np.ascontiguousarray(plane, np.float32).data)
    return digest.hexdigest()


def _read_scan(path: Any, case: str, problems: list[Problem]) -> Volume | None:
    try:
        return read_volume(path)
    except ImageError as error:
        problems.append(Problem(case, Kind.READING, str(error)))
        return None


def _read_labels(case: RawCase, problems: list[Problem]) -> LabelMap | None:
    if case.labels is None:
        return None
    if not (case.labels.exists() or case.labels.is_symlink()):
        message = f"{case.labels} is missing: add the labels of {case.name}, or remove its images."
        problems.append(Problem(case.name, Kind.FILES, message))
        return None
    try:
        return read_labels(case.labels)
    except ImageError as error:
        kind = Kind.LABELS if "not a label map" in str(error) else Kind.READING
        problems.append(Problem(case.name, kind, str(error)))
        return None


def _packing(case: str, read: Volume | LabelMap, dataset: RawDataset) -> Iterator[Problem]:
    """A file whose name says the wrong thing of its compression, by which nnU-Net reads."""
    if read.path is not None and is_misnamed(read.path):
        packed = is_gzip(read.path)
        yield Problem(
            case,
            Kind.READING,
            f"{read.path} is {'' if packed else 'not '}compressed and its name says the opposite, "
            "which nnU-Net's readers believe: convert the data set anew with `abdoseg dataset "
            "convert`.",
            ruins=packed or dataset.reader in BELIEVE_NAMES,
        )


def _wrong_number(case: RawCase, dataset: RawDataset) -> Problem:
    names = ", ".join(path.name for path in case.images)
    return Problem(
        case.name,
        Kind.FILES,
        f"{case.name} has {len(case.images)} of {len(dataset.channels)} channels ({names}): add a "
        "file for each, from _0000 on.",
    )


def _shear(case: str, image: Volume) -> Iterator[Problem]:
    if image.grid.is_sheared:
        yield Problem(
            case,
            Kind.GEOMETRY,
            f"The axes of {image.path} are not at right angles: SimpleITK, with which nnU-Net "
            "reads, refuses it; resample it and its labels to right angles.",
        )


def _geometry(case: str, one: Volume | LabelMap, image: Volume) -> Iterator[Problem]:
    if fault := grid_difference(one.grid, image.grid):
        yield Problem(
            case,
            Kind.GEOMETRY,
            f"{one.path} is not on the grid of {_name(image)}: {fault}. Save it on the grid of its "
            "image.",
        )
    elif not np.allclose(one.grid.stored_spacing, image.grid.stored_spacing):
        yield Problem(
            case,
            Kind.GEOMETRY,
            f"The spacing of {one.path} differs from that of {_name(image)} by a rounding error, "
            "which nnU-Net's verification refuses: save it with the affine of its image.",
        )


def _name(volume: Volume) -> str:
    return volume.path.name if volume.path else "its image"


def _values(
    case: str, labels: LabelMap, boxes: dict[int, Box], dataset: RawDataset
) -> Iterator[Problem]:
    if outside := sorted(boxes.keys() - set(dataset.values)):
        known = ", ".join(f"{organ.name} ({organ.value})" for organ in dataset.organs)
        yield Problem(
            case,
            Kind.LABELS,
            f"{labels.path} has the value{'s' if len(outside) > 1 else ''} "
            f"{', '.join(map(str, outside))}, which {'are' if len(outside) > 1 else 'is'} not in "
            f"dataset.json ({known}): mend it, or convert the data set with --map.",
        )
    if not boxes:
        yield Problem(
            case, Kind.LABELS, f"{labels.path} is all background: label it, or remove the case."
        )


def _fractions(case: str, labels: LabelMap) -> Iterator[Problem]:
    """Values that are whole numbers to us and a little off to nnU-Net."""
    if labels.path is None or _stores_whole_numbers(labels.path):
        return
    stored = format_of(labels.path).load(labels.path).voxels
    if not np.array_equal(stored, np.rint(stored)):
        yield Problem(
            case,
            Kind.LABELS,
            f"{labels.path} has values that are a little off whole numbers, which nnU-Net refuses: "
            "convert the data set anew with `abdoseg dataset convert`.",
        )


def _put_together(case: str, labels: LabelMap) -> Iterator[Problem]:
    """A segmentation of 3D Slicer or MITK that is another label map than its file has."""
    reader = _HEADERS.get(ending(labels.path or Path()))
    if labels.path is None or reader is None:
        return
    header = RasterFormat(reader).header(labels.path)
    if header.layers > 1 or header.sizes != labels.grid.stored_shape:
        yield Problem(
            case,
            Kind.GEOMETRY,
            f"{labels.path} has segments in layers, or of a part of the scan: nnU-Net doesn't put "
            "these together; convert the data set anew with `abdoseg dataset convert`.",
        )


def _stores_whole_numbers(path: Path) -> bool:
    if has_nifti_suffix(path):
        return load_header(path).stores_whole_numbers
    return format_of(path).load_start(path).voxels.dtype.kind in "iu"


def _measure(labels: LabelMap, value: int, box: Box) -> OrganFacts:
    mask = labels.data[box.slices] == value
    counts = [
        np.count_nonzero(mask, axis=tuple(other for other in range(3) if other != axis))
        for axis in range(3)
    ]
    voxels = int(counts[0].sum())
    middle = [
        start + float(np.average(np.arange(len(planes)), weights=planes))
        for start, planes in zip(box.start, counts, strict=True)
    ]
    volume = voxels * labels.grid.voxel_volume
    return OrganFacts(volume, _ras(labels.grid, middle), box.touches_edge(labels.grid))


def _tissues(scan: Volume, labels: LabelMap | None) -> dict[int, Tissues]:
    laid_on = lay_on(labels, scan)
    return {} if laid_on is None else measure_tissues(scan, laid_on)


def _ras(grid: Grid, middle: list[float]) -> Triple:
    r, a, s = (float(value) for value in grid.ras_position(middle))
    return r, a, s


def _scan_facts(scans: list[Volume]) -> ScanFacts:
    scan = scans[0]
    return ScanFacts(
        scan.grid.axis_codes,
        scan.grid.shape,
        scan.grid.spacing,
        float(scan.data.min()),
        float(scan.data.max()),
        digest_of([scan.data for scan in scans]),
    )


def _body_centre(scan: Volume, labels: LabelMap, boxes: dict[int, Box]) -> Triple | None:
    """Centre of the body between the highest and the lowest voxel of organs."""
    if labels.grid.shape != scan.grid.shape:
        return None
    first = min(box.start[0] for box in boxes.values())
    last = max(box.stop[0] for box in boxes.values())
    body = scan.data[first:last, ::STEP, ::STEP] > BODY_HU
    if not body.any():
        return None
    z, y, x = (float(places.mean()) for places in np.nonzero(body))
    return _ras(scan.grid, [first + z, STEP * y, STEP * x])
