"""A user goes to the places where the folds of an ensemble disagree."""

from napari_abdoseg.plugin.review.widget import ReviewWidget

__all__ = ["ReviewWidget"]
