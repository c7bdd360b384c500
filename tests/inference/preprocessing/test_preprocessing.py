"""Preprocessing against nnU-Net's own, on whole scans and real plans."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from nnunetv2.preprocessing.cropping.cropping import crop_to_nonzero
from nnunetv2.preprocessing.preprocessors.default_preprocessor import DefaultPreprocessor
from working import load_configuration

from napari_abdoseg.image.nifti.volumes import read_volume
from napari_abdoseg.inference.model.trained_configuration import TrainedConfiguration
from napari_abdoseg.inference.preprocessing import preprocessing
from napari_abdoseg.inference.preprocessing.preprocessing import nonzero_box, preprocess

SCANS = {
    "down": ((40, 52, 61), (1.5, 0.8, 0.8), (3.0, 3.0, 3.0)),
    "up": ((20, 25, 30), (4.0, 3.0, 3.0), (2.0, 1.5, 1.6)),
    "same": ((30, 40, 50), (3.0, 3.0, 3.0), (3.0, 3.0, 3.0)),
    "thick slices": ((15, 60, 70), (5.0, 0.8, 0.8), (2.5, 1.5, 1.5)),
    "thick slices wanted": ((45, 60, 70), (1.0, 0.8, 0.8), (5.0, 0.8, 0.9)),
    "thick to thick": ((15, 60, 70), (5.0, 0.8, 0.8), (7.0, 0.8, 0.9)),
    "thin slices": ((60, 30, 30), (0.3, 1.2, 1.2), (1.0, 1.0, 1.0)),
    "one slice": ((1, 60, 70), (5.0, 0.8, 0.8), (5.0, 1.5, 1.5)),
    "slab by slab": ((9, 700, 1100), (2.0, 1.0, 1.0), (2.2, 4.0, 4.0)),
    "2d": ((12, 60, 70), (5.0, 0.8, 0.8), (1.2, 1.3)),
    "2d thin": ((12, 60, 70), (1.0, 0.8, 0.8), (0.7, 0.6)),
}
LIMIT = 1e-5


def scan(shape: tuple[int, ...], dtype: str = "int16") -> np.ndarray:
    """Noise over the range of CT, shape (channel, z, y, x)."""
    return np.random.default_rng(3).integers(-1024, 1500, (1, *shape)).astype(dtype)


def by_nnunet(data, spacing, trained):
    image, _, properties = DefaultPreprocessor(verbose=False).run_case_npy(
        data,
        None,
        {"spacing": list(spacing)},
        trained.plans,
        trained.configured,
        trained.model.dataset,
    )
    return image, properties


def require_same(data, spacing, trained) -> np.ndarray:
    before = data.copy()
    ours = preprocess(data, spacing, trained)
    image = ours.image
    expected, expected_properties = by_nnunet(data, spacing, trained)
    np.testing.assert_array_equal(data, before)
    assert image.dtype == expected.dtype == np.float32
    assert image.shape == expected.shape
    assert np.abs(image - expected).max() <= LIMIT
    assert ours.crop.for_nnunet() == expected_properties
    return image


@pytest.fixture
def make_configuration(make_model):
    """A function that gives an trained with a spacing of its own, and plans changed."""

    def make(spacing, transpose=(0, 1, 2), **configuration) -> TrainedConfiguration:
        patch = (16,) * len(spacing)
        folder: Path = make_model((0,), None, patch, spacing, **configuration)
        plans = json.loads((folder / "plans.json").read_text())
        plans["transpose_forward"] = list(transpose)
        plans["transpose_backward"] = np.argsort(transpose).tolist()
        plans["foreground_intensity_properties_per_channel"]["0"] |= {
            "mean": 80.1,
            "std": 141.3,
            "percentile_00_5": -958.0,
            "percentile_99_5": 271.0,
        }
        (folder / "plans.json").write_text(json.dumps(plans))
        return load_configuration(folder, device="cpu")

    return make


@pytest.fixture
def no_fallback(monkeypatch):
    """What comes must come from the fast way."""
    monkeypatch.delattr(preprocessing, "_preprocess_by_nnunet")


@pytest.mark.parametrize("case", SCANS)
@pytest.mark.usefixtures("no_fallback")
def test_image_is_nnunets(case, make_configuration):
    shape, spacing, target = SCANS[case]
    require_same(scan(shape), spacing, make_configuration(target))


@pytest.mark.parametrize("transpose", [(0, 2, 1), (1, 0, 2), (2, 0, 1), (1, 2, 0), (2, 1, 0)])
@pytest.mark.parametrize("target", [(3.0, 1.5, 1.2), (1.2, 1.3)])
@pytest.mark.usefixtures("no_fallback")
def test_axes_are_turned_as_the_plans_say(transpose, target, make_configuration):
    require_same(scan((20, 30, 41)), (4.0, 0.9, 0.8), make_configuration(target, transpose))


@pytest.mark.parametrize("dtype", ["uint8", "int32", "float32", "float64"])
@pytest.mark.usefixtures("no_fallback")
def test_any_voxel_type(dtype, make_configuration):
    require_same(scan((20, 30, 41), dtype), (2.0, 0.9, 0.8), make_configuration((3.0, 1.5, 1.2)))


@pytest.mark.usefixtures("no_fallback")
def test_views_of_any_stride(make_configuration):
    turned = scan((41, 20, 30)).transpose(0, 2, 3, 1)[:, ::-1, :, ::-1]
    require_same(turned, (2.0, 0.9, 0.8), make_configuration((3.0, 1.5, 1.2)))


@pytest.mark.parametrize("transpose", [(0, 1, 2), (2, 0, 1)])
@pytest.mark.usefixtures("no_fallback")
def test_planes_of_zeros_are_cropped(transpose, make_configuration):
    data = np.zeros((1, 30, 50, 60), np.int16)
    data[:, 4:25, 11:40, 3:57] = scan((21, 29, 54))
    data[:, 10:14, 20:30, 20:30] = 0
    data[:, 1, 20, 20] = -5
    image = require_same(data, (2.0, 0.9, 0.8), make_configuration((3.0, 1.5, 1.2), transpose))
    assert image.size < data.size / 3


@pytest.mark.usefixtures("no_fallback")
def test_nothing_but_zeros(make_configuration):
    require_same(
        np.zeros((1, 10, 20, 30), np.int16), (2.0, 1.0, 1.0), make_configuration((3.0, 2, 2))
    )


@pytest.mark.usefixtures("no_fallback")
def test_mask_makes_no_difference_to_ct(make_configuration):
    data = scan((20, 30, 41))
    data[:, :, :15] = 0
    trained = make_configuration((3.0, 1.5, 1.2), use_mask_for_norm=[True])
    require_same(data, (2.0, 0.9, 0.8), trained)


@pytest.mark.usefixtures("no_fallback")
def test_real_scans(real_data):
    trained = load_configuration("demo", folds=[0], device="cpu")
    for path in sorted(real_data.glob("*_ct.nii.gz")):
        volume = read_volume(path)
        data = volume.grid.to_stored(volume.data).transpose(2, 1, 0)[None]
        require_same(data, volume.grid.stored_spacing[::-1], trained)


@pytest.mark.parametrize(
    "configuration",
    [
        {"normalization_schemes": ["ZScoreNormalization"], "use_mask_for_norm": [True]},
        {"normalization_schemes": ["ZScoreNormalization"]},
        {"normalization_schemes": ["RescaleTo01Normalization"]},
        {
            "resampling_fn_data": "resample_torch_fornnunet",
            "resampling_fn_data_kwargs": {"is_seg": False, "force_separate_z": False},
        },
        {
            "resampling_fn_data_kwargs": {
                "is_seg": False,
                "order": 1,
                "order_z": 0,
                "force_separate_z": None,
            }
        },
    ],
)
def test_other_models_get_nnunets_own(configuration, make_configuration):
    data = scan((20, 30, 41))
    data[:, :3], data[:, 8:12, 10:20, 10:20] = 0, 0
    trained = make_configuration((3.0, 1.5, 1.2), **configuration)
    ours = preprocess(data, (2.0, 0.9, 0.8), trained)
    expected, expected_properties = by_nnunet(data, (2.0, 0.9, 0.8), trained)
    np.testing.assert_array_equal(ours.image, expected)
    assert ours.crop.for_nnunet() == expected_properties


def test_box_is_that_of_filled_holes():
    draw = np.random.default_rng(1)
    for _ in range(30):
        data = (draw.random((2, *draw.integers(1, 9, 3))) > 0.97).astype(np.int16)
        assert nonzero_box(data) == crop_to_nonzero(data)[2]
