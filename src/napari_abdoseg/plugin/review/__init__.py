"""A user goes to the places of a label map that are worth a look."""

from napari_abdoseg.plugin.review.widget import ReviewWidget

__all__ = ["ReviewWidget"]
