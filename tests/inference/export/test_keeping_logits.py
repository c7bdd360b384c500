"""Logits that are kept say on the scan's grid what the label map says."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch
from small_models import COARSE
from test_label_map import blobs, grid_of, make_configuration, predicted, scan_of

from napari_abdoseg import load_ensemble, make_phantom
from napari_abdoseg.inference.export import keeping
from napari_abdoseg.inference.export.keeping import NoLogitsError, kept_logits, scores
from napari_abdoseg.inference.export.label_map import labelling
from napari_abdoseg.inference.learning.kept_grid import KeptGrid
from napari_abdoseg.inference.learning.slices import ImageGrid
from napari_abdoseg.inference.model.card import ModelCard, write_card
from napari_abdoseg.inference.network.class_map import find_winners, map_winners
from napari_abdoseg.inference.scan import PreparedScan
from napari_abdoseg.inference.segmentation import asking, concluding, segmenting
from napari_abdoseg.logits.interpolation import interpolated
from napari_abdoseg.logits.kept import KeptLogits
from napari_abdoseg.progress import drain

__all__ = ["make_configuration"]

FINE, THICK = (12.0, 8.0, 8.0), (25.0, 9.0, 9.0)
ROUNDED = 2e-3
"""Share of voxels that half precision may decide, of networks whose classes are nearly tied."""
LABELS = {"background": 0, "kidney_left": 1, "liver": 2, "kidney_right": 3, "spleen": 4}


def segmented(volume, folder, preset="fast"):
    ensemble = load_ensemble(folder, device="cpu")
    return drain(segmenting(volume, ensemble, preset, keep_logits=True))


def answer(kept: KeptLogits) -> np.ndarray:
    """Labels in the box of the scan, shape (z, y, x)."""
    classes = [interpolated(each.astype(np.float32), kept.axes) for each in kept.logits]
    return np.asarray(kept.values)[np.argmax(classes, axis=0)]


@pytest.mark.parametrize("orientation", ["LPS", "RAS", "AIR"])
@pytest.mark.parametrize("spacing", [FINE, THICK])
def test_they_give_the_label_map_in_any_order_of_axes(make_model, orientation, spacing):
    volume, _ = make_phantom(3, spacing, orientation)
    found = segmented(volume, make_model(labels={"labels": LABELS}, spacing=COARSE))
    kept, labels = found.logits, found.labels.data
    differing = answer(kept) != labels[kept.box.slices]
    assert differing.mean() < ROUNDED
    outside = labels.copy()
    outside[kept.box.slices] = 0
    assert not outside.any()


def test_merged_organs_are_one_and_folds_are_known_where_they_disagree(make_model):
    folder = make_model((0, 1, 2), (), labels={"labels": LABELS}, spacing=COARSE)
    write_card(folder, ModelCard(merged={"kidney": ["kidney_left", "kidney_right"]}))
    found = segmented(make_phantom(3, FINE)[0], folder, "exact")
    kept, (votes,) = found.logits, found.disagreement.votes
    assert kept.values == (0, 1, 2, 1, 4)
    assert kept.classes(1) == [1, 3]
    assert (answer(kept) != found.labels.data[kept.box.slices]).mean() < ROUNDED
    assert kept.contested.folds == 3
    winners = np.asarray(kept.values)[kept.logits.argmax(0)].ravel()[kept.contested.places]
    answers = np.asarray(kept.values)[kept.contested.answers]
    dissenting = (answers != winners).sum(axis=0)
    assert dissenting.min() > 0
    assert dissenting.sum() == int(votes.dissenting.sum())


def test_regions_become_classes_of_which_the_largest_wins():
    logits = torch.from_numpy(np.random.default_rng(0).normal(0, 3, (4, 9, 9, 9))).half()
    classes = scores(logits, regions=True)
    np.testing.assert_array_equal(classes.argmax(0), find_winners(logits, regions=True))
    assert scores(logits, regions=False) is logits


def test_they_are_of_the_organs_alone_and_none_where_that_is_not_possible(monkeypatch):
    volume, _ = make_phantom(1, (6.0, 6.0, 6.0))
    ensemble = load_ensemble("demo", [0], device="cpu")
    predicted = drain(asking(PreparedScan(volume), ensemble, "fast"))
    found = drain(concluding(predicted, keep_logits=True))
    kept, labels = found.logits, found.labels.data
    assert (answer(kept) != labels[kept.box.slices]).mean() < 1e-4
    assert np.count_nonzero(labels[kept.box.slices]) == np.count_nonzero(labels)
    (on_scan,) = predicted.predictions
    assert kept.logits.nbytes < 0.6 * on_scan.prediction.logits.nbytes
    assert drain(concluding(predicted)).logits is None
    assert (
        why_none([on_scan, on_scan], volume) == "each configuration that was averaged has its own"
    )
    with monkeypatch.context() as patch:
        patch.setattr(keeping, "MOST_BYTES", kept.logits.nbytes - 1)
        assert why_none([on_scan], volume).startswith("they would take more than")
    with monkeypatch.context() as patch:
        patch.setattr(keeping, "is_usual", lambda trained: False)
        assert why_none([on_scan], volume) == "the model resamples or labels in a way of its own"
    on_scan.prediction.logits[0] = 60
    for predictions in ([on_scan], []):
        assert why_none(predictions, volume) == "no organ was found"
    nothing = drain(concluding(predicted, keep_logits=True))
    assert nothing.logits is None
    assert nothing.no_logits == "No logits are kept for hints: no organ was found."


def why_none(predictions, volume) -> str:
    with pytest.raises(NoLogitsError) as raised:
        kept_logits(predictions, volume.grid)
    return str(raised.value).removeprefix("No logits are kept for hints: ").removesuffix(".")


def test_fine_logits_become_coarser(make_configuration):
    """Those of networks of half a millimetre would take gigabytes."""
    way = ((20, 41, 40), (1.5, 0.75, 0.5), (1.5, 0.5, 0.4))
    trained, properties = make_configuration(way[1]), scan_of(*way)
    on_scan, grid = predicted(blobs(5, way[0]), properties, trained), grid_of(properties, trained)
    winners = (map_winners(on_scan.prediction.logits, regions=False),)
    on_scan = replace(on_scan, prediction=replace(on_scan.prediction, fold_winners=winners))
    kept = kept_logits([on_scan], grid)
    assert kept.spacing == (1.5, 1.5, 1.5)
    assert kept.shape == (20, 20, 13)
    labels = drain(labelling([on_scan], grid))[kept.box.slices]
    assert labels.size > 0.9 * np.prod(grid.shape)
    assert (answer(kept) != labels).mean() < 0.06
    assert not kept.contested.places.size


def test_joined_logits_are_found_on_the_image_again(make_configuration):
    way = ((20, 41, 40), (1.5, 0.75, 0.5), (1.5, 0.5, 0.4))
    trained, properties = make_configuration(way[1]), scan_of(*way)
    on_scan, grid = predicted(blobs(5, way[0]), properties, trained), grid_of(properties, trained)
    winners = (map_winners(on_scan.prediction.logits, regions=False),)
    on_scan = replace(on_scan, prediction=replace(on_scan.prediction, fold_winners=winners))
    kept = kept_logits([on_scan], grid)
    prediction = on_scan.prediction
    image = ImageGrid.of(prediction.shape, on_scan.crop, grid, trained)
    there = KeptGrid.of(kept, image, trained.image_spacing(on_scan.crop.spacing))
    assert there.joined == (1, 2, 3)
    old, part = there.around(kept.box)
    twice = there.added(old, prediction.logits[(slice(None), *part)])
    inside = (slice(None), *old)
    np.testing.assert_allclose(twice.logits[inside], 2 * kept.logits[inside], rtol=4e-3, atol=2e-3)
