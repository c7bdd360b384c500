"""NIfTI files as napari layers."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

from napari.utils.notifications import show_info
from napari_abdoseg.plugin.layers import LayerData, image_layer, labels_layer

from napari_abdoseg.image.nifti import nifti_files, read_image
from napari_abdoseg.image.volume import LabelMap

Paths = str | Sequence[str]


def get_reader(paths: Paths) -> Callable[[Paths], list[LayerData]] | None:
    """A reader for NIfTI files and folders of them; None for anything else."""
    given = [Path(path) for path in ([paths] if isinstance(paths, str) else paths)]
    if all(path.is_dir() or path.name.lower().endswith((".nii", ".nii.gz")) for path in given):
        return read
    return None


def read(paths: Paths) -> list[LayerData]:
    """One Image or Labels layer a file, scans below label maps."""
    layers = []
    for path in [paths] if isinstance(paths, str) else paths:
        files = nifti_files(Path(path)) if Path(path).is_dir() else [Path(path)]
        layers += [_read_file(file) for file in files]
    return sorted(layers, key=lambda layer: layer[2] == "labels")


def _read_file(path: Path) -> LayerData:
    image = read_image(path)
    for notice in image.notices:
        show_info(f"{path.name}: {notice}")
    if isinstance(image, LabelMap):
        return labels_layer(image)
    return image_layer(image)
