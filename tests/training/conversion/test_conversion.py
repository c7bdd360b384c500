"""Whole data sets converted, stopped, gone on with, and refused."""

from __future__ import annotations

import json
import os
import shutil
from dataclasses import replace

import numpy as np
import pytest
from small_scans import voxels, write_image, write_label_map
from unpacked import unpacked
from working import run

from napari_abdoseg.errors import AbdosegError, SaveError
from napari_abdoseg.image.names.stated_names import read_stated
from napari_abdoseg.image.nifti.volumes import read_labels, write_labels
from napari_abdoseg.image.organ import ABDOMINAL_ORGANS, Organ
from napari_abdoseg.progress import drain
from napari_abdoseg.training.conversion import plan as plan_module
from napari_abdoseg.training.conversion.convert import converting
from napari_abdoseg.training.conversion.plan import plan_phantoms
from napari_abdoseg.training.conversion.prepare import Wishes, preparing, read_names

NAMED = {"background": 0, "liver": 1, "kidney": 2, "spleen": 3, "pancreas": 4}
KIDNEY = {"left kidney": "kidney", "right kidney": "kidney"}


@pytest.fixture
def output(tmp_path):
    return tmp_path / "raw" / "Dataset018_Abdomen"


def convert(folder, output, **wishes):
    return drain(converting(drain(preparing(folder, output, Wishes(**wishes)))))


def files(folder):
    return {str(path.relative_to(folder)) for path in folder.rglob("*.nii.gz")}


def described(folder):
    return json.loads((folder / "dataset.json").read_text())


def test_abdomenct1k_becomes_links_and_the_listed_cases_are_for_testing(abdomenct1k, output):
    conversion = convert(abdomenct1k, output, test_cases=("Case_00002_0000.nii.gz",))
    assert files(output) == {
        "imagesTr/Case_00001_0000.nii.gz",
        "imagesTr/Case_00401_0000.nii.gz",
        "imagesTs/Case_00002_0000.nii.gz",
        "labelsTr/Case_00001.nii.gz",
        "labelsTr/Case_00401.nii.gz",
        "labelsTs/Case_00002.nii.gz",
    }
    assert all((output / name).is_symlink() for name in files(output))
    content = described(output)
    assert content["numTraining"] == 2
    assert content["channel_names"] == {"0": "CT"}
    assert content["file_ending"] == ".nii.gz"
    assert content["labels"] == NAMED
    assert conversion.made == ("Case_00001", "Case_00002", "Case_00401")


def test_a_task_of_the_decathlon_is_described_as_nnunet_describes_it(msd, output):
    convert(msd, output)
    assert files(output) == {
        *(
            f"imagesTr/prostate_{case:02}_{channel:04}.nii.gz"
            for case in (0, 1)
            for channel in (0, 1)
        ),
        *(f"imagesTs/prostate_03_{channel:04}.nii.gz" for channel in (0, 1)),
        *(f"labelsTr/prostate_{case:02}.nii.gz" for case in (0, 1)),
    }
    content = described(output)
    assert content["channel_names"] == {"0": "T2", "1": "ADC"}
    assert content["labels"] == {"background": 0, "PZ": 1, "TZ": 2}
    assert content["licence"] == "CC-BY-SA 4.0"
    assert not {"modality", "training", "test"} & content.keys()


def test_flare22_gets_one_kidney(flare22, output):
    convert(flare22, output, renamed=KIDNEY, organs=("liver", "kidney", "spleen", "pancreas"))
    before = voxels(flare22 / "FLARE22_LabeledCase50-20230314/labels/FLARE22_Tr_0001.nii.gz")
    after = voxels(output / "labelsTr" / "FLARE22_Tr_0001.nii.gz")
    assert np.array_equal(after, 2 * (before == 13).astype(np.uint8))
    assert (output / "imagesTr" / "FLARE22_Tr_0001_0000.nii.gz").is_symlink()


