"""CT files in, label maps and reports out."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from napari_abdoseg.batch.case import Case
from napari_abdoseg.batch.case_report import Report, read_report, write_organs_csv
from napari_abdoseg.batch.segment_case import predicting_case
from napari_abdoseg.errors import AbdosegError
from napari_abdoseg.image.nifti import case_name, nifti_files
from napari_abdoseg.inference.ensemble import Ensemble
from napari_abdoseg.inference.preset import find_preset
from napari_abdoseg.progress import Progress, Work, as_part, relay


@dataclass(frozen=True)
class Outcome:
    """What became of the cases.

    Parameters
    ----------
    made : tuple of Case
        Cases whose label map was written.
    kept : tuple of Case
        Cases left alone, since their label map was there before.
    failed : tuple of (Case, str)
        Cases without a result, and why.
    reports : tuple of dict
        Of all cases that have a result now, made or kept.
    """

    made: tuple[Case, ...]
    kept: tuple[Case, ...]
    failed: tuple[tuple[Case, str], ...]
    reports: tuple[Report, ...]


def find_cases(inputs: Iterable[Path], output: Path) -> tuple[Case, ...]:
    """Cases of CT files and folders of them.

    Raises
    ------
    AbdosegError
        An input is missing, two have one name, or a result would replace its input.
    """
    cases: dict[str, Case] = {}
    for path in inputs:
        for image in nifti_files(path) if path.is_dir() else [path]:
            case = Case(case_name(image), image, output)
            other = cases.setdefault(case.name, case)
            if other is not case:
                raise AbdosegError(
                    f"{other.image} and {image} are both the case {case.name!r}: their results "
                    "would have one name; rename one of them."
                )
            if image.resolve() in (case.labels.resolve(), case.report.resolve()):
                raise AbdosegError(
                    f"The result of {image} would replace it: choose another output folder."
                )
    return tuple(cases.values())


def predicting(
    cases: Sequence[Case],
    ensemble: Ensemble,
    preset: str,
    overwrite: bool = False,
    disagreement: bool = False,
    foretell: bool = False,
) -> Work[Outcome]:
    """Segment cases and write their results, and ``organs.csv`` over all.

    A case that can't be segmented is reported and the others go on. A label
    map that is there already is kept, unless ``overwrite`` is set. With
    ``disagreement``, it is written too where folds disagree; with ``foretell``, what the
    first case will take is told before.

    Yields
    ------
    Progress
        Over all cases, in thousandths of a case.
    """
    if disagreement:
        _require_folds(ensemble, preset)
    made: list[Case] = []
    reports: list[Report] = []
    kept: list[Case] = []
    failed: list[tuple[Case, str]] = []
    for number, case in enumerate(cases):
        if case.labels.exists() and not overwrite:
            kept.append(case)
            if case.report.exists():
                reports.append(read_report(case.report))
            continue
        try:
            first = not made and not failed
            work = predicting_case(case, ensemble, preset, disagreement, foretell and first)
            reports.append((yield from _among(work, case.name, number, len(cases))))
            made.append(case)
        except AbdosegError as error:
            failed.append((case, str(error)))
    if reports:
        write_organs_csv(cases[0].output / "organs.csv", reports)
    return Outcome(tuple(made), tuple(kept), tuple(failed), tuple(reports))


def _require_folds(ensemble: Ensemble, preset: str) -> None:
    used = find_preset(preset).used
    if sum(len(used(trained.members)) for trained in ensemble.configurations) < 2:
        raise AbdosegError(
            "A single fold has none to disagree with: use more folds and a preset that has all of "
            "them work, or leave out the disagreement."
        )


def _among(work: Work[Report], name: str, number: int, count: int) -> Work[Report]:
    """Progress of one case as progress over all."""

    def name_case(progress: Progress) -> Progress:
        stage = f"{name}: {progress.stage}" if count > 1 else progress.stage
        return replace(progress, stage=stage, interim=None)

    return relay(relay(work, name_case), as_part(number, count))
