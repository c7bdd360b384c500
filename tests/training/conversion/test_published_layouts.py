"""Published data sets, laid out as they are unpacked, on their way into nnU-Net's format."""

from __future__ import annotations

import gzip
import json
import shutil
from pathlib import Path

import numpy as np
import pytest
from small_scans import voxels, write_image, write_label_map, write_masks

from napari_abdoseg.errors import AbdosegError
from napari_abdoseg.progress import drain
from napari_abdoseg.training.conversion.convert import converting
from napari_abdoseg.training.conversion.formats import find_source
from napari_abdoseg.training.conversion.pairing import pair
from napari_abdoseg.training.conversion.patient_splits import splits_by_patient
from napari_abdoseg.training.conversion.prepare import Wishes, preparing

MAP = {str(value): f"organ {value}" for value in (1, 2, 3, 4)}
AMOS = {
    "modality": {"0": "CT"},
    "labels": {"0": "background", "1": "spleen", "2": "right kidney", "3": "left kidney", "4": "x"},
    "training": [],
    "validation": [],
    "test": [],
    "numValidation": 1,
}
TSV = "index\tname\n0\tbackground\n1\tliver\n2\tspleen\n3\tpancreas\n4\tkidney\n"

FILES = {
    "btcv": {
        "RawData/Training/img/img0001.nii.gz": "RawData/Training/label/label0001.nii.gz",
        "RawData/Training/img/img0002.nii.gz": "RawData/Training/label/label0002.nii.gz",
        "RawData/Testing/img/img0061.nii.gz": None,
    },
    "lits": {
        "Training Batch 1/volume-0.nii": "Training Batch 1/segmentation-0.nii",
        "Training Batch 2/volume-28.nii": "Training Batch 2/segmentation-28.nii",
        "LITS-Test/test-volume-0.nii": None,
    },
    "kits": {
        "data/case_00000/imaging.nii.gz": "data/case_00000/segmentation.nii.gz",
        "data/case_00001/imaging.nii.gz": "data/case_00001/aggregated_MAJ_seg.nii.gz",
    },
    "msd": {
        "imagesTr/amos_0001.nii.gz": "labelsTr/amos_0001.nii.gz",
        "imagesTr/amos_0004.nii.gz": "labelsTr/amos_0004.nii.gz",
        "imagesVa/amos_0008.nii.gz": "labelsVa/amos_0008.nii.gz",
        "imagesTs/amos_0002.nii.gz": None,
    },
    "panorama": {
        "batch_1/100047_00001_0000.nii.gz": "panorama_labels/automatic_labels/100047_00001.nii.gz",
        "batch_2/100047_00002_0000.nii.gz": "panorama_labels/automatic_labels/100047_00002.nii.gz",
        "batch_2/100416_00001_0000.NII.gz": "panorama_labels/manual_labels/100416_00001.nii.gz",
    },
    "bids": {
        "sub-01/ct/sub-01_ct.nii.gz": "derivatives/expert/sub-01/ct/sub-01_dseg.nii.gz",
        "sub-02/ses-1/ct/sub-02_ses-1_ct.nii.gz": "derivatives/expert/sub-02/ses-1/"
        "sub-02_ses-1_space-orig_desc-organs_dseg.nii.gz",
    },
}
CASES = {
    "btcv": (["img0001", "img0002"], ["img0061"]),
    "lits": (["volume-0", "volume-28"], ["test-volume-0"]),
    "kits": (["case_00000", "case_00001"], []),
    "msd": (["amos_0001", "amos_0004"], ["amos_0008", "amos_0002"]),
    "panorama": (["100047_00001", "100047_00002", "100416_00001"], []),
    "bids": (["sub-01", "sub-02_ses-1"], []),
}


def laid_out(name: str, root: Path) -> Path:
    for number, (image, labels) in enumerate(FILES[name].items()):
        write_image(root / image, number)
        if labels:
            write_label_map(root / labels)
    if name == "msd":
        (root / "dataset.json").write_text(json.dumps(AMOS))
    if name == "bids":
        (root / "dataset_description.json").write_text("{}")
        (root / "derivatives/expert/dseg.tsv").write_text(TSV)
    return root


def names(source, test=False):
    return [case.name for case in source.cases if case.test == test]


