"""Names of NIfTI files."""

from __future__ import annotations

import re
from pathlib import Path

_SUFFIX = re.compile(r"\.nii(\.gz)?\Z", re.IGNORECASE)


def has_nifti_suffix(path: Path) -> bool:
    """Whether a name ends with ``.nii`` or ``.nii.gz``."""
    return bool(_SUFFIX.search(path.name))


def stem(path: Path) -> str:
    """A file's name without ``.nii`` or ``.nii.gz``."""
    return _SUFFIX.sub("", path.name)
