"""Writes a label map's journal in a thread of its own, so that who paints never waits."""

from __future__ import annotations

import platform
import threading
import time
from collections import Counter, deque
from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import Future
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import partial
from queue import Empty, SimpleQueue
from typing import Any

import numpy as np
from numpy.typing import NDArray

from napari_abdoseg.anatomy.tally import Edit
from napari_abdoseg.correction.journal.corrections import Corrections
from napari_abdoseg.correction.journal.edit_history import EditHistory, compacted
from napari_abdoseg.correction.journal.effort import Effort
from napari_abdoseg.correction.journal.holder import Lock, user_name
from napari_abdoseg.correction.journal.places import (
    DAYS_ASIDE,
    CaseFiles,
    lock_of,
    make_place,
    new_places,
    put_aside,
)
from napari_abdoseg.correction.journal.recorded_labels import begun_with, labels_of, sha256_of
from napari_abdoseg.correction.journal.records import (
    Content,
    Journal,
    Kind,
    Organs,
    Subject,
    deflated,
    read_journal,
)
from napari_abdoseg.correction.journal.recovery import Notice, Recovery, being_corrected, recoveries
from napari_abdoseg.errors import AbdosegError, CorrectionError, SaveError, as_told
from napari_abdoseg.image.files.saving import remove_file
from napari_abdoseg.image.grid import Shape
from napari_abdoseg.log import log_error

AGAIN_AFTER = 5.0
"""Seconds until what could not be written is tried again."""
SMALL = 1 << 22
"""Bytes below which a journal is never written anew."""
GROWTH = 4
"""A journal begins anew when it is so many times as large as when it began."""
PAUSE = 2.0
"""Seconds without a stroke after which there is time for that."""
WAITS = "What is corrected now would be lost in a crash: save the label map."
MOST_CHANGED = 0.25
"""Part of a label map that a change without undo may have changed to be told voxel by voxel."""


@dataclass(frozen=True)
class Kept:
    """What a journal is about, as its label map is at a moment.

    Parameters
    ----------
    case : CaseFiles
    shape : tuple of int
        (z, y, x)
    dtype : str
    name : str
        What the user calls it.
    organs : tuple of Organ
    origin : dict or None
        What it was made with; see `Subject`.
    """

    case: CaseFiles
    shape: Shape
    dtype: str
    name: str
    organs: Organs
    origin: dict[str, Any] | None = None

    def subject(self, sha256: str) -> Subject:
        """What the journal says of it first."""
        labels, scan = (
            "" if path is None else str(path.absolute())
            for path in (self.case.labels, self.case.scan)
        )
        who: Any = {"user": user_name(), "machine": platform.node(), "origin": self.origin}
        return Subject(labels, scan, sha256, self.shape, self.dtype, self.name, self.organs, **who)


