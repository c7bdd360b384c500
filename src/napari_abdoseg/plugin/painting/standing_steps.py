"""The steps of a Labels layer, followed for hints, which leave what a person has painted."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from napari.components import ViewerModel
from napari.layers import Labels

from napari_abdoseg.anatomy.tally import Edit
from napari_abdoseg.correction.hints.standing import How, Standing
from napari_abdoseg.plugin.paint_events.label_edits import LabelEdits
from napari_abdoseg.plugin.paint_events.paint_history import (
    Atom,
    PaintHistory,
    edits_of,
    is_full,
)


class StandingSteps:
    """Tells `standing` of all steps of a layer, also of those before.

    Parameters
    ----------
    viewer : ViewerModel
    layer : Labels
        Of three axes.
    """

    def __init__(self, viewer: ViewerModel, layer: Labels) -> None:
        self.standing = Standing(layer.data.shape)
        self._layer = layer
        self._edits = LabelEdits(viewer, layer)
        self._edits.edited.connect(self._hear)
        self._edits.changed.connect(self._look_again)
        self._look_again()

    def close(self) -> None:
        """Follow the layer no more."""
        self._edits.close()

    def _hear(self, edits: list[Edit], how: How) -> None:
        steps = len(PaintHistory.of(self._layer).done)
        if how == "do" and not edits and steps == self.standing.steps[0]:
            return  # locks have held all of it back
        self.standing.hear(edits, how, self._edits.tool)

    def _look_again(self) -> None:
        """Where another history came with other voxels, all of it is a person's."""
        history, shape = PaintHistory.of(self._layer), self._layer.data.shape
        now, (done, undone) = (len(history.done), len(history.undone)), self.standing.steps
        is_known = now == (done, undone) or (is_full(self._layer) and now[0] <= done)
        if is_known and shape == self.standing.shape:
            self.standing.hear_of_change()
            return
        strokes = [tuple(stroke) for stroke in history.done]
        self.standing.begin_anew(shape, lambda: _edits(strokes, shape), now)


def _edits(strokes: Sequence[Sequence[Atom]], shape: tuple[int, ...]) -> Iterator[list[Edit]]:
    for stroke in strokes:
        yield edits_of(stroke, shape)