def convert(folder: Path, output: Path, **wishes) -> dict[str, int]:
    """Labels of a data set that was converted."""
    conversion = drain(converting(drain(preparing(folder, output, Wishes(**wishes)))))
    assert not conversion.failed
    return json.loads((output / "dataset.json").read_text())["labels"]


@pytest.mark.parametrize("name", FILES)
def test_a_layout_is_recognized_and_converted(name, tmp_path):
    folder = laid_out(name, tmp_path / "src")
    source = find_source(folder)
    assert source.format == name
    assert (names(source), names(source, test=True)) == CASES[name]
    assert not source.orphans
    output = tmp_path / "Dataset001_X"
    labels = convert(folder, output, renamed={} if source.scheme else MAP)
    assert labels == {"background": 0} | (source.scheme or {n: int(v) for v, n in MAP.items()})
    for case, (image, known) in zip(source.cases, FILES[name].items(), strict=True):
        part = "Ts" if case.test else "Tr"
        copy = output / f"images{part}" / f"{case.name}_0000.nii.gz"
        assert np.array_equal(voxels(copy), voxels(folder / image))
        if known:
            copy = output / f"labels{part}" / f"{case.name}.nii.gz"
            assert np.array_equal(voxels(copy), voxels(folder / known))


@pytest.mark.parametrize("labels", ["masks", "combined"])
def test_pants_has_scans_and_masks_in_trees_of_their_own(labels, tmp_path):
    root = tmp_path / "PanTS"
    for part, case in (
        ("Tr", "PanTS_00000001"),
        ("Tr", "PanTS_00000002"),
        ("Te", "PanTS_00009001"),
    ):
        write_image(root / f"Image{part}" / case / "ct.nii.gz")
        folder = root / f"Label{part}" / case
        write_label_map(folder / "combined_labels.nii.gz")
        if labels == "masks":
            write_masks(folder / "segmentations", {"liver": (1,), "pancreas_head": (2,)})
    source = find_source(root)
    assert source.format == "pants"
    assert names(source) == ["PanTS_00000001", "PanTS_00000002"]
    assert names(source, test=True) == ["PanTS_00009001"]
    output = tmp_path / "Dataset001_X"
    found = convert(root, output, renamed={} if labels == "masks" else MAP)
    if labels == "masks":
        assert found == {"background": 0, "liver": 1, "pancreas head": 2}
        merged = voxels(output / "labelsTs" / "PanTS_00009001.nii.gz")
        assert (merged[1] == 1).all()
        assert (merged[2] == 2).all()
        apart = find_source(root / "ImageTr", root / "LabelTr")
        assert apart.format == "totalsegmentator"
        assert apart.cases == tuple(case for case in source.cases if not case.test)
    shutil.rmtree(root / "ImageTr" / "PanTS_00000001")
    assert len(find_source(root).orphans) == (labels == "masks")


def write_pants(root: Path, *cases: str) -> Path:
    """Masks of which some lie in others, as they do in PanTS."""
    planes = {
        "common_bile_duct": (1,),
        "gall_bladder": (),
        "pancreas": (1, 2, 3, 4),
        "pancreas_head": (1, 2),
        "pancreatic_lesion": (2,),
    }
    for case in cases:
        write_image(root / "ImageTr" / case / "ct.nii.gz")
        write_masks(root / "LabelTr" / case / "segmentations", planes)
    return root


