"""What a model predicts of cases that people have worked on: versions that count for nothing yet.

They lie apart from all that people have made, and which version counts stays as it is. So a mask
that somebody has corrected is never replaced by what a model says of it.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from napari_abdoseg.batch.case import Case
from napari_abdoseg.batch.folder import predicting
from napari_abdoseg.batch.recipe import Recipe
from napari_abdoseg.correction.journal.holder import now
from napari_abdoseg.errors import AbdosegError, WorkListError
from napari_abdoseg.evaluation.pairs import find_label_maps
from napari_abdoseg.inference.hardware.device import choose_devices
from napari_abdoseg.inference.hardware.startup import prepare_for_torch
from napari_abdoseg.inference.model.ensemble import loading_ensemble
from napari_abdoseg.inference.model.model_folder import read_model
from napari_abdoseg.progress import Work
from napari_abdoseg.worklist.listing.listing import Row
from napari_abdoseg.worklist.records.case_record import Version
from napari_abdoseg.worklist.records.changing import change_record, with_version
from napari_abdoseg.worklist.records.leases import LeaseOf, no_lease
from napari_abdoseg.worklist.records.record_files import read_record
from napari_abdoseg.worklist.records.work_folder import HIDDEN, WorkFolder, labels_name

FOLDER = "models"
DIGITS = 8
"""Of what tells two trainings of one name apart."""


@dataclass(frozen=True)
class ModelVersions:
    """What a model has predicted.

    Parameters
    ----------
    model : str
    files : dict of str to Path
        By case.
    failed : dict of str to str
        Cases without a prediction, and why.
    """

    model: str
    files: dict[str, Path] = field(default_factory=dict)
    failed: dict[str, str] = field(default_factory=dict)


def predicting_versions(
    folder: WorkFolder, rows: Sequence[Row], model: str, preset: str, device: str = "auto"
) -> Work[ModelVersions]:
    """Predict cases by a model; of those that it has predicted so before, nothing is done.

    Parameters
    ----------
    folder : WorkFolder
    rows : sequence of Row
    model : str
        A name, or an nnU-Net model folder.
    preset, device : str

    Raises
    ------
    AbdosegError
        The model or device can't be used.
    SaveError
        Results can't be written; what is finished stays.
    """
    read = read_model(model)
    prepare_for_torch()
    devices = choose_devices(device)
    one = device if len(devices) == 1 else devices[0].name
    ensemble = yield from loading_ensemble([read], None, one)
    name = re.sub(r"[^\w.-]+", "_", read.name)
    way = [preset, *(each.identity for each in Recipe.of(ensemble, preset).networks)]
    digest = hashlib.sha256(repr(way).encode()).hexdigest()[:DIGITS]
    output = folder.masks / HIDDEN / FOLDER / f"{name}-{digest}"
    cases = [
        Case(row.name, folder.scans / row.case.image, output)
        for row in rows
        if row.case is not None
    ]
    if not cases:
        return ModelVersions(read.name)
    outcome = yield from predicting(cases, ensemble, preset, devices=devices)
    return ModelVersions(
        read.name,
        {case.name: case.labels for case in outcome.finished},
        {case.name: reason for case, reason in outcome.failed},
    )


def versions_in(place: Path, rows: Sequence[Row], model: str) -> ModelVersions:
    """What lies of cases in a folder of predictions, such as those of cross-validation.

    Raises
    ------
    AbdosegError
        It has none of these cases.
    """
    files = find_label_maps(place)
    known = {row.name: files[row.name] for row in rows if row.name in files}
    if rows and not known:
        raise WorkListError(
            f"{place} has no prediction of these cases, such as {rows[0].name}.nii.gz: choose "
            "another folder, or leave --predictions out, and they are made."
        )
    missing = [row.name for row in rows if row.name not in files]
    return ModelVersions(model, known, dict.fromkeys(missing, f"{place} has no prediction."))


def note_versions(
    folder: WorkFolder, versions: ModelVersions, lease_of: LeaseOf = no_lease
) -> dict[str, str]:
    """Let predictions be versions of their cases; which version counts stays as it is.

    Parameters
    ----------
    folder : WorkFolder
    versions : ModelVersions
    lease_of : callable, optional
        By which this session has one of the cases open.

    Returns
    -------
    dict of str to str
        Cases that could not be changed, such as one that somebody has open, and why.
    """
    refused = {}
    for case, path in versions.files.items():
        place = folder.seen_from_masks(path)
        version = Version(place, "prediction", versions.model, now())
        try:
            if not _is_known(folder, case, place):
                change_record(folder, case, with_version(version), lease_of(case))
        except AbdosegError as error:
            refused[case] = str(error)
    return refused


def _is_known(folder: WorkFolder, case: str, place: str) -> bool:
    if place == labels_name(case):
        return True
    record = read_record(folder.record_of(case))
    return record is not None and any(version.file == place for version in record.versions)
