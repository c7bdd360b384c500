"""Cohorts as they are laid out: what is segmented, under which name, and what is left out."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import nibabel as nib
import numpy as np
import pytest

from napari_abdoseg.batch.finding import find_cases, finding_cases
from napari_abdoseg.errors import AbdosegError, ImageError

SHAPE = (12, 10, 8)
Lay = Callable[..., Path]


def scan(number: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Voxels and affine of a scan that lies elsewhere than others."""
    voxels = np.random.default_rng(number).integers(-1000, 1000, SHAPE).astype(np.int16)
    affine = np.diag([-2.0, -2.0, 3.0, 1.0])
    affine[0, 3] = 10 * number
    return voxels, affine


def mask(*values: int) -> tuple[np.ndarray, np.ndarray]:
    voxels = np.zeros(SHAPE, np.uint8)
    for number, value in enumerate(values):
        voxels[3 * number : 3 * number + 3, 2:8, 2:6] = value
    return voxels, scan()[1]


@pytest.fixture
def lay(tmp_path: Path) -> Lay:
    """A function that writes volumes into a tree below ``in``."""

    def write(**files: tuple[np.ndarray, np.ndarray]) -> Path:
        for name, (voxels, affine) in files.items():
            path = tmp_path / "in" / name
            path.parent.mkdir(parents=True, exist_ok=True)
            nib.save(nib.Nifti1Image(voxels, affine), path)
        return tmp_path / "in"

    return write


def look(*inputs: Path) -> tuple[dict[str, str], list[str]]:
    """Cases with their files, and what is told."""
    work, told = finding_cases(inputs, Path("/nowhere/out")), []
    while True:
        try:
            progress = next(work)
        except StopIteration as end:
            return {case.name: case.image.name for case in end.value}, told
        if progress.notice:
            told.append(progress.notice)


LAYOUTS = {
    "TotalSegmentator": (
        {
            "s0001/ct.nii.gz": scan(1),
            "s0001/segmentations/liver.nii.gz": mask(1),
            "s0001/segmentations/spleen.nii.gz": mask(),
            "s0002/ct.nii.gz": scan(2),
            "s0002/segmentations.nii.gz": mask(1, 2, 5),
        },
        {"s0001": "ct.nii.gz", "s0002": "ct.nii.gz"},
    ),
    "KiTS": (
        {
            "case_00000/imaging.nii.gz": scan(1),
            "case_00000/segmentation.nii.gz": mask(1, 2),
            "case_00001/imaging.nii.gz": scan(2),
            "case_00001/segmentation.nii.gz": mask(1, 2, 3),
        },
        {"case_00000": "imaging.nii.gz", "case_00001": "imaging.nii.gz"},
    ),
    "nnU-Net": (
        {
            "Dataset001_A/imagesTr/a_0000.nii.gz": scan(1),
            "Dataset001_A/labelsTr/a.nii.gz": mask(1),
            "Dataset001_A/imagesTs/b_0000.nii.gz": scan(2),
            "Dataset001_A/labelsTs/b.nii.gz": mask(),
        },
        {"a": "a_0000.nii.gz", "b": "b_0000.nii.gz"},
    ),
    "Decathlon": (
        {
            "imagesTr/liver_1.nii.gz": scan(1),
            "labelsTr/liver_1.nii.gz": mask(1, 2),
            "imagesTs/liver_132.nii.gz": scan(2),
        },
        {"liver_1": "liver_1.nii.gz", "liver_132": "liver_132.nii.gz"},
    ),
    "BTCV": (
        {
            "averaged/img/img0001.nii.gz": scan(1),
            "averaged/label/label0001.nii.gz": mask(1, 2, 3),
        },
        {"img0001": "img0001.nii.gz"},
    ),
    "BIDS": (
        {
            "sub-01/ct/sub-01_ct.nii.gz": scan(1),
            "derivatives/manual/sub-01/ct/sub-01_dseg.nii.gz": mask(1, 2),
        },
        {"sub-01_ct": "sub-01_ct.nii.gz"},
    ),
    "LiTS": (
        {"volume-0.nii": scan(1), "segmentation-0.nii": mask(1, 2), "volume-1.nii": scan(2)},
        {"volume-0": "volume-0.nii", "volume-1": "volume-1.nii"},
    ),
    "MONAI Label": (
        {
            "a.nii.gz": scan(1),
            "labels/final/a.nii.gz": mask(1),
            "labels/original/a.nii.gz": mask(1, 2),
        },
        {"a": "a.nii.gz"},
    ),
    "two times of each": (
        {
            "p1/t0/ct.nii.gz": scan(1),
            "p1/t1/ct.nii.gz": scan(2),
            "p2/t0/CT/image.nii.gz": scan(3),
            "p3.nii.gz": scan(4),
        },
        {
            "p1_t0": "ct.nii.gz",
            "t1": "ct.nii.gz",
            "p2_t0": "image.nii.gz",
            "p3": "p3.nii.gz",
        },
    ),
    "two phases of each": (
        {
            "p1/venous.nii.gz": scan(1),
            "p1/arterial.nii.gz": scan(2),
            "p2/venous.nii.gz": scan(3),
        },
        {
            "p1_venous": "venous.nii.gz",
            "arterial": "arterial.nii.gz",
            "p2_venous": "venous.nii.gz",
        },
    ),
    "two scans of one folder without a name": (
        {"p1/ct.nii.gz": scan(1), "p1/image.nii.gz": scan(2)},
        {"p1_ct": "ct.nii.gz", "p1_image": "image.nii.gz"},
    ),
}


