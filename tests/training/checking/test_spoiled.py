"""Each thing that ruins training, done to a sound data set, is found and nothing else is."""

from __future__ import annotations

import json
import shutil

import nibabel as nib
import numpy as np
import pytest
from working import run

from napari_abdoseg.errors import AbdosegError
from napari_abdoseg.evaluation import processes
from napari_abdoseg.progress import drain
from napari_abdoseg.training.checking import check as check_module
from napari_abdoseg.training.checking.check import checking
from napari_abdoseg.training.checking.problem import WHOLE, Kind


def image(dataset, number=2):
    return dataset / "imagesTr" / f"case{number}_0000.nii.gz"


def labels(dataset, number=2):
    return dataset / "labelsTr" / f"case{number}.nii.gz"


def change(path, voxels=lambda data: data, affine=lambda matrix: matrix, dtype=None):
    """Write a file anew with other voxels or another affine."""
    old = nib.load(path)
    data = voxels(np.asanyarray(old.dataobj).copy())
    data = data.astype(dtype or old.get_data_dtype())
    nib.save(nib.Nifti1Image(data, affine(old.affine.copy())), path)


def found(dataset):
    """Case, kind and severity of each problem."""
    check = drain(checking(dataset))
    return [(problem.case, problem.kind, problem.severity) for problem in check.problems]


def only(dataset):
    """The one problem of a data set."""
    (problem,) = drain(checking(dataset)).problems
    return problem


def mirrored(axis):
    def mirror(affine):
        affine[axis] *= -1
        return affine

    return mirror


def shifted(affine):
    affine[0, 3] += 20
    return affine


def turned(affine):
    return np.array([[1, 0, 0, 0], [0, 0, -1, 0], [0, 1, 0, 0], [0, 0, 0, 1.0]]) @ affine


def test_a_sound_data_set_has_no_problem(dataset):
    check = drain(checking(dataset))
    assert check.problems == ()
    assert not check.ruined
    assert [fact.case for fact in check.facts] == [f"case{number}" for number in range(6)]
    assert all(fact.picture.startswith(b"\xff\xd8") for fact in check.facts)
    assert all(set(fact.organs) == {1, 2, 3, 4} for fact in check.facts)


@pytest.mark.parametrize("name", ["image", "labels"])
def test_a_damaged_file_is_named_at_once_and_the_rest_is_checked(dataset, name):
    path = {"image": image, "labels": labels}[name](dataset)
    path.write_bytes(path.read_bytes()[:-200])
    steps, check = run(checking(dataset))
    (notice,) = [step.notice for step in steps if step.notice]
    assert str(path) in notice
    at = next(number for number, step in enumerate(steps) if step.notice)
    assert steps[at].done < steps[-1].done
    assert len(check.facts) == 6
    assert check.problems[0].kind is Kind.READING


def test_a_link_to_nowhere_is_told(dataset):
    image(dataset).unlink()
    image(dataset).symlink_to("/nowhere/case2.nii.gz")
    assert "does not exist" in drain(checking(dataset)).problems[0].message


def test_voxels_that_are_no_numbers_are_told(dataset):
    def spoil(data):
        data = data.astype(np.float32)
        data[0, 0, 0] = np.nan
        return data

    change(image(dataset), spoil, dtype=np.float32)
    problem = only(dataset)
    assert problem.kind is Kind.READING
    assert "not a number" in problem.message


@pytest.mark.parametrize(
    ("affine", "message"),
    [
        (shifted, "shifted by 20 mm"),
        (lambda matrix: matrix @ np.diag([1, 1, 1.5, 1]), "its spacing is"),
        (mirrored(0), "mirrored or turned"),
        (lambda matrix: matrix @ np.diag([1, 1, 1.0001, 1]), "by a rounding error"),
    ],
)
def test_labels_on_another_grid_are_told(dataset, affine, message):
    change(labels(dataset), affine=affine)
    problems = drain(checking(dataset)).problems
    assert problems[0].kind is Kind.GEOMETRY
    assert message in problems[0].message


