"""A key of a window."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from qtpy.QtCore import Qt
from qtpy.QtGui import QKeySequence
from qtpy.QtWidgets import QShortcut


def window_key(window: Any, key: str, act: Callable[[], None]) -> QShortcut:
    """A key, as Qt writes it, that works wherever the focus is in a window."""
    shortcut = QShortcut(QKeySequence(key), window)
    shortcut.setContext(Qt.ShortcutContext.WindowShortcut)
    shortcut.activated.connect(act)
    return shortcut