@pytest.mark.parametrize("layout", LAYOUTS)
def test_scans_of_a_tree_are_found_under_their_names_and_masks_are_not(lay: Lay, layout: str):
    files, expected = LAYOUTS[layout]
    found, told = look(lay(**files))
    assert found == expected
    masks = sum(voxels.dtype == np.uint8 for voxels, _ in files.values())
    assert len(told) == bool(masks)
    if masks:
        assert told[0].endswith("left out: label maps, not scans.")


def test_a_folder_of_one_case_gives_it_its_name(lay: Lay):
    root = lay(**{"s0001/ct.nii.gz": scan(), "s0001/segmentations/liver.nii.gz": mask(1)})
    assert look(root / "s0001")[0] == {"s0001": "ct.nii.gz"}


def test_scans_named_one_by_one_keep_their_names_where_these_differ(lay: Lay):
    root = lay(**{f"s000{number}/ct.nii.gz": scan(number) for number in (1, 2)})
    one, two = sorted(root.glob("*/ct.nii.gz"))
    assert look(one)[0] == {"ct": "ct.nii.gz"}
    assert look(one, two)[0] == {"s0001": "ct.nii.gz", "s0002": "ct.nii.gz"}


def test_a_scan_kept_or_called_like_labels_is_segmented(lay: Lay):
    voxels = np.random.default_rng(0).integers(0, 3000, SHAPE).astype(np.uint16)
    root = lay(**{"labels/organ_ct.nii.gz": (voxels, np.eye(4)), "mask.nii.gz": scan()})
    assert look(root)[0] == {"organ_ct": "organ_ct.nii.gz", "mask": "mask.nii.gz"}


def test_what_is_left_out_is_listed_shortly(lay: Lay):
    files = {f"s1/segmentations/{number}.nii.gz": mask(1) for number in range(7)}
    _, (told,) = look(lay(**files, **{"s1/ct.nii.gz": scan()}))
    assert "0.nii.gz" in told
    assert "and 4 more files left out" in told


def test_label_maps_alone_are_an_error(lay: Lay):
    root = lay(**{"a.nii.gz": mask(1), "b.nii.gz": mask(1, 2)})
    for given in (root, root / "a.nii.gz"):
        with pytest.raises(ImageError, match="all are label maps, not scans"):
            look(given)


class TestFurtherChannels:
    def test_are_no_cases(self, lay: Lay):
        files = {f"a_000{number}.nii.gz": scan(1) for number in range(2)}
        found, (told,) = look(lay(**files, **{"b_0000.nii.gz": scan(2)}))
        assert found == {"a": "a_0000.nii.gz", "b": "b_0000.nii.gz"}
        assert "a_0001.nii.gz left out: further channels" in told

    def test_are_told_from_numbered_cases_by_their_place(self, lay: Lay):
        files = {f"FLARE22_Tr_000{number}.nii.gz": scan(number) for number in range(3)}
        found, told = look(lay(**files))
        assert sorted(found) == ["FLARE22_Tr", "FLARE22_Tr_0001", "FLARE22_Tr_0002"]
        assert not told

    def test_are_told_from_many_numbered_cases(self, lay: Lay):
        files = {f"scan_000{number}.nii.gz": scan(1) for number in range(6)}
        assert len(look(lay(**files))[0]) == 6

    @pytest.mark.parametrize("key", ["channel_names", "modality"])
    @pytest.mark.parametrize(("count", "cases"), [(1, 3), (2, 2), (3, 1)])
    def test_are_as_many_as_a_dataset_json_counts(self, lay: Lay, key: str, count: int, cases: int):
        files = {f"imagesTr/x_000{number}.nii.gz": scan(number) for number in range(3)}
        root = lay(**files)
        content = {key: {str(number): "CT" for number in range(count)}}
        (root / "dataset.json").write_text(json.dumps(content))
        assert len(look(root)[0]) == cases

    @pytest.mark.parametrize("content", ["[]", "{", '{"modality": 3}'])
    def test_of_a_dataset_json_that_says_nothing(self, lay: Lay, content: str):
        root = lay(**{f"x_000{number}.nii.gz": scan(1) for number in range(2)})
        (root / "dataset.json").write_text(content)
        assert len(look(root)[0]) == 1


def test_a_file_that_can_not_be_read_is_a_case_that_will_fail(lay: Lay):
    root = lay(**{"a_0000.nii.gz": scan()})
    for name in ("b_masks.nii.gz", "a_0001.nii.gz"):
        (root / name).write_bytes(b"damaged")
    assert set(look(root)[0]) == {"a", "a_0001", "b_masks"}


def test_two_files_that_nothing_tells_apart_are_an_error(lay: Lay, tmp_path: Path):
    root = lay(**{"a.nii.gz": scan(1), "a.nii": scan(2)})
    with pytest.raises(AbdosegError, match="both the case"):
        find_cases([root], tmp_path / "out")
