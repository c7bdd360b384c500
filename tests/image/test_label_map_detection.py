"""What is a label map: by the voxels, then by place and name."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from napari_abdoseg.image.nifti import file as nifti_file
from napari_abdoseg.image.nifti.volumes import holds_labels, read_image, read_labels
from napari_abdoseg.image.volume import LabelMap, Volume

MakeNifti = Callable[..., Path]

SHAPE = (24, 20, 16)
LABEL_NAMES = [
    *("case_labels.nii.gz", "seg.nii", "liver_mask.nii.gz", "organs.nii.gz", "GT.nii"),
    *("x-segmentation.nii.gz", "case 3 prediction.nii.gz", "segmentation-0.nii"),
    *("segmentations.nii.gz", "sub-01_dseg.nii.gz"),
]
LABEL_PLACES = [
    *("labelsTr/case.nii.gz", "labelsTs/case.nii.gz", "label/label0001.nii.gz"),
    *("masks/case.nii", "s0001/segmentations/spleen.nii.gz", "manual_segmentations/a.nii.gz"),
    *("labels/final/case.nii.gz", "labels/original/case.nii.gz", "ground_truth/case.nii"),
    "fold_0/validation/case.nii.gz",
]
OTHER_NAMES = [
    *("case.nii", "segal.nii.gz", "unmasked.nii", "imagesTr/case_0000.nii.gz", "final/case.nii"),
    "imaging.nii.gz",
]


def noise(low: float, high: float, dtype: str = "u2") -> NDArray[Any]:
    return np.random.default_rng(0).integers(low, high, SHAPE).astype(dtype)


def blocks(*values: float, dtype: str = "u1") -> NDArray[Any]:
    """Blocks of values, one beside the other, in background."""
    voxels = np.zeros(SHAPE, dtype)
    for number, value in enumerate(values):
        i, j = divmod(number, 5)
        voxels[4 * i + 1 : 4 * i + 5, 4 * j : 4 * j + 4, 4:12] = value
    return voxels


def many_blocks(count: int) -> NDArray[Any]:
    """A label map of many small organs."""
    voxels = np.zeros((60, 50, 20), "u1")
    for value in range(1, count + 1):
        i, j = divmod(value, 12)
        voxels[5 * i : 5 * i + 4, 4 * j : 4 * j + 4, 5:15] = value
    return voxels


def unsigned_ct() -> NDArray[Any]:
    """A CT with 1024 added, and nothing outside of its field of view."""
    voxels = np.random.default_rng(0).normal(1064, 20, SHAPE)
    voxels[:6] = 24
    voxels[:, :5] = 0
    return np.rint(voxels).astype("u2")


LABELS = {
    "organs": blocks(1, 2, 3, 4),
    "a mask": blocks(1),
    "a mask of 255": blocks(255),
    "a mask that is most of it": 1 - blocks(1),
    "single voxels": (noise(0, 50) == 0).astype("u1"),
    "117 organs": many_blocks(117),
    "as float": blocks(1, 2, 7, dtype="f4"),
    "rounded": blocks(1.0004, 2, 2.9994, dtype="f4"),
}
SCANS = {
    "a CT": noise(-1000, 1500, "i2"),
    "an unsigned CT": unsigned_ct(),
    "unsigned noise": noise(0, 3000),
    "a windowed CT of 8 bits": np.clip(noise(0, 400), 60, 255).astype("u1"),
    "a CT above a threshold": np.where(unsigned_ct() > 1080, unsigned_ct(), 0),
    "an unsigned CT with air masked out": np.where(unsigned_ct() < 1040, 24, unsigned_ct()),
    "probabilities": blocks(0.3, 0.7, 1, dtype="f4"),
    "a PET of many counts": np.random.default_rng(0).poisson(30, SHAPE).astype("u2"),
    "a synthetic CT without noise": blocks(1064, 1100, 1034, dtype="u2") + np.uint16(24),
    "beyond all labels": blocks(1, 70000, dtype="i4"),
}
OPEN = {
    "nothing": blocks(),
    "one value": np.ones(SHAPE, "u1"),
    "a PET of few counts": np.random.default_rng(0).poisson(1.5, SHAPE).astype("u1"),
    "few values above 255": blocks(1000, 2000, dtype="u2"),
    "without background": blocks(1, 2) + np.uint8(1),
    "many pieces": blocks(*range(1, 16)).astype("u2") * 50,
}


def is_labels(path: Path) -> bool:
    found = isinstance(read_image(path), LabelMap)
    assert holds_labels(path) == found
    return found


@pytest.mark.parametrize("name", ["case.nii.gz", "labels/case.nii", "ct.nii"])
@pytest.mark.parametrize("kind", LABELS)
def test_label_maps_are_known_by_their_voxels_whatever_they_are_called(
    make_nifti: MakeNifti, tmp_path: Path, kind: str, name: str
) -> None:
    (tmp_path / name).parent.mkdir(exist_ok=True)
    assert is_labels(make_nifti(LABELS[kind], name=name))


@pytest.mark.parametrize(
    "name", ["case.nii", "organ_ct.nii.gz", "ct_mask_applied.nii", "labels/case.nii", "pred.nii"]
)
@pytest.mark.parametrize("kind", SCANS)
def test_scans_are_known_by_their_voxels_whatever_they_are_called(
    make_nifti: MakeNifti, kind: str, name: str
) -> None:
    path = make_nifti(SCANS[kind], name=name)
    assert not is_labels(path)
    assert ("its voxels are those of a scan" in str(read_image(path).notices)) == (
        name != "case.nii"
    )


@pytest.mark.parametrize("kind", OPEN)
@pytest.mark.parametrize("name", [*LABEL_NAMES, *LABEL_PLACES])
def test_place_and_name_decide_what_voxels_leave_open(
    make_nifti: MakeNifti, tmp_path: Path, kind: str, name: str
) -> None:
    (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
    assert is_labels(make_nifti(OPEN[kind], name=name))


@pytest.mark.parametrize("kind", OPEN)
@pytest.mark.parametrize("name", OTHER_NAMES)
def test_other_places_and_names_say_nothing(make_nifti: MakeNifti, kind: str, name: str) -> None:
    assert not is_labels(make_nifti(OPEN[kind], name=name))


@pytest.mark.parametrize(
    ("beside", "expected"),
    [
        (("predict_from_raw_data_args.json",), True),
        (("dataset.json", "plans.json"), True),
        (("dataset.json",), False),
        ((), False),
    ],
)
def test_nnunets_results_are_known_by_what_lies_beside(
    make_nifti: MakeNifti, tmp_path: Path, beside: tuple[str, ...], expected: bool
) -> None:
    for name in beside:
        (tmp_path / name).touch()
    assert is_labels(make_nifti(blocks())) == expected


def test_a_header_that_declares_labels_decides_what_voxels_leave_open(
    make_nifti: MakeNifti,
) -> None:
    assert is_labels(make_nifti(blocks(), intent_code=1002))
    assert not is_labels(make_nifti(unsigned_ct(), intent_code=1002))


@pytest.mark.parametrize("real", ["abdomen_ct", "torso_ct"])
@pytest.mark.parametrize("change", ["unsigned", "8 bits", "above a threshold"])
def test_real_scans_without_negative_values(
    make_nifti: MakeNifti, real_data: Path, real: str, change: str
) -> None:
    hu = np.asarray(read_image(real_data / f"{real}.nii.gz").data, np.int32).T
    changed = {
        "unsigned": np.maximum(hu + 1024, 0).astype("u2"),
        "8 bits": (np.clip(hu + 160, 0, 400) * 255 // 400).astype("u1"),
        "above a threshold": np.where(hu > 150, hu, 0).astype("i2"),
    }
    assert not is_labels(make_nifti(changed[change], name="organ_labels.nii"))


@pytest.mark.parametrize("coarse", [1, 2])
def test_real_labels_at_any_spacing(make_nifti: MakeNifti, real_data: Path, coarse: int) -> None:
    labels = read_labels(real_data / "abdomen_labels.nii.gz").data.T[::coarse, ::coarse, ::coarse]
    assert is_labels(make_nifti(np.asarray(labels)))


class TestScaledLabels:
    """Labels that went through float and a scaled integer type."""

    @pytest.mark.parametrize(("dtype", "most"), [("i2", 4), ("i2", 117), ("u1", 4), ("u2", 255)])
    def test_are_the_whole_numbers_that_they_were(
        self, make_nifti: MakeNifti, dtype: str, most: int
    ) -> None:
        truth = blocks(1, 2, most - 1, most)
        info = np.iinfo(dtype)
        slope = most / (int(info.max) - int(info.min))
        intercept = -int(info.min) * slope
        stored = np.rint((truth - intercept) / slope).astype(dtype)
        path = make_nifti(stored, scl_slope=slope, scl_inter=intercept)
        labels = read_labels(path)
        assert labels.data.dtype == np.uint8
        np.testing.assert_array_equal(labels.grid.to_stored(labels.data), truth)
        assert is_labels(path)

    @pytest.mark.parametrize("slope", [1.00003, 0.99996])
    def test_with_a_slope_of_about_one(self, make_nifti: MakeNifti, slope: float) -> None:
        truth = blocks(1, 2, 117)
        path = make_nifti(truth, scl_slope=slope)
        labels = read_labels(path)
        np.testing.assert_array_equal(labels.grid.to_stored(labels.data), truth)
        assert is_labels(path)

    def test_probabilities_in_steps_are_none(self, make_nifti: MakeNifti) -> None:
        path = make_nifti(blocks(77, 128, 255), scl_slope=1 / 255, name="labels.nii")
        assert isinstance(read_image(path), Volume)


def test_of_a_scan_no_more_is_read_than_its_start(
    make_nifti: MakeNifti, monkeypatch: pytest.MonkeyPatch
) -> None:
    scan, mask = make_nifti(SCANS["a CT"], name="a.nii"), make_nifti(blocks(1), name="b.nii")

    def load(path: Path) -> Any:
        raise AssertionError(path)

    monkeypatch.setattr(nifti_file, "load", load)
    assert not holds_labels(scan)
    with pytest.raises(AssertionError):
        holds_labels(mask)


def test_an_organ_that_begins_late_in_the_file_is_found(make_nifti: MakeNifti) -> None:
    voxels = np.zeros((256, 256, 40), "u1")
    voxels[100:140, 100:140, 35:38] = 1
    assert is_labels(make_nifti(voxels))
