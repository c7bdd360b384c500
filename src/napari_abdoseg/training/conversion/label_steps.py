"""Label maps with new values."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from napari_abdoseg.anatomy.box import bounding_boxes
from napari_abdoseg.errors import AbdosegError
from napari_abdoseg.image.files.file_names import has_nifti_suffix
from napari_abdoseg.image.grid import Grid
from napari_abdoseg.image.nifti.file import load_header
from napari_abdoseg.image.nifti.formats import files_of, load_grid
from napari_abdoseg.image.nifti.volumes import read_labels, write_labels
from napari_abdoseg.image.organ import organs_from_names
from napari_abdoseg.image.renumbering import renumbered
from napari_abdoseg.image.volume import LabelMap
from napari_abdoseg.training.conversion.image_steps import single_step
from napari_abdoseg.training.conversion.label_mapping import LabelMapping
from napari_abdoseg.training.conversion.linking import Way
from napari_abdoseg.training.conversion.naming import ENDING
from napari_abdoseg.training.conversion.source import SourceCase
from napari_abdoseg.training.conversion.step import Step

GROWTH = 2
"""A label map that is written anew is at most so many times as large as what it is made of."""


def label_steps(case: SourceCase, folder: Path, mapping: LabelMapping, way: Way) -> list[Step]:
    """How the labels of a case get to ``case.nii.gz``; none without labels.

    Those that are stored as fractions, or with a scale, are written anew as whole numbers,
    since nnU-Net takes none that are a little off. Where a file of the case is no NIfTI, they are
    written anew on the grid that the image has then.

    Raises
    ------
    AbdosegError
        An organ has no file, or the header of a label map is damaged.
    """
    target, image = folder / f"{case.name}{ENDING}", written_on(case)
    if case.masks:
        return [Merge(_masks(case, mapping), target, mapping, image)]
    if case.labels is None:
        return []
    if image or mapping.changes or not load_header(case.labels).stores_whole_numbers:
        return [Relabel(case.labels, target, mapping, image)]
    return [Keep(single_step(case.labels, target, way), mapping)]


def written_on(case: SourceCase) -> Path | None:
    """The image on whose grid labels are written anew; None where all files are NIfTI."""
    labels = (case.labels,) if case.labels else tuple(path for _, path in case.masks)
    return None if all(map(has_nifti_suffix, (*case.images, *labels))) else case.images[0]


def _masks(case: SourceCase, mapping: LabelMapping) -> tuple[tuple[int, Path], ...]:
    """New value and file of each organ that is kept, the lowest value first."""
    files = dict(case.masks)
    wanted = {name: new for name, _, new in mapping.values if new}
    if missing := [name for name in wanted if name not in files]:
        raise AbdosegError(
            f"{case.masks[0][1].parent} has no file of {', '.join(missing)}: add it, empty where "
            "the organ is not in the scan, or choose other organs with --organs."
        )
    return tuple(sorted((value, files[name]) for name, value in wanted.items()))


@dataclass(frozen=True)
class Keep:
    """A label map whose values stay, once it has been read."""

    step: Step
    mapping: LabelMapping

    @property
    def sources(self) -> tuple[Path, ...]:
        return self.step.sources

    @property
    def targets(self) -> tuple[Path, ...]:
        return self.step.targets

    @property
    def bytes_needed(self) -> int:
        return self.step.bytes_needed

    @property
    def verb(self) -> str:
        return self.step.verb

    def run(self) -> int:
        _read_known(self.sources[0], self.mapping)
        return self.step.run()


@dataclass(frozen=True)
class Relabel:
    """A label map whose values become others; with an image on the grid of that."""

    source: Path
    target: Path
    mapping: LabelMapping
    image: Path | None = None

    verb = "relabel"

    @property
    def sources(self) -> tuple[Path, ...]:
        return files_of(self.source)

    @property
    def targets(self) -> tuple[Path, ...]:
        return (self.target,)

    @property
    def bytes_needed(self) -> int:
        return GROWTH * sum(path.stat().st_size for path in self.sources)

    def run(self) -> int:
        labels = _read_known(self.source, self.mapping)
        data = renumbered(labels.data, self.mapping.table_of(labels))
        _write(self.target, data, _grid(labels, self.image), self.mapping)
        return 0


@dataclass(frozen=True)
class Merge:
    """A label map from a mask an organ.

    Where masks overlap, the organ of the lowest value keeps the voxel.
    """

    masks: tuple[tuple[int, Path], ...]
    target: Path
    mapping: LabelMapping
    image: Path | None = None

    verb = "merge"

    @property
    def sources(self) -> tuple[Path, ...]:
        return tuple(file for _, path in self.masks for file in files_of(path))

    @property
    def targets(self) -> tuple[Path, ...]:
        return (self.target,)

    @property
    def bytes_needed(self) -> int:
        return GROWTH * sum(path.stat().st_size for path in self.sources)

    def run(self) -> int:
        first = read_labels(self.masks[0][1])
        merged = np.zeros(first.data.shape, np.min_scalar_type(self.masks[-1][0]))
        overlap = 0
        for value, path in self.masks:
            mask = read_labels(path)
            if not mask.grid.matches(first.grid):
                raise AbdosegError(
                    f"{path} is not on the grid of {first.path}: masks of a case must have one "
                    "shape and affine; make them again."
                )
            claimed = mask.data > 0
            overlap += int(np.count_nonzero(claimed & (merged > 0) & (merged != value)))
            merged[claimed & (merged == 0)] = value
        _write(self.target, merged, _grid(first, self.image), self.mapping)
        return overlap


def _read_known(path: Path, mapping: LabelMapping) -> LabelMap:
    """A label map that has no values but those of labels."""
    labels = read_labels(path)
    present = {organ.value for organ in bounding_boxes(labels)}
    if unknown := sorted(present - mapping.table_of(labels).keys()):
        values = ", ".join(map(str, unknown))
        raise AbdosegError(
            f"{path} has the value{'s' if len(unknown) > 1 else ''} {values}, which no label has: "
            f"mend it, or say what {unknown[0]} is with --map {unknown[0]}=NAME or --map "
            f"{unknown[0]}=background."
        )
    return labels


def _grid(labels: LabelMap, image: Path | None) -> Grid:
    return labels.grid if image is None else load_grid(image)


def _write(target: Path, data: NDArray[Any], grid: Grid, mapping: LabelMapping) -> None:
    organs = organs_from_names(dict(enumerate(mapping.organs, start=1)))
    write_labels(target, LabelMap(data, grid, organs))
