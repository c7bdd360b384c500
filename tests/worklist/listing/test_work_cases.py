"""Which cases a work list has, whatever its folder's layout."""

from __future__ import annotations

import pytest
from small_scans import write_image, write_label_map, write_masks

from napari_abdoseg.batch import tree as tree_module
from napari_abdoseg.errors import AbdosegError
from napari_abdoseg.progress import drain
from napari_abdoseg.worklist.listing.finding import Found, finding_work
from napari_abdoseg.worklist.records.work_folder import WorkFolder

SOLID = (1, 1, 1, 1, 1)
LAYOUTS = {
    "flat": (["b.nii.gz", "a_0000.nii.gz"], [], {"a": ("a", ""), "b": ("b", "")}),
    "nested": (
        ["p1/one/ct.nii.gz", "p1/two/ct.nii.gz", "p2/x.nii"],
        [],
        {"one": ("one", ""), "two": ("two", ""), "x": ("x", "")},
    ),
    "nnU-Net": (
        ["imagesTr/a_0000.nii.gz", "imagesTr/b_0000.nii.gz", "imagesTs/c_0000.nii.gz"],
        ["labelsTr/a.nii.gz", "labelsTr/b.nii.gz"],
        {"a": ("a", "labelsTr/a.nii.gz"), "b": ("b", "labelsTr/b.nii.gz"), "c": ("c", "")},
    ),
    "BIDS": (
        ["sub-01/ses-1/ct/sub-01_ses-1_ct.nii.gz", "sub-01/ses-2/ct/sub-01_ses-2_ct.nii.gz"],
        ["derivatives/nn/sub-01/sub-01_ses-1_dseg.nii.gz"],
        {
            "sub-01_ses-1_ct": ("sub-01", "derivatives/nn/sub-01/sub-01_ses-1_dseg.nii.gz"),
            "sub-01_ses-2_ct": ("sub-01", ""),
        },
    ),
    "BIDS without segmentations": (
        ["sub-01/ses-1/ct/sub-01_ses-1_ct.nii.gz", "sub-01/ses-2/ct/sub-01_ses-2_ct.nii.gz"],
        [],
        {"sub-01_ses-1_ct": ("sub-01", ""), "sub-01_ses-2_ct": ("sub-01", "")},
    ),
    "KiTS": (
        ["case_00000/imaging.nii.gz", "case_00001/imaging.nii.gz"],
        ["case_00000/segmentation.nii.gz"],
        {
            "case_00000": ("case_00000", "case_00000/segmentation.nii.gz"),
            "case_00001": ("case_00001", ""),
        },
    ),
}


@pytest.mark.parametrize("layout", LAYOUTS)
def test_cases_have_the_names_of_predict_and_what_the_layout_tells(tmp_path, layout):
    images, labels, expected = LAYOUTS[layout]
    for number, name in enumerate(images):
        write_image(tmp_path / "in" / name, number)
    for name in labels:
        write_label_map(tmp_path / "in" / name)
    found = drain(finding_work(WorkFolder.of(tmp_path / "in"), Found()))
    assert {case.name: (case.patient, case.reference) for case in found.cases} == expected
    assert all((tmp_path / "in" / case.image).is_file() for case in found.cases)


def test_masks_a_file_an_organ_are_a_reference(tmp_path):
    for name in ("s0001", "s0002"):
        write_image(tmp_path / "in" / name / "ct.nii.gz")
        write_masks(tmp_path / "in" / name / "segmentations", {"liver": (1,), "spleen": (2,)})
    found = drain(finding_work(WorkFolder.of(tmp_path / "in"), Found()))
    assert [case.reference for case in found.cases] == [
        "s0001/segmentations",
        "s0002/segmentations",
    ]


def test_of_files_that_were_known_none_is_read_again(tmp_path, monkeypatch):
    folder = WorkFolder.of(tmp_path / "in")
    write_image(tmp_path / "in" / "a.nii.gz")
    write_label_map(tmp_path / "in" / "drawn.nii.gz", SOLID)
    before = drain(finding_work(folder, Found()))
    read = []
    looks = tree_module.holds_labels
    monkeypatch.setattr(tree_module, "holds_labels", lambda path: read.append(path) or looks(path))
    assert drain(finding_work(folder, before)) is before
    write_image(tmp_path / "in" / "new.nii.gz", 1)
    (tmp_path / "in" / "a.nii.gz").rename(tmp_path / "in" / "renamed.nii.gz")
    found = drain(finding_work(folder, before))
    assert [case.name for case in found.cases] == ["new", "renamed"]
    assert sorted(path.name for path in read) == ["new.nii.gz", "renamed.nii.gz"]


def test_what_can_be_no_work_list_is_said_in_a_sentence(tmp_path):
    scans = tmp_path / "in"
    write_label_map(scans / "drawn.nii.gz", SOLID)
    with pytest.raises(AbdosegError, match="all are label maps"):
        drain(finding_work(WorkFolder.of(scans), Found()))
    write_image(scans / "a.nii.gz")
    with pytest.raises(AbdosegError, match="would be taken for scans"):
        drain(finding_work(WorkFolder.of(scans, scans / "masks"), Found()))
    with pytest.raises(AbdosegError, match="nowhere"):
        drain(finding_work(WorkFolder.of(tmp_path / "nowhere"), Found()))


@pytest.mark.parametrize(
    ("one", "other", "told"),
    [
        ("a.nii.gz", "a.nii", "both the case 'in_a'"),
        ("a.nii.gz", "a_0000.nii.gz", "both the case 'in_a'"),
        ("Case7.nii.gz", "case7.nii.gz", "'in_Case7' and 'in_case7', whose results would have"),
        ("p/Case7.nii.gz", "P/case7.nii.gz", "on disks that take capital letters for small ones"),
        ("stra\u00dfe.nii.gz", "STRASSE.nii.gz", "the cases 'in_STRASSE' and 'in_stra\u00dfe'"),
        ("\u00e4.nii.gz", "a\u0308.nii.gz", "whose results would have one name"),
    ],
)
def test_two_cases_of_one_name_on_any_disk_are_told(tmp_path, one, other, told):
    folder = WorkFolder.of(tmp_path / "in")
    write_image(folder.scans / one)
    write_image(folder.scans / other, 1)
    if len(list(folder.scans.rglob("*.nii*"))) < 2:
        pytest.skip("this disk can't have both")
    with pytest.raises(AbdosegError, match=rf"{told}.*rename one of them"):
        drain(finding_work(folder, Found()))


@pytest.mark.parametrize("names", [("a", "a"), ("a", "A")])
def test_cases_of_one_name_in_two_folders_are_told_apart(tmp_path, names):
    folder = WorkFolder.of(tmp_path / "in")
    for number, name in enumerate(names):
        write_image(folder.scans / f"p{number}" / f"{name}.nii.gz", number)
    found = drain(finding_work(folder, Found()))
    assert [case.name for case in found.cases] == [f"p{n}_{name}" for n, name in enumerate(names)]
