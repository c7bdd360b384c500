"""What a conversion will do, before it does anything."""

from __future__ import annotations

import shutil
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from napari_abdoseg.errors import AbdosegError, SaveError, as_told
from napari_abdoseg.evaluation.alignment import grid_difference
from napari_abdoseg.image.nifti.formats import load_grid
from napari_abdoseg.progress import Progress, Work, spoken_bytes
from napari_abdoseg.training.conversion import phantoms
from napari_abdoseg.training.conversion.dataset_json import NAME as DESCRIPTION
from napari_abdoseg.training.conversion.image_steps import image_steps
from napari_abdoseg.training.conversion.label_mapping import LabelMapping
from napari_abdoseg.training.conversion.label_steps import label_steps, written_on
from napari_abdoseg.training.conversion.linking import Way, existing_folder
from napari_abdoseg.training.conversion.naming import visible_images
from napari_abdoseg.training.conversion.record import digest_of, read_record
from napari_abdoseg.training.conversion.source import Source, SourceCase
from napari_abdoseg.training.conversion.step import Step

FOLDERS = ("imagesTr", "labelsTr", "imagesTs", "labelsTs")


@dataclass(frozen=True)
class CasePlan:
    """What is to be done for a case.

    Parameters
    ----------
    name : str
    test : bool
    steps : tuple of Step
    digest : str
        Tells this way of making it from others.
    kept : bool
        It is there already, made in the same way.
    patient : str
        Whose scan it is.
    """

    name: str
    test: bool
    steps: tuple[Step, ...]
    digest: str
    kept: bool
    patient: str

    @property
    def targets(self) -> tuple[Path, ...]:
        """Files that it will have."""
        return tuple(path for step in self.steps for path in step.targets)


@dataclass(frozen=True)
class Plan:
    """What is to be done for a data set.

    Parameters
    ----------
    folder : Path
        The data set in nnU-Net's format.
    cases : tuple of CasePlan
    failed : tuple of (str, str)
        Cases that can't be converted, and why.
    mapping : LabelMapping
    channels : tuple of str
    about : mapping
        What else goes into ``dataset.json``.
    """

    folder: Path
    cases: tuple[CasePlan, ...]
    failed: tuple[tuple[str, str], ...]
    mapping: LabelMapping
    channels: tuple[str, ...]
    about: Mapping[str, Any]

    @property
    def waiting(self) -> tuple[CasePlan, ...]:
        """Cases that are still to be made."""
        return tuple(case for case in self.cases if not case.kept)

    @property
    def training(self) -> int:
        """Number of cases to train on."""
        return sum(not case.test for case in self.cases)

    @property
    def patients(self) -> dict[str, str]:
        """Whose scan each case to train on is."""
        return {case.name: case.patient for case in self.cases if not case.test}

    @property
    def bytes_needed(self) -> int:
        """An upper estimate of the room that is needed on the disk."""
        return sum(step.bytes_needed for case in self.waiting for step in case.steps)

    @property
    def verbs(self) -> Counter[str]:
        """How many files are linked, copied, written anew and so on."""
        steps = [step for case in self.waiting for step in case.steps]
        return Counter(step.verb for step in steps for _ in step.targets)


def planning(source: Source, folder: Path, mapping: LabelMapping, way: Way) -> Work[Plan]:
    """Plan the conversion of a data set; nothing is written.

    A case that can't be converted is told at once and the others go on.

    Raises
    ------
    AbdosegError
        Channels have no names, or the folder has files of another data set.
    """
    cases: list[CasePlan] = []
    failed: list[tuple[str, str]] = []
    for number, case in enumerate(source.cases):
        yield Progress("Looking at the files", number, len(source.cases))
        try:
            cases.append(_plan_case(case, source.channels, folder, mapping, way))
        except Exception as error:
            reason = str(as_told(error))
            failed.append((case.name, reason))
            notice = f"{case.name} failed: {reason}"
            yield Progress("Looking at the files", number, len(source.cases), notice)
    _require_own(folder, cases)
    return Plan(folder, tuple(cases), tuple(failed), mapping, source.channels, source.about)


