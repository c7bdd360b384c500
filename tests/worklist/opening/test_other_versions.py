"""Versions beside the one that counts: bad ones are told, and change nothing."""

from __future__ import annotations

from functools import partial

import pytest

from napari_abdoseg.errors import AbdosegError
from napari_abdoseg.image.nifti.volumes import write_labels, write_volume
from napari_abdoseg.image.phantom import make_phantom
from napari_abdoseg.progress import drain
from napari_abdoseg.worklist.listing.listing import listing
from napari_abdoseg.worklist.opening.claims import claiming
from napari_abdoseg.worklist.opening.other_versions import counting, exchanging, reading_beside
from napari_abdoseg.worklist.records.case_record import CaseRecord, Version
from napari_abdoseg.worklist.records.changing import change_record
from napari_abdoseg.worklist.records.record_files import read_record, write_record
from napari_abdoseg.worklist.records.work_folder import WorkFolder

OWN, OTHER = Version("a.nii.gz", "prediction"), Version("versions/a_2.nii.gz", "correction", "anna")
SPACING, COARSER = (16.0, 12.0, 12.0), (18.0, 12.0, 12.0)


@pytest.fixture
def folder(tmp_path):
    """A case with a version beside its own label map, which is of another grid."""
    folder = WorkFolder.of(tmp_path / "cts")
    for place in (folder.scans, folder.masks / "versions", folder.records):
        place.mkdir(parents=True)
    scan, labels = make_phantom(0, SPACING)
    write_volume(folder.scans / "a_0000.nii.gz", scan)
    write_labels(folder.labels_of("a"), labels)
    write_labels(folder.masks / OTHER.file, make_phantom(0, COARSER)[1])
    write_record(folder.record_of("a"), CaseRecord("a", "a_0000.nii.gz", versions=(OTHER,)))
    return folder


@pytest.fixture
def row(folder):
    return drain(listing(folder))[0]


def test_any_version_counts_once_it_is_chosen(folder, row):
    write_labels(folder.masks / OTHER.file, make_phantom(1, SPACING)[1])
    assert change_record(folder, "a", counting(folder, row, OTHER)).current == OTHER.file
    assert change_record(folder, "a", counting(folder, row, OWN)).current == ""


def test_a_version_that_is_unknown_or_gone_never_counts(folder, row):
    unknown = Version("versions/a_3.nii.gz", "correction")
    write_labels(folder.masks / unknown.file, make_phantom(0, SPACING)[1])
    with pytest.raises(AbdosegError, match="has no version"):
        change_record(folder, "a", counting(folder, row, unknown))
    (folder.masks / OTHER.file).unlink()
    with pytest.raises(AbdosegError, match=r"a_2\.nii\.gz"):
        change_record(folder, "a", counting(folder, row, OTHER))
    assert read_record(folder.record_of("a")).current == ""


def test_a_version_of_another_grid_is_told_and_the_case_stays_open(folder, row):
    claim = claiming(folder, "a")
    scan = make_phantom(0, SPACING)[0]
    for work in (
        partial(exchanging, folder, row, OTHER, claim),
        partial(reading_beside, folder, [OWN, OTHER], scan.grid),
    ):
        with pytest.raises(AbdosegError, match="do not lie on one grid"):
            drain(work())
    assert read_record(folder.record_of("a")).current == ""
    assert claim.lease.is_held
    claim.end()


def test_a_scan_that_holds_labels_by_now_is_told(folder, row):
    claim = claiming(folder, "a")
    write_labels(folder.scans / "a_0000.nii.gz", make_phantom(0, SPACING)[1])
    with pytest.raises(AbdosegError, match="holds labels"):
        drain(exchanging(folder, row, OWN, claim))
    claim.end()