def test_flare21_is_taken_as_it_is(flare21, output):
    convert(flare21, output)
    assert "imagesTs/validation_001_0000.nii.gz" in files(output)
    assert described(output)["numTraining"] == 2


def test_totalsegmentator_is_merged_and_overlaps_are_counted(totalsegmentator, output):
    renamed = {"kidney_left": "kidney", "kidney_right": "kidney"}
    conversion = convert(totalsegmentator, output, renamed=renamed, organs=("liver", "kidney"))
    assert conversion.overlaps == dict.fromkeys(("s0000", "s0001", "s0004"), 8 * 7)
    assert voxels(output / "labelsTs" / "s0004.nii.gz")[:, 0, 0].tolist() == [2, 2, 1, 1, *[0] * 5]
    assert described(output)["labels"] == {"background": 0, "liver": 1, "kidney": 2}


@pytest.mark.parametrize("values", [(1, 2), (1, 6)])
def test_pairs_without_names_ask_for_them(pairs, output, values):
    for path in (pairs / "labels").iterdir():
        write_label_map(path, values)
    with pytest.raises(AbdosegError, match=rf"values 1, {values[1]} without a name, and none is"):
        convert(pairs, output)
    assert not output.exists()
    names = read_stated(f"1=liver,{values[1]}=tumor,9=cyst")
    convert(pairs, output, names=names)
    assert described(output)["labels"] == {"background": 0, "liver": 1, "tumor": 2, "cyst": 3}


def test_pairs_are_named_by_number(pairs, output):
    for path in (pairs / "labels").iterdir():
        write_label_map(path, (1, 6))
    renamed = {"1": "liver", "6": "aorta", "2": "background"}
    convert(pairs, output, renamed=renamed, organs=("aorta",))
    assert described(output)["labels"] == {"background": 0, "aorta": 1}


def test_two_values_of_one_name_are_to_be_merged_otherwise(pairs, output):
    with pytest.raises(AbdosegError, match=r"calls two values kidney: .* merge them"):
        convert(pairs, output, names=read_stated("1=kidney,2=kidney"))


def test_pairs_of_a_published_data_set_are_named_and_that_is_told(pairs, output):
    for path in (*(pairs / "labels").iterdir(), *(pairs / "images").iterdir()):
        name = path.name.replace("anna", "amos_0001").replace("bert", "amos_0002")
        path.rename(path.with_name(name))
    steps = list(preparing(pairs, output, Wishes()))
    told = [step.notice for step in steps if step.notice]
    assert len(told) == 1
    assert "named as in AMOS22" in told[0]


def test_label_maps_that_name_a_value_differently_are_told(pairs, output):
    for path in (pairs / "labels").iterdir():
        organ = Organ(1, "liver" if "anna" in path.name else "spleen")
        write_labels(path, replace(read_labels(path), organs=(organ,)))
    with pytest.raises(AbdosegError, match=r"call 1 both liver and spleen: say .* --labels '1=l"):
        convert(pairs, output)


def test_label_maps_of_two_models_that_number_organs_differently_are_matched_by_name(pairs, output):
    """As where masks of a work list were predicted by different models."""
    numbers = {"anna": {"liver": 1, "spleen": 2}, "bert": {"Spleen": 1, "liver": 4, "aorta": 3}}
    for case, names in numbers.items():
        path = pairs / "labels" / f"{case}.nii.gz"
        write_label_map(path, tuple(names.values()))
        organs = tuple(Organ(value, name) for name, value in names.items())
        write_labels(path, replace(read_labels(path), organs=tuple(sorted(organs)), ignored=None))
    work = preparing(pairs, output, Wishes())
    steps, plan = run(work)
    told = [step.notice for step in steps if step.notice]
    assert any("number labels differently: their names count" in each for each in told)
    drain(converting(plan))
    assert described(output)["labels"] == {"background": 0, "liver": 1, "spleen": 2, "aorta": 3}
    for case, names in numbers.items():
        before = voxels(pairs / "labels" / f"{case}.nii.gz")
        after = voxels(output / "labelsTr" / f"{case}.nii.gz")
        for name, value in names.items():
            assert np.array_equal(
                after == described(output)["labels"][name.lower()], before == value
            )


