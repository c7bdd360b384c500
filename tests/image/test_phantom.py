"""The phantom is a CT with its truth, the same for the same seed."""

from __future__ import annotations

import numpy as np

from napari_abdoseg.image.organ import ABDOMINAL_ORGANS
from napari_abdoseg.image.phantom import make_phantom
from napari_abdoseg.image.volume import LabelMap, Volume

COARSE = (18.0, 14.0, 14.0)


def test_it_is_a_ct_with_four_organs(phantom: tuple[Volume, LabelMap]) -> None:
    volume, labels = phantom
    assert volume.data.dtype == np.int16
    assert -1100 < volume.data.min() < -900
    assert labels.data.dtype == np.uint8
    assert labels.organs == ABDOMINAL_ORGANS
    assert set(np.unique(labels.data)) == {0, 1, 2, 3, 4}


def test_organs_lie_where_they_do_in_a_patient(phantom: tuple[Volume, LabelMap]) -> None:
    labels = phantom[1].data
    centre = {value: np.argwhere(labels == value).mean(axis=0) for value in (1, 2, 3, 4)}
    liver, kidney, spleen, pancreas = (centre[value] for value in (1, 2, 3, 4))
    assert liver[2] < pancreas[2] < spleen[2], "the liver is on the patient's right"
    assert kidney[1] > pancreas[1], "the kidneys lie behind the pancreas"
    assert kidney[0] < liver[0], "and below the liver"


def test_a_seed_is_a_patient() -> None:
    one, again, other = (make_phantom(seed, COARSE)[0].data for seed in (3, 3, 4))
    np.testing.assert_array_equal(one, again)
    assert not np.array_equal(one, other)


def test_orientation_changes_only_the_stored_order() -> None:
    (volume, labels), (turned, turned_labels) = (
        make_phantom(3, COARSE, orientation) for orientation in ("LPS", "RIA")
    )
    np.testing.assert_array_equal(volume.data, turned.data)
    np.testing.assert_array_equal(labels.data, turned_labels.data)
    np.testing.assert_allclose(volume.grid.screen_affine, turned.grid.screen_affine)
    assert turned.grid.axis_codes == "RIA"
