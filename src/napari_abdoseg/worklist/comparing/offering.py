"""The cases that a new model would change most, offered for review."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from napari_abdoseg.progress import Work
from napari_abdoseg.worklist.comparing.model_changes import (
    CaseChange,
    ModelChanges,
    comparing_with_model,
)
from napari_abdoseg.worklist.comparing.model_versions import (
    ModelVersions,
    note_versions,
    predicting_versions,
    versions_in,
)
from napari_abdoseg.worklist.listing.listing import WORST, Row
from napari_abdoseg.worklist.records.changing import flagging
from napari_abdoseg.worklist.records.leases import LeaseOf, no_lease
from napari_abdoseg.worklist.records.work_folder import WorkFolder


@dataclass(frozen=True)
class NewModel:
    """A model that may know better, and how it is asked.

    Parameters
    ----------
    model : str
        A name, or an nnU-Net model folder.
    preset : str
    device : str, optional
    predictions : Path, optional
        Folder of what it has predicted, such as cross-validation; else it predicts.
    """

    model: str
    preset: str
    device: str = "auto"
    predictions: Path | None = None

    @property
    def flag(self) -> str:
        """A word to find cases by that it would change."""
        return f"changed-by-{'-'.join(Path(self.model).name.split())}"


@dataclass(frozen=True)
class Offered:
    """Cases that are offered.

    Parameters
    ----------
    changes : ModelChanges
        Of all cases that were compared.
    most : tuple of CaseChange
        Those that are offered, what would change most first.
    refused : dict of str to str
        Cases of which that can't be noted, and why.
    failed : dict of str to str
        Cases that could not be predicted or compared, and why.
    """

    changes: ModelChanges
    most: tuple[CaseChange, ...]
    refused: dict[str, str]
    failed: dict[str, str]


def offering_changed(
    folder: WorkFolder,
    rows: Sequence[Row],
    new: NewModel,
    percent: float = WORST,
    flag: str = "",
    workers: int = 1,
    lease_of: LeaseOf = no_lease,
) -> Work[Offered]:
    """Find the cases that a model would change most; its masks become versions of them.

    Parameters
    ----------
    folder : WorkFolder
    rows : sequence of Row
    new : NewModel
    percent : float, optional
        How many of a hundred cases are offered.
    flag : str, optional
        A word that these are marked by.
    workers : int, optional
        Processes.
    lease_of : callable, optional
        By which this session has one of the cases open.

    Raises
    ------
    AbdosegError
        The model or device can't be used, or it is no percentage.
    SaveError
        Results can't be written; what is predicted stays.
    """
    versions = yield from _versions(folder, rows, new)
    refused = note_versions(folder, versions, lease_of)
    changes = yield from comparing_with_model(folder, rows, versions.files, workers)
    most = changes.most(percent)
    if flag:
        refused |= flagging(folder, [case.case for case in most], flag, lease_of)
    return Offered(changes, most, refused, versions.failed | changes.failed)


def _versions(folder: WorkFolder, rows: Sequence[Row], new: NewModel) -> Work[ModelVersions]:
    if new.predictions is not None:
        return versions_in(new.predictions, rows, new.model)
    return (yield from predicting_versions(folder, rows, new.model, new.preset, new.device))
