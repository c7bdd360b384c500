"""Model folders of more than one configuration."""

from __future__ import annotations

from pathlib import Path
from typing import Any


def cascade(make_model: Any, **first: Any) -> Path:
    """Folder of a cascade's second stage, that of its first beside it."""
    lowres, kind = "nnUNetTrainer__nnUNetPlans__3d_lowres", "3d_cascade_fullres"
    patch = (16, 24, 24)
    make_model((0, 1), (2,), patch, (15.0, 12.0, 12.0), lowres, kind="3d_lowres", **first)
    return make_model((0, 1), None, patch, name=kind, kind=kind, previous_stage="3d_lowres")
