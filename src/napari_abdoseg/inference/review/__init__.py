"""Where folds disagree, and which places to look at first."""

from napari_abdoseg.inference.review.places import Place, places_to_review

__all__ = ["Place", "places_to_review"]
