"""The JSON beside a label map, which tells where it comes from and who has corrected it."""

from __future__ import annotations

from pathlib import Path

from napari_abdoseg.image.files.file_names import stem

CORRECTIONS = "corrections"
"""Key of what was corrected, one entry a save, beside what else a file says."""


def json_beside(labels: Path) -> Path:
    """Where it is."""
    return labels.with_name(f"{stem(labels)}.json")
