"""The files that say how well predictions agree with references."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from napari_abdoseg.evaluation.cohort import CohortScores
from napari_abdoseg.evaluation.definitions import definitions_text
from napari_abdoseg.evaluation.metrics_csv import METRICS, write_metrics
from napari_abdoseg.evaluation.paired import paired_differences, write_paired
from napari_abdoseg.evaluation.report.page import Comparison, render_report
from napari_abdoseg.evaluation.report.worst import drawing_worst
from napari_abdoseg.evaluation.summary import write_summary
from napari_abdoseg.image.files.saving import make_folder, write_text
from napari_abdoseg.progress import Work


def writing_results(
    output: Path,
    cohort: CohortScores,
    other: CohortScores | None = None,
    images: Mapping[str, Path] | None = None,
    workers: int = 1,
) -> Work[tuple[Path, ...]]:
    """Write the tables and the page on a cohort; each file is whole or not there.

    Parameters
    ----------
    output : Path
        Folder, made if need be.
    cohort : CohortScores
    other : CohortScores, optional
        Another prediction of the same cases, for paired differences.
    images : mapping of str to Path, optional
        CT of a case, to show behind its worst slices.
    workers : int, optional
        Processes that share the drawing.

    Returns
    -------
    tuple of Path
        ``metrics.csv``, ``summary.csv``, ``definitions.txt``, ``report.html``, and
        ``paired.csv`` with another prediction.

    Raises
    ------
    AbdosegError
        A file could not be written, or the two predictions have no case in common.
    """
    make_folder(output)
    comparison = Comparison(other, paired_differences(cohort, other)) if other else None
    worst = yield from drawing_worst(cohort, images or {}, workers)
    files = [output / name for name in (METRICS, "summary.csv", "definitions.txt")]
    write_metrics(files[0], cohort)
    write_summary(files[1], cohort)
    write_text(files[2], definitions_text(cohort))
    if comparison:
        files.append(output / "paired.csv")
        write_paired(files[-1], comparison.rows)
    files.append(output / "report.html")
    write_text(files[-1], render_report(cohort, worst, comparison))
    return tuple(files)
