"""What our panels do in napari, and what of ours goes wrong there, in a log file."""

from __future__ import annotations

from pathlib import Path
from traceback import walk_tb

from napari.utils.notifications import ErrorNotification, Notification, notification_manager

import napari_abdoseg
from napari_abdoseg.log import keep_log, log_error

_OUR_CODE = Path(napari_abdoseg.__file__).parent


def keep_napari_log() -> None:
    """Keep a log of this napari, once however often called."""
    keep_log("napari")
    notification_manager.notification_ready.connect(_take)


def _take(notification: Notification) -> None:
    """Log an error that napari tells of, if our code was at work."""
    if isinstance(notification, ErrorNotification) and _is_ours(notification.exception):
        log_error("napari", notification.exception)


def _is_ours(error: BaseException) -> bool:
    files = (Path(frame.f_code.co_filename) for frame, _ in walk_tb(error.__traceback__))
    return any(_OUR_CODE in file.parents for file in files)
