"""Predictions on the grid of their reference, or an error."""

from __future__ import annotations

import numpy as np
import pytest
from blocks import AFFINE

from napari_abdoseg.errors import ImageError
from napari_abdoseg.evaluation.alignment import align
from napari_abdoseg.image.nifti import read_labels


def moved(**places: float):
    affine = AFFINE.copy()
    for place, value in places.items():
        affine["ijk".index(place[0]), 3 if len(place) > 1 else "ijk".index(place)] = value
    return affine


MIRRORED = moved(i=2.0)
SHIFTED = moved(it=2.0)
SPACED = moved(i=-2.5)


@pytest.mark.parametrize(
    ("change", "fault"),
    [
        ({"affine": MIRRORED}, "mirrored or turned, its axes point to RPS, not to LPS"),
        ({"affine": SHIFTED}, "shifted by 2 mm"),
        ({"affine": SPACED}, "spacing is 2.5 × 2 × 3 mm, not 2 × 2 × 3 mm"),
        ({"shape": (16, 12, 11)}, "shape is 16 × 12 × 11, not 16 × 12 × 10"),
    ],
)
def test_another_grid_is_a_clear_error(write_blocks, change, fault):
    prediction = read_labels(write_blocks("mine.nii", folder="predictions", **change))
    with pytest.raises(ImageError, match=f"mine.nii is not on the grid of .*{fault}"):
        align(prediction, read_labels(write_blocks()))


def test_the_same_place_but_for_rounding_is_one_grid(write_blocks):
    reference = read_labels(write_blocks())
    prediction = read_labels(write_blocks("mine.nii", affine=moved(it=0.01)))
    aligned = align(prediction, reference)
    assert aligned.data is prediction.data
    assert aligned.grid is reference.grid


def test_resampling_a_mirrored_file_is_exact(phantom, tmp_path):
    from napari_abdoseg.image.phantom import make_phantom

    truth = phantom[1]
    turned = make_phantom(5, (8.0, 6.0, 6.0), "RAS")[1]
    aligned = align(turned, truth, resample=True)
    assert np.array_equal(aligned.data, truth.data)
    assert aligned.data.dtype == np.uint8


def test_resampling_takes_the_nearest_voxel_and_background_outside(write_blocks):
    reference = read_labels(write_blocks(values=(1, 2, 3, 4)))
    affine = moved(it=-2.0)
    prediction = read_labels(write_blocks("mine.nii", affine=affine, shape=(14, 12, 10)))
    aligned = align(prediction, reference, resample=True)
    world = np.linalg.inv(affine) @ AFFINE
    source = np.asanyarray(prediction.grid.to_stored(prediction.data))
    result = reference.grid.to_stored(aligned.data)
    for index in np.ndindex(*reference.grid.stored_shape):
        at = np.rint((world @ [*index, 1])[:3]).astype(int)
        inside = (at >= 0).all() and (at < source.shape).all()
        assert result[index] == (source[tuple(at)] if inside else 0)


def test_resampling_between_spacings_keeps_volumes(phantom):
    from napari_abdoseg.image.phantom import make_phantom

    truth, fine = phantom[1], make_phantom(5, (4.0, 3.0, 3.0))[1]
    aligned = align(fine, truth, resample=True)
    assert aligned.data.shape == truth.data.shape
    overlap = (aligned.data == 1) & (truth.data == 1)
    assert 2 * overlap.sum() / ((aligned.data == 1).sum() + (truth.data == 1).sum()) > 0.9
