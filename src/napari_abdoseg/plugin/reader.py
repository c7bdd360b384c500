"""Scans and label maps, tables of boxes and journals as napari layers."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

from napari import current_viewer
from napari.utils.notifications import show_info

from napari_abdoseg.anatomy.box_file import SUFFIXES, holds_boxes, read_boxes
from napari_abdoseg.correction.journal.places import ENDING, is_journal
from napari_abdoseg.correction.journal.recorded_labels import read_recorded
from napari_abdoseg.image.files.file_names import has_image_suffix, stem
from napari_abdoseg.image.names.chosen_schemes import named_as_chosen
from napari_abdoseg.image.nifti.volumes import image_files, is_image_file, read_image
from napari_abdoseg.image.organ_files import (
    masks_folder,
    name_of_case,
    organ_files,
    read_label_map,
)
from napari_abdoseg.image.volume import LabelMap
from napari_abdoseg.plugin.layers.boxes import follow_boxes
from napari_abdoseg.plugin.layers.conversion import LayerData, box_layer, image_layer, labels_layer
from napari_abdoseg.plugin.organs.naming import is_nameless
from napari_abdoseg.plugin.saving.leaving import guard_unsaved
from napari_abdoseg.plugin.viewing.cases_in_view import cases_in_view
from napari_abdoseg.plugin.viewing.ct_window import follow_windows
from napari_abdoseg.plugin.viewing.viewer_state import unwrapped

Paths = str | Sequence[str]

UNKNOWN_BOX_COLOR = "#9a9a9a"
NAMELESS = "Its labels have no names: the panel Organs offers published ones."


def get_reader(path: Paths) -> Callable[[Paths], list[LayerData]] | None:
    """A reader for scans, label maps, folders of them, boxes and journals; None for others."""
    given = [Path(each) for each in ([path] if isinstance(path, str) else path)]
    return read if all(_is_ours(each) for each in given) else None


def read(path: Paths) -> list[LayerData]:
    """One Image or Labels layer a file, scans below label maps, and boxes above.

    The masks of a folder with a file an organ are one label map.
    """
    layers, notices = [], _Notices()
    for each in [path] if isinstance(path, str) else path:
        for found in _found(Path(each)):
            layers += _read_one(found, notices)
    notices.show()
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
        follow_windows(unwrapped(viewer))
        guard_unsaved(viewer)
    scans = sum(kind == "image" for *_, kind in layers)
    if scans > 1:
        show_info(
            f"{scans} CTs were opened, and the first is shown: select a layer of another one "
            "to see that with its masks."
        )
    return layers


class _Notices:
    """What is told of files that are read together, each sentence once."""

    def __init__(self) -> None:
        self._files: dict[str, list[str]] = {}

    def take(self, name: str, notices: tuple[str, ...]) -> None:
        for notice in notices:
            self._files.setdefault(notice, []).append(name)

    def show(self) -> None:
        for notice, names in self._files.items():
            more = f" and {len(names) - 1} more" if len(names) > 1 else ""
            show_info(f"{names[0]}{more}: {notice}")


def _found(path: Path) -> list[Path]:
    """The files of a folder, and where its masks lie; else a file alone."""
    if not path.is_dir():
        return [path]
    masks = masks_folder(path)
    if masks is None:
        return image_files(path)
    apart = organ_files(masks).values()
    others = (file for file in sorted(path.iterdir()) if is_image_file(file))
    return [*(file for file in others if file not in apart), masks]


def _is_ours(path: Path) -> bool:
    if path.suffix.lower() in SUFFIXES:
        return holds_boxes(path)
    if is_journal(path):
        return True
    return path.is_dir() or has_image_suffix(path)


def _read_one(path: Path, notices: _Notices) -> list[LayerData]:
    if path.suffix.lower() in SUFFIXES:
        return _read_boxes(path)
    if is_journal(path):
        return [_read_journal(path, notices)]
    name = name_of_case(path) if path.is_dir() else None
    image = read_label_map(path) if path.is_dir() else read_image(path)
    if isinstance(image, LabelMap):
        image = named_as_chosen(image)
        if is_nameless(image.organs):
            notices.take(path.name, (NAMELESS,))
    notices.take(name or path.name, image.notices)
    return [labels_layer(image, name) if isinstance(image, LabelMap) else image_layer(image)]


def _read_journal(path: Path, notices: _Notices) -> LayerData:
    labels = read_recorded(path)
    notices.take(path.name, labels.notices)
    return labels_layer(labels, stem(Path(path.name.removeprefix(".").partition(ENDING)[0])))


def _read_boxes(path: Path) -> list[LayerData]:
    named = read_boxes(path)
    viewer = current_viewer()
    if viewer is not None:
        follow_boxes(viewer)
    return [
        box_layer(name, named.colors.get(name, UNKNOWN_BOX_COLOR), box, named.grid)
        for name, box in named.boxes.items()
    ]
