"""How workers share the tests: file by file."""

from __future__ import annotations

from xdist.scheduler import LoadFileScheduling
from xdist.workermanage import WorkerController

TRAINING = "tests/training/"


class FileByFile(LoadFileScheduling):
    """Gives workers file after file, but one of them all of training: it prepares a data set once.

    A worker keeps its last test until it is told what follows. xdist gives it one file then, which
    may hold no test any more, or one, where another worker has crashed: both would wait forever.
    """

    def _split_scope(self, nodeid: str) -> str:
        return TRAINING if nodeid.startswith(TRAINING) else super()._split_scope(nodeid)

    def _reschedule(self, node: WorkerController) -> None:
        waiting = -1
        while len(self.workqueue) != waiting:
            waiting = len(self.workqueue)
            super()._reschedule(node)
