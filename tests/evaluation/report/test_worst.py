"""Pictures of the worst cases."""

from __future__ import annotations

import io

import numpy as np
import pytest
from matplotlib.colors import to_rgb
from matplotlib.image import imread

from napari_abdoseg.evaluation.cohort import evaluating
from napari_abdoseg.evaluation.label_schemes import Matched
from napari_abdoseg.evaluation.report.picture import (
    BACKDROP,
    FALSE_NEGATIVE,
    FALSE_POSITIVE,
    draw,
    worst_slice,
)
from napari_abdoseg.evaluation.report.worst import CASES_PER_ORGAN, drawing_worst, find_worst
from napari_abdoseg.image.grid import Grid
from napari_abdoseg.image.nifti.volumes import write_volume
from napari_abdoseg.image.organ import ABDOMINAL_ORGANS
from napari_abdoseg.image.phantom import make_phantom
from napari_abdoseg.image.volume import LabelMap, Volume
from napari_abdoseg.progress import drain

LIVER = ABDOMINAL_ORGANS[0]


@pytest.fixture
def worse(cohort_folders):
    return drain(evaluating(cohort_folders[2], cohort_folders[1]))


def pixels(png: bytes):
    return imread(io.BytesIO(png))[..., :3]


def share(picture, color: str, tolerance: float = 0.02) -> float:
    return float((np.abs(picture - to_rgb(color)).max(axis=-1) < tolerance).mean())


def blocks():
    """A reference of a block, and a prediction that misses a part and adds another."""
    truth = np.zeros((5, 40, 40), np.uint8)
    truth[1:4, 10:30, 10:30] = LIVER.value
    found = truth.copy()
    found[1, 10, 10] = 0
    found[3, 10:30, 10:15] = 0
    found[3, 10:30, 30:32] = LIVER.value
    grid = Grid.from_spacing(truth.shape, (3.0, 2.0, 2.0))
    maps = (LabelMap(data, grid, ABDOMINAL_ORGANS) for data in (found, truth))
    return Matched(*maps), grid


def test_the_worst_slice_has_most_false_voxels():
    error = worst_slice(blocks()[0], LIVER)
    assert error.index == 3
    assert (error.predicted & ~error.known).sum() == 40
    assert (error.known & ~error.predicted).sum() == 100


def test_false_voxels_are_coloured_in_proportion():
    matched, grid = blocks()
    picture = pixels(draw(worst_slice(matched, LIVER), grid.spacing[1:], None))
    assert picture.shape[0] == picture.shape[1]
    blend = {
        color: 0.65 * np.array(to_rgb(color)) + 0.35 * np.array(to_rgb(BACKDROP))
        for color in (FALSE_POSITIVE, FALSE_NEGATIVE)
    }
    positive, negative = (share(picture, blend[color]) for color in blend)
    assert negative / positive == pytest.approx(2.5, rel=0.15)
    columns = [
        np.argwhere(np.abs(picture - blend[color]).max(axis=-1) < 0.02)[:, 1].mean()
        for color in blend
    ]
    assert columns[1] < columns[0]


def test_the_ct_lies_under_the_picture():
    matched, grid = blocks()
    scan = Volume(np.full(grid.shape, 240, np.int16), grid)
    error = worst_slice(matched, LIVER)
    bare = pixels(draw(error, grid.spacing[1:], None))
    with_ct = pixels(draw(error, grid.spacing[1:], scan))
    assert share(bare, "white") < 0.05
    assert share(with_ct, "white") > 0.3


def test_the_worst_cases_of_each_organ_come_first_and_perfect_ones_never(worse):
    worst = find_worst(worse)
    assert list(worst) == ["liver", "kidney", "spleen", "pancreas"]
    assert [case for case, _ in worst["pancreas"]] == ["two", "one"]
    for of_organ in worst.values():
        scores = [score.dsc for _, score in of_organ]
        assert scores == sorted(scores)
        assert len(scores) <= CASES_PER_ORGAN


def test_each_of_them_is_drawn(worse, tmp_path):
    scan = tmp_path / "one_0000.nii.gz"
    write_volume(scan, make_phantom(1, (10.0, 8.0, 8.0))[0])
    wrong = tmp_path / "two.nii.gz"
    write_volume(wrong, make_phantom(2, (12.0, 8.0, 8.0))[0])
    broken = tmp_path / "three.nii.gz"
    broken.write_bytes(b"no scan")
    drawn = drain(drawing_worst(worse, {"one": scan, "two": wrong, "three": broken}))
    for organ, of_organ in find_worst(worse).items():
        assert [picture.case for picture in drawn[organ]] == [case for case, _ in of_organ]
    pictures = {picture.case: picture for picture in drawn["liver"]}
    assert pictures["one"].note == ""
    assert "not on the grid" in pictures["two"].note
    assert "not a NIfTI file" in pictures["three"].note
    assert pictures["one"].slices == 45
    assert 0 < pictures["one"].slice_index < 45
    assert pixels(pictures["one"].png).std() > pixels(pictures["two"].png).std()


def test_a_case_that_went_away_is_left_out(write_blocks):
    found, truth = write_blocks(folder="predictions", shift=1), write_blocks()
    cohort = drain(evaluating(found, truth))
    found.unlink()
    assert not any(drain(drawing_worst(cohort, {})).values())