def test_labels_that_some_label_maps_number_and_one_does_not_name_are_asked_for(pairs, output):
    for case, names in {"anna": {"liver": 1}, "bert": {"liver": 2}}.items():
        path = pairs / "labels" / f"{case}.nii.gz"
        write_label_map(path, (*names.values(), 7))
        organs = tuple(Organ(value, name) for name, value in names.items())
        write_labels(path, replace(read_labels(path), organs=organs, ignored=None))
    with pytest.raises(AbdosegError, match="7 without a name, and none is guessed"):
        convert(pairs, output)


def test_names_in_the_label_maps_themselves_are_taken(flare22, pairs, output, tmp_path):
    convert(flare22, output, organs=("aorta", "stomach"))
    labels = shutil.copytree(output / "labelsTr", tmp_path / "named" / "labels")
    for path in labels.iterdir():
        write_image(tmp_path / "named" / "images" / path.name.replace(".nii", "_0000.nii"))
    second = output.with_name("Dataset019_Second")
    convert(labels.parent, second, format="pairs")
    assert described(second)["labels"] == {"background": 0, "aorta": 1, "stomach": 2}


def test_no_label_map_that_can_be_read_is_told(pairs, output):
    for path in (pairs / "labels").iterdir():
        path.write_bytes(b"broken")
    with pytest.raises(AbdosegError, match=r"No label map of .* can be read"):
        convert(pairs, output)


def test_channels_without_names_are_asked_for(pairs, output):
    for case in ("anna", "bert"):
        write_image(pairs / "images" / f"{case}_0001.nii.gz", 7)
    conversion = convert(pairs, output, names=ABDOMINAL_ORGANS)
    assert "gives 2 channels, the data set has none with a name" in conversion.failed[0][1]
    convert(pairs, output, channels=("CT", "PET"), names=ABDOMINAL_ORGANS)
    assert described(output)["channel_names"] == {"0": "CT", "1": "PET"}


def test_missing_pairs_are_told_or_left_out(abdomenct1k, output):
    (abdomenct1k / "Mask" / "Case_00002.nii.gz").rename(abdomenct1k / "Mask" / "Case_00003.nii.gz")
    with pytest.raises(AbdosegError, match=r"no labels of Case_00002 and no image of Case_00003"):
        convert(abdomenct1k, output)
    convert(abdomenct1k, output, skip_unpaired=True)
    assert described(output)["numTraining"] == 2


@pytest.mark.parametrize(
    ("folder", "fault"), [("labels", "no labels of"), ("images", "no image of")]
)
def test_either_half_of_a_pair_may_be_missing(pairs, output, folder, fault):
    next((pairs / folder).glob("bert*")).unlink()
    with pytest.raises(AbdosegError, match=f"has {fault} bert"):
        convert(pairs, output, names=ABDOMINAL_ORGANS)


def test_a_name_in_training_and_testing_is_told(msd, output):
    (msd / "imagesTs" / "prostate_03.nii.gz").rename(msd / "imagesTs" / "prostate_01.nii.gz")
    with pytest.raises(AbdosegError, match="prostate_01 both for training and for testing"):
        convert(msd, output)


def test_an_unlabelled_case_may_be_for_testing(abdomenct1k, output):
    (abdomenct1k / "Mask" / "Case_00002.nii.gz").unlink()
    convert(abdomenct1k, output, test_cases=("Case_00002",))
    assert "imagesTs/Case_00002_0000.nii.gz" in files(output)
    assert not list((output / "labelsTs").iterdir())


