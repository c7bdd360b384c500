"""Names of files with scans and label maps: how they end, by format."""

from __future__ import annotations

from pathlib import Path

NIFTI = (".nii.gz", ".nii")
SLICER_SEGMENTATION = (".seg.nrrd",)
NRRD = (".nrrd", ".nhdr")
META_IMAGE = (".mha", ".mhd")
ENDINGS = (*NIFTI, *SLICER_SEGMENTATION, *NRRD, *META_IMAGE)
"""Of all formats that are read; one that ends another comes after it."""


def ending(path: Path) -> str:
    """How a name ends as those of scans and label maps do, in small letters; else empty."""
    name = path.name.lower()
    return next((each for each in ENDINGS if name.endswith(each)), "")


def has_nifti_suffix(path: Path) -> bool:
    """Whether a name ends with ``.nii`` or ``.nii.gz``."""
    return ending(path) in NIFTI


def has_image_suffix(path: Path) -> bool:
    """Whether a name ends as those of scans and label maps do."""
    return bool(ending(path))


def stem(path: Path) -> str:
    """A file's name without the ending of its format, such as ``.nii.gz`` or ``.seg.nrrd``."""
    return path.name[: len(path.name) - len(ending(path))]