class TestPants:
    """What people find in their copies of PanTS."""

    def test_what_lies_in_another_organ_keeps_its_voxels(self, tmp_path):
        root = write_pants(tmp_path / "PanTS", "PanTS_00000001")
        output = tmp_path / "Dataset001_X"
        assert list(convert(root, output)) == [
            *("background", "common bile duct", "gallbladder", "pancreatic lesion"),
            *("pancreas head", "pancreas"),
        ]
        merged = voxels(output / "labelsTr" / "PanTS_00000001.nii.gz")
        assert merged[:6, 0, 0].tolist() == [0, 1, 3, 5, 5, 0]

    def test_the_order_of_organs_that_are_kept_says_who_keeps_a_voxel(self, tmp_path):
        root = write_pants(tmp_path / "PanTS", "PanTS_00000001")
        output = tmp_path / "Dataset001_X"
        convert(root, output, organs=("pancreas", "common bile duct"))
        assert voxels(output / "labelsTr" / "PanTS_00000001.nii.gz")[1, 0, 0] == 1

    def test_names_may_have_capital_letters(self, tmp_path):
        root = write_pants(tmp_path / "PanTS", "PanTS_00000001")
        case = root / "LabelTr" / "PanTS_00000001"
        for path in (case / "segmentations").iterdir():
            path.rename(path.with_name(path.name.title().replace("Nii.Gz", "NII.GZ")))
        (case / "segmentations").rename(case / "Segmentations")
        image = root / "ImageTr" / "PanTS_00000001" / "ct.nii.gz"
        image.rename(image.with_name("CT.NII.GZ"))
        (root / "ImageTr").rename(root / "imageTR")
        assert len(convert(root, tmp_path / "Dataset001_X")) == 6

    def test_a_missing_mask_is_told_with_the_folder_it_belongs_to(self, tmp_path):
        root = write_pants(tmp_path / "PanTS", "PanTS_00000001", "PanTS_00000002")
        masks = root / "LabelTr" / "PanTS_00000002" / "segmentations"
        (masks / "common_bile_duct.nii.gz").unlink()
        plan = drain(preparing(root, tmp_path / "Dataset001_X", Wishes()))
        ((case, reason),) = plan.failed
        assert case == "PanTS_00000002"
        assert f"{masks} has no file of common bile duct: add it, empty where" in reason

    @pytest.mark.parametrize("mask", ["common_bile_duct", "pancreas_head"])
    def test_a_mask_on_another_grid_or_cut_off_is_told(self, mask, tmp_path):
        root = write_pants(tmp_path / "PanTS", "PanTS_00000001", "PanTS_00000002")
        first, second = (
            root / "LabelTr" / f"PanTS_0000000{number}" / "segmentations" / f"{mask}.nii.gz"
            for number in (1, 2)
        )
        write_masks(first.parent, {mask: (1,)}, affine=np.diag([1.0, 1, 1, 1]))
        second.write_bytes(second.read_bytes()[:-20])
        plan = drain(preparing(root, tmp_path / "Dataset001_X", Wishes()))
        failed = dict(drain(converting(plan)).failed)
        assert f"{first} is not on the grid of " in failed["PanTS_00000001"]
        assert f"{second} is truncated or damaged" in failed["PanTS_00000002"]