@pytest.mark.parametrize(
    ("names", "message"),
    [
        (("Case_1",), "has no case Case_1, which the list of test cases names"),
        (("Case_00001", "Case_00002", "Case_00401"), "no case with image and labels to train on"),
    ],
)
def test_a_list_of_test_cases_must_fit(abdomenct1k, output, names, message):
    with pytest.raises(AbdosegError, match=message):
        convert(abdomenct1k, output, test_cases=names)


def test_a_list_of_test_cases_is_a_name_a_line(tmp_path):
    path = tmp_path / "test.txt"
    path.write_text("Case_00001, easy\n\n Case_00002\n", encoding="utf-8-sig")
    assert read_names(path) == ("Case_00001", "Case_00002")
    path.write_text("\n")
    with pytest.raises(AbdosegError, match="names no test case"):
        read_names(path)
    with pytest.raises(AbdosegError, match="no text file"):
        read_names(tmp_path / "none.txt")


def test_planning_writes_nothing(flare22, output):
    plan = drain(preparing(flare22, output, Wishes(renamed=KIDNEY)))
    assert plan.verbs == {"link": 2, "relabel": 2}
    assert plan.bytes_needed > 0
    assert not output.parent.exists()


def test_a_damaged_image_is_named_at_once_and_the_rest_goes_on(flare22, output):
    images = flare22 / "FLARE22_LabeledCase50-20230314" / "images"
    whole = (images / "FLARE22_Tr_0001_0000.nii.gz").read_bytes()
    (images / "FLARE22_Tr_0001_0000.nii.gz").write_bytes(whole[:20])
    steps, plan = run(preparing(flare22, output, Wishes()))
    assert [step.notice for step in steps if step.notice] == [
        f"{case} failed: {why}" for case, why in plan.failed
    ]
    conversion = drain(converting(plan))
    assert conversion.made == ("FLARE22_Tr_0002",)
    assert [case for case, _ in conversion.failed] == ["FLARE22_Tr_0001"]
    assert not (output / "dataset.json").exists()
    (images / "FLARE22_Tr_0001_0000.nii.gz").write_bytes(whole)
    mended = convert(flare22, output)
    assert (mended.made, mended.kept) == (("FLARE22_Tr_0001",), ("FLARE22_Tr_0002",))
    assert described(output)["numTraining"] == 2


def test_a_damaged_label_map_is_named_while_others_are_made(flare22, output):
    labels = flare22 / "FLARE22_LabeledCase50-20230314" / "labels" / "FLARE22_Tr_0002.nii.gz"
    labels.write_bytes(labels.read_bytes()[:-30])
    steps, conversion = run(converting(drain(preparing(flare22, output, Wishes(renamed=KIDNEY)))))
    (notice,) = [step.notice for step in steps if step.notice]
    assert notice.startswith("FLARE22_Tr_0002 failed: ")
    assert "truncated or damaged" in notice
    assert conversion.made == ("FLARE22_Tr_0001",)


def test_a_stopped_conversion_goes_on_with_what_is_missing(flare22, output):
    work = converting(drain(preparing(flare22, output, Wishes(renamed=KIDNEY))))
    while next(work).done < 1:
        pass
    work.close()
    assert not (output / "dataset.json").exists()
    made = output / "labelsTr" / "FLARE22_Tr_0001.nii.gz"
    before = made.stat().st_mtime_ns
    conversion = convert(flare22, output, renamed=KIDNEY)
    assert conversion.kept == ("FLARE22_Tr_0001",)
    assert made.stat().st_mtime_ns == before


def test_what_a_crash_left_of_a_case_is_made_again(flare22, output):
    convert(flare22, output, renamed=KIDNEY)
    record = output / ".conversion" / "FLARE22_Tr_0001.json"
    record.write_text(record.read_text().replace("true", "false"))
    labels = output / "labelsTr" / "FLARE22_Tr_0001.nii.gz"
    whole = unpacked(labels)
    labels.write_bytes(labels.read_bytes()[:10])
    conversion = convert(flare22, output, renamed=KIDNEY)
    assert conversion.made == ("FLARE22_Tr_0001",)
    assert unpacked(labels) == whole


