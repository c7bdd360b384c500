"""The whole evaluation in one call."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from napari_abdoseg.evaluation.alignment import GridRule
from napari_abdoseg.evaluation.cohort import CohortScores, evaluating
from napari_abdoseg.evaluation.label_schemes import read_schemes
from napari_abdoseg.evaluation.pairs import find_cases
from napari_abdoseg.evaluation.results import writing_results
from napari_abdoseg.evaluation.tolerance import find_tolerances
from napari_abdoseg.image.nifti.volumes import AnyPath
from napari_abdoseg.progress import drain


def evaluate(
    predictions: AnyPath,
    references: AnyPath,
    output: AnyPath | None = None,
    tolerance: float | str = "FLARE21",
    workers: int = 1,
    resample: bool = False,
    images: AnyPath | None = None,
    assume_same_grid: bool = False,
    labels: str | Sequence[str] = (),
    thin: Sequence[str] = (),
) -> CohortScores:
    """Score predictions against references, and write tables and a report.

    Parameters
    ----------
    predictions, references : path-like
        Two folders of label maps, whose cases are matched by name, or two files.
    output : path-like, optional
        Folder for ``metrics.csv``, ``summary.csv``, ``definitions.txt`` and
        ``report.html``; nothing is written without one.
    tolerance : float or str, optional
        Of the normalized surface Dice: mm, or ``"FLARE21"`` (1 mm) or ``"FLARE22"``.
    workers : int, optional
        Processes that share the cases. A script that asks for more than one must start
        below ``if __name__ == "__main__":``, as `multiprocessing` wants it.
    resample : bool, optional
        Bring predictions on other grids to that of their reference, by nearest neighbour.
    images : path-like, optional
        Folder of the CTs, to show them behind the worst slices of the report.
    assume_same_grid : bool, optional
        Compare files of one shape voxel by voxel, whatever they say of their place.
    labels : str or sequence of str, optional
        What label values are called, as `read_stated` takes it: for both sides, or one for
        predictions and one for references. Found in and beside the files by default.
    thin : sequence of str, optional
        Names of thin structures, such as ``["common bile duct"]``: their centre lines are
        compared too, by clDice and by their distance.

    Returns
    -------
    CohortScores
        ``cases`` with their ``scores``, and cases that ``failed``.

    Raises
    ------
    AbdosegError
        The inputs don't match, no case can be scored, or a file can't be written.

    Examples
    --------
    >>> from pathlib import Path
    >>> from napari_abdoseg import evaluate, make_phantom, write_labels
    >>> truth = make_phantom(1, (12.0, 10.0, 10.0))[1]
    >>> for folder in ("predictions", "labelsTs"):
    ...     Path(folder).mkdir()
    ...     write_labels(f"{folder}/case1.nii.gz", truth)
    >>> cohort = evaluate("predictions", "labelsTs", "evaluation")
    >>> {case: float(score.dsc) for case, score in cohort.of_organ("liver").items()}
    {'case1': 1.0}
    >>> sorted(path.name for path in Path("evaluation").iterdir())
    ['definitions.txt', 'metrics.csv', 'report.html', 'summary.csv']
    """
    tolerances = find_tolerances(str(tolerance))
    rule = GridRule.of(resample, assume_same_grid)
    scans = find_cases(Path(images)) if images else None
    schemes = read_schemes([labels] if isinstance(labels, str) else labels)
    cohort = drain(evaluating(predictions, references, tolerances, workers, rule, schemes, thin))
    if output is not None:
        drain(writing_results(Path(output), cohort, images=scans, workers=workers))
    return cohort