def test_axes_that_simpleitk_refuses_are_told(dataset):
    import SimpleITK

    def shear(affine):
        affine[0, 1] += 1.0
        return affine

    for path in (image(dataset), labels(dataset)):
        change(path, affine=shear)
    with pytest.raises(RuntimeError, match="orthonormal"):
        SimpleITK.ReadImage(image(dataset))
    problem = only(dataset)
    assert problem.kind is Kind.GEOMETRY
    assert "not at right angles" in problem.message


def test_labels_of_another_shape_are_told(dataset):
    change(labels(dataset), lambda data: data[:-1])
    problem = only(dataset)
    assert problem.kind is Kind.GEOMETRY
    assert "its shape is" in problem.message


@pytest.mark.parametrize(
    ("affine", "message"),
    [
        (mirrored(0), "with left and right swapped"),
        (mirrored(1), "with front and back swapped"),
        (mirrored(2), "with head and foot swapped"),
        (lambda matrix: mirrored(0)(mirrored(1)(matrix)), "left and right and with front and back"),
        (turned, "turned to other axes"),
    ],
)
def test_a_mirrored_or_turned_case_is_told(dataset, affine, message):
    for path in (image(dataset), labels(dataset)):
        change(path, affine=affine)
    problems = drain(checking(dataset)).problems
    assert problems[0].case == "case2"
    assert problems[0].kind is Kind.ORIENTATION
    assert problems[0].ruins
    assert message in problems[0].message
    assert {problem.kind for problem in problems} == {Kind.ORIENTATION}


def test_mirrored_voxels_under_a_right_affine_are_told(dataset):
    for path in (image(dataset), labels(dataset)):
        change(path, lambda data: data[::-1])
    assert "with left and right swapped" in only(dataset).message


def test_a_data_set_that_is_mirrored_as_a_whole_is_told(dataset):
    for kind in ("Tr", "Ts"):
        for path in (*dataset.glob(f"images{kind}/*"), *dataset.glob(f"labels{kind}/*")):
            change(path, affine=mirrored(0))
    problem = only(dataset)
    assert problem.case == WHOLE
    assert "In most cases the liver lies" in problem.message
    assert "left of the spleen" in problem.message


def test_a_single_mirrored_case_is_told_by_anatomy(dataset):
    for path in dataset.rglob("case[01345]*.nii.gz"):
        path.unlink()
    for path in (image(dataset), labels(dataset)):
        change(path, affine=mirrored(2))
    (dataset / "dataset.json").write_text(
        (dataset / "dataset.json").read_text().replace('"numTraining": 5', '"numTraining": 1')
    )
    assert "The liver lies" in only(dataset).message
    assert "below the kidney" in only(dataset).message


def test_other_orders_of_axes_are_told(dataset):
    for path in (image(dataset), labels(dataset)):
        nib.save(nib.as_closest_canonical(nib.load(path)), path)
    problem = only(dataset)
    assert (problem.case, problem.kind, problem.ruins) == (WHOLE, Kind.ORIENTATION, False)
    assert "LPS (5), RAS (1)" in problem.message
    description = json.loads((dataset / "dataset.json").read_text())
    description["overwrite_image_reader_writer"] = "NibabelIOWithReorient"
    (dataset / "dataset.json").write_text(json.dumps(description))
    assert found(dataset) == []


def test_slices_that_are_not_axial_are_told(dataset):
    to_coronal = nib.orientations.axcodes2ornt("LSA")
    for path in (image(dataset), labels(dataset)):
        scan = nib.load(path)
        way = nib.orientations.ornt_transform(nib.io_orientation(scan.affine), to_coronal)
        nib.save(scan.as_reoriented(way), path)
    assert found(dataset) == [
        (WHOLE, Kind.ORIENTATION, "warning"),
        ("case2", Kind.ORIENTATION, "warning"),
    ]


