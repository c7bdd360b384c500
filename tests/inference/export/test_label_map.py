"""Labels of logits against nnU-Net's own export."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pytest
import torch
from nnunetv2.inference.export_prediction import (
    convert_predicted_logits_to_segmentation_with_correct_shape as by_nnunet,
)
from scipy.ndimage import gaussian_filter
from working import load_configuration

from napari_abdoseg.image.grid import Grid
from napari_abdoseg.image.phantom import make_phantom
from napari_abdoseg.inference.export import label_map as module
from napari_abdoseg.inference.export.label_map import labelling
from napari_abdoseg.inference.export.scan_axes import linear_neighbours
from napari_abdoseg.inference.model.trained_configuration import TrainedConfiguration
from napari_abdoseg.inference.network.class_map import find_winners
from napari_abdoseg.inference.network.prediction import PredictionOnScan, whole_prediction
from napari_abdoseg.inference.network.sliding_window import predict_everywhere
from napari_abdoseg.inference.preprocessing.preprocessing import preprocess_volume
from napari_abdoseg.inference.preprocessing.resampling import spline_operator
from napari_abdoseg.inference.preprocessing.scan_crop import ScanCrop
from napari_abdoseg.inference.preset import PRESETS
from napari_abdoseg.progress import drain

WAYS = {
    "up": ((20, 25, 30), (3.0, 3.0, 3.0), (1.5, 0.8, 0.8)),
    "down": ((40, 40, 40), (1.0, 1.0, 1.0), (2.5, 1.7, 1.9)),
    "same": ((20, 25, 30), (3.0, 3.0, 3.0), (3.0, 3.0, 3.0)),
    "same along an axis": ((20, 25, 30), (3.0, 3.0, 3.0), (3.0, 2.0, 2.0)),
    "whole steps": ((20, 25, 30), (3.0, 3.0, 3.0), (1.0, 1.5, 3.0)),
    "thick slices": ((20, 30, 30), (2.5, 1.5, 1.5), (5.0, 0.8, 0.8)),
    "thick slices wanted": ((20, 40, 40), (5.0, 0.9, 0.9), (2.0, 0.8, 0.8)),
    "thick to thick": ((20, 40, 40), (5.0, 1.0, 1.0), (5.0, 0.8, 0.7)),
    "thick along y": ((30, 20, 30), (1.5, 2.5, 1.5), (0.8, 5.0, 0.9)),
    "thick along x": ((30, 30, 20), (1.5, 1.5, 2.5), (0.8, 0.9, 5.0)),
    "one slice": ((1, 30, 30), (2.5, 1.5, 1.5), (2.5, 0.8, 0.8)),
    "2d": ((12, 30, 30), (1.5, 1.5), (4.0, 0.8, 0.8)),
}
REGIONS = {
    "labels": {"background": 0, "all": [1, 2, 3], "inner": [2, 3], "core": [3]},
    "regions_class_order": [1, 3, 2],
}
LIMIT, TIES = 1e-5, 3
"""Share, or number, of voxels that may differ."""


@pytest.fixture
def make_configuration(make_model):
    """A function that gives an trained of a spacing and labels of its own."""

    def make(spacing, labels=5, transpose=(0, 1, 2), **configuration) -> TrainedConfiguration:
        folder = make_model((0,), None, (16,) * len(spacing), spacing, **configuration)
        plans = json.loads((folder / "plans.json").read_text())
        plans["transpose_forward"] = list(transpose)
        plans["transpose_backward"] = np.argsort(transpose).tolist()
        (folder / "plans.json").write_text(json.dumps(plans))
        trained = load_configuration(folder, device="cpu")
        if isinstance(labels, int):
            labels = {"labels": {"background": 0} | {f"{n}": n for n in range(1, labels)}}
        model = replace(trained.model, dataset=trained.model.dataset | labels)
        return replace(trained, model=model)

    return make


def scan_of(shape, spacing, new_spacing, transpose=(0, 1, 2), margin=((0, 0),) * 3):
    """What preprocessing would say of the scan that logits of ``shape`` come from."""
    missing = len(shape) - len(spacing)
    spacing = [*new_spacing[:missing], *spacing]
    cropped = [round(n * a / b) for n, a, b in zip(shape, spacing, new_spacing, strict=True)]
    around = list(zip(cropped, margin, strict=True))
    back = np.argsort(transpose)
    return {
        "spacing": [new_spacing[axis] for axis in back],
        "shape_before_cropping": tuple(a + n + b for n, (a, b) in around),
        "bbox_used_for_cropping": [[a, a + n] for n, (a, _) in around],
        "shape_after_cropping_and_before_resampling": tuple(cropped),
    }


def blobs(classes: int, shape, regions: bool = False) -> torch.Tensor:
    """Logits with surfaces such as organs', most of them background."""
    noise = np.random.default_rng(classes).normal(size=(classes, *shape))
    smooth = np.stack([gaussian_filter(one, 3) for one in noise])
    smooth *= 8 / smooth.std()
    if not regions:
        smooth[0] += 10
    return torch.from_numpy(smooth).half()


