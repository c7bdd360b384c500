"""Words that are never cut off."""

from __future__ import annotations

from typing import Any

from qtpy.QtWidgets import QLabel


class WrappedLabel(QLabel):
    """A label that keeps room for all its lines, which Qt's layouts do not where it is tight."""

    def __init__(self) -> None:
        super().__init__()
        self.setWordWrap(True)

    def setText(self, text: str | None) -> None:  # noqa: N802
        super().setText(text)
        self._keep_room()

    def resizeEvent(self, event: Any) -> None:  # noqa: N802
        super().resizeEvent(event)
        self._keep_room()

    def _keep_room(self) -> None:
        self.setMinimumHeight(0)  # else it would count as what the words need
        self.setFixedHeight(self.heightForWidth(self.width()) if self.text() else 0)
