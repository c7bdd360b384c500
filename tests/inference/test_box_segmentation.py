"""In a box of a scan a model finds what it finds there in the whole scan."""

from __future__ import annotations

import numpy as np
import pytest
from small_models import cascade, two_stages
from working import run

from napari_abdoseg import Box, load_ensemble, segment
from napari_abdoseg.image.phantom import make_phantom
from napari_abdoseg.image.volume import Volume
from napari_abdoseg.inference.box_segmentation import segmenting_box
from napari_abdoseg.inference.model.card import ModelCard, Region, write_card
from napari_abdoseg.inference.preset import PRESETS
from napari_abdoseg.inference.run_configuration import predicting
from napari_abdoseg.progress import drain

COARSE = (8.0, 6.0, 6.0)
BOXES = (
    Box((20, 10, 15), (33, 30, 44)),
    Box((0, 0, 0), (3, 47, 10)),
    Box((30, 20, 30), (31, 21, 31)),
    Box((0, 0, 0), (56, 47, 67)),
)


def check(volume, ensemble, preset="exact", boxes=BOXES):
    whole = segment(volume, ensemble, preset).data
    for box in boxes:
        found = drain(segmenting_box(volume, ensemble, box, preset))
        np.testing.assert_array_equal(found, whole[box.slices])
    assert whole[boxes[0].slices].any()


@pytest.mark.parametrize(
    ("preset", "orientation"),
    [
        ("fast", "SAL"),
        *(pytest.param("exact", each, marks=pytest.mark.slow) for each in ("LPS", "RAS", "SAL")),
        *(pytest.param("fast", each, marks=pytest.mark.slow) for each in ("LPS", "RAS")),
    ],
)
def test_the_whole_scans_labels_are_found(preset, orientation, make_model):
    volume, _ = make_phantom(5, COARSE, orientation)
    check(volume, load_ensemble(make_model(mirror_axes=(2,)), device="cpu"), preset)


def test_it_is_so_of_networks_that_see_ras(make_model, phantom):
    folder = make_model((0,), None)
    write_card(folder, ModelCard(axes="RAS"))
    check(phantom[0], load_ensemble(folder, device="cpu"))


@pytest.mark.slow
def test_it_is_so_of_slices_one_by_one_and_of_patches_larger_than_the_scan(make_model, phantom):
    flat = make_model((0,), None, (16, 24), (8.0, 8.0), "flat")
    check(phantom[0], load_ensemble(flat, device="cpu"), boxes=BOXES[:2])
    large = make_model((0,), None, (64, 64, 64), name="large")
    check(phantom[0], load_ensemble(large, device="cpu"), boxes=BOXES[:2])


def test_it_is_so_of_several_configurations(make_model, phantom):
    folders = make_model((0,), None), make_model((1,), None, (16, 16, 24), (9.0, 7.0, 7.0), "other")
    check(phantom[0], load_ensemble(folders, device="cpu"), boxes=BOXES[:2])


def test_it_is_so_of_a_cascade(make_model, phantom):
    check(phantom[0], load_ensemble(cascade(make_model), device="cpu"), boxes=BOXES[:2])


@pytest.mark.slow
def test_it_is_so_of_a_region_that_another_model_finds(make_model, phantom):
    folder = two_stages(make_model, Region(organs=["pancreas"], margin_mm=20.0))
    check(phantom[0], load_ensemble(folder, device="cpu"), boxes=(BOXES[3], *BOXES[:3]))


def test_where_the_scan_holds_nothing_there_is_nothing(make_model, phantom):
    """Planes of zeros at its ends are cut off before networks look."""
    data = phantom[0].data.copy()
    data[:10], data[:, :, 60:] = 0, 0
    ensemble = load_ensemble(make_model((0,), None), device="cpu")
    boxes = BOXES[0], Box((2, 5, 5), (9, 20, 20)), Box((5, 0, 50), (20, 47, 67))
    check(Volume(data, phantom[0].grid), ensemble, boxes=boxes)


def test_balanced_lets_all_folds_work_in_the_box(make_model, phantom):
    ensemble = load_ensemble(make_model(mirror_axes=(2,)), device="cpu")
    exact, balanced = (
        drain(segmenting_box(phantom[0], ensemble, BOXES[0], preset))
        for preset in ("exact", "balanced")
    )
    assert (exact == balanced).mean() > 0.99


def test_it_takes_fewer_passes_and_tells_how_far_it_is(make_model, phantom):
    ensemble = load_ensemble(make_model(mirror_axes=(2,)), device="cpu")
    (trained,) = ensemble.configurations
    some, every = (
        drain(predicting(phantom[0], trained, PRESETS["exact"], within=box)).shares[0].passes
        for box in BOXES[2:]
    )
    assert some < every / 3
    steps, _ = run(segmenting_box(phantom[0], ensemble, BOXES[0]))
    shares = [step.fraction for step in steps if step.total]
    assert shares == sorted(shares)
    assert len(shares) > 20
    work = segmenting_box(phantom[0], ensemble, BOXES[0])
    next(work)
    work.close()