class Keeper:
    """Keeps the journal of one label map, from its first change until it is closed.

    All but `close` return at once; what is asked for is done in its order.

    Parameters
    ----------
    tell : callable
        Is told, in the thread, each sentence that the user should know.
    """

    def __init__(self, tell: Callable[[str], None]) -> None:
        self._tell = tell
        self._asked: SimpleQueue[Callable[[], None] | None] = SimpleQueue()
        self._waiting: deque[Callable[[], None]] = deque()
        self._journal: Journal | None = None
        self._lock: Lock | None = None
        self._case: CaseFiles | None = None
        self._first: Content | None = None
        self._begun_with = 0
        self._later: _Later | None = None
        self._problem = ""
        self._guard = threading.Lock()
        self._thread: threading.Thread | None = None

    def begin(self, kept: Kept, whole: NDArray[Any] | None = None) -> None:
        """Begin a journal of what its file holds just now, if there is none.

        Where no file holds it, ``whole`` does, which must be nobody else's.
        """
        self._ask(partial(self._look, kept, whole))
        self._ask(partial(self._begin, kept.case))

    def look(
        self, case: CaseFiles, labels: NDArray[Any], found: Callable[[Recovery | Notice], None]
    ) -> None:
        """Look for what crashes have left of a label map; ``found`` hears of it in the thread."""
        self._ask(partial(_look_for, case, labels, found))

    def go_on(self, recovery: Recovery, kept: Kept) -> None:
        """Go on with a journal that a crash has left."""
        self._ask(partial(self._go_on, recovery, kept))

    def write(self, kind: Kind, edits: Iterable[Edit] = (), **more: Any) -> None:
        """Take what was done; see `Journal.write`."""
        self._ask(partial(self._write, kind, tuple(edits), {"at": time.time(), **more}))

    def compare(self, kept: Kept, now: NDArray[Any]) -> None:
        """Take what differs from the last that is known; ``now`` must be nobody else's."""
        self._ask(partial(self._compare, kept, now))

    def mark(self) -> Future[Corrections | None]:
        """The label map is saved as it is now, if that goes well; what was corrected until now."""
        told: Future[Corrections | None] = Future()
        self._ask(partial(self._mark, told))
        return told

    def settle(self, kept: Kept) -> None:
        """What was marked is in its file, which was read back: begin anew from there."""
        self._ask(partial(self._settle, kept))

    def forget_mark(self) -> None:
        """What was marked could not be saved."""
        self._ask(self._forget_mark)

    def end(self, keep: bool) -> None:
        """Write no more until the next `begin`, and put aside what was written, or remove it."""
        self._ask(partial(self._end, keep))

    def close(self) -> None:
        """Wait until all is done that was asked for; a journal stays as it is."""
        with self._guard:
            thread = self._thread
            if thread is not None:
                self._asked.put(None)
        if thread is not None:
            thread.join()

    def _ask(self, what: Callable[[], None]) -> None:
        with self._guard:
            self._asked.put(what)
            if self._thread is None:
                self._thread = threading.Thread(target=self._work, name="journal", daemon=True)
                self._thread.start()

    def _has_nothing_to_do(self) -> bool:
        """Whether the thread may end; another begins with what is asked for next."""
        with self._guard:
            ends = self._asked.empty() and not self._waiting and self._journal is None
            if ends:
                self._thread = None
            return ends

    def _work(self) -> None:
        while not self._has_nothing_to_do():
            if self._hear():
                self._try()
            elif self._is_large:
                self._write_anew()

    def _hear(self) -> bool:
        """Take the next that is asked for; False if nothing came for a while, nor waits.

        It is held by nothing else then: a large edit would stay in memory until the next.
        """
        try:
            asked = self._asked.get(timeout=self._patience)
        except Empty:
            return bool(self._waiting)
        if asked is None:
            self._waiting.clear()
            self._let_go()
        else:
            self._waiting.append(asked)
        return True

    @property
    def _patience(self) -> float | None:
        """Seconds to wait for what is asked for next."""
        if self._waiting:
            return AGAIN_AFTER
        return PAUSE if self._is_large else None

    @property
    def _is_large(self) -> bool:
        journal = self._journal
        return journal is not None and journal.size > max(SMALL, GROWTH * self._begun_with)

    def _write_anew(self) -> None:
        """Make a large journal smaller, in a pause: nothing is written meanwhile."""
        if self._journal is None:
            return
        with suppress(AbdosegError):  # it goes on as it is
            self._journal.restart(read_journal(self._journal.path))
        self._begun_with = self._journal.size

    def _try(self) -> None:
        """Do what is asked for; what can't be written is told once, and waits."""
        while self._waiting:
            try:
                self._waiting[0]()
            except SaveError as error:
                self._complain(f"{error} {WAITS}")
                self._keep_promises()
                return
            except Exception as error:
                log_error("Journal", error)
                self._complain(str(as_told(error)))
            else:
                self._problem = ""
            self._waiting.popleft()

    def _complain(self, problem: str) -> None:
        if problem != self._problem:
            self._problem = problem
            self._tell(problem)

    def _keep_promises(self) -> None:
        """Let nobody wait who wants to know what was corrected."""
        for asked in self._waiting:
            if isinstance(asked, partial) and asked.func == self._mark and not asked.args[0].done():
                asked.args[0].set_result(None)

    def _look(self, kept: Kept, whole: NDArray[Any] | None) -> None:
        if self._journal is not None:
            return
        first = Content(kept.subject(_sha256(kept.case)), EditHistory(kept.shape))
        self._first = first if whole is None else replace(first, whole=deflated(whole))

    def _begin(self, case: CaseFiles) -> None:
        if self._journal is None and (words := being_corrected(case)):
            self._tell(words)
        if self._first is not None:
            self._start(case, self._first)
        self._first = None

    def _start(self, case: CaseFiles, content: Content) -> None:
        """Begin a journal, which takes the place of the one before when it is written."""
        if self._journal is not None and case == self._case:
            self._journal.restart(content)
            self._begun_with = self._journal.size
            return
        problem = SaveError(f"No journal of {case.name} could be begun.")
        for path in new_places(case):
            try:
                make_place(path)
                lock = Lock.take(lock_of(path))
                if lock is None:
                    continue
                try:
                    journal = Journal(path, content)
                except SaveError:
                    lock.release()
                    raise
            except SaveError as error:
                problem = error
                continue
            self._take(journal, lock, case)
            return
        raise problem

    def _take(self, journal: Journal, lock: Lock, case: CaseFiles) -> None:
        """Write a journal from now on, and remove the one before."""
        with suppress(SaveError):  # it is offered again, and is no more than this one
            self._end(keep=False)
        self._journal, self._lock, self._case = journal, lock, case
        self._begun_with = journal.size

    def _go_on(self, recovery: Recovery, kept: Kept) -> None:
        content = recovery.content
        if not recovery.is_of_this_version:  # no file holds what it began with, from now on
            whole = content.whole or deflated(begun_with(content))
            content = replace(content, subject=kept.subject(""), whole=whole)
        self._take(Journal(recovery.journal, content), recovery.lock, kept.case)

    def _write(self, kind: Kind, edits: tuple[Edit, ...], more: dict[str, Any]) -> None:
        if self._journal is None:
            return
        self._journal.write(kind, edits, **more)
        if self._later is not None:
            self._later.take(edits, more)

    def _compare(self, kept: Kept, now: NDArray[Any]) -> None:
        subject = kept.subject(_sha256(kept.case))
        known = Content(subject, EditHistory(kept.shape))
        try:
            before = known if self._journal is None else read_journal(self._journal.path)
            change = _difference(labels_of(before), now)
        except AbdosegError:
            self._start(kept.case, replace(known, whole=deflated(now)))
            self._later = None  # it holds what comes after a mark, and no more what came before
            return
        if change.before.size:
            if self._journal is None:
                self._start(kept.case, known)
            self._write("change", (change,), {})

    def _mark(self, told: Future[Corrections | None]) -> None:
        self._later, corrections = _Later(), None
        try:
            if self._journal is not None:
                content = read_journal(self._journal.path)
                self._later.effort = Effort(last=content.effort.last)
                corrections = Corrections.of(content)
        finally:
            if not told.done():
                told.set_result(corrections)

    def _forget_mark(self) -> None:
        self._later = None

    def _settle(self, kept: Kept) -> None:
        if self._journal is None or self._later is None:
            return
        content = read_journal(self._journal.path)
        history = content.history.save(compacted(self._later.edits, kept.shape))
        subject = kept.subject(_sha256(kept.case))
        later = self._later
        self._start(kept.case, Content(subject, history, dict(later.tools), effort=later.effort))
        self._later = None

    def _end(self, keep: bool) -> None:
        if self._journal is None:
            return
        path = self._journal.path
        self._journal.close()
        try:
            if keep:
                kept = put_aside(path)
                self._tell(f"What was not saved is kept in {kept} for {DAYS_ASIDE} days.")
            else:
                remove_file(path)
        finally:
            self._let_go()

    def _let_go(self) -> None:
        if self._journal is not None:
            self._journal.close()
        if self._lock is not None:
            self._lock.release()
        self._journal = self._lock = self._case = None