def noise(classes: int, shape) -> torch.Tensor:
    """Logits with as many surfaces as there can be."""
    return torch.from_numpy(np.random.default_rng(1).normal(0, 3, (classes, *shape))).half()


def theirs(logits, properties, trained) -> np.ndarray:
    return by_nnunet(
        logits.clone(), trained.plans, trained.configured, trained.label_manager, properties
    )


def predicted(logits, properties, trained) -> PredictionOnScan:
    prediction = whole_prediction(trained, logits, (), 1)
    return PredictionOnScan(prediction, ScanCrop.from_nnunet(properties))


def grid_of(properties, trained) -> Grid:
    """Grid whose axes are those of the model's reader."""
    cropped = properties["shape_before_cropping"]
    shape = tuple(cropped[axis] for axis in trained.plans.transpose_backward)
    return Grid.from_spacing(shape, tuple(properties["spacing"]))


def labels_of(logits, properties, trained) -> np.ndarray:
    on_scan = predicted(logits, properties, trained)
    return drain(labelling([on_scan], grid_of(properties, trained)))


def require_same(logits, properties, trained) -> np.ndarray:
    """Require nnU-Net's labels, but for ties that rounding breaks: a few in a small scan."""
    before = logits.clone()
    ours = labels_of(logits, properties, trained)
    expected = np.asarray(theirs(logits, properties, trained))
    assert torch.equal(logits, before)
    assert ours.dtype == expected.dtype
    assert ours.shape == expected.shape
    assert len(np.unique(ours)) > 1
    differing = np.count_nonzero(ours != expected)
    assert differing <= max(TIES, LIMIT * ours.size)
    return ours


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("make_logits", [blobs, noise])
def test_labels_are_nnunets(way, make_logits, make_configuration):
    shape, spacing, _ = WAYS[way]
    logits = make_logits(5, shape)
    require_same(logits, scan_of(*WAYS[way]), make_configuration(spacing))


@pytest.mark.parametrize("classes", [2, 14, 105, 300])
def test_few_and_many_classes(classes, make_configuration):
    way = ((12, 15, 18), (3.0, 3.0, 3.0), (1.5, 1.2, 1.2))
    found = require_same(blobs(classes, way[0]), scan_of(*way), make_configuration(way[1], classes))
    assert found.max() > 0.9 * (classes - 1)
    assert found.dtype == (np.uint16 if classes > 255 else np.uint8)


@pytest.mark.parametrize("make_logits", [blobs, noise])
def test_regions(make_logits, make_configuration):
    """Overlapping regions, the last that is likely wins, whatever their values."""
    way = WAYS["up"]
    trained = make_configuration(way[1], REGIONS)
    assert trained.label_manager.has_regions
    logits = make_logits(3, way[0]) - 1
    found = require_same(logits, scan_of(*way), trained)
    assert set(np.unique(found)) == {0, 1, 2, 3}


