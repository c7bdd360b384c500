"""A user compares label maps with a reference, and goes from error to error."""

from napari_abdoseg.plugin.compare.widget import CompareWidget

__all__ = ["CompareWidget"]
