"""What is said of a case promises a label map: it is there, and lies on the grid of its scan."""

from __future__ import annotations

from pathlib import Path

from napari_abdoseg.errors import ImageError, WorkListError
from napari_abdoseg.image.nifti.formats import load_grid
from napari_abdoseg.image.nifti.forms import lie_together
from napari_abdoseg.image.organ_files import read_label_map
from napari_abdoseg.worklist.records.case_record import CaseRecord, Status
from napari_abdoseg.worklist.records.changing import Change
from napari_abdoseg.worklist.records.work_folder import WorkFolder

PROMISING = (Status.PREDICTED, Status.NEEDS_REVIEW, Status.DONE)
"""How far no case is without a label map."""


def keeping_promise(folder: WorkFolder, image: str) -> Change:
    """Make sure that a case has the label map that its status promises.

    It changes nothing, and comes after what does, in the same turn.

    Parameters
    ----------
    folder : WorkFolder
    image : str
        The scan as seen from the folder of scans; empty where that is gone.
    """
    having = having_labels(folder, image)
    return lambda record: having(record) if record.status in PROMISING else record


def having_labels(folder: WorkFolder, image: str) -> Change:
    """Make sure that the label map of a case that counts can be used, whatever its status.

    The change raises what `require_labels` does.
    """

    def change(record: CaseRecord) -> CaseRecord:
        scan = folder.scans / image if image else None
        require_labels(folder.current_of(record), record.case, scan)
        return record

    return change


def require_labels(labels: Path, case: str, scan: Path | None) -> None:
    """Make sure that a label map is there, can be read, and lies on the grid of its scan.

    Parameters
    ----------
    labels : Path
    case : str
    scan : Path or None
        None where that is gone.

    Raises
    ------
    WorkListError
        It is not there, or lies elsewhere.
    ImageError
        One of the two can't be read, or is no label map.
    """
    if not labels.is_file():
        raise WorkListError(
            f"{case} has no label map: {labels} is not there. Predict one, or save what was drawn, "
            "first."
        )
    try:
        grid = read_label_map(labels).grid
        together = scan is None or lie_together(load_grid(scan), grid)
    except ImageError as error:
        raise ImageError(f"{case} stays as it is: {error}") from error
    if not together:
        raise WorkListError(
            f"{case} stays as it is: {labels} and its scan do not lie on one grid. Give it a label "
            "map that was made of this very scan."
        )
