"""How large models are, and how that is said."""

from __future__ import annotations

from napari_abdoseg.inference.model.model_folder import Model
from napari_abdoseg.model_store.model_files import model_files

KB, MB, GB = 1e3, 1e6, 1e9


def size_of(model: Model) -> int:
    """Bytes of all files of a model."""
    return sum(path.stat().st_size for path in model_files(model.folder))


def spoken_bytes(size: float) -> str:
    """A size as one would say it.

    Examples
    --------
    >>> from napari_abdoseg.model_store.sizes import spoken_bytes
    >>> spoken_bytes(135_386_075), spoken_bytes(1.8e9)
    ('135 MB', '1.8 GB')
    """
    if size >= GB:
        return f"{size / GB:.1f} GB"
    if size < MB / 10:
        return f"{size / KB:.0f} kB"
    return f"{size / MB:.0f} MB" if size >= 10 * MB else f"{size / MB:.1f} MB"
