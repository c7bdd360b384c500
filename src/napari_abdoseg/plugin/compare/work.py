"""The slow part of comparisons: matching layers or reading files, and a first comparison."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

from napari.layers import Labels

from napari_abdoseg.errors import AbdosegError, ImageError
from napari_abdoseg.evaluation.alignment import align
from napari_abdoseg.evaluation.case_scores import read_pair
from napari_abdoseg.evaluation.cohort import CohortScores
from napari_abdoseg.evaluation.comparison import Findings, comparing
from napari_abdoseg.evaluation.ignored_voxels import leave_out_ignored
from napari_abdoseg.evaluation.label_schemes import (
    FolderSchemes,
    Matched,
    Schemes,
    match_organs,
    naming_words,
)
from napari_abdoseg.evaluation.pairs import Pair, find_cases, find_pairs
from napari_abdoseg.evaluation.tolerance import Tolerances
from napari_abdoseg.evaluation.unnamed_labels import share_names
from napari_abdoseg.image.nifti.volumes import read_volume
from napari_abdoseg.image.volume import LabelMap, Volume
from napari_abdoseg.plugin.layers.conversion import label_map_of, paintable
from napari_abdoseg.progress import Progress, Work

READING = "Reading"


@dataclass(frozen=True)
class ComparedCase:
    """A case that was read from files and compared.

    Parameters
    ----------
    name : str
    matched : Matched
        Its label maps, which can be painted on.
    findings : Findings
        Of these label maps.
    scan : Volume or None
    """

    name: str
    matched: Matched
    findings: Findings
    scan: Volume | None


def match_layers(prediction: Labels, reference: Labels) -> Matched:
    """A prediction as it is, and its reference with the prediction's values.

    Organs are matched by name where both layers name theirs, by value otherwise.

    Raises
    ------
    ImageError
        A layer is no label map of a volume or has values that the other one's organs
        do not have, the two are not on one grid, or no organ is in both.
    """
    found, real = _titled(prediction), _titled(reference)
    predicted, known = share_names(align(found, real), real)
    matched = match_organs(known, leave_out_ignored(predicted, known))
    naming = naming_words(found, real, matched.unmatched)
    return Matched(matched.reference, matched.prediction, matched.unmatched, naming)


def _titled(layer: Labels) -> LabelMap:
    """A layer's label map; errors call it as the layer is called."""
    return replace(label_map_of(layer), path=Path(f"The layer {layer.name}"))


def comparing_layers(
    prediction: Labels, reference: Labels, tolerances: Tolerances
) -> Work[tuple[Matched, Findings]]:
    """Compare two layers.

    Raises
    ------
    ImageError
        As `match_layers`.
    """
    yield Progress(READING, 0, 0)
    matched = match_layers(prediction, reference)
    findings = yield from comparing(matched.prediction, matched.reference, tolerances)
    return matched, findings


def comparing_files(
    prediction: Path, reference: Path, scan: Path | None, tolerances: Tolerances
) -> Work[ComparedCase]:
    """Read and compare two label maps, and read their CT if there is one.

    Raises
    ------
    AbdosegError
        A file can't be read, or the files are not of one scan.
    """
    for path in filter(None, (prediction, reference, scan)):
        if path.is_dir():
            raise AbdosegError(f"{path} is a folder: choose a file, or compare two folders.")
    (pair,) = find_pairs(prediction, reference).pairs
    return (yield from _comparing_pair(pair, FolderSchemes(), scan, tolerances))


def comparing_case(cohort: CohortScores, case: str, scans: Path | None) -> Work[ComparedCase]:
    """Read a case of a cohort and compare it again; its CT comes from a folder of ``scans``.

    Raises
    ------
    AbdosegError
        A file can't be read.
    """
    scan = find_cases(scans).get(case) if scans else None
    pair = cohort.pair(case)
    return (yield from _comparing_pair(pair, cohort.schemes, scan, cohort.tolerances))


def _comparing_pair(
    pair: Pair, schemes: Schemes, scan: Path | None, tolerances: Tolerances
) -> Work[ComparedCase]:
    if not (pair.prediction.exists() and pair.reference.exists()):
        raise AbdosegError(f"The files of {pair.case} are gone: compare the folders again.")
    yield Progress(READING, 0, 0)
    matched = read_pair(pair, schemes)
    yield from _telling(matched)
    prediction, reference = paintable(matched.prediction), paintable(matched.reference)
    matched = replace(matched, prediction=prediction, reference=reference)
    volume = None if scan is None else scan_on(scan, reference)
    findings = yield from comparing(prediction, reference, tolerances)
    return ComparedCase(pair.case, matched, findings, volume)


def _telling(matched: Matched) -> Work[None]:
    """Tell what a user should know of how the label maps were read."""
    for labels in (matched.prediction, matched.reference):
        for notice in labels.notices:
            name = labels.path.name if labels.path else "A label map"
            yield Progress(READING, 0, 0, f"{name}: {notice}")


def scan_on(path: Path, labels: LabelMap) -> Volume:
    """Read the CT that a label map is of.

    Raises
    ------
    ImageError
        It is on another grid.
    """
    scan = read_volume(path)
    if not scan.grid.matches(labels.grid, 0.1 * min(labels.grid.spacing)):
        raise ImageError(
            f"{path} is not on the grid of {labels.path}: choose the CT that the labels are of."
        )
    return scan
