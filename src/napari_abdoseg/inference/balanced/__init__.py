"""The whole ensemble where the organs are, for as long as it changes them."""

from napari_abdoseg.inference.balanced.balanced import predict_balanced

__all__ = ["predict_balanced"]
