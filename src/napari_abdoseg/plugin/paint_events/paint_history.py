"""The undo history of a Labels layer, which is private to napari and looked into here alone.

Strokes that can be undone, and those that can be done again, are two stacks. Undo and
redo move a stroke from one to the other: as a new list, of the same atoms in reverse
order. While the brush is moving its atoms are staged; the first of them empties the
stack of strokes to be done again.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import chain

from napari.layers import Labels

from napari_abdoseg.plugin.paint_events.stroke_atoms import Atom

Stroke = list[Atom]


@dataclass(frozen=True, eq=False)
class PaintHistory:
    """What could be undone and redone in a layer at a moment; the last is next.

    Parameters
    ----------
    done, undone : tuple of list of Atom
    """

    done: tuple[Stroke, ...]
    undone: tuple[Stroke, ...]

    @classmethod
    def of(cls, layer: Labels) -> PaintHistory:
        """The history of a layer as it is now."""
        return cls(tuple(layer._undo_history), tuple(layer._redo_history))

    def is_one_stroke_after(self, before: PaintHistory, stroke: Stroke) -> bool:
        """Whether a stroke is all that was painted meanwhile, or nothing if it is empty."""
        done = before.done if not stroke else (*before.done, stroke)
        return _are_same(self.done, done[-len(self.done) :]) and not self.undone

    def undone_since(self, before: PaintHistory) -> Stroke | None:
        """The one stroke that was undone meanwhile, if that is all: as it was undone."""
        return _moved(before.done, self.done, self.undone)

    def redone_since(self, before: PaintHistory) -> Stroke | None:
        """The one stroke that was done again meanwhile, if that is all."""
        return _moved(before.undone, self.undone, self.done)

    def is_unmoved_since(self, before: PaintHistory) -> bool:
        """Whether no stroke was painted, undone or redone meanwhile, though one may be begun."""
        return _are_same(self.done, before.done) and (
            not self.undone or _are_same(self.undone, before.undone)
        )


def was_painted(layer: Labels) -> bool:
    """Whether a layer has strokes, or one under way, that setting its data would lose."""
    return bool(layer._undo_history) or is_in_stroke(layer)


def last_atom(layer: Labels) -> Atom | None:
    """What the last stroke began with, which undo and redo keep; None if none can be undone."""
    return layer._undo_history[-1][0] if layer._undo_history else None


def is_full(layer: Labels) -> bool:
    """Whether the next stroke makes napari forget the first."""
    return len(layer._undo_history) == layer._undo_history.maxlen


def is_in_stroke(layer: Labels) -> bool:
    """Whether part of a stroke is painted, of which napari has not told yet."""
    return bool(layer._staged_history)


def end_stroke(layer: Labels) -> None:
    """Let what is painted of a stroke be all of it."""
    layer._commit_staged_history()


def atoms_of(layer: Labels) -> Iterator[Atom]:
    """All atoms that napari has recorded, of strokes under way too."""
    return chain(*layer._undo_history, *layer._redo_history, layer._staged_history)


def share_history(source: Labels, copy: Labels) -> None:
    """Let undo and redo of either layer take back what was done in either."""
    copy._undo_history = source._undo_history
    copy._redo_history = source._redo_history


def drop_if_empty(layer: Labels, stroke: Stroke) -> None:
    """Let the last stroke be no step of undo, if it holds nothing any more."""
    history = layer._undo_history
    if not stroke and history and history[-1] is stroke:
        history.pop()


def _moved(
    source_before: tuple[Stroke, ...], source: tuple[Stroke, ...], target: tuple[Stroke, ...]
) -> Stroke | None:
    """What has left the top of one stack, and nothing else, for the top of the other."""
    if not source_before or not target or not _are_same(source, source_before[:-1]):
        return None
    return target[-1] if _are_same(target[-1], source_before[-1][::-1]) else None


def _are_same(ones: Sequence[object], others: Sequence[object]) -> bool:
    """Whether two sequences hold the same objects."""
    return len(ones) == len(others) and all(map(lambda a, b: a is b, ones, others))
