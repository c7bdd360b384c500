"""What the second stage of a cascade is given, against nnU-Net's own."""

from __future__ import annotations

import json

import numpy as np
import pytest
from nnunetv2.preprocessing.preprocessors.default_preprocessor import DefaultPreprocessor
from nnunetv2.utilities.label_handling.label_handling import convert_labelmap_to_one_hot
from scipy.ndimage import gaussian_filter
from working import load_configuration

from napari_abdoseg.inference.preprocessing.preprocessing import preprocess
from napari_abdoseg.inference.preprocessing.scan_crop import ScanCrop

SCANS = {
    "down": ((30, 40, 50), (1.5, 0.8, 0.8), (3.0, 1.6, 1.3)),
    "up": ((15, 20, 25), (4.0, 3.0, 3.0), (2.0, 1.5, 1.6)),
    "same": ((15, 20, 25), (3.0, 3.0, 3.0), (3.0, 3.0, 3.0)),
    "thick slices": ((12, 40, 50), (5.0, 0.8, 0.8), (2.5, 1.5, 1.5)),
}
MASKED = {"normalization_schemes": ["ZScoreNormalization"], "use_mask_for_norm": [True]}


def blobs(shape) -> np.ndarray:
    """Labels 0 to 4 with smooth surfaces."""
    noise = np.random.default_rng(1).normal(size=(5, *shape))
    return np.stack([gaussian_filter(one, 2) for one in noise]).argmax(0).astype(np.uint8)


def scan(shape) -> np.ndarray:
    """Noise in a field of zeros that reaches into it at a corner, and with a hole."""
    data = np.random.default_rng(3).integers(1, 1500, (1, *shape)).astype(np.int16)
    data[:, :2], data[:, :, :, -3:], data[:, -5:, -9:, :9] = 0, 0, 0
    data[:, 6:9, 7:12, 7:12] = 0
    return data


@pytest.mark.parametrize("name", SCANS)
@pytest.mark.parametrize("turn", [(0, 1, 2), (2, 0, 1)])
@pytest.mark.parametrize("changes", [{}, MASKED], ids=["usual", "masked"])
def test_image_and_labels_are_nnunets(name, turn, changes, make_model):
    shape, spacing, target = SCANS[name]
    first = "nnUNetTrainer__nnUNetPlans__3d_lowres"
    make_model((0,), name=first, kind="3d_lowres")
    folder = make_model((0,), spacing=target, previous_stage="3d_lowres", **changes)
    plans = json.loads((folder / "plans.json").read_text())
    plans["transpose_forward"] = list(turn)
    plans["transpose_backward"] = np.argsort(turn).tolist()
    (folder / "plans.json").write_text(json.dumps(plans))
    trained = load_configuration(folder)
    data, labels = scan(shape), blobs(shape)
    before = labels.copy()
    ours = preprocess(data, spacing, trained, labels)
    image = ours.image
    expected, resampled, theirs = DefaultPreprocessor(verbose=False).run_case_npy(
        data,
        labels[None].astype(np.float32),
        {"spacing": list(spacing)},
        trained.plans,
        trained.configured,
        trained.model.dataset,
    )
    channels = convert_labelmap_to_one_hot(resampled[0], [1, 2, 3, 4], np.float32)
    assert image.dtype == np.float32
    assert image.shape == (5, *expected.shape[1:])
    assert np.abs(image[:1] - expected).max() <= 1e-5
    np.testing.assert_array_equal(image[1:], channels)
    np.testing.assert_array_equal(labels, before)
    assert ours.crop == ScanCrop.from_nnunet(theirs)
