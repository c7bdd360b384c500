"""One case: its scan in, its label map and report out.

What networks don't do can be done beside them: `preparing_case` before, `concluding_case`
and `write_result` after they worked on the case.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from napari_abdoseg.anatomy.orientation.check import look_at
from napari_abdoseg.batch.case import Case
from napari_abdoseg.batch.case_logits import LOGITS, logits_entry, packed_logits
from napari_abdoseg.batch.case_report import Report, case_report, read_report, write_report
from napari_abdoseg.batch.case_scan import path_from
from napari_abdoseg.batch.file_identity import FileIdentity
from napari_abdoseg.batch.recipe import Recipe
from napari_abdoseg.image.files.saving import make_folder, remove_file
from napari_abdoseg.image.nifti.volumes import read_volume, write_labels
from napari_abdoseg.image.volume import LabelMap, Volume
from napari_abdoseg.inference.model.ensemble import Ensemble
from napari_abdoseg.inference.result import Segmentation
from napari_abdoseg.inference.scan import PredictedScan, PreparedScan
from napari_abdoseg.inference.segmentation import asking, concluding, preparing
from napari_abdoseg.logits.file import PackedLogits, remove_logits
from napari_abdoseg.progress import Progress, Work, time_stages

READING, WRITING = "Reading", "Writing"

_log = logging.getLogger(__name__)


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
    logits : PackedLogits, optional
        If they were to be kept, and can be.
    no_logits : str
        Why they can't, in a sentence.
    """

    labels: LabelMap
    disagreement: LabelMap | None
    report: Report
    logits: PackedLogits | None = None
    no_logits: str = ""

    def with_seconds(self, seconds: Mapping[str, float]) -> CaseResult:
        """The same with the time that each stage took."""
        rounded = {stage: round(elapsed, 3) for stage, elapsed in seconds.items()}
        return replace(self, report=self.report | {"seconds": rounded})


def preparing_case(case: Case, ensemble: Ensemble) -> Work[PreparedScan]:
    """Read a case and make the images that networks take."""
    seconds: dict[str, float] = {}
    scan = yield from time_stages(_preparing(case, ensemble), seconds)
    return replace(scan, seconds=seconds, lies=look_at(scan.volume))


def _preparing(case: Case, ensemble: Ensemble) -> Work[PreparedScan]:
    yield Progress(READING, 0, 0)
    volume = read_volume(case.image)
    return (yield from preparing(volume, ensemble))


def asking_case(
    name: str, prepared: PreparedScan, ensemble: Ensemble, preset: str
) -> Work[PredictedScan]:
    """Let the networks work on a case, and tell before if its content lies otherwise."""
    if prepared.lies and (alarm := prepared.lies.orientation.alarm):
        _log.warning("%s: %s", name, alarm)
        yield Progress(READING, 0, 0, notice=f"{name}: {alarm}")
    seconds = dict(prepared.seconds)
    predicted = yield from time_stages(asking(prepared, ensemble, preset), seconds)
    return replace(predicted, seconds=seconds, lies=prepared.lies)


def concluding_case(name: str, predicted: PredictedScan, recipe: Recipe) -> Work[CaseResult]:
    """Bring what networks find in a case to its grid, and measure it."""
    seconds = dict(predicted.seconds)
    segmentation = yield from time_stages(concluding(predicted, recipe.logits), seconds)
    _log.info("%s: %s", name, _words_for(seconds))
    volume, lies = predicted.volume, predicted.lies
    report = case_report(name, volume, segmentation, recipe.preset, recipe.disagreement, lies)
    dissent = segmentation.disagreement.label_map() if recipe.disagreement else None
    result = CaseResult(segmentation.labels, dissent, report).with_seconds(seconds)
    return _with_logits(result, volume, segmentation) if recipe.logits else result


def _with_logits(result: CaseResult, volume: Volume, segmentation: Segmentation) -> CaseResult:
    logits, why_none = packed_logits(volume, segmentation)
    report = result.report | {LOGITS: logits_entry(logits, why_none)}
    return replace(result, report=report, logits=logits, no_logits=why_none)


def _words_for(seconds: Mapping[str, float]) -> str:
    return ", ".join(f"{stage} took {elapsed:.2f} s" for stage, elapsed in seconds.items())


def segmenting_case(
    name: str, volume: Volume, ensemble: Ensemble, recipe: Recipe
) -> Work[CaseResult]:
    """Segment a scan that was read.

    Parameters
    ----------
    name : str
        Of the case.
    volume : Volume
    ensemble : Ensemble
    recipe : Recipe
        What is made of it, by this ensemble.
    """
    prepared = PreparedScan(volume, lies=look_at(volume))
    return (yield from _segmenting(name, prepared, ensemble, recipe))


def predicting_case(case: Case, ensemble: Ensemble, preset: str) -> Work[Report]:
    """Read a case, segment it and write its results; see `segmenting_case`."""
    prepared = yield from preparing_case(case, ensemble)
    recipe = Recipe.of(ensemble, preset)
    result = yield from _segmenting(case.name, prepared, ensemble, recipe)
    yield Progress(WRITING, 1, 1)
    write_result(case, result)
    return result.report


def _segmenting(
    name: str, prepared: PreparedScan, ensemble: Ensemble, recipe: Recipe
) -> Work[CaseResult]:
    predicted = yield from asking_case(name, prepared, ensemble, recipe.preset)
    del prepared
    return (yield from concluding_case(name, predicted, recipe))


def write_result(case: Case, result: CaseResult, by_way_of: Path | None = None) -> None:
    """Write the label map, then the report, so that a case with a report is whole.

    Logits of another result do not stay beside it.

    Parameters
    ----------
    case : Case
    result : CaseResult
    by_way_of : Path, optional
        Folder on the same disk that files are in until they are whole.

    Raises
    ------
    SaveError
        It could not be written; the case has no report then.
    """
    make_folder(case.output)
    remove_file(case.report)
    scan = FileIdentity.of(case.image)
    report = result.report | {
        "image_path": path_from(case.output, case.image),
        "image_file": scan and scan.content,
    }
    write_labels(case.labels, result.labels, by_way_of)
    if result.disagreement is not None:
        write_labels(case.disagreement, result.disagreement, by_way_of)
    _write_logits(case, result, by_way_of)
    write_report(case.report, report, by_way_of)


def add_logits(case: Case, result: CaseResult, by_way_of: Path | None = None) -> None:
    """Write the logits of a result, and note them in the report that is there.

    Raises
    ------
    SaveError
        They could not be written.
    """
    _write_logits(case, result, by_way_of)
    report = read_report(case.report) | {LOGITS: result.report[LOGITS]}
    write_report(case.report, report, by_way_of)


def _write_logits(case: Case, result: CaseResult, by_way_of: Path | None) -> None:
    if result.logits is not None:
        result.logits.write(case.logits, by_way_of)
    else:
        remove_logits(case.logits)
