"""A case on a worker, with word of it to the run that asked, and an end when that is gone."""

from __future__ import annotations

import json
from concurrent.futures import CancelledError

from distributed import get_worker

from napari_abdoseg.batch.cluster.ensembles import ensemble_of
from napari_abdoseg.batch.cluster.packed import PackedResult, PackedVolume
from napari_abdoseg.batch.file_identity import FileIdentity
from napari_abdoseg.batch.goal import SegmentationJob
from napari_abdoseg.batch.segment_case import CaseResult, segmenting_case
from napari_abdoseg.image.nifti.volumes import read_volume
from napari_abdoseg.image.volume import Volume
from napari_abdoseg.inference.hardware.threads import use_threads
from napari_abdoseg.log import logged
from napari_abdoseg.progress import Progress, Work, relay, thin_out

TOPIC = "napari-abdoseg"
"""What the scheduler calls word of cases."""
INTERVAL = 1.0
"""Seconds between two reports of a stage."""


def segment_file(
    job: SegmentationJob, run: str, case: str, file: FileIdentity
) -> PackedResult | None:
    """Segment a scan on a disk that the worker shares; None if it does not have the file.

    Parameters
    ----------
    job : SegmentationJob
    run : str
        Name of the run, unlike any other's, which word of the case is for.
    case : str
        Its name.
    file : FileIdentity

    Raises
    ------
    AbdosegError
        The scan can't be read or segmented.
    """
    if not file.is_here:
        return None
    return _segment(job, run, case, read_volume(file.path))


def segment_scan(job: SegmentationJob, run: str, case: str, scan: PackedVolume) -> PackedResult:
    """Segment a scan that was sent; see `segment_file`.

    Raises
    ------
    AbdosegError
        It can't be segmented.
    """
    return _segment(job, run, case, scan.unpack())


def _segment(job: SegmentationJob, run: str, case: str, volume: Volume) -> PackedResult:
    use_threads(get_worker().state.nthreads)
    work = segmenting_case(case, volume, ensemble_of(job), job.goal.recipe)
    del volume
    return PackedResult.of(_carry_out(work, run, case))


def _carry_out(work: Work[CaseResult], run: str, case: str) -> CaseResult:
    """Work to the end, unless nobody waits for it any more."""
    worker = get_worker()
    key = worker.get_current_task()

    def require_wanted(progress: Progress) -> Progress:
        task = worker.state.tasks.get(key)
        if task is None or task.state != "executing":
            raise CancelledError
        return progress

    def tell(progress: Progress) -> None:
        said = [run, case, progress.stage, progress.fraction, progress.notice]
        worker.log_event(TOPIC, json.dumps(said))  # Dask's own takes no name that is no UTF-8

    wanted = relay(logged(work, case), require_wanted)
    reports = thin_out(wanted, INTERVAL)
    try:
        while True:
            tell(next(reports))
    except StopIteration as end:
        return end.value  # type: ignore[no-any-return]
    finally:
        reports.close()
