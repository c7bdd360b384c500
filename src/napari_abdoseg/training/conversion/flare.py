"""Training sets of the challenges FLARE21 and FLARE22.

Ma et al., Medical Image Analysis 82 (2022) and Lancet Digital Health 6 (2024). FLARE21 has
``TrainingImg/train_000_0000.nii.gz``, ``TrainingMask/train_000.nii.gz`` and
``ValidationImg/validation_001_0000.nii.gz`` without labels. The 50 labelled cases of FLARE22
(https://zenodo.org/records/7860267) are ``images/FLARE22_Tr_0001_0000.nii.gz`` and
``labels/FLARE22_Tr_0001.nii.gz``.
"""

from __future__ import annotations

from pathlib import Path

from napari_abdoseg.image.files.file_names import stem
from napari_abdoseg.image.names.published_schemes import scheme_values
from napari_abdoseg.training.conversion.naming import split_channel, visible_images
from napari_abdoseg.training.conversion.pairing import pair
from napari_abdoseg.training.conversion.source import Source

NAME = "flare"
LAYOUT = (
    "FLARE21's TrainingImg and TrainingMask, or FLARE22's images/FLARE22_Tr_0001_0000.nii.gz and "
    "labels/FLARE22_Tr_0001.nii.gz"
)
SCHEME_21, SCHEME_22 = scheme_values("flare21"), scheme_values("flare22")


def fits(folder: Path, labels: Path | None) -> bool:
    """Whether the folder is laid out so, and has no labels of its own naming."""
    if (folder / "dataset.json").exists():
        return False
    return (folder / "TrainingImg").is_dir() or bool(_files_22(folder))


def read(folder: Path, labels: Path | None) -> Source:
    """Find the cases of either challenge."""
    if (folder / "TrainingImg").is_dir():
        return _read_21(folder, labels)
    return _read_22(folder, labels)


def _read_21(folder: Path, labels: Path | None) -> Source:
    masks = visible_images(labels or folder / "TrainingMask")
    paired = pair(visible_images(folder / "TrainingImg"), masks)
    unlabelled = pair(visible_images(folder / "ValidationImg"), (), test=True)
    about = {"name": "FLARE21", "reference": "https://flare.grand-challenge.org"}
    cases = (*paired.cases, *unlabelled.cases)
    return Source(NAME, folder, cases, SCHEME_21, orphans=paired.orphans, about=about)


def _read_22(folder: Path, labels: Path | None) -> Source:
    files = _files_22(folder)
    images = [path for path in files if split_channel(split_channel(stem(path))[0])[1] is not None]
    masks = _files_22(labels) if labels else [path for path in files if path not in images]
    paired = pair(images, masks)
    about = {"name": "FLARE22", "reference": "https://flare22.grand-challenge.org"}
    return Source(NAME, folder, paired.cases, SCHEME_22, orphans=paired.orphans, about=about)


def _files_22(folder: Path) -> list[Path]:
    return sorted(folder.rglob("FLARE22_Tr_*.nii.gz"))