class TestPanorama:
    """Images of four archives, labels of a repository that has two folders of them."""

    @pytest.fixture
    def folder(self, tmp_path):
        return laid_out("panorama", tmp_path / "src")

    def test_what_its_authors_say_goes_into_the_description(self, folder, tmp_path):
        convert(folder, tmp_path / "Dataset001_X")
        described = json.loads((tmp_path / "Dataset001_X" / "dataset.json").read_text())
        assert described["licence"] == "CC BY-NC 4.0"
        assert described["labels"]["common bile duct"] == 6

    @pytest.mark.parametrize("given", ["panorama_labels", "panorama_labels/automatic_labels"])
    def test_labels_may_lie_elsewhere(self, folder, given, tmp_path):
        shutil.move(folder / "panorama_labels", tmp_path / "panorama_labels")
        source = find_source(folder, tmp_path / given)
        assert source.format == "panorama"
        labelled = [case.name for case in source.cases if case.labels]
        assert len(labelled) == (3 if given == "panorama_labels" else 2)

    @pytest.mark.parametrize("manual_fits", [True, False])
    def test_a_label_map_made_by_hand_is_taken_whatever_the_other_is(
        self, folder, manual_fits, tmp_path
    ):
        automatic = folder / "panorama_labels" / "automatic_labels" / "100416_00001.nii.gz"
        manual = folder / "panorama_labels" / "manual_labels" / "100416_00001.nii.gz"
        write_image(manual if not manual_fits else automatic, affine=np.diag([1.0, 1, 1, 1]))
        if not manual_fits:
            write_label_map(automatic)
        plan = drain(preparing(folder, tmp_path / "Dataset001_X", Wishes()))
        if manual_fits:
            assert not plan.failed
            assert manual in [path for case in plan.cases for s in case.steps for path in s.sources]
            return
        ((case, reason),) = plan.failed
        assert case == "100416_00001"
        assert f"{manual} is not on the grid of {folder / 'batch_2'}" in reason

    def test_files_without_the_other_half_are_told(self, folder, tmp_path):
        (folder / "batch_1" / "100047_00001_0000.nii.gz").unlink()
        (folder / "panorama_labels" / "manual_labels" / "100416_00001.nii.gz").unlink()
        with pytest.raises(AbdosegError, match=r"no labels of 100416_00001 and no image of 100047"):
            convert(folder, tmp_path / "Dataset001_X")

    def test_an_empty_file_is_told(self, folder, tmp_path):
        labels = folder / "panorama_labels" / "automatic_labels" / "100047_00001.nii.gz"
        labels.write_bytes(b"")
        plan = drain(preparing(folder, tmp_path / "Dataset001_X", Wishes()))
        assert [case for case, _ in plan.failed] == ["100047_00001"]
        assert f"{labels} is not a NIfTI file" in plan.failed[0][1]

    def test_the_documented_organs_are_made(self, folder, tmp_path):
        wanted = ("common bile duct", "pancreatic duct", "veins", "arteries", "pancreas")
        for path in (folder / "panorama_labels").rglob("*.nii.gz"):
            write_label_map(path, (1, 2, 3, 4, 5, 6))
        labels = convert(
            folder, tmp_path / "Dataset001_X", renamed={"tumor": "pancreas"}, organs=wanted
        )
        assert list(labels) == ["background", *wanted]
        made = voxels(tmp_path / "Dataset001_X" / "labelsTr" / "100047_00001.nii.gz")
        assert made[:6, 3, 3].tolist() == [5, 3, 4, 5, 2, 1]

    def test_an_image_in_two_archives_is_told(self, folder):
        shutil.copytree(folder / "batch_1", folder / "batch_3")
        with pytest.raises(AbdosegError, match="are of one case: keep one"):
            find_source(folder)

    def test_pairs_of_numbered_cases_are_not_taken_for_it(self, folder):
        (folder / "panorama_labels" / "automatic_labels").rename(folder / "labels")
        shutil.rmtree(folder / "panorama_labels")
        (folder / "batch_2").rename(folder / "images")
        assert find_source(folder).format == "pairs"

    def test_labels_may_be_empty_and_a_value_without_a_name_is_told(self, folder, tmp_path):
        labels = folder / "panorama_labels" / "automatic_labels"
        write_label_map(labels / "100047_00001.nii.gz", ())
        write_label_map(labels / "100047_00002.nii.gz", (2, 8))
        plan = drain(preparing(folder, tmp_path / "Dataset001_X", Wishes()))
        conversion = drain(converting(plan))
        assert conversion.made == ("100047_00001", "100416_00001")
        ((case, reason),) = conversion.failed
        assert case == "100047_00002"
        assert "has the value 8, which no label has" in reason

    def test_scans_of_a_patient_stay_in_one_fold(self, folder, tmp_path):
        output = tmp_path / "Dataset001_X"
        convert(folder, output)
        splits = json.loads((output / "splits_final.json").read_text())
        first, other = ["100047_00001", "100047_00002"], ["100416_00001"]
        assert sorted((fold["val"], fold["train"]) for fold in splits) == [
            (first, other),
            (other, first),
        ]
        with pytest.raises(AbdosegError, match="scans of 100047 both for training and for testing"):
            convert(folder, tmp_path / "Dataset002_X", test_cases=("100047_00002",))


def test_folds_of_patients_are_those_of_nnunet_where_each_has_one_scan():
    from nnunetv2.utilities.crossval_split import generate_crossval_split

    cases = [f"case_{number:03}" for number in range(23)]
    of_nnunet = generate_crossval_split(cases, seed=12345, n_splits=5)
    assert splits_by_patient({case: case for case in cases}) == of_nnunet
    scans = {f"{case}_{scan}": case for case in cases for scan in range(1 + int(case[-1]) % 3)}
    splits = splits_by_patient(scans)
    assert len(splits) == 5
    assert sorted(case for fold in splits for case in fold["val"]) == sorted(scans)
    for fold in splits:
        held_out = {scans[case] for case in fold["val"]}
        assert held_out.isdisjoint(scans[case] for case in fold["train"])


def test_no_folds_are_written_where_each_patient_has_one_scan(tmp_path):
    folder = laid_out("kits", tmp_path / "src")
    convert(folder, tmp_path / "Dataset001_X", renamed=MAP)
    assert not (tmp_path / "Dataset001_X" / "splits_final.json").exists()


def test_two_files_of_one_case_are_told(tmp_path):
    folder = laid_out("lits", tmp_path)
    shutil.copytree(folder / "Training Batch 1", folder / "copy")
    with pytest.raises(AbdosegError, match=r"volume-0\.nii are of one case: keep one"):
        find_source(folder)


