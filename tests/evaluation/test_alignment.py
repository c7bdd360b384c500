"""Predictions on the grid of their reference, or an error."""

from __future__ import annotations

import nibabel as nib
import numpy as np
import pytest
from blocks import AFFINE

from napari_abdoseg.errors import AbdosegError, ImageError
from napari_abdoseg.evaluation.alignment import GridRule, align, alignment_notices
from napari_abdoseg.image.nifti.volumes import read_labels


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
    aligned = align(turned, truth, rule=GridRule.RESAMPLE)
    assert np.array_equal(aligned.data, truth.data)
    assert aligned.data.dtype == np.uint8


def test_resampling_takes_the_nearest_voxel_and_background_outside(write_blocks):
    reference = read_labels(write_blocks(values=(1, 2, 3, 4)))
    affine = moved(it=-2.0)
    prediction = read_labels(write_blocks("mine.nii", affine=affine, shape=(14, 12, 10)))
    aligned = align(prediction, reference, rule=GridRule.RESAMPLE)
    world = np.linalg.inv(affine) @ AFFINE
    source = np.asanyarray(prediction.grid.to_stored(prediction.data))
    result = reference.grid.to_stored(aligned.data)
    for index in np.ndindex(*reference.grid.stored_shape):
        at = np.rint((world @ [*index, 1])[:3]).astype(int)
        inside = (at >= 0).all() and (at < source.shape).all()
        assert result[index] == (source[tuple(at)] if inside else 0)


HALF_TURNED = {"srow_x": [-2, 0, 0, 0], "srow_y": [0, 2, 0, -22], "srow_z": [0, 0, 3, 0]}
"""Rows of an sform that is mirrored against the grid of the blocks."""


def rewrite(path, **fields):
    """Change header fields of an uncompressed file."""
    raw = path.read_bytes()
    header = nib.Nifti1Header(raw[:348], check=False)
    for name, value in fields.items():
        header[name] = value
    path.write_bytes(header.binaryblock + raw[348:])
    return read_labels(path)


@pytest.fixture
def in_doubt(write_blocks):
    """A prediction whose qform is right, and whose sform is mirrored; and its reference."""
    image = nib.Nifti1Image(np.zeros((1, 1, 1), np.uint8), AFFINE)
    image.set_qform(AFFINE, 1)
    quaternion = {key: image.header[key] for key in ("quatern_b", "quatern_c", "quatern_d")}
    path = write_blocks("mine.nii", folder="predictions")
    prediction = rewrite(path, qform_code=1, sform_code=1, **quaternion, **HALF_TURNED)
    return prediction, read_labels(write_blocks())


@pytest.mark.parametrize("rule", [GridRule.REFUSE, GridRule.RESAMPLE])
def test_a_place_in_doubt_is_told_and_nothing_is_resampled_by_it(in_doubt, rule):
    said = (
        "its qform and sform disagree; the sform is used. The qform says LPS, .* the sform LAS, "
        ".*By its other form it would be.*not resampled.*--assume-same-grid"
    )
    with pytest.raises(ImageError, match=said):
        align(*in_doubt, rule)
    with pytest.raises(ImageError, match=said):
        align(*reversed(in_doubt), rule)


def test_files_known_to_belong_together_are_compared_voxel_by_voxel(in_doubt):
    prediction, reference = in_doubt
    aligned = align(prediction, reference, GridRule.ASSUME)
    assert np.array_equal(aligned.data, reference.data)
    assert aligned.grid is reference.grid
    notices = alignment_notices(prediction, reference, GridRule.ASSUME)
    assert "qform and sform disagree" in notices[0]
    assert notices[1].endswith("whatever its header says.")


def test_files_of_two_shapes_are_not_taken_for_one_grid(write_blocks):
    other = read_labels(write_blocks("mine.nii", shape=(16, 12, 11)))
    with pytest.raises(ImageError, match="can't be taken to have one grid"):
        align(other, read_labels(write_blocks()), GridRule.ASSUME)


def test_a_place_in_doubt_with_another_shape_can_only_be_corrected(in_doubt, write_blocks):
    other = read_labels(write_blocks("other.nii", shape=(16, 12, 11)))
    with pytest.raises(ImageError, match=r"disagree.* correct the header first"):
        align(in_doubt[0], other, GridRule.RESAMPLE)


def test_no_place_at_all_is_in_doubt_too(write_blocks):
    reference = read_labels(write_blocks())
    nowhere = rewrite(write_blocks("mine.nii"), qform_code=0, sform_code=0)
    with pytest.raises(ImageError, match=r"gives no orientation.*--assume-same-grid"):
        align(nowhere, reference, GridRule.RESAMPLE)
    aligned = align(nowhere, reference, GridRule.ASSUME)
    assert np.array_equal(aligned.data, reference.data)


def test_doubt_is_told_also_where_both_lie_on_one_grid(in_doubt):
    prediction, _ = in_doubt
    assert align(prediction, prediction).data is prediction.data
    (told,) = set(alignment_notices(prediction, prediction, GridRule.REFUSE))
    assert told.startswith(f"{prediction.path}: its qform and sform disagree")


def test_two_rules_at_once_are_an_error():
    with pytest.raises(AbdosegError, match="leave one of them out"):
        GridRule.of(resample=True, assume_same_grid=True)
    assert GridRule.of(resample=False, assume_same_grid=True) is GridRule.ASSUME


def test_resampling_between_spacings_keeps_volumes(phantom):
    from napari_abdoseg.image.phantom import make_phantom

    truth, fine = phantom[1], make_phantom(5, (4.0, 3.0, 3.0))[1]
    aligned = align(fine, truth, rule=GridRule.RESAMPLE)
    assert aligned.data.shape == truth.data.shape
    overlap = (aligned.data == 1) & (truth.data == 1)
    assert 2 * overlap.sum() / ((aligned.data == 1).sum() + (truth.data == 1).sum()) > 0.9
