"""Places to look at, in the order of a day's work."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from napari_abdoseg.anatomy.plausibility.doubt import Certainty, Kind
from napari_abdoseg.image.phantom import make_phantom
from napari_abdoseg.inference.model.ensemble import load_ensemble
from napari_abdoseg.inference.review.places import places_to_review
from napari_abdoseg.inference.review.where_to_look import FOLDS, REGION, places_to_look
from napari_abdoseg.inference.segmentation import segmenting
from napari_abdoseg.progress import drain


def test_a_good_label_map_has_the_bile_ducts_region_alone():
    volume, labels = make_phantom(1, (6.0, 5.0, 5.0))
    (place,) = places_to_look(labels, volume)
    assert (place.kind, place.organ, place.certainty) == (REGION, None, None)
    assert place.box.holds(place.voxel)
    assert places_to_look(replace(labels, data=np.zeros_like(labels.data))) == ()


def test_what_is_surely_wrong_comes_first_then_folds_then_what_may_be(make_model):
    volume, labels = make_phantom(1, (8.0, 6.0, 6.0))
    ensemble = load_ensemble(make_model(mirror_axes=None, patch=(32, 32, 32)), device="cpu")
    disagreement = drain(segmenting(volume, ensemble, "exact")).disagreement
    data = labels.data.copy()
    data[2:6, 2:6, 3:7] = 3
    data[30, 20, 8] = 1
    damaged = replace(labels, data=data)
    places = places_to_look(damaged, volume, disagreement)
    contested = places_to_review(disagreement)
    kinds = [place.kind for place in places]
    assert kinds[0] == Kind.OUTSIDE
    assert kinds[1 : 1 + len(contested)] == [FOLDS] * len(contested)
    assert kinds[-1] == REGION
    assert "of 2 folds dissent on" in places[1].words
    possible = [place for place in places if place.certainty is Certainty.POSSIBLE]
    assert all(kinds.index(FOLDS) < places.index(place) for place in possible)
