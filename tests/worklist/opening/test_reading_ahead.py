"""Cases that are read before they are asked for, and what becomes of them when files change."""

from __future__ import annotations

import os
import threading
from dataclasses import replace

import numpy as np
import psutil
import pytest
from small_scans import write_image, write_label_map

from napari_abdoseg.errors import ImageError, WorkListError
from napari_abdoseg.image.files.remembered import RememberedChoices
from napari_abdoseg.image.names.chosen_schemes import remember_scheme
from napari_abdoseg.image.names.published_schemes import find_scheme
from napari_abdoseg.image.nifti.volumes import read_labels
from napari_abdoseg.image.shown_case import ShownCase
from napari_abdoseg.progress import drain
from napari_abdoseg.worklist.opening.reading_ahead import ReadingAhead

AHEAD, HERE = "abdoseg reading ahead", "MainThread"


@pytest.fixture
def read(monkeypatch):
    """Scans that were read, each with the thread that did it."""
    done = []
    really = ShownCase.read.__func__

    def note(cls, image, labels=None):
        done.append((image.name[0], threading.current_thread().name.split("_")[0]))
        return really(cls, image, labels)

    monkeypatch.setattr(ShownCase, "read", classmethod(note))
    return done


@pytest.fixture
def ahead():
    reading = ReadingAhead()
    yield reading
    reading.close()


@pytest.fixture
def settled(folder, ahead):
    """A function that has cases read ahead, and waits for it."""

    def want(*rows):
        ahead.want(folder, rows)
        for each in ahead._ahead.values():
            each.future.exception()

    return want


@pytest.fixture
def masked(folder, rows):
    """Case a as it is listed with a label map."""
    write_label_map(folder.labels_of("a"))
    return rows(folder)["a"]


def test_what_was_read_ahead_is_given_away_once(folder, rows, ahead, settled, read, masked):
    settled(masked)
    case = drain(ahead.taking(folder, masked))
    assert read == [("a", AHEAD)]
    expected = ShownCase.read(folder.scans / masked.case.image, folder.labels_of("a"))
    assert np.array_equal(case.scan.data, expected.scan.data)
    assert np.array_equal(case.labels.data, expected.labels.data)
    assert case.labels.organs == expected.labels.organs
    case.labels.data[:] = 7
    again = drain(ahead.taking(folder, masked))
    assert np.array_equal(again.labels.data, expected.labels.data)
    assert read[-1] == ("a", HERE)


def test_two_cases_are_kept_and_others_let_go_of(folder, rows, ahead, settled, read):
    listed = rows(folder)
    settled(*(listed[name] for name in "abc"))
    assert read == [("a", AHEAD), ("b", AHEAD)]
    settled(listed["b"], listed["c"])
    assert [name for name, _ in read] == ["a", "b", "c"]
    for name in "bca":
        drain(ahead.taking(folder, listed[name]))
    assert read[3:] == [("a", HERE)]


def test_a_case_that_is_taken_while_another_is_read_waits_for_nothing(
    folder, rows, ahead, read, monkeypatch
):
    listed, goes_on = rows(folder), threading.Event()
    quick = ShownCase.read.__func__

    def slow(cls, image, labels=None):
        if threading.current_thread().name.startswith(AHEAD):
            goes_on.wait(60)
        return quick(cls, image, labels)

    monkeypatch.setattr(ShownCase, "read", classmethod(slow))
    ahead.want(folder, [listed["a"], listed["b"]])
    assert drain(ahead.taking(folder, listed["b"])).scan is not None
    work = ahead.taking(folder, listed["a"])
    assert [next(work).stage for _ in range(3)] == ["Reading a"] * 3
    goes_on.set()
    assert drain(work).scan is not None
    assert read == [("b", HERE), ("a", AHEAD)]


def in_place(path):
    """Other voxels in the same file, which is as old and as large as before."""
    before = path.stat()
    other = write_label_map(path.with_name("other.nii.gz"), (4, 3, 2, 1)).read_bytes()
    path.write_bytes(other[: before.st_size].ljust(before.st_size, b"\0"))
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))


def renamed(path):
    """Another file of that name."""
    write_label_map(path.with_name("other.nii.gz"), (4, 3, 2, 1)).replace(path)