@pytest.mark.parametrize(
    ("voxels", "severity", "message"),
    [
        (lambda hu: np.clip((hu + 160) / 400 * 255, 0, 255), "error", "like a picture"),
        (lambda hu: hu + 1024, "error", "the rescale intercept"),
        (lambda hu: hu * 10, "error", "do not seem to be Hounsfield units"),
        (lambda hu: hu * 0 + 40, "error", "has the value 40 everywhere"),
        (lambda hu: np.clip(hu, -160, 240), "warning", "air and bone cut off"),
        (lambda hu: np.clip(hu, -1024, 240), "warning", "bone cut off"),
        (lambda hu: np.where(hu == hu.max(), -30000, hu), "warning", "beyond what a CT has"),
    ],
)
def test_values_that_are_not_hounsfield_units_are_told(dataset, voxels, severity, message):
    change(image(dataset), voxels, dtype=np.int16)
    problem = only(dataset)
    assert (problem.kind, problem.severity) == (Kind.INTENSITY, severity)
    assert message in problem.message


def test_other_channels_may_have_any_values(dataset):
    for path in dataset.glob("images*/*"):
        change(path, lambda hu: hu + 1024)
    description = (dataset / "dataset.json").read_text().replace('"CT"', '"T2"')
    (dataset / "dataset.json").write_text(description)
    assert found(dataset) == []


def test_a_value_outside_the_scheme_is_told(dataset):
    change(labels(dataset), lambda data: np.where(data == 4, 7, data))
    problems = drain(checking(dataset)).problems
    assert [problem.kind for problem in problems] == [Kind.LABELS, Kind.MISSING]
    assert "value 7, which is not in dataset.json (liver (1), kidney (2)" in problems[0].message


def test_fractions_are_no_labels(dataset):
    change(labels(dataset), lambda data: data * 0.5, dtype=np.float32)
    assert found(dataset) == [("case2", Kind.LABELS, "error")]


def test_a_label_map_of_background_is_told(dataset):
    change(labels(dataset), lambda data: data * 0)
    problem = only(dataset)
    assert (problem.kind, problem.ruins) == (Kind.LABELS, True)
    assert "is all background" in problem.message


def test_a_missing_organ_is_told_of_one_of_many_and_of_all_cases(dataset):
    change(labels(dataset), lambda data: np.where(data == 4, 0, data))
    assert found(dataset) == [("case2", Kind.MISSING, "warning")]
    for number in (0, 1):
        change(labels(dataset, number), lambda data: np.where(data == 4, 0, data))
    assert (WHOLE, Kind.MISSING, "warning") in found(dataset)
    for number in (3, 4):
        change(labels(dataset, number), lambda data: np.where(data == 4, 0, data))
    assert (WHOLE, Kind.MISSING, "error") in found(dataset)


