"""Shapes layers without highlights and words, which napari draws also where there are none.

For a first picture that takes it several times as long as the shapes.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from weakref import ref

from napari import Viewer
from napari.layers import Layer

from napari_abdoseg.plugin.widgets.certain import sure
from napari_abdoseg.plugin.widgets.napari_window import own_canvas


def draw_bare(viewer: Viewer, is_meant: Callable[[Layer], bool]) -> None:
    """Let a viewer's own canvas draw nothing but the shapes of some Shapes layers.

    Parameters
    ----------
    viewer : Viewer
    is_meant : callable
        Tells whether a layer is one of those.
    """
    canvas: Any = own_canvas(viewer)
    napari_adds, canvas_ref = type(canvas)._add_layer, ref(canvas)

    def add(layer: Layer) -> None:
        canvas = sure(canvas_ref())
        napari_adds(canvas, layer)
        if is_meant(layer):
            _bare(canvas.canvas.layer_to_visual[layer].node)

    for layer, visual in canvas.canvas.layer_to_visual.items():
        if is_meant(layer):
            _bare(visual.node)
    canvas._add_layer = add


def _bare(node: Any) -> None:
    for part in (node.shape_highlights, node.highlight_lines, node.highlight_vertices, node.text):
        part.visible = False