def plan_phantoms(count: int, folder: Path) -> Plan:
    """Plan a data set of phantoms, with a test case for each three training cases.

    Raises
    ------
    AbdosegError
        The folder has files of another data set.
    """
    tests = max(1, count // phantoms.TRAINING_CASES_PER_TEST_CASE)
    named = [
        *((False, *phantoms.phantom_for_training(number, folder)) for number in range(count)),
        *((True, *phantoms.phantom_for_testing(number, folder)) for number in range(tests)),
    ]
    cases = tuple(_case_plan(name, test, (step,), folder, name) for test, name, step in named)
    _require_own(folder, cases)
    return Plan(folder, cases, (), phantoms.MAPPING, ("CT",), phantoms.ABOUT)


def require_room(plan: Plan) -> None:
    """Make sure that the disk has room for what is to be made.

    Raises
    ------
    SaveError
        It has not.
    """
    free = shutil.disk_usage(existing_folder(plan.folder)).free
    if plan.bytes_needed > free:
        raise SaveError(
            f"{plan.folder} needs up to {spoken_bytes(plan.bytes_needed)} and its disk has "
            f"{spoken_bytes(free)} left: free some space or choose another disk. Nothing was "
            "written."
        )


def _plan_case(
    case: SourceCase, channels: tuple[str, ...], folder: Path, mapping: LabelMapping, way: Way
) -> CasePlan:
    kind = "Ts" if case.test else "Tr"
    images = image_steps(case.images, folder / f"images{kind}", case.name, way)
    found = sum(len(step.targets) for step in images)
    if found != len(channels):
        named = f"{len(channels)} ({', '.join(channels)})" if channels else "none with a name"
        raise AbdosegError(
            f"{case.images[0]} gives {found} channel{'s' if found > 1 else ''}, the data set has "
            f"{named}: mend it, or name the channels with --channels, such as CT,PET."
        )
    labels = label_steps(case, folder / f"labels{kind}", mapping, way)
    for step in labels:
        _require_grid(step.sources[0], case.images[0], written_on(case) is not None)
    patient = case.patient or case.name
    return _case_plan(case.name, case.test, (*images, *labels), folder, patient)


def _require_grid(labels: Path, image: Path, in_any_order: bool) -> None:
    """Make sure that labels lie where the image does, by the headers of both.

    Those that are written anew may be stored in another order. Masks are compared with each
    other when they are merged.
    """
    grids = load_grid(labels), load_grid(image)
    if in_any_order:
        grids = grids[0].on_screen, grids[1].on_screen
    if fault := grid_difference(*grids):
        raise AbdosegError(
            f"{labels} is not on the grid of {image}: {fault}. Save it on the grid of its image, "
            "or move the files of this case away."
        )


def _case_plan(
    name: str, test: bool, steps: tuple[Step, ...], folder: Path, patient: str
) -> CasePlan:
    digest = digest_of(steps)
    record = read_record(folder, name)
    there = all(path.exists() for step in steps for path in step.targets)
    same = record is not None and record.finished and record.digest == digest
    return CasePlan(name, test, steps, digest, there and same, patient)


def _require_own(folder: Path, cases: Iterable[CasePlan]) -> None:
    """Make sure that no file would be replaced, or stay, that is not this conversion's."""
    known = [case for case in cases if read_record(folder, case.name) is not None]
    own = {path for case in known for path in case.targets}
    found = [path for name in FOLDERS for path in visible_images(folder / name)]
    if not known and (folder / DESCRIPTION).exists():
        found.append(folder / DESCRIPTION)
    for path in found:
        if path not in own:
            raise AbdosegError(
                f"{path} is in the way: it does not come from this conversion, or from one with "
                "other cases. Choose another output folder, or move it away."
            )
