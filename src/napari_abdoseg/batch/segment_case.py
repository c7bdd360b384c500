"""One case: its scan in, its label map and report out."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from napari_abdoseg.batch.case import Case
from napari_abdoseg.batch.case_report import Report, case_report, write_report
from napari_abdoseg.image.nifti import read_volume, write_labels
from napari_abdoseg.image.volume import LabelMap, Volume
from napari_abdoseg.inference.calibration import STAGE as MEASURING
from napari_abdoseg.inference.ensemble import Ensemble
from napari_abdoseg.inference.preflight import preflighting
from napari_abdoseg.inference.segmentation import segmenting
from napari_abdoseg.progress import Progress, Work, time_stages

READING, WRITING = "Reading", "Writing"


@dataclass(frozen=True)
class CaseResult:
    """What was found in a case.

    Parameters
    ----------
    labels : LabelMap
        On the grid of the CT.
    disagreement : LabelMap, optional
        Where folds disagree, if that was asked for.
    report : dict
        See `napari_abdoseg.batch.case_report.case_report`.
    """

    labels: LabelMap
    disagreement: LabelMap | None
    report: Report

    def with_seconds(self, seconds: Mapping[str, float]) -> CaseResult:
        """The same with the time that each stage took."""
        rounded = {stage: round(elapsed, 3) for stage, elapsed in seconds.items()}
        return replace(self, report=self.report | {"seconds": rounded})


def segmenting_case(
    name: str, volume: Volume, ensemble: Ensemble, preset: str, disagreement: bool = False
) -> Work[CaseResult]:
    """Segment a scan that was read.

    Parameters
    ----------
    name : str
        Of the case.
    volume : Volume
    ensemble : Ensemble
    preset : str
    disagreement : bool, optional
        Also find where folds disagree, and list places to review.
    """
    seconds: dict[str, float] = {}
    segmentation = yield from time_stages(segmenting(volume, ensemble, preset), seconds)
    report = case_report(name, volume, segmentation, preset, disagreement)
    dissent = segmentation.disagreement.label_map() if disagreement else None
    return CaseResult(segmentation.labels, dissent, report).with_seconds(seconds)


def write_result(case: Case, result: CaseResult) -> None:
    """Write the label map, then the report, so that a case with a report is whole."""
    case.output.mkdir(parents=True, exist_ok=True)
    write_labels(case.labels, result.labels)
    if result.disagreement is not None:
        write_labels(case.disagreement, result.disagreement)
    write_report(case.report, result.report)


def predicting_case(
    case: Case,
    ensemble: Ensemble,
    preset: str,
    disagreement: bool = False,
    foretell: bool = False,
) -> Work[Report]:
    """Read a case, segment it and write its results.

    Parameters
    ----------
    case : Case
    ensemble : Ensemble
    preset : str
    disagreement : bool, optional
        Also write where folds disagree, and list places to review.
    foretell : bool, optional
        Tell before what it will take.
    """
    seconds: dict[str, float] = {}
    work = _predicting_case(case, ensemble, preset, seconds, disagreement, foretell)
    return (yield from time_stages(work, seconds))


def _predicting_case(
    case: Case,
    ensemble: Ensemble,
    preset: str,
    seconds: dict[str, float],
    disagreement: bool,
    foretell: bool,
) -> Work[Report]:
    yield Progress(READING, 0, 0)
    volume = read_volume(case.image)
    if foretell:
        preflight = yield from preflighting(volume, ensemble, preset)
        for sentence in (preflight.line, *preflight.warnings):
            yield Progress(MEASURING, 0, 0, sentence)
    result = yield from segmenting_case(case.name, volume, ensemble, preset, disagreement)
    yield Progress(WRITING, 1, 1)
    result = result.with_seconds(seconds)
    write_result(case, result)
    return result.report
