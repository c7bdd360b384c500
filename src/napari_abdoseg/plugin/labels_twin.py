"""A Labels layer and its copy: one label map, one undo history, painted on in either."""

from __future__ import annotations

from typing import Any

from napari.components import ViewerModel
from napari.layers import Labels
from qtpy.QtCore import QTimer

from napari_abdoseg.plugin.label_edits import showing_stroke
from napari_abdoseg.plugin.twin import Twin

MS_BETWEEN_REFRESHES = 30
"""While the brush is moving."""


class LabelsTwin(Twin):
    """A copy of a Labels layer that shares its array and its undo history.

    Parameters
    ----------
    source : Labels
    source_viewer, viewer : ViewerModel
        Where the source is, and where the copy is going to be.
    apart : frozenset of str, optional
        Attributes that each keeps for itself.
    """

    def __init__(
        self,
        source: Labels,
        source_viewer: ViewerModel,
        viewer: ViewerModel,
        apart: frozenset[str] = frozenset(),
    ) -> None:
        super().__init__(source, apart)
        with self.layer.events.contour.blocker():  # the source is not to be drawn anew
            self.layer.contour = source.contour
        self._share_history()
        self.connect(source.events.data, self._share_history, position="last")
        self.connect(self.layer.events.paint, self._tell_source)
        echo = _Echo(source, source_viewer, self.layer)
        echo_back = _Echo(self.layer, viewer, source)
        for one, other in ((echo, echo_back), (echo_back, echo)):
            self.connect(one.painted.events.labels_update, one.refresh_soon)
            self.connect(one.painted.events.paint, one.refresh)
            self.connect(one.painted.events.set_data, one.refresh_unless_sliced)
            one.answer = other
        self._echoes = echo, echo_back

    def _share_history(self, event: Any = None) -> None:
        """Let undo and redo of either layer take back what was done in either."""
        self.layer._undo_history = self.source._undo_history
        self.layer._redo_history = self.source._redo_history

    def _tell_source(self, event: Any) -> None:
        """A stroke in the copy is a stroke in the source, for whoever listens to that."""
        self.source.events.paint(value=event.value)

    def close(self) -> None:
        super().close()
        for echo in self._echoes:
            echo.timer.stop()
            echo.timer.timeout.disconnect()


class _Echo:
    """Shows in ``other`` what changes in the array that it shares with ``painted``."""

    answer: _Echo
    """The echo in the opposite direction, which is silent while this one sounds."""

    def __init__(self, painted: Labels, viewer: ViewerModel, other: Labels) -> None:
        self.painted = painted
        self.timer = QTimer()
        self.timer.setSingleShot(True)
        self.timer.setInterval(MS_BETWEEN_REFRESHES)
        self.timer.timeout.connect(self.refresh)
        self._viewer = viewer
        self._other = other
        self._view = self._current_view()
        self._sounding = False

    def refresh(self, event: Any = None) -> None:
        """Show a stroke, or the part of it that is painted by now."""
        with showing_stroke(self._other):
            self._redraw()

    def _redraw(self) -> None:
        self.timer.stop()
        self._sounding = True
        try:
            self._other.refresh(thumbnail=False, highlight=False, extent=False)
        finally:
            self._sounding = False

    def refresh_soon(self, event: Any) -> None:
        if not self.timer.isActive():
            self.timer.start()

    def refresh_unless_sliced(self, event: Any) -> None:
        """Undo, redo and scripts only show up as a new slice, as scrolling does."""
        before, self._view = self._view, self._current_view()
        if self._view == before and not self.answer._sounding:
            self._redraw()

    def _current_view(self) -> object:
        dims = self._viewer.dims
        return dims.point, dims.order, dims.ndisplay, self.painted in self._viewer.layers
