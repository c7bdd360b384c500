"""Segment abdominal organs in CT with nnU-Net, see and correct them in napari.

Importing this loads neither torch nor napari: names are imported when used.
"""

from __future__ import annotations

import logging
from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from napari_abdoseg.anatomy.box import Box as Box
    from napari_abdoseg.anatomy.box import bounding_boxes as bounding_boxes
    from napari_abdoseg.anatomy.measure import measure_organs as measure_organs
    from napari_abdoseg.errors import AbdosegError as AbdosegError
    from napari_abdoseg.evaluation.centre_lines import cldice as cldice
    from napari_abdoseg.evaluation.dice import dice as dice
    from napari_abdoseg.evaluation.evaluate import evaluate as evaluate
    from napari_abdoseg.evaluation.normalized_surface_dice import (
        normalized_surface_dice as normalized_surface_dice,
    )
    from napari_abdoseg.evaluation.organ_scores import score_organs as score_organs
    from napari_abdoseg.image.grid import Grid as Grid
    from napari_abdoseg.image.nifti.volumes import read_labels as read_labels
    from napari_abdoseg.image.nifti.volumes import read_volume as read_volume
    from napari_abdoseg.image.nifti.volumes import write_labels as write_labels
    from napari_abdoseg.image.organ import Organ as Organ
    from napari_abdoseg.image.phantom import make_phantom as make_phantom
    from napari_abdoseg.image.volume import LabelMap as LabelMap
    from napari_abdoseg.image.volume import Volume as Volume
    from napari_abdoseg.inference.model.ensemble import load_ensemble as load_ensemble
    from napari_abdoseg.inference.segmentation import segment as segment
    from napari_abdoseg.inference.segmentation import segmenting as segmenting
    from napari_abdoseg.progress import Progress as Progress

_HOMES = {
    "AbdosegError": "errors",
    "Box": "anatomy.box",
    "Grid": "image.grid",
    "LabelMap": "image.volume",
    "Organ": "image.organ",
    "Progress": "progress",
    "Volume": "image.volume",
    "bounding_boxes": "anatomy.box",
    "cldice": "evaluation.centre_lines",
    "dice": "evaluation.dice",
    "evaluate": "evaluation.evaluate",
    "load_ensemble": "inference.model.ensemble",
    "make_phantom": "image.phantom",
    "measure_organs": "anatomy.measure",
    "normalized_surface_dice": "evaluation.normalized_surface_dice",
    "read_labels": "image.nifti.volumes",
    "read_volume": "image.nifti.volumes",
    "score_organs": "evaluation.organ_scores",
    "segment": "inference.segmentation",
    "segmenting": "inference.segmentation",
    "write_labels": "image.nifti.volumes",
}

__all__ = sorted(_HOMES)

logging.getLogger(__name__).addHandler(logging.NullHandler())  # quiet by default


def __getattr__(name: str) -> Any:
    if name == "__version__":
        from importlib.metadata import version

        return version("napari-abdoseg")
    if name in _HOMES:
        return getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return [*__all__, "__version__"]