def test_an_organ_of_another_size_is_told(dataset):
    def shrink(data):
        spleen = np.argwhere(data == 3)
        keep = spleen[len(spleen) // 2]
        data[data == 3] = 0
        data[tuple(keep)] = 3
        return data

    change(labels(dataset), shrink)
    problem = only(dataset)
    assert (problem.kind, problem.ruins) == (Kind.VOLUME, False)
    assert "Its spleen has 0.64 ml" in problem.message


def test_an_organ_cut_off_by_the_edge_is_called_so(dataset):
    for path in (image(dataset), labels(dataset)):
        change(path, lambda data: data[..., 25:])
    messages = [problem.message for problem in drain(checking(dataset)).problems]
    assert any("it is cut off by the edge of the scan" in message for message in messages)


def test_an_organ_in_another_place_is_told(dataset):
    change(
        labels(dataset), lambda data: np.where(data == 3, 0, data) + 3 * np.roll(data == 3, -16, 2)
    )
    assert only(dataset).kind is Kind.PLACE
    assert "The spleen lies 153 mm" in only(dataset).message


def test_another_spacing_is_told(dataset):
    for path in (image(dataset), labels(dataset)):
        change(path, affine=lambda matrix: matrix @ np.diag([1, 1, 4, 1]))
    problems = drain(checking(dataset)).problems
    spacing = [problem for problem in problems if problem.kind is Kind.SPACING]
    assert [problem.case for problem in spacing] == ["case2"]
    assert "40 mm apart from head to foot" in spacing[0].message


@pytest.mark.parametrize(
    ("folder", "message"),
    [("Tr", "in cross-validation it is trained on and tested"), ("Ts", "the test tells nothing")],
)
def test_an_image_that_occurs_twice_is_told_however_it_is_stored(dataset, folder, message):
    for source, name in ((image(dataset), "images"), (labels(dataset), "labels")):
        suffix = "_0000" if name == "images" else ""
        copy = dataset / f"{name}{folder}" / f"other{suffix}.nii.gz"
        nib.save(nib.as_closest_canonical(nib.load(source)), copy)
        change(copy, dtype=np.float32)
    problems = [p for p in drain(checking(dataset)).problems if p.kind is Kind.DUPLICATE]
    (problem,) = problems
    assert problem.case == "other"
    assert "It is the same image as case2 (imagesTr)" in problem.message
    assert message in problem.message


def test_two_test_cases_of_one_image_count_twice(dataset):
    for name, suffix in (("images", "_0000"), ("labels", "")):
        test = dataset / f"{name}Ts" / f"case5{suffix}.nii.gz"
        shutil.copy(test, test.with_name(f"more{suffix}.nii.gz"))
    assert "it counts twice" in only(dataset).message


def test_labels_of_another_case_are_told(dataset):
    shutil.copy(labels(dataset, 3), labels(dataset, 4))
    problem = only(dataset)
    assert (problem.case, problem.kind) == ("case4", Kind.DUPLICATE)
    assert "the very labels of case3" in problem.message


def test_a_missing_label_map_and_one_without_an_image_are_told(dataset):
    labels(dataset).rename(dataset / "labelsTr" / "case9.nii.gz")
    assert found(dataset) == [(WHOLE, Kind.FILES, "error"), ("case2", Kind.FILES, "error")]


def test_a_missing_channel_is_told(dataset):
    description = json.loads((dataset / "dataset.json").read_text())
    description["channel_names"]["1"] = "PET"
    (dataset / "dataset.json").write_text(json.dumps(description))
    for path in dataset.glob("images*/*"):
        if "case2" not in path.name:
            shutil.copy(path, path.with_name(path.name.replace("_0000", "_0001")))
    assert found(dataset) == [("case2", Kind.FILES, "error")]


def test_a_channel_on_another_grid_is_told(dataset):
    description = json.loads((dataset / "dataset.json").read_text())
    description["channel_names"]["1"] = "PET"
    (dataset / "dataset.json").write_text(json.dumps(description))
    for path in list(dataset.glob("images*/*")):
        second = path.with_name(path.name.replace("_0000", "_0001"))
        shutil.copy(path, second)
        if "case2" in path.name:
            change(second, lambda data: data[:, :-1])
    assert found(dataset) == [("case2", Kind.GEOMETRY, "error")]


def test_a_wrong_number_of_cases_and_values_with_a_gap_are_told(dataset):
    description = json.loads((dataset / "dataset.json").read_text())
    description["numTraining"] = 6
    description["labels"]["lung"] = 9
    (dataset / "dataset.json").write_text(json.dumps(description))
    assert found(dataset) == [
        (WHOLE, Kind.FILES, "error"),
        (WHOLE, Kind.LABELS, "error"),
        (WHOLE, Kind.MISSING, "error"),
    ]


def test_a_case_of_one_name_in_training_and_testing_is_told(dataset):
    for name, suffix in (("images", "_0000"), ("labels", "")):
        test = dataset / f"{name}Ts" / f"case5{suffix}.nii.gz"
        test.rename(test.with_name(f"case2{suffix}.nii.gz"))
    assert found(dataset) == [("case2", Kind.DUPLICATE, "error")]


def test_a_process_that_dies_is_a_case_that_can_not_be_read(dataset, monkeypatch):
    def die(function, items, workers, stage, notice):
        outcome = AbdosegError("The process that worked on it died.")
        return (
            yield from processes.over_processes(
                lambda item: _raise(outcome), items, 1, stage, notice
            )
        )

    def _raise(error):
        raise error

    monkeypatch.setattr(check_module, "over_processes", die)
    check = drain(checking(dataset))
    assert {problem.kind for problem in check.problems} == {Kind.READING}
    assert len(check.problems) == 6


def test_an_unlabelled_test_case_is_looked_at_too(dataset):
    (dataset / "labelsTs" / "case5.nii.gz").unlink()
    change(dataset / "imagesTs" / "case5_0000.nii.gz", lambda hu: hu + 1024)
    assert found(dataset) == [("case5", Kind.INTENSITY, "error")]


def test_organs_that_few_cases_have_together_are_compared_by_what_they_share(dataset):
    for number, gone in enumerate(((1, 2, 3), (2, 3, 4), (1, 3, 4), (1, 2, 4))):
        change(
            labels(dataset, number), lambda data, gone=gone: np.where(np.isin(data, gone), 0, data)
        )
    kinds = {problem.kind for problem in drain(checking(dataset)).problems}
    assert kinds == {Kind.MISSING}


def test_a_scan_of_air_has_no_body_to_compare_with(dataset):
    change(image(dataset), lambda hu: np.where(hu % 2, -990, -1000))
    assert found(dataset) == [("case2", Kind.INTENSITY, "error")]


@pytest.mark.parametrize(
    ("axes", "swapped"),
    [
        ((0,), "left-right"),
        ((1,), "front-back"),
        ((2,), "head-foot"),
        ((0, 1), "left-right and front-back"),
        ((0, 2), "left-right and head-foot"),
        ((1, 2), "front-back and head-foot"),
        ((0, 1, 2), "left-right and front-back and head-foot"),
    ],
)
def test_an_image_that_is_mirrored_against_its_labels_is_told(dataset, axes, swapped):
    change(image(dataset), lambda hu: np.flip(hu, axes))
    problem = only(dataset)
    assert (problem.case, problem.kind, problem.ruins) == ("case2", Kind.ORIENTATION, True)
    assert f"with the image flipped {swapped}: " in problem.message


@pytest.mark.parametrize("axis", range(3))
def test_labels_that_are_mirrored_against_their_image_are_told(dataset, axis):
    change(labels(dataset), lambda data: np.flip(data, axis))
    messages = [problem.message for problem in drain(checking(dataset)).problems]
    assert sum("mirrored against each other" in message for message in messages) == 1


def test_two_mirrored_images_of_six_are_told(dataset):
    for number in (1, 3):
        change(image(dataset, number), lambda hu: hu[::-1])
    told = [problem.case for problem in drain(checking(dataset)).problems]
    assert told == ["case1", "case3"]


def test_images_with_and_without_contrast_are_not_taken_for_mirrored(dataset):
    for number in (0, 1, 2):
        change(image(dataset, number), lambda hu: np.where((hu > 60) & (hu < 250), 45, hu))
    assert found(dataset) == []


def test_images_of_few_cases_are_not_compared(dataset):
    for path in dataset.rglob("case[345]*.nii.gz"):
        path.unlink()
    description = (
        (dataset / "dataset.json").read_text().replace('"numTraining": 5', '"numTraining": 3')
    )
    (dataset / "dataset.json").write_text(description)
    change(image(dataset), lambda hu: hu[::-1])
    assert found(dataset) == []


def test_values_of_other_channels_are_no_tissues(dataset):
    description = (dataset / "dataset.json").read_text().replace('"CT"', '"T2"')
    (dataset / "dataset.json").write_text(description)
    change(image(dataset), lambda hu: hu[::-1])
    assert found(dataset) == []
