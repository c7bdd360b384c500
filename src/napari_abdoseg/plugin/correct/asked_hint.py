"""A hint on the organ in hand: looked for in a thread, and remembered when it is taken."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

from napari_abdoseg.correction.hints.answers import CorrectedOrgan, Hinted, made_ready
from napari_abdoseg.errors import AbdosegError
from napari_abdoseg.plugin.correct.bench import Bench
from napari_abdoseg.plugin.correct.brushes import hu_of
from napari_abdoseg.plugin.correct.hint_knowledge import knowledge_of
from napari_abdoseg.plugin.correct.question import Answer, Question, Work
from napari_abdoseg.plugin.correct.target import Target

Find = Callable[[CorrectedOrgan, dict[str, Any]], Hinted]
"""Called with an organ and the settings of a tool, in a thread."""


def make_ready(bench: Bench) -> None:
    """Find what hints on the organ in hand go by before one is given, if an organ is in hand."""
    try:
        ready = AskedHint(bench.target(), lambda organ, _: made_ready(organ))
    except AbdosegError:
        return
    bench.prepare(ready.work)


class AskedHint:
    """What a tool of hints asks, and what is found.

    Parameters
    ----------
    target : Target
    find : callable
        See `Find`.
    """

    def __init__(self, target: Target, find: Find) -> None:
        self._value = target.value
        self._standing = target.scene.painting.standing
        self._find = find
        self._found: Hinted | None = None
        self.work: Work = partial(self._look, knowledge=knowledge_of(target), hu=hu_of(target))
        """For the bench."""

    def remember(self) -> None:
        """It was taken."""
        if self._found is not None:
            self._standing.give(self._value, self._found.clicks)

    def _look(self, question: Question, knowledge: Any, hu: Any, **values: Any) -> Answer:
        organ = CorrectedOrgan(question.labels, question.value, hu, self._standing, knowledge)
        self._found = self._find(organ, values)
        return Answer(self._found.edit, note=self._found.less)
