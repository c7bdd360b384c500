"""Model folders of more than one configuration."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

from napari_abdoseg.inference.model.card import Region, read_card, write_card
from napari_abdoseg.inference.model.model_folder import read_model

COARSE = (20.0, 16.0, 16.0)
"""mm of the voxels of a model that is done with a scan in few passes."""


def cascade(make_model: Any, **first: Any) -> Path:
    """Folder of a cascade's second stage, that of its first beside it."""
    lowres, kind = "nnUNetTrainer__nnUNetPlans__3d_lowres", "3d_cascade_fullres"
    patch = (16, 24, 24)
    make_model((0, 1), (2,), patch, (15.0, 12.0, 12.0), lowres, kind="3d_lowres", **first)
    return make_model((0, 1), None, patch, name=kind, kind=kind, previous_stage="3d_lowres")


def two_stages(make_model: Any, region: Region, **second: Any) -> Path:
    """Folder of a model that looks where the demo's first fold finds organs."""
    folder = make_model((0, 1), **second)
    finder = folder / region.model
    (finder / "fold_0").mkdir(parents=True)
    demo = read_model("demo").folder
    for name in ("dataset.json", "plans.json", "fold_0/checkpoint_final.pth"):
        shutil.copy(demo / name, finder / name)
    write_card(folder, read_card(folder).model_copy(update={"region": region}))
    return folder