class _Later:
    """What was done since a label map was marked to be saved."""

    def __init__(self) -> None:
        self.edits: list[Edit] = []
        self.tools: Counter[str] = Counter()
        self.effort = Effort()

    def take(self, edits: tuple[Edit, ...], more: Mapping[str, Any]) -> None:
        tool = more.get("tool", "")
        self.edits += edits
        if tool:
            self.tools[tool] += 1
        if "at" in more:
            self.effort = self.effort.after(more["at"], tool, edits)


def _difference(before: NDArray[Any], now: NDArray[Any]) -> Edit:
    """What leads from one label map to another of its kind.

    Raises
    ------
    CorrectionError
        It is of another kind, or differs in so much that it is a label map of its own.
    """
    if before.shape != now.shape or before.dtype != now.dtype:
        raise CorrectionError("It is of another kind.")
    differs = np.nonzero(before != now)
    if differs[0].size > MOST_CHANGED * now.size:
        raise CorrectionError("It is another label map.")
    z, y, x = differs
    return Edit((z, y, x), before[differs], now[differs])


def _look_for(
    case: CaseFiles, labels: NDArray[Any], found: Callable[[Recovery | Notice], None]
) -> None:
    for each in recoveries(case, labels):
        found(each)


def _sha256(case: CaseFiles) -> str:
    return "" if case.labels is None else sha256_of(case.labels)