@pytest.mark.parametrize("change", ["labels", "mapping", "lost"])
def test_a_case_made_from_something_else_is_made_again(flare22, output, change):
    convert(flare22, output, renamed=KIDNEY)
    renamed = KIDNEY
    if change == "labels":
        path = flare22 / "FLARE22_LabeledCase50-20230314" / "labels" / "FLARE22_Tr_0001.nii.gz"
        write_label_map(path, (1, 2))
        os.utime(path, (1, 1))
    elif change == "mapping":
        renamed = {**KIDNEY, "liver": "background"}
    else:
        (output / "imagesTr" / "FLARE22_Tr_0001_0000.nii.gz").unlink()
    conversion = convert(flare22, output, renamed=renamed)
    assert "FLARE22_Tr_0001" in conversion.made
    assert ("FLARE22_Tr_0002" in conversion.kept) == (change != "mapping")


def test_files_of_another_data_set_are_never_touched(pairs, output):
    mine = write_label_map(output / "labelsTr" / "anna.nii.gz")
    before = mine.read_bytes()
    with pytest.raises(AbdosegError, match=r"anna\.nii\.gz is in the way"):
        convert(pairs, output, names=ABDOMINAL_ORGANS)
    assert mine.read_bytes() == before
    mine.unlink()
    (output / "dataset.json").write_text("{}")
    with pytest.raises(AbdosegError, match=r"dataset\.json is in the way"):
        convert(pairs, output, names=ABDOMINAL_ORGANS)


def test_a_case_that_moved_to_the_test_set_does_not_stay_in_training(abdomenct1k, output):
    convert(abdomenct1k, output)
    with pytest.raises(AbdosegError, match=r"Case_00002.* is in the way: .* with other cases"):
        convert(abdomenct1k, output, test_cases=("Case_00002",))


def test_a_disk_too_small_is_told_before(flare22, output, monkeypatch):
    plan = drain(preparing(flare22, output, Wishes(renamed=KIDNEY)))
    room = shutil._ntuple_diskusage(100, 99, plan.bytes_needed - 1)
    monkeypatch.setattr(plan_module.shutil, "disk_usage", lambda path: room)
    with pytest.raises(SaveError, match="Nothing was written"):
        drain(converting(plan))
    assert not output.exists()


def test_a_folder_that_can_not_be_written_to_is_a_failure_of_the_case(pairs, output):
    plan = drain(preparing(pairs, output, Wishes(names=ABDOMINAL_ORGANS)))
    (output / "imagesTr" / "anna_0000.nii.gz").mkdir(parents=True)
    conversion = drain(converting(plan))
    assert [case for case, _ in conversion.failed] == ["anna"]


def test_phantoms_have_seeds_of_their_own_and_are_all_different(output):
    plan = plan_phantoms(60, output)
    assert plan.training == 60
    steps = {case.name: case.steps[0] for case in plan.cases}
    assert len(steps) == 80
    assert steps["phantom_000"].seed == 1000
    assert steps["phantom_test_019"].seed == 19
    assert {step.seed >= 1000 for name, step in steps.items() if "test" in name} == {False}
    assert steps["phantom_001"].spacing == (3, 3, 3)
    assert len({step.spacing for step in steps.values()}) == 41


def test_phantoms_are_written_and_kept(output):
    conversion = drain(converting(plan_phantoms(1, output)))
    assert conversion.made == ("phantom_000", "phantom_test_000")
    assert described(output)["overwrite_image_reader_writer"] == "SimpleITKIO"
    image, labels = (
        output / "imagesTr/phantom_000_0000.nii.gz",
        output / "labelsTr/phantom_000.nii.gz",
    )
    assert voxels(image).shape == voxels(labels).shape
    assert set(np.unique(voxels(labels))) == {0, 1, 2, 3, 4}
    assert drain(converting(plan_phantoms(1, output))).made == ()
