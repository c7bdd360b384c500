"""Objects that collections of Python's garbage pass over, as long as the window has them."""

from __future__ import annotations

import gc

from qtpy.QtCore import QObject
from qtpy.QtWidgets import QApplication

MARK = "abdoseg frozen objects"
"""Of the application, as long as there are some of ours."""


def freeze() -> None:
    """Collect garbage, and let later collections pass over what is left, if Qt runs."""
    application = QApplication.instance()
    if application is None:
        return
    gc.collect()
    gc.freeze()
    if application.findChild(QObject, MARK) is None:
        QObject(application).setObjectName(MARK)


def unfreeze() -> None:
    """Let collections look at all again, unless nothing was frozen here: others may freeze, too."""
    application = QApplication.instance()
    mark = None if application is None else application.findChild(QObject, MARK)
    if mark is not None:
        mark.setParent(None)
        gc.unfreeze()
