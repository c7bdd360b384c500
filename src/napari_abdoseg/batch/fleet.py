"""Cases on several devices: a process on each takes them from one queue."""

from __future__ import annotations

import queue
from collections import Counter, deque
from collections.abc import Sequence

from napari_abdoseg.batch.case import Case
from napari_abdoseg.batch.device_worker import DeviceWorker, Inbox
from napari_abdoseg.batch.goal import SegmentationJob
from napari_abdoseg.batch.step import End, Step, Steps
from napari_abdoseg.errors import AbdosegError
from napari_abdoseg.evaluation.processes import available_cores
from napari_abdoseg.inference.hardware.device import Device
from napari_abdoseg.inference.model.loading import STAGE as LOADING

PATIENCE = 0.2
"""Seconds between two reports when nothing is heard."""
TRIES = 3
"""Processes that may die of a case, or on a device before they have one."""


def segmenting_on(devices: Sequence[Device], cases: Sequence[Case], job: SegmentationJob) -> Steps:
    """Segment cases on several devices.

    When a process dies, its cases are begun anew elsewhere, one at a time, since one of them
    may be why. A case of which three have died is given up.

    Raises
    ------
    AbdosegError
        No process can work.
    SaveError
        Results can't be written.
    """
    fleet = _Fleet(devices[: len(cases)], cases, job)
    try:
        yield from fleet.run()
    finally:
        fleet.end()


class _Fleet:
    def __init__(
        self, devices: Sequence[Device], cases: Sequence[Case], job: SegmentationJob
    ) -> None:
        self._job = job
        self._waiting, self._suspects = deque(cases), deque[Case]()
        self._deaths_of: Counter[str] = Counter()
        self._deaths_on: Counter[str] = Counter()
        self._inbox: Inbox = queue.SimpleQueue()
        self._threads = max(1, available_cores() // len(devices))
        self._workers = [self._start(device.name) for device in devices]
        self._last = Step(cases[0], LOADING)

    def _start(self, device: str) -> DeviceWorker:
        return DeviceWorker(device, self._job, self._threads, self._inbox)

    def end(self) -> None:
        for worker in self._workers:
            worker.end()

    def run(self) -> Steps:
        while self._waiting or self._suspects or any(worker.held for worker in self._workers):
            self._hand_out()
            try:
                worker, said = self._inbox.get(timeout=PATIENCE)
            except queue.Empty:
                yield self._last
                continue
            if said is None:
                yield from self._replace(worker)
            elif step := worker.hear(said):
                yield step
                if not step.end:
                    self._last = step

    def _hand_out(self) -> None:
        for worker in self._workers:
            while worker.takes_more and self._there_is_one_for(worker):
                worker.give(self._waiting.popleft())
            if self._suspects and not self._waiting and worker.is_idle:
                worker.give(self._suspects.popleft(), alone=True)

    def _there_is_one_for(self, worker: DeviceWorker) -> bool:
        """Whether a case waits, beside one for each other process that has none."""
        without = 0 if worker.has_none else sum(each.has_none for each in self._workers)
        return len(self._waiting) > without

    def _replace(self, dead: DeviceWorker) -> Steps:
        """See to the cases of a process that died, and start another."""
        words = dead.last_words()
        self._workers.remove(dead)
        for case in dead.held.values():
            self._deaths_of[case.name] += 1
            if self._deaths_of[case.name] < TRIES:
                self._suspects.append(case)
            else:
                reason = f"{TRIES} processes that worked on it died; the last one {words}."
                yield Step(case, end=End.FAILED, notice=reason)
        if not dead.ready:
            self._deaths_on[dead.device] += 1
        dead.end()
        if self._deaths_on[dead.device] < TRIES:
            self._workers.append(self._start(dead.device))
        elif not self._workers:
            raise AbdosegError(
                f"No process can work on {dead.device}: the last one {words}. Choose another "
                "device."
            )