@pytest.mark.parametrize("transpose", [(0, 2, 1), (1, 0, 2), (1, 2, 0), (2, 0, 1)])
def test_axes_are_turned_and_crops_put_back(transpose, make_configuration):
    way = WAYS["up"]
    properties = scan_of(*way, transpose, ((2, 3), (0, 5), (7, 0)))
    require_same(blobs(5, way[0]), properties, make_configuration(way[1], 5, transpose))


@pytest.mark.parametrize("fill", [0, 3])
def test_one_class_everywhere(fill, make_configuration):
    way = WAYS["up"]
    logits = torch.zeros((5, *way[0]), dtype=torch.half)
    logits[fill] = 1
    labels = labels_of(logits, scan_of(*way), make_configuration(way[1]))
    assert (labels == fill).all()


def test_random_shapes_and_spacings(make_configuration):
    draw = np.random.default_rng(0)
    differing = size = 0
    trained = make_configuration((2.0, 1.5, 1.7))
    for _ in range(30):
        shape = tuple(draw.integers(1, 30, 3).tolist())
        new_spacing = np.minimum(draw.uniform(0.7, 3.5, 3), np.multiply(shape, 1.5)).tolist()
        properties = scan_of(shape, (2.0, 1.5, 1.7), new_spacing)
        logits = blobs(5, shape)
        ours = labels_of(logits, properties, trained)
        differing += np.count_nonzero(ours != theirs(logits, properties, trained))
        size += ours.size
    assert differing <= 1e-5 * size


@pytest.mark.parametrize(
    "spacing",
    [
        (3.0, 3.0, 3.0),
        *(
            pytest.param(each, marks=pytest.mark.slow)
            for each in ((5.0, 2.0, 2.0), (7.0, 1.8, 1.8))
        ),
    ],
)
def test_logits_of_real_networks(spacing):
    trained = load_configuration("demo", folds=[0], device="cpu")
    scan = preprocess_volume(make_phantom(2, spacing)[0], trained)
    image, properties = torch.from_numpy(scan.image), scan.crop.for_nnunet()
    logits = drain(predict_everywhere(image, trained, PRESETS["fast"])).logits
    require_same(logits, properties, trained)


@pytest.mark.parametrize(
    "configuration",
    [
        {"resampling_fn_probabilities_kwargs": module.LINEAR | {"order": 0}},
        {
            "resampling_fn_probabilities": "resample_torch_fornnunet",
            "resampling_fn_probabilities_kwargs": {"is_seg": False, "force_separate_z": False},
        },
    ],
)
def test_other_models_get_nnunets_own(configuration, make_configuration):
    way = WAYS["up"]
    require_same(blobs(5, way[0]), scan_of(*way), make_configuration(way[1], **configuration))


def test_of_two_that_are_even_the_first_wins():
    logits = torch.tensor([[1.0, 0, 0], [1, 2, 0], [0, 2, 1]]).half()
    assert find_winners(logits, regions=False).tolist() == [0, 1, 2]


def test_a_region_must_be_more_likely_than_not():
    logits = torch.tensor([[1.0, 0, -1, 1], [1, 0, -1, -1]]).half()
    assert find_winners(logits, regions=True).tolist() == [2, 0, 0, 1]


@pytest.mark.parametrize(("old", "new"), [(1, 5), (5, 1), (7, 7), (30, 91), (91, 30), (8, 16)])
def test_neighbours_are_scikit_images(old, new):
    axis = linear_neighbours(old, new)
    matrix = torch.zeros(new, old)
    rows = torch.arange(new)
    matrix[rows, axis.lower] += 1 - axis.weight
    matrix[rows, axis.upper] += axis.weight
    torch.testing.assert_close(matrix, spline_operator(old, new, 1).matrix, atol=1e-6, rtol=0)


SPACINGS = {"2d": (1.2, 1.1), "3d_lowres": (4.8, 2.4, 2.2), "3d_fullres": (2.0, 1.4, 1.2)}
SIZES, STEPS = (24, 60, 50), (2.0, 0.6, 0.6)
"""Voxels of the cropped scan and mm along the axes of the reader."""