def test_labels_of_named_files_may_lie_elsewhere(tmp_path):
    folder = laid_out("btcv", tmp_path / "src")
    known = shutil.move(folder / "RawData" / "Training" / "label", tmp_path / "known")
    assert all(case.labelled for case in find_source(folder, known).cases if not case.test)


class TestBids:
    """What the Brain Imaging Data Structure allows."""

    @pytest.fixture
    def folder(self, tmp_path):
        return laid_out("bids", tmp_path)

    def test_two_derivatives_need_a_choice(self, folder):
        write_label_map(folder / "derivatives/model/sub-01/sub-01_dseg.nii.gz")
        with pytest.raises(AbdosegError, match="both segmentations of one scan"):
            find_source(folder)
        assert len(find_source(folder, folder / "derivatives" / "expert").cases) == 2

    def test_a_table_of_its_own_comes_first(self, folder):
        own = folder / "derivatives/expert/sub-01/ct/sub-01_dseg.tsv"
        own.write_text(TSV)
        (folder / "derivatives/expert/dseg.tsv").unlink()
        (folder / "derivatives/expert/desc-organs_dseg.tsv").write_text(TSV)
        (folder / "derivatives/expert/desc-other_dseg.tsv").write_text("index\tname\n1\tlung\n")
        assert find_source(folder).scheme["pancreas"] == 3
        own.write_text(TSV.replace("liver", "lung"))
        with pytest.raises(AbdosegError, match="calls the value 1 'lung'"):
            find_source(folder)

    def test_a_table_with_other_columns_is_told(self, folder):
        (folder / "derivatives/expert/dseg.tsv").write_text("value,label\n1,liver\n")
        with pytest.raises(AbdosegError, match="no columns index and name"):
            find_source(folder)

    def test_without_a_table_labels_have_no_names(self, folder):
        (folder / "derivatives/expert/dseg.tsv").unlink()
        assert find_source(folder).scheme == {}

    def test_a_segmentation_without_a_scan_is_an_orphan(self, folder):
        write_label_map(folder / "derivatives/expert/sub-09/sub-09_dseg.nii.gz")
        (orphan,) = find_source(folder).orphans
        assert orphan.name == "sub-09_dseg.nii.gz"


def test_numbers_of_images_without_labels_are_no_channels_unless_there_is_a_first(tmp_path):
    images = [tmp_path / f"amos_{number:04}.nii.gz" for number in (2, 4)]
    assert [case.name for case in pair(images, ()).cases] == ["amos_0002", "amos_0004"]
    first = tmp_path / "amos_0000.nii.gz"
    with pytest.raises(AbdosegError, match="without a gap"):
        pair([first, *images], ())


def test_labels_that_are_a_little_off_are_written_as_whole_numbers(tmp_path):
    folder, output = tmp_path / "src", tmp_path / "Dataset001_X"
    write_image(folder / "images" / "a.nii.gz")
    values = tuple(value * 0.9999 for value in (1, 2, 3, 4))
    write_label_map(folder / "labels" / "a.nii.gz", values, np.float32)
    convert(folder, output, renamed=MAP)
    found = voxels(output / "labelsTr" / "a.nii.gz")
    assert found.dtype.kind == "u"
    assert np.unique(found).tolist() == [0, 1, 2, 3, 4]


@pytest.mark.parametrize("ending", [".nii", ".nii.gz"])
@pytest.mark.parametrize("packed", [True, False])
@pytest.mark.parametrize("copy", [True, False])
def test_what_is_packed_is_told_by_the_file_and_not_by_its_name(ending, packed, copy, tmp_path):
    folder, output = tmp_path / "src", tmp_path / "Dataset001_X"
    image = write_image(folder / "images" / "a.nii.gz")
    labels = write_label_map(folder / "labels" / "a.nii.gz")
    content = {path: gzip.decompress(path.read_bytes()) for path in (image, labels)}
    for path, plain in content.items():
        path.unlink()
        misled = path.with_name(f"a{ending}")
        misled.write_bytes(gzip.compress(plain) if packed else plain)
    convert(folder, output, renamed=MAP, copy=copy)
    made = output / "imagesTr" / "a_0000.nii.gz", output / "labelsTr" / "a.nii.gz"
    for target, plain in zip(made, content.values(), strict=True):
        assert gzip.decompress(target.read_bytes()) == plain
    assert voxels(made[1]).max() == 4
