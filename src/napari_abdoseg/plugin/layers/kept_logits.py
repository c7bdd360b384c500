"""Logits of an ensemble that stay with the layer of its label map."""

from __future__ import annotations

from typing import Any

from napari.layers import Labels

from napari_abdoseg.logits.kept import KeptLogits

KEY = "logits"


def logits_metadata(kept: KeptLogits | None) -> dict[str, Any]:
    """What the layer of an ensemble's label map keeps."""
    return {} if kept is None else {KEY: kept}


def logits_of(layer: Labels) -> KeptLogits | None:
    """Logits of the ensemble that made a layer, if they were kept."""
    kept: KeptLogits | None = layer.metadata.get(KEY)
    return kept
