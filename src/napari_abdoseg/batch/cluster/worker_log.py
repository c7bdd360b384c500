"""A worker's log also says what this program does there."""

from __future__ import annotations

import logging

from napari_abdoseg.log import attach

_ours, _of_dask = logging.getLogger("napari_abdoseg"), logging.getLogger("distributed.worker")


class _ToDask(logging.Handler):
    def emit(self, record: logging.LogRecord) -> None:
        _of_dask.handle(record)


def join_worker_log() -> None:
    """Have Dask log what we do, in the terminal of the worker and for ``get_worker_logs``."""
    if not any(isinstance(handler, _ToDask) for handler in _ours.handlers):
        attach(_ToDask())
