"""CT files in, label maps, reports and tables out, on the devices of one machine."""

from __future__ import annotations

from collections.abc import Sequence

from napari_abdoseg.batch.case import Case
from napari_abdoseg.batch.claims import Claims
from napari_abdoseg.batch.fleet import segmenting_on
from napari_abdoseg.batch.goal import Goal, SegmentationJob
from napari_abdoseg.batch.pipeline import Pipeline
from napari_abdoseg.batch.run import Segmenting, running
from napari_abdoseg.batch.run_state import Outcome
from napari_abdoseg.inference.hardware.device import Device
from napari_abdoseg.inference.model.ensemble import Ensemble
from napari_abdoseg.progress import Work

WORKERS = 1
"""Cases that are prepared, and written, beside the networks."""


def predicting(
    cases: Sequence[Case],
    ensemble: Ensemble,
    preset: str,
    overwrite: bool = False,
    disagreement: bool = False,
    foretell: bool = False,
    workers: int = WORKERS,
    devices: Sequence[Device] = (),
    keep_logits: bool = False,
) -> Work[Outcome]:
    """Segment cases and write their results, ``organs.csv`` over all and ``failed.csv``.

    A finished case is kept: one whose label map and report are complete and made by the same
    folds of the same models with the same preset. So what was stopped, however, goes on when
    it is started again, and several runs share the cases of a folder. A case that can't be
    segmented is reported and the others go on.

    Parameters
    ----------
    cases : sequence of Case
        All with one output folder.
    ensemble : Ensemble
    preset : str
    overwrite : bool, optional
        Make finished cases again.
    disagreement : bool, optional
        Also write where folds disagree.
    foretell : bool, optional
        Tell of the first case before what it will take, on one device.
    workers : int, optional
        Cases that are prepared, and written, side by side on each device.
    devices : sequence of Device, optional
        A process works on each, if they are several; the ensemble's own by default.
    keep_logits : bool, optional
        Also write the logits that hints to a correction go by.

    Yields
    ------
    Progress
        Over all cases that are to be made, in thousandths of a case.

    Raises
    ------
    AbdosegError
        The output folder has an output of another model or preset, a single fold is asked
        where it disagrees, or several configurations are to keep logits.
    SaveError
        Results can't be written; what is finished stays.

    Examples
    --------
    >>> from pathlib import Path
    >>> from napari_abdoseg import load_ensemble, make_phantom
    >>> from napari_abdoseg.batch.finding import find_cases
    >>> from napari_abdoseg.batch.folder import predicting
    >>> from napari_abdoseg.image.nifti import write_volume
    >>> from napari_abdoseg.progress import drain
    >>> write_volume("case1_0000.nii.gz", make_phantom(1, (12.0, 10.0, 10.0))[0])
    >>> cases = find_cases([Path("case1_0000.nii.gz")], Path("results"))
    >>> outcome = drain(predicting(cases, load_ensemble("demo", [0], "cpu"), "fast"))
    >>> sorted(path.name for path in Path("results").iterdir())
    ['case1.json', 'case1.nii.gz', 'organs.csv']
    """
    goal = Goal.of(ensemble, preset, disagreement, overwrite, keep_logits)
    job = SegmentationJob.for_this_machine(ensemble, goal, workers)

    def segment(to_do: Sequence[Case], claims: Claims) -> Segmenting:
        if len(to_do) > 1 and len(devices) > 1:
            return segmenting_on(devices, to_do, job)
        return Pipeline(job, ensemble, claims, foretell).run(iter(to_do))

    return (yield from running(cases, goal, segment))
