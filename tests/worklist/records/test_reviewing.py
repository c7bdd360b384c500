"""A reviewer's word on a case."""

from __future__ import annotations

import nibabel as nib
import pytest
from small_scans import write_label_map

from napari_abdoseg.correction.journal.holder import user_name
from napari_abdoseg.errors import WorkListError
from napari_abdoseg.worklist.listing.listing import next_row
from napari_abdoseg.worklist.records.case_record import Status
from napari_abdoseg.worklist.records.changing import change_record, with_status
from napari_abdoseg.worklist.records.reviewing import accepting, place_in, sending_back


def test_a_case_is_sent_back_with_a_place_and_comes_first_then_is_accepted(folder, rows):
    for name in "ab":
        change_record(folder, name, with_status(Status.IN_PROGRESS))
    change_record(folder, "b", with_status(Status.NEEDS_REVIEW))
    scan = folder.scans / "b_0000.nii.gz"
    place = place_in(scan, (1, 2, 3))
    assert place.position_mm == tuple((nib.load(scan).affine @ [1, 2, 3, 1])[:3].round(3))
    back = change_record(folder, "b", sending_back("the vein is missing", place))
    assert (back.status, back.user, back.verdicts[-1].place) == (
        *(Status.IN_PROGRESS, user_name()),
        place,
    )
    assert rows(folder)["b"].is_sent_back
    assert next_row(rows(folder).values(), user=user_name()).name == "b"
    change_record(folder, "b", with_status(Status.NEEDS_REVIEW))
    write_label_map(folder.labels_of("b"))
    done = change_record(folder, "b", accepting("good"))
    assert done.status is Status.DONE
    assert [verdict.accepted for verdict in done.verdicts] == [False, True]
    assert not rows(folder)["b"].is_sent_back


def test_what_nobody_handed_in_is_not_judged(folder):
    change_record(folder, "a", with_status(Status.IN_PROGRESS))
    for word in (accepting(), sending_back("more")):
        with pytest.raises(WorkListError, match="a is in progress: a case is judged when it needs"):
            change_record(folder, "a", word)


@pytest.mark.parametrize("voxel", [(9, 0, 0), (0, -1, 0), (0, 0)])
def test_a_place_that_the_scan_has_not_is_refused(folder, voxel):
    with pytest.raises(WorkListError, match="give i,j,k below 9 x 8 x 7"):
        place_in(folder.scans / "a_0000.nii.gz", voxel)


def test_a_case_is_not_sent_back_without_a_word():
    with pytest.raises(WorkListError, match="say what is to be done"):
        sending_back(" ")
