"""What a tool changes in a Labels layer, as one step of its undo history."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
from napari.layers import Labels

from napari_abdoseg.anatomy.tally import Edit, NamesEdit
from napari_abdoseg.plugin.paint_events.paint_history import add_names
from napari_abdoseg.plugin.paint_events.shared_labels import shared_labels


def apply_edits(layer: Labels, edits: Iterable[Edit], tool: str) -> None:
    """Change voxels of a label map, so that one undo takes all of it back.

    Locked labels stay as they are. Voxels are remembered by the smallest integers that can
    number them, and a label that all of them get but once, since the history holds many steps.

    Parameters
    ----------
    layer : Labels
        Of three axes; the source or a copy.
    edits : iterable of Edit
        One after the other.
    tool : str
        Its name, such as ``"fill holes"``, for whoever hears of the step.

    Examples
    --------
    >>> import numpy as np
    >>> from napari.layers import Labels
    >>> from napari_abdoseg.anatomy.tally import Edit
    >>> from napari_abdoseg.plugin.paint_events.tool_edits import apply_edits
    >>> layer = Labels(np.zeros((4, 4, 4), np.uint8))
    >>> where = tuple(np.array([1, 2]) for _ in range(3))
    >>> apply_edits(layer, [Edit(where, np.zeros(2, np.uint8), np.array([3, 5], np.uint8))], "swap")
    >>> int(layer.data[2, 2, 2])
    5
    >>> layer.undo()
    >>> int(layer.data.max())
    0
    """
    with shared_labels(layer).held_by(tool), layer.block_history():
        for edit in edits:
            write(layer, edit)


def apply_names(layer: Labels, edit: NamesEdit, tool: str) -> None:
    """Call organs of a label map otherwise, as one step of its undo history.

    Whoever hears of the step has the names shown, as after its undo and its redo.

    Parameters
    ----------
    layer : Labels
        The source.
    edit : NamesEdit
    tool : str
        Such as ``"rename"``.
    """
    with shared_labels(layer).held_by(tool):
        add_names(layer, edit)


def write(layer: Labels, edit: Edit) -> None:
    """Change voxels of a layer, as a part of the step of undo that is under way.

    Parameters
    ----------
    layer : Labels
        Of three axes.
    edit : Edit
        Perhaps of no voxels.
    """
    if not edit.before.size:
        return
    small = np.min_scalar_type(max(layer.data.shape))
    z, y, x = (axis.astype(small) for axis in edit.where)
    first = edit.after[0]
    labels = first if (edit.after == first).all() else edit.after
    with shared_labels(layer).written_to():
        layer.data_setitem((z, y, x), labels)
