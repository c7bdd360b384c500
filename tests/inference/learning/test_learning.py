"""A fold learns from corrected slices, and what it has learnt lies where it belongs."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch
from small_models import COARSE, cascade

from napari_abdoseg import Box, load_ensemble, make_phantom
from napari_abdoseg.correction.editable_labels import EditableLabels
from napari_abdoseg.correction.hints.without_ensemble import presumed_logits
from napari_abdoseg.errors import CorrectionError
from napari_abdoseg.evaluation.dice import dice_of_masks
from napari_abdoseg.inference.learning import tuning
from napari_abdoseg.inference.learning.kept_grid import KeptGrid
from napari_abdoseg.inference.learning.learning import learning
from napari_abdoseg.inference.learning.slices import ImageGrid, ScanSlice
from napari_abdoseg.inference.preprocessing.preprocessing import preprocess_volume
from napari_abdoseg.inference.scan import PreparedScan
from napari_abdoseg.inference.segmentation import asking, concluding, segmenting
from napari_abdoseg.logits.interpolation import interpolated
from napari_abdoseg.progress import drain

LIVER, KIDNEY = 1, 2
FINE, THICK = (12.0, 8.0, 8.0), (25.0, 9.0, 9.0)


def grids(kept, on_scan, grid):
    trained, prediction = on_scan.trained, on_scan.prediction
    image = ImageGrid.of(prediction.shape, on_scan.crop, grid, trained)
    return KeptGrid.of(kept, image, trained.image_spacing(on_scan.crop.spacing))


@pytest.mark.parametrize("orientation", ["LPS", "RAS", "AIR"])
@pytest.mark.parametrize("spacing", [FINE, THICK])
def test_logits_are_found_on_the_image_in_any_order_of_axes(make_model, orientation, spacing):
    volume, _ = make_phantom(3, spacing, orientation)
    ensemble = load_ensemble(make_model(spacing=COARSE), device="cpu")
    found = drain(asking(PreparedScan(volume), ensemble, "fast"))
    kept, (on_scan,) = drain(concluding(found, keep_logits=True)).logits, found.predictions
    grid = grids(kept, on_scan, volume.grid)
    old, part = grid.around(kept.box)
    twice = grid.added(old, on_scan.prediction.logits[(slice(None), *part)])
    inside = (slice(None), *old)
    np.testing.assert_allclose(twice.logits[inside], 2 * kept.logits[inside], rtol=2e-3, atol=1e-3)
    assert old == tuple(slice(0, size) for size in kept.shape)


@pytest.mark.parametrize("orientation", ["LPS", "RAS", "AIR"])
@pytest.mark.parametrize("axis", [0, 1, 2])
def test_slices_are_brought_to_the_image(make_model, orientation, axis):
    """As the image of a scan in which the organ alone is dense has it."""
    volume, labels = make_phantom(3, (9.0, 6.0, 6.0), orientation)
    trained = load_ensemble(make_model(spacing=(10.0, 8.0, 8.0)), device="cpu").configurations[0]
    liver = labels.data == LIVER
    dense = replace(volume, data=np.where(liver, 1000, 1).astype(np.int16))
    prepared = preprocess_volume(dense, trained)
    image = ImageGrid.of(prepared.image.shape[1:], prepared.crop, volume.grid, trained)
    slices = [ScanSlice(axis, number) for number in range(0, liver.shape[axis], 3)]
    everywhere = [slice(0, size) for size in image.shape]
    known, true = (each.numpy() for each in image.drawn(liver, slices, everywhere))
    there = prepared.image[0] > (prepared.image.max() + prepared.image.min()) / 2
    assert 0.2 < known.mean() < 0.65
    assert not true[~known].any()
    assert dice_of_masks(true, there & known) > 0.9


@pytest.fixture
def case(make_model):
    """A scan with its truth, and what a network says of it that was never trained."""
    volume, truth = make_phantom(3, FINE)
    ensemble = load_ensemble(make_model(spacing=COARSE), device="cpu")
    return volume, truth, ensemble, drain(segmenting(volume, ensemble, "fast", keep_logits=True))


def is_organ(kept, value):
    classes = [interpolated(each.astype(np.float32), kept.axes) for each in kept.logits]
    return np.asarray(kept.values)[np.argmax(classes, axis=0)] == value


def slices_of(truth, value, axis=0):
    there = np.unique(np.argwhere(truth.data == value)[:, axis])
    return [ScanSlice(axis, int(number)) for number in there[[len(there) // 4, len(there) // 2]]]


@pytest.mark.parametrize("axis", [0, 1, 2])
def test_it_agrees_more_with_slices_and_the_ensemble_stays_as_it_was(case, axis):
    volume, truth, ensemble, found = case
    kept, weights = found.logits, ensemble.configurations[0].members[0].weights
    before = {name: each.clone() for name, each in weights.items()}
    work = learning(volume, truth, kept, ensemble, LIVER, slices_of(truth, LIVER, axis))
    told = []
    while True:
        try:
            told.append(next(work).fraction)
        except StopIteration as end:
            learnt = end.value
            break
    assert np.diff(told).min() >= 0
    assert len(told) > 30
    assert all(torch.equal(each, before[name]) for name, each in weights.items())
    assert learnt.shape == kept.shape
    assert not np.shares_memory(learnt.logits, kept.logits)
    should = (truth.data == LIVER)[kept.box.slices]
    scores = [dice_of_masks(is_organ(each, LIVER), should) for each in (kept, learnt)]
    assert scores[1] > 1.3 * scores[0]


def test_a_2d_network_learns_too(make_model):
    volume, truth = make_phantom(3, FINE)
    ensemble = load_ensemble(make_model(patch=(16, 24), spacing=COARSE[1:]), device="cpu")
    kept = drain(segmenting(volume, ensemble, "fast", keep_logits=True)).logits
    learnt = drain(learning(volume, truth, kept, ensemble, LIVER, slices_of(truth, LIVER)))
    should = (truth.data == LIVER)[kept.box.slices]
    scores = [dice_of_masks(is_organ(each, LIVER), should) for each in (kept, learnt)]
    assert scores[1] > 1.3 * scores[0]


def test_too_little_memory_is_said(case, monkeypatch):
    volume, truth, ensemble, found = case

    def full(*_):
        raise torch.OutOfMemoryError("CUDA out of memory")

    monkeypatch.setattr(tuning, "_loss", full)
    work = learning(volume, truth, found.logits, ensemble, LIVER, slices_of(truth, LIVER))
    with pytest.raises(CorrectionError, match="more memory than cpu has free"):
        drain(work)


def test_it_can_be_cancelled_between_steps(case):
    volume, truth, ensemble, found = case
    before = found.logits.logits.copy()
    work = learning(volume, truth, found.logits, ensemble, LIVER, slices_of(truth, LIVER))
    for _ in range(5):
        next(work)
    work.close()
    np.testing.assert_array_equal(found.logits.logits, before)
    assert all(
        not each.requires_grad for each in ensemble.configurations[0].members[0].weights.values()
    )


def test_what_can_not_be_learnt_is_said(case, make_model):
    volume, truth, ensemble, found = case
    slices = slices_of(truth, LIVER)

    def started(
        volume=volume,
        labels=truth,
        kept=found.logits,
        ensemble=ensemble,
        value=LIVER,
        of=slices,
    ):
        return next(learning(volume, labels, kept, ensemble, value, of))

    with pytest.raises(CorrectionError, match="No slice of the liver was corrected yet"):
        started(of=[])
    with pytest.raises(CorrectionError, match="A slice is not in the scan"):
        started(of=[ScanSlice(0, 999)])
    with pytest.raises(CorrectionError, match="The model knows no label 9"):
        started(value=9)
    with pytest.raises(CorrectionError, match="paint some of it first"):
        started(labels=replace(truth, data=np.where(truth.data == LIVER, 0, truth.data)))
    with pytest.raises(CorrectionError, match="no logits of an ensemble"):
        started(kept=presumed_logits(EditableLabels.of(truth)))
    with pytest.raises(CorrectionError, match="another model's"):
        started(kept=replace(found.logits, values=(0, 1, 2, 3, 9)))
    with pytest.raises(CorrectionError, match="of another CT"):
        started(volume=make_phantom(3, THICK)[0])
    moved = Box(
        *(
            tuple(at + 400 for at in ends)
            for ends in (found.logits.box.start, found.logits.box.stop)
        )
    )
    one = load_ensemble(make_model(name="other", spacing=(30.0, 8.0, 8.0)), device="cpu")
    with pytest.raises(CorrectionError, match="of another CT"):
        started(kept=replace(found.logits, box=moved))
    with pytest.raises(CorrectionError, match="of another CT"):
        started(ensemble=one)
    with pytest.raises(CorrectionError, match="one configuration"):
        started(ensemble=load_ensemble(cascade(make_model), device="cpu"))


@pytest.mark.slow
def test_the_demo_learns_what_a_scan_without_contrast_looks_like():
    volume, truth = make_phantom(7, (4.0, 3.0, 3.0))
    inside = truth.data > 0
    flat = np.where(inside, volume.data + (0.85 * (45.0 - volume.data)), volume.data)
    volume = replace(volume, data=flat.astype(np.int16))
    ensemble = load_ensemble("demo", [0], "cpu")
    kept = drain(segmenting(volume, ensemble, "fast", keep_logits=True)).logits
    slices = slices_of(truth, KIDNEY)
    learnt = drain(learning(volume, truth, kept, ensemble, KIDNEY, slices))
    should = (truth.data == KIDNEY)[kept.box.slices]
    scores = [dice_of_masks(is_organ(each, KIDNEY), should) for each in (kept, learnt)]
    assert scores[0] < 0.95
    assert scores[1] > scores[0] + 0.2 * (1 - scores[0])
