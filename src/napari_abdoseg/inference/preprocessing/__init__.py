"""Scans as networks see them: cropped, normalised and resampled."""

from napari_abdoseg.inference.preprocessing.preprocessing import (
    nonzero_box,
    preprocess,
    preprocess_volume,
)

__all__ = ["nonzero_box", "preprocess", "preprocess_volume"]
