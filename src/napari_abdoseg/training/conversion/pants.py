"""PanTS, the pancreatic tumor segmentation data set, as its scripts unpack it.

Li et al., arXiv:2507.01291 (2025); https://github.com/MrGiovanni/PanTS. Scans are in
``ImageTr/PanTS_00000001/ct.nii.gz`` and masks in another tree,
``LabelTr/PanTS_00000001/segmentations/pancreas.nii.gz``, … or ``combined_labels.nii.gz``;
``ImageTe`` and ``LabelTe`` are for testing.
"""

from __future__ import annotations

from pathlib import Path

from napari_abdoseg.training.conversion.case_folders import (
    cases_in,
    has_scans,
    lonely_masks,
    scheme_of,
)
from napari_abdoseg.training.conversion.source import Source

NAME = "pants"
LAYOUT = (
    "ImageTr/PanTS_00000001/ct.nii.gz and LabelTr/PanTS_00000001/segmentations/pancreas.nii.gz, …"
)
TREES = (("ImageTr", "LabelTr", False), ("ImageTe", "LabelTe", True))
ABOUT = {"name": "PanTS", "reference": "https://github.com/MrGiovanni/PanTS"}


def fits(folder: Path, labels: Path | None) -> bool:
    """Whether the folder is laid out so."""
    images, known, _ = TREES[0]
    return has_scans(folder / images) and ((labels or folder) / known).is_dir()


def read(folder: Path, labels: Path | None) -> Source:
    """Find the cases of both trees, for training and for testing."""
    trees = [(folder / images, (labels or folder) / known, test) for images, known, test in TREES]
    cases = tuple(case for tree in trees for case in cases_in(*tree))
    orphans = tuple(path for images, known, _ in trees for path in lonely_masks(images, known))
    return Source(NAME, folder, cases, scheme_of(cases), orphans=orphans, about=ABOUT)
