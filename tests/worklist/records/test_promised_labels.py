"""No status that promises a label map is given to a case that has none of its scan."""

from __future__ import annotations

import nibabel as nib
import numpy as np
import pytest
from small_scans import AFFINE, write_image, write_label_map

from napari_abdoseg.errors import ImageError, WorkListError
from napari_abdoseg.worklist.listing.listing import NO_LABELS
from napari_abdoseg.worklist.opening.other_versions import counting
from napari_abdoseg.worklist.opening.steps import accepted, setting
from napari_abdoseg.worklist.records.case_record import CaseRecord, Status, Version
from napari_abdoseg.worklist.records.changing import change_record
from napari_abdoseg.worklist.records.promised_labels import PROMISING
from napari_abdoseg.worklist.records.record_files import read_record
from napari_abdoseg.worklist.versions.versions import version_at

HANDED_IN = CaseRecord("a", status=Status.NEEDS_REVIEW)
NOT_ALL = tuple(status for status in Status if status not in PROMISING)
GIVING = {
    **{str(status): lambda f, row, s=status: setting(f, row, s) for status in PROMISING},
    "accepted": accepted,
}


def write_elsewhere(path):
    """A label map of another scan, a centimetre away."""
    moved = np.array(AFFINE, dtype=float)
    moved[0, 3] += 10
    nib.save(nib.Nifti1Image(np.ones((9, 8, 7), np.uint8), moved), path)


def write_text(path):
    path.write_text("no label map")


def write_half(path):
    whole = write_label_map(path).read_bytes()
    path.write_bytes(whole[: len(whole) // 2])


DAMAGED = (write_text, write_half, write_image)


@pytest.mark.parametrize("current", ["", "anna/a.nii.gz"])
@pytest.mark.parametrize("giving", GIVING.values(), ids=GIVING)
@pytest.mark.parametrize(
    ("write", "error", "told"),
    [
        (lambda path: None, WorkListError, r"a has no label map: .*a\.nii\.gz is not there\."),
        (write_elsewhere, WorkListError, "a stays as it is: .* do not lie on one grid"),
        *((write, ImageError, r"a stays as it is: .*a\.nii\.gz") for write in DAMAGED),
    ],
    ids=["none", "elsewhere", "text", "half", "scan"],
)
def test_a_status_is_given_once_the_label_map_that_counts_is_there(
    folder, rows, giving, current, write, error, told
):
    handed_in = CaseRecord("a", status=Status.NEEDS_REVIEW, current=current)
    before = change_record(folder, "a", lambda _: handed_in)
    if current:
        write_label_map(folder.labels_of("a"))  # not the one that counts
    labels = folder.masks / (current or "a.nii.gz")
    labels.parent.mkdir(parents=True, exist_ok=True)
    write(labels)
    change = giving(folder, rows(folder)["a"])
    with pytest.raises(error, match=told):
        change_record(folder, "a", change)
    assert read_record(folder.record_of("a")) == before
    write_label_map(labels)
    assert change_record(folder, "a", change).status in PROMISING


@pytest.mark.parametrize("status", NOT_ALL)
@pytest.mark.parametrize("current", ["", "gone.nii.gz"])
def test_what_promises_no_label_map_needs_none(folder, rows, status, current):
    change_record(folder, "a", lambda _: CaseRecord("a", current=current))
    row = rows(folder)["a"]
    assert change_record(folder, "a", setting(folder, row, status)).status is status


def test_of_a_case_whose_scan_is_gone_the_label_map_alone_is_asked_for(folder, rows):
    write_elsewhere(write_label_map(folder.labels_of("a")))
    change_record(folder, "a", lambda _: HANDED_IN)
    (folder.scans / "a_0000.nii.gz").unlink()
    change = setting(folder, rows(folder)["a"], Status.DONE)
    assert change_record(folder, "a", change).status is Status.DONE


@pytest.mark.parametrize("write", [write_elsewhere, *DAMAGED])
def test_no_version_counts_or_is_added_that_was_made_of_another_scan(folder, rows, write):
    version = Version("b/a.nii.gz", "prediction", "demo")
    change_record(folder, "a", lambda _: CaseRecord("a", versions=(version,)))
    path = folder.masks / version.file
    path.parent.mkdir(parents=True)
    write(path)
    row = rows(folder)["a"]
    with pytest.raises((WorkListError, ImageError), match="a stays as it is"):
        change_record(folder, "a", counting(folder, row, version))
    with pytest.raises((WorkListError, ImageError), match="a stays as it is"):
        version_at(folder, "a", path, folder.scans / row.image)
    assert read_record(folder.record_of("a")).current == ""


@pytest.mark.parametrize("status", PROMISING[1:])
@pytest.mark.parametrize("current", ["", "anna/a.nii.gz"])
def test_a_label_map_that_is_gone_since_is_told_in_the_list(folder, rows, status, current):
    path = write_label_map(folder.masks / (current or "a.nii.gz"))
    change_record(folder, "a", lambda _: CaseRecord("a", status=status, current=current))
    assert rows(folder)["a"].problem == ""
    path.unlink()
    told = NO_LABELS.format(current or "a.nii.gz")
    assert rows(folder)["a"].problem == told
