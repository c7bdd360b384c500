"""Label maps of a work list as they were before anybody corrected them.

A backup is what the last save took the place of; this is what the first one did. So what came of
the work can be told after any number of saves, and the prediction is still there to compare with.
"""

from __future__ import annotations

from contextlib import suppress
from dataclasses import replace
from pathlib import Path

from napari_abdoseg.image.files.saving import keep_as
from napari_abdoseg.worklist.records.case_record import CaseRecord, Version
from napari_abdoseg.worklist.records.work_folder import HIDDEN, WorkFolder
from napari_abdoseg.worklist.versions.versions import corrections_of, models_of, report_beside

KEPT = "uncorrected"


def keep_uncorrected(labels: Path) -> None:
    """Keep a label map that its first correction is about to replace.

    One that was corrected before, or is of no work list, is not kept; nor is one for which there
    is no room, since the correction is worth more.
    """
    own = labels.absolute()
    masks = next((each for each in own.parents if (each / HIDDEN).is_dir()), None)
    if masks is None or not labels.is_file() or corrections_of(report_beside(labels)):
        return
    place = masks / HIDDEN / KEPT / own.relative_to(masks)
    with suppress(OSError):
        place.parent.mkdir(parents=True, exist_ok=True)
        keep_as(labels, place)


def uncorrected_of(folder: WorkFolder, labels: Path) -> Path | None:
    """A label map as it was before anybody corrected it; None where that is not kept."""
    seen = Path(folder.seen_from_masks(labels))
    place = folder.masks / HIDDEN / KEPT / seen
    return place if not seen.is_absolute() and place.is_file() else None


def with_uncorrected(folder: WorkFolder, record: CaseRecord) -> CaseRecord:
    """The same record, the label map that counts being a version as it was before, if kept."""
    labels = folder.current_of(record)
    kept = uncorrected_of(folder, labels)
    file = "" if kept is None else folder.seen_from_masks(kept)
    if not file or any(version.file == file for version in record.versions):
        return record
    version = Version(file, "prediction", models_of(report_beside(labels)))
    return replace(record, versions=(*record.versions, version))
