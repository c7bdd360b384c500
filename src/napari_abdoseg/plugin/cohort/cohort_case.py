"""A case of a cohort, read from the files of its results."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from napari_abdoseg.anatomy.box import Box, bounding_boxes
from napari_abdoseg.batch.case_scan import reading_scan
from napari_abdoseg.batch.organ_table import OrganRow, OrganTable
from napari_abdoseg.errors import AbdosegError
from napari_abdoseg.image.names.chosen_schemes import named_as_chosen
from napari_abdoseg.image.nifti.volumes import read_labels
from napari_abdoseg.image.volume import LabelMap, Volume
from napari_abdoseg.plugin.layers.conversion import paintable
from napari_abdoseg.progress import Progress, Work


@dataclass(frozen=True)
class CohortCase:
    """What is shown of a case.

    Parameters
    ----------
    row : OrganRow
        That it was opened by.
    labels : LabelMap
    scan : Volume or None
    box : Box or None
        Of the organ of the row; None if it was removed since.
    """

    row: OrganRow
    labels: LabelMap
    scan: Volume | None
    box: Box | None


def reading_case(table: OrganTable, row: OrganRow, scans: Path | None) -> Work[CohortCase]:
    """Read a case's label map, and its CT from a folder of ``scans`` or from where it was.

    Raises
    ------
    AbdosegError
        A file is gone or can't be read.
    """
    yield Progress(f"Reading {row.case}", 0, 0)
    path = table.folder / f"{row.case}.nii.gz"
    if not path.is_file():
        raise AbdosegError(f"{path} is gone: choose the folder that it is in now.")
    labels = paintable(named_as_chosen(read_labels(path)))
    report = table.folder / f"{row.case}.json"
    scan = yield from reading_scan(row.case, labels, report, scans)
    boxes = {organ.name: box for organ, box in bounding_boxes(labels).items()}
    return CohortCase(row, labels, scan, boxes.get(row.organ))
