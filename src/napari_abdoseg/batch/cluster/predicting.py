"""CT files in, label maps, reports and tables out, on the workers of a cluster."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from napari_abdoseg.batch.case import Case
from napari_abdoseg.batch.claims import Claims
from napari_abdoseg.batch.cluster.connection import connected
from napari_abdoseg.batch.cluster.segment_task import TOPIC
from napari_abdoseg.batch.cluster.service import FolderService, ScanService
from napari_abdoseg.batch.cluster.worker_pool import WorkerPool
from napari_abdoseg.batch.goal import SegmentationJob
from napari_abdoseg.batch.run import Segmenting, running
from napari_abdoseg.batch.run_state import Outcome, RunState
from napari_abdoseg.batch.segment_case import CaseResult
from napari_abdoseg.errors import AbdosegError
from napari_abdoseg.image.volume import Volume
from napari_abdoseg.progress import Work

SCAN = "scan"
"""What a scan that has no file is called."""


def predicting_on_cluster(
    cases: Sequence[Case], job: SegmentationJob, scheduler: str
) -> Work[Outcome]:
    """Segment cases on the workers of a cluster; see `napari_abdoseg.batch.folder.predicting`.

    Workers that see the same files read them; scans are sent to others. Results are written
    here. A worker takes one case at a time, and one that dies has its case begun anew by
    another, until three have died of it.

    Parameters
    ----------
    cases : sequence of Case
        All with one output folder.
    job : SegmentationJob
        For other machines.
    scheduler : str
        Address, see `connected`.

    Raises
    ------
    AbdosegError
        The scheduler does not answer, no worker can do its share, or the output folder has an
        output of another model or preset.
    SaveError
        Results can't be written; what is finished stays.
    """

    def segment(to_do: Sequence[Case], claims: Claims) -> Segmenting:
        return segmenting_cases(scheduler, to_do, FolderService(job, claims))

    return (yield from running(cases, job.goal, segment))


def segmenting_on_cluster(volume: Volume, job: SegmentationJob, scheduler: str) -> Work[CaseResult]:
    """Segment a scan on a worker of a cluster.

    Raises
    ------
    AbdosegError
        See `predicting_on_cluster`; or the scan can't be segmented.
    """
    path = volume.path or Path(SCAN)
    case, results = Case(path.name, path, Path()), list[CaseResult]()
    state = RunState([], [case])
    service = ScanService(job, volume, results.append)
    for report in segmenting_cases(scheduler, [case], service):
        yield state.note(report)
    for _, reason in state.outcome().failed:
        raise AbdosegError(reason)
    return results[0]


def segmenting_cases(
    scheduler: str, cases: Sequence[Case], service: FolderService | ScanService
) -> Segmenting:
    """Have the workers of a cluster do what a service asks of them for each case.

    Raises
    ------
    AbdosegError
        The scheduler does not answer, or no worker can do its share.
    """
    with connected(scheduler) as client:
        pool = WorkerPool(client, cases, service)

        def hear(event: tuple[float, Any]) -> None:
            run, *said = json.loads(event[1])
            if run == service.run:
                pool.hear(*said)

        client.subscribe_topic(TOPIC, hear)
        yield from pool.run()
