"""All places of a label map that a person should look at, in the order of a day's work.

What is surely wrong comes first, then what is likely wrong, then where folds disagree, then
what is possibly wrong, and last the region of the bile duct, which nothing labels.
"""

from __future__ import annotations

from dataclasses import dataclass

from napari_abdoseg.anatomy import bile_duct
from napari_abdoseg.anatomy.bile_duct import RegionNotFoundError, bile_duct_region
from napari_abdoseg.anatomy.box import Box
from napari_abdoseg.anatomy.plausibility.check import check_plausibility
from napari_abdoseg.anatomy.plausibility.doubt import Certainty, Doubt
from napari_abdoseg.image.grid import Shape
from napari_abdoseg.image.organ import Organ
from napari_abdoseg.image.volume import LabelMap, Volume
from napari_abdoseg.inference.review.disagreement import Disagreement
from napari_abdoseg.inference.review.places import Place, places_to_review

FOLDS, REGION = "folds disagree", "search region"


@dataclass(frozen=True)
class PlaceToLook:
    """A place that a person should look at.

    Parameters
    ----------
    kind : str
        A `Kind` of doubt, `FOLDS` or `REGION`.
    name : str
        Of the organ, or of the region.
    organ : Organ or None
        None for the region.
    voxel : tuple of int
        Where to look, along (z, y, x).
    box : Box
    words : str
        What is seen there.
    certainty : Certainty or None
        That something is wrong; None where nobody says so.
    """

    kind: str
    name: str
    organ: Organ | None
    voxel: Shape
    box: Box
    words: str
    certainty: Certainty | None = None


def places_to_look(
    labels: LabelMap, volume: Volume | None = None, disagreement: Disagreement | None = None
) -> tuple[PlaceToLook, ...]:
    """Find the places of a label map.

    Parameters
    ----------
    labels : LabelMap
    volume : Volume, optional
        The scan on its grid.
    disagreement : Disagreement, optional
        Of the folds that have made it.
    """
    doubts = check_plausibility(labels, volume)
    contested = () if disagreement is None else places_to_review(disagreement)
    return (
        *(_in_doubt(doubt) for doubt in doubts if doubt.certainty > Certainty.POSSIBLE),
        *(_contested(place, disagreement.folds) for place in contested if disagreement),
        *(_in_doubt(doubt) for doubt in doubts if doubt.certainty is Certainty.POSSIBLE),
        *_region(labels),
    )


def _in_doubt(doubt: Doubt) -> PlaceToLook:
    return PlaceToLook(
        str(doubt.kind),
        doubt.organ.name,
        doubt.organ,
        doubt.voxel,
        doubt.box,
        doubt.words,
        doubt.certainty,
    )


def _contested(place: Place, folds: int) -> PlaceToLook:
    words = f"{place.folds:.1f} of {folds} folds dissent on {place.volume_ml:.1f} ml"
    return PlaceToLook(FOLDS, place.organ.name, place.organ, place.voxel, place.box, words)


def _region(labels: LabelMap) -> tuple[PlaceToLook, ...]:
    """The bile duct's, where organs tell of it."""
    try:
        box = bile_duct_region(labels).box
    except RegionNotFoundError:
        return ()
    z, y, x = ((start + stop - 1) // 2 for start, stop in zip(box.start, box.stop, strict=True))
    words = "a place to look, never a finding"
    return (PlaceToLook(REGION, bile_duct.NAME, None, (z, y, x), box, words),)