@pytest.mark.parametrize("change", [in_place, renamed])
def test_a_label_map_that_was_replaced_is_never_shown_as_it_was(
    folder, ahead, settled, masked, change
):
    settled(masked)
    change(folder.labels_of("a"))
    case = drain(ahead.taking(folder, masked))
    now = read_labels(folder.labels_of("a"))
    assert np.array_equal(case.labels.data, now.data)


def test_a_scan_that_was_replaced_is_never_shown_as_it_was(folder, rows, ahead, settled):
    row = rows(folder)["a"]
    settled(row)
    write_image(folder.scans / row.case.image, seed=9)
    case = drain(ahead.taking(folder, row))
    assert np.array_equal(case.scan.data, ShownCase.read(folder.scans / row.case.image).scan.data)


def test_names_that_came_meanwhile_are_those_of_the_case(folder, ahead, settled, masked):
    settled(masked)
    (folder.masks / "dataset.json").write_text('{"labels": {"background": 0, "liver": 1}}')
    case = drain(ahead.taking(folder, masked))
    assert case.labels.organs[0].name == "liver"


def test_a_scheme_that_was_chosen_meanwhile_names_the_organs(
    folder, ahead, settled, masked, tmp_path, monkeypatch
):
    monkeypatch.setattr(RememberedChoices, "path", tmp_path / "choices.json")
    settled(masked)
    scheme = find_scheme("amos22")
    remember_scheme(folder.masks, scheme)
    case = drain(ahead.taking(folder, masked))
    assert case.labels.organs == scheme.organs


def test_a_case_has_a_label_map_that_was_made_meanwhile(folder, rows, ahead, settled, read):
    settled(rows(folder)["a"])
    write_label_map(folder.labels_of("a"))
    assert drain(ahead.taking(folder, rows(folder)["a"])).labels is not None
    assert read == [("a", AHEAD), ("a", HERE)]


def test_a_damaged_file_is_told_of_when_its_case_is_opened_and_read_once_it_is_mended(
    folder, rows, ahead, settled, read
):
    row = rows(folder)["a"]
    path = folder.scans / row.case.image
    whole = path.read_bytes()
    path.write_bytes(whole[: len(whole) // 2])
    settled(row)
    with pytest.raises(ImageError, match="truncated or damaged"):
        drain(ahead.taking(folder, row))
    assert read == [("a", AHEAD)]
    settled(row)
    path.write_bytes(whole)
    assert drain(ahead.taking(folder, row)).scan is not None


def test_a_file_that_vanishes_is_told_of_with_its_name(folder, rows, ahead, settled):
    row = rows(folder)["a"]
    settled(row)
    path = folder.scans / row.case.image
    path.unlink()
    with pytest.raises(ImageError, match=r"a_0000\.nii\.gz does not exist"):
        drain(ahead.taking(folder, row))
    with pytest.raises(WorkListError, match="scan is gone"):
        ahead.taking(folder, replace(row, case=None, problem="Its scan is gone."))


def test_masks_of_another_grid_are_told_of(folder, ahead, settled, masked):
    write_image(folder.scans / masked.case.image, affine=np.diag([2.0, 2, 2, 1]))
    settled(masked)
    with pytest.raises(ImageError, match="do not lie on one grid"):
        drain(ahead.taking(folder, masked))


def test_where_memory_is_short_a_case_is_read_when_it_is_wanted(
    folder, rows, ahead, settled, read, monkeypatch
):
    row = rows(folder)["a"]
    little = psutil.virtual_memory()._replace(available=4000)
    monkeypatch.setattr(psutil, "virtual_memory", lambda: little)
    settled(row)
    assert not read
    assert drain(ahead.taking(folder, row)).scan is not None
    assert read == [("a", HERE)]


def test_memory_that_was_short_while_a_case_was_read_ahead_is_no_matter_later(
    folder, rows, ahead, settled, monkeypatch
):
    row = rows(folder)["a"]

    def none_left(cls, image, labels=None):
        raise ImageError("Too little memory.") from MemoryError()

    with monkeypatch.context() as short:
        short.setattr(ShownCase, "read", classmethod(none_left))
        settled(row)
    assert drain(ahead.taking(folder, row)).scan is not None


def test_after_the_end_cases_are_read_when_they_are_wanted(folder, rows, ahead, settled, read):
    row = rows(folder)["a"]
    settled(row)
    ahead.close()
    ahead.want(folder, [row])
    assert drain(ahead.taking(folder, row)).scan is not None
    assert read == [("a", AHEAD), ("a", HERE)]
