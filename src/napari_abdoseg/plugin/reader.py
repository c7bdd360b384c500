"""NIfTI files as napari layers."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

from napari.utils.notifications import show_info

from napari_abdoseg.image.nifti import nifti_files, read_image
from napari_abdoseg.image.volume import LabelMap
from napari_abdoseg.plugin.layers import LayerData, image_layer, labels_layer

Paths = str | Sequence[str]


def get_reader(path: Paths) -> Callable[[Paths], list[LayerData]] | None:
    """A reader for NIfTI files and folders of them; None for anything else."""
    given = [Path(each) for each in ([path] if isinstance(path, str) else path)]
    if all(each.is_dir() or each.name.lower().endswith((".nii", ".nii.gz")) for each in given):
        return read
    return None


def read(path: Paths) -> list[LayerData]:
    """One Image or Labels layer a file, scans below label maps."""
    layers = []
    for each in [path] if isinstance(path, str) else path:
        files = nifti_files(each) if Path(each).is_dir() else [Path(each)]
        layers += [_read_file(file) for file in files]
    return sorted(layers, key=lambda layer: layer[2] == "labels")


def _read_file(path: Path) -> LayerData:
    image = read_image(path)
    for notice in image.notices:
        show_info(f"{path.name}: {notice}")
    if isinstance(image, LabelMap):
        return labels_layer(image)
    return image_layer(image)
