"""Which steps of a label map stand: hints that were given, and what a person has changed."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any, Literal

from numpy.typing import NDArray

from napari_abdoseg.anatomy.tally import Edit
from napari_abdoseg.correction.hints.clicks import Click
from napari_abdoseg.correction.hints.hand_work import HandWork
from napari_abdoseg.image.grid import Shape
from napari_abdoseg.logits.kept import KeptLogits

TOO_SMALL_OR_LARGE, WRONG_HERE, FOLLOW_SLICES = "too small or large", "wrong here", "follow slices"
LEARN_FROM_CASE = "learn from this case"
HINTS = frozenset({TOO_SMALL_OR_LARGE, WRONG_HERE, FOLLOW_SLICES, LEARN_FROM_CASE})
"""Names of tools whose steps are hints; all others are a person's."""

How = Literal["do", "undo", "redo"]


@dataclass(frozen=True)
class _Hint:
    """A step that is a hint.

    Parameters
    ----------
    value : int
        Label of the organ; 0 before it is told.
    clicks : tuple of Click
    age : int
        See `Standing.age`.
    learnt : KeptLogits or None
        What it was found by, if a fold has learnt.
    """

    value: int
    clicks: tuple[Click, ...]
    age: int
    learnt: KeptLogits | None = None


class Standing:
    """Follows the steps of a label map, those that are undone and redone too.

    Voxels are counted in a thread, one step after the other.

    Parameters
    ----------
    shape : tuple of int
        (z, y, x) of the label map.

    Examples
    --------
    >>> import numpy as np
    >>> from napari_abdoseg.anatomy.tally import Edit
    >>> from napari_abdoseg.correction.hints.standing import WRONG_HERE, Standing
    >>> from napari_abdoseg.correction.hints.clicks import Click
    >>> standing = Standing((2, 3, 3))
    >>> where = tuple(np.array([1]) for _ in range(3))
    >>> standing.hear([Edit(where, np.array([0]), np.array([4]))], "do", "brush")
    >>> int(standing.by_hand().sum())
    1
    >>> standing.hear([Edit(where, np.array([4]), np.array([3]))], "do", WRONG_HERE)
    >>> standing.give(3, [Click((1, 1, 1), inside=True)])
    >>> int(standing.by_hand().sum()), len(standing.clicks(3))
    (1, 1)
    """

    def __init__(self, shape: Shape) -> None:
        self.shape = shape
        self.age = 0
        """Grows with each step of a person that is done, undone or redone, and other changes."""
        self.moves = 0
        """Grows with each step, and other changes."""
        self._done: list[_Hint | None] = []
        self._undone: list[_Hint | None] = []
        self._hand = HandWork(shape)
        self._thread = ThreadPoolExecutor(1)

    @property
    def steps(self) -> tuple[int, int]:
        """How many are known of that could be undone, and redone."""
        return len(self._done), len(self._undone)

    def hear(self, edits: Sequence[Edit], how: How, tool: str = "") -> None:
        """Take in a step that was done, undone or redone; ``tool`` has done it."""
        self.moves += 1
        if how == "do":
            step = _Hint(0, (), self.age) if tool in HINTS else None
            self._undone.clear()
            self._done.append(step)
        else:
            source, target = (
                (self._done, self._undone) if how == "undo" else (self._undone, self._done)
            )
            step = source.pop() if source else None
            target.append(step)
        if step is None:
            self.age += 1
            self._thread.submit(self._count, tuple(edits), how)

    def hear_of_change(self) -> None:
        """Voxels have changed otherwise, by no person: by a script, or another program."""
        self.age += 1
        self.moves += 1

    def give(self, value: int, clicks: Iterable[Click], learnt: KeptLogits | None = None) -> None:
        """Tell which hint, on which organ, the last step was, unless that was told.

        Parameters
        ----------
        value : int
            Label of the organ.
        clicks : iterable of Click
        learnt : KeptLogits, optional
            What it was found by, if a fold has learnt.
        """
        if self._done and self._done[-1] is not None and not self._done[-1].value:
            self._done[-1] = _Hint(value, tuple(clicks), self.age, learnt)

    def learnt(self, value: int) -> KeptLogits | None:
        """What was learnt last of an organ, as long as a step stands that was found by it."""
        found = (
            step.learnt
            for step in reversed(self._done)
            if step is not None and step.value == value and step.learnt is not None
        )
        return next(found, None)

    def clicks(self, value: int, age: int = 0) -> tuple[Click, ...]:
        """Those of the hints on an organ that stand, in their order.

        Parameters
        ----------
        value : int
            Label of the organ.
        age : int, optional
            Those that were given earlier are left out.
        """
        hints = (step for step in self._done if step is not None and step.value == value)
        return tuple(click for hint in hints if hint.age >= age for click in hint.clicks)

    def by_hand(self) -> NDArray[Any]:
        """How many edits by a person of each voxel stand, for `Sparing`; waits for the count."""
        return self._thread.submit(lambda: self._hand.times).result()

    def begin_anew(
        self, shape: Shape, done: Callable[[], Iterable[Sequence[Edit]]], steps: tuple[int, int]
    ) -> None:
        """Forget what was known: so many steps could be undone and redone, all a person's.

        Parameters
        ----------
        shape : tuple of int
            (z, y, x) of the label map.
        done : callable
            Gives the edits of the steps that could be undone; called in the thread.
        steps : tuple of int
            Numbers of steps that could be undone, and redone.
        """
        self.hear_of_change()
        self.shape = shape
        done_steps, undone_steps = steps
        self._done, self._undone = [None] * done_steps, [None] * undone_steps
        self._thread.submit(self._count_anew, shape, done)

    def _count(self, edits: Sequence[Edit], how: How) -> None:
        for edit in edits:
            (self._hand.take_back if how == "undo" else self._hand.add)(edit)

    def _count_anew(self, shape: Shape, done: Callable[[], Iterable[Sequence[Edit]]]) -> None:
        self._hand = HandWork(shape)
        for edits in done():
            self._count(edits, "do")
