"""NIfTI files and tables of boxes as napari layers."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

from napari import current_viewer
from napari.utils.notifications import show_info

from napari_abdoseg.anatomy.box_file import SUFFIXES, holds_boxes, read_boxes
from napari_abdoseg.image.nifti import nifti_files, read_image
from napari_abdoseg.image.volume import LabelMap
from napari_abdoseg.plugin.boxes import follow_boxes
from napari_abdoseg.plugin.cases_in_view import cases_in_view
from napari_abdoseg.plugin.layers import LayerData, box_layer, image_layer, labels_layer

Paths = str | Sequence[str]

UNKNOWN_BOX_COLOR = "#9a9a9a"


def get_reader(path: Paths) -> Callable[[Paths], list[LayerData]] | None:
    """A reader for NIfTI files, folders of them and boxes; None for anything else."""
    given = [Path(each) for each in ([path] if isinstance(path, str) else path)]
    return read if all(_is_ours(each) for each in given) else None


def read(path: Paths) -> list[LayerData]:
    """One Image or Labels layer a file, scans below label maps, and boxes above."""
    layers = []
    for each in [path] if isinstance(path, str) else path:
        files = nifti_files(each) if Path(each).is_dir() else [Path(each)]
        layers += [layer for file in files for layer in _read_file(file)]
    layers.sort(key=lambda layer: ("image", "labels", "shapes").index(layer[2]))
    return _in_one_go(layers)


def _in_one_go(layers: list[LayerData]) -> list[LayerData]:
    """Layers of which the first case is shown, and others are when one of theirs is selected."""
    together = object()
    for _, options, _ in layers:
        options["metadata"]["opened"] = together
    viewer = current_viewer()
    if viewer is not None:
        cases_in_view(viewer)
    scans = sum(kind == "image" for *_, kind in layers)
    if scans > 1:
        show_info(
            f"{scans} CTs were opened, and the first is shown: select a layer of another one "
            "to see that with its masks."
        )
    return layers


def _is_ours(path: Path) -> bool:
    if path.suffix.lower() in SUFFIXES:
        return holds_boxes(path)
    return path.is_dir() or path.name.lower().endswith((".nii", ".nii.gz"))


def _read_file(path: Path) -> list[LayerData]:
    if path.suffix.lower() in SUFFIXES:
        return _read_boxes(path)
    image = read_image(path)
    for notice in image.notices:
        show_info(f"{path.name}: {notice}")
    return [labels_layer(image) if isinstance(image, LabelMap) else image_layer(image)]


def _read_boxes(path: Path) -> list[LayerData]:
    named = read_boxes(path)
    viewer = current_viewer()
    if viewer is not None:
        follow_boxes(viewer)
    return [
        box_layer(name, named.colors.get(name, UNKNOWN_BOX_COLOR), box, named.grid)
        for name, box in named.boxes.items()
    ]
