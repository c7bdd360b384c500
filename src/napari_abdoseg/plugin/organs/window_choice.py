"""A small control for the window of the CT that is in view."""

from __future__ import annotations

from typing import Any

from napari.components import ViewerModel
from napari.layers import Image
from qtpy.QtWidgets import QComboBox

from napari_abdoseg.plugin.viewing.cases_in_view import cases_in_view
from napari_abdoseg.plugin.viewing.ct_window import WINDOWS, Window, scan_in_view, set_window

OWN = "own"
TIP = (
    "Which Hounsfield units are black and white. Drag in a slice with Ctrl held for your own: "
    "to the right for a wider window, up for a brighter picture."
)


class WindowChoice(QComboBox):
    """Windows by their names, and the one that the user has dragged.

    Parameters
    ----------
    viewer : ViewerModel
    """

    def __init__(self, viewer: ViewerModel) -> None:
        super().__init__()
        self._viewer = viewer
        self._followed: Image | None = None
        for name, window in WINDOWS.items():
            self.addItem(name, window)
            self.setItemData(self.count() - 1, window.words, 3)
        self.setToolTip(TIP)
        self.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToContents)
        self.activated.connect(self._choose)
        self._cases = cases_in_view(viewer)
        self._cases.changed.connect(self._follow)
        viewer.layers.events.inserted.connect(self._follow)
        viewer.layers.events.removed.connect(self._follow)
        self._follow()

    def end(self) -> None:
        """Follow the viewer no longer."""
        events = self._viewer.layers.events
        events.inserted.disconnect(self._follow)
        events.removed.disconnect(self._follow)
        self._cases.changed.disconnect(self._follow, missing_ok=True)
        self._leave()

    def _follow(self, event: Any = None) -> None:
        scan = scan_in_view(self._viewer)
        self.setEnabled(scan is not None)
        if scan is not self._followed:
            self._leave()
            self._followed = scan
            if scan is not None:
                scan.events.contrast_limits.connect(self._show)
        self._show()

    def _leave(self) -> None:
        if self._followed is not None:
            self._followed.events.contrast_limits.disconnect(self._show)
            self._followed = None

    def _show(self, event: Any = None) -> None:
        """Name the window that is seen."""
        if self._followed is None:
            return
        window = Window.of(self._followed)
        named = next((name for name, each in WINDOWS.items() if each == window), None)
        own = self.findData(None)
        if named is not None and own >= 0:
            self.removeItem(own)
        elif named is None and own < 0:
            self.addItem("")
            own = self.count() - 1
        if named is None:
            self.setItemText(own, f"{OWN} ({window.words})")
        self.setCurrentIndex(own if named is None else self.findText(named))

    def _choose(self, place: int) -> None:
        window = self.itemData(place)
        if window is not None:
            set_window(self._viewer, window)
