"""Which cases a folder holds, found as `abdoseg predict` and `abdoseg dataset convert` do."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from napari_abdoseg.batch.finding import cases_of, images_in, require_apart
from napari_abdoseg.batch.tree import STAGE, names_in, sorting
from napari_abdoseg.errors import AbdosegError, ImageError
from napari_abdoseg.progress import Progress, Work
from napari_abdoseg.training.conversion.bids import subject_of
from napari_abdoseg.training.conversion.formats import find_source
from napari_abdoseg.training.conversion.source import SourceCase
from napari_abdoseg.worklist.records.work_folder import WorkFolder


@dataclass(frozen=True)
class WorkCase:
    """A scan of a work list.

    Parameters
    ----------
    name : str
        As `abdoseg predict` calls it.
    image : str
        Its path as seen from the folder of scans.
    patient : str
        Whose scan it is: where the layout doesn't tell, nobody else's.
    reference : str
        Its label map in the data set that it comes from, or the folder of its masks, as seen
        from the folder of scans; empty for none.
    """

    name: str
    image: str
    patient: str
    reference: str = ""


@dataclass(frozen=True)
class Found:
    """What a folder holds.

    Parameters
    ----------
    files : tuple of str
        All NIfTI files in it and below, as seen from it.
    cases : tuple of WorkCase
        Sorted by name.
    """

    files: tuple[str, ...] = ()
    cases: tuple[WorkCase, ...] = ()


def finding_work(folder: WorkFolder, before: Found) -> Work[Found]:
    """Find the cases of a folder; of files that were there before nothing is read.

    Layouts are those of `batch.tree` and `training.conversion.formats`: flat and nested
    folders, nnU-Net's ``imagesTr`` and ``imagesTs``, BIDS, a folder a case.

    Parameters
    ----------
    folder : WorkFolder
    before : Found
        What it was found to hold.

    Raises
    ------
    AbdosegError
        It holds no scans or can't be read, two cases have one name, or masks would be taken for
        scans.
    """
    require_apart(folder.scans, folder.masks)
    paths = images_in(folder.scans)
    files = tuple(_seen_from(folder.scans, path) for path in paths)
    if files == before.files:
        return before
    scans = {case.image for case in before.cases}
    known = {folder.scans / file: file not in scans for file in before.files}
    tree = yield from sorting(paths, known)
    if not tree.scans:
        raise ImageError(f"{folder.scans}: all are label maps, not scans. Choose the scans.")
    for notice in tree.notices:
        yield Progress(STAGE, len(paths), len(paths), notice)
    named = ((name, path) for path, name in names_in(folder.scans, tree.scans).items())
    told = _told_by_layout(folder.scans)
    cases = (
        _case(folder.scans, case.name, case.image, told.get(case.image))
        for case in cases_of(named, folder.masks)
    )
    return Found(files, tuple(cases))


def _told_by_layout(folder: Path) -> dict[Path, SourceCase]:
    """What the layout of a data set tells of its scans; nothing where it is none."""
    with suppress(AbdosegError, OSError):
        return {case.images[0]: case for case in find_source(folder).cases}
    return {}


def _case(folder: Path, name: str, image: Path, told: SourceCase | None) -> WorkCase:
    subject = subject_of(image.relative_to(folder))
    if told is None:
        return WorkCase(name, _seen_from(folder, image), subject or name)
    labels = told.masks[0][1].parent if told.masks else told.labels
    reference = "" if labels is None else _seen_from(folder, labels)
    return WorkCase(name, _seen_from(folder, image), told.patient or subject or name, reference)


def _seen_from(folder: Path, path: Path) -> str:
    return "/".join(path.parts[len(folder.parts) :])
