"""Organs that a card merges are one, in label maps and where folds disagree."""

from __future__ import annotations

import numpy as np
import pytest
from small_models import COARSE

from napari_abdoseg import load_ensemble, segment
from napari_abdoseg.errors import ModelError
from napari_abdoseg.image.organ import Organ
from napari_abdoseg.inference.model.card import ModelCard, write_card
from napari_abdoseg.inference.model.model_folder import read_model
from napari_abdoseg.inference.review.places import places_to_review
from napari_abdoseg.inference.segmentation import segmenting
from napari_abdoseg.progress import drain

LABELS = {"background": 0, "kidney_left": 1, "liver": 2, "kidney_right": 3, "spleen": 4}
MERGED = ModelCard(merged={"kidney": ["kidney_left", "kidney_right"]}, shown=["kidney", "lung"])
ORGANS = (Organ(1, "kidney"), Organ(2, "liver"), Organ(4, "spleen"))


@pytest.fixture
def folder(make_model):
    return make_model(labels={"labels": LABELS}, spacing=COARSE)


@pytest.mark.parametrize("preset", ["exact", "balanced"])
def test_the_merged_organ_takes_the_value_of_the_first(folder, phantom, preset):
    apart = segment(phantom[0], load_ensemble(folder, device="cpu"), preset).data
    write_card(folder, MERGED)
    labels = segment(phantom[0], load_ensemble(folder, device="cpu"), preset)
    assert (apart == 3).any()
    np.testing.assert_array_equal(labels.data, np.where(apart == 3, 1, apart))
    assert labels.organs == ORGANS
    assert read_model(folder).shown == ("kidney",)


def test_regions_are_merged_by_the_values_they_are_written_as(make_model, phantom):
    regions = {"background": 0, "whole": [1, 2], "core": [2], "other": [3]}
    labels = {"labels": regions, "regions_class_order": [3, 1, 2]}
    folder = make_model(labels=labels, spacing=COARSE)
    apart = segment(phantom[0], load_ensemble(folder, device="cpu"), "exact").data
    write_card(folder, ModelCard(merged={"both": ["whole", "other"]}))
    found = segment(phantom[0], load_ensemble(folder, device="cpu"), "exact")
    np.testing.assert_array_equal(found.data, np.where(apart == 2, 3, apart))
    assert found.organs == (Organ(1, "core"), Organ(3, "both"))


def test_folds_that_find_either_do_not_disagree(folder, phantom):
    def found():
        return drain(segmenting(phantom[0], load_ensemble(folder, device="cpu"), "exact"))

    apart = found().disagreement
    write_card(folder, MERGED)
    merged = found().disagreement
    assert (merged.on_scan() <= apart.on_scan()).all()
    assert merged.on_scan().sum() < apart.on_scan().sum()
    assert {place.organ for place in places_to_review(merged)} <= {*ORGANS}


@pytest.mark.parametrize(
    "merged",
    [
        {"kidney": ["kidney_left", "lung"]},
        {"kidney": ["kidney_left"], "other": ["kidney_left", "liver"]},
        {"liver": ["kidney_left", "kidney_right"]},
    ],
)
def test_only_what_is_there_is_merged_and_once(folder, merged):
    write_card(folder, ModelCard(merged=merged))
    with pytest.raises(ModelError, match=r"model\.json merges .*: correct it"):
        read_model(folder)


def test_models_that_merge_otherwise_are_not_averaged(make_model):
    one, other = make_model((0,), name="one"), make_model((0,), name="other")
    write_card(one, ModelCard(merged={"both": ["liver", "spleen"]}))
    with pytest.raises(ModelError, match="merge other organs"):
        load_ensemble([one, other], device="cpu")
    write_card(other, ModelCard(merged={"both": ["liver", "spleen"]}))
    assert len(load_ensemble([one, other], device="cpu").organs) == 3
