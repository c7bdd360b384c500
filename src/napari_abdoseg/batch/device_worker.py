"""A process on a device, as seen from the one that gives it cases."""

from __future__ import annotations

import json
import queue
import subprocess
import tempfile
import threading
from typing import Any

from napari_abdoseg.batch.case import Case
from napari_abdoseg.batch.device_messages import READY, dump_case, dump_job, load_error, load_step
from napari_abdoseg.batch.goal import SegmentationJob
from napari_abdoseg.batch.step import Step
from napari_abdoseg.child_process import ChildProcess

Inbox = queue.SimpleQueue[tuple["DeviceWorker", Any]]
"""What workers say; None when one has died."""


class DeviceWorker:
    """A process on a device, and the cases that it has.

    Parameters
    ----------
    device : str
    job : SegmentationJob
    threads : int
        Of a CPU.
    inbox : queue
        Gets what it says.
    """

    def __init__(self, device: str, job: SegmentationJob, threads: int, inbox: Inbox) -> None:
        self.device = device
        self.ready = False
        self.held: dict[str, Case] = {}
        self.alone = False
        """Its case is not to have another beside it."""
        self._unfinished: set[str] = set()
        self._most = 1 + job.workers
        self._errors = tempfile.TemporaryFile()  # noqa: SIM115
        self._process = ChildProcess(
            "napari_abdoseg.batch.device_process",
            (device,),
            {name: str(threads) for name in ("OMP_NUM_THREADS", "MKL_NUM_THREADS")},
            subprocess.PIPE,
            self._errors,
        )
        self._process.tell(dump_job(job))
        threading.Thread(target=self._listen, args=(inbox,), daemon=True).start()

    def _listen(self, inbox: Inbox) -> None:
        for line in self._process.printed:
            inbox.put((self, json.loads(line)))
        inbox.put((self, None))

    @property
    def takes_more(self) -> bool:
        """Whether it can have another case."""
        return self.ready and not self.alone and len(self._unfinished) < self._most

    @property
    def has_none(self) -> bool:
        """Whether its networks have no case to work on."""
        return not self._unfinished

    @property
    def is_idle(self) -> bool:
        """Whether it has no case, nor one to write."""
        return self.ready and not self.held

    def give(self, case: Case, alone: bool = False) -> None:
        """Give it a case."""
        self.alone = alone
        self.held[case.name] = case
        self._unfinished.add(case.name)
        self._process.tell(dump_case(case))

    def hear(self, said: Any) -> Step | None:
        """Understand what it says.

        Raises
        ------
        AbdosegError
            It can't work, and no other could either.
        SaveError
            Results can't be written.
        """
        if said == READY:
            self.ready = True
            return None
        if isinstance(said, dict):
            raise load_error(said)
        step = load_step(said, self.held)
        if step.fraction == 1 or step.end:
            self._unfinished.discard(step.case.name)
        if step.end:
            del self.held[step.case.name]
            self.alone = False
        return step

    def last_words(self) -> str:
        """How it died, in words."""
        return self._process.last_words(self._errors)

    def end(self) -> None:
        """End it at once; what it has not finished can be begun anew."""
        self._process.kill()
        self._errors.close()
