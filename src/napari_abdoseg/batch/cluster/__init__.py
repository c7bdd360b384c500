"""Cases on the workers of a Dask cluster; what it needs comes with the extra ``cluster``."""

from __future__ import annotations

from importlib.util import find_spec

from napari_abdoseg.errors import AbdosegError

if find_spec("distributed") is None:
    raise AbdosegError(
        'A cluster needs dask.distributed: run pip install "napari-abdoseg[cluster]".'
    )
