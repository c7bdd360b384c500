"""PanTS, the pancreatic tumor segmentation data set, as its scripts unpack it.

Li et al., NeurIPS (2025), arXiv:2507.01291; https://github.com/MrGiovanni/PanTS. Scans are in
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
from napari_abdoseg.training.conversion.naming import called
from napari_abdoseg.training.conversion.source import Source

NAME = "pants"
LAYOUT = (
    "ImageTr/PanTS_00000001/ct.nii.gz and LabelTr/PanTS_00000001/segmentations/pancreas.nii.gz, …"
)
TREES = (("ImageTr", "LabelTr", False), ("ImageTe", "LabelTe", True))
HOLDING_OTHERS = ("pancreas head", "pancreas body", "pancreas tail", "pancreas")
"""Organs in whose masks others lie: lesion, ducts, and the parts in the whole."""
ABOUT = {
    "name": "PanTS",
    "reference": "https://github.com/MrGiovanni/PanTS",
    "licence": "CC BY-NC-SA 4.0",
}


def fits(folder: Path, labels: Path | None) -> bool:
    """Whether the folder is laid out so."""
    images, known, _ = TREES[0]
    return has_scans(_tree(folder, images)) and _tree(labels or folder, known).is_dir()


def read(folder: Path, labels: Path | None) -> Source:
    """Find the cases of both trees, for training and for testing."""
    trees = [
        (_tree(folder, images), _tree(labels or folder, known), test)
        for images, known, test in TREES
    ]
    cases = tuple(case for tree in trees for case in cases_in(*tree))
    orphans = tuple(path for images, known, _ in trees for path in lonely_masks(images, known))
    scheme = scheme_of(cases, HOLDING_OTHERS)
    return Source(NAME, folder, cases, scheme, orphans=orphans, about=ABOUT)


def _tree(folder: Path, name: str) -> Path:
    return called(folder, name) or folder / name
