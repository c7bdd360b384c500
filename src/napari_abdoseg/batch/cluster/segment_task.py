"""A case on a worker, with word of it to the run that asked, and an end when that is gone."""

from __future__ import annotations

import json
from concurrent.futures import CancelledError
from dataclasses import dataclass

from distributed import get_worker

from napari_abdoseg.batch.cluster.packed import PackedResult, PackedVolume
from napari_abdoseg.batch.cluster.request import Request
from napari_abdoseg.batch.file_identity import FileIdentity
from napari_abdoseg.batch.segment_case import CaseResult, segmenting_case
from napari_abdoseg.image.nifti.volumes import read_volume
from napari_abdoseg.image.volume import Volume
from napari_abdoseg.inference.hardware.startup import use_threads
from napari_abdoseg.log import logged
from napari_abdoseg.progress import Progress, Work, relay, thin_out

TOPIC = "napari-abdoseg"
"""What the scheduler calls word of cases."""
INTERVAL = 1.0
"""Seconds between two reports of a stage."""


@dataclass(frozen=True)
class Errand:
    """A case of a run.

    Parameters
    ----------
    run : str
        Unlike any other.
    case : str
        Name of the case.
    request : Request
    """

    run: str
    case: str
    request: Request


def segment_file(errand: Errand, file: FileIdentity) -> PackedResult | None:
    """Segment a scan on a disk that the worker shares; None if it does not have the file.

    Raises
    ------
    AbdosegError
        The scan can't be read or segmented.
    """
    if not file.is_here:
        return None
    return _segment(errand, read_volume(file.path))


def segment_scan(errand: Errand, scan: PackedVolume) -> PackedResult:
    """Segment a scan that was sent.

    Raises
    ------
    AbdosegError
        It can't be segmented.
    """
    return _segment(errand, scan.unpack())


def _segment(errand: Errand, volume: Volume) -> PackedResult:
    use_threads(get_worker().state.nthreads)
    asked = errand.request.asked
    work = segmenting_case(
        errand.case, volume, errand.request.load(), asked.preset, asked.disagreement
    )
    del volume
    return PackedResult.of(_carry_out(work, errand))


def _carry_out(work: Work[CaseResult], errand: Errand) -> CaseResult:
    """Work to the end, unless nobody waits for it any more."""
    worker = get_worker()
    key = worker.get_current_task()

    def require_wanted(progress: Progress) -> Progress:
        task = worker.state.tasks.get(key)
        if task is None or task.state != "executing":
            raise CancelledError
        return progress

    def tell(progress: Progress) -> None:
        said = [errand.run, errand.case, progress.stage, progress.fraction, progress.notice]
        worker.log_event(TOPIC, json.dumps(said))  # Dask's own takes no name that is no UTF-8

    wanted = relay(logged(work, errand.case), require_wanted)
    reports = thin_out(wanted, INTERVAL)
    try:
        while True:
            tell(next(reports))
    except StopIteration as end:
        return end.value  # type: ignore[no-any-return]
    finally:
        reports.close()
