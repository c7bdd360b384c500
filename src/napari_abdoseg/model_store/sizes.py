"""How large models are."""

from __future__ import annotations

from napari_abdoseg.inference.model.model_folder import Model
from napari_abdoseg.model_store.model_files import model_files


def size_of(model: Model) -> int:
    """Bytes of all files of a model."""
    return sum(path.stat().st_size for path in model_files(model.folder))
