"""A Labels layer and its copy: one label map, one undo history, painted on in either."""

from __future__ import annotations

from napari.layers import Labels

from napari_abdoseg.plugin.four_panel.layer_copy import Twin
from napari_abdoseg.plugin.paint_events.paint_history import end_stroke
from napari_abdoseg.plugin.paint_events.shared_labels import shared_labels


class LabelsTwin(Twin):
    """A copy of a Labels layer that shares its array and its undo history.

    Parameters
    ----------
    source : Labels
    apart : frozenset of str, optional
        Attributes that each keeps for itself.
    """

    def __init__(self, source: Labels, apart: frozenset[str] = frozenset()) -> None:
        super().__init__(source, apart)
        with self.layer.events.contour.blocker():  # the source is not to be drawn anew
            self.layer.contour = source.contour
        self._labels = shared_labels(source)
        self._labels.add(self.layer)

    def close(self) -> None:
        end_stroke(self.layer)  # a brush that is still moving
        super().close()
        self._labels.remove(self.layer)
