"""Cases with a file an organ: a folder a case, its masks beside the scan or in another tree."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from napari_abdoseg.image.organ_files import MASKS, organ_files
from napari_abdoseg.training.conversion.source import SourceCase

IMAGE, COMBINED = "ct.nii.gz", "combined_labels.nii.gz"


def has_scans(images: Path) -> bool:
    """Whether folders of a tree hold scans."""
    return any(images.glob(f"*/{IMAGE}"))


def has_masks(labels: Path) -> bool:
    """Whether folders of a tree hold masks."""
    return any(labels.glob(f"*/{MASKS}"))


def cases_in(images: Path, labels: Path, test: bool = False) -> tuple[SourceCase, ...]:
    """Cases of two trees, which may be one; where masks are missing, their combination."""
    return tuple(
        _case(image, labels / image.parent.name, test)
        for image in sorted(images.glob(f"*/{IMAGE}"))
    )


def lonely_masks(images: Path, labels: Path) -> tuple[Path, ...]:
    """Folders of masks without a scan."""
    masks = sorted(labels.glob(f"*/{MASKS}"))
    return tuple(path for path in masks if not (images / path.parent.name / IMAGE).exists())


def scheme_of(cases: Iterable[SourceCase]) -> dict[str, int]:
    """Values for organs that have files instead."""
    organs = sorted({organ for case in cases for organ, _ in case.masks})
    return {organ: value for value, organ in enumerate(organs, start=1)}


def _case(image: Path, folder: Path, test: bool) -> SourceCase:
    masks = tuple(organ_files(folder / MASKS).items())
    combined = folder / COMBINED
    labels = combined if not masks and combined.exists() else None
    return SourceCase(image.parent.name, (image,), labels, masks, test)