@pytest.fixture
def make_several(make_model):
    """A function that gives predictions of several configurations for one scan."""

    def make(make_logits, labels=None, turns=((0, 1, 2),) * 3, **configuration):
        predictions = []
        for (kind, spacing), turn in zip(SPACINGS.items(), turns, strict=True):
            patch = (16,) * len(spacing)
            changes = configuration if kind == "3d_lowres" else {}
            folder = make_model((0,), (), patch, spacing, kind, kind=kind, labels=labels, **changes)
            plans = json.loads((folder / "plans.json").read_text())
            plans["transpose_forward"] = list(turn)
            plans["transpose_backward"] = np.argsort(turn).tolist()
            (folder / "plans.json").write_text(json.dumps(plans))
            trained = load_configuration(folder, device="cpu")
            sizes = [SIZES[axis] for axis in turn]
            steps = [STEPS[axis] for axis in turn], trained.image_spacing(STEPS)
            shape = [round(n * a / b) for n, a, b in zip(sizes, *steps, strict=True)]
            logits = make_logits(trained.label_manager.num_segmentation_heads, shape)
            properties = {
                "spacing": STEPS,
                "shape_before_cropping": [size + 3 for size in sizes],
                "bbox_used_for_cropping": [[1, size + 1] for size in sizes],
                "shape_after_cropping_and_before_resampling": sizes,
            }
            predictions.append(predicted(logits, properties, trained))
        return predictions

    return make


def require_same_mean(predictions) -> np.ndarray:
    """Require what nnU-Net makes of the mean of probabilities."""
    ours = drain(labelling(predictions, Grid.from_spacing(tuple(n + 3 for n in SIZES), STEPS)))
    mean = np.mean([probabilities(one) for one in predictions], axis=0)
    manager = predictions[0].trained.label_manager
    expected = manager.convert_probabilities_to_segmentation(mean)
    assert ours.dtype == np.uint8
    assert ours.shape == expected.shape
    assert len(np.unique(ours)) > 2
    assert np.count_nonzero(ours != expected) <= TIES
    return ours


def probabilities(on_scan) -> np.ndarray:
    trained = on_scan.trained
    return by_nnunet(
        on_scan.prediction.whole_logits(),
        trained.plans,
        trained.configured,
        trained.label_manager,
        on_scan.crop.for_nnunet(),
        return_probabilities=True,
    )[1]


@pytest.mark.parametrize("labels", [None, REGIONS], ids=["organs", "regions"])
@pytest.mark.parametrize("make_logits", [blobs, noise])
def test_the_mean_of_several(make_logits, labels, make_several):
    require_same_mean(make_several(make_logits, labels))


def test_several_whose_axes_are_turned_each_in_another_way(make_several):
    require_same_mean(make_several(blobs, turns=((1, 2, 0), (2, 0, 1), (0, 2, 1))))


def test_several_that_looked_at_a_part_each(make_several):
    """Beyond it, its outermost voxels repeat."""
    whole = make_several(blobs)
    parts = []
    for number, on_scan in enumerate(whole):
        prediction = on_scan.prediction
        region = tuple(slice(number, size - 2 - number) for size in prediction.shape)
        part = prediction.logits[(slice(None), *region)]
        prediction = replace(prediction, region=region, logits=part)
        parts.append(replace(on_scan, prediction=prediction))
    found = require_same_mean(parts)
    assert not np.array_equal(found, require_same_mean(whole))


def test_several_of_which_one_is_unusual_get_nnunets_own(make_several):
    linear = module.LINEAR | {"order": 0}
    require_same_mean(make_several(blobs, resampling_fn_probabilities_kwargs=linear))


def test_can_be_cancelled_between_layers(make_configuration):
    way = WAYS["up"]
    properties, trained = scan_of(*way), make_configuration(way[1])
    on_scan = predicted(blobs(5, way[0]), properties, trained)
    work = labelling([on_scan], grid_of(properties, trained))
    assert {next(work).stage for _ in range(5)} == {module.STAGE}
    work.close()
