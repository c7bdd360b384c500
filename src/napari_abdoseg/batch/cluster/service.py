"""What a run has the workers of a cluster do."""

from __future__ import annotations

from collections.abc import Callable
from importlib.metadata import version
from uuid import uuid4

from napari_abdoseg.batch.case import Case
from napari_abdoseg.batch.claims import Claim, Claims
from napari_abdoseg.batch.cluster.introduction import UnfitWorkerError, get_ready, introduce
from napari_abdoseg.batch.cluster.needed_model import parts_of, size_of
from napari_abdoseg.batch.cluster.packed import PackedResult, PackedVolume
from napari_abdoseg.batch.cluster.receiving import conclude_transfer, receive_part
from napari_abdoseg.batch.cluster.remote_worker import (
    RemoteWorker,
    WorkerDiedError,
    WorkerFaultError,
)
from napari_abdoseg.batch.cluster.segment_task import segment_file, segment_scan
from napari_abdoseg.batch.file_identity import FileIdentity
from napari_abdoseg.batch.goal import SegmentationJob
from napari_abdoseg.batch.segment_case import WRITING, CaseResult
from napari_abdoseg.batch.step import End, Step, ends_run, why_failed
from napari_abdoseg.batch.writing import keep_result
from napari_abdoseg.errors import AbdosegError
from napari_abdoseg.image.nifti.volumes import read_volume
from napari_abdoseg.image.volume import Volume
from napari_abdoseg.inference.model.chosen_folds import ChosenFolds
from napari_abdoseg.progress import Progress, Work

INTRODUCING = "Asking the workers"


class _Welcome:
    """Workers are asked who they are, and are sent what they lack."""

    def __init__(self, job: SegmentationJob) -> None:
        self.run = uuid4().hex
        self._job = job

    def welcoming(self, worker: RemoteWorker) -> Work[None]:
        """See that a worker can do its share; see `Service`."""
        try:
            yield from self._welcoming(worker)
        except UnfitWorkerError:
            raise
        except WorkerDiedError as error:
            reason = "died before it had a case: its log may say why."
            raise UnfitWorkerError(worker.address, reason) from error
        except (WorkerFaultError, AbdosegError, MemoryError) as error:
            raise UnfitWorkerError(worker.address, _why_unfit(error)) from error

    def _welcoming(self, worker: RemoteWorker) -> Work[None]:
        yield Progress(INTRODUCING, 0, 0)
        introduction = yield from worker.calling(introduce, self._job)
        introduction.require_fit(worker.address)
        yield Progress(INTRODUCING, 0, 0, introduction.notice(worker.address))
        for model in introduction.missing:
            yield from _sending(model, worker)
        yield from worker.calling(get_ready, self._job)


def _why_unfit(error: Exception) -> str:
    if isinstance(error.__cause__, (ImportError, AttributeError, RuntimeError)):
        needed = f'"napari-abdoseg[cluster]=={version("napari-abdoseg")}"'
        return f"can't begin ({error}): install {needed} there and on the scheduler."
    return f"can't take part: {error}"


def _sending(model: ChosenFolds, worker: RemoteWorker) -> Work[None]:
    """Send a model to a worker that does not have it."""
    transfer, sent, size = uuid4().hex, 0, size_of(model)
    for path, part in parts_of(model):
        percent = f"{sent / size:.0%}"
        yield Progress(f"Sending the model {model.model.name} to {worker.address}: {percent}", 0, 0)
        yield from worker.calling(receive_part, transfer, path, part)
        sent += len(part)
    yield from worker.calling(conclude_transfer, transfer, model)


class FolderService(_Welcome):
    """Scans are read by workers that share a disk, sent to others, and results kept here.

    Parameters
    ----------
    job : SegmentationJob
    claims : Claims
        Of the output folder.
    """

    def __init__(self, job: SegmentationJob, claims: Claims) -> None:
        super().__init__(job)
        self._claims = claims

    def serving(self, worker: RemoteWorker, case: Case) -> Work[Step]:
        """Have a case segmented and its results written; see `Service`."""
        try:
            claim = self._claims.claim(case.name)
            if claim is None:
                return Step(case, end=End.BUSY)
            try:
                return (yield from self._serving(worker, case, claim))
            finally:
                claim.release()
        except (WorkerDiedError, WorkerFaultError):
            raise
        except Exception as error:
            if ends_run(error):
                raise
            return Step(case, end=End.FAILED, notice=why_failed(case, error))

    def _serving(self, worker: RemoteWorker, case: Case, claim: Claim) -> Work[Step]:
        if self._job.goal.is_reached(case):
            return Step(case, end=End.KEPT)
        packed = yield from self._segmenting(worker, case)
        notice = keep_result(case, packed.unpack(), self._job.goal, claim.folder)
        return Step(case, WRITING, 1.0, End.MADE, notice)

    def _segmenting(self, worker: RemoteWorker, case: Case) -> Work[PackedResult]:
        file = FileIdentity.of(case.image)
        if file is not None:
            packed = yield from worker.calling(segment_file, self._job, self.run, case.name, file)
            if packed is not None:
                return packed
        scan = PackedVolume.of(read_volume(case.image))
        return (yield from worker.sending(segment_scan, self._job, self.run, case.name, scan))


class ScanService(_Welcome):
    """A scan in memory is sent to a worker.

    Parameters
    ----------
    job : SegmentationJob
    volume : Volume
    use : callable
        Takes the result.
    """

    def __init__(
        self, job: SegmentationJob, volume: Volume, use: Callable[[CaseResult], object]
    ) -> None:
        super().__init__(job)
        self._volume, self._use = volume, use

    def serving(self, worker: RemoteWorker, case: Case) -> Work[Step]:
        """Have the scan segmented; see `Service`."""
        scan = PackedVolume.of(self._volume)
        try:
            work = worker.sending(segment_scan, self._job, self.run, case.name, scan)
            packed = yield from work
        except (AbdosegError, MemoryError) as error:
            return Step(case, end=End.FAILED, notice=why_failed(case, error))
        self._use(packed.unpack())
        return Step(case, end=End.MADE)
