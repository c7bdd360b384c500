"""A hand that does at random whatever can be done to a label map, in any panel."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from napari.components import ViewerModel
from napari.layers import Labels
from napari.utils.colormaps import label_colormap

Step = Callable[[], Any]


class RandomHand:
    """Paints, undoes, scripts and looks at random.

    Parameters
    ----------
    seed : int
    viewers : sequence of ViewerModel
        In each of which a layer shows the same label map, the source first.
    name : str
        Of these layers.
    values : int
        Labels are below this.
    """

    def __init__(
        self, seed: int, viewers: Sequence[ViewerModel], name: str, values: int = 6
    ) -> None:
        self.random = np.random.default_rng(seed)
        self.viewers = viewers
        self.layers: list[Labels] = [viewer.layers[name] for viewer in viewers]
        self.values = values
        self.looks: list[Step] = [
            *(self._outline, self._hide, self._fade, self._select, self._show_selected),
            *(self._recolor, self._scroll, self._thicken, self._add_and_remove_layer),
        ]
        self.steps: list[Step] = [
            *(4 * [self._stroke]),
            *(6 * [self._undo]),
            *(3 * [self._redo]),
            *(self._stroke_in_steps, self._dab, self._fill, self._polygon, self._erase),
            *(self._set_items, self._set_last_items, self._abort),
            *(self._disturbed(look) for look in self.looks),
            *(self._disturbed(step) for step in (self._undo, self._redo, self._script, self._dab)),
            *self.looks,
            *(self._script, self._other_voxels, self._close_and_open),
        ]

    def step(self) -> str:
        """Do anything; what it was."""
        step = self.random.choice(self.steps)
        step()
        return step.__qualname__

    def _layer(self) -> Labels:
        return self.random.choice(self.layers)

    def _painted_layer(self) -> Labels:
        """A layer with a brush at random; napari has no brush for one that is hidden."""
        layer = self._layer()
        self._show(layer)
        layer.brush_size = int(self.random.integers(1, 5))
        layer.n_edit_dimensions = int(self.random.integers(2, 4))
        layer.preserve_labels = bool(self.random.random() < 0.2)
        return layer

    def _show(self, layer: Labels) -> None:
        if not layer.visible:
            layer.visible = True

    def _label(self) -> int:
        return int(self.random.integers(self.values))

    def _place(self, layer: Labels) -> tuple[int, ...]:
        """A voxel of the slice in view."""
        return tuple(int(self.random.integers(size)) for size in layer.data.shape)

    def _paint(self, layer: Labels, dabs: int) -> None:
        for _ in range(dabs):
            layer.paint(self._place(layer), self._label(), refresh=self.random.random() < 0.8)

    def _stroke(self) -> None:
        layer = self._painted_layer()
        with layer.block_history():
            self._paint(layer, int(self.random.integers(5)))

    def _disturbed(self, disturbance: Step) -> Step:
        """A stroke in the middle of which something else happens."""

        def stroke() -> None:
            layer = self._painted_layer()
            with layer.block_history():
                self._paint(layer, int(self.random.integers(3)))
                disturbance()
                self._show(layer)
                self._paint(layer, int(self.random.integers(3)))

        stroke.__qualname__ = f"a stroke with {disturbance.__qualname__}"
        return stroke

    def _stroke_in_steps(self) -> None:
        """As the brush's second button paints."""
        layer = self._painted_layer()
        layer._begin_stroke()
        self._paint(layer, 3)
        layer._commit_stroke()

    def _abort(self) -> None:
        layer = self._painted_layer()
        layer._begin_stroke()
        self._paint(layer, 3)
        layer._abort_stroke()

    def _dab(self) -> None:
        self._paint(self._painted_layer(), 1)

    def _erase(self) -> None:
        layer = self._painted_layer()
        layer.paint(self._place(layer), 0)

    def _fill(self) -> None:
        layer = self._painted_layer()
        layer.contiguous = bool(self.random.integers(2))
        layer.fill(self._place(layer), self._label())

    def _polygon(self) -> None:
        layer = self._painted_layer()
        layer.n_edit_dimensions = 2
        points = np.array([self._place(layer) for _ in range(4)])
        points[:, layer._slice_input.not_displayed] = points[0, layer._slice_input.not_displayed]
        layer.paint_polygon(points, self._label())

    def _set_items(self) -> None:
        """Some voxels twice."""
        layer = self._painted_layer()
        where = tuple(self.random.integers(size, size=9) for size in layer.data.shape)
        values = self.random.integers(self.values, size=9).astype(layer.data.dtype)
        layer.data_setitem(where, values if self.random.integers(2) else self._label())

    def _set_last_items(self) -> None:
        """Voxels that are named from the end of each axis."""
        layer = self._painted_layer()
        layer.data_setitem(
            tuple(np.array([-1, -2]) for _ in range(3)), self._label(), refresh=False
        )

    def _undo(self) -> None:
        self._layer().undo()

    def _redo(self) -> None:
        self._layer().redo()

    def _script(self) -> None:
        layer = self._layer()
        layer.data[self._place(layer)[0]] = self._label()
        layer.refresh(extent=bool(self.random.integers(2)))

    def _other_voxels(self) -> None:
        if self.random.random() < 0.2:
            layer = self._layer()
            layer.data = np.roll(layer.data, 1, axis=0)

    def _close_and_open(self) -> None:
        """Where a layer can't be edited, napari forgets its history."""
        if self.random.random() < 0.2:
            layer = self._layer()
            layer.editable = False
            layer.editable = True

    def _outline(self) -> None:
        self._layer().contour = int(self.random.integers(3))

    def _hide(self) -> None:
        layer = self._layer()
        layer.visible = not layer.visible

    def _fade(self) -> None:
        self._layer().opacity = self.random.random()

    def _select(self) -> None:
        self._layer().selected_label = self._label()

    def _show_selected(self) -> None:
        layer = self._layer()
        layer.show_selected_label = not layer.show_selected_label

    def _recolor(self) -> None:
        self._layer().colormap = label_colormap(9, seed=self.random.random())

    def _scroll(self) -> None:
        dims = self.random.choice(self.viewers).dims
        dims.set_point(dims.order[0], self.random.integers(6))

    def _thicken(self) -> None:
        dims = self.random.choice(self.viewers).dims
        dims.margin_left = tuple(self.random.integers(0, 2, size=dims.ndim))

    def _add_and_remove_layer(self) -> None:
        viewer = self.viewers[0]
        viewer.layers.remove(viewer.add_points(np.zeros((1, 3))))
